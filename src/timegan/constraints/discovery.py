"""Search for the rules that hold on all training rows."""

from collections.abc import Collection, Iterator

import numpy as np

from timegan.constraints.linear_relations import sums
from timegan.constraints.types import (
    Bounds,
    Equal,
    Monotone,
    Order,
    Rule,
    Steps,
    Values,
)
from timegan.tables.value_grid import nearly_exact_decimals

SAMPLE = 2_000  # rows that sort out most candidates
BLOCK = 65_536  # rows that are looked at together afterwards
FEWEST = 20  # rows, or moves, below which anything may hold by accident
FEW_VALUES = 10
FINEST = 1e7  # steps in a column's range: a finer lattice is its number of decimals, and no rule
ACCIDENT = 0.05
"""Share of rows that two columns in a fixed order would break if they knew nothing of each other.

Columns whose ranges hardly meet are in a fixed order without any rule behind it. In the energy data
41 of the 42 pairs whose ranges meet stay below .03 (a humidity above a temperature), and the dew
point below the temperature outside has .30; the orderings of stock prices have .49.
"""


def find(
    values: np.ndarray, breaks: np.ndarray | None = None, codes: Collection[int] = ()
) -> tuple[Rule, ...]:
    """The rules that hold on all rows and that a row could break.

    Args:
        values: (R, C) training rows in the table's units, NaN = missing.
        breaks: rows that do not follow upon the one before.
        codes: columns whose numbers stand for categories, in which no rule is sought.

    Returns:
        Bounds, steps, few values, motion in one direction, equal columns, orderings (all of them,
        implied ones too), and sums, none of which follows from the others.
    """
    columns = [c for c in range(values.shape[1]) if c not in codes]
    follows = np.ones(len(values), dtype=bool)
    follows[0:1] = False
    if breaks is not None:
        follows[np.asarray(breaks, dtype=np.int64)] = False
    sequence = np.cumsum(~follows)
    rules: list[Rule] = []
    for c in columns:
        rules += _single(c, np.ascontiguousarray(values[:, c]), sequence)
    fixed = {r.column for r in rules if isinstance(r, Bounds) and r.low == r.high}
    missing = {r.column for r in rules if isinstance(r, Bounds)} ^ set(columns)
    moving = [c for c in columns if c not in fixed and c not in missing]
    equal = _equal(values, moving)
    double = {rule.second for rule in equal}
    own = [c for c in moving if c not in double]
    order = _ordered(values, own, equal)
    sizes = {c: float(np.nanmax(np.abs(values[:, c]))) for c in own}
    lattice = {r.column: r for r in rules if isinstance(r, Steps)}
    return (*rules, *equal, *order, *sums(values, own, lattice, sizes))


def _sampled(values: np.ndarray) -> np.ndarray:
    return values[:: max(1, len(values) // SAMPLE)]


def _single(c: int, column: np.ndarray, sequence: np.ndarray) -> Iterator[Rule]:
    """The rules of one column (R,)."""
    here = ~np.isnan(column)
    if not here.all():
        column, sequence = column[here], sequence[here]
    if not column.size:
        return
    low, high = float(column.min()), float(column.max())
    yield Bounds(c, low, high)
    if low == high:
        return
    few = _few(column)
    if few is not None:
        yield Values(c, few)
    else:
        yield from _steps(c, column)
    for rising in (True, False):
        if _one_way(column, sequence, rising):
            yield Monotone(c, rising)


def _few(column: np.ndarray) -> tuple[float, ...] | None:
    limit = min(FEW_VALUES, len(column) // 10)
    if len(np.unique(_sampled(column))) > limit:
        return None
    distinct = np.unique(column)
    return tuple(float(v) for v in distinct) if len(distinct) <= limit else None


def _steps(c: int, column: np.ndarray) -> Iterator[Rule]:
    """The widest lattice of a column: a whole multiple of its last decimal."""
    places, precision = nearly_exact_decimals(column)
    if places is None or np.abs(column).max() * 10.0**places > 2.0**53:
        return
    tens = 10.0**places
    short = np.rint(_sampled(column) * tens).astype(np.int64)
    wide, first = 1, int(short[0])
    if len(np.unique(short)) > FEW_VALUES:  # fewer have a common measure by accident
        wide = int(np.gcd.reduce(short - first))
        if wide > 1:
            wide = int(np.gcd.reduce(np.rint(column * tens).astype(np.int64) - first))
    if np.ptp(column) * tens <= FINEST * wide:
        yield Steps(c, wide / tens, (first % wide) / tens, precision)


def _one_way(column: np.ndarray, sequence: np.ndarray, rising: bool) -> bool:
    sign = 1 if rising else -1
    for rows in (slice(0, SAMPLE), slice(None)):
        moves = sign * np.diff(column[rows])[np.diff(sequence[rows]) == 0]
        if (moves < 0).any():
            return False
    return int((moves > 0).sum()) >= FEWEST


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """All rows, a block (C, rows) at a time."""
    for first in range(0, len(values), BLOCK):
        yield np.ascontiguousarray(values[first : first + BLOCK].T)


def _equal(values: np.ndarray, columns: list[int]) -> list[Equal]:
    """Each column that is a copy of an earlier one, holes included, with the first such."""
    short = np.ascontiguousarray(_sampled(values).T)
    groups: dict[bytes, list[int]] = {}
    for c in columns:
        groups.setdefault((short[c] + 0.0).tobytes(), []).append(c)  # + 0.0: there is a minus zero
    pairs = [(g[i], g[j]) for g in groups.values() for i in range(len(g)) for j in range(i)]
    pairs = sorted((b, a) for a, b in pairs)
    for block in _blocks(values) if pairs else ():
        pairs = [(a, b) for a, b in pairs if np.array_equal(block[a], block[b], equal_nan=True)]
    if len(values) < FEWEST:
        return []
    seconds = {b for _, b in pairs}
    return [Equal(a, b) for a, b in pairs if a not in seconds]


def _ordered(values: np.ndarray, columns: list[int], equal: list[Equal]) -> list[Order]:
    """Pairs in a fixed order that could be broken without leaving the columns' ranges."""
    short = np.ascontiguousarray(_sampled(values).T)
    pairs = []
    for a in columns:
        holds = ~(short[a] < short[columns]).any(axis=1)
        pairs += [(a, b) for b, so in zip(columns, holds, strict=True) if so and a != b]
    counted = {pair: 0 for pair in pairs if not _by_accident(*short[list(pair)])}
    for block in _blocks(values) if counted else ():
        missing = np.isnan(block).any()
        for a, b in list(counted):
            if (block[a] < block[b]).any():
                del counted[a, b]
            else:
                both = (
                    ~np.isnan(block[a]) & ~np.isnan(block[b]) if missing else block[a] == block[a]
                )
                counted[a, b] += int(both.sum())
    enough = {pair for pair, count in counted.items() if count >= FEWEST}
    return [Order(a, b) for a, b in counted if (a, b) in enough and (b, a) not in enough]


def _by_accident(above: np.ndarray, below: np.ndarray) -> bool:
    """Whether two columns that know nothing of each other might well keep this order."""
    above, below = np.sort(above[~np.isnan(above)]), below[~np.isnan(below)]
    if not above.size or not below.size:
        return True
    share = float(np.searchsorted(above, below).mean()) / above.size
    return share < ACCIDENT or share * min(above.size, below.size) < FEWEST / 2
