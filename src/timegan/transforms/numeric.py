"""Numbers that move freely: a scaling, the range and grid of the column, atoms with room."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import ndtr

from timegan.tables.value_grid import ValueGrid
from timegan.transforms import scaler_choice, scalers
from timegan.transforms.base import WHOLE, Draws, Setting, differences, observed, register
from timegan.transforms.quantile_maps import Warp
from timegan.transforms.scalers import JITTER, SCALINGS, Log, Rank, Scaling, middles
from timegan.variation import deviation, divisor

FEW = 50_000  # rows that the spread of atoms is measured on


@register
@dataclass(frozen=True)
class Continuous:
    """A number within the training range, with the decimals or the step of the column.

    Args:
        scaling: fitted map to the channel.
        grid: range and possible values.
        jitter: share of its stretch over which an atom's rows are spread.
        warp: sets the shares of atoms, or of a logarithm's levels, right in what the model makes;
            None leaves them.
    """

    name: ClassVar[str] = "continuous"
    fill: ClassVar[str] = "linear"
    always: ClassVar[str | None] = None  # the scaling where a kind needs a certain one
    scaling: Scaling
    grid: ValueGrid
    jitter: float = JITTER
    warp: Warp | None = None

    @property
    def width(self) -> int:
        """One channel."""
        return 1

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn scaling and grid from training rows (R,)."""
        values, breaks = observed(values, breaks)
        scaling = scaled(values, breaks, cls.always or setting.scaling)
        grid = ValueGrid.fit(values, setting.dtype, search_step=setting.params.get("steps", True))
        jitter = float(setting.params.get("jitter", setting.jitter))
        return cls(roomy(scaling, values, breaks, jitter), grid, jitter)

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to (R, 1)."""
        values = np.clip(values, self.grid.low, self.grid.high)
        if isinstance(self.scaling, Rank):
            return self.scaling.spread(values, breaks, random, self.jitter)[:, None]
        return self.scaling.forward(values)[:, None]

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """From (n, T, 1) to the table's units (n, T), on the grid."""
        return self.grid.snap(self.raw(channels[..., 0]))

    def raw(self, channel: np.ndarray) -> np.ndarray:
        """From a channel of any shape to the table's units, within the range, not snapped."""
        channel = np.asarray(channel, dtype=np.float64)
        if self.warp is not None and isinstance(self.scaling, Rank):
            scores = self.warp(channel * self.scaling.std + self.scaling.mean)
            channel = (scores - self.scaling.mean) / self.scaling.std
        elif self.warp is not None:
            channel = self.warp(channel)
        return self.scaling.backward(channel)

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """With the training shares of atoms in what comes of channels (m, 1).

        Logarithms keep the shape that the training values have, with levels that are more frequent
        than others; networks find these shares only about.
        """
        if isinstance(self.scaling, Log) and len(channels):
            made = middles(np.asarray(channels[:, 0], dtype=np.float64))
            return replace(self, warp=Warp.between(made, self.scaling.quantiles))
        if not isinstance(self.scaling, Rank) or not self.scaling.atoms or not len(channels):
            return self
        scores = channels[:, 0] * self.scaling.std + self.scaling.mean
        edges = ndtr(np.concatenate([self.scaling.below, self.scaling.above]))
        return replace(self, warp=Warp.fit(np.asarray(scores, dtype=np.float64), edges))

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts."""
        return {
            "scaling": {"name": self.scaling.name, "state": self.scaling.state()},
            "grid": self.grid.state(),
            "jitter": self.jitter,
            "warp": self.warp and self.warp.state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(
            scalers.restore(state["scaling"]["name"], state["scaling"]["state"]),
            ValueGrid.from_state(state["grid"]),
            state["jitter"],
            state["warp"] and Warp(**state["warp"]),
        )


@register
class Nonnegative(Continuous):
    """Never below zero, with a heavy tail: made normal by rank."""

    name = "nonnegative"
    always = Rank.name


@register
class Bounded(Continuous):
    """With atoms at the smallest or largest value, where a sensor or a rule stops it."""

    name = "bounded"
    always = Rank.name


@register
class ZeroInflated(Continuous):
    """With an atom at zero."""

    name = "zero_inflated"
    always = Rank.name


@register
class Integer(Continuous):
    """Whole numbers."""

    name = "integer"


@register
class Step(Continuous):
    """Multiples of a fixed step, or one of a list of numbers."""

    name = "quantized"


@register
class Datetime(Continuous):
    """Points in time as a feature, in seconds or days on a grid."""

    name = "datetime"


def scaled(values: np.ndarray, breaks: np.ndarray, name: str) -> Scaling:
    """The scaling of this name, fitted; ``auto``: the one that suits the values (R,)."""
    if name == "auto":
        name = scaler_choice.choose(values, *differences(values, breaks))
    return SCALINGS[name].fit(values)


def roomy(scaling: Scaling, values: np.ndarray, breaks: np.ndarray, jitter: float) -> Scaling:
    """The scaling with zero mean and unit variance for atoms that are spread over their stretch."""
    if not isinstance(scaling, Rank) or not scaling.atoms or jitter == 0:
        return scaling
    some, breaks = values[:FEW], breaks[breaks < FEW]
    spots = scaling.spread(some, breaks, np.random.default_rng(0), jitter)
    scores = spots * scaling.std + scaling.mean
    return replace(scaling, mean=float(scores.mean()), std=divisor(deviation(scores)))
