"""Overlap of windows of one series: positions, and groups and halves that respect it.

Windows that start one step apart share all rows but one. Counting them as independent makes every
interval too narrow, and a window's nearest neighbour is then nearly always itself, one step later.
"""

import numpy as np

from timegan.metrics.windows import Array

BLOCK_WINDOWS = 4
"""Length of a block in windows."""


def window_positions(windows: Array) -> Array:
    """Return where each window (N, T, C) starts, in rows of a common time axis: (N,).

    A window that begins with rows of the one before it lies so many rows later. Windows that share
    no row lie two windows' lengths apart.

    >>> rows = np.arange(6.0).reshape(6, 1)
    >>> window_positions(np.stack([rows[0:3], rows[1:4], rows[3:6], 9 + rows[:3]])).tolist()
    [0, 1, 3, 9]
    """
    count, steps, _ = windows.shape
    apart = np.full(max(count - 1, 0), 2 * steps)
    before, after = windows[:-1], windows[1:]
    for shift in range(1, steps):
        open_ = np.flatnonzero(apart == 2 * steps)
        likely = open_[(after[open_, 0] == before[open_, shift]).all(axis=1)]
        if likely.size:
            same = (after[likely, :-shift] == before[likely, shift:]).all(axis=(1, 2))
            apart[likely[same]] = shift
    return np.concatenate(([0], np.cumsum(apart)))[:count]


def overlap_groups(windows: Array) -> Array:
    """Return a number (N,) for each window: windows of one number may overlap."""
    found: Array = np.unique(window_positions(windows) // windows.shape[1], return_inverse=True)[1]
    return found


def block_halves(windows: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw two halves of the windows, in blocks of time, which share no row.

    Blocks are four windows long. Windows across a border are left out.
    """
    if len(windows) == 0:
        return windows, windows
    steps = windows.shape[1]
    length = BLOCK_WINDOWS * steps
    places = window_positions(windows)
    block = np.unique(places // length, return_inverse=True)[1]
    within = places % length + steps <= length
    order = rng.permutation(int(block.max()) + 1)
    first = np.isin(block, order[: len(order) // 2])
    return windows[first & within], windows[~first & within]
