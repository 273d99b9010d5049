"""From a DataFrame to numbers, step by step: roles, order, fields, calendar, values."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.codecs import encode
from timegan.tables.detection import find_roles
from timegan.tables.dtypes import describe, is_number
from timegan.tables.field_inference import Refusal, learn
from timegan.tables.fields import Field, Name
from timegan.tables.raw_columns import Roles, Slot
from timegan.tables.schema import Schema, free_name
from timegan.tables.sequence_keys import Labels, learn_key
from timegan.tables.time_axis import Calendar
from timegan.tables.time_column import learn_time, read_time


class Intake:
    """One reading of a table; see `timegan.tables.table.Table.from_frame` for the arguments.

    A column is read, coded and put in order on its own, so that beside the frame and the values
    there is never more than a column in memory.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Sequence[Name] | None,
        sequence_key: Name,
        sequence_index: Name,
        context_columns: Sequence[Name],
        exogenous: Sequence[Name],
        categories: Collection[Name],
        like: Schema | None,
    ) -> None:
        if len(frame) < 2:
            raise InputError(
                f"The table has {len(frame)} row{'s' * (len(frame) != 1)}: "
                "a series needs at least two. Check dataset.path."
            )
        self.frame = frame
        self.like = like
        self.categories = {str(name) for name in categories}
        self.roles = find_roles(
            frame, columns, sequence_key, sequence_index, context_columns, exogenous
        )
        self.labels: Labels | None = None
        if columns is None:
            _check_unnamed(self.roles)
        time = self._read_time()
        self.order, self.bounds, moved = order_rows(self.roles.codes, time, len(frame))
        if moved:
            self.roles.notes.append("Rows were put in the order of time within each sequence.")
        self.time = time if time is None or self.order is None else time[self.order]
        self.fields = {slot: self._field(slot) for slot in self.roles.slots}
        self.calendar = like.calendar if like else self._calendar()

    @cached_property
    def schema(self) -> Schema:
        """The table's schema, or the one that it was read by."""
        if self.like is not None:
            return self.like
        fields = [self.fields[slot] for slot in self.roles.slots]
        names = [field.name for field in fields if not field.index]
        if self.gapped:
            time = self.roles.of("time")[0]
            word = "time" if time.name is None else time.label
            name = free_name(f"{word} gap", [slot.name for slot in self.roles.slots])
            fields.append(Field(name, "gap", "number", "float64"))
        inferred: Any = pd.Index(names).dtype
        kept: Any = self.frame.columns.dtype
        called = self.frame.columns.name
        return Schema(
            tuple(fields),
            "" if inferred == kept else describe(kept),
            called if called is None or isinstance(called, str | int) else str(called),
            self.labels,
            self.calendar,
        )

    @property
    def gapped(self) -> bool:
        """Whether the gaps between rows are to be learned."""
        return self.calendar is not None and not self.calendar.regular

    def values(self) -> np.ndarray:
        """The features, the gap and the exogenous columns (R, C)."""
        features, exogenous = self.roles.of("feature"), self.roles.of("exogenous")
        columns = [*features, *([None] if self.gapped else []), *exogenous]
        if not features and not self.gapped:
            others = ", ".join(repr(slot.label) for slot in self.roles.slots)
            raise InputError(
                "The table has no feature column: at least one is needed besides "
                f"{others or 'the index'}."
            )
        values = np.empty((len(self.frame), len(columns)), dtype=np.float64)
        for i, slot in enumerate(columns):
            values[:, i] = self._gaps() if slot is None else self._coded(slot)
        return values

    def context(self) -> np.ndarray:
        """The context columns (S, K), one row a sequence.

        Raises:
            InputError: a column that changes within a sequence.
        """
        slots = self.roles.of("context")
        context = np.empty((len(self.bounds), len(slots)), dtype=np.float64)
        for i, slot in enumerate(slots):
            coded = self._coded(slot)
            context[:, i] = coded[self.bounds[:, 0]]
            known = np.repeat(context[:, i], np.diff(self.bounds)[:, 0])
            changed = np.flatnonzero((coded != known) & ~(np.isnan(coded) & np.isnan(known)))
            if changed.size:
                raise InputError(self._not_constant(slot, int(changed[0])))
        return context

    def _coded(self, slot: Slot) -> np.ndarray:
        coded = encode(slot.series, self.fields[slot])
        return coded if self.order is None else coded[self.order]

    def _gaps(self) -> np.ndarray:
        assert self.calendar is not None
        if self.time is None:
            raise InputError("The table that was learned has a time, and this one has none.")
        return self.calendar.gaps(self.time, self.bounds)

    def _known(self, slot: Slot) -> Field | None:
        fields = self.like.fields if self.like else ()
        return next((f for f in fields if f.label == slot.label and f.role == slot.role), None)

    def _read_time(self) -> np.ndarray | None:
        slot = next(iter(self.roles.of("time")), None)
        if slot is None:
            return None
        return read_time(slot.series, self._known(slot) or self._time_field(slot))

    def _time_field(self, slot: Slot) -> Field:
        if slot.field is None:
            slot.field = learn_time(slot.series, slot.name, slot.index)
        return slot.field

    def _field(self, slot: Slot) -> Field:
        known = self._known(slot)
        if known is not None:
            return known
        if slot.role == "time":
            field = self._time_field(slot)
            index: Any = self.frame.index
            freq = index.freqstr if self._knows_frequency(slot) else None
            return replace(field, freq=freq or "")
        if slot.role == "key":
            assert self.roles.codes is not None
            firsts = np.unique(self.roles.codes, return_index=True)[1]
            labels = slot.series.iloc[firsts].reset_index(drop=True)
            field, self.labels = learn_key(labels, slot.name, slot.index)
            return field
        if slot.role == "rows":
            return Field(slot.name, "rows", "number", describe(slot.series.dtype), True)
        assert slot.role is not None
        try:
            return learn(
                slot.series,
                slot.name,
                slot.role,
                index=slot.index,
                category=slot.label in self.categories,
            )
        except Refusal as error:
            raise InputError(f"{error} Or leave it out: {self._remedy(slot)}.") from error

    def _knows_frequency(self, slot: Slot) -> bool:
        kinds = (pd.DatetimeIndex, pd.TimedeltaIndex)
        return slot.index and self.order is None and isinstance(self.frame.index, kinds)

    def _calendar(self) -> Calendar | None:
        slot = next(iter(self.roles.of("time")), None)
        if slot is None or self.time is None:
            return None
        return Calendar.fit(self.time, self.bounds, self.fields[slot])

    def _remedy(self, refused: Slot) -> str:
        """What to type so that the features are the columns of numbers without the refused one."""
        slots = [s for s in self.roles.of("feature") if s is not refused]
        names = [s.label for s in slots if is_number(s.series.dtype)]
        short = 0 < len(names) <= 8 and all(name.isidentifier() for name in names)
        return f"dataset.columns=[{','.join(names) if short else '...'}]"

    def _not_constant(self, slot: Slot, row: int) -> str:
        place = row if self.order is None else int(self.order[row])
        first = int(self.bounds[np.searchsorted(self.bounds[:, 1], row, side="right"), 0])
        before = first if self.order is None else int(self.order[first])
        key = next(iter(self.roles.of("key")), None)
        which = f"sequence {_cell(key, place)}" if key else "the series"
        return (
            f"The context column {slot.label!r} is {_cell(slot, before)} and then "
            f"{_cell(slot, place)} within {which} (row {place + 1:,}; the first row is 1): "
            "context is constant within a sequence. Take it out of dataset.context_columns, and it "
            "is learned as a feature, or give it to dataset.exogenous."
        )


def _cell(slot: Slot, row: int) -> str:
    """A cell as people write it."""
    value = slot.series.iloc[row]
    return repr(value) if isinstance(value, str) else str(value)


def order_rows(
    codes: np.ndarray | None, time: np.ndarray | None, rows: int
) -> tuple[np.ndarray | None, np.ndarray, bool]:
    """The order that puts sequences together and in time, their bounds, and if time moved any.

    Args:
        codes: (R,) sequence of each row; None where there is one sequence.
        time: (R,), if the table has a time.
        rows: R.

    Returns:
        The order (R,), or None where the rows are in order; bounds (S, 2); whether rows of a
        sequence changed places among each other.
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


def _check_unnamed(roles: Roles) -> None:
    for slot in roles.of("feature"):
        if slot.label.startswith("Unnamed: "):
            numbers = [
                s.label
                for s in roles.of("feature")
                if s is not slot and types.is_numeric_dtype(s.series.dtype)
            ]
            short = 0 < len(numbers) <= 8 and all(name.isidentifier() for name in numbers)
            raise InputError(
                "The table has a column without a name (a saved row number?): it would be learned "
                "as a feature. Give it a name, or list the features: "
                f"dataset.columns=[{','.join(numbers) if short else '...'}]."
            )
