"""Nearest neighbours among windows, where overlapping windows count as one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from timegan.metrics.windows import Array

CHUNK_SIZE = 256
"""Queries that are looked up at once."""
CANDIDATES = 8
"""Windows whose distances are computed exactly."""


@dataclass(frozen=True)
class Neighbors:
    """The nearest window of each query, and the nearest that shares no row with that one.

    Distances are root mean squares over steps and features. They are infinite where there is no
    such window.
    """

    distance: Array
    index: Array
    second: Array

    @property
    def tightness(self) -> Array:
        """Distance to the nearest window, as a share of that to the second."""
        with np.errstate(invalid="ignore"):
            ratio: Array = self.distance / np.maximum(self.second, 1e-12)
        return ratio


@dataclass(frozen=True)
class Base:
    """Windows to be found, as rows (m, D) around their mean.

    Args:
        rows: the windows.
        positions: (m,) where each window starts on a common time axis; None: windows share no row.
        span: windows whose starts lie nearer than this share a row.
    """

    rows: Array
    positions: Array | None = None
    span: int = 1

    def squares(self, queries: Array, own: Array | None) -> Iterator[tuple[slice, Array]]:
        """Yield squared distances of a chunk of queries to all rows.

        They come from one product of matrices, whose rounding hides small distances. Windows that
        overlap with a query's own position are infinitely far.
        """
        size = np.square(self.rows).sum(axis=1)
        for start in range(0, len(queries), CHUNK_SIZE):
            part = slice(start, min(start + CHUNK_SIZE, len(queries)))
            norm = np.square(queries[part]).sum(axis=1)[:, None]
            squares = norm + size - 2 * queries[part] @ self.rows.T
            if own is not None:
                self.exclude(squares, own[part])
            yield part, squares

    def exclude(self, squares: Array, positions: Array) -> None:
        """Set the distance of windows that share a row with these positions to infinity."""
        starts = np.arange(len(self.rows)) if self.positions is None else self.positions
        squares[np.abs(starts - positions[:, None]) < self.span] = np.inf

    def best(self, queries: Array, squares: Array) -> tuple[Array, Array]:
        """Return the exact distance and the number of each query's nearest row."""
        count = min(CANDIDATES, len(self.rows))
        best = np.argpartition(squares, count - 1, axis=1)[:, :count]
        exact = np.sqrt(
            np.square(queries[:, None] - self.rows[best]).mean(axis=2, dtype=np.float64)
        )
        exact[~np.isfinite(np.take_along_axis(squares, best, axis=1))] = np.inf
        which = exact.argmin(axis=1)[:, None]
        return (
            np.take_along_axis(exact, which, axis=1)[:, 0],
            np.take_along_axis(best, which, axis=1)[:, 0],
        )


def flatten(windows: Array) -> Array:
    """Return windows (N, T, C) as rows (N, T C) in single precision."""
    rows: Array = np.ascontiguousarray(windows.reshape(len(windows), -1), dtype=np.float32)
    return rows


def nearest(
    queries: Array,
    base: Array,
    positions: Array | None = None,
    span: int = 1,
    own: Array | None = None,
) -> Neighbors:
    """Find the two nearest rows of each query that share no row of time with each other.

    Args:
        queries: rows (n, D) that look for a neighbour.
        base: rows (m, D) to find.
        positions: (m,) the start of each base window on a common time axis; None: its number.
        span: windows whose starts lie nearer than this share a row.
        own: (n,) positions of the queries, when they are base windows too. Windows that overlap
            with them are no neighbours.
    """
    centre = base.mean(axis=0)
    found = Base(base - centre, positions, span)
    queries = queries - centre
    distance, second = np.full(len(queries), np.inf), np.full(len(queries), np.inf)
    index = np.zeros(len(queries), dtype=np.int64)
    starts = np.arange(len(base)) if positions is None else positions
    for part, squares in found.squares(queries, own):
        distance[part], index[part] = found.best(queries[part], squares)
        found.exclude(squares, starts[index[part]])
        second[part], _ = found.best(queries[part], squares)
    return Neighbors(distance, index, second)


def knn_radius(
    queries: Array,
    base: Array,
    count: int,
    positions: Array | None = None,
    span: int = 1,
    own: Array | None = None,
) -> Array:
    """Return the squared distance of each query to its neighbour number ``count``.

    The arguments are those of :func:`nearest`. A series may be too short for so many neighbours
    that share no row with a window. Such a window gets the largest radius of the others.
    """
    centre = base.mean(axis=0)
    found = Base(base - centre, positions, span)
    radius = np.empty(len(queries), dtype=base.dtype)
    for part, squares in found.squares(queries - centre, own):
        radius[part] = np.partition(squares, count - 1, axis=1)[:, count - 1]
    largest = radius[np.isfinite(radius)].max(initial=0.0)
    return np.where(np.isfinite(radius), radius, largest)
