"""Choice of the scaler that suits a feature, by its tails, its atoms and its steps."""

from collections.abc import Callable

import numpy as np

from timegan.transforms.scalers import (
    MIN_ATOM_COUNT,
    MIN_ATOM_SHARE,
    LogScaler,
    QuantileNormalizer,
    StandardScaler,
)
from timegan.variation import centred, deviation, divisor

MIN_RANGE_RATIO = 3.0  # largest over smallest value: below, a logarithm is nearly a straight line
SAMPLE_STEPS = 50_000  # that level dependence is measured on
MAX_LOG_RATIO = 0.7  # level dependence of logarithms over that of other scales, to be chosen
WHITE_NOISE_ROUGHNESS = 0.632  # above, the series moves too roughly to keep its shape
MAX_EXCESS_KURTOSIS = 1.0  # of light tails
OCTILES = 8

Steps = tuple[np.ndarray, np.ndarray]
"""Values (m,) and those of the next rows (m,)."""


def choose_scaler(values: np.ndarray, steps: Steps, turns: np.ndarray) -> str:
    """Return the name of the scaler that suits a feature.

    Series that grow and move by percentages (prices) get their logarithm (``log``). Steps of
    logarithms are alike at all levels, which is easier to generate than a scale for each level.
    Other smooth series with light tails and without a frequent value keep their shape
    (``standard``). All others are made normal (``rank``), which tames tails and gives room to
    frequent values.

    Args:
        values: (n,) training values of one feature.
        steps: pairs of rows that follow each other, (m,) before and (m,) after.
        turns: second differences within the series.
    """
    has_atom = _has_atom(values)
    if not has_atom and _moves_by_percentages(values, steps):
        return LogScaler.name
    if roughness(steps[1] - steps[0], turns) >= WHITE_NOISE_ROUGHNESS or has_atom:
        return QuantileNormalizer.name
    return StandardScaler.name if _has_light_tails(values) else QuantileNormalizer.name


def _has_light_tails(values: np.ndarray) -> bool:
    """Check that the excess kurtosis is below 1."""
    unit = centred(values) / divisor(deviation(values))
    return bool((unit**4).mean() - 3.0 < MAX_EXCESS_KURTOSIS)


def _moves_by_percentages(values: np.ndarray, steps: Steps) -> bool:
    """Check that steps depend far less on the level in logarithms than in other scales."""
    low, high = float(values.min()), float(values.max())
    if low <= 0 or high < MIN_RANGE_RATIO * low or not _has_light_tails(np.log(values)):
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
    """Check that a value has more than 0.5 % of the rows, and far more than the others.

    The second condition keeps the values of a grid (tenths of a year) from counting as atoms.
    """
    counts = np.unique(values, return_counts=True)[1]
    heavy = int(counts.max())
    return heavy > MIN_ATOM_SHARE * values.size and heavy >= max(
        MIN_ATOM_COUNT, 5 * float(np.median(counts))
    )
