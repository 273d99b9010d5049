"""Roles of columns: those that the user names, and the key and time that a table shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.dtypes import is_moment, is_number, is_span
from timegan.tables.fields import Name, Role
from timegan.tables.raw_columns import Roles, Slot, find, slots_of
from timegan.tables.time_column import learn_time, may_be_time, read_time

SEQUENCE = "sequence"
"""Name of the key column where a table brings none of its own."""


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


def find_key(roles: Roles) -> None:
    """Number the sequences by the key that was named, a level of the index, or ``sequence``."""
    key = next(iter(roles.of("key")), None)
    if key is None:  # the index first, for each of its levels must have a role
        key = _key_level([s for s in roles.slots if s.index])
    if key is None:
        key = next((s for s in roles.slots if s.name == SEQUENCE and s.role is None), None)
    if key is not None:
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


def find_time(roles: Roles) -> None:
    """Take a level of the index for the time, or the one column of dates that only rise."""
    if roles.of("time"):
        return
    levels = [s for s in roles.slots if s.index]
    alone = len(levels) == 1
    levels = [s for s in levels if s.role is None]
    clocks = [s for s in levels if _is_clock(s.series)]
    numbers = [s for s in levels if _may_count(s, alone) and _counts(s, roles, alone)]
    for slot in clocks[:1] or numbers[-1:]:
        slot.role = "time"
        what = "The index" if slot.name is None else f"The index level {slot.label!r}"
        roles.notes.append(f"{what} is the time.")
        return
    free = [s for s in roles.slots if not s.index and s.role is None]
    if len(free) == 1 and not roles.of("feature"):
        free = []  # it would leave nothing to learn
    dated = [s for s in free if is_moment(s.series.dtype)]
    for candidates in (levels, dated, [s for s in free if not _is_clock(s.series)]):
        rising = [s for s in candidates if may_be_time(s.series) and _rises(s, roles.codes)]
        if not rising:
            continue
        names = ", ".join(repr(s.label) for s in rising)
        if len(rising) == 1:
            rising[0].role = "time"
            told = f"{names} is taken for the time: its dates increase within each sequence."
        else:
            told = (
                f"{names} all hold increasing dates, and none is taken for the time: name it by "
                "dataset.sequence_index."
            )
        roles.notes.append(told)
        return


def finish_index(roles: Roles) -> None:
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


def _may_count(slot: Slot, alone: bool) -> bool:
    """Whether a level holds numbers that are no row numbers by their looks."""
    dtype = slot.series.dtype
    named = slot.name is not None or not alone
    return is_number(dtype) and (named or types.is_float_dtype(dtype))


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
        slot.field = learn_time(slot.series, slot.name, slot.index)
        times = read_time(slot.series, slot.field)
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
    slots = slots_of(frame)
    asked: list[tuple[Role, Sequence[Name]]] = [
        ("key", [sequence_key] if sequence_key is not None else []),
        ("time", [sequence_index] if sequence_index is not None else []),
        ("context", context),
        ("exogenous", exogenous),
        ("feature", columns or []),
    ]
    for role, names in asked:
        for name in names:
            _give(find(name, slots), role)
    roles = Roles(slots)
    find_key(roles)
    find_time(roles)
    finish_index(roles)
    for slot in slots:
        if slot.role is None and columns is None:
            slot.role = "feature"
    roles.slots = [slot for slot in slots if slot.role is not None]
    return roles


KEYS = {
    "key": "sequence_key",
    "time": "sequence_index",
    "context": "context_columns",
    "exogenous": "exogenous",
    "feature": "columns",
}
"""Role -> the option that gives it."""


def _give(slot: Slot, role: Role) -> None:
    if slot.role is not None and slot.role != role:
        if role == "feature":
            return  # it may stand among the columns that are kept
        raise InputError(
            f"Column {slot.label!r} is given by dataset.{KEYS[slot.role]} and by "
            f"dataset.{KEYS[role]}: a column has one role. Take it out of one."
        )
    slot.role = role
