"""Checks of tables whose times do not increase: a key is missing, or a clock was set back."""

import calendar
import re
from collections.abc import Iterator, Sequence
from math import log

import numpy as np
from scipy.special import gammaln

from timegan.errors import InputError
from timegan.tables.date_formats import looks_like_date
from timegan.tables.dtypes import holds_text, is_number, is_text
from timegan.tables.raw_columns import ColumnRoles, RawColumn
from timegan.tables.time_column import infer_time, may_hold_time, read_time

MAX_CHANCE = 1e-3
"""Largest probability that times in random order increase within all groups of a column."""
MIN_ROWS_PER_SEQUENCE = 3
"""Mean length of the sequences of a key."""
MAX_SETBACK = 3 * 3_600
"""Seconds that a clock may be set back."""
MAX_SHARE_SETBACKS = 0.01
"""Share of rows at which it may be set back; two are always allowed."""
MAX_SHARE_HOLES = 0.1
"""Share of rows in which dates may be empty and still be the time that was meant."""
DATE_PART = re.compile(r"(year|month|week|day|hour|minute|second|date|time)", re.IGNORECASE)
NAMED_TIME = re.compile(
    rf"(1[5-9]|20)\d\d|{'|'.join([*calendar.month_abbr[1:], *calendar.month_name[1:]])}",
    re.IGNORECASE,
)
"""Name of a column for one year or month."""
NUMBERED = re.compile(r"(\D*)(\d+)")
MIN_TIMES = 6
"""Columns for times from which a table has a column for each time."""
KEY_NAME = re.compile(
    r"id|key|name|code|symbol|ticker|unit|patient|person|user|subject|customer|station|site|store"
    r"|item|device|sensor|machine|series|sequence|group",
    re.IGNORECASE,
)


def check_key(roles: ColumnRoles, parts: RawColumn | None = None) -> None:
    """Refuse a table without a key in which times or counters start again for another column.

    Dates (or epoch times) do not increase in the whole table, but in all rows of each value of the
    column; by accident, this would happen with a probability below `MAX_CHANCE`. A counter
    increases by one in each row and starts again where the column changes. A column of integers
    must hold each value in consecutive rows, for others may count the steps of a date.

    Args:
        roles: of the columns.
        parts: the time that several columns make together; None where there are none.

    Raises:
        InputError: names the times and the column that may be the key.
    """
    if roles.codes is not None:
        return
    for time, ticks, is_counter in _times(roles, parts):
        if (np.diff(ticks) >= 0).all() and (np.diff(ticks) > 0).mean() >= 0.5:
            return
        keys = [
            column
            for column in roles.columns
            if column is not time and column.role in (None, "feature")
            if _is_key(column, ticks, is_counter)
        ]
        if keys:
            keys = _sorted(keys)
            is_key = is_counter and KEY_NAME.search(time.label)
            if is_key and not KEY_NAME.search(keys[0].label):  # rows in the order of visits
                time, keys = keys[0], [time]
            raise InputError(_missing_key(time, is_counter, keys))


def check_wide(roles: ColumnRoles) -> None:
    """Refuse a table with a column for each time, such as years, instead of a row.

    Raises:
        InputError: names the first of these columns.
    """
    columns = [column for column in roles.columns if column.role is None and not column.index]
    times = [c for c in columns if NAMED_TIME.fullmatch(c.label) or looks_like_date(c.label)]
    what = "names of times"
    if not times and roles.codes is None and any(map(_is_name, columns)):
        times = _numbered(columns)
        what = "numbered names"
    if len(times) < MIN_TIMES or len(times) < len(columns) / 2:
        return
    shown = ", ".join(column.label for column in times[:3])
    others = ", ".join(repr(column.label) for column in columns if column not in times)
    raise InputError(
        f"The columns {shown} and {len(times) - 3} more have {what}: a table needs one row "
        f"for each time. Convert it: frame.melt(id_vars=[{others}], var_name='time'). To learn "
        "them as features nonetheless, list them in dataset.columns."
    )


def _is_name(column: RawColumn) -> bool:
    """Check for texts that name rows: all differ, and none is a date."""
    series = column.series
    is_named = holds_text(series) and series.is_unique and not series.isna().any()
    return is_named and not looks_like_date(str(series.iloc[0]))


def _numbered(columns: Sequence[RawColumn]) -> list[RawColumn]:
    """Return columns of numbers whose names are one word and consecutive numbers."""
    found = [(column, NUMBERED.fullmatch(column.label)) for column in columns]
    names = [(c, match[1], int(match[2])) for c, match in found if match]
    is_one = len({word for _, word, _ in names}) == 1 and set(
        np.diff([n for _, _, n in names]).tolist()
    ) == {1}
    return [c for c, _, _ in names if is_number(c.series.dtype)] if is_one else []


