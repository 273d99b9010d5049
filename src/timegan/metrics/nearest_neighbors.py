"""Nearest neighbours among windows, where overlapping windows count as one."""

from dataclasses import dataclass

import numpy as np

from timegan.metrics.windows import Array

AT_ONCE = 256


@dataclass(frozen=True)
class Neighbours:
    """The nearest window of each query, and the nearest that shares no row with that one.

    Distances are root mean squares over steps and features; infinite where there is no such window.
    """

    distance: Array
    index: Array
    second: Array


def flat(windows: Array) -> Array:
    """Windows (N, T, C) as rows (N, T C), float32."""
    rows: Array = np.ascontiguousarray(windows.reshape(len(windows), -1), dtype=np.float32)
    return rows


def nearest(
    queries: Array,
    base: Array,
    places: Array,
    span: int,
    own: Array | None = None,
) -> Neighbours:
    """Look up rows (n, D) among rows (m, D).

    One product of matrices finds them; its rounding hides small distances, so that those of the
    best few are computed again.

    Args:
        queries: rows that look for a neighbour.
        base: rows to find.
        places: (m) the start of each base window on a common time axis.
        span: windows whose starts lie nearer than this share a row.
        own: (n) places of the queries themselves, when they are base windows too: what overlaps
            with them is no neighbour.
    """
    centre = base.mean(axis=0)
    base, queries = base - centre, queries - centre
    size = np.square(base).sum(axis=1)
    count = min(8, len(base))
    distance, second = np.full(len(queries), np.inf), np.full(len(queries), np.inf)
    index = np.zeros(len(queries), dtype=np.int64)
    for start in range(0, len(queries), AT_ONCE):
        part = slice(start, min(start + AT_ONCE, len(queries)))
        squares = size - 2 * queries[part] @ base.T
        if own is not None:
            squares[np.abs(places - own[part, None]) < span] = np.inf
        distance[part], index[part] = _best(queries[part], base, squares, count)
        squares[np.abs(places - places[index[part], None]) < span] = np.inf
        second[part], _ = _best(queries[part], base, squares, count)
    return Neighbours(distance, index, second)


def _best(queries: Array, base: Array, squares: Array, count: int) -> tuple[Array, Array]:
    best = np.argpartition(squares, count - 1, axis=1)[:, :count]
    exact = np.sqrt(np.square(queries[:, None] - base[best]).mean(axis=2, dtype=np.float64))
    exact[~np.isfinite(np.take_along_axis(squares, best, axis=1))] = np.inf
    which = exact.argmin(axis=1)[:, None]
    return (
        np.take_along_axis(exact, which, axis=1)[:, 0],
        np.take_along_axis(best, which, axis=1)[:, 0],
    )
