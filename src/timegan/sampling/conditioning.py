"""Conditions that a user sets: context of the sequences, exogenous columns of their steps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan.errors import InputError, nearest
from timegan.tables import Field
from timegan.tables.codecs import encode as numbers
from timegan.transforms.table_transform import TableTransform


def read_context(frame: pd.DataFrame, transform: TableTransform) -> np.ndarray:
    """Static columns (n, K) in the table's units, a row for each sequence that is asked for.

    Raises:
        InputError: the table has no static columns, one of them is missing or empty, or a value is
            of another type than those that were learned.
    """
    fields = transform.schema.context_fields
    values = _read(frame, fields, "context", "dataset.context_columns")
    for i, (field, transformer) in enumerate(transform.context_columns):
        empty = np.flatnonzero(np.isnan(values[:, i]))
        if empty.size and not transformer.has_missing:
            raise InputError(
                f"context: column {field.label!r} has no value in row {empty[0] + 1:,}, and none "
                "was missing in the table that was learned. Fill it."
            )
    return values


def parse_exogenous(frame: pd.DataFrame, transform: TableTransform, window: int) -> np.ndarray:
    """Return exogenous columns as channels (n, T, U), from the rows of n sequences of T steps.

    Raises:
        InputError: the table has no such columns, or the rows are not whole sequences.
    """
    fields = transform.schema.of("exogenous")
    values = _read(frame, fields, "exogenous", "dataset.exogenous")
    if np.isnan(values).any():
        raise InputError("exogenous: a value is missing. Give one for every step.")
    if len(values) % window:
        raise InputError(
            f"exogenous has {len(values):,} rows, and sequences have {window} steps: give whole "
            f"sequences, {window} rows each."
        )
    channels = transform.transform_exogenous(values, np.arange(0, len(values), window))
    made = channels.reshape(-1, window, channels.shape[-1])
    return made[:, ::-1] if transform.reversed else made


def _read(frame: pd.DataFrame, fields: Sequence[Field], what: str, key: str) -> np.ndarray:
    """The columns of these fields as numbers (n, K)."""
    if not fields:
        raise InputError(
            f"{what} was given, and the model was trained without: it would have needed "
            f"{key}=[...] then."
        )
    if not len(frame):
        raise InputError(f"{what} has no row: nothing is asked for.")
    parts = []
    for field in fields:
        if field.name not in frame.columns:
            near = nearest(field.label, [str(name) for name in frame.columns])
            hint = f" Did you mean {near!r}?" if near else ""
            raise InputError(
                f"{what} lacks the column {field.label!r}.{hint} It needs "
                f"{', '.join(f.label for f in fields)}."
            )
        parts.append(numbers(frame[field.name], field))
    return np.stack(parts, axis=1)
