"""Numbers that are times: they count since 1970, or are dates such as 20240131."""

import re
from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.date_formats import NAT, parse, render
from timegan.tables.dtypes import TICKS_PER_SECOND, is_number, parse_dtype

EPOCH = "epoch "
"""First part of the date format of such numbers; their unit follows."""
FRACTIONS = "epoch s.us"
"""Date format of seconds with a fraction, which are read as microseconds."""
DAY_COUNTS = {
    "epoch mjd": (40_587.0, re.compile(r"(^|[_ ])mjd($|[_ ])", re.IGNORECASE)),
    "epoch serial": (
        25_569.0,
        re.compile(r"(^|[_ ])(date|datum|fecha|date_?time|timestamp)($|[_ ])", re.IGNORECASE),
    ),
    "epoch datenum": (719_529.0, re.compile("date|time", re.IGNORECASE)),
    "epoch julian": (2_440_587.5, re.compile(r"julian|date|time|(^|[_ ])b?jd", re.IGNORECASE)),
}
"""Date format of days with fractions -> the number of 1 January 1970, and names of columns.

Spreadsheets count serial numbers from 30 December 1899, MATLAB its datenum from the year 0, and
astronomers Julian days.
"""
MIN_DAYS, MAX_DAYS = -7_500, 48_500
"""From 1949 to 2102, in days since 1970."""
MAX_ROUNDING = 1e-5
"""Largest difference, in days, of a day count from whole seconds."""
MIN_SECONDS, MAX_SECONDS = 365 * 86_400, 130 * 365.25 * 86_400
"""From 1971 to 2100: units differ by 1,000, so that numbers in this range have one unit only."""
TIME_NAME = re.compile(r"time|epoch|unix|utc|stamp|(^|[_ ])(date|ts|at|dt)($|[_ ])", re.IGNORECASE)
WEEK_NAME = re.compile(r"week|woche|(^|[_ ])(kw|wk|yearwk|yyyyww)($|[_ ])", re.IGNORECASE)
PERIOD_NAME = re.compile(r"month|day|period|quarter", re.IGNORECASE)
YEAR_NAME = re.compile("(fiscal|calendar)?[_ ]?(year|yr|jahr|année|año|anno)", re.IGNORECASE)
CALENDARS = {
    4: "%Y",
    6: "%Y%m",
    7: "%Y%j",
    8: "%Y%m%d",
    10: "%Y%m%d%H",
    12: "%Y%m%d%H%M",
    14: "%Y%m%d%H%M%S",
}
"""Digits of numbers such as 20240131 -> format of the dates that they are."""
MIN_MONTHS = 13
"""Different numbers from which all of them are months by accident too rarely: 200001."""
NATURAL_STEP = 60
"""Ticks of which all times are multiples where only the values tell that they are times."""


def infer_epoch_format(series: "pd.Series[Any]", name: Any) -> str:
    """Return the date format of numbers that count time since 1970, or an empty text.

    Numbers that are all dates, such as 20240131 or 202401, have a format, too. Otherwise:
    All numbers lie between 1971 and 2100 in one unit (s, ms, us or ns). They are whole, or seconds
    with at most six decimals. The column's name says that it is a time; or all of them are
    multiples of 60 ticks or one distance apart.
    """
    if not is_number(series.dtype) or isinstance(series.dtype, pd.SparseDtype):
        return ""
    if series.isna().any() or not len(series):
        return ""
    low, high = float(series.min()), float(series.max())
    calendar = _infer_calendar(series, name, low, high)
    if calendar:
        return calendar
    for date_format, (first, names) in DAY_COUNTS.items():
        is_near = MIN_DAYS <= low - first <= high - first <= MAX_DAYS
        if is_near and names.search(str(name)) and low < high:
            days = _floats(series)
            whole = epoch_numbers(epoch_ticks(series, date_format), date_format, "float64")
            return date_format if (np.abs(days - whole) <= MAX_ROUNDING).all() else ""
    unit = ""
    for name_of, scale in TICKS_PER_SECOND.items():
        if MIN_SECONDS * scale <= low and high <= MAX_SECONDS * scale:
            unit = name_of
    if not unit:
        return ""
    date_format = EPOCH + unit
    ticks = epoch_ticks(series, date_format)
    if not np.array_equal(epoch_numbers(ticks, date_format, "float64"), _floats(series)):
        date_format = FRACTIONS
        ticks = epoch_ticks(series, date_format)
        numbers = epoch_numbers(ticks, date_format, "float64")
        if unit != "s" or not np.array_equal(numbers, _floats(series)):
            return ""
    steps = np.unique(np.diff(ticks))
    is_even = bool((ticks % NATURAL_STEP == 0).all()) or steps[steps > 0].size == 1
    return date_format if is_even or TIME_NAME.search(str(name)) else ""


