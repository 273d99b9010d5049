"""Inference of column roles: those that the user sets, and the key and the time of a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.date_parts import check_merged, combine_parts, find_date_and_clock, find_parts
from timegan.tables.dtypes import is_datetime, is_number, is_timedelta
from timegan.tables.fields import Name, Role
from timegan.tables.raw_columns import ColumnRoles, RawColumn, find, free_name, raw_columns
from timegan.tables.row_order import check_clock, check_key, check_wide
from timegan.tables.time_column import infer_time, may_hold_time, read_time
from timegan.tables.wall_clock import read_wall_clock

SEQUENCE = "sequence"
"""Name of the key column where a table brings none of its own."""
FILE = "file"
"""Name of the column, and of the attribute of a frame, that tells the files of a pattern apart."""


def sequences(column: RawColumn) -> np.ndarray:
    """Return the sequence (R,) of each row, numbered in order of appearance.

    Raises:
        InputError: a row has no key.
    """
    codes = pd.factorize(column.series)[0]
    if (codes < 0).any():
        row = int(np.argmax(codes < 0)) + 1
        raise InputError(
            f"The key column {column.label!r} is empty in row {row:,}: every row must belong to a "
            "sequence."
        )
    return codes


def assign_key(roles: ColumnRoles) -> None:
    """Assign numbers to sequences by the chosen key, a level of the index, or ``sequence``."""
    key = next(iter(roles.of("key")), None)
    if key is None:  # the index first, for each of its levels must have a role
        key = _key_level([s for s in roles.columns if s.index])
    if key is None:
        key = next((s for s in roles.columns if s.name == SEQUENCE and s.role is None), None)
    if key is not None:
        key.role = "key"
        roles.codes = sequences(key)


def _key_level(levels: list[RawColumn]) -> RawColumn | None:
    """Return the index level that tells sequences apart, if any."""
    free = [s for s in levels if s.role is None and not _is_time_dtype(s.series)]
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


def assign_clocks(roles: ColumnRoles, zone: str | None) -> "dict[RawColumn, pd.Series[Any]]":
    """Read local times in their time zone, where one is named or a clock was set.

    Returns:
        The columns that were read, as they were.
    """
    before = {}
    for column in roles.columns:
        given = column.role == "time"
        if column.index or column.role not in (None, "time") or is_number(column.series.dtype):
            continue
        if not may_hold_time(column.series.rename(column.label)):
            continue
        found = read_wall_clock(column.series, roles.codes, zone)
        if found is None:
            continue
        series, column.series = column.series, found[0]
        if not given and not _rises(column, roles.codes):
            column.series = series
            continue
        column.wall_format, before[column] = found[1], series
        roles.notes.append(
            f"{column.label!r} is read as local time in {found[0].dt.tz}, and written so. "
            "Set dataset.time_zone to name another zone."
        )
    return before


def assign_time(roles: ColumnRoles) -> None:
    """Take a level of the index for the time, or a column of increasing dates.

    Of several such columns one is taken if its dates come first in every row, as a start does.
    """
    if roles.of("time"):
        return
    levels = [s for s in roles.columns if s.index]
    alone = len(levels) == 1
    levels = [s for s in levels if s.role is None]
    clocks = [s for s in levels if _is_time_dtype(s.series)]
    numbers = [s for s in levels if _may_count(s, alone) and _counts(s, roles, alone)]
    for column in clocks[:1] or numbers[-1:]:
        column.role = "time"
        what = "The index" if column.name is None else f"The index level {column.label!r}"
        roles.notes.append(f"{what} is the time.")
        return
    free = [s for s in roles.columns if not s.index and s.role is None]
    if len(free) == 1 and not roles.of("feature"):
        free = []  # it would leave nothing to learn
    dated = [s for s in free if is_datetime(s.series.dtype)]
    texts = [s for s in free if not _is_time_dtype(s.series) and not is_number(s.series.dtype)]
    numbers = [s for s in free if is_number(s.series.dtype)]
    for candidates in (levels, dated, texts, numbers):
        rising = [
            s
            for s in candidates
            if may_hold_time(s.series.rename(s.label)) and _rises(s, roles.codes)
        ]
        if not rising:
            continue
        names = ", ".join(repr(s.label) for s in rising)
        first = rising[0] if len(rising) == 1 else _first_dates(rising)
        if first is not None:
            first.role = "time"
            what = "numbers count time and" if candidates is numbers else "dates"
            told = f"{first.label!r} is taken for the time: its {what} increase within each "
            told += "sequence, and come before all others." if len(rising) > 1 else "sequence."
        else:
            told = (
                f"{names} all hold increasing dates, and none is taken for the time: name it by "
                "dataset.sequence_index."
            )
        roles.notes.append(told)
        return


def assign_files(roles: ColumnRoles, files: RawColumn) -> None:
    """Take files for sequences, unless they continue one another or there is a key."""
    if roles.codes is not None:
        return
    count = files.series.nunique()
    time = next(iter(roles.of("time")), None)
    if time is not None and _rises(time, None):
        roles.notes.append(f"{count} files continue one another: they are one long series.")
        return
    files.role = "key"
    roles.codes = sequences(files)
    roles.columns.insert(0, files)
    roles.notes.append(f"{count} files are as many sequences: their names are the key.")
    if time is None:
        assign_time(roles)


def assign_parts(roles: ColumnRoles, given: dict[str, RawColumn] | None) -> None:
    """Take years, months and so on, or a date and a time of day, for the time if they increase.

    Args:
        given: part of the time -> its column; None looks for them.

    Raises:
        InputError: given columns do not hold dates.
    """
    free = [c for c in roles.columns if c.role is None and not c.index]
    for column in free if given is None else []:
        check_merged(column)
    parts = (find_parts(free) or find_date_and_clock(free)) if given is None else given
    seconds = combine_parts(parts) if parts else None
    if seconds is None or (given is None and len(parts) == len(free)):
        if given:
            names = ", ".join(repr(column.label) for column in given.values())
            raise InputError(f"The columns {names} do not hold dates in every row. Correct them.")
        return
    name = free_name("time", [column.name for column in roles.columns])
    time = RawColumn(name, pd.Series(seconds.view("M8[s]")), False, is_hidden=True)
    if given is None and not _rises(time, roles.codes):
        check_key(roles, time)
        return
    time.role = "time"
    for column in parts.values():
        column.role = "part"
    roles.columns.append(time)
    roles.parts = parts
    names = ", ".join(repr(column.label) for column in parts.values())
    roles.notes.append(f"{names} are taken for the time, and written from it.")


def assign_index(roles: ColumnRoles) -> None:
    """Mark an index of row numbers, and refuse any other index without a role."""
    for column in roles.columns:
        if not column.index or column.role is not None:
            continue
        alone = sum(s.index for s in roles.columns) == 1
        if alone and types.is_integer_dtype(column.series.dtype):
            column.role = "rows"
            roles.notes.append("The index holds row numbers, which are not learned.")
            continue
        raise InputError(
            f"The index level {column.label!r} ({column.series.dtype}) is neither the time nor a "
            "key. Set its role (dataset.sequence_key, dataset.sequence_index), or drop it: "
            "frame.reset_index(drop=True)."
        )


def _is_time_dtype(series: "pd.Series[Any]") -> bool:
    return is_datetime(series.dtype) or is_timedelta(series.dtype)


def _may_count(column: RawColumn, alone: bool) -> bool:
    """Check that a level holds numbers that do not look like row numbers."""
    dtype = column.series.dtype
    named = column.name is not None or not alone
    return is_number(dtype) and (named or types.is_float_dtype(dtype))


def _counts(column: RawColumn, roles: ColumnRoles, alone: bool) -> bool:
    """Check that a level of numbers counts the steps of each sequence, not the table's rows."""
    if not alone and roles.codes is not None:
        return not pd.DataFrame({0: roles.codes, 1: column.series}).duplicated().any()
    if not _rises(column, roles.codes):
        return False
    return roles.codes is None or not column.series.is_unique


