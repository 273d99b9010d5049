"""Columns that a model need not learn: constants, affine copies of another column, white noise."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from scipy.special import ndtri

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import (
    ONE_SEQUENCE,
    ColumnTransformer,
    DecodingNoise,
    DetectedType,
    FitOptions,
    drop_missing,
)
from timegan.transforms.detection.column_sample import ColumnSample
from timegan.transforms.scalers import QuantileNormalizer


class _WithoutChannel(ColumnTransformer):
    """A transformer without a channel."""

    fill: ClassVar[str] = "hold"
    width = 0

    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map (R,) to an array without columns, (R, 0)."""
        return np.empty((len(values), 0))

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Return itself: there is nothing to calibrate."""
        return self


@dataclass(frozen=True)
class Constant(_WithoutChannel):
    """A column with one value in every training row; NaN where no row has one."""

    name: ClassVar[str] = "constant"
    order: ClassVar[int | None] = 10
    value: float | None

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for a column without variation."""
        if column.varies:
            return None
        if not column.values.size:
            return cls.found("no value in any training row")
        return cls.found(f"{column.values[0]:.10g} in every training row")

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for equal values."""
        return cls.detect(column) or column.refuse(cls.name, "its values differ")

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Take the first value (R,) there is."""
        present, _ = drop_missing(values, breaks)
        return cls(float(present[0]) if present.size else None)

    def inverse_transform(
        self, channels: np.ndarray, noise: DecodingNoise | None = None
    ) -> np.ndarray:
        """Return the value for each step of (n, T, 0)."""
        return np.full(channels.shape[:-1], np.nan if self.value is None else self.value)


@dataclass(frozen=True)
class AffineCopy(_WithoutChannel):
    """A column that is ``factor * source + shift``, rounded as the column is.

    Args:
        source: number of the column that it copies, which is no copy itself.
        factor: 1 for an exact copy.
        shift: 0 for an exact copy.
        grid: decimals of this column, whose range is that of its source; None leaves an exact copy
            untouched.
    """

    name: ClassVar[str] = "affine_copy"
    order: ClassVar[int | None] = 20
    cells: ClassVar[frozenset[str]] = frozenset({"number", "boolean", "category", "datetime"})
    accepts_missing: ClassVar[bool] = True  # those of its source
    source: int
    factor: float = 1.0
    shift: float = 0.0
    grid: ValueGrid | None = None

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Take a column for which the table has a source."""
        if column.copy is None:
            return None
        source, factor, shift, _ = column.copy
        name, params = column.labels[source], column.copy._asdict()
        if (factor, shift) == (1.0, 0.0):
            return cls.found(f"copy of {name}", **params)
        sign = "-" if shift < 0 else "+"
        line = f"{factor:.10g} x {name}" + (f" {sign} {abs(shift):.10g}" if shift else "")
        return cls.found(line, **params)

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for a source."""
        why = "no other column gives it by a factor and a shift"
        return cls.detect(column) or column.refuse(cls.name, why)

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Take what the detection found, which has seen both columns."""
        params = options.params
        present, _ = drop_missing(values, breaks)
        exact = params["exact"]
        grid = None if exact else ValueGrid.fit(present, options.dtype, search_step=False)
        return cls(params["source"], params["factor"], params["shift"], grid)

    @property
    def source_column(self) -> int | None:
        """The column that it copies."""
        return self.source

    def inverse_transform_from(self, source: np.ndarray) -> np.ndarray:
        """Compute the column from the values of its source, of any shape."""
        if self.grid is None:
            return source.copy()
        free = replace(self.grid, low=-np.inf, high=np.inf)  # where the source goes, so does it
        return free.snap(self.factor * source + self.shift)

    def inverse_transform(
        self, channels: np.ndarray, noise: DecodingNoise | None = None
    ) -> np.ndarray:
        """Raise TypeError: a copy has no channels."""
        raise TypeError("A copy is computed from its source: use inverse_transform_from.")


@dataclass(frozen=True)
class WhiteNoise(_WithoutChannel):
    """A column of independent draws from the distribution of its training rows.

    Args:
        distribution: as a map from normal quantiles.
        grid: range and possible values.
    """

    name: ClassVar[str] = "white_noise"
    order: ClassVar[int | None] = 30
    needs_noise = True
    distribution: QuantileNormalizer
    grid: ValueGrid

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Take a column that the tests for independence let pass."""
        if not column.is_white_noise:
            return None
        return cls.found("independent of its own past and of every other column")

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn the distribution of training rows (R,)."""
        values, _ = drop_missing(values, breaks)
        return cls(QuantileNormalizer.fit(values), ValueGrid.fit(values, options.dtype))

    def inverse_transform(self, channels: np.ndarray, noise: DecodingNoise) -> np.ndarray:
        """Return values (n, T) by the column's own random numbers."""
        scores = (ndtri(noise.uniform) - self.distribution.mean) / self.distribution.std
        return self.grid.snap(self.distribution.inverse_transform(scores))
