"""How time runs through a table: regular, in business days or months, or in gaps to be learned."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.errors import InputError
from timegan.tables.day_frequencies import advance, known_grid, regular_grid, split_days
from timegan.tables.dtypes import PER_SECOND
from timegan.tables.fields import Field
from timegan.tables.ticks import from_local, to_local
from timegan.tables.value_grid import exact_decimals

MOST_STARTS = 1_000
"""Real start times that are kept."""


@dataclass(frozen=True)
class Calendar:
    """The rule by which a synthetic sequence's times follow from its start and its gaps.

    Times are ticks (int64; UTC where they are moments), or float64 where the table counts so.
    Times lie ``step`` ticks apart or on the days of ``freq``. A gap is what lies between two rows,
    in seconds (moments, lengths of time), in units (numbers, periods), or in steps of ``freq``.

    Args:
        real: whether time is float64.
        unit: of the ticks; empty where time is a number or a period.
        zone: time zone, where there is one.
        wall: count on the wall's clock.
        freq: a pandas frequency of days (``B``, ``MS``, ``QE-DEC`` ...); empty where steps count.
        step: ticks from one possible time to the next; 0 where float64 times lie anywhere.
        every: steps from each row to the next; None where gaps vary.
        least: the smallest real gap.
        median: the gap that the first row of a sequence is given.
        decimals: of float64 times; None leaves them unrounded.
        starts: real times at which a sequence starts or, in one long series, may start; the first
            is the earliest.
    """

    real: bool
    unit: str
    zone: str
    wall: bool
    freq: str
    step: float
    every: int | None
    least: float
    median: float
    decimals: int | None
    starts: tuple[float, ...]

    @classmethod
    def fit(cls, time: np.ndarray, bounds: np.ndarray, field: Field) -> Self:
        """Find the rule in real times.

        Args:
            time: (R,) int64 or float64, not falling within a sequence.
            bounds: (S, 2) of the sequences.
            field: of the time column.
        """
        inner = _inner(time, bounds)
        firsts = time if len(bounds) == 1 else np.sort(time[bounds[:, 0]])
        starts = tuple(firsts[_thinned(len(firsts))].tolist())
        rule: dict[str, Any]
        if time.dtype.kind == "f":
            rule = _real(time, inner)
        elif field.unit and field.type == "datetime":
            rule = _moments(time, inner, bounds, field)
        else:
            rule = _ticks(time, inner)
        blank: dict[str, Any] = {"real": False, "wall": False, "freq": "", "decimals": None}
        plain = cls(
            **(blank | rule), unit=field.unit, zone=field.zone, least=0, median=0, starts=starts
        )
        if plain.every is not None or not inner.any():
            return plain
        gaps = plain._between(time)[inner]
        return replace(plain, least=float(gaps.min()), median=float(np.median(gaps)))

    @property
    def regular(self) -> bool:
        """Whether rows follow one another at one distance, so that there is nothing to learn."""
        return self.every is not None

    @property
    def words(self) -> str:
        """What the rule is, for people."""
        if self.freq:
            return (
                f"every {self.every} x {self.freq}"
                if self.every
                else f"gaps counted in {self.freq}"
            )
        what = "s" if self.unit else ""
        if self.every is None:
            return f"irregular, gaps in {'seconds' if what else 'units'}"
        return f"every {self.every * self._scale:g}{what}"

    def gaps(self, time: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """What lies between each row and the one before (R,); the median in a sequence's first."""
        inner = _inner(time, bounds)
        out = np.full(len(time), self.median, dtype=np.float64)
        out[1:][inner] = self._between(time)[inner]
        return out

    def first_starts(self, first: int, count: int) -> np.ndarray:
        """Start times (n,) of the sequences ``first`` and on: the real ones in turn."""
        return self._starts()[np.arange(first, first + count) % len(self.starts)]

    def times(self, starts: np.ndarray, steps: int, gaps: np.ndarray | None) -> np.ndarray:
        """Times (n, T) of sequences.

        Args:
            starts: (n,) as in the table.
            steps: T.
            gaps: (n, T), the first of each is not looked at; None where the calendar is regular.

        Raises:
            InputError: times that int64 cannot hold.
        """
        if self.every is not None:
            moves = np.broadcast_to(np.arange(steps) * self.every, (len(starts), steps))
            return self._moved(starts, moves)
        if gaps is None:
            raise ValueError("An irregular calendar needs the gaps between its rows.")
        long = np.maximum(np.nan_to_num(gaps, nan=self.least), self.least)
        if self.real:
            long[:, :1] = 0
            return self._rounded(starts[:, None] + np.cumsum(long, axis=1))
        counts = np.rint(long / self._scale)
        counts[:, :1] = 0
        return self._moved(starts, np.cumsum(counts, axis=1).astype(np.int64))

    def state(self) -> dict[str, Any]:
        """As plain numbers, strings and lists."""
        return asdict(self) | {"starts": list(self.starts)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(**(state | {"starts": tuple(state["starts"])}))

    @property
    def _scale(self) -> float:
        """One step as a gap."""
        return 1.0 if self.freq else self.step / PER_SECOND.get(self.unit, 1)

    def _starts(self) -> np.ndarray:
        return np.array(self.starts, dtype=np.float64 if self.real else np.int64)

    def _between(self, time: np.ndarray) -> np.ndarray:
        """Gaps (R - 1,) between neighbouring rows, whatever sequences they belong to."""
        if self.real:
            return np.diff(time)
        local = to_local(time, self.unit, self.zone) if self.wall else time
        if self.freq:
            places = regular_grid(split_days(local, self.unit)[0], self.freq)
            if places is None:
                raise InputError(
                    f"Not all dates lie on the calendar {self.freq!r} of the table that was "
                    "learned. Give dates that do."
                )
            return np.diff(places).astype(np.float64)
        return np.diff(local) / self.step * self._scale

    def _moved(self, starts: np.ndarray, moves: np.ndarray) -> np.ndarray:
        """Times (n, T) that lie so many steps after the starts."""
        if self.real:
            return self._rounded(starts[:, None] + moves * self.step)
        local = to_local(starts, self.unit, self.zone) if self.wall else starts
        times: np.ndarray
        if self.freq:
            days, rest = split_days(local, self.unit)
            day = 86_400 * PER_SECOND[self.unit]
            dates = advance(days, moves, self.freq)
            self._check_room(dates, day)
            times = dates * day + rest[:, None]
        else:
            step = int(self.step)
            self._check_room(local[:, None] / max(step, 1) + moves, step)
            times = local[:, None] + moves * step
        if not self.wall:
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


def _inner(time: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Which of the R - 1 steps lie within a sequence."""
    first = np.zeros(len(time), dtype=bool)
    first[bounds[:, 0]] = True
    return ~first[1:]


def _thinned(count: int) -> np.ndarray:
    """At most so many places, evenly spread, the first among them."""
    if count <= MOST_STARTS:
        return np.arange(count)
    return np.linspace(0, count - 1, MOST_STARTS).astype(np.int64)


def _real(time: np.ndarray, inner: np.ndarray) -> dict[str, Any]:
    """Float64 times: one distance but for rounding, or any."""
    decimals = exact_decimals(time)
    gaps = np.diff(time)[inner]
    step = float(np.median(gaps)) if gaps.size else 1.0
    if decimals is not None:
        step = round(step, decimals)
    regular = bool(np.allclose(gaps, step, rtol=1e-6, atol=1e-12 * float(np.abs(time).max())))
    rule = {"real": True, "decimals": decimals}
    return rule | ({"step": step, "every": 1} if regular else {"step": 0.0, "every": None})


def _ticks(time: np.ndarray, inner: np.ndarray) -> dict[str, Any]:
    """Whole-number times: one distance, or multiples of the greatest common one."""
    gaps = np.diff(time)[inner]
    if not gaps.size:
        return {"step": 1, "every": 1}
    if gaps.min() == gaps.max():
        return {"step": int(gaps[0]), "every": 1}
    return {"step": int(np.gcd.reduce(gaps)), "every": None}


def _moments(
    time: np.ndarray, inner: np.ndarray, bounds: np.ndarray, field: Field
) -> dict[str, Any]:
    """Moments: a constant distance, a calendar's rule of days, or gaps."""
    day = 86_400 * field.per_second
    plain = _ticks(time, inner)
    local, walled = time, plain
    if field.zone:
        local = to_local(time, field.unit, field.zone)
        if (np.diff(local)[inner] >= 0).all() and np.array_equal(
            from_local(local, field.unit, field.zone), time
        ):
            walled = _ticks(local, inner)
    on_wall = {"wall": bool(field.zone)}
    constant = plain["every"] is not None or walled["every"] is not None
    if not constant or walled["step"] % (28 * day) == 0 or walled["step"] >= 28 * day:
        grid = known_grid(local, inner, bounds, field.unit)
        if grid is not None and (grid[1] is not None or not constant):
            return on_wall | {"freq": grid[0], "step": 1, "every": grid[1]}
    better = walled["every"] is not None and plain["every"] is None
    if better or (walled["step"] > plain["step"] and plain["every"] is None):
        return on_wall | walled
    if walled["every"] is not None and walled["step"] and walled["step"] % day == 0:
        return on_wall | walled
    return plain
