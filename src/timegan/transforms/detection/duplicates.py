"""Search for columns that are affine copies of another: a factor and a shift away."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from timegan.tables import Field
from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import cells_of
from timegan.variation import centred, deviation, divisor

CANDIDATE_ROWS = 2_000  # that candidates are searched on
PROBE_ROWS = 500  # that most candidates fail on
MIN_CORRELATION = 0.99  # of a candidate
DIGITS = (*range(1, 13), 17)  # of factor and shift; the fewest that fit are taken
TOLERANCE = 1e-12  # relative to the largest value, where no decimals hold the column


class AffineMap(NamedTuple):
    """The map ``factor * source + shift``; ``exact`` where values are those of the source."""

    source: int
    factor: float = 1.0
    shift: float = 0.0
    exact: bool = False


def find_affine_copies(
    values: np.ndarray, fields: Sequence[Field], among: np.ndarray, may_copy: np.ndarray
) -> dict[int, AffineMap]:
    """Return for each copy the map from its source, which is no copy itself.

    Args:
        values: (R, C) training rows; NaN where a value is missing.
        fields: of the columns.
        among: which columns (C,) may be a source: those that vary.
        may_copy: which of these may be a copy.
    """
    found: dict[int, AffineMap] = {}
    seen: dict[str, int] = {}
    # Sources first: what may not be a copy can still be one's source.
    for i in sorted(np.flatnonzero(among).tolist(), key=lambda i: bool(may_copy[i])):
        column = values[:, i] + 0.0  # -0 and 0 are equal
        key = hashlib.blake2b(column.tobytes()).hexdigest() + _family(fields[i])
        if key in seen and may_copy[i]:
            found[i] = AffineMap(seen[key], exact=True)
        seen.setdefault(key, i)
    free = [int(i) for i in np.flatnonzero(among) if i not in found]
    free = [i for i in free if fields[i].type != "category"]
    for one, other in _candidates(values, free):
        for x, y in ((one, other), (other, one)):
            if (
                not may_copy[y]
                or x in found
                or y in found
                or _family(fields[x]) != _family(fields[y])
            ):
                continue
            if any(copy.source == y for copy in found.values()):
                continue  # others are copies of it already
            line = _line(values[:, x], values[:, y], fields[y].dtype)
            if line is not None:
                found[y] = AffineMap(x, *line)
    return found


def _family(field: Field) -> str:
    """Return the family of a column; only columns of one family can be copies of each other."""
    return {"boolean": "number"}.get(cells_of(field), cells_of(field))


def _candidates(values: np.ndarray, columns: list[int]) -> list[tuple[int, int]]:
    """Return pairs of columns that are almost proportional on some rows."""
    if len(columns) < 2:
        return []
    few_rows = values[:: -(-len(values) // CANDIDATE_ROWS)][:, columns]
    few_rows = few_rows - np.nan_to_num(np.nanmean(few_rows, axis=0))
    few_rows = np.nan_to_num(few_rows)
    few_rows = few_rows / divisor(np.abs(few_rows).max(axis=0))
    norms = np.sqrt((few_rows**2).sum(axis=0))
    few_rows = few_rows / divisor(norms)
    alike = np.abs(few_rows.T @ few_rows)
    first, second = np.nonzero(np.triu(alike >= MIN_CORRELATION, k=1))
    return [(columns[a], columns[b]) for a, b in zip(first, second, strict=True)]


def _line(x: np.ndarray, y: np.ndarray, dtype: str) -> tuple[float, float] | None:
    """Return factor and shift with which every row of y follows from x, rounded as y is."""
    few = slice(None, None, -(-len(x) // PROBE_ROWS))
    present = ~np.isnan(x[few])
    if not np.array_equal(present, ~np.isnan(y[few])):
        return None
    few_rows, copy = x[few][present], y[few][present]
    if not few_rows.size or deviation(few_rows) == 0.0:
        return None
    away = centred(few_rows)
    raw = float((away * centred(copy)).sum() / (away**2).sum())
    off = np.abs(raw * away - centred(copy)).max()
    grid = ValueGrid.fit(copy, dtype, search_step=False)
    if off > 1e-6 * float(np.ptp(copy)) + 0.7 * grid.unit:
        return None
    present = ~np.isnan(x)
    if not np.array_equal(present, ~np.isnan(y)):
        return None
    x, y = x[present], y[present]
    grid = ValueGrid.fit(y, dtype, search_step=False)
    for digits in DIGITS:
        factor = float(f"{raw:.{digits}g}")
        middle = float(np.median(copy - factor * few_rows))
        for shift in (0.0, *(float(f"{middle:.{more}g}") for more in DIGITS)):
            line = factor, shift, grid
            if factor and _fits(few_rows, copy, *line) and _fits(x, y, *line):
                return factor, shift
    return None


def _fits(x: np.ndarray, y: np.ndarray, factor: float, shift: float, grid: ValueGrid) -> bool:
    made = grid.snap(factor * x + shift)
    if grid.step is not None:
        return np.array_equal(made, y)
    return bool(np.abs(made - y).max() <= TOLERANCE * max(abs(grid.low), abs(grid.high)))
