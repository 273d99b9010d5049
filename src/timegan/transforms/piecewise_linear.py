"""Ramps: coarser readings (hourly weather) that someone interpolated to the table's rows."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.tables.value_grid import MAX_DECIMALS, ValueGrid
from timegan.transforms.base import WHOLE, Draws, Setting, follows, observed, register
from timegan.transforms.numeric import Continuous, scaled
from timegan.variation import divisor, span

LEAST, MOST = 3, 300  # rows between two readings
EXCEPTIONS = 0.01  # share of the kinks that may lie elsewhere (a filled hole, a changed clock)
KINKS = 20  # fewest that tell a period
BENT = 0.2  # least share of the readings at which the line does bend
UNUSUAL = 0.02  # share of the readings that may have more decimals: someone drew a line past them


@dataclass(frozen=True)
class Clocks:
    """When rows are: the number that each has in the table, and in its sequence.

    Args:
        rows: (2, R) of the training rows; between them others may have been held out.
        starts: (2, N) of those at which training windows begin.
    """

    rows: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, count: int, breaks: np.ndarray) -> Self:
        """Where there are all rows, and windows may begin at each."""
        rows = np.arange(count)
        starts = np.where(follows(count, breaks), 0, rows)
        both = np.stack([rows, rows - np.maximum.accumulate(starts)])
        return cls(both, both)


@register
@dataclass(frozen=True)
class Ramp:
    """Linear between readings every so many rows; in a window, also before and after them.

    Args:
        inner: scaling, range and decimals of all rows.
        reading: grid of the rows that hold a reading.
        usual: the same without the few readings that were missing and lie on a line themselves;
            once the kind has been calibrated, it makes no others.
        period: rows from one reading to the next.
        phase: row of the first one, counted from the first row of the table or of each sequence.
        begins: rows of a period, counted likewise, at which training windows begin.
    """

    name: ClassVar[str] = "piecewise_linear"
    fill: ClassVar[str] = "linear"
    inner: Continuous
    reading: ValueGrid
    usual: ValueGrid
    period: int
    phase: int
    begins: tuple[int, ...]

    @property
    def width(self) -> int:
        """One channel: the value."""
        return 1

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn from training rows (R,), with what the detection found about the period."""
        period, phase = int(setting.params["period"]), int(setting.params["phase"])
        begins = tuple(map(int, setting.params.get("begins", range(period))))
        readings = values[setting.params["readings"] & ~np.isnan(values)]
        there, joins = observed(values, breaks)
        inner = Continuous(
            scaled(there, joins, setting.scaling),
            ValueGrid.fit(there, setting.dtype, search_step=False),
            jitter=0.0,  # straight lines must stay straight
        )
        # A list of readings is right for readings only: between them are others.
        grid = ValueGrid.fit(readings, setting.dtype) if readings.size else inner.grid
        few = usual(readings)
        often = ValueGrid.fit(few, setting.dtype) if few.size else grid
        return cls(inner, grid, often, period, phase, begins)

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to (R, 1).

        Where a hole has been filled that covers a reading, the way back draws the line past it.
        """
        return self.inner.encode(values, breaks, random)

    def decode(self, channels: np.ndarray, draws: Draws) -> np.ndarray:
        """From (n, T, 1) to the table's units (n, T).

        ``draws.shared`` says at which row of a period each sequence begins, out of those at which
        training windows do.
        """
        raw = self.inner.raw(channels[..., 0])
        begins = np.array(self.begins)[(draws.shared * len(self.begins)).astype(np.int64)]
        first = (self.phase - begins) % self.period
        made = np.empty_like(raw)
        for offset in np.unique(first):
            chosen = raw[first == offset]
            knots, isread = self._knots(raw.shape[1], int(offset))
            at = chosen[:, knots]
            at[:, isread] = self.reading.snap(at[:, isread])
            at[:, ~isread] = self._part(at[:, ~isread])
            made[first == offset] = lines(at, knots)
        return self.inner.grid.snap(made)

    def misfit(self, channels: np.ndarray) -> np.ndarray:
        """How far channels (n, T, 1) are from lines that begin at each of ``begins``, (n, begins).

        Mean square over the rows between readings, in units of the column's range.
        """
        grid = self.inner.grid
        raw = self.inner.raw(channels[..., 0]) / divisor(span(grid.low, grid.high))
        found = np.zeros((len(raw), len(self.begins)))
        for i, begin in enumerate(self.begins):
            knots, _ = self._knots(raw.shape[1], (self.phase - begin) % self.period)
            away = np.square(lines(raw[:, knots], knots) - raw).sum(axis=1)
            found[:, i] = away / max(raw.shape[1] - knots.size, 1)
        return found

    def _knots(self, count: int, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows at which lines end, and which of them hold a reading: the two ends may not."""
        steps = np.arange(count)
        readings = steps[first :: self.period]
        knots = np.union1d(readings, steps[[0, -1]])
        return knots, np.isin(knots, readings)

    def _part(self, values: np.ndarray) -> np.ndarray:
        """Values between two readings: on a grid that is finer by the period."""
        unit = 0.0 if self.reading.levels else self.reading.unit / self.period
        if unit == 0.0:
            return values
        low = self.reading.low
        return low + np.rint((values - low) / unit) * unit

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """With the training shares of atoms, and readings as they usually are."""
        return replace(self, inner=self.inner.calibrate(channels), reading=self.usual)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts."""
        return {
            "inner": self.inner.state(),
            "reading": self.reading.state(),
            "usual": self.usual.state(),
            "period": self.period,
            "phase": self.phase,
            "begins": list(self.begins),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(
            Continuous.from_state(state["inner"]),
            ValueGrid.from_state(state["reading"]),
            ValueGrid.from_state(state.get("usual", state["reading"])),
            state["period"],
            state["phase"],
            tuple(state.get("begins", range(state["period"]))),
        )


def lines(at: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Straight lines (n, T) through values (n, K) at the rows ``knots``, both ends among them.

    >>> lines(np.array([[0.0, 2.0, 5.0]]), np.array([0, 2, 3])).tolist()
    [[0.0, 1.0, 2.0, 5.0]]
    """
    steps = np.arange(knots[-1] + 1)
    left = np.minimum(np.searchsorted(knots, steps, side="right") - 1, max(knots.size - 2, 0))
    right = np.minimum(left + 1, knots.size - 1)
    share = (steps - knots[left]) / np.maximum(knots[right] - knots[left], 1)
    return np.asarray(at[:, left] + share * (at[:, right] - at[:, left]))


