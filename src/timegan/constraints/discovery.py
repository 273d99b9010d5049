"""Discovery of the constraints that hold on all training rows."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from timegan.constraints.linear_relations import (
    BLOCK_ROWS,
    MIN_ROWS,
    SAMPLE_ROWS,
    linear_equalities,
)
from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    LinearInequality,
    Monotone,
    Multiples,
    Range,
)
from timegan.tables.value_grid import DOUBLE_EPSILON, nearly_exact_decimals
from timegan.tables.value_limits import ValueLimits

MAX_ALLOWED_VALUES = 10
MAX_GRID_SIZE = 1e7  # finer grids are a number of decimals and constrain nothing
MIN_CHANCE_RATE = 0.05
"""Smallest share of rows in which independent columns would violate an inequality.

Columns whose ranges hardly overlap never cross by chance. In the energy data, 41 of 42 such pairs
have less than .03 (a humidity above a temperature). The dew point below the outdoor temperature
have .30, the inequalities of stock prices .49.
"""
MAX_FACTOR = 20  # of one column that bounds another
FACTOR_BAND = 0.02
"""Width of the band below a factor in which at least `MIN_ROWS` ratios lie, relative to it.

Ratios whose density goes on beyond the factor would be as many above it.
"""
MAX_FACTOR_GAP = 0.005  # from the largest ratio to the factor, relative to it
MAX_FACTOR_COLUMNS = 100  # pairs of more columns are not tried


def discover(
    values: np.ndarray,
    breaks: np.ndarray | None = None,
    quantities: Sequence[Hashable] | None = None,
    count: int | None = None,
) -> tuple[Constraint, ...]:
    """Return the constraints that hold on all rows and that a row could violate.

    Args:
        values: (R, C) training rows in the table's units, NaN = missing.
        breaks: rows that do not follow the one before.
        quantities: of each column, such as numbers or dates; constraints compare columns of one
            quantity. None: categories, to which no constraint applies. By default, all columns
            are numbers.
        count: C', of the columns in front, of which everything is looked for. Of the others only
            inequalities with any column are. None: C.

    Returns:
        Ranges, multiples, allowed values, monotone columns, equalities, all inequalities
        (including those that follow from others), independent linear equalities, and columns that
        are at most a whole number, or a whole part, of another one.
    """
    width = values.shape[1]
    quantities = ["number"] * width if quantities is None else quantities
    count = width if count is None else count
    columns = [c for c in range(count) if quantities[c] is not None]
    others = [c for c in range(count, width) if quantities[c] is not None and _varies(values[:, c])]
    follows = np.ones(len(values), dtype=bool)
    follows[0:1] = False
    if breaks is not None:
        follows[np.asarray(breaks, dtype=np.int64)] = False
    sequence = np.cumsum(~follows)
    found: list[Constraint] = []
    for c in columns:
        found += _column_constraints(c, np.ascontiguousarray(values[:, c]), sequence)
    constant = {r.column for r in found if isinstance(r, Range) and r.low == r.high}
    varying = [c for c in columns if c not in constant and not np.isnan(values[:, c]).all()]
    grids = {r.column: r for r in found if isinstance(r, Multiples)}
    for quantity in dict.fromkeys(quantities[c] for c in (*varying, *others)):
        same = [c for c in varying if quantities[c] == quantity]
        around = [c for c in others if quantities[c] == quantity]
        equalities = _equalities(values, same)
        copies = {equality.second for equality in equalities}
        own = [c for c in same if c not in copies]
        units = {c: unit for c in own if (unit := _unit(values[:, c], grids.get(c)))}
        sums = linear_equalities(values, own, grids, units)
        found += [*equalities, *_inequalities(values, [*own, *around]), *sums]
        found += _factors(values, [*own, *around], sums)
        found = _with_signs(values, found, sums)
    return tuple(found)


def _with_signs(
    values: np.ndarray, found: list[Constraint], sums: Sequence[LinearEquality]
) -> list[Constraint]:
    """Return constraints that keep the members of sums at or above 0 where they always are.

    Enforcing a sum moves its members, whatever type of column would keep their sign.
    """
    ranges = {r.column: r for r in found if isinstance(r, Range)}
    for c in dict.fromkeys(c for equality in sums for c in equality.columns):
        known = ranges.get(c, Range(c))
        if known.low is None and np.nanmin(values[:, c]) >= 0:
            found = [*(r for r in found if r != known), replace(known, low=0.0)]
    return found


def _varies(column: np.ndarray) -> bool:
    known = column[~np.isnan(column)]
    return bool(known.size and (known != known[0]).any())


def _sample(values: np.ndarray) -> np.ndarray:
    return values[:: max(1, len(values) // SAMPLE_ROWS)]


def _column_constraints(c: int, column: np.ndarray, sequence: np.ndarray) -> Iterator[Constraint]:
    """Yield the constraints on one column (R,)."""
    here = ~np.isnan(column)
    if not here.all():
        column, sequence = column[here], sequence[here]
    if not column.size:
        return
    low, high = float(column.min()), float(column.max())
    if low == high:
        yield Range(c, low, high)
        return
    limits = ValueLimits.fit(column)
    if limits.low_bound or limits.high_bound:
        yield Range(
            c,
            limits.low if limits.low_bound else None,
            limits.high if limits.high_bound else None,
        )
    few = _allowed_values(column)
    if few is not None:
        yield AllowedValues(c, few)
    else:
        yield from _multiples(c, column)
    for rising in (True, False):
        if _is_monotone(column, sequence, rising):
            yield Monotone(c, rising)


def _allowed_values(column: np.ndarray) -> tuple[float, ...] | None:
    limit = min(MAX_ALLOWED_VALUES, len(column) // 10)
    if len(np.unique(_sample(column))) > limit:
        return None
    distinct = np.unique(column)
    return tuple(float(v) for v in distinct) if len(distinct) <= limit else None


def _multiples(c: int, column: np.ndarray) -> Iterator[Constraint]:
    """Yield the widest grid of a column, a multiple of its last decimal."""
    places, precision = nearly_exact_decimals(column)
    if places is None or np.abs(column).max() * 10.0**places > 2.0**53:
        return
    tens = 10.0**places
    short = np.rint(_sample(column) * tens).astype(np.int64)
    wide, first = 1, int(short[0])
    if len(np.unique(short)) > MAX_ALLOWED_VALUES:  # fewer share a divisor by chance
        wide = int(np.gcd.reduce(short - first))
        if wide > 1:
            wide = int(np.gcd.reduce(np.rint(column * tens).astype(np.int64) - first))
    if np.ptp(column) * tens <= MAX_GRID_SIZE * wide:
        yield Multiples(c, wide / tens, (first % wide) / tens, precision)


def _unit(column: np.ndarray, grid: Multiples | None) -> float | None:
    """Return the distance between neighbours of a rounded column (R,), or None."""
    if grid is not None:
        return grid.step
    decimals, _ = nearly_exact_decimals(column[~np.isnan(column)])
    return None if decimals is None else 10.0**-decimals


def _is_monotone(column: np.ndarray, sequence: np.ndarray, rising: bool) -> bool:
    sign = 1 if rising else -1
    for rows in (slice(0, SAMPLE_ROWS), slice(None)):
        moves = sign * np.diff(column[rows])[np.diff(sequence[rows]) == 0]
        if (moves < 0).any():
            return False
    return int((moves > 0).sum()) >= MIN_ROWS


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield all rows, a block (C, rows) at a time."""
    for first in range(0, len(values), BLOCK_ROWS):
        yield np.ascontiguousarray(values[first : first + BLOCK_ROWS].T)


