"""The time column: whole ticks or numbers out of it, and a column like it again."""

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.codecs import decode, decode_whole
from timegan.tables.date_formats import NOTHING, looks_like_date
from timegan.tables.dtypes import is_moment, is_number, is_span, number_type, revive
from timegan.tables.field_inference import described, field_ticks, missing_mark, text_form
from timegan.tables.fields import Field, Name
from timegan.tables.ticks import form_of, from_ticks, to_ticks


def learn_time(series: "pd.Series[Any]", name: Name, index: bool) -> Field:
    """Describe the time column.

    Raises:
        InputError: it is neither dates nor numbers, or empty in a row.
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
        return replace(field, dtype=described(dtype, field))
    form = text_form(series)
    if not (is_moment(dtype) or is_span(dtype) or form):
        raise InputError(
            f"The time column {field.label!r} ({dtype}) holds neither dates nor numbers, or dates "
            "in a form that has more than one reading. Write them as 2024-01-31 or "
            "2024-01-31 08:00:00, or convert them with pandas.to_datetime."
        )
    field = replace(field, dtype=described(dtype, field))
    if isinstance(dtype, pd.PeriodDtype):
        return field
    kind: Any = "timedelta" if is_span(dtype) else "datetime"
    return replace(field, type=kind, missing=missing_mark(series), **form_of(series, form))


def read_time(series: "pd.Series[Any]", field: Field) -> np.ndarray:
    """Times (R,): int64 ticks (periods: ordinals; whole numbers: as they are), or float64.

    Raises:
        InputError: the column is of another type than the field.
    """
    dtype: Any = series.dtype
    try:
        if field.type != "number":
            ticks = field_ticks(series, field)
            if (ticks == NOTHING).any():
                raise ValueError("a moment is missing")
            return ticks
        if isinstance(dtype, pd.PeriodDtype):
            return to_ticks(series, "")
        if number_type(revive(field.dtype)).kind == "f":
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
    """A time column of the field's type from times (R,); the other way round.

    Raises:
        InputError: the type has no room for them.
    """
    if field.type != "number" or field.dtype.startswith("period"):
        return from_ticks(times, field)
    if times.dtype.kind == "f":
        return decode(times, field)
    return decode_whole(times, field)


def may_be_time(series: "pd.Series[Any]") -> bool:
    """Whether a column that nobody named may be the time: a date in its first row, none missing."""
    first = series.iloc[0]
    dated = is_moment(series.dtype) or isinstance(first, datetime.date)
    return (
        dated or (isinstance(first, str) and looks_like_date(first))
    ) and not series.isna().any()
