"""From a checked table to its training part: the window, the split, the places of windows."""

from dataclasses import dataclass

import numpy as np

from timegan.data.splits import Split, split
from timegan.data.windows import Windows, padded_starts, valid_starts
from timegan.errors import InputError
from timegan.tables import Table
from timegan.transforms.fitting import Part

USUAL = 24
LONGEST = 100
"""Steps up to which whole sequences are windows, where no window is asked for."""


@dataclass(frozen=True)
class Places:
    """Where windows lie.

    Args:
        starts: (N,) first row of each.
        lengths: (N,) its rows; None: all have a window's.
    """

    starts: np.ndarray
    lengths: np.ndarray | None


def usual_window(lengths: np.ndarray) -> int:
    """The window where none is asked for: whole sequences, or 24 steps of long ones.

    >>> usual_window(np.array([5, 60, 31])), usual_window(np.array([3_000])), usual_window([300, 9])
    (60, 24, 24)
    """
    longest = int(np.max(lengths))
    whole = len(lengths) > 1 and longest <= LONGEST
    return max(2, longest if whole else min(longest, USUAL))


def check_window(window: int, lengths: np.ndarray) -> None:
    """Refuse a window that no sequence fills."""
    if lengths.max() < window:
        what = "every sequence" if len(lengths) > 1 else "the series"
        raise InputError(
            f"dataset.window={window} is longer than {what}: the longest has "
            f"{lengths.max()} rows. Give {lengths.max()} or less."
        )


def part_and_places(
    table: Table, window: int, stride: int, share: float, *, reference: bool
) -> tuple[Split, Places, Places]:
    """The split, and where training and held-out windows lie.

    Sequences shorter than a window are windows of their own length, unless the table is one series.
    """
    variable = len(table.lengths) > 1 and bool((table.lengths < window).any())
    if reference:
        parts = Split(table.bounds, table.bounds[:0], "nothing held out, as the reference does")
    else:
        parts = split(table.bounds, window, share, least=1 if variable else None)
    train, held = (
        windows_of(runs, window, stride, variable) for runs in (parts.train, parts.holdout)
    )
    if reference and len(table.lengths) == 1 and len(train.starts) > 1:
        # the authors' range(len - T)
        kept = train.starts < table.lengths[0] - window
        train = Places(train.starts[kept], None)
    return parts, train, held


def part_of(table: Table, places: Places, window: int, *, whole: bool) -> Part:
    """What the columns are fitted on: what training windows contain, or all of it."""
    covered = Windows(table.values, places.starts, window, places.lengths).covered()
    if whole:
        covered[:] = True
    rows = np.flatnonzero(covered)
    first = np.zeros(len(covered), dtype=bool)
    first[table.bounds[:, 0]] = True
    new = first[rows]
    new[1:] |= rows[1:] - rows[:-1] != 1
    sequences = np.flatnonzero(np.bincount(owners(table, places.starts)))
    lengths = np.minimum(table.lengths[sequences], window)
    if (lengths < window).any() and np.ptp(lengths) == 0:
        raise InputError(
            f"dataset.window={window} is longer than every sequence that trains: they have "
            f"{lengths[0]} rows. Give {lengths[0]} or less."
        )
    return Part(rows, np.flatnonzero(new), sequences, lengths, places.starts)


def owners(table: Table, starts: np.ndarray) -> np.ndarray:
    """Which sequence (N,) each window belongs to, by its first row."""
    return np.searchsorted(table.bounds[:, 0], starts, side="right") - 1


def one_each(table: Table, starts: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Numbers of windows, one of each sequence, so that long sequences do not count for more."""
    order = random.permutation(len(starts))
    chosen = np.unique(owners(table, starts)[order], return_index=True)[1]
    return np.sort(order[chosen])


def windows_of(runs: np.ndarray, window: int, stride: int, variable: bool) -> Places:
    """Windows of runs of rows (runs, 2); with ``variable`` short runs are windows, too."""
    if not variable:
        return Places(valid_starts(runs, window, stride), None)
    return Places(*padded_starts(runs, window, stride))
