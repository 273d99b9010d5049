"""Verdicts on fidelity: a classifier, values, temporal dynamics and correlations."""

from collections.abc import Mapping, Sequence

from timegan.metrics.score import Score
from timegan.report.formatting import decimal
from timegan.report.verdicts.caveats import (
    blind_spots,
    columns_note,
    lacks_power,
    matches_baseline,
)
from timegan.report.verdicts.grades import (
    CLASSIFIER,
    CORRELATIONS,
    DYNAMICS,
    VALUES,
    Grade,
    Verdict,
    against_baseline,
    graded,
    not_measured,
)

TIME_SCORES = ("change_density", "autocorrelation", "change_autocorrelation")
"""Scores that look at the order of steps."""

CEILING = 0.49
"""A discriminative score from which on it cannot tell bad from worse."""


def classifier_verdict(scores: Mapping[str, Score]) -> Verdict:
    """Grade the strongest of several classifiers by the area under its ROC curve."""
    score = scores["classifier_auc"]
    if score.mean is None:
        return not_measured(CLASSIFIER, score.reason)
    area, baseline = score.mean, score.baseline_or(0.5)
    above = area - max(baseline, 0.5)
    grade = graded(above, 0.02 + 2 * score.baseline_std, 0.1, 0.25)
    strongest = score.details.get("strongest")
    subject = "A classifier"
    if strongest:
        subject = f"The strongest classifier ({strongest.replace('_', ' ')})"
    interval = score.details.get("interval")
    between = f" (95%: {interval[0]:.0%} to {interval[1]:.0%})" if interval else ""
    sentence = (
        f"{subject} picks the real one of a real and a synthetic window in {area:.0%} of "
        f"pairs{between}, where guessing gives 50%; another real sample instead of the synthetic "
        f"one is told in {baseline:.0%}."
    )
    held = score.control_mean("held_out")
    if held is not None:
        sentence += f" Held-out real windows are told from others in {held:.0%}."
    sentence += _windows_to_tell(scores.get("windows_to_tell", Score()))
    return _limited(grade, sentence, (area - 0.5, baseline - 0.5), lacks_power(score, scores))


def _windows_to_tell(score: Score) -> str:
    """Return a sentence on how many windows it takes to notice, and where they differ most."""
    views = score.details.get("views")
    if score.mean is None or not views:
        return ""
    most = score.details["most"]
    easiest = min(views, key=lambda name: views[name])
    if views[easiest] > most:
        return f" Boosting needs more than {most:,} windows to notice, in any view."
    sentence = f" Boosting needs {views[easiest]:,.0f} windows to notice"
    sentence += f", most easily from {easiest}"
    if score.baseline_mean is not None and score.baseline_mean <= most:
        sentence += f"; but {score.baseline_mean:,.0f} to tell two real samples"
    return f"{sentence}."


def discriminative_verdict(scores: Mapping[str, Score]) -> Verdict:
    """Grade the published discriminative score beside that of data whose faults are known."""
    score = scores["discriminative"]
    if score.mean is None:
        return not_measured(CLASSIFIER, score.reason)
    mean, std, baseline = score.mean, score.std, score.baseline_or(0.0)
    if mean <= max(baseline + score.baseline_std, 0.01):
        grade, words = Grade.EXCELLENT, "A classifier can only guess"
    elif mean <= 0.05:
        grade, words = Grade.GOOD, "A classifier hardly does better than guessing"
    elif mean <= 0.2:
        grade, words = Grade.FAIR, "A classifier often sees the difference"
    else:
        grade, words = Grade.POOR, "A classifier tells real from synthetic"
    sentence = (
        f"{words}: it is right in {0.5 + mean:.0%} of cases, where guessing gives 50%. "
        f"Discriminative score {mean:.3f} ± {std:.3f}"
    )
    if score.baseline_mean is not None:
        sentence += f"; real against other real data {baseline:.3f} ± {score.baseline_std:.3f}"
    shuffled, copy = score.control_mean("shuffled"), score.control_mean("copy")
    if shuffled is not None and copy is not None:
        sentence += f", a verbatim copy {copy:.3f}, real rows shuffled in time {shuffled:.3f}"
    sentence = " ".join([f"{sentence}.", *columns_note(score)])
    reasons = lacks_power(score, scores)
    if not reasons and (blind := blind_spots("discriminative", score)):
        # As good as what is known to be wrong is no praise.
        grade = Grade.GOOD if grade is Grade.EXCELLENT else grade
        sentence += "".join(f" This classifier d{note[1:]}" for note in blind)
    return _limited(grade, sentence, (mean, baseline), reasons)


