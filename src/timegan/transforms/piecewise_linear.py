"""Coarser readings, such as hourly weather, that were interpolated to the rows of the table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np

from timegan.tables.value_grid import MAX_DECIMALS, ValueGrid
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
from timegan.transforms.numeric import Continuous, fit_scaler
from timegan.variation import divisor, span

MIN_PERIOD, MAX_PERIOD = 3, 300  # rows between two readings
MAX_STRAY_SHARE = 0.01  # of the kinks: a filled gap, a changed clock
MIN_KINKS = 20
MIN_KINK_SHARE = 0.2  # of the readings: at the others the line happens to go straight on
MAX_UNUSUAL_SHARE = 0.02  # of the readings, with more decimals: a line was drawn past them


@dataclass(frozen=True)
class PiecewiseLinear(ColumnTransformer):
    """A column that is linear between readings every so many rows.

    Within a window it is linear before the first and behind the last reading, too.

    Args:
        number: scaler, range and decimals of all rows.
        knot_grid: of the rows that hold a reading.
        common_grid: of these without the few readings that lie on a line themselves, because they
            were missing. A calibrated transformer makes no others.
        period: rows from one reading to the next.
        phase: row of the first reading, counted from the start of the table or of each sequence.
        start_offsets: rows of a period, counted likewise, at which training windows begin.
    """

    name: ClassVar[str] = "piecewise_linear"
    order: ClassVar[int | None] = 60
    width = 1
    is_interpolated = True
    number: Continuous
    knot_grid: ValueGrid
    common_grid: ValueGrid
    period: int
    phase: int
    start_offsets: tuple[int, ...]

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for a period that explains where the lines bend."""
        numbers = column.row_numbers
        found = find_period(column.rows, column.breaks, numbers.rows[:, column.sample])
        if found is None:
            return None
        period, phase, count = found
        return cls.found(
            f"straight lines between readings every {period} rows",
            period=period,
            phase=phase,
            readings=(numbers.rows[count] - phase) % period == 0,
            start_offsets=np.unique(numbers.starts[count] % period).tolist(),
        )

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for a period."""
        why = f"no period from {MIN_PERIOD} to {MAX_PERIOD} rows explains where its lines bend"
        return cls.detect(column) or column.refuse(cls.name, why)

    @property
    def scaler_name(self) -> str:
        """Name of the scaler."""
        return self.number.scaler_name

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn from training rows (R,), given the period that the detection found."""
        period, phase = int(options.params["period"]), int(options.params["phase"])
        offsets = tuple(map(int, options.params.get("start_offsets", range(period))))
        readings = values[options.params["readings"] & ~np.isnan(values)]
        present, joins = drop_missing(values, breaks)
        number = Continuous.measured(
            fit_scaler(present, joins, options.scaling),
            ValueGrid.fit(present, options.dtype, search_step=False),
            0.0,  # straight lines must stay straight
            present,
            None,
        )
        # Levels are right for readings only: between them there are other values.
        knot_grid = ValueGrid.fit(readings, options.dtype) if readings.size else number.grid
        few = common_readings(readings)
        common_grid = ValueGrid.fit(few, options.dtype) if few.size else knot_grid
        return cls(number, knot_grid, common_grid, period, phase, offsets)

    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map values in the table's units (R,) to (R, 1).

        Where a filled gap covers a reading, the inverse draws the line past it.
        """
        return self.number.transform(values, breaks, random)

    def inverse_transform(self, channels: np.ndarray, noise: DecodingNoise) -> np.ndarray:
        """Map (n, T, 1) to the table's units (n, T).

        ``noise.phase`` selects, for each sequence, one of the rows of a period at which training
        windows begin.
        """
        grid = self.number.grid
        raw = np.clip(self.number.unscale(channels[..., 0]), grid.low, grid.high)
        offsets = np.array(self.start_offsets)
        offsets = offsets[(noise.phase * len(self.start_offsets)).astype(np.int64)]
        first = (self.phase - offsets) % self.period
        values = np.empty_like(raw)
        for start in np.unique(first):
            chosen = raw[first == start]
            knots, is_reading = find_knots(raw.shape[1], int(start), self.period)
            at = chosen[:, knots]
            at[:, is_reading] = self.knot_grid.snap(at[:, is_reading])
            at[:, ~is_reading] = self._snap_between(at[:, ~is_reading])
            values[first == start] = interpolate(at, knots)
        return grid.snap(values)

    def interpolation_error(self, channels: np.ndarray) -> np.ndarray:
        """Return the distance of channels (n, T, 1) from lines at each start offset, (n, offsets).

        It is the mean square over the rows between readings, in units of the column's range.
        """
        grid = self.number.grid
        raw = self.number.unscale(channels[..., 0]) / divisor(span(grid.low, grid.high))
        errors = np.zeros((len(raw), len(self.start_offsets)))
        for i, offset in enumerate(self.start_offsets):
            first = (self.phase - offset) % self.period
            knots, _ = find_knots(raw.shape[1], first, self.period)
            away = np.square(interpolate(raw[:, knots], knots) - raw).sum(axis=1)
            errors[:, i] = away / max(raw.shape[1] - knots.size, 1)
        return errors

    def _snap_between(self, values: np.ndarray) -> np.ndarray:
        """Snap values between two readings to a grid that is finer by the period."""
        unit = 0.0 if self.knot_grid.levels else self.knot_grid.unit / self.period
        if unit == 0.0:
            return values
        low = self.knot_grid.low
        return low + np.rint((values - low) / unit) * unit

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Restore the training proportions of frequent values; make common readings only."""
        return replace(
            self, number=self.number.calibrate(channels, breaks), knot_grid=self.common_grid
        )


