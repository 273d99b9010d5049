"""Time axes of tables: regular, in business days or months, or with gaps to be learned."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.errors import InputError
from timegan.records import Record
from timegan.tables.day_frequencies import (
    advance_days,
    infer_day_frequency,
    positions_on,
    split_days,
)
from timegan.tables.dtypes import TICKS_PER_SECOND
from timegan.tables.fields import Field
from timegan.tables.timestamps import from_local, to_local
from timegan.tables.value_grid import exact_decimals

MAX_STARTS = 1_000
"""Maximum of real start times that are kept."""


UNITS = {"days": 86_400, "h": 3_600, "min": 60}
"""Units of a step in time -> seconds."""


def describe_seconds(seconds: float) -> str:
    """Return a step in time in the largest unit of which it is a multiple.

    >>> [describe_seconds(step) for step in (86_400, 604_800, 90_000, 600, 1.5)]
    ['1 day', '7 days', '25 h', '10 min', '1.5 s']
    """
    for unit, size in UNITS.items():
        count = seconds / size
        if count >= 1 and count == round(count):
            return f"{count:.10g} {'day' if (unit, count) == ('days', 1) else unit}"
    return f"{seconds:.10g} s"


@dataclass(frozen=True)
class TimeAxis(Record):
    """Rule by which a synthetic sequence's times follow from its start and its gaps.

    Times are int64 ticks (timestamps: in UTC), or float64 where the table has floats. They lie
    ``step`` ticks apart or on the days of ``freq``. A gap is the distance of two rows: in seconds
    (timestamps, durations), in units (numbers, periods), or in steps of ``freq``.

    Args:
        is_float: is time float64?
        unit: of the ticks; empty where time is a number or a period.
        zone: time zone, where there is one.
        local_time: count in local time.
        freq: a pandas frequency of days (``B``, ``MS``, ``QE-DEC`` ...); empty where steps count.
        step: ticks from one possible time to the next; 0 where float64 times lie anywhere.
        steps_per_row: steps from each row to the next; None where gaps vary.
        min_gap: the smallest real gap.
        median_gap: the gap that the first row of a sequence is given.
        decimals: of float64 times; None leaves them unrounded.
        starts: real times at which a sequence starts or, in one long series, may start; the first
            is the earliest.
    """

    is_float: bool
    unit: str
    zone: str
    local_time: bool
    freq: str
    step: float
    steps_per_row: int | None
    min_gap: float
    median_gap: float
    decimals: int | None
    starts: tuple[float, ...]

    @classmethod
    def fit(cls, time: np.ndarray, bounds: np.ndarray, field: Field) -> Self:
        """Infer the rule from real times.

        Args:
            time: (R,) int64 or float64, never decreasing within a sequence.
            bounds: (S, 2) of the sequences.
            field: of the time column.
        """
        inner = _within_sequences(time, bounds)
        firsts = time if len(bounds) == 1 else np.sort(time[bounds[:, 0]])
        starts = tuple(firsts[_thinned(len(firsts))].tolist())
        rule: dict[str, Any]
        if time.dtype.kind == "f":
            rule = _float_axis(time, inner)
        elif field.unit and field.type == "datetime":
            rule = _datetime_axis(time, inner, bounds, field)
        else:
            rule = _integer_axis(time, inner)
        blank: dict[str, Any] = {
            "is_float": False,
            "local_time": False,
            "freq": "",
            "decimals": None,
        }
        plain = cls(
            **(blank | rule),
            unit=field.unit,
            zone=field.zone,
            min_gap=0,
            median_gap=0,
            starts=starts,
        )
        if plain.steps_per_row is not None or not inner.any():
            return plain
        gaps = plain._row_gaps(time)[inner]
        return replace(plain, min_gap=float(gaps.min()), median_gap=float(np.median(gaps)))

    @property
    def is_regular(self) -> bool:
        """Check that rows are equidistant, so that gaps need not be learned."""
        return self.steps_per_row is not None

    @property
    def description(self) -> str:
        """Return the rule in words."""
        if self.freq:
            return (
                f"every {self.steps_per_row} x {self.freq}"
                if self.steps_per_row
                else f"gaps counted in {self.freq}"
            )
        if self.steps_per_row is None:
            return f"irregular, gaps in {'seconds' if self.unit else 'units'}"
        step = self.steps_per_row * self._scale
        return f"every {describe_seconds(step) if self.unit else f'{step:g}'}"

    def gaps(self, time: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """Return gaps (R,) between each row and the one before; the median in a first row."""
        inner = _within_sequences(time, bounds)
        out = np.full(len(time), self.median_gap, dtype=np.float64)
        out[1:][inner] = self._row_gaps(time)[inner]
        return out

    def first_starts(self, first: int, count: int) -> np.ndarray:
        """Return start times (n,) of the sequences from ``first`` on: the real ones in turn."""
        return self._starts()[np.arange(first, first + count) % len(self.starts)]

    def times(self, starts: np.ndarray, steps: int, gaps: np.ndarray | None) -> np.ndarray:
        """Return times (n, T) of sequences.

        Args:
            starts: (n,) as in the table.
            steps: T.
            gaps: (n, T), the first of each is ignored; None where the time axis is regular.

        Raises:
            InputError: int64 cannot hold a time.
        """
        if self.steps_per_row is not None:
            moves = np.broadcast_to(np.arange(steps) * self.steps_per_row, (len(starts), steps))
            return self._shifted(starts, moves)
        if gaps is None:
            raise ValueError("An irregular time axis needs the gaps between its rows.")
        long = np.maximum(np.nan_to_num(gaps, nan=self.min_gap), self.min_gap)
        if self.is_float:
            long[:, :1] = 0
            return self._rounded(starts[:, None] + np.cumsum(long, axis=1))
        counts = np.rint(long / self._scale)
        counts[:, :1] = 0
        return self._shifted(starts, np.cumsum(counts, axis=1).astype(np.int64))

    @property
    def smallest_gap(self) -> float:
        """Return the gap of which all gaps are multiples; 0 where they may be any number."""
        return 0.0 if self.is_float else self._scale

    @property
    def _scale(self) -> float:
        """Return one step as a gap."""
        return 1.0 if self.freq else self.step / TICKS_PER_SECOND.get(self.unit, 1)

    def _starts(self) -> np.ndarray:
        return np.array(self.starts, dtype=np.float64 if self.is_float else np.int64)

    def _row_gaps(self, time: np.ndarray) -> np.ndarray:
        """Return gaps (R - 1,) between neighboring rows of the table."""
        if self.is_float:
            return np.diff(time)
        local = to_local(time, self.unit, self.zone) if self.local_time else time
        if self.freq:
            places = positions_on(split_days(local, self.unit)[0], self.freq)
            if places is None:
                raise InputError(
                    f"Not all dates lie on the frequency {self.freq!r} of the training table. "
                    "Remove the others."
                )
            return np.diff(places).astype(np.float64)
        return np.diff(local) / self.step * self._scale

    def _shifted(self, starts: np.ndarray, moves: np.ndarray) -> np.ndarray:
        """Return times (n, T) so many steps after the starts."""
        if self.is_float:
            return self._rounded(starts[:, None] + moves * self.step)
        local = to_local(starts, self.unit, self.zone) if self.local_time else starts
        times: np.ndarray
        if self.freq:
            days, rest = split_days(local, self.unit)
            day = 86_400 * TICKS_PER_SECOND[self.unit]
            dates = advance_days(days, moves, self.freq)
            self._check_room(dates, day)
            times = dates * day + rest[:, None]
        else:
            step = int(self.step)
            self._check_room(local[:, None] / max(step, 1) + moves, step)
            times = local[:, None] + moves * step
        if not self.local_time:
            return times
        return from_local(times.ravel(), self.unit, self.zone).reshape(times.shape)

    def _check_room(self, counts: np.ndarray, step: int) -> None:
        """Refuse ticks that int64 cannot hold."""
        if counts.size and float(np.abs(counts).max()) * step >= 2.0**63:
            raise InputError(
                f"The time would run beyond what {self.unit or 'int64'} can count. "
                "Ask for fewer steps."
            )

    def _rounded(self, times: np.ndarray) -> np.ndarray:
        return times if self.decimals is None else np.round(times, self.decimals)


def _within_sequences(time: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return which of the R - 1 steps lie within a sequence."""
    first = np.zeros(len(time), dtype=bool)
    first[bounds[:, 0]] = True
    return ~first[1:]


