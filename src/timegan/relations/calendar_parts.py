"""Parts of the time by the calendar: year, month, weekday, hour and others."""

from collections.abc import Callable

import numpy as np

DAY = 86_400
"""Seconds of a day."""


def _days(seconds: np.ndarray) -> np.ndarray:
    """Return the date as days since 1970."""
    return np.floor(seconds / DAY).astype(np.int64).astype("M8[D]")


def _months(seconds: np.ndarray) -> np.ndarray:
    months: np.ndarray = _days(seconds).astype("M8[M]").astype(np.int64)
    return months


def _years(seconds: np.ndarray) -> np.ndarray:
    years: np.ndarray = _days(seconds).astype("M8[Y]").astype(np.int64) + 1970
    return years


def _day_of_year(seconds: np.ndarray) -> np.ndarray:
    days = _days(seconds)
    return np.asarray((days - days.astype("M8[Y]")).astype(np.int64) + 1)


def _day(seconds: np.ndarray) -> np.ndarray:
    days = _days(seconds)
    return np.asarray((days - days.astype("M8[M]")).astype(np.int64) + 1)


def _weekday(seconds: np.ndarray) -> np.ndarray:
    return (_days(seconds).astype(np.int64) + 3) % 7


def _week(seconds: np.ndarray) -> np.ndarray:
    """Return the week of the year by ISO 8601: that of its Thursday."""
    thursday = _days(seconds).astype(np.int64) - _weekday(seconds) + 3
    return (_day_of_year(thursday * float(DAY)) - 1) // 7 + 1


PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "year": _years,
    "quarter": lambda seconds: _months(seconds) % 12 // 3 + 1,
    "month": lambda seconds: _months(seconds) % 12 + 1,
    "week": _week,
    "day of the year": _day_of_year,
    "day": _day,
    "weekday": _weekday,
    "weekend": lambda seconds: (_weekday(seconds) >= 5).astype(np.int64),
    "hour": lambda seconds: np.floor(seconds / 3_600) % 24,
    "minute": lambda seconds: np.floor(seconds / 60) % 60,
    "second": lambda seconds: np.floor(seconds) % 60,
    "time of day": lambda seconds: np.floor(seconds) % DAY,
}
"""Name -> function from seconds since 1970 by the local clock; Monday is weekday 0."""

BY_CYCLE = (
    "weekend",
    "quarter",
    "weekday",
    "month",
    "hour",
    "day",
    "week",
    "minute",
    "second",
    "day of the year",
    "time of day",
    "year",
)
"""Parts with few values first. Of parts that decide a column alike, these hold at other times."""
