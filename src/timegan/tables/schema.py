"""Schema of a table, and conversion of sequences to a table of this schema."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from timegan.records import Record
from timegan.tables.codecs import decode, decode_integers
from timegan.tables.date_parts import split_part
from timegan.tables.detection import SEQUENCE
from timegan.tables.dtypes import parse_dtype
from timegan.tables.fields import Field, Name, Role
from timegan.tables.raw_columns import free_name
from timegan.tables.sequence_keys import KeyGenerator
from timegan.tables.time_axis import TimeAxis
from timegan.tables.time_column import write_time
from timegan.tables.timestamps import from_ticks


@dataclass(frozen=True)
class Schema(Record):
    """Names, types, roles and order of a table's columns, its index, its keys and its time axis.

    Args:
        fields: index levels first, then columns in the table's order; a gap, which is not a column
            of the table, comes last.
        names_dtype: pandas type of the columns' names, where pandas would infer another.
        names_name: name of the table's columns index.
        key_generator: rule for new keys; None where the table has no key.
        time_axis: rule for times; None where the table has no time.
    """

    fields: tuple[Field, ...]
    names_dtype: str = ""
    names_name: Name = None
    key_generator: KeyGenerator | None = None
    time_axis: TimeAxis | None = None

    @property
    def value_fields(self) -> tuple[Field, ...]:
        """Return the C value columns: features, gap between rows, exogenous columns."""
        return self.of("feature") + self.of("gap") + self.of("exogenous")

    @property
    def context_fields(self) -> tuple[Field, ...]:
        """Return the K columns that are constant within a sequence."""
        return self.of("context")

    @property
    def features(self) -> tuple[str, ...]:
        """Return the labels of the value columns without the exogenous ones."""
        return tuple(f.label for f in self.of("feature") + self.of("gap"))

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Return the labels of the exogenous columns, which are last among the values."""
        return tuple(f.label for f in self.of("exogenous"))

    @property
    def context(self) -> tuple[str, ...]:
        """Return the labels of the context columns."""
        return tuple(f.label for f in self.of("context"))

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Return the pandas types of the value columns."""
        return tuple(f.dtype for f in self.value_fields)

    @property
    def key(self) -> str | None:
        """Return the label of the key, if any."""
        return next((f.label for f in self.of("key")), None)

    @property
    def time(self) -> Field | None:
        """Return the time column or index level, if any."""
        return next(iter(self.of("time")), None)

    def of(self, role: Role) -> tuple[Field, ...]:
        """Return the fields of one role, in the table's order."""
        return tuple(field for field in self.fields if field.role == role)

    def to_frame(
        self,
        values: np.ndarray,
        lengths: np.ndarray | None = None,
        context: np.ndarray | None = None,
        starts: np.ndarray | None = None,
        sequence_start: int = 0,
        total: int | None = None,
    ) -> pd.DataFrame:
        """Convert sequences to a table like the real one: columns, order, types and index.

        Args:
            values: (n, T, C) as in `timegan.tables.table.Table`; NaN is missing.
            lengths: (n,) rows of each sequence; None: all have T.
            context: (n, K); needed where the table has context columns.
            starts: (n,) time of each sequence's first row; None takes the real ones in turn.
            sequence_start: number of the first sequence.
            total: sequences of the whole table; None: these are the last.

        Returns:
            One row a step. Where the table has no key and there are several sequences, a column
            ``sequence`` comes first.

        Raises:
            InputError: the key's type cannot tell so many sequences apart, or times run beyond the
                calendar.
        """
        count, steps, _ = values.shape
        total = sequence_start + count if total is None else total
        if lengths is None:
            rows, owners = values.reshape(count * steps, -1), np.repeat(np.arange(count), steps)
        else:
            kept = np.arange(steps) < np.asarray(lengths)[:, None]
            rows, owners = values[kept], np.nonzero(kept)[0]
        made: dict[Field, Any] = {}
        for i, field in enumerate(self.value_fields):
            if field.role != "gap":
                made[field] = decode(rows[:, i], field)
        for i, field in enumerate(self.context_fields):
            if context is None:
                raise ValueError(f"The table has the context column {field.label!r}: give context.")
            made[field] = _each(decode(np.asarray(context)[:, i], field), owners)
        for field in self.of("key"):
            assert self.key_generator is not None
            made[field] = _each(
                self.key_generator.make(sequence_start, count, field, total), owners
            )
        for field in self.of("time"):
            if starts is None:
                assert self.time_axis is not None
                starts = self.time_axis.first_starts(sequence_start, len(values))
            times = self.times(values, starts)
            flat = times.ravel() if lengths is None else times[kept]
            if not field.is_hidden:
                made[field] = write_time(flat, field)
            for part in self.of("part"):
                made[part] = (
                    from_ticks(flat, part)
                    if part.type == "datetime"
                    else decode_integers(split_part(flat, part.date_format), part)
                )
        for field in self.of("rows"):
            made[field] = np.arange(len(rows))
        return self._assembled(made, owners + sequence_start, total)

    def times(self, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the times (n, T) of sequences (n, T, C) that begin at ``starts`` (n,)."""
        assert self.time_axis is not None
        roles = [field.role for field in self.value_fields]
        gaps = values[..., roles.index("gap")] if "gap" in roles else None
        return self.time_axis.times(starts, values.shape[1], gaps)

    def _assembled(self, made: dict[Field, Any], numbers: np.ndarray, total: int) -> pd.DataFrame:
        """Combine arrays to a table with its index."""
        absent = [field for field in self.fields if field.is_hidden or field.role == "gap"]
        columns = [field for field in self.fields if not field.index and field not in absent]
        levels = [field for field in self.fields if field.index]
        names: list[Any] = [field.name for field in columns]
        data: list[Any] = [_column(made[field], field) for field in columns]
        dtype: Any = parse_dtype(self.names_dtype) if self.names_dtype else None
        if not self.of("key") and total > 1:
            names.insert(0, free_name(SEQUENCE, names + [level.name for level in levels]))
            data.insert(0, numbers)
            dtype = None
        rows = None if data else range(len(numbers))
        frame = pd.DataFrame(dict(enumerate(data)), index=rows, copy=False)
        frame.columns = pd.Index(names, dtype=dtype, name=self.names_name)
        if levels:
            frame.index = self._index(levels, made, total)
        return frame

    def _index(self, levels: list[Field], made: dict[Field, Any], total: int) -> "pd.Index[Any]":
        indexes = [pd.Index(_column(made[level], level), name=level.name) for level in levels]
        if len(levels) > 1:
            return pd.MultiIndex.from_arrays(indexes, names=[level.name for level in levels])
        index: Any = indexes[0]
        level = levels[0]
        if level.role == "rows":
            index = index.astype(parse_dtype(level.dtype))
        if level.freq and total == 1:
            with suppress(ValueError):  # these times do not have the frequency
                index.freq = level.freq
        made_index: pd.Index[Any] = index
        return made_index


def _column(values: Any, field: Field) -> Any:
    """Return values as pandas keeps them: it would convert some objects to text."""
    if field.dtype != "object":
        return values
    return pd.Series(np.asarray(values, dtype=object), dtype=object)


def _each(values: Any, owners: np.ndarray) -> Any:
    """Repeat one value a sequence for each of its rows."""
    return values.take(owners) if len(values) else values
