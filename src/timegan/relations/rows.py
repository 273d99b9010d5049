"""Rows of sequences by column name: the form in which relations look at any table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Self

import numpy as np

from timegan.tables import Field, Schema, Sequences, Table
from timegan.tables.timestamps import to_local


@dataclass(frozen=True)
class Rows:
    """Columns of a table, one sequence after another.

    Args:
        columns: label -> values (R,) as in `Table.values`; NaN is missing. Context columns are
            repeated in every row of their sequence.
        fields: label -> field of each column.
        bounds: (S, 2) first row of each sequence and the row after its last, without gaps.
        time: (R,) seconds since 1970, in UTC where the time has a zone; None where the table has
            no dates.
        local_time: (R,) these seconds by the local clock.
        time_label: name of the time column; empty where there is none.
        numbers: (R,) the time where it is a number, by the name of its column.
    """

    columns: Mapping[str, np.ndarray]
    fields: Mapping[str, Field]
    bounds: np.ndarray
    time: np.ndarray | None = None
    local_time: np.ndarray | None = None
    time_label: str = ""
    numbers: Mapping[str, np.ndarray] = dataclass_field(default_factory=dict)

    @classmethod
    def of_table(cls, table: Table) -> Self:
        """Return all rows of a table."""
        lengths = table.lengths
        return cls._make(table.schema, table.values, lengths, table.context, table.time)

    @classmethod
    def of_sequences(cls, sequences: Sequences, schema: Schema) -> Self:
        """Return the rows of real or synthetic sequences, without their padding."""
        values, lengths = sequences.values, np.asarray(sequences.lengths)
        mask = np.arange(values.shape[1]) < lengths[:, None]
        times = None
        if sequences.starts is not None and schema.time is not None:
            times = schema.times(values, sequences.starts)[mask]
        kept = lengths > 0
        return cls._make(schema, values[mask], lengths[kept], sequences.context[kept], times)

    @classmethod
    def _make(
        cls,
        schema: Schema,
        values: np.ndarray,
        lengths: np.ndarray,
        context: np.ndarray,
        times: np.ndarray | None,
    ) -> Self:
        columns: dict[str, np.ndarray] = {}
        fields: dict[str, Field] = {}
        for i, field in enumerate(schema.value_fields):
            if field.role != "gap":
                columns[field.label], fields[field.label] = values[:, i], field
        for i, field in enumerate(schema.context_fields):
            columns[field.label], fields[field.label] = np.repeat(context[:, i], lengths), field
        stops = np.cumsum(lengths)
        bounds = np.stack([stops - lengths, stops], axis=1)
        seconds, local = clock_seconds(times, schema.time)
        label = "" if seconds is None or schema.time is None else schema.time.label
        numbers = {}
        if times is not None and schema.time is not None and schema.time.type == "number":
            numbers = {schema.time.label: np.asarray(times, dtype=np.float64)}
        return cls(columns, fields, bounds, seconds, local, label, numbers)

    def __len__(self) -> int:
        return int(self.bounds[-1, 1]) if len(self.bounds) else 0

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each sequence (S,)."""
        return np.diff(self.bounds, axis=1)[:, 0]

    @cached_property
    def follows(self) -> np.ndarray:
        """Mask (R,) of rows that follow another row of their sequence."""
        mask = np.ones(len(self), dtype=bool)
        mask[self.bounds[:, 0]] = False
        return mask

    def take(self, mask: np.ndarray) -> "Rows":
        """Return some rows; those that do not follow one another become sequences of their own.

        Args:
            mask: (R,) rows to take.
        """
        is_first = ~self.follows
        is_first[1:] |= ~mask[:-1]
        firsts = np.flatnonzero(is_first & mask)
        lengths = np.add.reduceat(mask.astype(np.int64), firsts) if len(firsts) else firsts
        stops = np.cumsum(lengths)
        return replace(
            self,
            columns={label: values[mask] for label, values in self.columns.items()},
            bounds=np.stack([stops - lengths, stops], axis=1),
            time=None if self.time is None else self.time[mask],
            local_time=None if self.local_time is None else self.local_time[mask],
            numbers={label: values[mask] for label, values in self.numbers.items()},
        )

    def stretches(self, limit: int, count: int = 20) -> "Rows":
        """Return at most ``limit`` rows, in stretches that lie evenly in the table."""
        return self if len(self) <= limit else self.take(self.stretch_mask(limit, count))

    def stretch_mask(self, limit: int, count: int = 20) -> np.ndarray:
        """Return the mask (R,) of the rows that `stretches` takes."""
        mask = np.full(len(self), len(self) <= limit)
        if mask.all():
            return mask
        size = max(limit // count, 1)
        for first in np.linspace(0, len(self) - size, limit // size).astype(np.int64):
            mask[first : first + size] = True
        return mask

    def seconds(self, label: str) -> np.ndarray:
        """Return the time or a column of dates as seconds since 1970 (R,)."""
        if label == self.time_label and self.time is not None:
            return self.time
        field = self.fields[label]
        seconds: np.ndarray = self.columns[label] + field.offset / field.per_second
        return seconds


def clock_seconds(
    times: np.ndarray | None, field: Field | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return ticks of any shape as seconds since 1970, and the same by the local clock.

    Both are None where the time column holds no dates.
    """
    if times is None or field is None or field.type != "datetime" or not field.unit:
        return None, None
    seconds = times / field.per_second
    if not field.zone:
        return seconds, seconds
    local = to_local(times.ravel(), field.unit, field.zone).reshape(times.shape)
    return seconds, local / field.per_second