def _equalities(values: np.ndarray, columns: list[int]) -> list[Equality]:
    """Return each copy of an earlier column, missing values included, with the first such."""
    short = np.ascontiguousarray(_sample(values).T)
    groups: dict[bytes, list[int]] = {}
    for c in columns:
        groups.setdefault((short[c] + 0.0).tobytes(), []).append(c)  # + 0.0: there is a minus zero
    pairs = [(g[i], g[j]) for g in groups.values() for i in range(len(g)) for j in range(i)]
    pairs = sorted((b, a) for a, b in pairs)
    for block in _blocks(values) if pairs else ():
        pairs = [(a, b) for a, b in pairs if np.array_equal(block[a], block[b], equal_nan=True)]
    if len(values) < MIN_ROWS:
        return []
    seconds = {b for _, b in pairs}
    return [Equality(a, b) for a, b in pairs if a not in seconds]


def _inequalities(values: np.ndarray, columns: list[int]) -> list[Inequality]:
    """Return pairs in a fixed order that could change without leaving the columns' ranges."""
    short = np.ascontiguousarray(_sample(values).T)
    pairs = []
    for a in columns:
        holds = ~(short[a] < short[columns]).any(axis=1)
        pairs += [(a, b) for b, so in zip(columns, holds, strict=True) if so and a != b]
    counted = {pair: 0 for pair in pairs if not _holds_by_chance(*short[list(pair)])}
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
    enough = {pair for pair, count in counted.items() if count >= MIN_ROWS}
    return [Inequality(a, b) for a, b in counted if (a, b) in enough and (b, a) not in enough]


