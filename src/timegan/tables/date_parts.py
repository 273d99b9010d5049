"""Time in several columns of integers: year, month, day, and possibly hour, minute and second."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan.tables.dtypes import is_number
from timegan.tables.raw_columns import RawColumn

PART_NAMES = {
    "year": re.compile(r"year|yr|yyyy", re.IGNORECASE),
    "month": re.compile(r"month|mon|mo|mm", re.IGNORECASE),
    "day": re.compile(r"day|dy|dd|day_of_month|dayofmonth", re.IGNORECASE),
    "hour": re.compile(r"hour|hr|hh", re.IGNORECASE),
    "minute": re.compile(r"minute", re.IGNORECASE),
    "second": re.compile(r"second", re.IGNORECASE),
}
"""Part of a date -> names of its column."""
MIN_PARTS = 2


def find_parts(columns: Sequence[RawColumn]) -> dict[str, RawColumn]:
    """Return the columns of whole numbers that hold the year, the month and the parts after it.

    Parts follow one another without a gap. An empty dict is returned where there are fewer than
    year and month, or two columns for one part.
    """
    parts: dict[str, RawColumn] = {}
    for part, names in PART_NAMES.items():
        found = [column for column in columns if names.fullmatch(column.label)]
        if len(found) != 1 or not _is_whole(found[0]):
            break
        parts[part] = found[0]
    return parts if len(parts) >= MIN_PARTS else {}


def combine_parts(parts: dict[str, RawColumn]) -> np.ndarray | None:
    """Return the seconds since 1970 (R,) of parts; None where one of them is not a date."""
    numbers = {part: column.series.to_numpy(dtype=np.int64) for part, column in parts.items()}
    zero = np.zeros_like(numbers["year"])
    year, month, day = numbers["year"], numbers["month"], numbers.get("day", zero + 1)
    clock = [numbers.get(part, zero) for part in ("hour", "minute", "second")]
    limits = [(year, 1, 9999), (month, 1, 12), (day, 1, 31), (clock[0], 0, 23)]
    limits += [(clock[1], 0, 59), (clock[2], 0, 59)]
    if any(((values < low) | (values > high)).any() for values, low, high in limits):
        return None
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (day - 1)
    if (days.astype("M8[M]") != months).any():  # 31 April
        return None
    seconds = clock[0] * 3_600 + clock[1] * 60 + clock[2]
    return np.asarray(days.astype("M8[s]").astype(np.int64) + seconds)


def split_part(seconds: np.ndarray, part: str) -> np.ndarray:
    """Return one part (R,) of seconds since 1970."""
    return np.asarray(getattr(pd.DatetimeIndex(seconds.view("M8[s]")), part), dtype=np.int64)


def _is_whole(column: RawColumn) -> bool:
    series = column.series
    if not is_number(series.dtype) or series.isna().any():
        return False
    return bool((series.to_numpy(dtype=np.float64) % 1 == 0).all())
