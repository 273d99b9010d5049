"""The training rows of one column, as column types examine them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import numpy as np

from timegan.errors import InputError
from timegan.tables import Field
from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import cells_of, drop_missing
from timegan.transforms.detection.duplicates import AffineMap
from timegan.transforms.row_numbers import RowNumbers
from timegan.variation import span

MIN_DOMINANCE = 3.0  # times as many rows as any other value has, for a value to stand out


@dataclass(frozen=True)
class ColumnSample:
    """The training rows of one column.

    Args:
        field: of the column.
        column: (R,) all training rows; NaN where a value is missing.
        sample: contiguous rows for costly examinations.
        breaks: rows of the sample that do not follow upon the one before.
        row_numbers: of all training rows.
        labels: of all columns.
        copy: the map that makes this column of another one; None: there is none.
        is_white_noise: whether the column depends on nothing.
    """

    field: Field
    column: np.ndarray
    sample: slice
    breaks: np.ndarray
    row_numbers: RowNumbers
    labels: Sequence[str]
    copy: AffineMap | None = None
    is_white_noise: bool = False

    @property
    def cells(self) -> str:
        """Kind of a cell, see `ColumnTransformer.cells`."""
        return cells_of(self.field)

    @property
    def rows(self) -> np.ndarray:
        """The rows of the sample, with NaN."""
        rows: np.ndarray = self.column[self.sample]
        return rows

    @cached_property
    def values(self) -> np.ndarray:
        """All training values, without NaN."""
        values: np.ndarray = self.column[~np.isnan(self.column)]
        return values

    @cached_property
    def observed(self) -> np.ndarray:
        """The values of the sample, without NaN."""
        return drop_missing(self.rows, self.breaks)[0]

    @cached_property
    def grid(self) -> ValueGrid:
        """The grid of all training values."""
        return ValueGrid.fit(self.values, self.field.dtype)

    @cached_property
    def varies(self) -> bool:
        """True if two values differ by more than rounding."""
        return varies(self.column)

    @cached_property
    def distinct(self) -> np.ndarray:
        """The distinct values of the sample."""
        return self._distinct_counts[0]

    @cached_property
    def _distinct_counts(self) -> tuple[np.ndarray, np.ndarray]:
        return np.unique(self.observed, return_counts=True)

    def stands_out(self, value: float, min_share: float, others: np.ndarray) -> bool:
        """Check that a value is frequent, and far more frequent than all but ``others``."""
        distinct, counts = self._distinct_counts
        shares = counts / max(self.observed.size, 1)
        usual = float(np.median(counts)) / max(self.observed.size, 1)
        share = float(shares[distinct == value].sum())
        rest = float(shares[~np.isin(distinct, others)].max(initial=0.0))
        return share >= min_share and share >= MIN_DOMINANCE * max(rest, usual)

    def refuse(self, column_type: str, why: str) -> NoReturn:
        """Raise InputError: the column cannot be of the type that the user asks for."""
        raise InputError(
            f"dataset.column_types.{self.field.label}={column_type}: {why}. Set another type, or "
            "auto to leave the choice to the detection."
        )


def varies(column: np.ndarray) -> bool:
    """Check that a column (R,) has two values that differ by more than rounding."""
    return bool(span(np.fmin.reduce(column), np.fmax.reduce(column)) > 0)
