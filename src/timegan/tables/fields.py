"""What is known about one column or index level: enough to write a column like it."""

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from timegan.tables.dtypes import PER_SECOND

Name = str | int | float | None
Role = Literal["feature", "gap", "exogenous", "context", "key", "time", "rows"]
Type = Literal["number", "boolean", "category", "datetime", "timedelta"]


@dataclass(frozen=True)
class Field:
    """One column or index level, in plain values.

    Args:
        name: exactly as in the table; None only for an index level.
        role: what it is for. ``gap`` is no column of the table: it is the time between rows, as the
            model sees it; ``rows`` numbers the rows and means nothing.
        type: what its float64 values stand for (`timegan.tables.codecs`).
        dtype: its pandas type, see `timegan.tables.dtypes`.
        index: whether it is a level of the index.
        categories: of a category, code 0 first; intervals are pairs of numbers.
        categories_dtype: their pandas type; empty where the column is not a pandas categorical.
        closed: of a category of intervals, the closed side.
        ordered: whether the categories are.
        offset: taken off integers and ticks, so that float64 holds them exactly.
        step: ticks between which no datetime of the column lies.
        wall: whether its datetimes count in local time.
        unit: of its ticks, ``s`` to ``ns``; empty where it has none.
        zone: time zone of its datetimes.
        form: how dates are written that are kept as text (`timegan.tables.date_formats`); ``date``
        for
            Python's dates.
        missing: what an object column writes where a value is missing.
        freq: of a time index that knows its frequency.
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
    wall: bool = False
    unit: str = ""
    zone: str = ""
    form: str = ""
    missing: str = ""
    freq: str = ""

    @property
    def label(self) -> str:
        """Its name as text, for messages, tables and configuration keys."""
        return "the index" if self.name is None else str(self.name)

    @property
    def per_second(self) -> int:
        """Ticks in a second; 1 where it does not count ticks."""
        return PER_SECOND.get(self.unit, 1)

    def state(self) -> dict[str, Any]:
        """What differs from the defaults, as plain numbers, strings and lists."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        state = {k: v for k, v in kept.items() if k in REQUIRED or v != DEFAULTS[k]}
        if "categories" in state:
            state["categories"] = [_packed(category) for category in state["categories"]]
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        state = dict(state)
        if "categories" in state:
            state["categories"] = tuple(_unpacked(category) for category in state["categories"])
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
