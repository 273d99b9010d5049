"""Start times that a user asks for, as ticks of the time column."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables import Field
from timegan.tables.date_formats import NAT, common_date_format, parse
from timegan.tables.day_frequencies import positions_on, split_days
from timegan.tables.dtypes import parse_dtype
from timegan.tables.time_column import read_time, write_time
from timegan.tables.timestamps import PYTHON_DATE, from_local, to_local
from timegan.transforms.table_transform import TableTransform

StartTime = str | int | float | datetime.date | datetime.timedelta | np.generic
"""One start time: text such as ``2026-01-05 07:00``, a date, or a number."""


def parse_starts(
    start: StartTime | Sequence[StartTime], transform: TableTransform, count: int
) -> np.ndarray:
    """Return the time (n,) of the first row of each sequence, as the time column counts.

    Args:
        start: one time for all sequences, or one for each.
        transform: of the training table.
        count: n, the number of sequences.

    Raises:
        InputError: the table has no time, a value cannot be read or lies between the times that
            the column can hold, or the number of times is not that of sequences.
    """
    values = [start] if isinstance(start, StartTime) else list(start)
    field, axis = transform.schema.time, transform.schema.time_axis
    if field is None or axis is None:
        raise InputError(
            f"start={_shown(values[0])}: the training table has no time column. Remove start, or "
            "train again with dataset.sequence_index=COLUMN."
        )
    if len(values) not in (1, count):
        raise InputError(
            f"start has {len(values):,} times for {count:,} sequences. Give one, or one for each."
        )
    dtype = np.float64 if axis.is_float else np.int64
    starts = np.array([_ticks(value, field, dtype) for value in values], dtype=dtype)
    if axis.freq:
        local = to_local(starts, axis.unit, axis.zone) if axis.local_time else starts
        for value, day in zip(values, split_days(local, axis.unit)[0], strict=True):
            if positions_on(np.array([day]), axis.freq) is None:
                raise InputError(
                    f"start={_shown(value)} is not among the days of the training table, whose "
                    f"frequency is {axis.freq!r} in pandas. Set one of these days."
                )
    return np.repeat(starts, count) if len(starts) == 1 else starts


def _ticks(value: object, field: Field, dtype: type[np.generic]) -> int | float:
    """Return one time as the column counts.

    Raises:
        InputError: it cannot be read, or the column cannot hold it.
    """
    try:
        ticks = _read(value, field, is_float=dtype is np.float64)
        column = pd.Series(write_time(np.array([ticks], dtype=dtype), field))
        is_kept = read_time(column, field)[0] == ticks
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"start={_shown(value)} cannot be read as a time of the column {field.label!r} "
            f"({error}). Set {_example(field)}."
        ) from error
    if not is_kept:
        written = field.date_format or field.dtype
        raise InputError(
            f"start={_shown(value)} lies between the times that the column {field.label!r} can "
            f"hold ({written}). Set {_example(field)}."
        )
    return ticks


def _read(value: Any, field: Field, *, is_float: bool) -> int | float:
    if isinstance(value, bool) or value is None:
        raise TypeError("it is no time")
    if field.dtype.startswith("period"):
        return int(pd.Period(value, freq=parse_dtype(field.dtype).freq).ordinal)
    if field.type == "number":
        number = float(value)
        if not np.isfinite(number) or not (is_float or number.is_integer()):
            raise ValueError("it is not a finite number" if is_float else "it is no whole number")
        return number if is_float else int(number)
    if field.type == "timedelta":
        if isinstance(value, int | float | np.number):
            raise TypeError("it is a number, and the column has durations")
        return _in_unit(pd.Timedelta(value), field)
    if isinstance(value, str):
        known = _in_format(value, field)
        if known is not None:
            return known
        value = _timestamp(value)
    if isinstance(value, int | float | np.number):
        raise TypeError("it is a number, and the column has dates")
    time = pd.Timestamp(value)
    if time.tzinfo is not None and not field.zone:
        raise ValueError("it has a time zone, and the column has none")
    ticks = _in_unit(time, field)
    if time.tzinfo is not None or not field.zone:
        return ticks
    moved = from_local(np.array([ticks]), field.unit, field.zone)
    if to_local(moved, field.unit, field.zone)[0] != ticks:
        raise ValueError(f"the clocks of {field.zone} skip this hour")
    return int(moved[0])


def _in_format(text: str, field: Field) -> int | None:
    """Read a text as the column writes its dates; None if it is not written so."""
    if not field.date_format or field.date_format == PYTHON_DATE:
        return None
    ticks = int(parse(np.array([text], dtype=object), field.date_format)[0])
    return None if ticks == NAT else ticks


def _timestamp(text: str) -> pd.Timestamp:
    """Read a text of one of the known formats whose day and month cannot be confused."""
    date_format = common_date_format(np.array([text], dtype=object))
    if not date_format:
        raise ValueError("dates are written as 2026-01-31 or 2026-01-31 07:00:00")
    return pd.to_datetime(text, dayfirst=date_format.startswith("%d"))


def _in_unit(time: pd.Timestamp | pd.Timedelta, field: Field) -> int:
    """Return a time as ticks of the column, in UTC if it has a zone."""
    unit: Any = field.unit
    return int(time.as_unit(unit, round_ok=False).asm8.view("i8"))


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _example(field: Field) -> str:
    """Return the form of a time for an error message."""
    if field.dtype.startswith("period"):
        return 'a period, such as start="2026-01"'
    if field.type == "number":
        return "a number, such as start=10"
    if field.type == "timedelta":
        return 'a duration, such as start="2 days 07:00:00"'
    return 'a date, such as start="2026-01-31" or start="2026-01-31 07:00:00"'