def _infer_calendar(series: "pd.Series[Any]", name: Any, low: float, high: float) -> str:
    """Return the format of dates that are written as numbers, from 1900 to 2100."""
    digits = len(f"{max(low, 0):.0f}")
    scale = 10.0 ** max(digits - 4, 0)
    first = 1500 if digits == 4 else 1900
    if digits not in CALENDARS or not first <= low // scale <= high // scale <= 2100:
        return ""
    if not (_floats(series) % 1 == 0).all():
        return ""
    is_week = digits == 6 and WEEK_NAME.search(str(name))
    date_format = EPOCH + ("%G%V" if is_week else CALENDARS[digits])
    if (epoch_ticks(series, date_format) == NAT).any():
        return ""
    if digits == 4:  # a year for each row, not years of months
        is_changing = (np.diff(_floats(series)) != 0).all()
        return date_format if YEAR_NAME.fullmatch(str(name)) and is_changing else ""
    is_named = is_week or TIME_NAME.search(str(name)) or PERIOD_NAME.search(str(name))
    is_evident = digits > 7 or (digits == 6 and series.nunique() >= MIN_MONTHS)
    return date_format if is_named or is_evident else ""


def epoch_unit(date_format: str) -> str:
    """Return the unit of the ticks of a format of `infer_epoch_format`."""
    if "%" in date_format or date_format in DAY_COUNTS:
        return "s"
    return "us" if date_format == FRACTIONS else date_format.removeprefix(EPOCH)


def epoch_ticks(series: "pd.Series[Any]", date_format: str) -> np.ndarray:
    """Return ticks (R,) of numbers in a format; `NAT` where a number is missing."""
    empty = series.isna().to_numpy()
    if date_format in DAY_COUNTS:
        days = np.where(empty, 0, _floats(series)) - DAY_COUNTS[date_format][0]
        return np.where(empty, NAT, np.rint(days * 86_400).astype(np.int64))
    if "%" in date_format:
        texts = series.astype("Int64").astype(str).to_numpy(dtype=object)
        return parse(texts, date_format.removeprefix(EPOCH))
    if date_format == FRACTIONS:
        scaled = np.where(empty, 0, _floats(series)) * TICKS_PER_SECOND["us"]
        return np.where(empty, NAT, np.rint(scaled).astype(np.int64))
    filled = series.fillna(0) if empty.any() else series
    return np.where(empty, NAT, filled.to_numpy().astype(np.int64))


def epoch_numbers(ticks: np.ndarray, date_format: str, dtype: str) -> Any:
    """Return a column of numbers of a type from ticks (R,)."""
    if date_format in DAY_COUNTS:
        days = ticks / 86_400 + DAY_COUNTS[date_format][0]
        return pd.Series(days).astype(parse_dtype(dtype)).array
    if "%" in date_format:
        texts = render(ticks, date_format.removeprefix(EPOCH))
        return pd.Series(texts.astype(np.int64)).astype(parse_dtype(dtype)).array
    numbers = ticks / TICKS_PER_SECOND["us"] if date_format == FRACTIONS else ticks
    return pd.Series(numbers).astype(parse_dtype(dtype)).array


def _floats(series: "pd.Series[Any]") -> np.ndarray:
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
