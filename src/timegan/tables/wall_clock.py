"""Local times of a clock that is set forward and back: read in a time zone, and written back."""

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.date_formats import (
    NAT,
    parse,
    possible_date_formats,
    render,
    unit_of,
    zone_of,
)
from timegan.tables.dtypes import TICKS_PER_SECOND, is_text, unit_and_zone
from timegan.tables.timestamps import to_local

ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "America/Chicago"),
    *("America/Denver", "America/Los_Angeles", "America/Anchorage", "America/Halifax"),
    *("America/St_Johns", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland"),
    *("America/Santiago", "Asia/Jerusalem", "America/Sao_Paulo", "America/Mexico_City"),
)
"""Time zones that are tried, one for each rule of summer time."""

OFFSET = re.compile(r"[+-]\d{2}:?\d{2}$")
NAME = re.compile(r" [A-Z]{3,4}$")
"""A name of an offset behind a time, such as CET and CEST."""
MIN_USUAL = 0.9
"""Share of the steps that are the usual one, in times whose clock may have been set."""


def read_wall_clock(
    series: "pd.Series[Any]", codes: np.ndarray | None, zone: str | None
) -> tuple["pd.Series[Any]", str] | None:
    """Read local times, and find their zone.

    Texts with offsets from UTC that change, or names of them such as CET and CEST, have the zone
    that has these. Times without an offset have one in which they are regular, if they are not
    without.

    Args:
        series: dates as text or timestamps without a zone, in the order of the table.
        codes: (R,) sequence of each row; None where there is one.
        zone: that the user names; None: look for it.

    Returns:
        Timestamps in the zone, and how to write them: a date format, with ``%z`` at the end for
        the offset or ``%Z`` for its name, or the dtype. None where no zone is needed.

    Raises:
        InputError: a time does not exist in the zone, or no zone has the offsets.
    """
    found = _local_ticks(series)
    if found is None:
        return None
    ticks, offsets, names, unit, wall_format = found
    if offsets is not None:
        if zone is None and len(np.unique(offsets)) == 1:
            return None
        utc = ticks - offsets * TICKS_PER_SECOND[unit]
        zone = zone or _zone_with_offsets(utc, ticks, names, unit, str(series.name))
        if not np.array_equal(to_local(utc, unit, zone), ticks):
            raise InputError(
                f"Column {series.name!r}: its offsets from UTC are not those of {zone}. Set "
                "dataset.time_zone to the zone that they belong to."
            )
    else:
        order = np.arange(len(ticks)) if codes is None else np.argsort(codes, kind="stable")
        inner = np.ones(len(ticks) - 1, bool) if codes is None else np.diff(codes[order]) == 0
        zone = zone or _zone_of_steps(ticks[order], inner, unit)
        if zone is None:
            return None
        utc = np.empty_like(ticks)
        utc[order] = _unfolded(ticks[order], inner, unit, zone)
        wrong = np.flatnonzero(utc == NAT)
        if wrong.size:
            raise InputError(
                f"Column {series.name!r} has {series.iloc[wrong[0]]} in row {wrong[0] + 1:,} (the "
                f"first row is 1), which does not exist in {zone}: its clock was set forward. "
                "Correct it, or set another dataset.time_zone."
            )
    aware: Any = pd.DatetimeIndex(utc.view(f"M8[{unit}]")).tz_localize("UTC").tz_convert(zone)
    return pd.Series(aware, index=series.index, name=series.name), wall_format


def as_aware(
    series: "pd.Series[Any]", codes: np.ndarray | None, zone: str, wall_format: str
) -> "pd.Series[Any]":
    """Read another column like one that `read_wall_clock` has read.

    Raises:
        InputError: a time does not exist in the zone, or has another offset.
    """
    if unit_and_zone(str(series.dtype))[1]:
        return series
    found = read_wall_clock(series, codes, zone)
    if found is None:
        raise InputError(f"Column {series.name!r} does not hold dates such as {wall_format}.")
    return found[0]


def write_wall_clock(ticks: np.ndarray, unit: str, zone: str, wall_format: str) -> Any:
    """Return UTC ticks (R,) as local times in the form that they had."""
    local = to_local(ticks, unit, zone)
    if wall_format.startswith("datetime64"):
        return local.view(f"M8[{unit}]")
    if wall_format.endswith(" %Z"):
        named = pd.DatetimeIndex(ticks.view(f"M8[{unit}]"), tz="UTC").tz_convert(zone)
        texts = render(local, wall_format.removesuffix(" %Z"))
        return np.asarray(texts + named.strftime(" %Z").to_numpy(dtype=object))
    size = {"%:z": ":", "%z": ""}
    end = next((code for code in size if wall_format.endswith(code)), "")
    texts = render(local, wall_format.removesuffix(end))
    if not end:
        return texts
    minutes = (local - ticks) // (60 * TICKS_PER_SECOND[unit])
    signs = np.where(minutes < 0, "-", "+")
    parts = zip(texts, signs, *np.divmod(np.abs(minutes), 60), strict=True)
    return np.array([f"{t}{s}{h:02d}{size[end]}{m:02d}" for t, s, h, m in parts], dtype=object)


