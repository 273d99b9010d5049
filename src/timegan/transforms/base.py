"""What a kind of column is: the protocol, what it is told, and the list of all kinds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from timegan.transforms.scaler_choice import Steps
from timegan.transforms.scalers import JITTER

WHOLE = np.array([0])
"""The breaks of rows that are one sequence."""


@dataclass(frozen=True)
class Info:
    """What is known about a column before anyone looks at its numbers.

    Args:
        name: of the column.
        values: what a cell is: ``number``, ``boolean``, ``category`` (its code), ``datetime``
            (seconds or days, as float64 can hold them).
        dtype: its pandas type.
        categories: how many there are.
    """

    name: str
    values: str = "number"
    dtype: str = "float64"
    categories: int = 0


@dataclass(frozen=True)
class Found:
    """The kind of one column, and why.

    Args:
        name: of the column.
        kind: name of the kind; `Missing` is not one here, see ``missing``.
        reason: in words.
        missing: share of the training rows without a value.
        dtype: pandas type of the column.
        params: what the detection knows and the fit needs (the period of a ramp, the source of a
            copy).
    """

    name: str
    kind: str
    reason: str
    missing: float = 0.0
    dtype: str = "float64"
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """How a kind is to be fitted.

    Args:
        scaling: ``minmax``, ``standard``, ``log``, ``rank`` or ``auto``.
        jitter: share of its stretch of quantiles over which a discrete value is spread.
        dtype: pandas type of the column.
        params: of `Found`.
    """

    scaling: str = "auto"
    jitter: float = JITTER
    dtype: str = "float64"
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Draws:
    """What a column needs beside the model's channels.

    Args:
        shared: (n,) where in a period of ramps a sequence begins, from 0 to below 1.
        own: (n, T) uniform, of this column alone.
    """

    shared: np.ndarray
    own: np.ndarray


class Kind(Protocol):
    """One column's way to the model and back, fitted on training rows."""

    name: ClassVar[str]
    fill: ClassVar[str]  # how holes are filled before `encode`: "linear" or "hold"

    @property
    def width(self) -> int:
        """Model channels; 0 for what the model need not learn."""

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, setting: Setting) -> Self:
        """Learn from training rows.

        Args:
            values: (R,) in the table's units, not all equal; NaN is left out.
            breaks: rows that do not follow upon the one before.
            setting: scaling, jitter, type and what the detection knows.
        """

    def encode(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """From the table's units (R,) to channels (R, width), about zero mean and unit variance.

        Values outside of what the training rows had are clipped to it. NaN only in `Missing`.
        """

    def decode(self, channels: np.ndarray, draws: Draws) -> np.ndarray:
        """From channels (n, T, width) to the table's units (n, T).

        The exact inverse of `encode`, as long as the kind has not been calibrated.
        """

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = WHOLE) -> Self:
        """The same kind, with the training shares of atoms, categories and holes in what it makes.

        Args:
            channels: (m, width) as the model makes them, one sequence after another. An earlier
                calibration is forgotten; `encode` stays as it was.
            breaks: rows at which a sequence begins, the first one of all too.
        """

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts."""

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""


KINDS: dict[str, type[Kind]] = {}
"""Name in the config -> kind."""


def register(kind: type[Any]) -> type[Any]:
    """Decorator: enter a kind under its name."""
    KINDS[kind.name] = kind
    return kind


def pack(kind: Kind) -> dict[str, Any]:
    """A kind as its name and state."""
    return {"kind": kind.name, "state": kind.state()}


def unpack(packed: dict[str, Any]) -> Kind:
    """What `pack` was given."""
    return KINDS[packed["kind"]].from_state(packed["state"])


def follows(count: int, breaks: Sequence[int] | np.ndarray) -> np.ndarray:
    """Which of ``count`` rows follow upon the row before.

    >>> follows(4, [2]).tolist()
    [False, True, False, True]
    """
    mask = np.ones(count, dtype=bool)
    mask[:1] = False
    mask[np.asarray(breaks, dtype=np.int64)] = False
    return mask


def observed(values: np.ndarray, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that hold a value, and the breaks among them: a hole is one.

    >>> observed(np.array([1, np.nan, 3, 4]), np.array([0]))
    (array([1., 3., 4.]), array([0, 1]))
    """
    there = ~np.isnan(values)
    if there.all():
        return values, np.asarray(breaks, dtype=np.int64)
    joined = follows(len(values), breaks)
    joined[1:] &= there[:-1]
    return values[there], np.flatnonzero(~joined[there])


def differences(values: np.ndarray, breaks: np.ndarray) -> tuple[Steps, np.ndarray]:
    """Pairs of values that follow each other, and second differences that no break lies within."""
    joined = follows(len(values), breaks)
    steps = values[:-1][joined[1:]], values[1:][joined[1:]]
    return steps, np.diff(values, n=2)[joined[2:] & joined[1:-1]]
