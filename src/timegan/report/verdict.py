"""What the figures mean, in words: a grade for each question, with the figure and its floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from timegan.report.words import decimal

COPIES = "Does it copy?"
CEILING = 0.49
"""A discriminative score from which on it cannot tell bad from worse."""
COLLAPSE = 0.3
"""Spread below which a model makes but a few windows, as a share of that of real ones."""


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
    if "judges" in scores:
        answers.append(_judged(scores["judges"]))
    elif "discriminative" in scores:
        answers.append(_alike(scores["discriminative"]))
    if "density" in scores:
        answers.append(_values(scores["density"]))
    if "change_autocorrelation" in scores:
        answers.append(_moves(scores))
    if scores.get("correlation", {}).get("pairs"):
        answers.append(_together(scores["correlation"]))
    if "usefulness" in scores:
        answers.append(_useful(scores))
    elif "predictive" in scores:
        answers.append(_predictive(scores))
    if "recall" in scores or "spread" in metrics:
        answers.append(_covers(metrics))
    if metrics.get("constraints"):
        answers.append(_keeps(metrics["constraints"]))
    if "copying" in metrics:
        answers.append(_copies(metrics["copying"]))
    # What makes the other answers worthless comes first.
    return sorted(answers, key=lambda answer: not (answer.question == COPIES and _grave(answer)))


def _judged(score: Mapping[str, Any]) -> Verdict:
    """The strongest of several judges, by the area under its ROC curve."""
    question = "Can it be told from real data?"
    if score["mean"] is None:
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {score['reason']}")
    area, floor = score["mean"], _floor(score, 0.5)
    above = area - max(floor, 0.5)
    grade = _graded(above, 0.02 + 2 * (score["floor"].get("std") or 0.0), 0.1, 0.25)
    strongest = score.get("strongest")
    judge = f"The strongest judge ({strongest.replace('_', ' ')})" if strongest else "A judge"
    interval = score.get("interval")
    between = f" (95%: {interval[0]:.0%} to {interval[1]:.0%})" if interval else ""
    sentence = (
        f"{judge} picks the real one of a real and a synthetic window in {area:.0%} of "
        f"pairs{between}, where guessing gives 50%; another real sample instead of the synthetic "
        f"one is told in {floor:.0%}."
    )
    held = _mean(score.get("controls", {}).get("held_out"))
    if held is not None:
        sentence += f" Held-out real windows are told from others in {held:.0%}."
    return Verdict(*_limited(question, grade, sentence, area - 0.5, floor - 0.5))


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
    sentence = (
        f"{words}: it is right in {0.5 + mean:.0%} of cases, where guessing gives 50%. "
        f"Discriminative score {mean:.3f} ± {std:.3f}; real against other real data "
        f"{floor:.3f} ± {score['floor']['std']:.3f}."
    )
    return Verdict(*_limited(question, grade, sentence, mean, floor))


def _limited(
    question: str, grade: Grade, sentence: str, mean: float, floor: float
) -> tuple[str, Grade, str]:
    """A judge's answer with what it cannot say, for a score from 0 to 0.5 and its floor."""
    if mean >= CEILING:
        sentence += " The score is at its ceiling: it does not tell bad from worse."
    if floor >= 0.1:
        sentence += " Real data differ from other real data so much that it says little here."
    hopeless = floor >= 0.25 and grade is not Grade.POOR
    return question, Grade.UNKNOWN if hopeless else grade, sentence


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
    grades = [_against_floor(*error) for error in errors]
    power = _mean(scores.get("spectrum"))
    if power is not None:  # a difference of logarithms, which people read as a factor
        factor, floor = 10**power, 10 ** _floor(scores["spectrum"], 0.0)
        grades.append(_graded(factor - floor, 0.1, 0.3, 1.0))
        parts.append(
            f"the power at a frequency is off by a factor of {factor:.2f} (between two real "
            f"samples: {floor:.2f})"
        )
    grade = max(grades, key=list(Grade).index)
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


def _useful(scores: Mapping[str, Any]) -> Verdict:
    """What a forecaster loses that learned from synthetic windows."""
    question = "Is it useful?"
    near, far = scores["usefulness"], scores.get("usefulness_ahead") or {"mean": None}
    if near["mean"] is None:
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {near['reason']}")
    worst = near["mean"] - _floor(near, 1.0)
    sentence = (
        f"Forecasters that learned from synthetic windows err {near['mean']:.2f} times as much on "
        f"unseen real ones as those that learned from real windows"
    )
    if far["mean"] is not None:
        worst = max(worst, far["mean"] - _floor(far, 1.0))
        sentence += f", and {far['mean']:.2f} times several steps ahead"
    sentence += f"; another real sample gives {_floor(near, 1.0):.2f}."
    return Verdict(question, _graded(worst, 0.03, 0.1, 0.3), sentence)


