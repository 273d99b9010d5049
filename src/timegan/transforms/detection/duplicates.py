"""Which columns are images of another: the same numbers, or a factor and a shift away."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import Info
from timegan.variation import centred, deviation, divisor

SOME = 2_000  # rows that candidates are looked for on
FIRST = 500  # rows that most candidates fail on
ALIKE = 0.99  # least correlation of a candidate
DIGITS = (*range(1, 13), 17)  # of factor and shift, the roundest that fit being taken
NEAR = 1e-12  # relative to the largest value: columns that no decimals hold


class Image(NamedTuple):
    """``factor * source + shift``; ``exact`` where the numbers are the source's, bit by bit."""

    source: int
    factor: float = 1.0
    shift: float = 0.0
    exact: bool = False


def find_copies(
    values: np.ndarray, infos: Sequence[Info], among: np.ndarray, images: np.ndarray
) -> dict[int, Image]:
    """Column -> what it is an image of; a source is no image itself, and mostly stands before it.

    Args:
        values: (R, C) training rows; NaN where there is a hole.
        infos: of the columns.
        among: which columns (C,) may be the source of a copy: not all equal.
        images: which of these may be a copy.
    """
    found: dict[int, Image] = {}
    seen: dict[str, int] = {}
    # Sources first: what may not be a copy can still be one's source.
    for i in sorted(np.flatnonzero(among).tolist(), key=lambda i: bool(images[i])):
        column = values[:, i] + 0.0  # -0 and 0 are equal
        key = hashlib.blake2b(column.tobytes()).hexdigest() + _family(infos[i])
        if key in seen and images[i]:
            found[i] = Image(seen[key], exact=True)
        seen.setdefault(key, i)
    free = [int(i) for i in np.flatnonzero(among) if i not in found]
    free = [i for i in free if infos[i].values != "category"]
    for one, other in _candidates(values, free):
        for x, y in ((one, other), (other, one)):
            if not images[y] or x in found or y in found or _family(infos[x]) != _family(infos[y]):
                continue
            if any(image.source == y for image in found.values()):
                continue  # others are images of it already
            line = _line(values[:, x], values[:, y], infos[y].dtype)
            if line is not None:
                found[y] = Image(x, *line)
    return found


def _family(info: Info) -> str:
    """Only columns of one family can be copies of each other."""
    return {"boolean": "number"}.get(info.values, info.values)


def _candidates(values: np.ndarray, columns: list[int]) -> list[tuple[int, int]]:
    """Pairs of columns that are almost proportional on some rows."""
    if len(columns) < 2:
        return []
    some = values[:: -(-len(values) // SOME)][:, columns]
    some = some - np.nan_to_num(np.nanmean(some, axis=0))
    some = np.nan_to_num(some)
    some = some / divisor(np.abs(some).max(axis=0))
    norms = np.sqrt((some**2).sum(axis=0))
    some = some / divisor(norms)
    alike = np.abs(some.T @ some)
    first, second = np.nonzero(np.triu(alike >= ALIKE, k=1))
    return [(columns[a], columns[b]) for a, b in zip(first, second, strict=True)]


def _line(x: np.ndarray, y: np.ndarray, dtype: str) -> tuple[float, float] | None:
    """Factor and shift with which every row of y follows from x, rounded as y is."""
    few = slice(None, None, -(-len(x) // FIRST))
    there = ~np.isnan(x[few])
    if not np.array_equal(there, ~np.isnan(y[few])):
        return None
    some, image = x[few][there], y[few][there]
    if not some.size or deviation(some) == 0.0:
        return None
    away = centred(some)
    raw = float((away * centred(image)).sum() / (away**2).sum())
    off = np.abs(raw * away - centred(image)).max()
    grid = ValueGrid.fit(image, dtype, search_step=False)
    if off > 1e-6 * float(np.ptp(image)) + 0.7 * grid.unit:
        return None
    there = ~np.isnan(x)
    if not np.array_equal(there, ~np.isnan(y)):
        return None
    x, y = x[there], y[there]
    grid = ValueGrid.fit(y, dtype, search_step=False)
    for digits in DIGITS:
        factor = float(f"{raw:.{digits}g}")
        middle = float(np.median(image - factor * some))
        for shift in (0.0, *(float(f"{middle:.{more}g}") for more in DIGITS)):
            line = factor, shift, grid
            if factor and _fits(some, image, *line) and _fits(x, y, *line):
                return factor, shift
    return None


def _fits(x: np.ndarray, y: np.ndarray, factor: float, shift: float, grid: ValueGrid) -> bool:
    made = grid.snap(factor * x + shift)
    if grid.step is not None:
        return np.array_equal(made, y)
    return bool(np.abs(made - y).max() <= NEAR * max(abs(grid.low), abs(grid.high)))
