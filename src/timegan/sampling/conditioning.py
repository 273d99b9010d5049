"""Conditions of a user: context columns of sequences and exogenous columns of their steps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from timegan.errors import InputError, closest_match
from timegan.tables import Field
from timegan.tables.codecs import encode as numbers
from timegan.transforms.missing import Missing
from timegan.transforms.numeric import Continuous
from timegan.transforms.table_transform import LENGTH, TableTransform
from timegan.variation import divisor

MISMATCH = 100.0
"""Distance of two categories, in deviations of a number."""


@dataclass(frozen=True)
class GivenContext:
    """Context columns that a user gives for N sequences.

    Args:
        values: (N, K) context columns in the table's units.
        known: (K,) which columns are given.
        lengths: (N,) rows of each sequence; None: not given.
        notes: about values that the model does not know, as sentences.
    """

    values: np.ndarray
    known: np.ndarray
    lengths: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: slice) -> Self:
        lengths = None if self.lengths is None else self.lengths[rows]
        return replace(self, values=self.values[rows], lengths=lengths)

    def learned(self, transform: TableTransform) -> tuple[np.ndarray, np.ndarray]:
        """Return the learned context columns (N, K'), and which of them are known (K',)."""
        reduce = transform.reduction.reduce_context
        return reduce(self.values), reduce(self.known[None])[0]

    def distances(self, full: np.ndarray, row: int, columns: Sequence[Field]) -> np.ndarray:
        """Return how far contexts (n, K) are from a given one in the columns that are known.

        Numbers count in deviations, and a category or missing value that differs as many of them.
        """
        away = np.zeros(len(full))
        for i in np.flatnonzero(self.known).tolist():
            values, value = full[:, i], self.values[row, i]
            differs = ~((values == value) | (np.isnan(values) & np.isnan(value)))
            if columns[i].type in ("category", "boolean"):
                away += MISMATCH * differs
            else:
                deviation = divisor(np.nan_to_num(np.nanstd(full[:, i])))
                gaps = np.abs(values - value) / deviation
                away += np.where(np.isnan(gaps), MISMATCH * differs, gaps) ** 2
        return away

    def check_followed(self, full: np.ndarray, columns: Sequence[Field]) -> None:
        """Refuse contexts (N, K) in which a column that follows from others is not the given one.

        Raises:
            InputError: names the column.
        """
        for i in np.flatnonzero(self.known).tolist():
            given, made = self.values[:, i], full[:, i]
            wrong = np.flatnonzero((given != made) & ~(np.isnan(given) & np.isnan(made)))
            if wrong.size:
                raise InputError(
                    f"context: {columns[i].label} follows from other columns, and none was found "
                    f"for which it is what row {wrong[0] + 1:,} asks for. Give the others, too."
                )


def parse_context(frame: pd.DataFrame, transform: TableTransform) -> GivenContext:
    """Return the context columns of a table with one row a sequence.

    Columns may be left out. A column ``length`` gives the rows of each sequence, unless the table
    has a context column of this name.

    Raises:
        InputError: the model has no context columns, a column is none of them, or a value is
            missing or of another type than in training.
    """
    fields = transform.schema.context_fields
    has_length = LENGTH.label not in transform.schema.context and not transform.reversed
    names = [field.label for field in fields] + [LENGTH.label] * has_length
    if not fields and list(map(str, frame.columns)) != [LENGTH.label]:
        raise _without_columns("context", "dataset.context_columns")
    if not len(frame):
        raise InputError("context has no rows. Give at least one.")
    for name in map(str, frame.columns):
        if name not in names:
            near = closest_match(name, names)
            hint = f"Did you mean {near!r}?" if near else f"There are: {', '.join(names)}."
            raise InputError(f"context has the column {name!r}, which is no context column. {hint}")
    given = {str(name): frame[name] for name in frame.columns}
    values, notes = np.full((len(frame), len(fields)), np.nan), []
    known = np.array([field.label in given for field in fields], dtype=bool)
    for i, (field, transformer) in enumerate(transform.context_columns):
        if not known[i]:
            continue
        values[:, i] = numbers(given[field.label], field)
        empty = np.flatnonzero(np.isnan(values[:, i]))
        if empty.size and not transformer.has_missing:
            raise InputError(
                f"context: column {field.label!r} has no value in row {empty[0] + 1:,}, and the "
                "training table has no missing values there. Fill it, or leave the column out."
            )
        notes += _beyond_range(field.label, values[:, i], transformer)
    lengths = None
    if has_length and LENGTH.label in given:
        lengths = numbers(given[LENGTH.label], LENGTH)
        if not (lengths >= 1).all() or (lengths % 1).any():
            raise InputError("context: length has to be a whole number from 1 on in every row.")
        lengths = lengths.astype(np.int64)
    return GivenContext(values, known, lengths, tuple(notes))


def _beyond_range(label: str, values: np.ndarray, transformer: object) -> list[str]:
    """Return a sentence about values that lie beyond what the model learned, if there are any."""
    inner = transformer.inner if isinstance(transformer, Missing) else transformer
    if not isinstance(inner, Continuous):
        return []
    low, high = inner.grid.low, inner.grid.high
    outside = np.flatnonzero((values < low) | (values > high))
    if not outside.size:
        return []
    return [
        f"context: {label} is {values[outside[0]]:.10g} in row {outside[0] + 1:,}, and the "
        f"training table leaves room from {low:.6g} to {high:.6g}. Sequences are made as for the "
        "nearest of these values."
    ]


def parse_exogenous(frame: pd.DataFrame, transform: TableTransform, window: int) -> np.ndarray:
    """Return exogenous channels (n, T, U) from the rows of n sequences of T steps.

    Raises:
        InputError: the model has no exogenous columns, a value is missing, or rows are not whole
            sequences.
    """
    fields = transform.schema.of("exogenous")
    values = _read(frame, fields, "exogenous", "dataset.exogenous")
    if np.isnan(values).any():
        raise InputError("exogenous has a missing value. Give a value for every step.")
    if len(values) % window:
        raise InputError(
            f"exogenous has {len(values):,} rows, which are no whole sequences. Give {window} rows "
            "for each sequence."
        )
    channels = transform.transform_exogenous(values, np.arange(0, len(values), window))
    exogenous = channels.reshape(-1, window, channels.shape[-1])
    return exogenous[:, ::-1] if transform.reversed else exogenous


def _read(frame: pd.DataFrame, fields: Sequence[Field], what: str, key: str) -> np.ndarray:
    """Return the columns of some fields as numbers (n, K)."""
    if not fields:
        raise _without_columns(what, key)
    if not len(frame):
        raise InputError(f"{what} has no rows. Give at least one.")
    parts = []
    for field in fields:
        if field.name not in frame.columns:
            near = closest_match(field.label, [str(name) for name in frame.columns])
            hint = f" Did you mean {near!r}?" if near else ""
            raise InputError(
                f"{what} lacks the column {field.label!r}.{hint} Give the columns "
                f"{', '.join(f.label for f in fields)}."
            )
        parts.append(numbers(frame[field.name], field))
    return np.stack(parts, axis=1)


def _without_columns(what: str, key: str) -> InputError:
    """Return the error for conditions of a model that was trained without."""
    return InputError(
        f"{what} was given, but this model was trained without such columns. Train again with "
        f"{key}=[...], or remove {what}."
    )
