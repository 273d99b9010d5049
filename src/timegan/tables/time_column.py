"""The time column: description, reading and writing."""

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.codecs import decode, decode_integers
from timegan.tables.date_formats import NAT, looks_like_date
from timegan.tables.dtypes import is_datetime, is_number, is_timedelta, number_type, parse_dtype
from timegan.tables.epochs import infer_epoch_format
from timegan.tables.field_inference import (
    check_unambiguous,
    checked_dtype_name,
    infer_date_format,
    missing_value_name,
    ticks_in_field_unit,
)
from timegan.tables.fields import Field, Name
from timegan.tables.timestamps import from_ticks, time_attributes, to_ticks
from timegan.tables.wall_clock import as_aware, write_wall_clock


def infer_time(series: "pd.Series[Any]", name: Name, index: bool) -> Field:
    """Describe the time column.

    Raises:
        InputError: the column holds neither dates nor numbers, or is empty in a row.
    """
    field = Field(name, "time", "number", "", index)
    dtype: Any = series.dtype
    empty = np.flatnonzero(series.isna().to_numpy())
    if empty.size:
        raise InputError(
            f"The time column {field.label!r} is empty in row {empty[0] + 1:,} (the first row is "
            "1): every row must have a time. Fill or drop such rows first."
        )
    if is_number(dtype) and not isinstance(dtype, pd.SparseDtype):
        field = replace(field, dtype=checked_dtype_name(dtype, field))
        date_format = infer_epoch_format(series, name)
        if not date_format:
            return field
        return replace(field, type="datetime", **time_attributes(series, date_format))
    date_format = infer_date_format(series)
    if not date_format:
        check_unambiguous(series, field.label)
    if not (is_datetime(dtype) or is_timedelta(dtype) or date_format):
        raise InputError(
            f"The time column {field.label!r} ({dtype}) holds neither dates nor numbers, or dates "
            "in several formats. Write them as 2024-01-31 or "
            "2024-01-31 08:00:00, or convert them with pandas.to_datetime."
        )
    field = replace(field, dtype=checked_dtype_name(dtype, field))
    if isinstance(dtype, pd.PeriodDtype):
        return field
    kind: Any = "timedelta" if is_timedelta(dtype) else "datetime"
    return replace(
        field, type=kind, missing=missing_value_name(series), **time_attributes(series, date_format)
    )


def read_time(
    series: "pd.Series[Any]", field: Field, codes: np.ndarray | None = None
) -> np.ndarray:
    """Read times (R,): int64 ticks, ordinals of periods, integers, or float64.

    Args:
        series: the column.
        field: that describes it.
        codes: (R,) sequence of each row, by which local times are told apart that a clock shows
            twice; None where there is one sequence.

    Raises:
        InputError: the column has another type than the field.
    """
    dtype: Any = series.dtype
    try:
        if field.wall_format:
            series = as_aware(series, codes, field.zone, field.wall_format)
        if field.type != "number":
            ticks = ticks_in_field_unit(series, field)
            if (ticks == NAT).any():
                raise ValueError("a time is missing")
            return ticks
        if isinstance(dtype, pd.PeriodDtype):
            return to_ticks(series, "")
        if number_type(parse_dtype(field.dtype)).kind == "f":
            times = series.to_numpy(dtype=np.float64)
            if not np.isfinite(times).all():
                raise ValueError("a time is infinite")
            return times
        return series.to_numpy(dtype=np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"The time column {field.label!r} ({dtype}) cannot be read as {field.dtype} ({error}). "
            "Correct it, or convert it first."
        ) from error


def write_time(times: np.ndarray, field: Field) -> Any:
    """Return a time column of the field's type from times (R,).

    Raises:
        InputError: the type cannot hold them.
    """
    if field.wall_format:
        return write_wall_clock(times, field.unit, field.zone, field.wall_format)
    if field.type != "number" or field.dtype.startswith("period"):
        return from_ticks(times, field)
    if times.dtype.kind == "f":
        return decode(times, field)
    return decode_integers(times, field)


def may_hold_time(series: "pd.Series[Any]") -> bool:
    """Check that a column may be the time: a date in its first row or epoch times, none missing."""
    if is_number(series.dtype):
        return bool(infer_epoch_format(series, series.name))
    first = series.iloc[0]
    dated = is_datetime(series.dtype) or isinstance(first, datetime.date)
    return (
        dated or (isinstance(first, str) and looks_like_date(first))
    ) and not series.isna().any()
