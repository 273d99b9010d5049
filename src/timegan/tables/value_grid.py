"""Value grids: the values that a column can take, and rounding to them."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np

from timegan.records import Record

MAX_DECIMALS = 9  # columns that need more are not rounded
PROBE_ROWS = 10_000  # a first, cheap look at long columns
SPREAD_ROWS = 2_000  # another one, at rows from all over the column
MAX_LEVELS = 1_000
MIN_ROWS_PER_LEVEL = 10  # on average, for a list of levels to be kept
MIN_SPARSITY = 10  # a list is kept where an even grid would have so many times more values
MIN_STEP_EVIDENCE = 8  # distinct values: fewer share a step by accident
EXACT_INTEGERS = 2**53  # float64 holds every integer up to here
DOUBLE_EPSILON = 2.0**-52
SINGLE_EPSILON = 2.0**-23


@dataclass(frozen=True)
class ValueGrid(Record):
    """Numbers within a range: all of them, an even grid, or a list of levels.

    An even grid holds ``(offset + k * step) / 10**decimals`` for whole k.

    Args:
        low: smallest value, or infinite.
        high: largest value, or infinite; finite ends are values of the grid, see `within`.
        step: distance of neighbours; None: every number of the range is allowed.
        offset: of one value of the grid.
        decimals: power of ten that ``step`` and ``offset`` are divided by.
        levels: all values, increasing, where there are few that form no even grid.
        single: round values to float32.
    """

    low: float = -np.inf
    high: float = np.inf
    step: float | None = None
    offset: float = 0
    decimals: int = 0
    levels: tuple[float, ...] = ()
    single: bool = False

    @classmethod
    def fit(cls, values: np.ndarray, dtype: str = "float64", *, search_step: bool = True) -> Self:
        """Return the smallest grid that holds all values.

        Args:
            values: (n,) without NaN, in any order.
            dtype: pandas type of the column.
            search_step: look for a common step and for levels, besides decimals.
        """
        single = "float32" in dtype.lower()
        grid = cls(float(values.min()), float(values.max()), single=single)
        decimals = exact_decimals(values, single=single)
        if decimals is not None:
            grid = replace(grid, step=1, decimals=decimals)
        if not search_step:
            return grid
        levels = _levels(values)
        largest = max(abs(grid.low), abs(grid.high))
        if decimals is not None and largest * 10**decimals < EXACT_INTEGERS:
            units = np.rint(values * 10.0**decimals).astype(np.int64)
            first = int(units.min())
            units -= first
            step = int(np.gcd.reduce(units))
            if step > 1 and _has_step_evidence(units):
                grid = replace(grid, step=step, offset=first % step)
        if levels is not None and grid.size > MIN_SPARSITY * levels.size:
            return cls(grid.low, grid.high, levels=tuple(levels.tolist()), single=single)
        return grid

    @property
    def unit(self) -> float:
        """Smallest distance of neighbours, in the table's units; 0 where there is none."""
        if self.levels:
            return float(np.diff(self.levels).min())
        return 0.0 if self.step is None else self.step / 10.0**self.decimals

    @property
    def size(self) -> float:
        """Number of values; infinite where every number is allowed."""
        if self.levels:
            return len(self.levels)
        return (self.high - self.low) / self.unit + 1 if self.unit else float("inf")

    @property
    def is_integer(self) -> bool:
        """True if the grid holds all whole numbers of its range."""
        return (self.step, self.offset, self.decimals) == (1, 0, 0)

    @property
    def is_empty(self) -> bool:
        """True if the range holds no number."""
        return not self.low <= self.high

    def snap(self, values: np.ndarray) -> np.ndarray:
        """Return the nearest value of the grid for each number; NaN stays NaN."""
        if self.levels:
            levels = np.array(self.levels, dtype=np.float64)
            return self._level(np.searchsorted((levels[1:] + levels[:-1]) / 2, values), values)
        if self.step is not None:
            values = self._value(self._index(values))
        values = np.clip(values, self.low, self.high)
        return values.astype(np.float32).astype(np.float64) if self.single else np.asarray(values)

    def ceil(self, values: np.ndarray) -> np.ndarray:
        """Return the smallest value not below each number, or else the largest of the grid."""
        if self.levels:
            return self._level(np.searchsorted(self.levels, values), values)
        if self.step is not None:
            index = self._index(np.clip(values, self.low, self.high))
            near = self._value(index)
            values = np.where(near < values, self._value(index + 1), near)
        return np.asarray(np.clip(values, self.low, self.high))

    def floor(self, values: np.ndarray) -> np.ndarray:
        """Return the largest value not above each number, or else the smallest of the grid."""
        if self.levels:
            return self._level(np.searchsorted(self.levels, values, side="right") - 1, values)
        if self.step is not None:
            index = self._index(np.clip(values, self.low, self.high))
            near = self._value(index)
            values = np.where(near > values, self._value(index - 1), near)
        return np.asarray(np.clip(values, self.low, self.high))

    def within(self, low: float, high: float) -> Self:
        """Return the part of the grid within a range, whose ends are values of the grid.

        ``is_empty`` tells whether any value is left.
        """
        if self.levels:
            inside = tuple(level for level in self.levels if low <= level <= high)
            low, high = (inside[0], inside[-1]) if inside else (np.inf, -np.inf)
            return replace(self, low=low, high=high, levels=inside or self.levels)
        if self.step is not None and low <= high:
            free = replace(self, low=-np.inf, high=np.inf)
            low = float(free.ceil(np.array(low))) if np.isfinite(low) else low
            high = float(free.floor(np.array(high))) if np.isfinite(high) else high
        return replace(self, low=low, high=high)

    def widened(self, low: float, high: float) -> Self:
        """Return the grid with at least this range; a list of levels stays as it is."""
        if self.levels:
            return self
        wide = replace(self, low=-np.inf, high=np.inf).within(low, high)
        return replace(self, low=min(wide.low, self.low), high=max(wide.high, self.high))

    def _index(self, values: np.ndarray) -> np.ndarray:
        """Return the number k of the grid's value nearest to each of the values."""
        assert self.step is not None
        return np.asarray(np.rint((values * 10.0**self.decimals - self.offset) / self.step))

    def _value(self, index: np.ndarray) -> np.ndarray:
        """Return the grid's values of these numbers: the doubles that their decimals read as.

        Whole numbers are divided by a power of ten, because one division rounds correctly.
        """
        assert self.step is not None
        if self.step == 1 and self.offset == 0:
            return np.asarray(index / 10.0**self.decimals)
        more = decimals_of(self.step, self.offset) or 0
        tens = 10.0**more
        step, offset = (np.rint(v * tens) if more else v for v in (self.step, self.offset))
        return np.asarray((offset + index * step) / (tens * 10.0**self.decimals))

    def _level(self, index: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the levels of these numbers, and NaN where a value is NaN."""
        levels = np.array(self.levels, dtype=np.float64)[np.clip(index, 0, len(self.levels) - 1)]
        return np.where(np.isnan(values), np.nan, levels)

    def __str__(self) -> str:
        if self.levels:
            return f"{len(self.levels)} distinct values"
        if self.step is None:
            return "no last decimal"
        if self.is_integer:
            return "whole numbers"
        if self.step == 1:
            return f"{self.decimals} decimal{'s' * (self.decimals > 1)}"
        if self.offset == 0:
            return f"multiples of {self.unit:.10g}"
        return f"steps of {self.unit:.10g} from {self.low:.10g}"


def exact_decimals(values: np.ndarray, *, single: bool = False) -> int | None:
    """Return the fewest decimals that hold every value (n,) exactly; None where nine do not.

    Args:
        values: without NaN.
        single: compare as float32.
    """

    def hold(some: np.ndarray, decimals: int) -> bool:
        rounded = np.round(some, decimals)
        if single:
            return np.array_equal(rounded.astype(np.float32), some.astype(np.float32))
        return np.array_equal(rounded, some)

    for decimals in range(MAX_DECIMALS + 1):
        if hold(values[:PROBE_ROWS], decimals) and hold(values, decimals):
            return decimals
    return None


def nearly_exact_decimals(values: np.ndarray) -> tuple[int | None, float]:
    """Return the fewest decimals that hold all values (n,) up to rounding, and their precision.

    A column that was float32 in the table is not as near to its decimals as one of float64.

    Args:
        values: without NaN.

    Returns:
        Decimals, None where nine do not hold the values; and the relative precision.
    """
    few = values[:: max(1, len(values) // SPREAD_ROWS)]
    largest = float(np.abs(values).max())
    for precision in (DOUBLE_EPSILON, SINGLE_EPSILON):
        if precision == SINGLE_EPSILON and not np.array_equal(few.astype(np.float32), few):
            break
        for decimals in range(MAX_DECIMALS + 1):
            step = 10.0**-decimals
            if 8 * precision * largest > 0.1 * step:
                break
            if 0 < largest < step / 2:  # all of them would be zero
                continue
            if all(is_multiple(v, step, 0.0, precision).all() for v in (few, values)):
                return decimals, precision
    return None, DOUBLE_EPSILON


def is_multiple(values: np.ndarray, step: float, offset: float, precision: float) -> np.ndarray:
    """Return which values are ``offset + k * step`` as well as their precision can tell.

    NaN counts as one.
    """
    index = (values - offset) / step
    tolerance = 1e-6 + 4 * precision * np.abs(values / step)
    away = np.abs(index - np.round(index)) > tolerance
    return np.asarray(~away)


@lru_cache(maxsize=1_024)
def decimals_of(*numbers: float) -> int | None:
    """Return the fewest decimals that write all numbers, or None where nine do not.

    >>> decimals_of(0.25, 3.0)
    2
    """
    for decimals in range(MAX_DECIMALS + 1):
        if all(round(number, decimals) == number for number in numbers):
            return decimals
    return None


def _has_step_evidence(units: np.ndarray) -> bool:
    """Check that there are enough different values for a common step to be no accident."""
    return (
        np.unique(units[:PROBE_ROWS]).size >= MIN_STEP_EVIDENCE
        or np.unique(units).size >= MIN_STEP_EVIDENCE
    )


def _levels(values: np.ndarray) -> np.ndarray | None:
    """Return the distinct values, where they are few and frequent."""
    most = min(MAX_LEVELS, values.size // MIN_ROWS_PER_LEVEL)
    if most < 2 or np.unique(values[:PROBE_ROWS]).size > most:
        return None
    levels = np.unique(values)
    return levels if 2 <= levels.size <= most else None