def check_clock(roles: ColumnRoles) -> None:
    """Refuse dates that increase but for a clock that was set back; note other unsorted dates.

    Raises:
        InputError: names the first row that goes back.
    """
    if roles.of("time"):
        return
    for column in roles.columns:
        if column.index or column.role is not None or is_number(column.series.dtype):
            continue
        _check_holes(column, roles.codes)
        ticks = _ticks(column)
        if ticks is None or column.field is None:
            continue
        rows = np.arange(len(ticks))
        if roles.codes is not None:
            rows = np.argsort(roles.codes, kind="stable")
        steps = np.diff(ticks[rows])
        inside = np.ones(len(steps), dtype=bool)
        if roles.codes is not None:
            inside = np.diff(roles.codes[rows]) == 0
        back = np.flatnonzero(inside & (steps < 0))
        limit = MAX_SETBACK * column.field.per_second
        allowed = max(2, MAX_SHARE_SETBACKS * len(ticks))
        if not back.size:
            if (steps[inside] != 0).any():
                roles.notes.append(_comes_back(column))
            continue
        if column.field.unit and back.size <= allowed and steps[back].min() >= -limit:
            row = int(rows[back[0] + 1])
            before = column.series.iloc[int(rows[back[0]])]
            raise InputError(
                f"Column {column.label!r} goes back from {before} to {column.series.iloc[row]} in "
                f"row {row + 1:,} (the first row is 1), and increases in nearly all others: its "
                "clock was probably set back. Write its times in UTC, or set "
                f"dataset.sequence_index={column.label} to sort rows by it."
            )
        roles.notes.append(
            f"{column.label!r} holds dates that do not increase, and is not taken for the time. "
            f"Set dataset.sequence_index={column.label} to sort rows by it."
        )


def _comes_back(column: RawColumn) -> str:
    return (
        f"{column.label!r} holds dates that come back, and is not taken for the time. Put its time "
        f"of day beside it, or set dataset.exclude=[{column.label}]."
    )


def _check_holes(column: RawColumn, codes: np.ndarray | None) -> None:
    """Refuse dates that would be the time if they were not empty in a few rows."""
    empty = column.series.isna().to_numpy()
    if not 0 < empty.sum() <= MAX_SHARE_HOLES * len(empty):
        return
    there = np.flatnonzero(~empty)
    ticks = _ticks(RawColumn(column.name, column.series.iloc[there], False))
    if ticks is None:
        return
    owner = np.zeros(len(there)) if codes is None else codes[there]
    order = np.argsort(owner, kind="stable")
    steps = np.diff(ticks[order])[np.diff(owner[order]) == 0]
    if steps.size and (steps >= 0).all() and (steps > 0).mean() >= 0.5:
        raise InputError(
            f"Column {column.label!r} is empty in row {np.argmax(empty) + 1:,} (the first row is "
            "1), and its dates increase in all others: it would be the time. Fill the cell or drop "
            f"the row. To do without a time, set dataset.exclude=[{column.label}]."
        )


def _times(
    roles: ColumnRoles, parts: RawColumn | None
) -> Iterator[tuple[RawColumn, np.ndarray, bool]]:
    """Yield the time, or columns that may be one, their ticks, and if they are counters."""
    chosen = roles.of("time") or ([parts] if parts else [])
    free = [column for column in roles.columns if column.role is None and not column.index]
    for column in chosen or free:
        ticks = _ticks(column)
        if ticks is not None:
            yield column, ticks, False
    for column in [] if chosen else free:
        is_integer = np.issubdtype(getattr(column.series.dtype, "type", object), np.integer)
        if is_integer and not DATE_PART.search(column.label) and not column.series.isna().any():
            numbers = column.series.to_numpy(dtype=np.int64)
            steps = np.diff(numbers)
            if (steps < 0).any() and set(np.unique(steps[steps >= 0]).tolist()) == {1}:
                yield column, numbers, True


def _ticks(column: RawColumn) -> np.ndarray | None:
    if column.role != "time" and not may_hold_time(column.series.rename(column.label)):
        return None
    try:
        column.field = column.field or infer_time(column.series, column.name, column.index)
        return read_time(column.series, column.field)
    except InputError:
        return None


def _is_key(column: RawColumn, ticks: np.ndarray, is_counter: bool) -> bool:
    codes = _codes(column)
    if codes is None or DATE_PART.search(column.label):
        return False
    sizes = np.bincount(codes)
    changes = np.diff(codes) != 0
    is_contiguous = int(changes.sum()) == len(sizes) - 1
    if len(sizes) < 2 or len(codes) < MIN_ROWS_PER_SEQUENCE * len(sizes):
        return False
    if is_counter:
        return is_contiguous and np.array_equal(changes, np.diff(ticks) != 1)
    if is_number(column.series.dtype) and not is_contiguous:
        return False
    order = np.argsort(codes, kind="stable")
    steps = np.diff(ticks[order])[np.diff(codes[order]) == 0]
    chance = -float(gammaln(sizes + 1.0).sum())
    return bool((steps > 0).all() or (steps < 0).all()) and chance <= log(MAX_CHANCE)


def _codes(column: RawColumn) -> np.ndarray | None:
    """Return the group (R,) of each row by a column of labels or integers; None for others."""
    dtype = column.series.dtype
    is_float = is_number(dtype) and not np.issubdtype(getattr(dtype, "type", object), np.integer)
    is_label = is_text(dtype) or str(dtype) in ("object", "category")
    if is_float or not (is_label or is_number(dtype)) or may_hold_time(column.series):
        return None
    try:
        codes: np.ndarray = column.series.factorize()[0]
    except TypeError:  # cells without a hash
        return None
    return None if (codes < 0).any() else codes


def _sorted(keys: Sequence[RawColumn]) -> list[RawColumn]:
    """Put columns first whose name is that of a key, then those with more sequences."""
    return sorted(keys, key=lambda c: (not KEY_NAME.search(c.label), -c.series.nunique()))


def _missing_key(time: RawColumn, is_counter: bool, keys: Sequence[RawColumn]) -> str:
    others = ", ".join(repr(key.label) for key in keys[1:4])
    what = "The numbers" if is_counter else "The dates"
    return (
        f"{what} in {time.label!r} start again for each {keys[0].label!r}"
        f"{f' (and each of {others})' if others else ''}, and no key is named: windows would mix "
        f"sequences. Set dataset.sequence_key={keys[0].label}. To learn one long series "
        "nonetheless, list its features in dataset.columns."
    )
