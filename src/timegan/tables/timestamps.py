"""Dates, times, durations and periods of every pandas type: int64 ticks, seconds, and back."""

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow

from timegan.errors import InputError
from timegan.tables.date_formats import NAT, parse, render, unit_of
from timegan.tables.dtypes import (
    ARROW_SUFFIX,
    TICKS_PER_SECOND,
    is_text,
    is_timedelta,
    parse_dtype,
    unit_and_zone,
)
from timegan.tables.epochs import EPOCH, epoch_numbers, epoch_ticks, epoch_unit
from timegan.tables.fields import Field

PYTHON_DATE = "date"
"""Format of a column of `datetime.date` objects."""

MISSING_VALUES: dict[str, Any] = {
    "": np.nan,
    "nan": np.nan,
    "None": None,
    "NA": pd.NA,
    "NaT": pd.NaT,
}
"""Name -> value that an object column holds where a value is missing."""

NATURAL_STEPS = (86_400, 3_600, 60, 1)
"""Seconds to which timestamps are commonly rounded."""


def to_ticks(series: "pd.Series[Any]", date_format: str) -> np.ndarray:
    """Return ticks (R,) of a column since 1970 in UTC; `NAT` where a value is missing.

    Args:
        series: timestamps, durations, periods (ticks count periods), dates or text.
        date_format: of dates and text.
    """
    dtype: Any = series.dtype
    if date_format == PYTHON_DATE:
        days = np.full(len(series), np.datetime64("NaT"), dtype="M8[D]")
        there = series.notna().to_numpy()
        days[there] = np.array(series[there].tolist(), dtype="M8[D]")
        return days.astype("M8[s]").view(np.int64)
    if date_format.startswith(EPOCH):
        return epoch_ticks(series, date_format)
    if date_format:
        codes, texts = pd.factorize(series)
        ticks = np.append(parse(np.asarray(texts, dtype=object), date_format), NAT)
        return np.asarray(ticks[codes])
    if isinstance(dtype, pd.ArrowDtype):
        column: Any = pyarrow.array(series.array)
        whole = column.cast(pyarrow.int32()) if dtype.name.startswith("date32") else column
        numbers = whole.cast(pyarrow.int64()).fill_null(NAT).to_numpy()
        scale = 86_400 if dtype.name.startswith("date32") else 1
        return np.where(numbers == NAT, NAT, numbers * scale)
    if isinstance(dtype, pd.PeriodDtype):
        return np.asarray(pd.PeriodIndex(series).asi8)
    index: Any = pd.TimedeltaIndex(series) if is_timedelta(dtype) else pd.DatetimeIndex(series)
    return np.asarray(index.asi8)


