"""Checked tables of numbers with a schema, and sequences of such tables."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from timegan.tables.detection import SEQUENCE
from timegan.tables.fields import Name
from timegan.tables.ingestion import TableReader
from timegan.tables.raw_columns import find, raw_columns
from timegan.tables.schema import Schema

__all__ = ["SEQUENCE", "Schema", "Sequences", "Table"]


@dataclass(frozen=True)
class Table:
    """Rows of numbers: the rows of a sequence are adjacent and in the order of time.

    Args:
        values: (R, C) float64, NaN where a value is missing: the features, the gap between rows
            where time is irregular, then the exogenous columns (`Schema.value_fields`).
        bounds: (S, 2) first row of each sequence, and the row after its last.
        schema: names, types and roles.
        context: (S, K) columns that are constant within a sequence, encoded like the values.
        time: (R,) int64 or float64; None where the table has no time.
        notes: decisions about the table's columns, as sentences.
    """

    values: np.ndarray
    bounds: np.ndarray
    schema: Schema
    context: np.ndarray
    time: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        columns: Sequence[Name] | None = None,
        sequence_key: Name = None,
        sequence_index: Name = None,
        context_columns: Sequence[Name] | None = None,
        exogenous: Sequence[Name] = (),
        *,
        exclude: Sequence[Name] = (),
        categories: Collection[Name] = (),
        na_values: Sequence[float | str] | None = None,
        time_zone: str | None = None,
        keep_keys: bool = False,
        like: Schema | None = None,
    ) -> "Table":
        """Check a DataFrame and convert it to numbers.

        Args:
            frame: one row a step.
            columns: the features; None takes every column that has no other role.
            sequence_key: the column or index level that tells sequences apart. None takes a column
                called ``sequence`` that ``columns`` does not name, or a level of the index, and one
                long series otherwise.
            sequence_index: the column or index level that holds the time, by which a sequence's
                rows are put in order. None takes the index's, or the one column of dates that
                increase within each sequence, or columns such as year, month and day; without any,
                rows keep their order.
            context_columns: columns that are constant within a sequence. None takes the features
                that never change within one, where there is a key and ``columns`` is None
                (`timegan.tables.context_detection`).
            exogenous: columns that are given from outside at each step.
            exclude: columns to leave out.
            categories: text columns to take for labels even where they read like numbers.
            na_values: numbers and texts that mark missing values. They are written back. None
                looks for numbers such as -9999 (`timegan.tables.missing_marks`).
            time_zone: of local times, such as ``Europe/Berlin``. None looks for it where a clock
                was set forward or back.
            keep_keys: store the keys, for `KeyGenerator` to use them again.
            like: read the columns as this schema does, with its roles, categories and units; the
                other options are ignored.

        Raises:
            InputError: a column cannot be learned; the message says where, and what to do.
        """
        if like is not None:
            roles = {role: [f.name for f in like.of(role)] for role in ("key", "time", "context")}
            columns = [f.name for f in like.of("feature")]
            sequence_key, sequence_index = (
                next(iter(roles[role]), None) for role in ("key", "time")
            )
            if like.of("part"):
                sequence_index = None
            context_columns = roles["context"]
            exogenous = [f.name for f in like.of("exogenous")]
        elif exclude:
            columns_out = [find(name, raw_columns(frame)).name for name in exclude]
            frame = frame.drop(columns=columns_out)
        reader = TableReader(
            frame,
            columns,
            sequence_key,
            sequence_index,
            context_columns,
            exogenous,
            categories,
            na_values,
            like,
            time_zone,
            keep_keys=keep_keys,
        )
        return cls(
            reader.values(),
            reader.bounds,
            reader.schema,
            reader.context(),
            reader.time,
            tuple(reader.roles.notes),
        )

    def reversed(self) -> "Table":
        """Return the table with time running backwards within each sequence."""
        if len(self.bounds) == 1:  # a view, for one series may be long
            time = None if self.time is None else self.time[::-1]
            return replace(self, values=self.values[::-1], time=time)
        order = self.reversed_rows(np.arange(len(self.values)))
        time = None if self.time is None else self.time[order]
        return replace(self, values=self.values[order], time=time)

    def reversed_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers that rows of this table have in the `reversed` one."""
        sequences = np.searchsorted(self.bounds[:, 0], rows, side="right") - 1
        numbers: np.ndarray = self.bounds.sum(axis=1)[sequences] - 1 - rows
        return numbers

    @property
    def lengths(self) -> np.ndarray:
        """Return the rows of each sequence."""
        return np.diff(self.bounds, axis=1)[:, 0]

    @property
    def starts(self) -> np.ndarray | None:
        """Return the time (S,) of each sequence's first row; None where the table has no time."""
        return None if self.time is None else self.time[self.bounds[:, 0]]

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 digest of the table's content."""
        digest = hashlib.sha256(json.dumps(self.schema.state(), sort_keys=True).encode())
        for numbers in (self.bounds, self.values, self.context, self.time):
            if numbers is not None:
                little = numbers.dtype.newbyteorder("<")
                digest.update(np.ascontiguousarray(numbers, dtype=little).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Sequences:
    """Sequences of a table, padded to one length.

    Args:
        values: (n, T, C) as in `timegan.tables.table.Table`; NaN is missing or padding.
        lengths: (n,) rows of each.
        context: (n, K) context columns.
        starts: (n,) time of each first row; None takes the real ones in turn.
    """

    values: np.ndarray
    lengths: np.ndarray
    context: np.ndarray
    starts: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def padded(self, steps: int) -> "Sequences":
        """Return the sequences with padding up to ``steps`` rows."""
        count, have, width = self.values.shape
        padding = np.full((count, steps - have, width), np.nan)
        return replace(self, values=np.concatenate([self.values, padding], axis=1))

    def head(self, count: int) -> "Sequences":
        """Return the first ``count`` sequences, or all if there are fewer."""
        starts = None if self.starts is None else self.starts[:count]
        return Sequences(self.values[:count], self.lengths[:count], self.context[:count], starts)