def _rises(column: RawColumn, codes: np.ndarray | None) -> bool:
    """Check that times increase within each sequence, or decrease in each (newest first)."""
    try:
        column.field = infer_time(column.series, column.name, column.index)
        times = read_time(column.series, column.field)
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


def _first_dates(columns: Sequence[RawColumn]) -> RawColumn | None:
    """Return the column whose dates are before those of all others in every row, or as early."""
    seconds = {}
    for column in columns:
        field = column.field
        if field is None or field.type != "datetime" or not field.unit:
            return None
        seconds[column] = bool(field.zone), read_time(column.series, field) / field.per_second
    if len({has_zone for has_zone, _ in seconds.values()}) > 1:
        return None
    for column, (_, times) in seconds.items():
        if all((times <= other).all() for _, other in seconds.values()):
            return column
    return None


def infer_roles(
    frame: pd.DataFrame,
    columns: Sequence[Name] | None,
    sequence_key: Name,
    sequence_index: Name,
    context: Sequence[Name],
    exogenous: Sequence[Name],
    parts: dict[str, Name] | None = None,
    time_zone: str | None = None,
    *,
    is_known: bool = False,
) -> ColumnRoles:
    """Assign a role to every column and index level; leave out columns that are not requested.

    Args:
        frame: any table.
        columns: the features; None takes all columns without another role.
        sequence_key: column or index level that tells sequences apart; None infers it.
        sequence_index: the time; None infers it.
        context: columns that are constant within a sequence.
        exogenous: columns that are given from outside at each step.
        parts: columns that together are the time, by what they hold, such as year and month; None
            looks for them.
        time_zone: of local times; None looks for it where a clock was set.
        is_known: whether a schema tells how columns are read.

    Raises:
        InputError: a name does not exist, occurs twice or cannot be kept; a column has two roles;
            the index fits no role; a key is missing; a clock was set back.
    """
    raw = raw_columns(frame)
    asked: list[tuple[Role, Sequence[Name]]] = [
        ("key", [sequence_key] if sequence_key is not None else []),
        ("time", [sequence_index] if sequence_index is not None else []),
        ("context", context),
        ("exogenous", exogenous),
        ("feature", columns or []),
    ]
    for role, names in asked:
        for name in names:
            _assign_role(find(name, raw), role)
    roles = ColumnRoles(raw)
    assign_key(roles)
    files = next((c for c in raw if c.role is None and c.name == frame.attrs.get(FILE, "")), None)
    if files is not None:
        roles.columns = [column for column in raw if column is not files]
    local = {} if is_known else assign_clocks(roles, time_zone)
    assign_time(roles)
    for column, series in local.items():
        if column.role != "time":
            column.series, column.wall_format = series, ""
    if files is not None:
        assign_files(roles, files)
    if parts or (columns is None and not roles.of("time")):
        given = None if parts is None else {part: find(name, raw) for part, name in parts.items()}
        assign_parts(roles, given)
    if columns is None:
        check_wide(roles)
        check_key(roles)
        check_clock(roles)
    assign_index(roles)
    for column in roles.columns:
        if column.role is None and columns is None:
            column.role = "feature"
    roles.columns = [column for column in roles.columns if column.role is not None]
    return roles


ROLE_OPTIONS = {
    "key": "sequence_key",
    "time": "sequence_index",
    "context": "context_columns",
    "exogenous": "exogenous",
    "feature": "columns",
}
"""Role -> option that sets it."""


def _assign_role(column: RawColumn, role: Role) -> None:
    if column.role is not None and column.role != role:
        if role == "feature":
            return  # it may stand among the columns that are kept
        raise InputError(
            f"Column {column.label!r} is given by dataset.{ROLE_OPTIONS[column.role]} and by "
            f"dataset.{ROLE_OPTIONS[role]}: a column has one role. Remove it from one."
        )
    column.role = role