def _factors(
    values: np.ndarray, columns: list[int], sums: Sequence[LinearEquality]
) -> list[LinearInequality]:
    """Return pairs of which one column is at most a factor times the other one.

    Both are never negative. Ratios reach the factor, and end there.
    """
    if len(columns) > MAX_FACTOR_COLUMNS:
        return []
    short = np.ascontiguousarray(_sample(values).T)
    least = {c: float(np.nanmin(values[:, c])) for c in columns}
    positive = [c for c in columns if least[c] >= 0]
    tied = {frozenset(equality.columns) for equality in sums}
    found = []
    for a in positive:
        for b in positive:
            if a == b or {a, b} in tied:
                continue
            bound = _factor(short[a], short[b], MIN_ROWS // 4)
            if bound is None or _holds_by_chance(bound[0] * short[b], bound[1] * short[a]):
                continue
            if _factor(values[:, a], values[:, b], MIN_ROWS) == bound:
                most = float(np.nanmax(np.abs(values[:, [a, b]]), initial=0.0))
                both_single = all(is_single(values[:, c]) for c in (a, b))
                precision = SINGLE_PRECISION if both_single else 64 * DOUBLE_EPSILON
                slack = max(1e-12, precision * max(bound) * most)
                factors = float(bound[0]), -float(bound[1])
                found.append(LinearInequality((b, a), factors, 0.0, slack))
    return found


def _factor(a: np.ndarray, b: np.ndarray, count: int) -> tuple[int, int] | None:
    """Return whole numbers m and n, one of them 1, with ``n a <= m b``; None if there are none.

    Args:
        a: (R,) never negative, NaN = missing.
        b: (R,) likewise.
        count: ratios within the band at least.
    """
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    if a[b == 0].any() or not a.any():
        return None
    ratio = a[b > 0] / b[b > 0]
    most = float(ratio.max())
    factor = max(round(most), 1) if most > 1 else 1 / max(round(1 / most), 1)
    if most > factor * (1 + SINGLE_PRECISION):
        factor = factor + 1 if factor >= 1 else 1 / (round(1 / factor) - 1)
    pair = (round(factor), 1) if factor >= 1 else (1, round(1 / factor))
    if not 1 < max(pair) <= MAX_FACTOR or most < factor * (1 - MAX_FACTOR_GAP):
        return None
    return pair if int((ratio > factor * (1 - FACTOR_BAND)).sum()) >= count else None


SINGLE_PRECISION = 4e-6
"""Relative error of sums of float32 numbers."""


def is_single(column: np.ndarray) -> bool:
    """Return whether a column was float32 in the table and has fractions."""
    column = column[~np.isnan(column)]
    if not column.size or np.array_equal(np.rint(column), column):
        return False
    return bool(np.array_equal(column.astype(np.float32), column))


def _holds_by_chance(above: np.ndarray, below: np.ndarray) -> bool:
    """Return whether independent columns with these values would rarely change their order."""
    above, below = np.sort(above[~np.isnan(above)]), below[~np.isnan(below)]
    if not above.size or not below.size:
        return True
    share = float(np.searchsorted(above, below).mean()) / above.size
    return share < MIN_CHANCE_RATE or share * min(above.size, below.size) < MIN_ROWS / 2