def _predictive(scores: Mapping[str, Any]) -> Verdict:
    """The published predictive scores, as a share of what real data reach."""
    question = "Is it useful?"
    score = scores["predictive"]
    if score["mean"] is None or not _floor(score, 0.0):
        reason = score.get("reason") or "Real data leave no error to compare with."
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {reason}")
    mean, floor = score["mean"], _floor(score, 0.0)
    worst = mean / floor - 1
    sentence = (
        f"A forecaster of the last feature that learned from synthetic windows errs by {mean:.4f} "
        f"on real ones; one that learned from other real windows by {floor:.4f}."
    )
    every = scores.get("predictive_all") or {"mean": None}
    if every["mean"] is not None and _floor(every, 0.0) and every["mean"] != mean:
        worst = max(worst, every["mean"] / _floor(every, 0.0) - 1)
        sentence += f" For all features: {every['mean']:.4f} and {_floor(every, 0.0):.4f}."
    noise = 3 * ((score.get("std") or 0.0) + (score["floor"].get("std") or 0.0))
    if mean < floor - max(noise, 0.01 * floor):
        sentence += " It is lower than real data allow: what was to be forecast may have leaked."
    return Verdict(question, _graded(worst, 0.03, 0.1, 0.3), sentence)


def _covers(metrics: Mapping[str, Any]) -> Verdict:
    """Recall where it was measured, and whether the windows differ from each other at all."""
    question = "Does it cover everything?"
    spread = metrics.get("spread") or {"ratio": None}
    recall = metrics.get("scores", {}).get("recall") or {"mean": None}
    if spread["ratio"] is not None and spread["ratio"] < COLLAPSE:
        sentence = (
            "The model has collapsed: synthetic windows differ from each other "
            f"{spread['ratio']:.2f} times as much as real ones do."
        )
        return Verdict(question, Grade.POOR, sentence)
    parts = []
    grade = Grade.UNKNOWN
    if recall["mean"] is not None:
        floor = _floor(recall, 1.0)
        grade = _graded(floor - recall["mean"], 0.05, 0.15, 0.35)
        parts.append(
            f"Synthetic windows reach real ones with a recall of {recall['mean']:.2f}; another "
            f"real sample reaches {floor:.2f}"
        )
        precision = metrics["scores"].get("precision") or {"mean": None}
        if precision["mean"] is not None:
            parts.append(
                f"their precision is {precision['mean']:.2f}, that of real ones "
                f"{_floor(precision, 1.0):.2f}"
            )
    if spread["ratio"] is not None:
        least = spread["least"]
        parts.append(
            f"synthetic windows differ from each other {spread['ratio']:.2f} times as much as real "
            f"ones do ({spread['feature']}: {least:.2f})"
        )
        if recall["mean"] is None:
            # As much variety need not be the same variety: no more than good.
            grade = Grade.GOOD if least >= 0.85 else Grade.FAIR if least >= 0.6 else Grade.POOR
        elif least < COLLAPSE:
            grade = Grade.POOR
    if not parts:
        reason = recall.get("reason") or "Nothing varies."
        return Verdict(question, Grade.UNKNOWN, f"Not measured. {reason}")
    sentence = "; ".join(parts)
    if recall["mean"] is None:
        sentence += ". Whether they miss a rarer kind is for evaluation=strict to say"
    return Verdict(question, grade, f"{sentence[0].upper()}{sentence[1:]}.")


def _keeps(rules: Sequence[Mapping[str, Any]]) -> Verdict:
    """The rule that is broken most often, as far as unseen real data keep it."""
    question = "Does it keep the table's rules?"

    def above(rule: Mapping[str, Any]) -> float:
        return float(rule["synthetic"]) - float(rule.get("held_out") or rule.get("real") or 0.0)

    worst = max(rules, key=above)
    broken = sum(above(rule) > 0.001 for rule in rules)
    count = f"{len(rules)} rules hold" if len(rules) > 1 else "One rule holds"
    if not broken:
        sentence = f"{count} on all training data, and synthetic rows keep to them."
        return Verdict(question, Grade.EXCELLENT, sentence)
    sentence = (
        f"{count} on all training data. Synthetic rows break {broken}; most often "
        f"{worst['rule']}, in {worst['synthetic']:.1%} of rows"
    )
    if worst.get("held_out") is not None:
        sentence += f" (held-out real rows: {worst['held_out']:.1%})"
    return Verdict(question, _graded(above(worst), 0.001, 0.01, 0.1), f"{sentence}.")


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


def _mean(score: Mapping[str, Any] | None) -> float | None:
    value = (score or {}).get("mean")
    return None if value is None else float(value)


def _floor(score: Mapping[str, Any], perfect: float) -> float:
    """A score's floor, or what would be perfect where it is not known."""
    value = _mean(score.get("floor"))
    return perfect if value is None else value


def _graded(above: float, excellent: float, good: float, fair: float) -> Grade:
    """A grade by how far a score lies from its floor, in the wrong direction."""
    if above <= excellent:
        return Grade.EXCELLENT
    if above <= good:
        return Grade.GOOD
    return Grade.FAIR if above <= fair else Grade.POOR


def _against_floor(value: float, floor: float) -> Grade:
    """A grade by how far an error, in shares of one, lies above what another real sample has."""
    above = value - floor
    if value <= 1.5 * floor or above <= 0.01:
        return Grade.EXCELLENT
    if above <= 0.05:
        return Grade.GOOD
    return Grade.FAIR if above <= 0.15 else Grade.POOR
