"""Time in several columns: integers of years, months and so on, or a date and a time of day."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan.tables.date_formats import NAT, common_date_format, looks_like_date, parse
from timegan.tables.dtypes import is_number, is_text
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
CLOCK = re.compile(r"\d{1,2}([:.])\d{2}(\1\d{2})?( ?[AaPp][Mm])?")
"""A time of day."""
ANY_DAY = "2000-01-01 "


def is_part_name(name: str) -> bool:
    """Check that a name is that of a year, a month and so on."""
    return any(names.fullmatch(name) for names in PART_NAMES.values())


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


def find_date_and_clock(columns: Sequence[RawColumn]) -> dict[str, RawColumn]:
    """Return the one column of dates and the one of times of day, by their formats."""
    dates, clocks = dict[str, RawColumn](), dict[str, RawColumn]()
    for column in columns:
        if not is_text(column.series.dtype) or column.series.isna().any():
            continue
        texts = column.series.unique()
        if CLOCK.fullmatch(texts[0]):
            full = np.array([ANY_DAY + text.replace(".", ":") for text in texts], dtype=object)
            clock = common_date_format(full).removeprefix("%Y-%m-%d ")
            clocks[clock.replace(":", "." if "." in texts[0] else ":")] = column
        elif looks_like_date(texts[0]):
            dates[common_date_format(np.asarray(texts, dtype=object))] = column
    found = dates | clocks
    is_clear = len(dates) == len(clocks) == 1 and "" not in found
    return found if is_clear and not re.search("%-?[HI]", next(iter(dates))) else {}


def combine_parts(parts: dict[str, RawColumn]) -> np.ndarray | None:
    """Return the seconds since 1970 (R,) of parts; None where one of them is not a date."""
    if not parts.keys() <= PART_NAMES.keys():
        return _combine_texts(parts)
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


def _combine_texts(parts: dict[str, RawColumn]) -> np.ndarray | None:
    (date_format, date), (clock_format, clock) = parts.items()
    codes, texts = pd.factorize(date.series)
    days = parse(np.asarray(texts, dtype=object), date_format)[codes]
    codes, texts = pd.factorize(clock.series)
    full = np.array([ANY_DAY + text for text in texts], dtype=object)
    clocks = parse(full, f"%Y-%m-%d {clock_format}")[codes]
    if (days == NAT).any() or (clocks == NAT).any():
        return None
    return np.asarray(days + clocks % 86_400)


def split_part(seconds: np.ndarray, part: str) -> np.ndarray:
    """Return one part (R,) of seconds since 1970."""
    return np.asarray(getattr(pd.DatetimeIndex(seconds.view("M8[s]")), part), dtype=np.int64)


def _is_whole(column: RawColumn) -> bool:
    series = column.series
    if not is_number(series.dtype) or series.isna().any():
        return False
    return bool((series.to_numpy(dtype=np.float64) % 1 == 0).all())
