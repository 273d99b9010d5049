"""A table that has been checked: numbers only, one sequence after another, schema beside it."""

import hashlib
import json
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError, nearest

SEQUENCE = "sequence"
"""Name of the key column where a table brings none of its own."""


@dataclass(frozen=True)
class Schema:
    """What a synthetic table must look like to resemble the real one.

    Args:
        features: names of the feature columns, in the table's order.
        dtypes: their pandas types.
        key: name of the column that tells sequences apart; None where the table is one series.
        key_dtype: its pandas type.
        key_position: how many features stand before it.
    """

    features: tuple[str, ...]
    dtypes: tuple[str, ...]
    key: str | None = None
    key_dtype: str = "int64"
    key_position: int = 0


@dataclass(frozen=True)
class Table:
    """Rows of numbers, the rows of a sequence next to each other.

    Args:
        values: (rows, C) in the table's own units, float64.
        bounds: (sequences, 2) first row of each sequence and the row after its last.
        schema: names and types.
    """

    values: np.ndarray
    bounds: np.ndarray
    schema: Schema

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        columns: list[str] | None = None,
        sequence_key: str | None = None,
    ) -> "Table":
        """Check a DataFrame and take its numbers.

        Args:
            frame: one row a step.
            columns: the features; None takes every column but the key.
            sequence_key: the column that tells sequences apart (the order of a sequence's rows is
                kept). None takes a column called ``sequence`` where there is one that ``columns``
                does not name, and one long series otherwise.

        Raises:
            InputError: names that occur twice or do not exist, no rows or one, text, NaN or
                infinity among the features; the message says where.
        """
        names = [str(name) for name in frame.columns]
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise InputError(
                f"The table has the column {repeated!r} more than once: names must differ. "
                "Rename one."
            )
        frame = frame.set_axis(names, axis=1)
        for name in [*(columns or []), *([sequence_key] if sequence_key else [])]:
            _check_exists(name, names)
        if sequence_key is None and SEQUENCE in names and SEQUENCE not in (columns or []):
            sequence_key = SEQUENCE
        features = [n for n in names if (columns is None or n in columns) and n != sequence_key]
        if not features:
            raise InputError(
                "The table has no feature column: at least one column of numbers is needed "
                f"besides the key {sequence_key!r}."
            )
        if len(frame) < 2:
            raise InputError(
                f"The table has {len(frame)} row{'s' * (len(frame) != 1)}: "
                "a series needs at least two. Check dataset.path."
            )
        values = np.stack([_numbers(frame, n, asked=columns is not None) for n in features], axis=1)
        order, bounds = _sequences(frame, sequence_key)
        schema = Schema(
            features=tuple(features),
            dtypes=tuple(str(frame[name].dtype) for name in features),
            key=sequence_key,
            key_dtype=str(frame[sequence_key].dtype) if sequence_key else "int64",
            key_position=sum(names.index(n) < names.index(sequence_key) for n in features)
            if sequence_key
            else 0,
        )
        return cls(values if order is None else values[order], bounds, schema)

    def reversed(self) -> "Table":
        """The same table with time running backwards within each sequence."""
        order = np.concatenate([np.arange(stop - 1, start - 1, -1) for start, stop in self.bounds])
        return Table(self.values[order], self.bounds, self.schema)

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each sequence."""
        return np.diff(self.bounds, axis=1)[:, 0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the values, the sequences and the names: two tables differ if theirs do."""
        schema = json.dumps([self.schema.features, self.schema.dtypes, self.schema.key])
        digest = hashlib.sha256(schema.encode())
        digest.update(np.ascontiguousarray(self.bounds, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(self.values, dtype="<f8").tobytes())
        return digest.hexdigest()


def _check_exists(name: str, names: list[str]) -> None:
    if name in names:
        return
    near = nearest(name, names)
    guess = f" Did you mean {near!r}?" if near else ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    raise InputError(f"The table has no column {name!r}.{guess} It has: {shown}.")


def _numbers(frame: pd.DataFrame, name: str, asked: bool) -> np.ndarray:
    """A column as float64, or an error that says which cell is not a number.

    Args:
        asked: the user named the column, so that it is meant to be a feature.
    """
    column = frame[name]
    if name.startswith("Unnamed: ") and not asked:
        raise InputError(
            "The table has a column without a name (a saved row number?): it would be learned as "
            f"a feature. Give it a name, or list the features: {_remedy(frame, name)}."
        )
    if not types.is_numeric_dtype(column) or types.is_complex_dtype(column):
        _refuse(frame, name, asked)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        what = "no value (NaN)" if np.isnan(values[bad[0]]) else f"{values[bad[0]]}"
        more = f" and {bad.size - 1:,} more like it" if bad.size > 1 else ""
        raise InputError(
            f"Column {name!r} has {what} in row {bad[0] + 1:,} (the first row is 1){more}: every "
            "cell must be a finite number. Fill or drop such rows first."
        )
    return values


def _refuse(frame: pd.DataFrame, name: str, asked: bool) -> NoReturn:
    """Name the cell where most of a column are numbers, and the column otherwise."""
    column = frame[name]
    if types.is_object_dtype(column) or types.is_string_dtype(column):
        cells = column.astype(object)
        numbers = pd.to_numeric(cells, errors="coerce")
        text = np.flatnonzero(numbers.isna().to_numpy() & cells.notna().to_numpy())
        if text.size and (asked or text.size < len(column) / 2):
            raise InputError(
                f"Column {name!r} has the text {cells.iloc[text[0]]!r} in row {text[0] + 1:,} (the "
                "first row is 1): a feature must be a number in every row. Correct the cell, or "
                f"leave the column out: {_remedy(frame, name)}."
            )
        if not text.size and cells.notna().any():
            raise InputError(
                f"Column {name!r} holds numbers stored as {column.dtype}: a feature must have a "
                "numeric type. Convert it first."
            )
    raise InputError(
        f"Column {name!r} ({column.dtype}) does not hold numbers, and a feature must. "
        f"List the features: {_remedy(frame, name)}; or, if this column tells sequences apart, "
        f"give dataset.sequence_key={name}."
    )


def _remedy(frame: pd.DataFrame, name: str) -> str:
    """What to type so that the features are the columns of numbers without ``name``."""
    numeric = [n for n in frame.columns if n != name and types.is_numeric_dtype(frame[n])]
    short = 0 < len(numeric) <= 8 and all(n.isidentifier() for n in numeric)
    return f"dataset.columns=[{','.join(numeric) if short else '...'}]"


def _sequences(frame: pd.DataFrame, key: str | None) -> tuple[np.ndarray | None, np.ndarray]:
    """The order that puts a sequence's rows together (None: it is so), and the bounds."""
    if key is None:
        return None, np.array([[0, len(frame)]])
    codes = pd.factorize(frame[key])[0]
    if (codes < 0).any():
        row = int(np.argmax(codes < 0)) + 1
        raise InputError(
            f"The key column {key!r} is empty in row {row:,}: every row must belong to a sequence."
        )
    stops = np.cumsum(np.bincount(codes))
    bounds = np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1)
    together = bool((np.diff(codes) >= 0).all())
    return (None if together else np.argsort(codes, kind="stable")), bounds
