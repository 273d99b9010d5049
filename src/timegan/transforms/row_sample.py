"""The training rows that kinds and rules are found on: all, or a million of a long table's."""

from collections.abc import Iterator

import numpy as np

MOST = 1_000_000
STRETCHES = 20
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Values (R, C), the rows among them that do not follow upon the one before, and the number (R,)
that each has in the table."""


def look(values: np.ndarray, rows: np.ndarray, breaks: np.ndarray, most: int = MOST) -> Rows:
    """Up to ``most`` of the training rows, and those with each column's smallest and largest value.

    Of more than ``most`` rows 20 stretches are taken, evenly, so that steps from row to row are
    seen as they are.

    Args:
        values: (R, C) of the whole table.
        rows: that train (m,), rising.
        breaks: those of them, by their place among them, that do not follow upon the one before.
        most: rows to look at.
    """
    if len(rows) <= most:
        return values[rows], breaks, rows
    size = most // STRETCHES
    firsts = np.linspace(0, len(rows) - size, STRETCHES).astype(np.int64)
    places = np.union1d(
        (firsts[:, None] + np.arange(size)).ravel(), np.array(_ends(values, rows), dtype=np.int64)
    )
    new = np.diff(places, prepend=-1) != 1
    new[np.isin(places, breaks)] = True
    new[0] = True
    return values[rows[places]], np.flatnonzero(new), rows[places]


def blocks(
    values: np.ndarray, rows: np.ndarray, breaks: np.ndarray, size: int = MOST
) -> Iterator[Rows]:
    """All training rows, ``size`` at a time; a block begins with the last row of the one before."""
    for first in range(0, len(rows), size):
        begin = max(first - 1, 0)
        after = first + size
        inside = breaks[(breaks > begin) & (breaks < after)] - begin
        block = rows[begin:after]
        yield values[block], np.union1d([0], inside), block


def _ends(values: np.ndarray, rows: np.ndarray) -> list[int]:
    """Places among the rows of each column's first smallest and largest value."""
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for first in range(0, len(rows), MOST):
        block = values[rows[first : first + MOST]]
        for c, column in enumerate(block.T):
            for sign in (1, -1):
                known = np.where(np.isnan(column), np.inf, sign * column)
                place = int(known.argmin())
                if known[place] < best.get((c, sign), (np.inf, 0))[0]:
                    best[c, sign] = float(known[place]), first + place
    return [place for _, place in best.values()]