def choose_phases(
    columns: Sequence[tuple[int, PiecewiseLinear, np.ndarray]],
) -> dict[int, np.ndarray]:
    """Return for each column where in its period the sequences begin, (n,) from 0 to below 1.

    Columns that were read at the same rows begin alike: where the lines of all of them together
    are nearest to the channels.

    Args:
        columns: number, transformer and channel (n, T, 1) of each.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    errors: dict[int, np.ndarray] = {}
    for i, transformer, channel in columns:
        errors[i] = transformer.interpolation_error(np.asarray(channel, dtype=np.float64))
        rows = transformer.period, transformer.phase, transformer.start_offsets
        groups.setdefault(rows, []).append(i)
    phases: dict[int, np.ndarray] = {}
    for members in groups.values():
        total = np.sum([errors[i] for i in members], axis=0)
        phases |= dict.fromkeys(members, (total.argmin(axis=1) + 0.5) / total.shape[1])
    return phases


@lru_cache(maxsize=1_024)
def find_knots(count: int, first: int, period: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows at which lines end, and which hold a reading: the two ends may not."""
    steps = np.arange(count)
    readings = steps[first::period]
    knots = np.union1d(readings, steps[[0, -1]])
    return knots, np.isin(knots, readings)


def interpolate(at: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return straight lines (n, T) through values (n, K) at the rows ``knots``, ends included.

    >>> interpolate(np.array([[0.0, 2.0, 5.0]]), np.array([0, 2, 3])).tolist()
    [[0.0, 1.0, 2.0, 5.0]]
    """
    steps = np.arange(knots[-1] + 1)
    left = np.minimum(np.searchsorted(knots, steps, side="right") - 1, max(knots.size - 2, 0))
    right = np.minimum(left + 1, knots.size - 1)
    share = (steps - knots[left]) / np.maximum(knots[right] - knots[left], 1)
    return np.asarray(at[:, left] + share * (at[:, right] - at[:, left]))


def common_readings(readings: np.ndarray) -> np.ndarray:
    """Return the readings that have no more decimals than nearly all of them.

    >>> common_readings(np.array([1.0, 2.0, 3.0] * 50 + [1.0 + 1 / 3])).max().tolist()
    3.0
    """
    for decimals in range(MAX_DECIMALS):
        few = readings[np.round(readings, decimals) == readings]
        if few.size >= (1 - MAX_UNUSUAL_SHARE) * readings.size:
            return np.asarray(few)
    return readings


def find_period(
    values: np.ndarray, breaks: np.ndarray, row_numbers: np.ndarray
) -> tuple[int, int, int] | None:
    """Return period, phase and the row count that they refer to; None without a period.

    Args:
        values: (R,) training rows, or a contiguous part of them; NaN where missing.
        breaks: rows that do not follow upon the one before.
        row_numbers: (2, R) number of each row in the table, and in its sequence.
    """
    joined = continues(len(values), breaks)
    middle = np.flatnonzero(joined[2:] & joined[1:-1]) + 1
    turns = np.diff(values, n=2)[middle - 1]
    middle, turns = middle[~np.isnan(turns)], turns[~np.isnan(turns)]
    kinks = middle[np.abs(turns) > _rounding(values)]
    if kinks.size < MIN_KINKS or kinks.size > middle.size / MIN_PERIOD * 1.1:
        return None
    best: tuple[int, int, int] | None = None
    for count, numbers in enumerate(row_numbers):
        for period in range(MIN_PERIOD, min(MAX_PERIOD, len(values) // 3) + 1):
            counts = np.bincount(numbers[kinks] % period, minlength=period)
            phase = int(counts.argmax())
            readings = np.count_nonzero(numbers[middle] % period == phase)
            least = max((1 - MAX_STRAY_SHARE) * kinks.size, MIN_KINK_SHARE * readings)
            if counts[phase] >= least and (best is None or period > best[0]):
                best = (period, phase, count)
    return best


def _rounding(values: np.ndarray) -> float:
    """Return the largest second difference that rounding alone can make."""
    present = values[~np.isnan(values)]
    rounding = 2.0 * ValueGrid.fit(present, search_step=False).unit
    return rounding * 1.001 + 1e-9 * float(np.ptp(present))
