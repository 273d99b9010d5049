"""The split into training and held-out rows, so that no window shares a row with both."""

from dataclasses import dataclass

import numpy as np

from timegan.errors import InputError
from timegan.seeds import rng

MIN_SEQUENCES = 10  # to hold whole sequences out; of fewer, each one is split in time
MAX_BLOCKS = 10  # held-out blocks in a series
BLOCK_WINDOWS = 4  # windows that a held-out block is long, about
MAX_GAP_SHARE = 0.15  # of the rows; where gaps would cost more, nothing is held out

Run = tuple[int, int]


@dataclass(frozen=True)
class Split:
    """Runs of rows, (runs, 2) each: the first row, and the row after the last.

    Args:
        train: runs for training.
        holdout: held-out runs; none where there is too little data.
        description: of the split, in words.
    """

    train: np.ndarray
    holdout: np.ndarray
    description: str


def split_rows(
    bounds: np.ndarray, window: int, share: float, *, min_rows: int | None = None
) -> Split:
    """Hold out about ``share`` of the data: whole sequences, or blocks in time.

    With ten sequences or more, whole ones are held out. Otherwise blocks are, spread evenly over
    each series, with a gap of one window on either side. A chronological hold-out would say nothing
    about an unconditional model of a drifting series. The split depends on the shape of the table
    alone, so that runs with different seeds compare.

    Args:
        bounds: (sequences, 2) first row of each sequence, and the row after its last.
        window: steps of a window.
        share: of the sequences or rows, from 0 (nothing is held out) to below 1.
        min_rows: that a sequence needs to be held out; None: a window's.
    """
    nothing = np.empty((0, 2), dtype=np.int64)
    if share == 0:
        return Split(bounds, nothing, "nothing held out, as asked")
    long = np.flatnonzero(bounds[:, 1] - bounds[:, 0] >= (min_rows or window))
    if long.size >= MIN_SEQUENCES:
        count = min(max(1, round(share * long.size)), long.size - 1)
        held = np.zeros(len(bounds), dtype=bool)
        held[rng(0, "split").choice(long, size=count, replace=False)] = True
        return Split(bounds[~held], bounds[held], f"{count} of {long.size} sequences held out")
    parts = [_interleave(int(start), int(stop), window, share) for start, stop in bounds]
    train = np.array([run for kept, _ in parts for run in kept]).reshape(-1, 2)
    holdout = np.array([run for _, out in parts for run in out], dtype=np.int64).reshape(-1, 2)
    if len(holdout) == 0:
        return Split(bounds, nothing, "nothing held out: the table is too short for it")
    return Split(train, holdout, f"{len(holdout)} blocks in time held out, a window's gap around")


def split_holdout(runs: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Split held-out runs into two parts without common rows: for validation, and for reports.

    Every second run goes to either part. A single run is cut, with a gap of one window.

    Args:
        runs: (runs, 2) first row and the row after the last, in order.
        window: steps of a window.

    Raises:
        InputError: a single run is too short for it.
    """
    if len(runs) > 1:
        return runs[::2], runs[1::2]
    start, stop = map(int, runs[0])
    half = (stop - start - window) // 2
    if half < window:
        raise InputError(
            f"A single block of {stop - start} rows is held out, which is too short to choose by "
            f"one half of it and report on the other: each needs {window} rows, and {window} lie "
            "in between. Set a larger dataset.holdout, or remove "
            "callbacks.sample_monitor.restore_best_weights and model.schedule.patience."
        )
    return np.array([[start, start + half]]), np.array([[stop - half, stop]])


def can_be_halved(runs: np.ndarray, window: int) -> bool:
    """Return True if `split_holdout` can split these runs.

    >>> can_be_halved(np.array([[0, 50]]), 24), can_be_halved(np.array([[0, 72]]), 24)
    (False, True)
    """
    return len(runs) > 1 or (int(np.ptp(runs)) - window) // 2 >= window


def _interleave(start: int, stop: int, window: int, share: float) -> tuple[list[Run], list[Run]]:
    """Return training and held-out runs of one series."""
    rows = stop - start
    held = round(share * rows)
    count = min(max(1, held // (BLOCK_WINDOWS * window)), MAX_BLOCKS)
    block = held // count
    room = rows // count  # each block lies in the middle of a part of its own
    is_costly = 2 * window * count > MAX_GAP_SHARE * rows
    if is_costly or block < window or (room - block) // 2 < 2 * window:
        return [(start, stop)], []
    train, holdout, free = [], [], start
    for part in range(count):
        first = start + part * room + (room - block) // 2
        train.append((free, first - window))
        holdout.append((first, first + block))
        free = first + block + window
    return [*train, (free, stop)], holdout
