"""Time in several columns: integers of years, months and so on, or a date and a time of day."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.date_formats import NAT, NOON, common_date_format, looks_like_date, parse
from timegan.tables.dtypes import holds_text, is_number
from timegan.tables.raw_columns import RawColumn

PART_NAMES = {
    part: re.compile(names, re.IGNORECASE)
    for part, names in {
        "year": "year|#?yr|#?yy|#?yyyy|jahr|année|annee|año|ano|anno|jaar",
        "month": "month|month_?name|mon|mo|mm|period|monat|mois|mes|mês|mese|maand",
        "day": "day|dy|dd|day_?of_?month|tag|jour|día|dia|giorno|dag",
        "hour": "hour|hr|hh|hour_?ending|he|stunde|heure|hora|ora|uur",
        "minute": "minute|mm|mn",
        "second": "second|ss",
        "iso year": "(iso_?)?(year|yr|yyyy)|jahr|année|annee|año|ano|anno|jaar",
        "week": "(iso_?)?week(_?of_?year|_?number|_?no)?|wk|kw|woche|semaine|semana|settimana",
        "weekday": "weekday|day_?of_?week|dow",
        "day of year": "doy|day_?of_?year|yday|jday|julian_?day",
        "quarter": "quarter|qtr|q|quartal|trimestre",
    }.items()
}
"""Part of a date -> names of its column."""
CLOCK_PARTS = ("hour", "minute", "second")
CHAINS = (
    ("iso year", "week", "weekday", *CLOCK_PARTS),
    ("year", "day of year", *CLOCK_PARTS),
    ("year", "month", "day", *CLOCK_PARTS),
    ("year", "quarter"),
)
"""Parts that follow one another without a gap; of chains of one length the first is taken."""
FROM_ONE = "hour from 1"
"""Hours that are numbered from 1 to 24."""
RANGES = {
    **{"year": (1000, 9999), "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59)},
    **{"second": (0, 59), "iso year": (1000, 9999), "week": (1, 53), "weekday": (1, 7)},
    **{"day of year": (1, 366), "quarter": (1, 4), FROM_ONE: (1, 24)},
}
"""Part -> its smallest and largest number; a year of two digits is none."""
NAMED_PART = re.compile(r"%[\^~]?[bB]|\[[a-z]{2}.*\]|M%m|Q%q")
"""Format of a column of months or quarters as text, beside the year: March, M03 or Q1."""
MIN_PARTS = 2
CLOCK = re.compile(rf"\d{{1,2}}([:.])\d{{2}}(\1\d{{2}})?({NOON})?( ?(Z|UTC|GMT))?|\d{{4}}( UTC)?")
"""A time of day."""
ANY_DAY = "2000-01-01 "
ANY_YEAR = "2000 "


def is_part_name(name: str) -> bool:
    """Check that a name is that of a year, a month and so on."""
    return any(names.fullmatch(name) for names in PART_NAMES.values())


def find_parts(columns: Sequence[RawColumn]) -> dict[str, RawColumn]:
    """Return the columns that hold the year and the parts after it, as numbers or names of months.

    Parts follow one another without a gap: year and month, year and week, year and day of the
    year. An empty dict is returned where there are fewer than two, or two columns for one part.
    """
    chains = [_numbers(columns, chain) for chain in CHAINS]
    parts = max(chains, key=len)
    return parts if len(parts) >= MIN_PARTS else {}


def _numbers(columns: Sequence[RawColumn], chain: Sequence[str]) -> dict[str, RawColumn]:
    """Return the columns of the first parts of a chain."""
    parts: dict[str, RawColumn] = {}
    for part in chain:
        found = [column for column in columns if PART_NAMES[part].fullmatch(column.label)]
        found = [column for column in found if column not in parts.values()]
        capitals = [column for column in found if column.label.isupper()]
        if len(found) == 2 and len(capitals) == 1:  # MM is the month, mm the minute
            found = capitals
        named = _named_format(found[0]) if part in ("month", "quarter") and found else ""
        if len(found) != 1 or not (named or _is_whole(found[0])):
            break
        is_from_one = part == "hour" and _is_from_one(found[0])
        parts[named or (FROM_ONE if is_from_one else part)] = found[0]
    return parts


def _named_format(column: RawColumn) -> str:
    """Return the format of a column of names of months or quarters; empty for others."""
    if not holds_text(column.series) or column.series.isna().any():
        return ""
    texts = column.series.unique()
    for year in (ANY_YEAR, ANY_YEAR[:-1]):
        full = np.array([year + text for text in texts], dtype=object)
        named = common_date_format(full).removeprefix("%Y").lstrip()
        if NAMED_PART.fullmatch(named):
            return named
    return ""


def _named_months(column: RawColumn, named: str) -> np.ndarray:
    """Return the months (R,) of a column of their names; the first of quarters."""
    codes, texts = pd.factorize(column.series)
    full = np.array([ANY_YEAR + text for text in texts], dtype=object)
    ticks = parse(full, f"%Y {named}")
    months = pd.DatetimeIndex(ticks.view("M8[s]")).month.to_numpy(dtype=np.int64)
    return np.where(ticks == NAT, 0, months)[codes]


def check_merged(column: RawColumn) -> None:
    """Refuse a column of years or months that are written only where they change.

    Raises:
        InputError: names the first empty row.
    """
    is_part = PART_NAMES["year"].fullmatch(column.label) or PART_NAMES["month"].fullmatch(
        column.label
    )
    empty = column.series.isna().to_numpy()
    if is_part and not empty[0] and empty.mean() > 0.5:
        raise InputError(
            f"Column {column.label!r} is empty in row {np.argmax(empty) + 1:,} (the first row is "
            "1), as merged cells are. Repeat its value in every row, or leave it out: "
            f"dataset.exclude=[{column.label}]."
        )


def find_date_and_clock(columns: Sequence[RawColumn]) -> dict[str, RawColumn]:
    """Return the one column of dates and the one of times of day or hours, by their formats."""
    dates, clocks = dict[str, RawColumn](), dict[str, RawColumn]()
    for column in columns:
        if PART_NAMES["hour"].fullmatch(column.label) and _is_whole(column):
            clocks[FROM_ONE if _is_from_one(column) else "hour"] = column
        if not holds_text(column.series) or column.series.isna().any():
            continue
        texts = column.series.unique()
        if CLOCK.fullmatch(texts[0]):
            point = r"(?<=\d)\.(?=\d)"
            full = np.array([ANY_DAY + re.sub(point, ":", text) for text in texts], dtype=object)
            clock = common_date_format(full).removeprefix("%Y-%m-%d ")
            clocks[clock.replace(":", "." if re.search(point, texts[0]) else ":")] = column
        elif looks_like_date(texts[0]):
            dates[common_date_format(np.asarray(texts, dtype=object))] = column
    found = dates | clocks
    is_clear = len(dates) == len(clocks) == 1 and "" not in found
    return found if is_clear and not re.search("%-?[HI]", next(iter(dates))) else {}


def combine_parts(parts: dict[str, RawColumn]) -> np.ndarray | None:
    """Return the seconds since 1970 (R,) of parts; None where one of them is not a date."""
    numbers = {
        part: column.series.to_numpy(dtype=np.int64)
        for part, column in parts.items()
        if "%" not in part
    }
    named = [part for part in parts if NAMED_PART.fullmatch(part)]
    for part in named:
        numbers["month"] = _named_months(parts[part], part)
    for part, values in numbers.items():
        low, high = RANGES[part]
        if ((values < low) | (values > high)).any():
            return None
    texts = {part: parts[part] for part in parts if part not in (*numbers, *named)}
    days = _days(numbers) if not texts else _text_days(*next(iter(texts.items())))
    if days is None:
        return None
    clocks = [_text_clock(*item) for item in list(texts.items())[1:]]
    if any(clock is None for clock in clocks):
        return None
    seconds = sum((clock for clock in clocks if clock is not None), days * 86_400)
    hours = numbers.get("hour", numbers.get(FROM_ONE, 1) - 1)
    seconds = seconds + hours * 3_600
    return np.asarray(seconds + numbers.get("minute", 0) * 60 + numbers.get("second", 0))


def _days(numbers: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the days since 1970 of years, months and so on."""
    if "week" in numbers:
        fourth = (numbers["iso year"] - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64) + 3
        monday = fourth - (fourth + 3) % 7
        days = monday + 7 * (numbers["week"] - 1) + numbers.get("weekday", 1) - 1
        years = pd.DatetimeIndex(days.astype("M8[D]")).isocalendar().year.to_numpy(dtype=np.int64)
        return days if (years == numbers["iso year"]).all() else None
    years = (numbers["year"] - 1970).astype("M8[Y]")
    if "day of year" in numbers:
        dates = years.astype("M8[D]") + (numbers["day of year"] - 1)
        return dates.astype(np.int64) if (dates.astype("M8[Y]") == years).all() else None
    quarter = numbers.get("quarter", np.ones_like(numbers["year"]))
    months = years.astype("M8[M]") + (numbers.get("month", quarter * 3 - 2) - 1)
    dates = months.astype("M8[D]") + (numbers.get("day", 1) - 1)
    return dates.astype(np.int64) if (dates.astype("M8[M]") == months).all() else None  # 31 April


