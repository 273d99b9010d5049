"""What the figures mean, in words: a grade for each question, with the figure and its floor."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from timegan.report.words import decimal

COPIES = "Does it copy?"


class Grade(StrEnum):
    """From as good as another real sample to plainly wrong; ``UNKNOWN`` where nobody can tell."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """The answer to one question."""

    question: str
    grade: Grade
    sentence: str

    @property
    def label(self) -> str:
        """The grade in a word or two."""
        if self.grade is Grade.UNKNOWN:
            return "Cannot tell"
        if self.question == COPIES:
            return {Grade.POOR: "Yes", Grade.FAIR: "Hardly"}.get(self.grade, "No")
        return self.grade.capitalize()


def verdicts(metrics: Mapping[str, Any]) -> list[Verdict]:
    """Answers from the parts ``scores`` and ``copying`` of ``metrics.json``, the gravest first."""
    scores: Mapping[str, Any] = metrics.get("scores", {})
    answers = []
    if "discriminative" in scores:
        answers.append(_alike(scores["discriminative"]))
    if "density" in scores:
        answers.append(_values(scores["density"]))
    if "change_autocorrelation" in scores:
        answers.append(_moves(scores))
    if scores.get("correlation", {}).get("pairs"):
        answers.append(_together(scores["correlation"]))
    if "copying" in metrics:
        answers.append(_copies(metrics["copying"]))
    # What makes the other answers worthless comes first.
    return sorted(answers, key=lambda answer: not (answer.question == COPIES and _grave(answer)))


def _alike(score: Mapping[str, Any]) -> Verdict:
    question = "Can it be told from real data?"
    if score["mean"] is None:
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {score['reason']}")
    mean, std, floor = score["mean"], score["std"], score["floor"]["mean"] or 0.0
    if mean <= max(floor + score["floor"]["std"], 0.01):
        grade, words = Grade.EXCELLENT, "A trained judge can only guess"
    elif mean <= 0.05:
        grade, words = Grade.GOOD, "A trained judge hardly does better than guessing"
    elif mean <= 0.2:
        grade, words = Grade.FAIR, "A trained judge often sees the difference"
    else:
        grade, words = Grade.POOR, "A trained judge tells real from synthetic"
    return Verdict(
        question,
        grade,
        f"{words}: it is right in {0.5 + mean:.0%} of cases, where guessing gives 50%. "
        f"Discriminative score {mean:.3f} ± {std:.3f}; real against other real data "
        f"{floor:.3f} ± {score['floor']['std']:.3f}.",
    )


def _values(score: Mapping[str, Any]) -> Verdict:
    question = "Does it take the right values?"
    if score["mean"] is None:
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {score['reason']}")
    worst, least = min(score["features"].items(), key=lambda item: item[1])
    floor = score["floor"]["mean"]
    grade = _against_floor(1 - least, 1 - (1.0 if floor is None else floor))
    one = len(score["features"]) == 1
    return Verdict(
        question,
        grade,
        f"The densities of real and synthetic values share {score['mean']:.1%} of their area"
        + ("" if one else f"; the least alike is {worst} with {least:.1%}")
        + (f". Two samples of real data share {floor:.1%}." if floor is not None else "."),
    )


def _moves(scores: Mapping[str, Any]) -> Verdict:
    question = "Does it move alike?"
    errors, parts = [], []
    overlap = scores["change_density"]
    if overlap["mean"] is not None:
        floor = overlap["floor"]["mean"]
        errors.append((1 - overlap["mean"], 1 - (1.0 if floor is None else floor)))
        parts.append(
            f"the densities of changes from step to step share {overlap['mean']:.1%}"
            + ("" if floor is None else f" (between two real samples: {floor:.1%})")
        )
    for name, what in (("autocorrelation", "values"), ("change_autocorrelation", "changes")):
        score = scores[name]
        if score["mean"] is not None:
            floor = score["floor"]["mean"]
            errors.append((score["mean"], floor or 0.0))
            parts.append(
                f"autocorrelations of {what} differ by {decimal(score['mean'])}"
                + ("" if floor is None else f" (between two real samples: {decimal(floor)})")
            )
    if not errors:
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {overlap['reason']}")
    grade = max((_against_floor(*error) for error in errors), key=list(Grade).index)
    sentence = ", ".join(parts[:-1]) + (", and " if parts[:-1] else "") + parts[-1]
    return Verdict(question, grade, f"{sentence[0].upper()}{sentence[1:]}.")


def _together(score: Mapping[str, Any]) -> Verdict:
    question = "Do the features belong together?"
    known = [
        (abs(pair["real"] - pair["synthetic"]), pair)
        for pair in score["pairs"]
        if pair["real"] is not None and pair["synthetic"] is not None
    ]
    if not known or score["mean"] is None:
        reason = score.get("reason", "No pair of features varies on both sides.")
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {reason}")
    mean = sum(difference for difference, _ in known) / len(known)
    # The published score is a sum over pairs, in tenths.
    floor = (score["floor"]["mean"] or 0.0) * 10 / len(known)
    _, worst = max(known, key=lambda item: item[0])
    a, b = worst["features"]
    figures = f"{decimal(worst['synthetic'])} where real data have {decimal(worst['real'])}"
    if len(known) == 1:
        sentence = f"The correlation of {a} and {b} is {figures}"
    else:
        sentence = (
            f"Correlations are off by {decimal(mean)} on average; the furthest off is that of {a} "
            f"and {b}, {figures}"
        )
    return Verdict(
        question,
        _against_floor(mean, floor),
        f"{sentence}. Two samples of real data differ by {decimal(floor)}.",
    )


def _copies(figures: Mapping[str, Any]) -> Verdict:
    if figures["warning"]:
        praise = " A copy does well in all other scores, so they say little."
        return Verdict(COPIES, Grade.POOR, figures["sentence"] + praise)
    if figures["too_few"]:
        return Verdict(COPIES, Grade.UNKNOWN, figures["sentence"])
    near = figures["distance_ratio"] < 0.7
    return Verdict(COPIES, Grade.FAIR if near else Grade.EXCELLENT, figures["sentence"])


def _grave(answer: Verdict) -> bool:
    return answer.grade in (Grade.POOR, Grade.UNKNOWN)


def _against_floor(value: float, floor: float) -> Grade:
    """A grade by how far an error, in shares of one, lies above what another real sample has."""
    above = value - floor
    if value <= 1.5 * floor or above <= 0.01:
        return Grade.EXCELLENT
    if above <= 0.05:
        return Grade.GOOD
    return Grade.FAIR if above <= 0.15 else Grade.POOR
