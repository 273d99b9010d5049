"""Dates that a table keeps as text: in which form they are written, and the same form again."""

import re
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.dtypes import PER_SECOND

NOTHING = np.iinfo(np.int64).min
"""The tick that stands for a missing moment, as in numpy's NaT."""

DATES = {
    r"\d{4}-\d{2}-\d{2}": ("%Y-%m-%d",),
    r"\d{4}/\d{2}/\d{2}": ("%Y/%m/%d",),
    r"\d{4}-\d{2}": ("%Y-%m",),
    r"\d{2}/\d{2}/\d{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"\d{2}\.\d{2}\.\d{4}": ("%d.%m.%Y",),
}
"""Shape of a date -> the forms that it may have."""

SHAPE = re.compile(
    rf"(?P<date>{'|'.join(DATES)})"
    r"(?:(?P<between>[T ])(?P<time>\d{2}:\d{2}(?P<second>:\d{2}(?:\.(?P<fraction>\d{1,9}))?)?)"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
FRACTION = re.compile(r"\.%(\d)f")


def date_form(texts: np.ndarray) -> str:
    """The one form in which all texts are written; empty where there is none, or more than one.

    Args:
        texts: different texts, none of them missing.

    Returns:
        A form as for `strftime`; ``%3f`` says three digits of a second's fraction.

    >>> date_form(np.array(["2024-01-31 08:00", "2024-02-01 09:30"], dtype=object))
    '%Y-%m-%d %H:%M'
    >>> date_form(np.array(["01/02/2024", "02/02/2024"], dtype=object))  # February, or the 1st?
    ''
    """
    shape = SHAPE.fullmatch(texts[0]) if len(texts) else None
    if shape is None:
        return ""
    dates = next(v for k, v in DATES.items() if re.fullmatch(k, shape["date"]))
    tail = ""
    if shape["time"]:
        tail = f"{shape['between']}%H:%M" + (":%S" if shape["second"] else "")
        tail += f".%{len(shape['fraction'])}f" if shape["fraction"] else ""
        tail += shape["zone"] or ""
    forms = [date + end for date, end in product(dates, [tail])]
    fitting = [form for form in forms if _fits(texts, form)]
    return fitting[0] if len(fitting) == 1 else ""


def looks_like_date(text: str) -> bool:
    """Whether one text may be a date: a quick test before all are read."""
    return SHAPE.fullmatch(text) is not None


def unit_of(form: str) -> str:
    """The unit in which ticks of a form count."""
    fraction = FRACTION.search(form)
    return "s" if fraction is None else "us" if int(fraction[1]) <= 6 else "ns"


def parse(texts: np.ndarray, form: str) -> np.ndarray:
    """Ticks (int64) of texts in a form; `NOTHING` where a text does not have it."""
    core, digits, zone = _parts(form)
    cut = len(zone) + (digits + 1 if digits else 0)
    heads = np.array([t[: len(t) - cut] for t in texts], dtype=object)
    moments = pd.DatetimeIndex(pd.to_datetime(heads, format=core, errors="coerce")).as_unit("s")
    ticks = np.array(moments.asi8)
    if not digits:
        return ticks
    per_second = PER_SECOND[unit_of(form)]
    fractions = [t[len(t) - cut + 1 : len(t) - len(zone)] for t in texts]
    whole = np.array([int(f) if f.isdecimal() else -1 for f in fractions], dtype=np.int64)
    scaled = ticks * per_second + whole * (per_second // 10**digits)
    return np.where((ticks == NOTHING) | (whole < 0), NOTHING, scaled)


def render(ticks: np.ndarray, form: str) -> np.ndarray:
    """Texts (objects) of ticks in a form, the other way round."""
    core, digits, zone = _parts(form)
    per_second = PER_SECOND[unit_of(form)]
    seconds, rest = np.divmod(ticks, per_second)
    heads = _written(seconds.view("M8[s]"), core)
    if not digits:
        return np.asarray(heads + zone) if zone else np.asarray(heads)
    rest //= per_second // 10**digits
    return np.array(
        [f"{h}.{r:0{digits}d}{zone}" for h, r in zip(heads, rest, strict=True)], dtype=object
    )


def _parts(form: str) -> tuple[str, int, str]:
    """A form without fraction and zone, the digits of the fraction, and the zone."""
    zone = re.search(r"(?<=[MSf])(?:Z|[+-]\d{2}:?\d{2})$", form)
    end = zone[0] if zone else ""
    core = form[: len(form) - len(end)]
    fraction = FRACTION.search(core)
    return FRACTION.sub("", core), int(fraction[1]) if fraction else 0, end


ISO: dict[str, Any] = {
    "%Y-%m": "M",
    "%Y-%m-%d": "D",
    "%Y-%m-%d %H:%M": "m",
    "%Y-%m-%dT%H:%M": "m",
    "%Y-%m-%d %H:%M:%S": "s",
    "%Y-%m-%dT%H:%M:%S": "s",
}
"""Forms that numpy writes, many times faster than strftime."""


def _written(seconds: np.ndarray, core: str) -> np.ndarray:
    if core not in ISO:
        return pd.DatetimeIndex(seconds).strftime(core).to_numpy(dtype=object)
    texts = np.datetime_as_string(seconds, unit=ISO[core])
    if " " in core and len(texts):
        texts.view("U1").reshape(len(texts), -1)[:, 10] = " "
    return texts.astype(object)


def _fits(texts: np.ndarray, form: str) -> bool:
    """Whether every text reads as the form does and is written just so."""
    zone: Any = _parts(form)[2]
    if not all(len(text) == len(texts[0]) and text.endswith(zone) for text in texts):
        return False
    ticks = parse(texts, form)
    return bool((ticks != NOTHING).all()) and np.array_equal(render(ticks, form), texts)
