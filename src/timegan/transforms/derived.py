"""Columns that a model need not learn: constants, images of another column, pure noise."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import ndtri

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import WHOLE, Draws, Setting, observed, register
from timegan.transforms.scalers import Rank


@dataclass(frozen=True)
class _Silent:
    """A kind without a channel."""

    fill: ClassVar[str] = "hold"

    @property
    def width(self) -> int:
        """No channel."""
        return 0

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Nothing of (R,): (R, 0)."""
        return np.empty((len(values), 0))

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """Itself."""
        return self


@register
@dataclass(frozen=True)
class Constant(_Silent):
    """One value in every training row; NaN where no row has one."""

    name: ClassVar[str] = "constant"
    value: float | None

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """The first value (R,) there is."""
        there, _ = observed(values, breaks)
        return cls(float(there[0]) if there.size else None)

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """The value for each step of (n, T, 0)."""
        return np.full(channels.shape[:-1], np.nan if self.value is None else self.value)

    def state(self) -> dict[str, Any]:
        """The value."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(**state)


@register
@dataclass(frozen=True)
class Copy(_Silent):
    """``factor * source + shift``, rounded as the column is.

    Args:
        source: number of the column that it is an image of, which is no copy itself.
        factor: 1 for an exact copy.
        shift: 0 for an exact copy.
        grid: range and decimals of this column; None leaves an exact copy untouched.
    """

    name: ClassVar[str] = "affine_copy"
    source: int
    factor: float = 1.0
    shift: float = 0.0
    grid: ValueGrid | None = None

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Take what the detection found; it has seen both columns."""
        params = setting.params
        there, _ = observed(values, breaks)
        grid = None if params["exact"] else ValueGrid.fit(there, setting.dtype, search_step=False)
        return cls(params["source"], params["factor"], params["shift"], grid)

    def decode_from(self, source: np.ndarray) -> np.ndarray:
        """From the decoded values of the source, of any shape; its holes are this one's."""
        if self.grid is None:
            return source.copy()
        return self.grid.snap(self.factor * source + self.shift)

    def decode(self, channels: np.ndarray, draws: Draws | None = None) -> np.ndarray:
        """Cannot be: see `decode_from`."""
        raise TypeError("A copy is decoded from its source: use decode_from.")

    def state(self) -> dict[str, Any]:
        """Source, factor, shift and grid."""
        return asdict(self) | {"grid": self.grid and self.grid.state()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(**(state | {"grid": state["grid"] and ValueGrid.from_state(state["grid"])}))


@register
@dataclass(frozen=True)
class Noise(_Silent):
    """Independent draws from the training rows' distribution.

    Args:
        rank: the distribution, as a map from normal quantiles.
        grid: range and possible values.
    """

    name: ClassVar[str] = "white_noise"
    rank: Rank
    grid: ValueGrid

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn the distribution of training rows (R,)."""
        values, _ = observed(values, breaks)
        return cls(Rank.fit(values), ValueGrid.fit(values, setting.dtype))

    def decode(self, channels: np.ndarray, draws: Draws) -> np.ndarray:
        """Values (n, T) from the column's own draws."""
        scores = (ndtri(draws.own) - self.rank.mean) / self.rank.std
        return self.grid.snap(self.rank.backward(scores))

    def state(self) -> dict[str, Any]:
        """Plain numbers and lists."""
        return {"rank": self.rank.state(), "grid": self.grid.state()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(Rank(**state["rank"]), ValueGrid.from_state(state["grid"]))
