"""Verdicts on likeness: can it be told from real data, are values, motion and pairs right?"""

from collections.abc import Mapping
from typing import Any

from timegan.report.formatting import decimal
from timegan.report.verdicts.caveats import blind_spots, sees_nothing
from timegan.report.verdicts.grades import (
    Grade,
    Verdict,
    against_floor,
    floor_deviation,
    floor_of,
    graded,
    mean_of,
    not_measured,
)

CEILING = 0.49
"""A discriminative score from which on it cannot tell bad from worse."""


def judged(score: Mapping[str, Any]) -> Verdict:
    """The strongest of several judges, by the area under its ROC curve."""
    question = "Can it be told from real data?"
    if score["mean"] is None:
        return not_measured(question, score["reason"])
    area, floor = score["mean"], floor_of(score, 0.5)
    above = area - max(floor, 0.5)
    grade = graded(above, 0.02 + 2 * floor_deviation(score), 0.1, 0.25)
    strongest = score.get("strongest")
    judge = f"The strongest judge ({strongest.replace('_', ' ')})" if strongest else "A judge"
    interval = score.get("interval")
    between = f" (95%: {interval[0]:.0%} to {interval[1]:.0%})" if interval else ""
    sentence = (
        f"{judge} picks the real one of a real and a synthetic window in {area:.0%} of "
        f"pairs{between}, where guessing gives 50%; another real sample instead of the synthetic "
        f"one is told in {floor:.0%}."
    )
    held = mean_of(score.get("controls", {}).get("held_out"))
    if held is not None:
        sentence += f" Held-out real windows are told from others in {held:.0%}."
    return Verdict(*_limited(question, grade, sentence, area - 0.5, floor - 0.5))


def alike(score: Mapping[str, Any]) -> Verdict:
    """The published discriminative score, beside that of data whose faults are known."""
    question = "Can it be told from real data?"
    if score["mean"] is None:
        return not_measured(question, score["reason"])
    mean, std, floor = score["mean"], score["std"], floor_of(score, 0.0)
    if mean <= max(floor + floor_deviation(score), 0.01):
        grade, words = Grade.EXCELLENT, "A trained judge can only guess"
    elif mean <= 0.05:
        grade, words = Grade.GOOD, "A trained judge hardly does better than guessing"
    elif mean <= 0.2:
        grade, words = Grade.FAIR, "A trained judge often sees the difference"
    else:
        grade, words = Grade.POOR, "A trained judge tells real from synthetic"
    sentence = (
        f"{words}: it is right in {0.5 + mean:.0%} of cases, where guessing gives 50%. "
        f"Discriminative score {mean:.3f} ± {std:.3f}"
    )
    if mean_of(score.get("floor")) is not None:
        sentence += f"; real against other real data {floor:.3f} ± {floor_deviation(score):.3f}"
    controls = score.get("controls") or {}
    shuffled, copy = mean_of(controls.get("shuffled")), mean_of(controls.get("copy"))
    if shuffled is not None and copy is not None:
        sentence += f", a verbatim copy {copy:.3f}, real rows shuffled in time {shuffled:.3f}"
    sentence += "."
    if sees_nothing(score) and grade is not Grade.POOR:
        # Nothing that is known to be wrong is told from real data: neither could this be.
        grade = Grade.UNKNOWN
        sentence += " This judge tells none of the controls from real data: it says little here."
    elif blind := blind_spots("discriminative", score):
        # As good as what is known to be wrong is no praise.
        grade = Grade.GOOD if grade is Grade.EXCELLENT else grade
        sentence += "".join(f" This judge d{note[1:]}" for note in blind)
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


def values(score: Mapping[str, Any]) -> Verdict:
    """The densities of values, and of the feature that is least alike."""
    question = "Does it take the right values?"
    if score["mean"] is None:
        return not_measured(question, score["reason"])
    features = score["features"] or {"": score["mean"]}
    worst, least = min(features.items(), key=lambda item: item[1])
    floor = mean_of(score.get("floor"))
    grade = against_floor(1 - least, 1 - (1.0 if floor is None else floor))
    one = len(features) == 1
    return Verdict(
        question,
        grade,
        f"The densities of real and synthetic values share {score['mean']:.1%} of their area"
        + ("" if one else f"; the least alike is {worst} with {least:.1%}")
        + (f". Two samples of real data share {floor:.1%}." if floor is not None else "."),
    )


def moves(scores: Mapping[str, Any]) -> Verdict:
    """Changes from step to step, memory and, where it was measured, the spectrum."""
    question = "Does it move alike?"
    errors, parts = [], []
    overlap = scores["change_density"]
    if overlap["mean"] is not None:
        floor = mean_of(overlap.get("floor"))
        errors.append((1 - overlap["mean"], 1 - (1.0 if floor is None else floor)))
        parts.append(
            f"the densities of changes from step to step share {overlap['mean']:.1%}"
            + ("" if floor is None else f" (between two real samples: {floor:.1%})")
        )
    for name, what in (("autocorrelation", "values"), ("change_autocorrelation", "changes")):
        score = scores[name]
        if score["mean"] is not None:
            floor = mean_of(score.get("floor"))
            errors.append((score["mean"], floor or 0.0))
            parts.append(
                f"autocorrelations of {what} differ by {decimal(score['mean'])}"
                + ("" if floor is None else f" (between two real samples: {decimal(floor)})")
            )
    if not errors:
        return not_measured(question, overlap["reason"])
    grades = [against_floor(*error) for error in errors]
    power = mean_of(scores.get("spectrum"))
    if power is not None:  # a difference of logarithms, which people read as a factor
        factor, floor = 10**power, 10 ** floor_of(scores["spectrum"], 0.0)
        grades.append(graded(factor - floor, 0.1, 0.3, 1.0))
        parts.append(
            f"the power at a frequency is off by a factor of {factor:.2f} (between two real "
            f"samples: {floor:.2f})"
        )
    grade = max(grades, key=list(Grade).index)
    sentence = ", ".join(parts[:-1]) + (", and " if parts[:-1] else "") + parts[-1]
    return Verdict(question, grade, f"{sentence[0].upper()}{sentence[1:]}.")


def together(score: Mapping[str, Any]) -> Verdict:
    """Correlations, and the pair of features that is furthest off."""
    question = "Do the features belong together?"
    known = [
        (abs(pair["real"] - pair["synthetic"]), pair)
        for pair in score["pairs"]
        if pair["real"] is not None and pair["synthetic"] is not None
    ]
    if not known or score["mean"] is None:
        reason = score.get("reason", "No pair of features varies on both sides.")
        return not_measured(question, reason)
    mean = sum(difference for difference, _ in known) / len(known)
    # The published score is a sum over pairs, in tenths.
    floor, unknown = floor_of(score, 0.0) * 10 / len(known), mean_of(score.get("floor")) is None
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
        against_floor(mean, floor),
        f"{sentence}."
        + ("" if unknown else f" Two samples of real data differ by {decimal(floor)}."),
    )
