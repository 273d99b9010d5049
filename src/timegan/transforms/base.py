"""The base class of column transformers, and the records that they share."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from timegan.records import Record
from timegan.tables import Field
from timegan.transforms.scaler_choice import Steps
from timegan.transforms.scalers import JITTER

if TYPE_CHECKING:
    from timegan.transforms.detection.column_sample import ColumnSample

ONE_SEQUENCE = np.array([0])
"""Breaks of rows that are one sequence."""


@dataclass(frozen=True)
class DetectedType:
    """The type of one column, and the evidence for it.

    Args:
        column_type: name of its transformer.
        reason: the evidence, in words.
        params: results of the detection that the fit needs, such as a period.
        missing: share of the training rows without a value.
    """

    column_type: str
    reason: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    missing: float = 0.0


@dataclass(frozen=True)
class FitOptions:
    """Options for fitting a transformer.

    Args:
        scaling: ``minmax``, ``standard``, ``log``, ``rank`` or ``auto``.
        jitter: share of its interval of quantiles over which a discrete value is spread.
        dtype: pandas type of the column.
        params: results of the detection, see `DetectedType`.
    """

    scaling: str = "auto"
    jitter: float = JITTER
    dtype: str = "float64"
    params: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class DecodingNoise:
    """Random numbers that a column needs beside the model's channels.

    Args:
        phase: (n,) place in a period at which each sequence begins, from 0 to below 1.
        uniform: (n, T) of this column alone, from 0 to 1.
    """

    phase: np.ndarray
    uniform: np.ndarray


class ColumnTransformer(Record, ABC):
    """A column's map to model channels and back, fitted on training rows.

    Subclasses are immutable and register themselves by their ``name``, which is the column type in
    the configuration.
    """

    name: ClassVar[str]
    order: ClassVar[int | None] = None
    """Place in the detection: a column gets the first type whose `detect` takes it."""
    cells: ClassVar[frozenset[str]] = frozenset({"number"})
    """Cells that a column of this type can hold: number, boolean, category (as its code), datetime
    (as seconds or days)."""
    fill: ClassVar[str] = "linear"
    """Method that fills missing values before `transform`: ``linear`` or ``hold``."""
    accepts_missing: ClassVar[bool] = False
    """True if a column with missing values needs no `Missing` around its transformer."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            TRANSFORMERS[cls.name] = cls

    @classmethod
    def detect(cls, column: "ColumnSample") -> DetectedType | None:
        """Return the evidence that a column is of this type, or None where it is not."""
        return None

    @classmethod
    def require(cls, column: "ColumnSample") -> DetectedType:
        """Return this type for a column for which the user asks for it.

        Raises:
            InputError: the training values contradict it; see `ColumnSample.refuse`.
        """
        return cls.found(str(column.grid))

    @classmethod
    def found(cls, reason: str, **params: Any) -> DetectedType:
        """Return this type with its evidence."""
        return DetectedType(cls.name, reason, params)

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of model channels; 0 for a column that the model need not learn."""

    @property
    def has_missing(self) -> bool:
        """True if `inverse_transform` makes missing values of the model's channels."""
        return False

    @property
    def fill_value(self) -> float:
        """The value that stands for a sequence without any."""
        return 0.0

    @property
    def source_column(self) -> int | None:
        """Number of the column that this one is computed from; None: from channels."""
        return None

    def inverse_transform_from(self, source: np.ndarray) -> np.ndarray:
        """Compute values, of any shape, from those of `source_column`."""
        raise NotImplementedError(f"{self.name} is computed from channels.")

    @property
    def needs_noise(self) -> bool:
        """True if `inverse_transform` needs random numbers of its own."""
        return False

    @property
    def is_interpolated(self) -> bool:
        """True if values depend on the channels at later steps."""
        return False

    @property
    def is_bounded(self) -> list[bool]:
        """Mask of the channels that lie between 0 and 1."""
        return [False] * self.width

    @property
    def scaler_name(self) -> str:
        """Name of the scaler; empty where there is none."""
        return ""

    @classmethod
    @abstractmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn from training rows.

        Args:
            values: (R,) in the table's units, not all equal; NaN is left out.
            breaks: rows that do not follow upon the one before.
            options: scaling, jitter, type and results of the detection.
        """

    @abstractmethod
    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map values in the table's units (R,) to channels (R, width).

        Channels have about zero mean and unit variance. Values beyond the training range are
        clipped to it. Only `Missing` accepts NaN.
        """

    @abstractmethod
    def inverse_transform(self, channels: np.ndarray, noise: DecodingNoise) -> np.ndarray:
        """Map channels (n, T, width) to values in the table's units (n, T).

        It is the exact inverse of `transform` until the transformer is calibrated.
        """

    @abstractmethod
    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Return a transformer whose output has the training data's proportions.

        These are the proportions of zeros, categories, repeated and missing values. An earlier
        calibration is forgotten, and `transform` does not change.

        Args:
            channels: (m, width) as the model generates them, one sequence after another.
            breaks: rows at which a sequence begins, the first row included.
        """


TRANSFORMERS: dict[str, type[ColumnTransformer]] = {}
"""Name in the configuration -> class, of all transformers that have been imported."""


def cells_of(field: Field) -> str:
    """Return what a cell of a column is: number, boolean, category or datetime."""
    return "number" if field.type == "timedelta" or field.role == "gap" else field.type


def to_dict(transformer: ColumnTransformer) -> dict[str, Any]:
    """Return a transformer as its type and state."""
    return {"type": transformer.name, "state": transformer.state()}


def from_dict(content: dict[str, Any]) -> ColumnTransformer:
    """Return the transformer that `to_dict` describes."""
    return TRANSFORMERS[content["type"]].from_state(content["state"])


def continues(count: int, breaks: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return which of ``count`` rows follow upon the row before.

    >>> continues(4, [2]).tolist()
    [False, True, False, True]
    """
    mask = np.ones(count, dtype=bool)
    mask[:1] = False
    mask[np.asarray(breaks, dtype=np.int64)] = False
    return mask


def drop_missing(values: np.ndarray, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that hold a value, and the breaks among them: a missing value is one.

    >>> drop_missing(np.array([1, np.nan, 3, 4]), np.array([0]))
    (array([1., 3., 4.]), array([0, 1]))
    """
    present = ~np.isnan(values)
    if present.all():
        return values, np.asarray(breaks, dtype=np.int64)
    joined = continues(len(values), breaks)
    joined[1:] &= present[:-1]
    return values[present], np.flatnonzero(~joined[present])


def differences(values: np.ndarray, breaks: np.ndarray) -> tuple[Steps, np.ndarray]:
    """Return pairs of successive values, and second differences, none of them across a break."""
    joined = continues(len(values), breaks)
    steps = values[:-1][joined[1:]], values[1:][joined[1:]]
    return steps, np.diff(values, n=2)[joined[2:] & joined[1:-1]]