def _limited(
    grade: Grade, sentence: str, level: tuple[float, float], reasons: Sequence[str]
) -> Verdict:
    """Return a classifier's verdict with what it cannot say.

    Args:
        grade: by the score alone.
        sentence: on the score.
        level: the score and its baseline, from 0 to 0.5.
        reasons: for its lack of power, see `lacks_power`.
    """
    mean, baseline = level
    if mean >= CEILING:
        sentence += " The score is at its ceiling: it does not tell bad from worse."
    if baseline >= 0.1:
        sentence += " Real data differ from other real data so much that it says little here."
    for reason in reasons:
        sentence += f" {reason}"
    if reasons:
        sentence += " So this classifier has no power on this table."
    if grade is not Grade.POOR and (reasons or baseline >= 0.25):
        grade = Grade.UNKNOWN
    return Verdict(CLASSIFIER, grade, sentence)


def value_verdict(score: Score) -> Verdict:
    """Grade the densities of values by the feature that is least alike.

    Each feature is compared with its own overlap between two real samples, which is low where
    values are few, or constant within sequences.
    """
    if score.mean is None:
        return not_measured(VALUES, score.reason)
    features = score.details.get("features") or {"": score.mean}
    baseline = score.baseline_mean
    expected = dict.fromkeys(features, 1.0 if baseline is None else baseline)
    expected |= score.details.get("baseline_features") or {}
    worst = max(features, key=lambda name: expected[name] - features[name])
    grade = against_baseline(1 - features[worst], 1 - expected[worst])
    sentence = f"The densities of real and synthetic values share {score.mean:.1%} of their area"
    if len(features) > 1:
        sentence += f"; the least alike is {worst} with {features[worst]:.1%}"
    if "baseline_features" in score.details:
        sentence += f". Two samples of real data share {expected[worst]:.1%} there"
    elif baseline is not None:
        sentence += f". Two samples of real data share {baseline:.1%}"
    return Verdict(VALUES, grade, f"{sentence}.")


def dynamics_verdict(scores: Mapping[str, Score]) -> Verdict:
    """Grade changes from step to step, autocorrelations and, if measured, the power spectrum."""
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
        return not_measured(DYNAMICS, overlap.reason)
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
    sentence = f"{sentence[0].upper()}{sentence[1:]}."
    takes_shuffled = [matches_baseline(scores[name], "shuffled") for name in TIME_SCORES]
    if all(takes_shuffled) and grade in (Grade.EXCELLENT, Grade.GOOD):
        grade = Grade.UNKNOWN
        sentence += (
            " Real windows with shuffled steps do as well: values do not depend on earlier ones, "
            "or windows are too few to see it."
        )
    return Verdict(DYNAMICS, grade, sentence)


def correlation_verdict(score: Score) -> Verdict:
    """Grade correlations; name the pair of features that is furthest off."""
    known = [
        (abs(pair["real"] - pair["synthetic"]), pair)
        for pair in score.details.get("pairs", [])
        if pair["real"] is not None and pair["synthetic"] is not None
    ]
    if not known or score.mean is None:
        reason = score.reason or ("No pair of features varies on both sides.")
        return not_measured(CORRELATIONS, reason)
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
        CORRELATIONS,
        against_baseline(mean, baseline),
        f"{sentence}."
        + ("" if unknown else f" Two samples of real data differ by {decimal(baseline)}."),
    )
