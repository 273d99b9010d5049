"""Descriptions of columns and index levels, sufficient to write columns like them."""

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from timegan.tables.dtypes import TICKS_PER_SECOND

Name = str | int | float | None
Role = Literal["feature", "gap", "exogenous", "context", "key", "time", "part", "rows"]
Type = Literal["number", "boolean", "category", "datetime", "timedelta"]


@dataclass(frozen=True)
class Field:
    """Description of a column or index level in plain values.

    Args:
        name: exactly as in the table; None only for an index level.
        role: use of the column. ``gap`` stands for the time between rows, which is learned but is
            not a column of the table; ``part`` is a part of the time (``date_format`` tells which);
            ``rows`` stands for row numbers, which are not learned.
        type: meaning of its float64 values (`timegan.tables.codecs`).
        dtype: name of its pandas type, see `timegan.tables.dtypes`.
        index: is it a level of the index?
        categories: of a category, code 0 first; intervals are pairs of numbers.
        categories_dtype: their pandas type; empty where the column is not a pandas categorical.
        closed: of a category of intervals, the closed side.
        ordered: are the categories ordered?
        offset: subtracted from integers and ticks, so that float64 holds them exactly.
        step: all timestamps of the column are multiples of so many ticks, after the offset.
        local_time: are its timestamps counted in local time?
        unit: of its ticks, ``s`` to ``ns``; empty where it has none.
        zone: time zone of its datetimes.
        wall_format: how local times of the zone are written, where they are not timestamps in it:
            a format of dates, or the type of timestamps (`timegan.tables.wall_clock`).
        date_format: of dates that are kept as text (`timegan.tables.date_formats`); ``date`` for
            objects of `datetime.date`.
        na_values: numbers or texts that mark missing values.
        na_mark: the one of them that stands for missing values when the column is written; None
            leaves cells empty.
        missing: name of the value that an object column holds where a value is missing.
        freq: of a time index that has a frequency.
        is_hidden: is it the time of a table that has only its parts, and so not a column?
    """

    name: Name
    role: Role
    type: Type
    dtype: str
    index: bool = False
    categories: tuple[Any, ...] = ()
    categories_dtype: str = ""
    closed: str = ""
    ordered: bool = False
    offset: int = 0
    step: int = 1
    local_time: bool = False
    unit: str = ""
    zone: str = ""
    wall_format: str = ""
    date_format: str = ""
    na_values: tuple[float | str, ...] = ()
    na_mark: float | str | None = None
    missing: str = ""
    freq: str = ""
    is_hidden: bool = False

    @property
    def label(self) -> str:
        """Return the name as text, for messages, tables and configuration keys."""
        return "the index" if self.name is None else str(self.name)

    @property
    def per_second(self) -> int:
        """Return the ticks in a second; 1 for a column without ticks."""
        return TICKS_PER_SECOND.get(self.unit, 1)

    def state(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain numbers, strings and lists."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        state = {k: v for k, v in kept.items() if k in REQUIRED or v != DEFAULTS[k]}
        if "categories" in state:
            state["categories"] = [_packed(category) for category in state["categories"]]
        if "na_values" in state:
            state["na_values"] = list(state["na_values"])
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the field that `state` describes."""
        state = dict(state)
        if "categories" in state:
            state["categories"] = tuple(_unpacked(category) for category in state["categories"])
        state["na_values"] = tuple(state.get("na_values", ()))
        return cls(**state)


REQUIRED = ("name", "role", "type", "dtype")
DEFAULTS = {f.name: f.default for f in fields(Field)}


def _packed(category: Any) -> Any:
    """Return a category as JSON can hold it, which has neither pairs nor infinity."""
    if isinstance(category, tuple):
        return [_packed(part) for part in category]
    if isinstance(category, float) and not math.isfinite(category):
        return {"float": str(float(category))}
    return category


def _unpacked(packed: Any) -> Any:
    """Return the category that `_packed` was given."""
    if isinstance(packed, list):
        return tuple(_unpacked(part) for part in packed)
    return float(packed["float"]) if isinstance(packed, dict) else packed
