"""Which column is what: the key, the time, what is constant in a sequence, and the features."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError, nearest
from timegan.tables.dtypes import is_moment, is_number, is_span
from timegan.tables.fields import Name, Role
from timegan.tables.times import learn_time, may_be_time, read_time

SEQUENCE = "sequence"
"""Name of the key column where a table brings none of its own."""


@dataclass(eq=False)
class Slot:
    """A column or an index level, with its rows and, once it is known, its role."""

    name: Name
    series: "pd.Series[Any]"
    index: bool
    role: Role | None = None

    @property
    def label(self) -> str:
        """Its name as text."""
        return "the index" if self.name is None else str(self.name)


@dataclass
class Roles:
    """Every column with its role, the sequences that the key makes, and what was decided."""

    slots: list[Slot]
    codes: np.ndarray | None = None  # (R,) the sequence of each row, in order of appearance
    notes: list[str] = field(default_factory=list)

    def of(self, role: Role) -> list[Slot]:
        """The slots of one role."""
        return [slot for slot in self.slots if slot.role == role]


def find_roles(
    frame: pd.DataFrame,
    columns: Sequence[Name] | None,
    sequence_key: Name,
    sequence_index: Name,
    context: Sequence[Name],
    exogenous: Sequence[Name],
) -> Roles:
    """Give every column and index level its role; columns that nobody asked for are left out.

    Args:
        frame: any table.
        columns: the features; None takes all columns that are nothing else.
        sequence_key: what tells sequences apart; None looks for it.
        sequence_index: the time; None looks for it.
        context: what is constant within a sequence.
        exogenous: what is given from outside at each step.

    Raises:
        InputError: names that do not exist, occur twice or cannot be kept; two roles for one
            column; an index that fits no role.
    """
    slots = _slots(frame)
    asked: list[tuple[Role, Sequence[Name]]] = [
        ("key", [sequence_key] if sequence_key is not None else []),
        ("time", [sequence_index] if sequence_index is not None else []),
        ("context", context),
        ("exogenous", exogenous),
        ("feature", columns or []),
    ]
    for role, names in asked:
        for name in names:
            _give(_find(name, slots), role, columns is not None)
    roles = Roles(slots)
    _find_key(roles)
    _find_time(roles)
    _finish_index(roles)
    for slot in slots:
        if slot.role is None and columns is None:
            slot.role = "feature"
    roles.slots = [slot for slot in slots if slot.role is not None]
    return roles


def sequences(slot: Slot) -> np.ndarray:
    """The sequence (R,) of each row, numbered in order of appearance.

    Raises:
        InputError: a row without a key.
    """
    codes = pd.factorize(slot.series)[0]
    if (codes < 0).any():
        row = int(np.argmax(codes < 0)) + 1
        raise InputError(
            f"The key column {slot.label!r} is empty in row {row:,}: every row must belong to a "
            "sequence."
        )
    return codes


def level_values(index: Any, place: int) -> Any:
    """The rows of an index level by its place; pandas would take the number for a name first."""
    if index.nlevels == 1:
        return index
    return index.rename([None] * index.nlevels).get_level_values(place)


def _slots(frame: pd.DataFrame) -> list[Slot]:
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(
            "The table's columns have names of several levels: one name a column is needed. "
            "Join them: frame.columns = ['_'.join(map(str, name)) for name in frame.columns]."
        )
    index = frame.index
    plain = isinstance(index, pd.RangeIndex) and index.name is None
    levels: list[Slot] = []
    if not plain:
        for i, name in enumerate(index.names):
            values = level_values(index, i)
            levels.append(Slot(_checked(name, "index level"), _plain(values), True))
    columns = [
        Slot(_checked(name, "column"), _plain(frame.iloc[:, i]), False)
        for i, name in enumerate(frame.columns)
    ]
    if any(slot.name is None for slot in columns):
        raise InputError("The table has a column without a name (None). Give it one.")
    slots = levels + columns
    seen: set[str] = set()
    for slot in slots:
        if slot.name is not None and slot.label in seen:
            raise InputError(
                f"The table has the column {slot.label!r} more than once: names must differ. "
                "Rename one."
            )
        seen.add(slot.label)
    return slots


def _plain(values: Any) -> "pd.Series[Any]":
    """The same rows without an index; the type is given, or pandas makes text of objects."""
    rows: pd.Series[Any] = pd.Series(values.array, dtype=values.dtype, copy=False)
    return rows


def _checked(name: Any, what: str) -> Name:
    """A name as a plain value that survives JSON."""
    if isinstance(name, np.integer | np.floating):
        name = name.item()
    if name is None or (isinstance(name, str | int | float) and name == name):
        if isinstance(name, bool) or name in (float("inf"), -float("inf")):
            pass
        else:
            return name
    raise InputError(
        f"A {what} is called {name!r} ({type(name).__name__}): names must be text or numbers. "
        "Rename it."
    )


def _find(name: Name, slots: Sequence[Slot]) -> Slot:
    """The slot of a name, or of one that reads the same."""
    for slot in slots:
        if slot.name is not None and (slot.name == name or slot.label == str(name)):
            return slot
    labels = [slot.label for slot in slots if slot.name is not None]
    near = nearest(str(name), labels)
    guess = f" Did you mean {near!r}?" if near else ""
    shown = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")
    raise InputError(f"The table has no column {str(name)!r}.{guess} It has: {shown}.")


KEYS = {
    "key": "sequence_key",
    "time": "sequence_index",
    "context": "context_columns",
    "exogenous": "exogenous",
    "feature": "columns",
}
"""Role -> the option that gives it."""


def _give(slot: Slot, role: Role, listed: bool) -> None:
    if slot.role is not None and slot.role != role:
        if role == "feature" and slot.role != "exogenous" and listed:
            return  # the key may stand among the columns that are kept
        raise InputError(
            f"Column {slot.label!r} is given by dataset.{KEYS[slot.role]} and by "
            f"dataset.{KEYS[role]}: a column has one role. Take it out of one."
        )
    slot.role = role


def _find_key(roles: Roles) -> None:
    key = next(iter(roles.of("key")), None)
    levels = [s for s in roles.slots if s.index]
    if key is None:  # first, for each level must have a role
        key = _key_level(levels)
    if key is None:
        key = next((s for s in roles.slots if s.name == SEQUENCE and s.role is None), None)
    if key is None:
        return
    key.role = "key"
    roles.codes = sequences(key)


def _key_level(levels: list[Slot]) -> Slot | None:
    """The index level that tells sequences apart."""
    free = [s for s in levels if s.role is None and not _is_clock(s.series)]
    if len(levels) == 1:
        level = levels[0]
        numbers = is_number(level.series.dtype)
        if not free or level.series.is_unique or (numbers and level.name is None):
            return None
        return level
    timed = len(free) < len(levels)
    if not free:  # of two levels of dates the first is the day that a sequence belongs to
        return next((s for s in levels[:-1] if s.role is None), None)
    if len(free) > 1 and timed:
        raise InputError(
            f"The index has the levels {', '.join(s.label for s in free)} beside the time, and one "
            "key is needed. Name it by dataset.sequence_key, and the others by "
            "dataset.context_columns, or join them."
        )
    return free[0]


def _find_time(roles: Roles) -> None:
    time = next(iter(roles.of("time")), None)
    if time is not None:
        return
    alone = sum(s.index for s in roles.slots) == 1
    levels = [s for s in roles.slots if s.index and s.role is None]
    clocks = [s for s in levels if _is_clock(s.series)]
    numbers = [
        s
        for s in levels
        if is_number(s.series.dtype) and (s.name is not None or not alone or _real(s))
    ]
    for slot in clocks[:1] or [s for s in numbers if _counts(s, roles, alone)][-1:]:
        slot.role = "time"
        what = "The index" if slot.name is None else f"The index level {slot.label!r}"
        roles.notes.append(f"{what} is the time.")
        return
    texts = [s for s in levels if may_be_time(s.series)]
    free = [s for s in roles.slots if not s.index and s.role is None]
    if len(free) == 1 and not roles.of("feature"):
        free = []  # it would leave nothing to learn
    dated = [s for s in free if _is_clock(s.series) and not is_span(s.series.dtype)]
    for found in (texts, dated, [s for s in free if s not in dated and not _is_clock(s.series)]):
        rising = [s for s in found if may_be_time(s.series) and _rises(s, roles.codes)]
        if len(rising) == 1:
            rising[0].role = "time"
            roles.notes.append(
                f"{rising[0].label!r} is taken for the time: its dates increase within each "
                "sequence."
            )
            return
        if len(rising) > 1:
            names = ", ".join(repr(s.label) for s in rising)
            roles.notes.append(
                f"{names} all hold increasing dates, and none is taken for the time: name it by "
                "dataset.sequence_index."
            )
            return


def _finish_index(roles: Roles) -> None:
    """An index of row numbers means nothing; any other must have a role by now."""
    for slot in roles.slots:
        if not slot.index or slot.role is not None:
            continue
        alone = sum(s.index for s in roles.slots) == 1
        if alone and types.is_integer_dtype(slot.series.dtype):
            slot.role = "rows"
            roles.notes.append("The index holds row numbers, which are not learned.")
            continue
        raise InputError(
            f"The index level {slot.label!r} ({slot.series.dtype}) is neither the time nor a key. "
            "Name its role (dataset.sequence_key, dataset.sequence_index), or drop it: "
            "frame.reset_index(drop=True)."
        )


def _is_clock(series: "pd.Series[Any]") -> bool:
    return is_moment(series.dtype) or is_span(series.dtype)


def _real(slot: Slot) -> bool:
    return types.is_float_dtype(slot.series.dtype)


def _counts(slot: Slot, roles: Roles, alone: bool) -> bool:
    """Whether a level of numbers counts the steps of each sequence, and not the table's rows."""
    if not alone and roles.codes is not None:
        return not pd.DataFrame({0: roles.codes, 1: slot.series}).duplicated().any()
    if not _rises(slot, roles.codes):
        return False
    return roles.codes is None or not slot.series.is_unique


def _rises(slot: Slot, codes: np.ndarray | None) -> bool:
    """Whether times increase within each sequence, or decrease in each (newest first)."""
    try:
        times = read_time(slot.series, learn_time(slot.series, slot.name, slot.index))
    except InputError:
        return False
    if codes is not None and (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        times, codes = times[order], codes[order]
    steps = np.diff(times)
    if codes is not None:
        steps = steps[np.diff(codes) == 0]
    if not steps.size:
        return False
    one_way = bool((steps >= 0).all()) or bool((steps <= 0).all())
    return one_way and bool((steps != 0).mean() >= 0.5)
