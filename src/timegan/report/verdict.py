"""What the figures mean, in words: a grade for each question, with the figure and its floor."""

from collections.abc import Mapping
from typing import Any

from timegan.report import likeness, worth
from timegan.report.grades import COPIES, Grade, Verdict

__all__ = ["Grade", "Verdict", "verdicts"]


def verdicts(metrics: Mapping[str, Any]) -> list[Verdict]:
    """Answers from the parts ``scores`` and ``copying`` of ``metrics.json``, the gravest first."""
    scores: Mapping[str, Any] = metrics.get("scores", {})
    answers = []
    if "judges" in scores:
        answers.append(likeness.judged(scores["judges"]))
    elif "discriminative" in scores:
        answers.append(likeness.alike(scores["discriminative"]))
    if "density" in scores:
        answers.append(likeness.values(scores["density"]))
    if "change_autocorrelation" in scores:
        answers.append(likeness.moves(scores))
    if scores.get("correlation", {}).get("pairs"):
        answers.append(likeness.together(scores["correlation"]))
    if "usefulness" in scores:
        answers.append(worth.useful(scores))
    elif "predictive" in scores:
        answers.append(worth.predictive(scores))
    if "recall" in scores or "spread" in metrics:
        answers.append(worth.covers(metrics))
    if metrics.get("constraints"):
        answers.append(worth.keeps(metrics["constraints"]))
    if "copying" in metrics:
        answers.append(worth.copies(metrics["copying"]))
    # What makes the other answers worthless comes first.
    return sorted(answers, key=lambda answer: not (answer.question == COPIES and _grave(answer)))


def _grave(answer: Verdict) -> bool:
    return answer.grade in (Grade.POOR, Grade.UNKNOWN)
