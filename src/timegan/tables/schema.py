"""What a synthetic table must look like to resemble the real one, and the making of it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from timegan.tables.codecs import decode
from timegan.tables.detection import SEQUENCE
from timegan.tables.dtypes import revive
from timegan.tables.fields import Field, Name, Role
from timegan.tables.sequence_keys import Labels
from timegan.tables.time_axis import Calendar
from timegan.tables.time_column import write_time


@dataclass(frozen=True)
class Schema:
    """Names, types, roles and places of a table's columns, its index, its keys and its calendar.

    Args:
        fields: index levels first, then columns in the table's order; a gap, which is no column of
            the table, comes last.
        names_dtype: pandas type of the columns' names, where it does not follow from them.
        names_name: what the table calls its columns altogether.
        labels: how keys are made; None where the table has no key.
        calendar: how time runs; None where the table has no time.
    """

    fields: tuple[Field, ...]
    names_dtype: str = ""
    names_name: Name = None
    labels: Labels | None = None
    calendar: Calendar | None = None

    @property
    def value_fields(self) -> tuple[Field, ...]:
        """The C columns of a table's values: features, the gap between rows, exogenous ones."""
        return self.of("feature") + self.of("gap") + self.of("exogenous")

    @property
    def context_fields(self) -> tuple[Field, ...]:
        """The K columns that are constant within a sequence."""
        return self.of("context")

    @property
    def features(self) -> tuple[str, ...]:
        """Labels of the value columns, exogenous ones left out."""
        return tuple(f.label for f in self.of("feature") + self.of("gap"))

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Labels of the exogenous columns, which stand last among the values."""
        return tuple(f.label for f in self.of("exogenous"))

    @property
    def context(self) -> tuple[str, ...]:
        """Labels of the context columns."""
        return tuple(f.label for f in self.of("context"))

    @property
    def dtypes(self) -> tuple[str, ...]:
        """pandas types of the value columns."""
        return tuple(f.dtype for f in self.value_fields)

    @property
    def key(self) -> str | None:
        """Label of the key, if there is one."""
        return next((f.label for f in self.of("key")), None)

    @property
    def time(self) -> Field | None:
        """The time column or index level, if there is one."""
        return next(iter(self.of("time")), None)

    def of(self, role: Role) -> tuple[Field, ...]:
        """The fields of one role, in the table's order."""
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
        """Sequences as a table like the real one: columns, order, types and index.

        Args:
            values: (n, T, C) as in `timegan.tables.table.Table`; NaN is missing.
            lengths: (n,) rows of each sequence; None: all have T.
            context: (n, K); needed where the table has context columns.
            starts: (n,) time of each sequence's first row; None takes the real ones in turn.
            sequence_start: number of the first sequence.
            total: sequences of the whole table that these are a part of; None: these are the last.

        Returns:
            One row a step. Where the table has no key and there are several sequences, a column
            ``sequence`` comes first.

        Raises:
            InputError: more sequences than the key's type can tell apart, or times beyond the
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
            assert self.labels is not None
            made[field] = _each(self.labels.make(sequence_start, count, field, total), owners)
        for field in self.of("time"):
            if starts is None:
                assert self.calendar is not None
                starts = self.calendar.first_starts(sequence_start, len(values))
            times = self.times(values, starts)
            flat = times.ravel() if lengths is None else times[kept]
            made[field] = write_time(flat, field)
        for field in self.of("rows"):
            made[field] = np.arange(len(rows))
        return self._assembled(made, owners + sequence_start, total)

    def times(self, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the times (n, T) of sequences (n, T, C) that begin at ``starts`` (n,)."""
        assert self.calendar is not None
        roles = [field.role for field in self.value_fields]
        gaps = values[..., roles.index("gap")] if "gap" in roles else None
        return self.calendar.times(starts, values.shape[1], gaps)

    def _assembled(self, made: dict[Field, Any], numbers: np.ndarray, total: int) -> pd.DataFrame:
        """Arrays as a table with its index."""
        columns = [field for field in self.fields if not field.index and field.role != "gap"]
        levels = [field for field in self.fields if field.index]
        names: list[Any] = [field.name for field in columns]
        data: list[Any] = [_column(made[field], field) for field in columns]
        dtype: Any = revive(self.names_dtype) if self.names_dtype else None
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
            index = index.astype(revive(level.dtype))
        if level.freq and total == 1:
            with suppress(ValueError):  # times that do not follow it after all
                index.freq = level.freq
        made_index: pd.Index[Any] = index
        return made_index

    def state(self) -> dict[str, Any]:
        """Everything as numbers, strings, lists and dicts: it survives JSON and `torch.save`."""
        return {
            "fields": [field.state() for field in self.fields],
            "names_dtype": self.names_dtype,
            "names_name": self.names_name,
            "labels": self.labels.state() if self.labels else None,
            "calendar": self.calendar.state() if self.calendar else None,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        labels, calendar = state["labels"], state["calendar"]
        return cls(
            fields=tuple(Field.from_state(field) for field in state["fields"]),
            names_dtype=state["names_dtype"],
            names_name=state["names_name"],
            labels=Labels(**labels) if labels else None,
            calendar=Calendar.from_state(calendar) if calendar else None,
        )


def free_name(wanted: str, taken: Iterable[Any]) -> str:
    """A name that no column has."""
    names = {str(name) for name in taken}
    while wanted in names:
        wanted += "_"
    return wanted


def _column(values: Any, field: Field) -> Any:
    """Objects so that pandas leaves them what they are: it would make text of some."""
    if field.dtype != "object":
        return values
    return pd.Series(np.asarray(values, dtype=object), dtype=object)


def _each(values: Any, owners: np.ndarray) -> Any:
    """One value a sequence as one a row."""
    return values.take(owners) if len(values) else values
