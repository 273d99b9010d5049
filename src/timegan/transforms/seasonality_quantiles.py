"""Distributions of residuals by phase, fitted to the training rows of a table."""

from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.transforms.calendar_phases import CalendarPhases
from timegan.transforms.seasonality import PhaseQuantiles, SeasonalProfile

MIN_CYCLES = 8
"""Cycles from which every phase has a knot and a distribution of its own."""

MAX_KNOTS = 24
"""Knots of a time of day whose phases are too many or too rare for a knot each."""

KNOTS_OF_YEAR = 12
DECIMALS = 6
"""Decimals of quantiles, which keep a saved model small."""

NODE_SCORES = np.linspace(-3.25, 3.25, 27)
"""Normal scores at which the residuals of a phase are kept; edges of the largest gaps come on top.
"""

GAPS = 3
"""Largest gaps between residuals of a phase that keep their edges."""

RANGE_MARGIN = 0.25
"""Largest distance beyond the range of a phase's residuals, relative to the range.

Discrete values fill the middle half of their interval of quantiles, so that it leads to no other.
"""

SMIRNOV_QUANTILE = 1.358
"""95 % quantile of the Kolmogorov-Smirnov distance times the root of the number of rows."""

RANGE_LEVEL = 0.01
"""Probability below which a phase does not keep to its range by chance."""

TAIL = 0.05
"""Share of the residuals that are a tail; the range grows at most by the length of its tails."""

MAX_BINS = 31
"""Phases with a distribution of residuals of their own."""


def phase_quantiles(
    residuals: np.ndarray,
    phases: CalendarPhases,
    profile: SeasonalProfile,
    has_weekends: bool,
    is_discrete: bool,
) -> PhaseQuantiles:
    """Return the distribution of residuals (R,) by their phase in the period of a profile.

    Args:
        residuals: of one channel.
        phases: of the rows.
        profile: of the period.
        has_weekends: whether Saturdays and Sundays are told apart from other days.
        is_discrete: whether every phase has a distribution of its own.
    """
    size = len(profile.knots)
    is_even = profile.is_step or np.allclose(profile.knots, np.arange(size) / size)
    bins = size if size <= MAX_BINS and is_even else MAX_KNOTS
    bins = KNOTS_OF_YEAR if profile.period == "year" else bins
    empty = PhaseQuantiles(profile.period, bins, has_weekends, (), ())
    place = empty.places(phases)
    cycle = np.floor(phases.cycles(profile.period)).astype(np.int64)
    count = bins * (1 + has_weekends)
    cycles = [len(np.unique(cycle[place == k])) for k in range(count)]
    parts = [residuals[place == k] for k in range(count)]
    known = [k for k in range(count) if cycles[k] >= MIN_CYCLES]
    everything = np.sort(residuals)
    own = [k for k in known if is_discrete or _differs(parts[k], everything, cycles[k])]
    others = np.concatenate([np.empty(0), *(parts[k] for k in range(count) if k not in own)])
    shared = _nodes(others) if len(others) else ((0.0,), (0.0,))
    nodes = [_nodes(parts[k]) if k in own else shared for k in range(count)]
    return replace(
        empty,
        scores=tuple(scores for scores, _ in nodes),
        residuals=tuple(values for _, values in nodes),
    )


def _differs(residuals: np.ndarray, everything: np.ndarray, cycles: int) -> bool:
    """Return True if residuals (m,) are distributed unlike all (n,), which are sorted.

    It is a Kolmogorov-Smirnov test, and a test of the range that cycles keep to by chance. A cycle
    counts as one row in both.
    """
    values = np.sort(residuals)
    below = np.searchsorted(everything, values, side="left") / len(everything)
    above = np.searchsorted(everything, values, side="right") / len(everything)
    ranks = np.arange(len(values)) / len(values)
    distance = max((below - ranks).max(), (ranks + 1 / len(values) - above).max())
    within = above[-1] - below[0]
    return bool(distance > SMIRNOV_QUANTILE / np.sqrt(cycles) or within**cycles < RANGE_LEVEL)


def _nodes(residuals: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return normal scores and the quantiles of residuals (m,) that they go to."""
    values = np.sort(residuals)
    if values[0] == values[-1]:
        return (0.0,), (float(values[0]),)
    even = (ndtr(NODE_SCORES) * len(values)).astype(np.int64)
    gaps = np.argsort(np.diff(values), kind="stable")[-GAPS:]
    kept = np.unique(np.concatenate([[0], even, gaps, gaps + 1, [len(values) - 1]]))
    kept = kept[np.unique(values[kept], return_index=True)[1]]
    scores = ndtri((kept + 0.5) / len(values))
    low, high = _range(values)
    values = values[kept]
    slopes = np.diff(scores)[[0, -1]] / np.diff(values)[[0, -1]]
    slopes = np.maximum(slopes, (scores[-1] - scores[0]) / (values[-1] - values[0]))
    ends = np.array([low - values[0], high - values[-1]]) * slopes
    scores = np.concatenate([[scores[0] + ends[0]], scores, [scores[-1] + ends[1]]])
    return _rounded(scores, np.concatenate([[low], values, [high]]))


def _range(values: np.ndarray) -> tuple[float, float]:
    """Return the range of sorted residuals (m,) with a margin."""
    tail = min(max(1, int(TAIL * len(values))), len(values) - 1)
    most = RANGE_MARGIN * (values[-1] - values[0])
    low = values[0] - min(most, values[tail] - values[0])
    return float(low), float(values[-1] + min(most, values[-1] - values[-1 - tail]))


def _rounded(scores: np.ndarray, values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(np.round(scores, DECIMALS).tolist()), tuple(np.round(values, DECIMALS).tolist())
