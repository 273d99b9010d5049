"""Readings that hold their value for a while and then jump, as sensors report: past a dead band."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.data.kinds.base import WHOLE, Draws, Setting, follows, observed, register
from timegan.data.kinds.lattice import Lattice
from timegan.data.kinds.numeric import Continuous, scaled

MOST = 2_000  # sequences that the dead band is found on
HALVINGS = 30


@register
@dataclass(frozen=True)
class Held:
    """A value that stays until the model's channel has moved from it by more than a dead band.

    Networks make something that moves a little at every step; how much of that is standing still
    is found at the end of training, so that values hold as often as real ones do.

    Args:
        path: scaling and lattice.
        share: of the training rows that hold another value than the row before.
        band: half the width of the dead band, in the channel's unit.
    """

    name: ClassVar[str] = "held"
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
            Lattice.fit(values, setting.dtype),
            setting.jitter,
        )
        joined = follows(len(values), breaks)
        share = changes(values, breaks)[joined].mean() if joined.any() else 1.0
        return cls(path, float(share))

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to (R, 1)."""
        return self.path.encode(self.path.lattice.snap(values), breaks, random)

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """From (n, T, 1) to the table's units (n, T).

        Where the channel leaves the band the value changes in any case: to its neighbour where the
        lattice is too coarse for what the channel has moved.
        """
        channel = channels[..., 0]
        new = leaves(channel, self.band)
        raw = self.path.raw(channel)
        values = self.path.lattice.snap(raw)
        for t in range(1, values.shape[1]):
            before = values[:, t - 1]
            stuck = new[:, t] & (values[:, t] == before) & (self.band > 0)
            if stuck.any():
                values[stuck, t] = self.path.lattice.beside(before[stuck], raw[stuck, t])
            values[:, t] = np.where(new[:, t], values[:, t], before)
        return values

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """With the training share of changes, and of atoms and levels, in what it makes."""
        if not len(channels):
            return self
        sequences = np.split(channels[:, 0], breaks[1:])[:MOST]
        length = max(map(len, sequences))
        table = np.stack([np.pad(s, (0, length - len(s)), mode="edge") for s in sequences])
        count = sum(len(s) - 1 for s in sequences)
        low, high = 0.0, float(np.ptp(table))
        for _ in range(HALVINGS if count else 0):
            band = (low + high) / 2
            changed = int(leaves(table, band)[:, 1:].sum()) / count
            low, high = (band, high) if changed > self.share else (low, band)
        return replace(self, band=(low + high) / 2, path=self.path.calibrate(channels))

    def state(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts."""
        return {"path": self.path.state(), "share": self.share, "band": self.band}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(Continuous.from_state(state["path"]), state["share"], state["band"])


def leaves(channel: np.ndarray, band: float) -> np.ndarray:
    """Where (n, T) a channel is further than a band from where it was when it last left one.

    >>> leaves(np.array([[0.0, 0.4, 0.8, 1.2, 0.9]]), 0.5).tolist()
    [[True, False, True, False, False]]
    """
    new = np.ones(channel.shape, dtype=bool)
    stays = channel[:, 0]
    for t in range(1, channel.shape[1]):
        new[:, t] = np.abs(channel[:, t] - stays) > band
        stays = np.where(new[:, t], channel[:, t], stays)
    return new


def changes(values: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Which rows (R,) hold another value than the one before; the first of a stretch does."""
    new = ~follows(len(values), breaks)
    new[1:] |= values[1:] != values[:-1]
    return new
