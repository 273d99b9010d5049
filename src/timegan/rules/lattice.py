"""The values that a column may take, and the nearest of them to a given number."""

from dataclasses import dataclass

import numpy as np

from timegan.rules.kinds import MOST_DECIMALS


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
