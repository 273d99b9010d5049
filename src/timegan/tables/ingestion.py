"""Conversion of a DataFrame to numbers: roles, order, fields, time axis, values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.codecs import encode
from timegan.tables.context_detection import find_constant_columns
from timegan.tables.detection import infer_roles
from timegan.tables.dtypes import dtype_name
from timegan.tables.field_inference import UnsupportedColumn, infer_field
from timegan.tables.fields import Field, Name, Role
from timegan.tables.hints import note_even_numbers, note_labels, note_return
from timegan.tables.missing_marks import find_marks, find_text_marks
from timegan.tables.raw_columns import ColumnRoles, RawColumn, free_name
from timegan.tables.schema import Schema
from timegan.tables.sequence_keys import KeyGenerator, infer_key
from timegan.tables.time_axis import TimeAxis
from timegan.tables.time_column import infer_time, read_time


class TableReader:
    """Reader of one table; `timegan.tables.table.Table.from_frame` describes the arguments.

    Columns are encoded and sorted one by one, which needs the memory of a single column beside the
    frame and the values.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Sequence[Name] | None,
        sequence_key: Name,
        sequence_index: Name,
        context_columns: Sequence[Name] | None,
        exogenous: Sequence[Name],
        categories: Collection[Name],
        na_values: Sequence[float | str] | None,
        like: Schema | None,
        time_zone: str | None = None,
        *,
        keep_keys: bool = False,
    ) -> None:
        least = 2 if like is None else 1  # a known table may go on from one row
        if len(frame) < least:
            raise InputError(
                f"The table has {len(frame)} row{'s' * (len(frame) != 1)}: "
                f"a series needs at least {least}. Give more rows."
            )
        self.frame = frame
        self.like = like
        self.keep_keys = keep_keys
        self.categories = {str(name) for name in categories}
        self.roles = infer_roles(
            frame,
            columns,
            sequence_key,
            sequence_index,
            context_columns or (),
            exogenous,
            parts={field.date_format: field.name for field in like.of("part")} if like else None,
            time_zone=time_zone,
            is_known=like is not None,
        )
        self.roles.notes[:0] = frame.attrs.get("notes", [])
        self.key_generator: KeyGenerator | None = None
        if columns is None:
            _check_unnamed(self.roles)
        time = self._read_time()
        self.order, self.bounds, moved = order_rows(self.roles.codes, time, len(frame))
        if moved:
            self.roles.notes.append("Rows were put in the order of time within each sequence.")
        self.time = time if time is None or self.order is None else time[self.order]
        time_field = next((c.field for c in self.roles.of("time")), None)
        if self.roles.of("key") and self.time is not None and time_field and time_field.unit:
            second = time_field.per_second
            note_return(self.roles, self.time, self.bounds, self.order, second)
        self.found_context = []
        if context_columns is None and columns is None:
            self.found_context = self._assign_context()
        self.na_values = {} if like else self._find_marks(na_values)
        self.fields = {column: self._field(column) for column in self.roles.columns}
        if like is None and columns is None:
            note_even_numbers(self.roles, self.bounds, self.order)
            note_labels(self.roles, list(self.fields.items()), self.bounds)
        self.time_axis = like.time_axis if like else self._time_axis()

    @cached_property
    def schema(self) -> Schema:
        """Return the table's schema, or the one that it was read by."""
        if self.like is not None:
            return self.like
        fields = [self.fields[column] for column in self.roles.columns]
        names = [field.name for field in fields if not field.index]
        if self.has_irregular_time:
            time = self.roles.of("time")[0]
            word = "time" if time.name is None else time.label
            name = free_name(f"{word} gap", [column.name for column in self.roles.columns])
            fields.append(Field(name, "gap", "number", "float64"))
        inferred: Any = pd.Index(names).dtype
        kept: Any = self.frame.columns.dtype
        called = self.frame.columns.name
        return Schema(
            tuple(fields),
            "" if inferred == kept else dtype_name(kept),
            called if called is None or isinstance(called, str | int) else str(called),
            self.key_generator,
            self.time_axis,
        )

    @property
    def has_irregular_time(self) -> bool:
        """Check that the gaps between rows have to be learned."""
        return self.time_axis is not None and not self.time_axis.is_regular

    def values(self) -> np.ndarray:
        """Return the features, the gap and the exogenous columns (R, C)."""
        features, exogenous = self.roles.of("feature"), self.roles.of("exogenous")
        columns = [*features, *([None] if self.has_irregular_time else []), *exogenous]
        if not features and not self.has_irregular_time:
            others = ", ".join(repr(column.label) for column in self.roles.columns)
            raise InputError(
                "The table has no feature column: at least one is needed besides "
                f"{others or 'the index'}."
            )
        values = np.empty((len(self.frame), len(columns)), dtype=np.float64)
        for i, column in enumerate(columns):
            values[:, i] = self._gaps() if column is None else self._coded(column)
        return values

    def context(self) -> np.ndarray:
        """Return the context columns (S, K), one row a sequence.

        Raises:
            InputError: a column changes within a sequence.
        """
        columns = self.roles.of("context")
        context = np.empty((len(self.bounds), len(columns)), dtype=np.float64)
        for i, column in enumerate(columns):
            coded = self._coded(column)
            context[:, i] = coded[self.bounds[:, 0]]
            known = np.repeat(context[:, i], np.diff(self.bounds)[:, 0])
            changed = np.flatnonzero((coded != known) & ~(np.isnan(coded) & np.isnan(known)))
            if changed.size:
                raise InputError(self._not_constant(column, int(changed[0])))
        return context

    def _coded(self, column: RawColumn) -> np.ndarray:
        coded = encode(column.series, self.fields[column])
        return coded if self.order is None else coded[self.order]

    def _gaps(self) -> np.ndarray:
        assert self.time_axis is not None
        if self.time is None:
            raise InputError("The training table has a time column, and this one has none. Add it.")
        return self.time_axis.gaps(self.time, self.bounds)

    def _known(self, column: RawColumn) -> Field | None:
        fields = self.like.fields if self.like else ()
        return next((f for f in fields if f.label == column.label and f.role == column.role), None)

    def _assign_context(self) -> list[RawColumn]:
        """Take columns that never change within a sequence for context columns."""
        features = self.roles.of("feature")
        if self.roles.codes is None or len(features) < 2:
            return []
        found = find_constant_columns(features, self.bounds, self.order)
        if not found or len(found) == len(features):
            return []
        for column in found:
            column.role = "context"
        names = ", ".join(repr(column.label) for column in found)
        self.roles.notes.append(
            f"{names} never change{'s' * (len(found) == 1)} within a sequence: context "
            f"column{'s' * (len(found) > 1)}. Set dataset.context_columns=[] to learn "
            f"{'it as a feature' if len(found) == 1 else 'them as features'}."
        )
        return found

    def _find_marks(
        self, given: Sequence[float | str] | None
    ) -> Mapping[str, Sequence[float | str]]:
        """Return marks for missing values by the label of their column: given or detected ones."""
        roles: tuple[Role, ...] = ("feature", "exogenous", "context")
        columns = [column for role in roles for column in self.roles.of(role)]
        if given is not None:
            return {column.label: given for column in columns}
        found = find_marks(columns)
        for label, text in find_text_marks(columns).items():
            self.roles.notes.append(
                f"{text!r} in {label!r} looks like a mark for missing values, and is learned as a "
                f'label. Set dataset.na_values=["{text}"] to learn it as a missing value.'
            )
        for mark in sorted({mark for some in found.values() for mark in some}):
            names = ", ".join(repr(label) for label, some in found.items() if mark in some)
            self.roles.notes.append(
                f"{mark:.10g} looks like a mark for missing values: {names}. It is learned as a "
                "missing value and written back. Set dataset.na_values=[] to learn it as a number."
            )
        return found

    def _read_time(self) -> np.ndarray | None:
        column = next(iter(self.roles.of("time")), None)
        if column is None:
            return None
        field = self._known(column) or self._time_field(column)
        return read_time(column.series, field, self.roles.codes)

    def _time_field(self, column: RawColumn) -> Field:
        if column.field is None:
            column.field = infer_time(column.series, column.name, column.index)
        return replace(column.field, wall_format=column.wall_format)

    def _field(self, column: RawColumn) -> Field:
        known = self._known(column)
        if known is not None:
            return known
        if column.role == "time":
            field = self._time_field(column)
            index: Any = self.frame.index
            freq = index.freqstr if self._knows_frequency(column) else None
            return replace(field, freq=freq or "", is_hidden=column.is_hidden)
        if column.role == "key":
            assert self.roles.codes is not None
            firsts = np.unique(self.roles.codes, return_index=True)[1]
            labels = column.series.iloc[firsts].reset_index(drop=True)
            field, self.key_generator = infer_key(
                labels, column.name, column.index, keep=self.keep_keys
            )
            return field
        if column.role == "part":
            dtype = dtype_name(column.series.dtype)
            part = next(k for k, other in self.roles.parts.items() if other is column)
            return Field(
                column.name,
                "part",
                "datetime" if "%" in part else "number",
                dtype,
                date_format=part,
            )
        if column.role == "rows":
            return Field(column.name, "rows", "number", dtype_name(column.series.dtype), True)
        assert column.role is not None
        try:
            return infer_field(
                column.series,
                column.name,
                column.role,
                index=column.index,
                category=column.label in self.categories,
                na_values=self.na_values.get(column.label, ()),
                cells=len(self.bounds) if column in self.found_context else None,
            )
        except UnsupportedColumn as error:
            raise InputError(
                f"{error} Or leave it out: dataset.exclude=[{column.label}]."
            ) from error

    def _knows_frequency(self, column: RawColumn) -> bool:
        kinds = (pd.DatetimeIndex, pd.TimedeltaIndex)
        return column.index and self.order is None and isinstance(self.frame.index, kinds)

    def _time_axis(self) -> TimeAxis | None:
        column = next(iter(self.roles.of("time")), None)
        if column is None or self.time is None:
            return None
        return TimeAxis.fit(self.time, self.bounds, self.fields[column])

    def _not_constant(self, column: RawColumn, row: int) -> str:
        place = row if self.order is None else int(self.order[row])
        first = int(self.bounds[np.searchsorted(self.bounds[:, 1], row, side="right"), 0])
        before = first if self.order is None else int(self.order[first])
        key = next(iter(self.roles.of("key")), None)
        which = f"sequence {_cell(key, place)}" if key else "the series"
        return (
            f"The context column {column.label!r} is {_cell(column, before)} and then "
            f"{_cell(column, place)} within {which} (row {place + 1:,}; the first row is 1): "
            "context is constant within a sequence. Remove it from dataset.context_columns to "
            "learn it as a feature, or add it to dataset.exogenous."
        )


