"""Verdicts on likeness: can it be told from real data, are values, motion and pairs right?"""

from collections.abc import Mapping

from timegan.metrics.score import Score
from timegan.report.formatting import decimal
from timegan.report.verdicts.caveats import blind_spots, is_uninformative
from timegan.report.verdicts.grades import (
    Grade,
    Verdict,
    against_baseline,
    graded,
    not_measured,
)

CEILING = 0.49
"""A discriminative score from which on it cannot tell bad from worse."""


def judged(score: Score) -> Verdict:
    """The strongest of several judges, by the area under its ROC curve."""
    question = "Can it be told from real data?"
    if score.mean is None:
        return not_measured(question, score.reason)
    area, baseline = score.mean, score.baseline_or(0.5)
    above = area - max(baseline, 0.5)
    grade = graded(above, 0.02 + 2 * score.baseline_std, 0.1, 0.25)
    strongest = score.details.get("strongest")
    judge = f"The strongest judge ({strongest.replace('_', ' ')})" if strongest else "A judge"
    interval = score.details.get("interval")
    between = f" (95%: {interval[0]:.0%} to {interval[1]:.0%})" if interval else ""
    sentence = (
        f"{judge} picks the real one of a real and a synthetic window in {area:.0%} of "
        f"pairs{between}, where guessing gives 50%; another real sample instead of the synthetic "
        f"one is told in {baseline:.0%}."
    )
    held = score.control_mean("held_out")
    if held is not None:
        sentence += f" Held-out real windows are told from others in {held:.0%}."
    return Verdict(*_limited(question, grade, sentence, area - 0.5, baseline - 0.5))


def alike(score: Score) -> Verdict:
    """The published discriminative score, beside that of data whose faults are known."""
    question = "Can it be told from real data?"
    if score.mean is None:
        return not_measured(question, score.reason)
    mean, std, baseline = score.mean, score.std, score.baseline_or(0.0)
    if mean <= max(baseline + score.baseline_std, 0.01):
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
    if score.baseline_mean is not None:
        sentence += f"; real against other real data {baseline:.3f} ± {score.baseline_std:.3f}"
    shuffled, copy = score.control_mean("shuffled"), score.control_mean("copy")
    if shuffled is not None and copy is not None:
        sentence += f", a verbatim copy {copy:.3f}, real rows shuffled in time {shuffled:.3f}"
    sentence += "."
    if is_uninformative(score) and grade is not Grade.POOR:
        # Nothing that is known to be wrong is told from real data: neither could this be.
        grade = Grade.UNKNOWN
        sentence += " This judge tells none of the controls from real data: it says little here."
    elif blind := blind_spots("discriminative", score):
        # As good as what is known to be wrong is no praise.
        grade = Grade.GOOD if grade is Grade.EXCELLENT else grade
        sentence += "".join(f" This judge d{note[1:]}" for note in blind)
    return Verdict(*_limited(question, grade, sentence, mean, baseline))


def _limited(
    question: str, grade: Grade, sentence: str, mean: float, baseline: float
) -> tuple[str, Grade, str]:
    """A judge's answer with what it cannot say, for a score from 0 to 0.5 and its baseline."""
    if mean >= CEILING:
        sentence += " The score is at its ceiling: it does not tell bad from worse."
    if baseline >= 0.1:
        sentence += " Real data differ from other real data so much that it says little here."
    hopeless = baseline >= 0.25 and grade is not Grade.POOR
    return question, Grade.UNKNOWN if hopeless else grade, sentence


def values(score: Score) -> Verdict:
    """The densities of values, and of the feature that is least alike."""
    question = "Does it take the right values?"
    if score.mean is None:
        return not_measured(question, score.reason)
    features = score.details.get("features") or {"": score.mean}
    worst, least = min(features.items(), key=lambda item: item[1])
    baseline = score.baseline_mean
    grade = against_baseline(1 - least, 1 - (1.0 if baseline is None else baseline))
    one = len(features) == 1
    return Verdict(
        question,
        grade,
        f"The densities of real and synthetic values share {score.mean:.1%} of their area"
        + ("" if one else f"; the least alike is {worst} with {least:.1%}")
        + (f". Two samples of real data share {baseline:.1%}." if baseline is not None else "."),
    )


def moves(scores: Mapping[str, Score]) -> Verdict:
    """Changes from step to step, memory and, where it was measured, the spectrum."""
    question = "Does it move alike?"
    errors, parts = [], []
    overlap = scores["change_density"]
    if overlap.mean is not None:
        baseline = overlap.baseline_mean
        errors.append((1 - overlap.mean, 1 - (1.0 if baseline is None else baseline)))
        parts.append(
            f"the densities of changes from step to step share {overlap.mean:.1%}"
            + ("" if baseline is None else f" (between two real samples: {baseline:.1%})")
        )
    for name, what in (("autocorrelation", "values"), ("change_autocorrelation", "changes")):
        score = scores[name]
        if score.mean is not None:
            baseline = score.baseline_mean
            errors.append((score.mean, baseline or 0.0))
            parts.append(
                f"autocorrelations of {what} differ by {decimal(score.mean)}"
                + ("" if baseline is None else f" (between two real samples: {decimal(baseline)})")
            )
    if not errors:
        return not_measured(question, overlap.reason)
    grades = [against_baseline(*error) for error in errors]
    power = scores["spectrum"].mean if "spectrum" in scores else None
    if power is not None:  # a difference of logarithms, which people read as a factor
        factor, baseline = 10**power, 10 ** scores["spectrum"].baseline_or(0.0)
        grades.append(graded(factor - baseline, 0.1, 0.3, 1.0))
        parts.append(
            f"the power at a frequency is off by a factor of {factor:.2f} (between two real "
            f"samples: {baseline:.2f})"
        )
    grade = max(grades, key=list(Grade).index)
    sentence = ", ".join(parts[:-1]) + (", and " if parts[:-1] else "") + parts[-1]
    return Verdict(question, grade, f"{sentence[0].upper()}{sentence[1:]}.")


def together(score: Score) -> Verdict:
    """Correlations, and the pair of features that is furthest off."""
    question = "Do the features belong together?"
    known = [
        (abs(pair["real"] - pair["synthetic"]), pair)
        for pair in score.details.get("pairs", [])
        if pair["real"] is not None and pair["synthetic"] is not None
    ]
    if not known or score.mean is None:
        reason = score.reason or ("No pair of features varies on both sides.")
        return not_measured(question, reason)
    mean = sum(difference for difference, _ in known) / len(known)
    # The published score is a sum over pairs, in tenths.
    baseline, unknown = score.baseline_or(0.0) * 10 / len(known), score.baseline_mean is None
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
        against_baseline(mean, baseline),
        f"{sentence}."
        + ("" if unknown else f" Two samples of real data differ by {decimal(baseline)}."),
    )
