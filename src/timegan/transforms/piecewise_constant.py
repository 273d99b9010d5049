"""Readings that hold their value for a while and then jump, as sensors report: past a dead band."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import WHOLE, Draws, Setting, follows, observed, register
from timegan.transforms.numeric import Continuous, scaled

MOST = 2_000  # sequences that the dead band is found on
HALVINGS = 30
NEARLY = 0.01  # share of the steps that may change too often: no band is better than a needless one


@register
@dataclass(frozen=True)
class Held:
    """A value that stays until the model's channel has moved from it by more than a dead band.

    Networks make something that moves a little at every step; how much of that is standing still
    is found at the end of training, so that values hold as often as real ones do. Rounding to the
    column's values holds some by itself.

    Args:
        path: scaling and grid.
        share: of the training rows that hold another value than the row before.
        band: half the width of the dead band, in the channel's unit.
    """

    name: ClassVar[str] = "piecewise_constant"
    fill: ClassVar[str] = "hold"
    path: Continuous
    share: float
    band: float = 0.0

    @property
    def width(self) -> int:
        """One channel."""
        return 1

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn from training rows (R,)."""
        values, breaks = observed(values, breaks)
        path = Continuous(
            scaled(values, breaks, setting.scaling),
            ValueGrid.fit(values, setting.dtype),
            setting.jitter,
        )
        joined = follows(len(values), breaks)
        share = changes(values, breaks)[joined].mean() if joined.any() else 1.0
        return cls(path, float(share))

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to (R, 1)."""
        return self.path.encode(self.path.grid.snap(values), breaks, random)

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """From (n, T, 1) to the table's units (n, T)."""
        channel = channels[..., 0]
        return holding(channel, self.path.grid.snap(self.path.raw(channel)), self.band)

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """With the training share of changes, and of atoms and levels, in what it makes."""
        if not len(channels):
            return self
        sequences = np.split(channels[:, 0], breaks[1:])[:MOST]
        length = max(map(len, sequences))
        table = np.stack([np.pad(s, (0, length - len(s)), mode="edge") for s in sequences])
        count = sum(len(s) - 1 for s in sequences)
        path = self.path.calibrate(channels)
        values = path.grid.snap(path.raw(table))

        def changed(band: float) -> float:
            return int((np.diff(holding(table, values, band), axis=1) != 0).sum()) / max(count, 1)

        low, high = 0.0, float(np.ptp(table))
        if changed(low) <= self.share + NEARLY:  # rounding alone holds values as often
            return replace(self, band=0.0, path=path)
        for _ in range(HALVINGS):
            band = (low + high) / 2
            low, high = (band, high) if changed(band) > self.share else (low, band)
        return replace(self, band=(low + high) / 2, path=path)

    def state(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts."""
        return {"path": self.path.state(), "share": self.share, "band": self.band}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(Continuous.from_state(state["path"]), state["share"], state["band"])


def holding(channel: np.ndarray, values: np.ndarray, band: float) -> np.ndarray:
    """Values (n, T) that stay until their channel (n, T) has left a band since they last changed.

    >>> channel = np.array([[0.0, 0.4, 0.8, 1.2, 0.9]])
    >>> holding(channel, channel, 0.5).tolist()
    [[0.0, 0.0, 0.8, 0.8, 0.8]]
    """
    values = values.copy()
    since = channel[:, 0]
    for t in range(1, values.shape[1]):
        new = np.abs(channel[:, t] - since) > band
        values[:, t] = np.where(new, values[:, t], values[:, t - 1])
        since = np.where(values[:, t] != values[:, t - 1], channel[:, t], since)
    return values


def changes(values: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Which rows (R,) hold another value than the one before; the first of a stretch does."""
    new = ~follows(len(values), breaks)
    new[1:] |= values[1:] != values[:-1]
    return new