def from_ticks(ticks: np.ndarray, field: Field) -> Any:
    """Return a column of the field's type from ticks (R,).

    Raises:
        InputError: the type cannot hold a timestamp.
    """
    _check_range(ticks, field)
    if field.date_format.startswith(EPOCH):
        return epoch_numbers(ticks, field.date_format, field.dtype)
    if field.date_format:
        return _as_text(ticks, field)
    dtype = parse_dtype(field.dtype)
    if field.dtype.endswith(ARROW_SUFFIX):
        empty = ticks == NAT
        if field.dtype.startswith("date32"):
            ticks = (ticks // 86_400).astype(np.int32)
        column: Any = pyarrow.array(ticks, mask=empty).cast(dtype.pyarrow_dtype)
        return pd.arrays.ArrowExtensionArray(column)
    if isinstance(dtype, pd.PeriodDtype):
        index: Any = pd.PeriodIndex
        return index.from_ordinals(ticks, freq=dtype.freq).array
    if is_timedelta(dtype):
        return ticks.view(f"m8[{field.unit}]")
    timestamps = ticks.view(f"M8[{field.unit}]")
    if not field.zone:
        return timestamps
    return pd.DatetimeIndex(timestamps).tz_localize("UTC").tz_convert(field.zone).array


def to_local(ticks: np.ndarray, unit: str, zone: str) -> np.ndarray:
    """Convert ticks in UTC to ticks in local time; none may be missing."""
    timestamps = pd.DatetimeIndex(ticks.view(f"M8[{unit}]")).tz_localize("UTC")
    return np.asarray(timestamps.tz_convert(zone).tz_localize(None).asi8)


def from_local(ticks: np.ndarray, unit: str, zone: str) -> np.ndarray:
    """Convert ticks in local time to UTC.

    An ambiguous hour is taken for its first occurrence; a skipped one moves to the next hour.
    """
    timestamps = pd.DatetimeIndex(ticks.view(f"M8[{unit}]"))
    first = np.ones(len(ticks), dtype=bool)
    local = timestamps.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return np.asarray(local.tz_convert("UTC").asi8)


def time_attributes(series: "pd.Series[Any]", date_format: str) -> dict[str, Any]:
    """Return unit, zone and date format of a column, as a field keeps them."""
    unit, zone = unit_and_zone(str(series.dtype))
    if date_format.startswith(EPOCH):
        unit = epoch_unit(date_format)
    elif date_format:
        unit = "s" if date_format == PYTHON_DATE else unit_of(date_format)
    return {"unit": unit, "zone": zone, "date_format": date_format}


def to_field_unit(
    ticks: np.ndarray, series: "pd.Series[Any]", date_format: str, field: Field
) -> np.ndarray:
    """Convert ticks of a column to the field's unit."""
    unit = time_attributes(series, date_format)["unit"] or field.unit
    if unit == field.unit:
        return ticks
    have, want = TICKS_PER_SECOND[unit], TICKS_PER_SECOND[field.unit]
    scaled = ticks * (want // have) if want > have else ticks // (have // want)
    return np.where(ticks == NAT, NAT, scaled)


def encode_timestamps(ticks: np.ndarray, field: Field) -> np.ndarray:
    """Encode ticks as seconds (R,) since the field's offset; NaN where missing."""
    empty = ticks == NAT
    counted = np.where(empty, field.offset, ticks)
    if field.local_time:
        counted = to_local(counted, field.unit, field.zone)
    whole, rest = np.divmod(counted - field.offset, field.per_second)
    return np.where(empty, np.nan, whole + rest / field.per_second)


def decode_timestamps(seconds: np.ndarray, field: Field) -> np.ndarray:
    """Decode seconds to the nearest ticks (R,) on the field's steps."""
    empty = np.isnan(seconds)
    steps = np.rint(np.where(empty, 0, seconds) * (field.per_second / field.step))
    most = (2.0**62 - abs(field.offset)) / field.step
    ticks = np.clip(steps, -most, most).astype(np.int64) * field.step + field.offset
    if field.local_time:
        ticks = from_local(ticks, field.unit, field.zone)
    return np.where(empty, NAT, ticks)


def with_exact_encoding(field: Field, ticks: np.ndarray) -> Field:
    """Return the field with the offset, step and clock by which float64 holds the ticks exactly.

    Dates of one time of day in a zone with summer time are counted in local time. The offset is 0
    where float64 is exact without one, so that two columns of dates compare.

    Args:
        ticks: of all rows with a value.
    """
    plain = _with_step(field, ticks, 0)
    if plain.zone:
        local = _with_step(replace(field, local_time=True), ticks, 0)
        if local.step > plain.step and _exact(local, ticks):
            return local
    return plain if _exact(plain, ticks) else _with_step(field, ticks, int(ticks.min()))


def _as_text(ticks: np.ndarray, field: Field) -> Any:
    codes, timestamps = pd.factorize(ticks)
    there = timestamps != NAT
    missing = MISSING_VALUES[field.missing] if field.na_mark is None else field.na_mark
    texts = np.full(len(timestamps), missing, dtype=object)
    if field.date_format == PYTHON_DATE:
        days: list[datetime.date] = timestamps[there].view("M8[s]").astype("M8[D]").tolist()
        texts[there] = np.array(days, dtype=object)
    else:
        texts[there] = render(timestamps[there], field.date_format)
    dtype = parse_dtype(field.dtype)
    if not is_text(dtype):
        return texts[codes]
    return pd.Series(texts, dtype=dtype).array.take(codes)


def _check_range(ticks: np.ndarray, field: Field) -> None:
    """Refuse years without four digits, which the types cannot hold or print."""
    if not field.unit or field.type == "timedelta" or not len(ticks):
        return
    there = ticks[ticks != NAT]
    year = 365.2425 * 86_400 * TICKS_PER_SECOND[field.unit]
    if there.size and not (-1969 * year < there.min() and there.max() < 8029 * year):
        raise InputError(
            f"{field.label!r} would run beyond the year 9999, where its calendar ends. "
            "Ask for fewer steps."
        )


def _with_step(field: Field, ticks: np.ndarray, offset: int) -> Field:
    """Return the field with the longest natural step, a day or less, on which all ticks lie."""
    counted = to_local(ticks, field.unit, field.zone) if field.local_time else ticks
    common = int(np.gcd.reduce(counted - offset))
    steps = [seconds * field.per_second for seconds in NATURAL_STEPS]
    steps += [field.per_second // 10**k for k in range(1, 10) if field.per_second % 10**k == 0]
    step = next((s for s in steps if common % s == 0), 1)
    return replace(field, offset=offset, step=step)


def _exact(field: Field, ticks: np.ndarray) -> bool:
    return np.array_equal(decode_timestamps(encode_timestamps(ticks, field), field), ticks)
