"""Levels and spreads of generated windows, step by step as in training windows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

MIN_SPREAD = 0.05
"""Spread at a step, relative to that over all steps, below which a step is only moved."""


@dataclass(frozen=True)
class StepCalibration:
    """A linear map of each channel at each step of a window.

    A window can begin anywhere in a long series, so that its levels have the same distribution at
    every step. Windows of a model may drift and spread a little from step to step. A series of many
    windows would add that up and leave the range of the data. After this map, windows have the
    means and deviations of training windows at every step, in units of the windows as a whole.

    Attributes:
        factor: (T, C) of the distance from the mean.
        shift: (T, C) that is added afterwards.
    """

    factor: np.ndarray
    shift: np.ndarray

    @classmethod
    def fit(cls, chunks: Iterable[np.ndarray], means: np.ndarray, stds: np.ndarray) -> Self:
        """Fit the map on chunks (n, T, C) of generated windows.

        Args:
            chunks: of scaled windows.
            means: (T, C) of training windows, see :func:`timegan.data.step_statistics`.
            stds: (T, C) likewise; where they are 0, windows are left as they are.
        """
        count, total, squares = 0, 0.0, 0.0
        for chunk in chunks:
            windows = chunk.astype(np.float64)
            count += len(windows)
            total = total + windows.sum(axis=0)
            squares = squares + (windows**2).sum(axis=0)
        made = np.asarray(total) / count
        spreads = np.sqrt(np.maximum(np.asarray(squares) / count - made**2, 0.0))
        level = made.mean(axis=0)
        unit = np.sqrt((spreads**2 + (made - level) ** 2).mean(axis=0))
        is_spread = spreads > MIN_SPREAD * unit
        factor = np.where(is_spread, unit * stds / np.where(is_spread, spreads, 1.0), 1.0)
        shift = level + unit * means - factor * made
        is_known = stds > 0
        return cls(np.where(is_known, factor, 1.0), np.where(is_known, shift, 0.0))

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Return mapped windows (n, T, C)."""
        mapped: np.ndarray = (windows * self.factor + self.shift).astype(np.float32)
        return mapped
