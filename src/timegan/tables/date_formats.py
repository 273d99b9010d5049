"""Formats of dates that a table keeps as text: inference, parsing and writing."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.dtypes import TICKS_PER_SECOND
from timegan.tables.month_names import TOKEN, month_name, month_pattern, to_numbers, tokens_of

NAT = np.iinfo(np.int64).min
"""Tick of a missing timestamp, as in NumPy's NaT."""

PERIODS = (
    *((mark, "[1-4]", "%q") for mark in ("Q", "q", "T", "Quarter ")),
    *((mark, "[12]", "%h") for mark in ("H", "S", "HY")),
)
"""Marks before the number of a quarter or of a half year, the numbers, and their code."""
DATE_SHAPES = {
    r"\d{4}-\d{1,2}-\d{1,2}": ("%Y-%m-%d",),
    r"\d{4}/\d{1,2}/\d{1,2}": ("%Y/%m/%d",),
    r"\d{4}\.\d{1,2}\.\d{1,2}": ("%Y.%m.%d",),
    r"\d{1,2}/\d{1,2}/\d{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"\d{1,2}-\d{1,2}-\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}/\d{1,2}/\d{2}": ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    r"\d{1,2}-\d{1,2}-\d{2}": ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
    r"\d{1,2}\.\d{1,2}\.\d{2}": ("%d.%m.%y",),
    r"(?:19|20)\d{6}": ("%Y%m%d",),
    r"\d{4}-\d{1,2}": ("%Y-%m",),
    r"\d{4}/\d{1,2}": ("%Y/%m",),
    r"\d{4}M\d{2}": ("%YM%m",),
    r"\d{1,2}/\d{4}": ("%m/%Y",),
    r"\d{1,2}-\d{4}": ("%m-%Y",),
    r"\d{4}-\d{3}": ("%Y-%j",),
    r"\d{4}年\d{1,2}月\d{1,2}日": ("%Y年%m月%d日",),
    r"\d{4}年\d{1,2}月": ("%Y年%m月",),
    r"\d{4}\. \d{1,2}\. \d{1,2}": ("%Y. %m. %d",),
    r"\d{4}\. \d{1,2}\. \d{1,2}\.": ("%Y. %m. %d.",),
    **{rf"\d{{4}}{between}W\d{{1,2}}": (f"%G{between}W%V",) for between in ("", " ", "-")},
    r"\d{4}-W\d{2}-[1-7]": ("%G-W%V-%u",),
    r"\d{4}W\d{2}[1-7]": ("%GW%V%u",),
    **{
        rf"{week}\d{{1,2}}{between}\d{{4}}": (f"{week}%V{between}%G",)
        for week in ("W", "KW", "KW ", "Week ", "week ")
        for between in (" ", "-", "/")
    },
    **{
        rf"\d{{4}}{between}{mark}{number}": (f"%Y{between}{mark}{code}",)
        for between in ("", " ", "-", ":")
        for mark, number, code in PERIODS
    },
    **{
        rf"{mark}{number}{between}{year}": (f"{mark}{code}{between}{year_code}",)
        for between in ("", " ", "-", "/", " '")
        for mark, number, code in PERIODS
        for year, year_code in ((r"\d{4}", "%Y"), (r"\d{2}", "%y"))
    },
    r"[12]H\d{2}": ("%hH%y",),
    r"[12]H\d{4}": ("%hH%Y",),
    r"[1-4]Q\d{2}": ("%qQ%y",),
    r"[1-4]Q\d{4}": ("%qQ%Y",),
    r"FY\d{4} ?Q[1-4]": ("FY%Y Q%q", "FY%YQ%q"),
}
"""Shape of a date in figures -> formats that it may have, see `OWN_CODES`."""
ENGLISH = "(?i:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)"
MONTH = rf"(?:{month_pattern()}|{ENGLISH})"
NAMED_SHAPES = (
    *("%d-M-%Y", "%d M %Y", "%dM%Y", "%d-M-%y", "%d M %y", "%dM%y", "%d/M/%Y", "%d. M %Y"),
    *("M %d, %Y", "M %d %Y", "M-%d-%Y", "%Y-M-%d", "%Y M %d"),
    *("%d de M de %Y", "%d de M %Y", "M de %Y", "%d. M %y", "%d of M %Y"),
    *("M %Y", "M-%Y", "M-%y", "M %y", "%Y-M", "%Y M", "%y-M"),
)
"""Formats of dates with the name of a month, for which M stands."""
ORDINAL = r"(?<=\d)(?:st|[nr]d|th|ST|[NR]D|TH)"
PARTS = {"%d": rf"\d{{1,2}}(?:{ORDINAL})?", "%Y": r"\d{4}", "%y": r"\d{2}", "M": MONTH}
NAMED = [re.sub("%[dYy]|M", lambda part: PARTS[part[0]], re.escape(s)) for s in NAMED_SHAPES]
WEEKDAY = r"[A-Z][a-z]{2}(?:[a-z]*day)?,? "
ZONE = (
    r"(?: ?(?:(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?|Z|[+-]\d{2}(?::?\d{2})?)"
    r"(?:\]|\[[A-Z]\w+/\w+\])?| (?:[A-Z]{2,4}T|MSK|[A-Z]\w+/[A-Z]\w+))"
)
"""An offset from UTC, or the name of a zone, that stands behind all times."""
NOON = r" ?(?:[AaPp][Mm]|[ap]\.? ?m\.?|[AP]\.? ?M\.?)"

