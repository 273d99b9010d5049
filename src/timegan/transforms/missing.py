"""Holes as part of the pattern: any other kind, filled, and one more channel that says where."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.transforms.base import (
    KINDS,
    WHOLE,
    Draws,
    Kind,
    Setting,
    follows,
    pack,
    register,
    unpack,
)
from timegan.transforms.quantile_maps import Flag


@register
@dataclass(frozen=True)
class Missing:
    """A column with holes.

    Args:
        inner: kind of the values.
        hole: share of the rows without one.
        middle: median of the values, for stretches that have none.
    """

    name: ClassVar[str] = "missing"
    fill: ClassVar[str] = "linear"
    inner: Kind
    hole: Flag
    middle: float

    @property
    def width(self) -> int:
        """The inner kind's channels, then the flag."""
        return self.inner.width + 1

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn from training rows (R,), of which some but not all are NaN.

        ``setting.params["kind"]`` names the inner kind.
        """
        inner = KINDS[setting.params["kind"]].fit(values, breaks, setting)
        holes = np.isnan(values)
        there = np.sort(values[~holes])
        # An element, not a mean of two: a category's code must be one.
        middle = float(there[there.size // 2])
        return cls(inner, Flag.fit(holes, setting.jitter), middle)

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to (R, width)."""
        full = filled(values, breaks, self.inner.fill, self.middle)
        inside = self.inner.encode(full, breaks, random)
        return np.concatenate(
            [inside, self.hole.encode(np.isnan(values), breaks, random)[:, None]], axis=1
        )

    def decode(self, channels: np.ndarray, draws: Draws) -> np.ndarray:
        """From (n, T, width) to the table's units (n, T), NaN where there is a hole."""
        values = self.inner.decode(channels[..., :-1], draws)
        return np.where(self.hole.decode(channels[..., -1]), np.nan, values)

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """With the training share of holes, and the inner kind's shares among the others."""
        if not len(channels):
            return self
        hole = self.hole.calibrate(channels[:, -1])
        there = ~hole.decode(channels[:, -1])
        kept = np.flatnonzero(there)
        begins = np.unique(np.searchsorted(kept, breaks))
        inner = self.inner.calibrate(channels[kept, :-1], begins[begins < len(kept)])
        return replace(self, hole=hole, inner=inner)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts."""
        return {"inner": pack(self.inner), "hole": self.hole.state(), "middle": self.middle}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(unpack(state["inner"]), Flag(**state["hole"]), state["middle"])


def filled(values: np.ndarray, breaks: np.ndarray, how: str, middle: float) -> np.ndarray:
    """The rows (R,) without holes, filled within each stretch.

    Args:
        values: NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        how: ``linear``: on the line between the values on both sides; ``hold``: like the value
            before. At the ends it is the nearest value.
        middle: for stretches without any value.

    >>> column = np.array([np.nan, 2, np.nan, 4, np.nan])
    >>> filled(column, np.array([0, 4]), "linear", 9.0).tolist()
    [2.0, 2.0, 3.0, 4.0, 9.0]
    """
    holes = np.isnan(values)
    if not holes.any():
        return values
    rows = np.arange(len(values))
    stretch = np.cumsum(~follows(len(values), breaks))
    before = np.maximum.accumulate(np.where(holes, -1, rows))
    after = np.minimum.accumulate(np.where(holes, len(values), rows)[::-1])[::-1]
    left = (before >= 0) & (stretch[before] == stretch)
    after_safe = np.minimum(after, len(values) - 1)
    right = (after < len(values)) & (stretch[after_safe] == stretch)
    low = np.where(left, values[before], np.where(right, values[after_safe], middle))
    high = np.where(right, values[after_safe], low)
    if how == "hold":
        return np.where(holes, low, values)
    share = np.where(left & right, (rows - before) / np.maximum(after - before, 1), 0.0)
    return np.where(holes, low + share * (high - low), values)
