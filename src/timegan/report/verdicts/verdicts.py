"""What the figures mean, in words: a grade for each question, with the figure and its floor."""

from collections.abc import Mapping
from typing import Any

from timegan.report.verdicts import fidelity, utility_and_privacy
from timegan.report.verdicts.grades import COPIES, Grade, Verdict

__all__ = ["Grade", "Verdict", "verdicts"]


def verdicts(metrics: Mapping[str, Any]) -> list[Verdict]:
    """Answers from the parts ``scores`` and ``copying`` of ``metrics.json``, the gravest first."""
    scores: Mapping[str, Any] = metrics.get("scores", {})
    answers = []
    if "judges" in scores:
        answers.append(fidelity.judged(scores["judges"]))
    elif "discriminative" in scores:
        answers.append(fidelity.alike(scores["discriminative"]))
    if "density" in scores:
        answers.append(fidelity.values(scores["density"]))
    if "change_autocorrelation" in scores:
        answers.append(fidelity.moves(scores))
    if scores.get("correlation", {}).get("pairs"):
        answers.append(fidelity.together(scores["correlation"]))
    if "usefulness" in scores:
        answers.append(utility_and_privacy.useful(scores))
    elif "predictive" in scores:
        answers.append(utility_and_privacy.predictive(scores))
    if "recall" in scores or "spread" in metrics:
        answers.append(utility_and_privacy.covers(metrics))
    if metrics.get("constraints"):
        answers.append(utility_and_privacy.keeps(metrics["constraints"]))
    if "copying" in metrics:
        answers.append(utility_and_privacy.copies(metrics["copying"]))
    # What makes the other answers worthless comes first.
    return sorted(answers, key=lambda answer: not (answer.question == COPIES and _grave(answer)))


def _grave(answer: Verdict) -> bool:
    return answer.grade in (Grade.POOR, Grade.UNKNOWN)