TIMESTAMP_PATTERN = re.compile(
    rf"(?P<open>\[?)(?P<weekday>{WEEKDAY})?(?P<date>{'|'.join([*DATE_SHAPES, *NAMED])})"
    r"(?:(?P<between>[T ]|, |:)"
    r"(?P<time>\d{1,2}(?P<colon>:?)\d{2}(?P<second>:?\d{2}(?:(?P<mark>[.,])(?P<fraction>\d{1,9}))?)?)"
    rf"(?P<noon>{NOON})?(?P<zone>{ZONE})?)?"
)
TIME_BEFORE_YEAR = re.compile(
    rf"(?P<weekday>{WEEKDAY})?(?P<month>{MONTH}) (?P<day>[ \d]?\d)"
    rf" \d{{1,2}}:\d{{2}}(?P<second>:\d{{2}})?(?P<noon>{NOON})?(?P<zone>{ZONE})? (?P<year>\d{{4}})"
)
"""A date as C and Unix write it: ``Mon Jan  5 10:22:33 2026``."""
PADDINGS = (r"%()(?!.)", r"%([HI])", r"%([dmV])", r"%([dmVHI])")
"""Parts of a format that may lack leading zeros: none, the hour, the day's, all of them."""
PROBE_TEXTS = 100
"""First texts, with which most formats that do not fit are ruled out."""
PROBE_DATES = 5
"""First texts whose formats are tried on dates in several formats."""
MIN_REGULAR_DATES = 4
"""Distinct dates from which their distances tell how they are read."""
MAX_GAP_RATIO = 1.2
"""Longest distance of regular dates, as a multiple of the shortest: months are regular."""
PERIOD = re.compile("((?:Quarter |HY|[A-Za-z])?)%([qh])([QH]?)")
"""A quarter or a half year in a format, with the text around it."""
OWN_CODES = re.compile(r"%[qhe]|\{(?:th|TH|[aA]\.? ?[mM]\.?)\}")
"""Codes that strftime does not have everywhere.

Quarters and half years are ``%q`` and ``%h``, a day with a blank before it ``%e``, the ending of
its number ``{th}``, and ``{a.m.}`` is a half of the day as it is spelled in the morning.
"""
FRACTION_PATTERN = re.compile(r"([.,])%(\d)f")


def common_date_format(texts: np.ndarray) -> str:
    """Return the one format in which all texts are written, or an empty text.

    See `possible_date_formats`.

    >>> common_date_format(np.array(["2024-01-31 08:00", "2024-02-01 09:30"], dtype=object))
    '%Y-%m-%d %H:%M'
    >>> common_date_format(np.array(["01/02/2024", "02/02/2024"], dtype=object))  # ambiguous
    ''
    """
    formats = possible_date_formats(texts)
    return formats[0] if len(formats) == 1 else ""


