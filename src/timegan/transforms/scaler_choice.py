"""Choice of the scaler that suits a feature, by its tails, its atoms and its steps."""

from collections.abc import Callable

import numpy as np

from timegan.transforms.scalers import (
    MIN_ATOM_COUNT,
    LogScaler,
    QuantileNormalizer,
    StandardScaler,
)
from timegan.variation import centred, deviation, divisor

MIN_RANGE_RATIO = 3.0  # largest over smallest value: below, a logarithm is nearly a straight line
SAMPLE_STEPS = 50_000  # that level dependence is measured on
MAX_LOG_RATIO = 0.7  # level dependence of logarithms over that of other scales, to be chosen
MAX_ROUGHNESS = 1.6  # below that of white noise, whose values have nothing to keep from row to row
MAX_EXCESS_KURTOSIS = 4.0  # of a series that keeps its shape
MAX_LOG_KURTOSIS = 1.0  # of logarithms
MIN_DOMINANT_SHARE = 0.02  # of the rows, for a single value to need room of its own,
MIN_DOMINANCE = 5  # and times as many rows as the values beside it have
NEIGHBOURS = 10  # values on either side that a value is compared with
OCTILES = 8

Steps = tuple[np.ndarray, np.ndarray]
"""Values (m,) and those of the next rows (m,)."""


def choose_scaler(values: np.ndarray, steps: Steps, turns: np.ndarray) -> str:
    """Return the name of the scaler that suits a feature.

    Series that grow and move by percentages (prices) get their logarithm (``log``). Steps of
    logarithms are alike at all levels, which is easier to generate than a scale for each level.
    Other series with memory keep their shape (``standard``): ranks would stretch changes where
    values are rare. White noise, heavy tails and series with a frequent value are made normal
    (``rank``), which tames tails and gives room to frequent values.

    Args:
        values: (n,) training values of one feature.
        steps: pairs of rows that follow each other, (m,) before and (m,) after.
        turns: second differences within the series.
    """
    has_atom = _has_atom(values)
    if not has_atom and _moves_by_percentages(values, steps):
        return LogScaler.name
    has_memory = roughness(steps[1] - steps[0], turns) < MAX_ROUGHNESS
    if has_memory and not has_atom and excess_kurtosis(values) < MAX_EXCESS_KURTOSIS:
        return StandardScaler.name
    return QuantileNormalizer.name


def excess_kurtosis(values: np.ndarray) -> float:
    """Return the excess kurtosis of values (n,); 0 for a normal distribution."""
    unit = centred(values) / divisor(deviation(values))
    return float((unit**4).mean()) - 3.0


def _moves_by_percentages(values: np.ndarray, steps: Steps) -> bool:
    """Check that steps depend far less on the level in logarithms than in other scales."""
    low, high = float(values.min()), float(values.max())
    if (
        low <= 0
        or high < MIN_RANGE_RATIO * low
        or excess_kurtosis(np.log(values)) >= MAX_LOG_KURTOSIS
    ):
        return False
    every = -(-steps[0].size // SAMPLE_STEPS) or 1
    few = [ends[::every] for ends in steps]
    ranks = QuantileNormalizer.fit(values)
    scales: list[Callable[[np.ndarray], np.ndarray]] = [np.log, np.array, ranks.transform]
    logs, *others = (level_dependence(*map(scale, few)) for scale in scales)
    return logs < MAX_LOG_RATIO * min(others)


def level_dependence(before: np.ndarray, after: np.ndarray) -> float:
    """Return how much the size of steps depends on the level; 0 where there are too few steps.

    It is the deviation of the logarithm of the steps' size over octiles of the level.
    """
    level, step = (before + after) / 2, after - before
    if level.size < OCTILES * MIN_ATOM_COUNT:
        return 0.0
    parts = np.array_split(step[np.argsort(level, kind="stable")], OCTILES)
    sizes = np.array([deviation(part, largest=np.abs(level).max()) for part in parts])
    return float(np.log(sizes[sizes > 0]).std()) if (sizes > 0).any() else 0.0


def roughness(steps: np.ndarray, turns: np.ndarray) -> float:
    """Return the deviation of second differences over that of first ones; white noise has 1.73.

    A series of constant slope has 0, though the deviation of its first differences is rounding.
    """
    if steps.size == 0 or turns.size == 0:
        return float("inf")
    slope = float(np.abs(steps).max())
    if steps.std() <= 1e-6 * slope:
        return 0.0
    return float(turns.std() / steps.std())


def _has_atom(values: np.ndarray) -> bool:
    """Check that a value is frequent, and far more frequent than the values beside it.

    The values of a grid are as frequent as their neighbours, however coarse it is.
    """
    counts = np.unique(values, return_counts=True)[1]
    sums = np.concatenate([[0], counts.cumsum()])
    place = np.arange(counts.size)
    low = np.maximum(place - NEIGHBOURS, 0)
    high = np.minimum(place + NEIGHBOURS + 1, counts.size)
    beside = (sums[high] - sums[low] - counts) / np.maximum(high - low - 1, 1)
    enough = max(MIN_ATOM_COUNT, MIN_DOMINANT_SHARE * values.size)
    return bool(((counts >= enough) & (counts >= MIN_DOMINANCE * beside)).any())
