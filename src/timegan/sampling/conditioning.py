"""Conditions of a user: context columns of sequences and exogenous columns of their steps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan.errors import InputError, closest_match
from timegan.tables import Field
from timegan.tables.codecs import encode as numbers
from timegan.transforms.table_transform import TableTransform


def parse_context(frame: pd.DataFrame, transform: TableTransform) -> np.ndarray:
    """Return context columns (n, K) in the table's units, one row a sequence.

    Raises:
        InputError: the model has no context columns, one of them is missing, or a value is missing
            or of another type than in training.
    """
    fields = transform.schema.context_fields
    values = _read(frame, fields, "context", "dataset.context_columns")
    for i, (field, transformer) in enumerate(transform.context_columns):
        empty = np.flatnonzero(np.isnan(values[:, i]))
        if empty.size and not transformer.has_missing:
            raise InputError(
                f"context: column {field.label!r} has no value in row {empty[0] + 1:,}, and the "
                "training table has no missing values there. Fill it."
            )
    return values


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
        raise InputError(
            f"{what} was given, but this model was trained without such columns. Train again with "
            f"{key}=[...], or remove {what}."
        )
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