def possible_date_formats(texts: np.ndarray) -> list[str]:
    """Return the formats in which all texts may be written, at most day first and month first.

    Where both can be read, the dates decide: the format in which they are regular (months, weeks),
    or else the one in which they only increase or only decrease.

    Args:
        texts: different texts in order of appearance, none of them missing.

    Returns:
        Formats as for `strftime`; ``%3f`` stands for three digits of a second's fraction, ``%-d``
        for a day without a leading zero.
    """
    shape = _shape(texts[0]) if len(texts) else None
    if shape is None:
        return []
    weekday = re.sub("[A-Za-z]{4,}", "%A", shape["weekday"] or "")
    head = shape.get("open", "") + re.sub("(?<!%)[A-Za-z]+", "%a", weekday)
    noon = shape["noon"] or ""
    hour = "%I" if noon else "%H"
    noon = re.sub(r"[AaPp](\.? ?[Mm]\.?)", lambda half: _noon_code(half[0]), noon)
    tail, end = "", noon + (shape["zone"] or "")
    if "year" in shape:
        dates = _formats_of(f"{shape['month']} {shape['day'].strip()} {shape['year']}")
        dates = [date.removesuffix(" %Y") for date in dates]
        dates += [date.replace("%d", "%e") for date in dates]
        tail = f" {hour}:%M{':%S' if shape['second'] else ''}{end} %Y"
    else:
        dates = _formats_of(shape["date"])
    if shape.get("time"):
        tail = f"{shape['between']}{hour}{shape['colon']}%M"
        tail += f"{shape['colon']}%S" if shape["second"] else ""
        tail += f"{shape['mark']}%{len(shape['fraction'])}f" if shape["fraction"] else ""
        tail += end
    for pattern in PADDINGS:
        formats = [re.sub(pattern, r"%-\1", head + date + tail) for date in dates]
        ticks = {f: parse(texts, f) for f in formats if _fits(texts, f)}
        if ticks:
            break
    ticks = {f: t for f, t in ticks.items() if not _is_repeated(t, ticks.values())}
    for is_evident in (_is_regular, _is_monotonic):
        evident = [f for f, dates_of in ticks.items() if is_evident(dates_of)]
        if len(ticks) > 1 and len(evident) == 1:
            return evident
    return list(ticks)


def odd_text(texts: np.ndarray) -> tuple[str, str] | None:
    """Return a text in the format of most others, and the first that is not; None for no dates.

    Args:
        texts: different texts in order of appearance.
    """
    for text in texts[:PROBE_DATES]:
        for date_format in possible_date_formats(np.array([text], dtype=object)):
            is_odd = parse(texts, date_format) == NAT
            if 0 < is_odd.sum() < len(texts) / 2:
                return str(text), str(texts[np.argmax(is_odd)])
    return None


def _formats_of(date: str) -> list[str]:
    """Return the formats that a date may have.

    ``%^b`` is a month in capitals, ``%~b`` in small letters, ``[fr]`` a French one.
    """
    ending = re.search(ORDINAL, date)
    if ending:
        code = "%d{TH}" if ending[0].isupper() else "%d{th}"
        return [f.replace("%d", code) for f in _formats_of(re.sub(ORDINAL, "", date, count=1))]
    formats = [f for shape, some in DATE_SHAPES.items() if re.fullmatch(shape, date) for f in some]
    for shape, named in zip(NAMED, NAMED_SHAPES, strict=True):
        if re.fullmatch(shape, date):
            month = "".join(re.findall(ENGLISH, date))
            case = "^" if month.isupper() else "~" if month.islower() else ""
            if re.search(ENGLISH, date):
                formats += [named.replace("M", f"%{case}{code}") for code in "bB"]
            formats += [named.replace("M", token) for _, token in tokens_of(date)]
    return formats


def _is_repeated(ticks: np.ndarray, others: Iterable[np.ndarray]) -> bool:
    """Check if one of the others, before the ticks themselves, is equal to them (in May)."""
    return next(other for other in others if np.array_equal(other, ticks)) is not ticks


def _is_regular(ticks: np.ndarray) -> bool:
    gaps = np.diff(np.unique(ticks))
    return len(gaps) + 1 >= MIN_REGULAR_DATES and gaps.max() <= MAX_GAP_RATIO * gaps.min()