def _text_days(date_format: str, date: RawColumn) -> np.ndarray | None:
    codes, texts = pd.factorize(date.series)
    ticks = parse(np.asarray(texts, dtype=object), date_format)[codes]
    return None if (ticks == NAT).any() else ticks // 86_400


def _text_clock(clock_format: str, clock: RawColumn) -> np.ndarray | None:
    codes, texts = pd.factorize(clock.series)
    full = np.array([ANY_DAY + text for text in texts], dtype=object)
    ticks = parse(full, f"%Y-%m-%d {clock_format}")[codes]
    return None if (ticks == NAT).any() else ticks % 86_400


def split_part(seconds: np.ndarray, part: str) -> np.ndarray:
    """Return one part (R,) of seconds since 1970."""
    index = pd.DatetimeIndex(seconds.view("M8[s]"))
    if part in ("iso year", "week", "weekday"):
        calendar = index.isocalendar()
        return calendar[{"iso year": "year", "weekday": "day"}.get(part, part)].to_numpy(np.int64)
    if part == FROM_ONE:
        return np.asarray(index.hour, dtype=np.int64) + 1
    return np.asarray(getattr(index, part.replace(" ", "_")), dtype=np.int64)


def _is_from_one(column: RawColumn) -> bool:
    return int(column.series.min()) == 1 and int(column.series.max()) == 24


def _is_whole(column: RawColumn) -> bool:
    series = column.series
    if not is_number(series.dtype) or series.isna().any():
        return False
    return bool((series.to_numpy(dtype=np.float64) % 1 == 0).all())