def usual(readings: np.ndarray) -> np.ndarray:
    """The readings that have no more decimals than nearly all of them.

    >>> usual(np.array([1.0, 2.0, 3.0] * 50 + [1.0 + 1 / 3])).max().tolist()
    3.0
    """
    for decimals in range(MAX_DECIMALS):
        few = readings[np.round(readings, decimals) == readings]
        if few.size >= (1 - UNUSUAL) * readings.size:
            return np.asarray(few)
    return readings


def find_period(
    values: np.ndarray, breaks: np.ndarray, clocks: np.ndarray
) -> tuple[int, int, int] | None:
    """Period, phase, and the clock that they are read from; None where the column is no ramp.

    Args:
        values: (R,) training rows, or a contiguous part of them; NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        clocks: (2, R) number of each row in the table, and in its sequence.
    """
    joined = follows(len(values), breaks)
    middle = np.flatnonzero(joined[2:] & joined[1:-1]) + 1
    turns = np.diff(values, n=2)[middle - 1]
    middle, turns = middle[~np.isnan(turns)], turns[~np.isnan(turns)]
    kinks = middle[np.abs(turns) > _tolerance(values)]
    if kinks.size < KINKS or kinks.size > middle.size / LEAST * 1.1:
        return None
    best: tuple[int, int, int] | None = None
    for clock, places in enumerate(clocks):
        for period in range(LEAST, min(MOST, len(values) // 3) + 1):
            counts = np.bincount(places[kinks] % period, minlength=period)
            phase = int(counts.argmax())
            readings = np.count_nonzero(places[middle] % period == phase)
            longer = best is None or period > best[0]
            if counts[phase] >= max((1 - EXCEPTIONS) * kinks.size, BENT * readings) and longer:
                best = (period, phase, clock)
    return best


def _tolerance(values: np.ndarray) -> float:
    """Second differences up to here may be rounding: each value is off by half a decimal."""
    there = values[~np.isnan(values)]
    rounding = 2.0 * ValueGrid.fit(there, search_step=False).unit
    return rounding * 1.001 + 1e-9 * float(np.ptp(there))
