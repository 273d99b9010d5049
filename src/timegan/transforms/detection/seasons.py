"""Detection of the calendar's periods that explain a channel, by a permutation test of blocks."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timegan.seeds import rng
from timegan.transforms.calendar_phases import LEVELS, MONDAY_OFFSET, SATURDAY, CalendarPhases

MAX_CELLS = 24
"""Phases that are told apart in the test of a period."""

MAX_CELLS_OF_YEAR = 12
"""Phases that are told apart in the test of a year, of which few are known."""

MAX_BLOCKS = 240
"""Blocks of time that are shifted."""

STRETCHES = 6
"""Stretches of neighbouring blocks that are taken where there are more."""

MIN_FILLED = 0.8
"""Share of the phases with rows that a block of time needs."""

MIN_ROWS_SHARE = 0.1
"""Rows of a phase, relative to the median phase, for it to count."""

SHIFTS = (99, 900)
"""Random shifts of all blocks that a season has to surpass, few of them first."""

MARGIN = 0.5
"""Distance beyond the largest share after a shift, relative to its distance from their mean."""

MIN_WEEKS_OF_WEEKENDS = 8
"""Weeks from which weekends can have a time of day of their own."""


@dataclass(frozen=True)
class Cells:
    """Means of channels by block of time and phase.

    Args:
        means: (n, K, C); 0 where a cell has no rows.
        filled: (n, K) whether it has rows.
    """

    means: np.ndarray
    filled: np.ndarray

    @classmethod
    def of(cls, phases: CalendarPhases, x: np.ndarray, period: str) -> Self | None:
        """Average channels (R, C) of rows; None where fewer than two blocks are filled."""
        cycle, cell = cycles_and_cells(phases, period)
        counts = np.bincount(cell)
        kept = counts >= MIN_ROWS_SHARE * np.median(counts[counts > 0])
        if kept.sum() < 2:
            return None
        place = np.cumsum(kept) - 1
        rows = kept[cell]
        cycle, cell, x = cycle[rows], place[cell[rows]], x[rows]
        cycle = cycle - cycle.min()
        size, merged = int(kept.sum()), 1
        while True:
            block = cycle // merged
            count = int(block.max()) + 1
            filled = np.bincount(block * size + cell, minlength=count * size) > 0
            full = filled.reshape(count, size).mean(axis=1) >= MIN_FILLED
            if full.sum() >= max(2, 0.5 * np.unique(block).size):
                break
            if count < 4:
                return None
            merged *= 2  # rows are so sparse that single cycles are not filled
        chosen = _stretches(np.flatnonzero(full))
        rows = np.isin(block, chosen)
        block = np.searchsorted(chosen, block[rows])
        return cls._averaged(x[rows], block * size + cell[rows], len(chosen), size)

    @classmethod
    def _averaged(cls, x: np.ndarray, index: np.ndarray, count: int, size: int) -> Self:
        counts = np.bincount(index, minlength=count * size)
        sums = [np.bincount(index, weights=column, minlength=count * size) for column in x.T]
        means = np.stack(sums, axis=-1) / np.maximum(counts, 1)[:, None]
        return cls(means.reshape(count, size, -1), counts.reshape(count, size) > 0)

    def without_trend(self) -> np.ndarray:
        """Return the cells (n * K, C) in the order of time, less their average over one period.

        At both ends the moving average goes on in a straight line.
        """
        count, size = self.filled.shape
        filled = self.filled.reshape(-1, 1).astype(np.float64)
        cells = self.means.reshape(count * size, -1)
        phase_means = self.means.sum(0) / np.maximum(self.filled.sum(0), 1)[:, None]
        rest = (cells - np.tile(phase_means, (count, 1))) * filled
        sums, counts = (np.cumsum(np.vstack([np.zeros_like(a[:1]), a]), 0) for a in (rest, filled))
        average = (sums[size:] - sums[:-size]) / (counts[size:] - counts[:-size])
        slope = (average[-1] - average[0]) / (len(average) - 1)
        before, after = np.arange(-(size // 2), 0), np.arange(1, size - size // 2)
        trend = np.vstack(
            [average[0] + slope * before[:, None], average, average[-1] + slope * after[:, None]]
        )
        out = (cells - trend) * filled
        return np.asarray((out - out.sum(0) / filled.sum()) * filled)


def _stretches(blocks: np.ndarray) -> np.ndarray:
    """Return at most `MAX_BLOCKS` of the blocks, in evenly spread stretches."""
    if len(blocks) <= MAX_BLOCKS:
        return blocks
    size = MAX_BLOCKS // STRETCHES
    firsts = np.linspace(0, len(blocks) - size, STRETCHES).astype(np.int64)
    return np.asarray(blocks[np.unique(firsts[:, None] + np.arange(size))])


def cycles_and_cells(phases: CalendarPhases, period: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the cycle and the phase cell (R,) of each row.

    Cycles are counted from the first row, so that no part of it is lost, but months whose days
    are counted.
    """
    cycles = phases.cycles(period)
    phase = phases.phase(period)
    if period == "month":
        return np.floor(cycles).astype(np.int64), np.rint(phase * LEVELS[period]).astype(np.int64)
    distinct, cell = np.unique(phase, return_inverse=True)
    first = cycles.min()
    if period == "week":
        first = np.floor(first * 7 + 1e-6) / 7
    most = MAX_CELLS_OF_YEAR if period == "year" else MAX_CELLS
    if len(distinct) > most:
        first = np.floor(first * most + 1e-6) / most
        cell = np.minimum(phase * most + 1e-6, most - 1).astype(np.int64)
    return np.floor(cycles - first + 1e-6).astype(np.int64), cell


