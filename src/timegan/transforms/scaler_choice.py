"""Which scaling suits a feature: by its tails, its atoms, and how it moves."""

from collections.abc import Callable

import numpy as np

from timegan.transforms.scalers import ATOM, FEWEST, Log, Rank, Standard
from timegan.variation import centred, deviation, divisor

TIMES = 3.0  # largest over smallest value from which a logarithm differs from a straight line
SOME = 50_000  # steps that unevenness is measured on, at most
FAR = 0.7  # unevenness of a logarithm's steps over that of other scales', at most, to be chosen

Steps = tuple[np.ndarray, np.ndarray]
"""Values (m,) and those of the next rows (m,)."""


def choose(values: np.ndarray, steps: Steps, turns: np.ndarray) -> str:
    """The scaling that suits a feature.

    Series that grow and move by percentages (prices) get their logarithm (``log``): in it steps are
    alike at all levels, which a generator finds easier than a scale for each level. Other smooth
    series with light tails and no value that stands out keep their shape (``standard``); all others
    are made normal (``rank``), which tames tails and gives atoms room.

    Args:
        values: (n,) training values of one feature.
        steps: pairs of rows that follow each other, (m,) before and (m,) after.
        turns: second differences within the series.
    """
    stands_out = _stands_out(values)
    if not stands_out and _moves_by_percentages(values, steps):
        return Log.name
    if roughness(steps[1] - steps[0], turns) >= 0.632 or stands_out:
        return Rank.name
    return Standard.name if _light(values) else Rank.name


def _light(values: np.ndarray) -> bool:
    """Whether the excess kurtosis is below 1."""
    unit = centred(values) / divisor(deviation(values))
    return bool((unit**4).mean() - 3.0 < 1.0)


def _moves_by_percentages(values: np.ndarray, steps: Steps) -> bool:
    """Whether steps are far more alike at all levels in logarithms than in other scales."""
    low, high = float(values.min()), float(values.max())
    if low <= 0 or high < TIMES * low or not _light(np.log(values)):
        return False
    every = -(-steps[0].size // SOME) or 1
    some = [ends[::every] for ends in steps]
    ways: list[Callable[[np.ndarray], np.ndarray]] = [np.log, np.array, Rank.fit(values).forward]
    logs, *others = (unevenness(*map(way, some)) for way in ways)
    return logs < FAR * min(others)


def unevenness(before: np.ndarray, after: np.ndarray) -> float:
    """How much the size of steps depends on the level: deviation of its logarithm over octiles.

    0 where there are too few steps to say so.
    """
    level, step = (before + after) / 2, after - before
    if level.size < 8 * FEWEST:
        return 0.0
    parts = np.array_split(step[np.argsort(level, kind="stable")], 8)
    sizes = np.array([deviation(part, largest=np.abs(level).max()) for part in parts])
    return float(np.log(sizes[sizes > 0]).std()) if (sizes > 0).any() else 0.0


def roughness(steps: np.ndarray, turns: np.ndarray) -> float:
    """Standard deviation of second differences over that of first ones; white noise has 1.73.

    A series of constant slope has 0, though rounding leaves it no first differences to divide by.
    """
    if steps.size == 0 or turns.size == 0:
        return float("inf")
    slope = float(np.abs(steps).max())
    if steps.std() <= 1e-6 * slope:
        return 0.0
    return float(turns.std() / steps.std())


def _stands_out(values: np.ndarray) -> bool:
    """Whether a value has more than .5 % of the mass, and far more than the others.

    The second condition keeps a fine grid (tenths of a year) from counting as atoms.
    """
    counts = np.unique(values, return_counts=True)[1]
    heavy = int(counts.max())
    return heavy > ATOM * values.size and heavy >= max(FEWEST, 5 * float(np.median(counts)))