def _is_monotonic(ticks: np.ndarray) -> bool:
    steps = np.diff(ticks)
    return len(steps) + 1 >= MIN_REGULAR_DATES and bool((steps > 0).all() or (steps < 0).all())


def looks_like_date(text: str) -> bool:
    """Check that one text may be a date, before all texts are read."""
    return _shape(text) is not None


def _shape(text: str) -> dict[str, str] | None:
    """Return the parts of a date; None where a text is none."""
    shape = TIMESTAMP_PATTERN.fullmatch(text) or TIME_BEFORE_YEAR.fullmatch(text)
    return None if shape is None else shape.groupdict()


def _noon_code(half: str) -> str:
    """Return the code for AM and PM as they are written."""
    if "." in half or " " in half:
        return "{" + ("A" if half[0].isupper() else "a") + half[1:] + "}"
    return "%~p" if half[1] == "m" else "%p"


def zone_of(date_format: str) -> str:
    """Return the text of a zone or an offset behind the times of a format."""
    return _parts(date_format)[2]


def unit_of(date_format: str) -> str:
    """Return the unit of ticks of a format."""
    fraction = FRACTION_PATTERN.search(date_format)
    return "s" if fraction is None else "us" if int(fraction[2]) <= 6 else "ns"


def parse(texts: np.ndarray, date_format: str) -> np.ndarray:
    """Return ticks (int64) of texts; `NAT` where a text does not have the format."""
    core, digits, zone = _parts(re.sub("%[-^~]", "%", date_format))
    cut = len(zone) + (digits + 1 if digits else 0)
    heads = np.array([t[: len(t) - cut] for t in texts], dtype=object)
    month = TOKEN.search(core)
    if month:
        core = core.replace(month[0], "%m")
        heads = np.array([to_numbers(t, month[0]) for t in heads], dtype=object)
    period = PERIOD.search(core)
    if period:
        core = core.replace(f"%{period[2]}", "%m")
        heads = np.array([_first_months(t, *period.groups()) for t in heads], dtype=object)
    for code in OWN_CODES.findall(core):
        plain = {"%e": "%d", "{th}": "", "{TH}": ""}.get(code, "%p")
        core = core.replace(code, plain)
        if not plain:
            heads = np.array([re.sub(ORDINAL, "", t, count=1) for t in heads], dtype=object)
        elif plain == "%p":
            half = re.compile(f"([{'AP' if code[1] == 'A' else 'ap'}]){re.escape(code[2:-1])}")
            heads = np.array([half.sub(r"\1m", t) for t in heads], dtype=object)
    if "%V" in core and "%u" not in core:  # a week is its Monday
        core, heads = f"{core} %u", np.array([f"{t} 1" for t in heads], dtype=object)
    timestamps = pd.DatetimeIndex(pd.to_datetime(heads, format=core, errors="coerce")).as_unit("s")
    ticks = np.array(timestamps.asi8)
    if not digits:
        return ticks
    per_second = TICKS_PER_SECOND[unit_of(date_format)]
    fractions = [t[len(t) - cut + 1 : len(t) - len(zone)] for t in texts]
    whole = np.array([int(f) if f.isdecimal() else -1 for f in fractions], dtype=np.int64)
    scaled = ticks * per_second + whole * (per_second // 10**digits)
    return np.where((ticks == NAT) | (whole < 0), NAT, scaled)


def _first_months(text: str, before: str, code: str, behind: str) -> str:
    """Return a text with the first month of a quarter or half year in place of its number."""
    months = 3 if code == "q" else 6
    return re.sub(
        f"{before}([1-{12 // months}]){behind}",
        lambda period: f"{before}{int(period[1]) * months - months + 1:02d}{behind}",
        text,
        count=1,
    )


def render(ticks: np.ndarray, date_format: str) -> np.ndarray:
    """Return texts (objects) of ticks in a format."""
    core, digits, zone = _parts(date_format)
    per_second = TICKS_PER_SECOND[unit_of(date_format)]
    seconds, rest = np.divmod(ticks, per_second)
    heads = _format_seconds(seconds.view("M8[s]"), core)
    if not digits:
        return np.asarray(heads + zone) if zone else np.asarray(heads)
    rest //= per_second // 10**digits
    fraction = FRACTION_PATTERN.search(date_format)
    mark = fraction[1] if fraction else "."
    return np.array(
        [f"{h}{mark}{r:0{digits}d}{zone}" for h, r in zip(heads, rest, strict=True)], dtype=object
    )


def _parts(date_format: str) -> tuple[str, int, str]:
    """Return a format without fraction and zone, the digits of the fraction, and the zone."""
    zone = re.search(rf"(?<=[MSfp}}]){ZONE}$", date_format)
    end = zone[0] if zone else ""
    core = date_format[: len(date_format) - len(end)]
    fraction = FRACTION_PATTERN.search(core)
    return FRACTION_PATTERN.sub("", core), int(fraction[2]) if fraction else 0, end


CASE = re.compile(r"%([\^~])([bBp])")
"""Codes of a format for months in capitals (``%^b``), and for small letters (``%~p``)."""
NUMPY_UNITS: dict[str, Any] = {
    "%Y-%m": "M",
    "%Y-%m-%d": "D",
    "%Y-%m-%d %H:%M": "m",
    "%Y-%m-%dT%H:%M": "m",
    "%Y-%m-%d %H:%M:%S": "s",
    "%Y-%m-%dT%H:%M:%S": "s",
}
"""Formats that NumPy writes, many times faster than strftime."""


def _format_seconds(seconds: np.ndarray, core: str) -> np.ndarray:
    if core not in NUMPY_UNITS:
        index = pd.DatetimeIndex(seconds)
        known = CASE.sub(r"%\2", re.sub("%([qhe])", r"%%\1", core))
        texts = index.strftime(known).to_numpy(dtype=object)
        for case, code in CASE.findall(core):  # strftime has no codes for these on every system
            plain = index.strftime(f"%{code}")
            cased = plain.str.upper() if case == "^" else plain.str.lower()
            pairs = zip(texts, plain, cased, strict=True)
            texts = np.array([t.replace(old, new) for t, old, new in pairs], dtype=object)
        month = TOKEN.search(core)
        if month:
            numbers = zip(texts, index.month, strict=True)
            texts = np.array(
                [t.replace(month[0], month_name(month[0], m)) for t, m in numbers], dtype=object
            )
        for code in OWN_CODES.findall(core):
            written = zip(texts, _written(code, index), strict=True)
            texts = np.array([text.replace(code, own) for text, own in written], dtype=object)
        return texts
    texts = np.datetime_as_string(seconds, unit=NUMPY_UNITS[core])
    if " " in core and len(texts):
        texts.view("U1").reshape(len(texts), -1)[:, 10] = " "
    return texts.astype(object)


def _written(code: str, index: pd.DatetimeIndex) -> list[str]:
    """Return what one of `OWN_CODES` stands for at each time."""
    if code == "%q":
        return [str(quarter) for quarter in index.quarter]
    if code == "%h":
        return [str(1 + month // 7) for month in index.month]
    if code == "%e":
        return [f"{day:2d}" for day in index.day]
    if code in ("{th}", "{TH}"):
        endings = [
            "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
            for day in index.day
        ]
        return [ending.upper() if code == "{TH}" else ending for ending in endings]
    after = {"a": "p", "A": "P"}[code[1]]
    return [(code[1] if hour < 12 else after) + code[2:-1] for hour in index.hour]


def _fits(texts: np.ndarray, date_format: str) -> bool:
    """Check that every text has the format and is written in it letter for letter."""
    if len(texts) > PROBE_TEXTS and not _fits(texts[:PROBE_TEXTS], date_format):
        return False
    zone: Any = _parts(date_format)[2]
    is_padded = re.search(r"%-|%[\^~]?[AB]|\[[a-z]", date_format) is None
    if is_padded and not all(len(text) == len(texts[0]) for text in texts):
        return False
    if not all(text.endswith(zone) for text in texts):
        return False
    ticks = parse(texts, date_format)
    return bool((ticks != NAT).all()) and np.array_equal(render(ticks, date_format), texts)
