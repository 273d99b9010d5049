"""Columns of a few values without order: booleans and categories."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.transforms.base import WHOLE, Draws, Setting, observed, register
from timegan.transforms.quantile_maps import Flag
from timegan.variation import deviation, divisor

ROUNDS = 200  # of finding the biases, at most
CLOSE = 1e-3  # frequencies are right when none is further off
ENOUGH = 50_000  # rows that the biases are found on


@register
@dataclass(frozen=True)
class Categorical:
    """One channel a category, high where the row has it; two categories need one channel.

    Args:
        levels: the categories' codes (or numbers), ascending.
        flags: one a category; with two categories, the second one's alone; with one, none.
        shares: of the categories among the training rows.
        biases: added to the categories' scores, so that what the model makes has those shares.
    """

    name: ClassVar[str] = "categorical"
    fill: ClassVar[str] = "hold"
    levels: tuple[float, ...]
    flags: tuple[Flag, ...]
    shares: tuple[float, ...]
    biases: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """As many as there are categories; 1 for two, 0 for one."""
        return len(self.flags)

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn the categories among the training rows (R,) and their shares."""
        values, _ = observed(values, breaks)
        levels, counts = np.unique(values, return_counts=True)
        shown = {1: levels[:0], 2: levels[1:]}.get(levels.size, levels)
        return cls(
            tuple(levels.tolist()),
            tuple(Flag.fit(values == level, setting.jitter) for level in shown),
            tuple((counts / values.size).tolist()),
        )

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Codes (R,) to (R, width); an unknown category counts as the most frequent one."""
        levels = np.asarray(self.levels)
        values = np.where(np.isin(values, levels), values, levels[int(np.argmax(self.shares))])
        shown = levels[levels.size - self.width :]
        channels = np.empty((len(values), self.width))
        for k, (flag, level) in enumerate(zip(self.flags, shown, strict=True)):
            channels[:, k] = flag.encode(values == level, breaks, random)
        return channels

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """Channels (n, T, width) to codes (n, T): the category furthest above its threshold."""
        levels = np.asarray(self.levels)
        if self.width == 0:
            return np.full(channels.shape[:-1], levels[0])
        if self.width == 1:
            return levels[self.flags[0].decode(channels[..., 0]).astype(np.int64)]
        scores = self._scores(channels) + np.asarray(self.biases or 0.0)
        return np.asarray(levels[np.argmax(scores, axis=-1)])

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """With the training frequencies in what comes of channels (m, width)."""
        if self.width == 0 or not len(channels):
            return self
        if self.width == 1:
            return replace(self, flags=(self.flags[0].calibrate(channels[:, 0]),))
        some = channels[:: -(-len(channels) // ENOUGH)]
        biases = balance(self._scores(some), np.asarray(self.shares))
        return replace(self, biases=tuple(biases.tolist()))

    def _scores(self, channels: np.ndarray) -> np.ndarray:
        scores = np.empty(channels.shape)
        for k, flag in enumerate(self.flags):
            scores[..., k] = flag.excess(channels[..., k])
        return scores

    def state(self) -> dict[str, Any]:
        """Plain numbers and lists."""
        return {
            "levels": list(self.levels),
            "flags": [flag.state() for flag in self.flags],
            "shares": list(self.shares),
            "biases": list(self.biases),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(
            tuple(map(float, state["levels"])),
            tuple(Flag(**flag) for flag in state["flags"]),
            tuple(map(float, state["shares"])),
            tuple(map(float, state["biases"])),
        )


@register
class Boolean(Categorical):
    """False or true, as 0 and 1."""

    name = "boolean"


def balance(scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """What to add to scores (m, K) so that the largest one is each column's as often as asked.

    Ascent on a concave function (the dual of a transport problem, whose gradient is the shares
    less the frequencies), with a step for each category that halves whenever its error changes
    sign.
    """
    biases = np.zeros(shares.size)
    steps = np.full(shares.size, divisor(0.5 * deviation(scores)))
    best, least, before = biases, np.inf, np.zeros(shares.size)
    for _ in range(ROUNDS):
        frequencies = np.bincount(np.argmax(scores + biases, axis=1), minlength=shares.size)
        errors = shares - frequencies / len(scores)
        worst = float(np.abs(errors).max())
        if worst < least:
            best, least = biases, worst
        if worst <= CLOSE:
            break
        steps = np.where(errors * before < 0, 0.5 * steps, 1.1 * steps)
        # Small categories need as large a push as large ones: errors relative to their shares.
        pushes = np.clip(errors / np.maximum(shares, 1e-3), -1.0, 1.0)
        biases, before = biases + steps * pushes, errors
    return best
