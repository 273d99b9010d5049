"""The training rows that types and constraints are found on: at most about a million."""

from collections.abc import Iterator

import numpy as np

MAX_ROWS = 1_000_000
STRETCHES = 20
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Values (R, C), the rows among them that do not follow upon the one before, and the number (R,)
that each has in the table."""


def sample_training_rows(
    values: np.ndarray, rows: np.ndarray, breaks: np.ndarray, limit: int = MAX_ROWS
) -> Rows:
    """Return up to ``limit`` of the training rows, and the rows of each column's extremes.

    Of a longer table 20 contiguous stretches are taken, evenly, so that steps from row to row are
    those of the table.

    Args:
        values: (R, C) of the whole table.
        rows: numbers of the training rows (m,), rising.
        breaks: places among them that do not follow upon the one before.
        limit: rows to take.
    """
    if len(rows) <= limit:
        return values[rows], breaks, rows
    size = limit // STRETCHES
    firsts = np.linspace(0, len(rows) - size, STRETCHES).astype(np.int64)
    extremes = np.array(_extreme_rows(values, rows), dtype=np.int64)
    places = np.union1d((firsts[:, None] + np.arange(size)).ravel(), extremes)
    new = np.diff(places, prepend=-1) != 1
    new[np.isin(places, breaks)] = True
    new[0] = True
    return values[rows[places]], np.flatnonzero(new), rows[places]


def row_blocks(
    values: np.ndarray, rows: np.ndarray, breaks: np.ndarray, size: int = MAX_ROWS
) -> Iterator[Rows]:
    """Yield all training rows in blocks; each begins with the last row of the one before."""
    for first in range(0, len(rows), size):
        begin = max(first - 1, 0)
        after = first + size
        inside = breaks[(breaks > begin) & (breaks < after)] - begin
        block = rows[begin:after]
        yield values[block], np.union1d([0], inside), block


def _extreme_rows(values: np.ndarray, rows: np.ndarray) -> list[int]:
    """Return places among the rows of each column's first smallest and largest value."""
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for first in range(0, len(rows), MAX_ROWS):
        block = values[rows[first : first + MAX_ROWS]]
        for c, column in enumerate(block.T):
            for sign in (1, -1):
                known = np.where(np.isnan(column), np.inf, sign * column)
                place = int(known.argmin())
                if known[place] < best.get((c, sign), (np.inf, 0))[0]:
                    best[c, sign] = float(known[place]), first + place
    return [place for _, place in best.values()]
