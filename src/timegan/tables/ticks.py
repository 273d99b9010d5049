"""Datetimes, lengths of time and periods of every pandas type as int64 ticks, and back."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow

from timegan.errors import InputError
from timegan.tables.date_formats import NOTHING, parse, render, unit_of
from timegan.tables.dtypes import ARROW, PER_SECOND, clock, is_span, is_text, revive
from timegan.tables.fields import Field

DATE = "date"
"""The form of a column of Python's dates."""

MISSING: dict[str, Any] = {"": np.nan, "nan": np.nan, "None": None, "NA": pd.NA, "NaT": pd.NaT}
"""What object columns write where nothing is."""


def to_ticks(series: "pd.Series[Any]", form: str) -> np.ndarray:
    """Ticks (R,) of a column; `NOTHING` where it is empty. Moments count from 1970 in UTC.

    Args:
        series: datetimes, lengths of time, periods (they count periods), dates or text.
        form: of dates and text.
    """
    dtype: Any = series.dtype
    if form == DATE:
        days = np.full(len(series), np.datetime64("NaT"), dtype="M8[D]")
        there = series.notna().to_numpy()
        days[there] = np.array(series[there].tolist(), dtype="M8[D]")
        return days.astype("M8[s]").view(np.int64)
    if form:
        codes, texts = pd.factorize(series)
        ticks = np.append(parse(np.asarray(texts, dtype=object), form), NOTHING)
        return np.asarray(ticks[codes])
    if isinstance(dtype, pd.ArrowDtype):
        column: Any = pyarrow.array(series.array)
        whole = column.cast(pyarrow.int32()) if dtype.name.startswith("date32") else column
        numbers = whole.cast(pyarrow.int64()).fill_null(NOTHING).to_numpy()
        scale = 86_400 if dtype.name.startswith("date32") else 1
        return np.where(numbers == NOTHING, NOTHING, numbers * scale)
    if isinstance(dtype, pd.PeriodDtype):
        return np.asarray(pd.PeriodIndex(series).asi8)
    index: Any = pd.TimedeltaIndex(series) if is_span(dtype) else pd.DatetimeIndex(series)
    return np.asarray(index.asi8)


def from_ticks(ticks: np.ndarray, field: Field) -> Any:
    """A column of the field's type from ticks (R,), the other way round.

    Raises:
        InputError: moments that the type cannot hold.
    """
    _check_range(ticks, field)
    if field.form:
        return _as_text(ticks, field)
    dtype = revive(field.dtype)
    if field.dtype.endswith(ARROW):
        empty = ticks == NOTHING
        if field.dtype.startswith("date32"):
            ticks = (ticks // 86_400).astype(np.int32)
        column: Any = pyarrow.array(ticks, mask=empty).cast(dtype.pyarrow_dtype)
        return pd.arrays.ArrowExtensionArray(column)
    if isinstance(dtype, pd.PeriodDtype):
        index: Any = pd.PeriodIndex
        return index.from_ordinals(ticks, freq=dtype.freq).array
    if is_span(dtype):
        return ticks.view(f"m8[{field.unit}]")
    moments = ticks.view(f"M8[{field.unit}]")
    if not field.zone:
        return moments
    return pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(field.zone).array


def to_local(ticks: np.ndarray, unit: str, zone: str) -> np.ndarray:
    """Ticks in UTC as ticks of the clock on the wall; none may be missing."""
    moments = pd.DatetimeIndex(ticks.view(f"M8[{unit}]")).tz_localize("UTC")
    return np.asarray(moments.tz_convert(zone).tz_localize(None).asi8)


def from_local(ticks: np.ndarray, unit: str, zone: str) -> np.ndarray:
    """The other way round; an hour that comes twice is its first, one that is skipped the next."""
    moments = pd.DatetimeIndex(ticks.view(f"M8[{unit}]"))
    first = np.ones(len(ticks), dtype=bool)
    local = moments.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return np.asarray(local.tz_convert("UTC").asi8)


def form_of(series: "pd.Series[Any]", form: str) -> dict[str, Any]:
    """Unit, zone and form of a column of moments or spans, as a field keeps them."""
    unit, zone = clock(str(series.dtype))
    if form:
        unit = "s" if form == DATE else unit_of(form)
    return {"unit": unit, "zone": zone, "form": form}


def rescale(ticks: np.ndarray, series: "pd.Series[Any]", form: str, field: Field) -> np.ndarray:
    """Ticks of a column in the field's unit, where the column has another."""
    unit = form_of(series, form)["unit"] or field.unit
    if unit == field.unit:
        return ticks
    have, want = PER_SECOND[unit], PER_SECOND[field.unit]
    scaled = ticks * (want // have) if want > have else ticks // (have // want)
    return np.where(ticks == NOTHING, NOTHING, scaled)


def _as_text(ticks: np.ndarray, field: Field) -> Any:
    codes, moments = pd.factorize(ticks)
    there = moments != NOTHING
    texts = np.full(len(moments), MISSING[field.missing], dtype=object)
    if field.form == DATE:
        days: list[datetime.date] = moments[there].view("M8[s]").astype("M8[D]").tolist()
        texts[there] = np.array(days, dtype=object)
    else:
        texts[there] = render(moments[there], field.form)
    dtype = revive(field.dtype)
    if not is_text(dtype):
        return texts[codes]
    return pd.Series(texts, dtype=dtype).array.take(codes)


def _check_range(ticks: np.ndarray, field: Field) -> None:
    """Refuse years that have no four digits, which the types cannot hold or print."""
    if not field.unit or field.type == "timedelta" or not len(ticks):
        return
    there = ticks[ticks != NOTHING]
    year = 365.2425 * 86_400 * PER_SECOND[field.unit]
    if there.size and not (-1969 * year < there.min() and there.max() < 8029 * year):
        raise InputError(
            f"{field.label!r} would run beyond the year 9999: its calendar ends there. "
            "Ask for fewer steps."
        )