def explained_share(cells: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Return the share (C,) of the variance of cells (n, K, C) that the phase explains."""
    counts = filled.sum(0)[:, None]
    between = np.square(cells.sum(0)) / np.maximum(counts, 1)
    total = np.einsum("nkc,nkc->c", cells, cells)
    return np.asarray(between.sum(0) / np.where(total > 0, total, 1.0))


def find_seasons(cells: Cells, seed: str, margin: float = MARGIN) -> np.ndarray:
    """Return the share (C,) of variance that the phase explains; 0 for channels without a season.

    The phase has to explain more than after each of 999 random shifts. A shift moves every block
    of time by a distance of its own, so that it begins at another phase. The odds of the share have
    to lie beyond the largest of these, by half its distance from their mean. Of few blocks, the
    phase has to explain nearly all. Where several series are looked at, the ``margin`` is wider.
    """
    rest, filled = cells.without_trend(), cells.filled
    count, size = filled.shape
    shape = (count, size, -1)
    share = explained_share(rest.reshape(shape), filled)
    found = share > min_share(count)
    random = rng(0, "seasons", seed)
    begins = np.arange(count) * size
    moved: list[np.ndarray] = []
    for shifts in SHIFTS:
        for _ in range(shifts if found.any() else 0):
            first = begins + _shifts(random, count, size)
            rows = (first[:, None] + np.arange(size)) % (count * size)
            some = np.zeros(len(found))
            some[found] = explained_share(rest[:, found][rows], filled.ravel()[rows])
            moved.append(some)
            found[found] &= share[found] > some[found]
    if found.any():
        odds = _odds(np.stack(moved)[:, found])
        mean, most = odds.mean(axis=0), odds.max(axis=0)
        found[found] = _odds(share[found]) > most + margin * (most - mean)
    return np.where(found, share, 0.0)


def _odds(share: np.ndarray) -> np.ndarray:
    return np.asarray(share / np.maximum(1 - share, 1e-9))


def min_share(blocks: int) -> float:
    """Return the share of variance between blocks and phases that a season has at least.

    Independent blocks have 1 / n. The odds of a season are higher, so that two or three
    cycles have to be alike to count.
    """
    odds = 1 / max(blocks - 1, 1) * (1.1 + 48 / blocks**2)
    return odds / (1 + odds)


def _shifts(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Draw a shift (n,) for each block, not all of them about equal."""
    while True:
        shifts = random.integers(size, size=count)
        apart = (shifts - shifts[0] + size // 2) % size - size // 2
        if size < 3 or np.abs(apart).max() > size // 6:
            return np.asarray(shifts)


def find_weekends(phases: CalendarPhases, x: np.ndarray) -> np.ndarray:
    """Return which channels (C,) have another time of day on weekends.

    Weekends have to differ from other days by more than two other neighbouring days of each week,
    drawn at random, do.

    Args:
        phases: of the rows.
        x: (R, C) channels of the rows less their mean by time of day and weekday.
    """
    none = np.zeros(x.shape[1], dtype=bool)
    _, cell = cycles_and_cells(phases, "day")
    days, day = np.unique(phases.days, return_inverse=True)
    week = np.unique((days + MONDAY_OFFSET) // 7, return_inverse=True)[1]
    if week.max() < MIN_WEEKS_OF_WEEKENDS or cell.max() < 1:
        return none
    size = int(cell.max()) + 1
    index, count = day * size + cell, len(days) * size
    rows = np.maximum(np.bincount(index, minlength=count), 1)[:, None]
    sums = np.stack([np.bincount(index, weights=c, minlength=count) for c in x.T], axis=-1)
    cells = (sums / rows).reshape(len(days), size, -1)
    cells -= cells.mean(axis=1, keepdims=True)
    total = np.maximum(np.square(cells).sum((0, 1)), 1e-12)

    def share(shift: np.ndarray) -> np.ndarray:
        """Return the share of variance between weekends and other days, both moved."""
        late = (days + MONDAY_OFFSET + shift[week]) % 7 >= SATURDAY
        parts = [np.square(cells[g].sum(0)) / max(int(g.sum()), 1) for g in (late, ~late)]
        return np.asarray((parts[0] + parts[1]).sum(0) / total)

    weeks, random = int(week.max()) + 1, rng(0, "weekends")
    found = _odds(share(np.zeros(weeks, dtype=np.int64)))
    odds = np.stack([_odds(share(random.integers(1, 7, size=weeks))) for _ in range(SHIFTS[1])])
    mean, most = odds.mean(axis=0), odds.max(axis=0)
    return np.asarray(found > most + MARGIN * (most - mean))
