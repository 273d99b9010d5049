"""Readings that hold their value for a while and then jump: a path, and a flag for each change."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.data import scalings
from timegan.data.kinds.base import Draws, Setting, differences, follows, observed, register
from timegan.data.kinds.lattice import Lattice
from timegan.data.kinds.numeric import Continuous
from timegan.data.kinds.stretch import Flag
from timegan.data.scalings import SCALINGS


@register
@dataclass(frozen=True)
class Held:
    """A value that changes only where a flag is on.

    Between two changes the path goes linearly from one value to the next, so that the model sees
    something smooth; what it says there does not matter on the way out.

    Args:
        path: scaling and lattice of the values that it changes to.
        change: share of the rows that hold a new value.
    """

    name: ClassVar[str] = "held"
    fill: ClassVar[str] = "hold"
    path: Continuous
    change: Flag

    @property
    def width(self) -> int:
        """The path and the flag."""
        return 2

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn from training rows (R,)."""
        values, breaks = observed(values, breaks)
        new = changes(values, breaks)
        name = setting.scaling
        if name == "auto":
            between = between_changes(values[new], new, breaks)
            name = scalings.choose(values[new], *differences(between, breaks))
        path = Continuous(
            SCALINGS[name].fit(values[new]),
            Lattice.fit(values, setting.dtype),
            jitter=0.0,  # a path with noise on it would be no path
        )
        return cls(path, Flag.fit(new, setting.jitter))

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to (R, 2): path, flag (on at the start of a stretch)."""
        values = self.path.lattice.snap(values)
        new = changes(values, breaks)
        scores = self.path.encode(values[new], np.zeros(0), random)[:, 0]
        path = between_changes(scores, new, breaks)
        return np.stack([path, self.change.encode(new, random)], axis=1)

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """From (n, T, 2) to the table's units (n, T).

        The first step takes the path's value, flag or not. Where the flag is on, the value changes
        in any case: to its neighbour where the path is too close to leave it.
        """
        raw = self.path.raw(channels[..., 0])
        values = self.path.lattice.snap(raw)
        new = self.change.decode(channels[..., 1])
        for t in range(1, values.shape[1]):
            before = values[:, t - 1]
            stuck = new[:, t] & (values[:, t] == before)
            if stuck.any():
                values[stuck, t] = self.path.lattice.beside(before[stuck], raw[stuck, t])
            values[:, t] = np.where(new[:, t], values[:, t], before)
        return values

    def calibrate(self, channels: np.ndarray) -> Self:
        """With the training share of changes, and the atoms among what it changes to."""
        if not len(channels):
            return self
        change = self.change.calibrate(channels[:, 1])
        new = change.decode(channels[:, 1])
        return replace(self, change=change, path=self.path.calibrate(channels[new, :1]))

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts."""
        return {"path": self.path.state(), "change": self.change.state()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(Continuous.from_state(state["path"]), Flag(**state["change"]))


def changes(values: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Which rows (R,) hold another value than the one before; the first of a stretch does."""
    new = ~follows(len(values), breaks)
    new[1:] |= values[1:] != values[:-1]
    return new


def between_changes(scores: np.ndarray, new: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """The path (R,) through the scores (m,) at the changes (R,): linear, level after the last.

    >>> new = np.array([True, False, False, False, True, False, True, False])
    >>> between_changes(np.array([0.0, 8.0, 5.0]), new, np.array([0, 6])).tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 8.0, 5.0, 5.0]
    """
    rows = np.flatnonzero(new)
    ends = np.append(rows[1:], len(new))
    joined = np.append(follows(len(new), breaks)[rows[1:]], False)
    slopes = np.where(joined, np.diff(scores, append=0.0) / (ends - rows), 0.0)
    last = np.cumsum(new) - 1
    return np.asarray(scores[last] + slopes[last] * (np.arange(len(new)) - rows[last]))
