"""The values a column can have: decimals, a fixed step, or a list; all within a range."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

MOST_DECIMALS = 9  # a column that needs more is not rounded
PROBE = 10_000  # values that a cheap look is content with
LEVELS = 1_000  # most values that a list has,
REPEATS = 10  # and how often each occurs on average at least
SPARSE = 10  # a list is kept where a lattice would have so many times more values
EVIDENCE = 8  # distinct values from which a common step is none by accident
EXACT = 2**53


@dataclass(frozen=True)
class Lattice:
    """The smallest set of values that holds a column's, as far as it can be told.

    Args:
        low: smallest value.
        high: largest value.
        decimals: that the values have; None where nine do not hold them.
        step: between values, in units of the last decimal.
        offset: of one value, in the same units.
        levels: all values, where they are few and no lattice; else empty.
        single: the column is float32.
    """

    low: float
    high: float
    decimals: int | None = None
    step: int = 1
    offset: int = 0
    levels: tuple[float, ...] = ()
    single: bool = False

    @classmethod
    def fit(cls, values: np.ndarray, dtype: str = "float64", *, steps: bool = True) -> Self:
        """Learn from values without NaN.

        Args:
            values: (n,) of any order.
            dtype: pandas type of the column.
            steps: look for a step and a list; otherwise for decimals only.
        """
        single = "float32" in dtype.lower()
        low, high = float(values.min()), float(values.max())
        decimals = _decimals(values, single)
        plain = cls(low, high, decimals, single=single)
        if not steps:
            return plain
        found = plain
        if decimals is not None and max(abs(low), abs(high)) * 10**decimals < EXACT:
            units = np.rint(values * 10.0**decimals).astype(np.int64)
            base = int(units.min())
            units -= base
            step = int(np.gcd.reduce(units))
            if step > 1 and _enough(units, step):
                found = cls(low, high, decimals, step, base % step, single=single)
        levels = _levels(values)
        if levels is not None and found.points > SPARSE * levels.size:
            return cls(low, high, decimals, levels=tuple(levels.tolist()), single=single)
        return found

    @property
    def unit(self) -> float:
        """Distance between neighbours, in the table's units; 0 where there is none."""
        if self.levels:
            return float(np.diff(self.levels).min())
        return 0.0 if self.decimals is None else self.step / 10.0**self.decimals

    @property
    def points(self) -> float:
        """How many values there are."""
        if self.levels:
            return len(self.levels)
        return (self.high - self.low) / self.unit + 1 if self.unit else float("inf")

    def snap(self, values: np.ndarray) -> np.ndarray:
        """The nearest value of the lattice, within the range."""
        if self.levels:
            return np.asarray(self._list[self._nearest(values)])
        if self.decimals is not None:
            scale = 10.0**self.decimals
            units = values * scale
            if self.step > 1:
                units = np.rint((units - self.offset) / self.step) * self.step + self.offset
            values = np.rint(units) / scale
        values = np.clip(values, self.low, self.high)
        return values.astype(np.float32).astype(np.float64) if self.single else values

    def _nearest(self, values: np.ndarray) -> np.ndarray:
        return np.searchsorted((self._list[1:] + self._list[:-1]) / 2, values)

    @property
    def _list(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        return np.array(self.levels, dtype=np.float64)

    def __str__(self) -> str:
        if self.levels:
            return f"{len(self.levels)} distinct values"
        if self.decimals is None:
            return "no last decimal"
        if self.step == 1:
            decimals = f"{self.decimals} decimal{'s' * (self.decimals > 1)}"
            return "whole numbers" if self.decimals == 0 else decimals
        start = "multiples" if self.offset == 0 else "steps"
        after = "" if self.offset == 0 else f" from {self.low:.10g}"
        return f"{start} of {self.unit:.10g}{after}"

    def state(self) -> dict[str, Any]:
        """Plain numbers and lists."""
        return asdict(self) | {"levels": list(self.levels)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(**(state | {"levels": tuple(state["levels"])}))


def _decimals(values: np.ndarray, single: bool) -> int | None:
    """The fewest decimals that hold every value in its own type, or None where nine do not."""
    for decimals in range(MOST_DECIMALS + 1):
        if _held(values[:PROBE], decimals, single) and _held(values, decimals, single):
            return decimals
    return None


def _held(values: np.ndarray, decimals: int, single: bool) -> bool:
    rounded = np.round(values, decimals)
    if single:
        return np.array_equal(rounded.astype(np.float32), values.astype(np.float32))
    return np.array_equal(rounded, values)


def _enough(units: np.ndarray, step: int) -> bool:
    """Whether enough different values speak for a step: two or three share one by accident."""
    return np.unique(units[:PROBE]).size >= EVIDENCE or np.unique(units).size >= EVIDENCE


def _levels(values: np.ndarray) -> np.ndarray | None:
    """The distinct values, where they are few and occur often."""
    most = min(LEVELS, values.size // REPEATS)
    if most < 2 or np.unique(values[:PROBE]).size > most:
        return None
    levels = np.unique(values)
    return levels if 2 <= levels.size <= most else None


@dataclass(frozen=True)
class Domain:
    """Numbers between two bounds: all of them, those of a lattice, or a few.

    Args:
        low: smallest number (may be minus infinity).
        high: largest number.
        step: of the lattice ``offset + k · step``; None: none.
        offset: of the lattice.
        known: the few numbers (increasing), where only these are allowed.
    """

    low: float = -np.inf
    high: float = np.inf
    step: float | None = None
    offset: float = 0.0
    known: tuple[float, ...] | None = None

    @property
    def empty(self) -> bool:
        """Whether no number is allowed."""
        return not self.low <= self.high

    @property
    def discrete(self) -> bool:
        """Whether rounding is needed."""
        return self.step is not None or self.known is not None

    def tightened(self) -> "Domain":
        """The same with bounds that are themselves allowed; check ``empty`` afterwards."""
        if self.known is not None:
            inside = tuple(v for v in self.known if self.low <= v <= self.high)
            low, high = (inside[0], inside[-1]) if inside else (np.inf, -np.inf)
            return Domain(low, high, known=inside or self.known)
        if self.step is None or self.empty:
            return self
        free = Domain(step=self.step, offset=self.offset)
        low = float(free.up(np.array(self.low))) if np.isfinite(self.low) else self.low
        high = float(free.down(np.array(self.high))) if np.isfinite(self.high) else self.high
        return Domain(low, high, self.step, self.offset)

    def point(self, count: np.ndarray) -> np.ndarray:
        """The lattice's number ``count``: the double that its decimals are read as.

        Integers over a power of ten, for the division rounds once, and correctly.
        """
        assert self.step is not None
        tens, step, offset = _whole(self.step, self.offset)
        return np.asarray((offset + count * step) / tens)

    def count(self, values: np.ndarray) -> np.ndarray:
        """Numbers of the lattice's points nearest to the values."""
        assert self.step is not None
        return np.asarray(np.rint((values - self.offset) / self.step))

    def nearest(self, values: np.ndarray) -> np.ndarray:
        """The allowed number nearest to each value; NaN stays NaN."""
        if self.known is not None:
            few = np.asarray(self.known)
            middle = (few[1:] + few[:-1]) / 2
            return np.where(np.isnan(values), np.nan, few[np.searchsorted(middle, values)])
        if self.step is not None:
            values = self.point(self.count(np.clip(values, self.low, self.high)))
        return np.asarray(np.clip(values, self.low, self.high))

    def up(self, values: np.ndarray) -> np.ndarray:
        """The smallest allowed number that is not below each value (the largest, if none is)."""
        if self.known is not None:
            few = np.asarray(self.known)
            place = np.minimum(np.searchsorted(few, values), len(few) - 1)
            return np.where(np.isnan(values), np.nan, few[place])
        if self.step is not None:
            count = self.count(np.clip(values, self.low, self.high))
            near = self.point(count)
            values = np.where(near < values, self.point(count + 1), near)
        return np.asarray(np.clip(values, self.low, self.high))

    def down(self, values: np.ndarray) -> np.ndarray:
        """The largest allowed number that is not above each value (the smallest, if none is)."""
        if self.known is not None:
            few = np.asarray(self.known)
            place = np.maximum(np.searchsorted(few, values, side="right") - 1, 0)
            return np.where(np.isnan(values), np.nan, few[place])
        if self.step is not None:
            count = self.count(np.clip(values, self.low, self.high))
            near = self.point(count)
            values = np.where(near > values, self.point(count - 1), near)
        return np.asarray(np.clip(values, self.low, self.high))


def decimals_of(step: float, offset: float = 0.0) -> int | None:
    """The fewest decimals that write both numbers, or None where nine do not."""
    for decimals in range(MOST_DECIMALS + 1):
        if all(round(v, decimals) == v for v in (step, offset)):
            return decimals
    return None


def _whole(step: float, offset: float) -> tuple[float, float, float]:
    """A power of ten, and both numbers times it, whole where they can be."""
    decimals = decimals_of(step, offset)
    if decimals is None:
        return 1.0, step, offset
    tens = 10.0**decimals
    return tens, float(np.rint(step * tens)), float(np.rint(offset * tens))
