"""Dependence of sequences on their context: do samples follow their conditions as real ones do?

Features that never change within a window are its conditions. Every other feature is summarized by
its mean, the logarithm of its deviation and its change over the window.
"""

import numpy as np

from timegan.metrics.comparison import Candidate, SetComparison
from timegan.metrics.conditions import constant_features
from timegan.metrics.metric import Metric, Needs, for_each, register
from timegan.metrics.score import Score
from timegan.metrics.windows import Array
from timegan.variation import deviation, divisor

BINS = 5
"""Groups of real windows by a condition, of about equal size."""
MIN_GROUP = 20
"""Windows of a group, on either side, from which on its mean counts."""


def context_dependence(real: Array, synthetic: Array) -> float | None:
    """Return how far means of summaries given a condition differ, in deviations.

    Summaries are centred on either side first, so that errors of the marginals do not count.
    Deviations are those of the real summaries. None where no feature is a condition.

    Args:
        real: windows (N, T, C), NaN where there is no value.
        synthetic: windows likewise.
    """
    conditions = constant_features(real)
    if not conditions.any() or conditions.all():
        return None
    kept, made = (centred_summaries(windows[..., ~conditions]) for windows in (real, synthetic))
    scale = np.array([divisor(deviation(column[~np.isnan(column)])) for column in kept.T])
    gaps, weights = [], []
    for c in np.flatnonzero(conditions):
        groups, others = group_numbers(first_values(real[..., c]), first_values(synthetic[..., c]))
        for group in range(groups.max() + 1):
            ours, theirs = kept[groups == group], made[others == group]
            if min(len(ours), len(theirs)) >= MIN_GROUP:
                gap = np.abs(np.nanmean(ours, axis=0) - np.nanmean(theirs, axis=0)) / scale
                gaps.append(float(np.nanmean(gap)))
                weights.append(len(ours))
    return float(np.average(gaps, weights=weights)) if gaps else None


def first_values(feature: Array) -> Array:
    """Return the value of each window (N, T) of a feature that is constant within them."""
    values: Array = np.fmax.reduce(feature, axis=1)
    return values


def group_numbers(real: Array, synthetic: Array) -> tuple[Array, Array]:
    """Return the group of each real value (N,) and of each synthetic one; -1 without a value."""
    known = real[~np.isnan(real)]
    distinct = np.unique(known)
    if distinct.size > BINS:
        distinct = np.unique(np.quantile(known, np.arange(1, BINS) / BINS))
        edges = distinct
    else:
        edges = (distinct[1:] + distinct[:-1]) / 2
    groups = [np.searchsorted(edges, side, side="right") for side in (real, synthetic)]
    first, second = (
        np.where(np.isnan(side), -1, group)
        for side, group in zip((real, synthetic), groups, strict=True)
    )
    return first, second


def centred_summaries(windows: Array) -> Array:
    """Return means, logarithms of deviations and changes of features (N, 3 C), centred."""
    count = (~np.isnan(windows)).sum(axis=1)
    mean = np.nansum(windows, axis=1) / np.maximum(count, 1)
    square = np.nansum((windows - mean[:, None]) ** 2, axis=1) / np.maximum(count, 1)
    spread = np.log(np.sqrt(square) + 1e-3 * divisor(deviation(windows[~np.isnan(windows)])))
    present = ~np.isnan(windows)
    last = windows.shape[1] - 1 - present[:, ::-1].argmax(axis=1)
    ends = (np.take_along_axis(windows, at[:, None], 1)[:, 0] for at in (last, present.argmax(1)))
    change = next(ends) - next(ends)
    found = np.hstack([mean, spread, change])
    found[np.hstack([count == 0] * 3)] = np.nan
    centred: Array = found - np.nanmean(found, axis=0)
    return centred


def _has_context(comparison: SetComparison) -> bool:
    def found() -> bool:
        conditions = constant_features(comparison.cells_in_table_units(comparison.real))
        return bool(conditions.any() and not conditions.all())

    return comparison.once((constant_features,), found)


def _measure(comparison: SetComparison, candidate: Candidate) -> Score:
    values = [
        context_dependence(*(comparison.cells_in_table_units(side.values()) for side in pair))
        for pair in candidate.pairs
        if min(map(len, pair))
    ]
    return Score.of(values, "No feature is constant within windows while others vary.")


register(
    Metric(
        "context_dependence",
        title="Dependence on the context",
        meaning="Difference of the conditional means of levels, spreads and changes, given the "
        "context.",
        better="lower",
        formula=r"\overline{|E_R[s \mid c] - E_S[s \mid c]|} / \sigma_s",
        values="0 or more",
        cannot_see="Dependence on several context columns together, and beyond conditional means.",
        measure=for_each("context_dependence", _measure),
        needs=Needs(windows=2 * MIN_GROUP, steps=2, features=2),
        order=79,
        applies=_has_context,
    )
)
