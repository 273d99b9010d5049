"""Isotonic regression of many series at once."""

import numpy as np


def isotonic_fit(values: np.ndarray) -> np.ndarray:
    """Return the non-decreasing series that are nearest to the given ones in least squares.

    Pools adjacent violators, one step of all series at a time. A value that needs no change keeps
    its bits; a missing one (NaN) stays missing and ties nothing.

    Args:
        values: (n, T).
    """
    count, steps = values.shape
    mean = np.zeros((count, steps + 1))
    size = np.zeros((count, steps + 1), dtype=np.int64)
    first = np.zeros((count, steps + 1), dtype=np.int64)
    top = np.zeros(count, dtype=np.int64)  # blocks of each series so far; block 0 lies below all
    mean[:, 0] = -np.inf
    for t in range(steps):
        rows = np.flatnonzero(~np.isnan(values[:, t]))
        top[rows] += 1
        at = top[rows]
        mean[rows, at], size[rows, at], first[rows, at] = values[rows, t], 1, t
        while rows.size:
            at = top[rows]
            rows = rows[mean[rows, at] < mean[rows, at - 1]]
            at = top[rows]
            small, large = size[rows, at], size[rows, at - 1]
            mean[rows, at - 1] += (mean[rows, at] - mean[rows, at - 1]) * small / (small + large)
            size[rows, at - 1] = small + large
            top[rows] -= 1
    block = np.zeros((count, steps), dtype=np.int64)
    rows, at = np.nonzero((np.arange(steps + 1) <= top[:, None]) & (np.arange(steps + 1) > 0))
    block[rows, first[rows, at]] = 1
    fitted = np.take_along_axis(mean, np.cumsum(block, axis=1), axis=1)
    return np.where(np.isnan(values), np.nan, fitted)
