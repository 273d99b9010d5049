"""Windows of one series overlap: which ones do, and halves and groups that respect it.

Windows that start one step apart share all rows but one. Counting them as independent makes every
interval too narrow, and a window's nearest neighbour is then nearly always itself, one step later.
"""

import numpy as np

from timegan.metrics.windows import Array

BLOCK = 4
"""Length in windows of the blocks that are dealt to two halves."""


def window_positions(windows: Array) -> Array:
    """Where each window (N, T, C) starts, in rows of a common time axis: (N).

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
    """A number (N) for each window: those with the same one overlap more or less."""
    found: Array = np.unique(window_positions(windows) // windows.shape[1], return_inverse=True)[1]
    return found


def block_halves(windows: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two halves of the windows, in blocks of time, none of which shares a row with the other.

    Blocks are four windows long and dealt at random; windows across a border are left out.
    """
    if len(windows) == 0:
        return windows, windows
    steps = windows.shape[1]
    length = BLOCK * steps
    places = window_positions(windows)
    block = np.unique(places // length, return_inverse=True)[1]
    within = places % length + steps <= length
    order = rng.permutation(int(block.max()) + 1)
    first = np.isin(block, order[: len(order) // 2])
    return windows[first & within], windows[~first & within]
