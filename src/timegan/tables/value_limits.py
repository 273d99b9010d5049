"""Limits of a column: true bounds, and how far values may go beyond the training rows."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timegan.variation import deviation

MIN_ROWS = 40  # below, too few rows tell what lies beyond them
TAIL_SHARE = 0.05  # of the rows that are taken for a tail
MIN_TAIL_ROWS = 10
MAX_TAIL_ROWS = 2_000
SHARP_SHAPE = -0.5  # shape of a generalized Pareto tail below which the density ends abruptly
MAX_SHAPE = 0.5  # of the heaviest tail that is extrapolated
RARITY = 10  # times as many rows in which one value lies beyond a limit
MIN_SHARP_ROWS = 30  # of a tail, to tell an abrupt end
MIN_VISITS = 10  # separate visits of a series to its tail, to tell the same
SLOW_SHAPE = -0.25  # least shape where there are fewer
MIN_ATOM_ROWS = 5
ATOM_RATIO = 3.0  # rows at an end over those at neighbouring values, where something stops it
NEIGHBOURS = 4
NEAR_ZERO = 0.02  # share of the median below which a smallest value counts as zero
NATURAL_ENDS = (1.0, 100.0)  # of shares and percentages
NEAR_END = 0.9  # share of a natural end that some row reaches


@dataclass(frozen=True)
class ValueLimits:
    """The range of values that samples of a column may have.

    An end is a true bound where the training values show that nothing lies beyond it: they pile
    up there, their density ends abruptly, or the sign or a percentage sets it. Elsewhere the
    limit is the value that one in ten times as many rows would exceed, by a generalized Pareto
    distribution of the tail (Pickands, 1975) fitted by probability-weighted moments (Hosking and
    Wallis, 1987).

    Args:
        low: smallest value of samples.
        high: largest one.
        low_bound: whether ``low`` is a true bound.
        high_bound: whether ``high`` is one.

    >>> uniform = np.random.default_rng(0).permutation(np.linspace(2.0, 3.0, 1_000))
    >>> limits = ValueLimits.fit(uniform)
    >>> limits.low_bound, limits.high_bound, float(limits.high)
    (True, True, 3.0)
    """

    low: float
    high: float
    low_bound: bool
    high_bound: bool

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Return the limits of values (n,) in the order of time, without NaN, at least one."""
        high, high_bound = _upper_end(values)
        low, low_bound = _upper_end(-values)
        low, smallest, largest = -low, float(values.min()), float(values.max())
        if smallest >= 0 and low <= NEAR_ZERO * float(np.median(values)):
            low, low_bound = 0.0, True
        if largest <= 0 and high >= NEAR_ZERO * float(np.median(values)):
            high, high_bound = 0.0, True
        for end in NATURAL_ENDS:
            if smallest >= 0 and NEAR_END * end <= largest <= end and (high_bound or high > end):
                high = end
        return cls(low, high, low_bound, high_bound)


def _upper_end(values: np.ndarray) -> tuple[float, bool]:
    """Return the upper limit of values (n,), and whether it is a true bound."""
    largest = float(values.max())
    if values.size < MIN_ROWS:
        return largest, False
    size = min(max(round(TAIL_SHARE * values.size), MIN_TAIL_ROWS), MAX_TAIL_ROWS)
    ordered = np.sort(np.partition(values, -size - 1)[-size - 1 :])
    if _is_atom(ordered):
        return largest, True
    tail = _spread_ties(ordered)
    threshold, size = float(tail[0]), tail.size - 1
    tail = tail[1:] - threshold
    if size < NEIGHBOURS or deviation(tail, largest=abs(largest)) == 0:
        return largest, True
    mean = float(tail.mean())
    below = (np.arange(size) + 0.65) / size  # plotting positions of Hosking and Wallis
    weighted = float(((1.0 - below) * tail).mean())
    shape = 2.0 - mean / (mean - 2.0 * weighted)
    scale = 2.0 * mean * weighted / (mean - 2.0 * weighted)
    if _visits(values, threshold) < MIN_VISITS:  # a slow series turns round, and nothing stops it
        shape = max(shape, SLOW_SHAPE)
    elif shape < SHARP_SHAPE and size >= MIN_SHARP_ROWS:
        return largest, True
    shape = min(max(shape, SHARP_SHAPE), MAX_SHAPE)
    ratio = float(RARITY * size)  # the tail's share over the probability of the limit
    growth = np.log(ratio) if abs(shape) < 1e-9 else (ratio**shape - 1.0) / shape
    return max(largest, threshold + scale * float(growth)), False


def _spread_ties(tail: np.ndarray) -> np.ndarray:
    """Return a tail whose equal values, as of counts, are spread up to the next possible value.

    Its first value, of which not all rows are in the tail, is left out.
    """
    distinct, first, counts = np.unique(tail, return_index=True, return_counts=True)
    if distinct.size == 1 or distinct.size > tail.size / 2:
        return tail
    within = (np.arange(tail.size) - np.repeat(first, counts)) / np.repeat(counts, counts)
    spread: np.ndarray = tail + within * np.diff(distinct).min()
    return spread[first[1] :]


def _visits(values: np.ndarray, threshold: float) -> int:
    """Return how often a series rises above a threshold after it was below its median."""
    is_above, is_below = values > threshold, values < np.median(values)
    ends = is_above[is_above | is_below]
    return int((ends & ~np.append(False, ends)[:-1]).sum())


def _is_atom(tail: np.ndarray) -> bool:
    """Return whether the largest value is far more frequent than those next to it."""
    distinct, counts = np.unique(tail, return_counts=True)
    if distinct.size == 1:
        return True
    beside = counts[-1 - NEIGHBOURS : -1].mean()
    return bool(counts[-1] >= max(MIN_ATOM_ROWS, ATOM_RATIO * beside))