def _cell(column: RawColumn, row: int) -> str:
    """Return a cell as it is written in a table."""
    value = column.series.iloc[row]
    return repr(value) if isinstance(value, str) else str(value)


def order_rows(
    codes: np.ndarray | None, time: np.ndarray | None, rows: int
) -> tuple[np.ndarray | None, np.ndarray, bool]:
    """Return the order by sequence and time, the sequences' bounds, and if time moved a row.

    Args:
        codes: (R,) sequence of each row; None where there is one sequence.
        time: (R,), if the table has a time.
        rows: R.

    Returns:
        The order (R,), or None where the rows are in order; bounds (S, 2); True if rows of a
        sequence changed places.
    """
    if codes is None:
        bounds = np.array([[0, rows]])
        order = None
    else:
        stops = np.cumsum(np.bincount(codes))
        bounds = np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1)
        together = bool((np.diff(codes) >= 0).all())
        order = None if together else np.argsort(codes, kind="stable")
    if time is None:
        return order, bounds, False
    placed = time if order is None else time[order]
    falls = np.diff(placed) < 0
    falls[bounds[1:, 0] - 1] = False
    if not falls.any():
        return order, bounds, False
    keys = (time,) if codes is None else (time, codes)
    return np.lexsort(keys), bounds, True


def _check_unnamed(roles: ColumnRoles) -> None:
    for column in roles.of("feature"):
        if column.label.startswith("Unnamed: "):
            raise InputError(
                "The table has a column without a name (a saved row number?). Give it a name, or "
                f"leave it out: dataset.exclude=['{column.label}']."
            )