def _thinned(count: int) -> np.ndarray:
    """Return at most `MAX_STARTS` evenly spaced positions, the first among them."""
    if count <= MAX_STARTS:
        return np.arange(count)
    return np.linspace(0, count - 1, MAX_STARTS).astype(np.int64)


def _float_axis(time: np.ndarray, inner: np.ndarray) -> dict[str, Any]:
    """Infer the rule of float64 times: equidistant up to rounding, or irregular."""
    decimals = exact_decimals(time)
    gaps = np.diff(time)[inner]
    step = float(np.median(gaps)) if gaps.size else 1.0
    if decimals is not None:
        step = round(step, decimals)
    is_regular = bool(np.allclose(gaps, step, rtol=1e-6, atol=1e-12 * float(np.abs(time).max())))
    rule = {"is_float": True, "decimals": decimals}
    return rule | (
        {"step": step, "steps_per_row": 1} if is_regular else {"step": 0.0, "steps_per_row": None}
    )


def _integer_axis(time: np.ndarray, inner: np.ndarray) -> dict[str, Any]:
    """Infer the rule of integer times: equidistant, or multiples of a common step."""
    gaps = np.diff(time)[inner]
    if not gaps.size:
        return {"step": 1, "steps_per_row": 1}
    if gaps.min() == gaps.max():
        return {"step": int(gaps[0]), "steps_per_row": 1}
    return {"step": int(np.gcd.reduce(gaps)), "steps_per_row": None}


def _datetime_axis(
    time: np.ndarray, inner: np.ndarray, bounds: np.ndarray, field: Field
) -> dict[str, Any]:
    """Infer the rule of timestamps: equidistant, on a frequency of days, or irregular."""
    day = 86_400 * field.per_second
    plain = _integer_axis(time, inner)
    local, walled = time, plain
    if field.zone:
        local = to_local(time, field.unit, field.zone)
        if (np.diff(local)[inner] >= 0).all() and np.array_equal(
            from_local(local, field.unit, field.zone), time
        ):
            walled = _integer_axis(local, inner)
    on_wall = {"local_time": bool(field.zone)}
    constant = plain["steps_per_row"] is not None or walled["steps_per_row"] is not None
    if not constant or walled["step"] % (28 * day) == 0 or walled["step"] >= 28 * day:
        grid = infer_day_frequency(local, inner, bounds, field.unit)
        if grid is not None and (grid[1] is not None or not constant):
            return on_wall | {"freq": grid[0], "step": 1, "steps_per_row": grid[1]}
    better = walled["steps_per_row"] is not None and plain["steps_per_row"] is None
    if better or (walled["step"] > plain["step"] and plain["steps_per_row"] is None):
        return on_wall | walled
    if walled["steps_per_row"] is not None and walled["step"] and walled["step"] % day == 0:
        return on_wall | walled
    return plain
