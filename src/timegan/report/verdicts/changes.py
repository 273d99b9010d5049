"""Verdicts on changes from step to step: their sizes, repeats, quiet windows, correlations."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from timegan.metrics.score import Score
from timegan.report.formatting import decimal, share
from timegan.report.verdicts.grades import (
    CHANGES,
    CO_CHANGES,
    Grade,
    Verdict,
    graded,
    not_measured,
    worst_grade,
)

EXCELLENT, GOOD, FAIR = 0.05, 0.1, 0.25
"""Errors up to which changes have these grades: logarithms of ratios, or shares of steps."""

NO_POWER = 0.25
"""Error between two real samples from which on nobody can tell whether a figure is right."""

CLEAR = 0.1
"""Difference of two logarithms of ratios of one feature from which on both are told."""

Row = Mapping[str, Any]


def change_verdict(scores: Mapping[str, Score]) -> Verdict:
    """Grade sizes of changes, repeats and quiet windows by the feature that is furthest off.

    A feature takes no part where two real samples are too few, or differ by a quarter.
    """
    size = scores["change_size"]
    if size.mean is None:
        return not_measured(CHANGES, size.reason)
    answers = []
    for name, tell in TOLD.items():
        found = _worst(scores[name]) if name in scores else None
        if found is not None:
            feature, error, floor = found
            rows = [row for row in size.details.get("sizes", []) if row["feature"] == feature]
            answers.append((_grade(error, floor), tell(rows)))
    named = [answer for answer in answers if answer[0] in (Grade.FAIR, Grade.POOR)]
    if not named and _worst(size) is None:
        reason = "Two real samples are too few, or differ in their changes by a quarter or more."
        return Verdict(CHANGES, Grade.UNKNOWN, reason)
    sentence = "; ".join(text for _, text in named or answers[:1])
    poor = [text for grade, text in answers if grade is Grade.POOR]
    return Verdict(
        CHANGES,
        worst_grade(grade for grade, _ in answers),
        f"{sentence[0].upper()}{sentence[1:]}. Sizes of changes of two real samples differ by "
        f"{decimal(size.baseline_or(0.0), 2)} on average, in logarithms, those of synthetic ones "
        f"by {decimal(size.mean, 2)}.",
        poor[0] if poor else "",
    )


def co_change_verdict(score: Score) -> Verdict:
    """Grade correlations of changes by the pair of features that is furthest off."""
    floor = score.details.get("baseline_worst")
    known = [
        (abs(pair[f"real_{kind}"] - pair[f"synthetic_{kind}"]), kind, pair)
        for pair in score.details["pairs"]
        for kind in ("pearson", "spearman")
        if pair[f"real_{kind}"] is not None and pair[f"synthetic_{kind}"] is not None
    ]
    if not known or score.mean is None:
        return not_measured(
            CO_CHANGES, score.reason or "No pair of features changes on both sides."
        )
    if floor is None or floor >= NO_POWER:
        reason = "Two real samples are too few, or differ by a quarter or more in a pair."
        return Verdict(CO_CHANGES, Grade.UNKNOWN, reason)
    error, kind, worst = max(known, key=lambda item: item[0])
    a, b = worst["features"]
    finding = (
        f"changes of {a} and {b} correlate by {decimal(worst[f'synthetic_{kind}'], 2)} where real "
        f"ones do by {decimal(worst[f'real_{kind}'], 2)}"
    )
    grade = _grade(error, floor)
    sentence = (
        f"{finding} ({kind.capitalize()}), which is the furthest off; all pairs are off by "
        f"{decimal(score.mean)} on average, two real samples by "
        f"{decimal(score.baseline_or(0.0))}, and by {decimal(floor)} at most."
    )
    return Verdict(
        CO_CHANGES,
        grade,
        f"{sentence[0].upper()}{sentence[1:]}",
        finding if grade is Grade.POOR else "",
    )


def _worst(score: Score) -> tuple[str, float, float] | None:
    """Return the feature that is furthest above its baseline, its error and its baseline."""
    floors = score.details.get("baseline_features") or {}
    known = [
        (error, feature)
        for feature, error in (score.details.get("features") or {}).items()
        if feature in floors and floors[feature] < NO_POWER
    ]
    if not known:
        return None
    # A baseline that is low by chance should not decide which feature is named.
    usual = median(floors[feature] for _, feature in known)
    error, feature = max(known, key=lambda item: item[0] - max(floors[item[1]], usual))
    return feature, error, max(floors[feature], usual)


def _grade(error: float, floor: float) -> Grade:
    if error <= 1.5 * floor:
        return Grade.EXCELLENT
    return graded(error - floor, EXCELLENT, GOOD, FAIR)


def _size(rows: Sequence[Row]) -> str:
    """Tell how much too large or small changes are, over the number of steps that is worst."""
    errors = [sum(map(_log, _ratios(row))) / len(_ratios(row)) for row in rows if _ratios(row)]
    known = [row for row in rows if _ratios(row)]
    row, error = known[0], errors[0]
    if max(errors) > error + CLEAR:
        row = known[errors.index(max(errors))]
    steps = "from step to step" if row["lag"] == 1 else f"over {row['lag']} steps"
    ratios = {name: row[name] for name in ("std", "median", "largest") if row[name] is not None}
    first, *others = ratios
    sentence = f"changes of {row['feature']} {steps} are {_off(ratios[first])}"
    apart = [abs(math.log(max(ratios[n], 1e-9) / max(ratios[first], 1e-9))) for n in others]
    if first == "std" and max(apart, default=0.0) > CLEAR:
        names = {"median": "the median change is", "largest": "the largest (99%) are"}
        sentence += (
            f" by their deviation ({', '.join(f'{names[n]} {_off(ratios[n])}' for n in others)})"
        )
    return sentence


def _repeats(rows: Sequence[Row]) -> str:
    row = rows[0]
    return (
        f"{row['feature']} stays exactly the same in {share(row['synthetic_repeats'])} of steps "
        f"where real data do in {share(row['real_repeats'])}"
    )


def _spread(rows: Sequence[Row]) -> str:
    row = rows[0]
    much = "little" if row["synthetic_spread"] < row["real_spread"] else "much"
    return (
        f"quiet and lively windows of {row['feature']} differ too {much} (their sizes of changes "
        f"spread by {decimal(row['synthetic_spread'], 2)} where real ones do by "
        f"{decimal(row['real_spread'], 2)}, in logarithms)"
    )


TOLD: Mapping[str, Callable[[Sequence[Row]], str]] = {
    "change_size": _size,
    "change_repeats": _repeats,
    "change_spread": _spread,
}
"""Words for the feature that is furthest off, by score."""


def _ratios(row: Row) -> list[float]:
    return [row[name] for name in ("std", "median", "largest") if row[name] is not None]


def _log(ratio: float) -> float:
    return abs(math.log(max(ratio, 1e-9)))


def _off(ratio: float) -> str:
    """Return how far a ratio is from 1.

    >>> _off(1.27), _off(0.8), _off(2.4), _off(0.25), _off(1.001), _off(0.0)
    ('27% too large', '20% too small', '2.4 times too large', '4.0 times too small', 'right', '0')
    """
    if ratio == 0:
        return "0"
    if round(abs(ratio - 1), 2) == 0:
        return "right"
    side = "large" if ratio > 1 else "small"
    factor = max(ratio, 1 / ratio)
    return f"{factor:.1f} times too {side}" if factor >= 2 else f"{abs(ratio - 1):.0%} too {side}"
