"""Readings that keep their value for many steps and then change, as sensors report them."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import (
    ONE_SEQUENCE,
    ColumnTransformer,
    DecodingNoise,
    DetectedType,
    FitOptions,
    continues,
    drop_missing,
)
from timegan.transforms.detection.column_sample import ColumnSample
from timegan.transforms.detection.repeats import repeat_rates
from timegan.transforms.numeric import Continuous, fit_scaler

MIN_EXCESS_REPEATS = 0.1  # share of repeats beyond those of a smooth series
CALIBRATION_SEQUENCES = 2_000  # that the dead band is found on
BISECTIONS = 30
TOLERANCE = 0.01  # share of steps that may change too often before a dead band is used


@dataclass(frozen=True)
class PiecewiseConstant(ColumnTransformer):
    """A value that stays until the model's channel has left a dead band around its last change.

    Networks generate small changes at every step. Calibration finds the band with which values
    repeat as often as in the training data. Rounding to the grid makes some of the repeats.

    Args:
        number: scaler and grid.
        share: of the training rows whose value differs from that of the row before.
        band: half the width of the dead band, in the channel's unit.
    """

    name: ClassVar[str] = "piecewise_constant"
    order: ClassVar[int | None] = 90
    width = 1
    fill: ClassVar[str] = "hold"
    number: Continuous
    share: float
    band: float = 0.0

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for more repeats than a smooth series has."""
        share, smooth = repeat_rates(column.rows, column.breaks, column.grid)
        return cls.require(column) if share >= smooth + MIN_EXCESS_REPEATS else None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Report how often values repeat."""
        share, _ = repeat_rates(column.rows, column.breaks, column.grid)
        return cls.found(f"repeats its value in {100 * share:.0f} % of the steps, {column.grid}")

    @property
    def scaler_name(self) -> str:
        """Name of the scaler."""
        return self.number.scaler_name

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn from training rows (R,)."""
        values, breaks = drop_missing(values, breaks)
        number = Continuous.measured(
            fit_scaler(values, breaks, options.scaling),
            ValueGrid.fit(values, options.dtype),
            options.jitter,
            values,
            None,
        )
        joined = continues(len(values), breaks)
        share = _changes(values, breaks)[joined].mean() if joined.any() else 1.0
        return cls(number, float(share))

    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map values in the table's units (R,) to (R, 1)."""
        return self.number.transform(self.number.grid.snap(values), breaks, random)

    def inverse_transform(
        self, channels: np.ndarray, noise: DecodingNoise | None = None
    ) -> np.ndarray:
        """Map (n, T, 1) to the table's units (n, T)."""
        channel = channels[..., 0]
        values = self.number.grid.snap(self.number.unscale(channel))
        return apply_dead_band(channel, values, self.band)

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Restore the training share of changes and of frequent values."""
        if not len(channels):
            return self
        sequences = np.split(channels[:, 0], breaks[1:])[:CALIBRATION_SEQUENCES]
        length = max(map(len, sequences))
        table = np.stack([np.pad(s, (0, length - len(s)), mode="edge") for s in sequences])
        count = sum(len(s) - 1 for s in sequences)
        number = self.number.calibrate(channels)
        values = number.grid.snap(number.unscale(table))

        def changed(band: float) -> float:
            made = apply_dead_band(table, values, band)
            return int((np.diff(made, axis=1) != 0).sum()) / max(count, 1)

        low, high = 0.0, float(np.ptp(table))
        if changed(low) <= self.share + TOLERANCE:  # rounding alone repeats values as often
            return replace(self, band=0.0, number=number)
        for _ in range(BISECTIONS):
            band = (low + high) / 2
            low, high = (band, high) if changed(band) > self.share else (low, band)
        return replace(self, band=(low + high) / 2, number=number)


def apply_dead_band(channel: np.ndarray, values: np.ndarray, band: float) -> np.ndarray:
    """Return values (n, T) that change only where their channel (n, T) leaves a band.

    The band lies around the channel at the last change.

    >>> channel = np.array([[0.0, 0.4, 0.8, 1.2, 0.9]])
    >>> apply_dead_band(channel, channel, 0.5).tolist()
    [[0.0, 0.0, 0.8, 0.8, 0.8]]
    """
    values = values.copy()
    centre = channel[:, 0]
    for t in range(1, values.shape[1]):
        left = np.abs(channel[:, t] - centre) > band
        values[:, t] = np.where(left, values[:, t], values[:, t - 1])
        centre = np.where(values[:, t] != values[:, t - 1], channel[:, t], centre)
    return values


def _changes(values: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Return which rows (R,) differ from the one before; the first of a sequence does."""
    new = ~continues(len(values), breaks)
    new[1:] |= values[1:] != values[:-1]
    return new