def _local_ticks(
    series: "pd.Series[Any]",
) -> tuple[np.ndarray, np.ndarray | None, set[str], str, str] | None:
    """Return local ticks, offsets in seconds if there are any, their names, unit and format."""
    dtype: Any = series.dtype
    if series.isna().any():
        return None
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        unit, _ = unit_and_zone(str(dtype))
        return series.to_numpy().view(np.int64), None, set(), unit, str(dtype)
    if not is_text(dtype) and not types.is_object_dtype(dtype):
        return None
    codes, distinct = pd.factorize(series)
    texts = np.asarray(distinct, dtype=object)
    if not all(isinstance(text, str) for text in texts):
        return None
    offsets, names, end = None, set[str](), ""
    if all(OFFSET.search(text) and ":" in text[:-5] for text in texts):
        ends = [text[OFFSET.search(text).start() :] for text in texts]  # type: ignore[union-attr]
        if len({len(text) for text in ends}) > 1:
            return None
        end = "%:z" if ":" in ends[0] else "%z"
        plain = [text.replace(":", "") for text in ends]
        offsets = np.array(
            [int(f"{t[0]}1") * (int(t[1:3]) * 3600 + int(t[3:]) * 60) for t in plain]
        )[codes]
        texts = np.array([t[: -len(e)] for t, e in zip(texts, ends, strict=True)], dtype=object)
    elif all(map(NAME.search, texts)):
        heads, last = zip(*(text.rsplit(" ", 1) for text in texts), strict=True)
        known = {name: offset for zone in ZONES for name, offset in _names_in(zone).items()}
        if known.keys() >= {*last}:
            names, end = {*last}, " %Z"
            offsets = np.array([known[name] for name in last])[codes]
            texts = np.array(heads, dtype=object)
    formats = possible_date_formats(pd.unique(texts))
    if len(formats) != 1 or zone_of(formats[0]):
        return None
    ticks = parse(texts, formats[0])[codes]
    return ticks, offsets, names, unit_of(formats[0]), formats[0] + end


@cache
def _names_in(zone: str) -> dict[str, int]:
    """Return the names of a zone's offsets and the offsets in seconds, such as CET and CEST."""
    days = [pd.Timestamp(day, tz=zone) for day in ("2020-01-01", "2020-07-01")]
    utc = [day.tz_convert("UTC").tz_localize(None) for day in days]
    return {
        str(day.tzname()): int((day.tz_localize(None) - plain).total_seconds())
        for day, plain in zip(days, utc, strict=True)
    }


def _zone_with_offsets(
    utc: np.ndarray, local: np.ndarray, names: set[str], unit: str, label: str
) -> str:
    for zone in ZONES:
        if _names_in(zone).keys() >= names and np.array_equal(to_local(utc, unit, zone), local):
            return zone
    raise InputError(
        f"Column {label!r} has several offsets from UTC, as a clock that is set forward and back "
        "does, and its time zone is not known. Set it: dataset.time_zone=Europe/Berlin."
    )


def _zone_of_steps(local: np.ndarray, inner: np.ndarray, unit: str) -> str | None:
    """Return the zone in which times are regular that are not so by the clock; None: none."""
    steps = np.diff(local)[inner]
    values, counts = np.unique(steps, return_counts=True)
    if len(values) < 2 or counts.max() < MIN_USUAL * len(steps):
        return None
    usual, hour = int(values[counts.argmax()]), 3_600 * TICKS_PER_SECOND[unit]
    if not 0 < usual <= 2 * hour or not np.isin(steps, (usual - hour, usual + hour)).any():
        return None
    for zone in ZONES:
        utc = _unfolded(local, inner, unit, zone)
        found = np.diff(utc)[inner]
        is_possible = not (utc == NAT).any() and (found > 0).all() and not (found % usual).any()
        if is_possible and (found == usual).sum() > counts.max():
            return zone
    return None


def _unfolded(local: np.ndarray, inner: np.ndarray, unit: str, zone: str) -> np.ndarray:
    """Return UTC ticks of local ones, which rise within sequences; `NAT` where there is none.

    Of the two times that an hour may mean that comes twice, it is the first one if the row before
    is earlier.
    """
    clock = pd.DatetimeIndex(local.view(f"M8[{unit}]"))

    def read(is_summer: bool) -> np.ndarray:
        every = np.full(len(local), is_summer)
        aware = clock.tz_localize(zone, ambiguous=every, nonexistent="NaT")
        return np.array(aware.tz_convert("UTC").as_unit(unit).asi8)  # type: ignore[arg-type]

    first, second = read(True), read(False)
    for row in np.flatnonzero(first != second):
        if row and inner[row - 1] and first[row] <= first[row - 1]:
            first[row] = second[row]
    return first
