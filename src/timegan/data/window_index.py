"""The windows of a table by their first rows: choice of their length, split, training rows."""

from dataclasses import dataclass

import numpy as np

from timegan.data.splits import Split, can_be_halved, split_holdout, split_rows
from timegan.data.windows import Windows, padded_starts, valid_starts
from timegan.errors import InputError
from timegan.tables import Table
from timegan.transforms.fit import TrainingRows

DEFAULT_WINDOW = 24
MAX_WHOLE_SEQUENCE = 100
"""Steps up to which whole sequences are windows by default."""


@dataclass(frozen=True)
class WindowIndex:
    """Positions of windows in the rows of a table.

    Args:
        starts: (N,) first row of each.
        lengths: (N,) its rows; None: all have a window's.
    """

    starts: np.ndarray
    lengths: np.ndarray | None


@dataclass(frozen=True)
class SplitIndex:
    """Positions of the windows of a split.

    Args:
        train: windows for training.
        holdout: held-out windows to report on; None: there are none.
        validation: held-out windows to choose a model by; None: those of ``holdout``.
        description: of the split, in words.
    """

    train: WindowIndex
    holdout: WindowIndex | None
    validation: WindowIndex | None
    description: str


def choose_window(window: int | None, lengths: np.ndarray) -> int:
    """Return the window asked for, or whole sequences, or 24 steps of long ones.

    Args:
        window: steps that the user asks for, or None.
        lengths: of all sequences.

    Raises:
        InputError: no sequence is as long as the window asked for.

    >>> choose_window(None, np.array([5, 60, 31])), choose_window(None, np.array([3_000]))
    (60, 24)
    """
    longest = int(np.max(lengths))
    if window is None:
        is_whole = len(lengths) > 1 and longest <= MAX_WHOLE_SEQUENCE
        window = max(2, longest if is_whole else min(longest, DEFAULT_WINDOW))
    if longest < window:
        what = "every sequence" if len(lengths) > 1 else "the series"
        raise InputError(
            f"dataset.window={window} is longer than {what}: the longest has {longest} rows. "
            f"Set dataset.window={longest} or less."
        )
    return window


def split_and_index(
    table: Table,
    window: int,
    stride: int,
    share: float,
    *,
    is_reference: bool = False,
    select_on_holdout: bool | None = False,
) -> SplitIndex:
    """Split a table and index the windows of each part.

    Sequences shorter than a window are windows of their own length, unless the table is one series.

    Args:
        table: time as the model sees it.
        window: steps of a window.
        stride: rows from one window to the next.
        share: of the data to hold out.
        is_reference: hold nothing out, as the TimeGAN authors' code does.
        select_on_holdout: set one half of the held-out windows aside for validation. None: if
            they are long enough.
    """
    variable = len(table.lengths) > 1 and bool((table.lengths < window).any())
    if is_reference:
        nothing = table.bounds[:0]
        split = Split(table.bounds, nothing, "nothing held out, as the reference does")
    else:
        min_rows = 1 if variable else None
        split = split_rows(table.bounds, window, share, min_rows=min_rows)
    train = index_windows(split.train, window, stride, variable)
    if is_reference and len(table.lengths) == 1 and len(train.starts) > 1:
        # the authors' range(len - T)
        kept = train.starts < table.lengths[0] - window
        train = WindowIndex(train.starts[kept], None)
    holdout = index_windows(split.holdout, window, stride, variable)
    if not len(holdout.starts):
        return SplitIndex(train, None, None, split.description)
    if select_on_holdout is None:
        select_on_holdout = can_be_halved(split.holdout, window)
    if not select_on_holdout:
        return SplitIndex(train, holdout, None, split.description)
    halves = split_holdout(split.holdout, window)
    validation, holdout = (index_windows(runs, window, stride, variable) for runs in halves)
    return SplitIndex(train, holdout, validation, f"{split.description}; one half to choose by")


def training_rows(
    table: Table,
    index: WindowIndex,
    window: int,
    lengths: np.ndarray,
    *,
    use_all: bool = False,
) -> TrainingRows:
    """Return the rows that training windows contain, or all rows of the table.

    Args:
        table: time as the model sees it.
        index: training windows.
        window: steps of a window.
        lengths: of all sequences, see `learned_lengths`.
        use_all: return all rows.
    """
    covered = Windows(table.values, index.starts, window, index.lengths).covered()
    if use_all:
        covered[:] = True
    rows = np.flatnonzero(covered)
    is_first = np.zeros(len(covered), dtype=bool)
    is_first[table.bounds[:, 0]] = True
    new = is_first[rows]
    new[1:] |= rows[1:] - rows[:-1] != 1
    sequences = np.flatnonzero(np.bincount(sequence_of_window(table, index.starts)))
    lengths = lengths[sequences]
    if (lengths < window).any() and np.ptp(lengths) == 0:
        raise InputError(
            f"dataset.window={window} is longer than every sequence for training: they have "
            f"{lengths[0]} rows. Set dataset.window={lengths[0]} or less."
        )
    return TrainingRows(table, rows, np.flatnonzero(new), sequences, lengths, window, index.starts)


def learned_lengths(lengths: np.ndarray, window: int, *, whole: bool) -> np.ndarray:
    """Return the lengths that samples are to have, of sequences of these lengths.

    Args:
        lengths: of all sequences.
        window: steps of a window.
        whole: make sequences beyond the window; a single series has no length of its own.
    """
    return lengths if whole and len(lengths) > 1 else np.minimum(lengths, window)


def sequence_of_window(table: Table, starts: np.ndarray) -> np.ndarray:
    """Return the number (N,) of the sequence of each window, by its first row."""
    return np.searchsorted(table.bounds[:, 0], starts, side="right") - 1


def one_window_per_sequence(
    table: Table, starts: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw one window of each sequence, so that long sequences do not count for more."""
    order = random.permutation(len(starts))
    chosen = np.unique(sequence_of_window(table, starts)[order], return_index=True)[1]
    return np.sort(order[chosen])


def index_windows(runs: np.ndarray, window: int, stride: int, variable: bool) -> WindowIndex:
    """Return windows of runs of rows (runs, 2); with ``variable``, short runs are windows, too."""
    if not variable:
        return WindowIndex(valid_starts(runs, window, stride), None)
    return WindowIndex(*padded_starts(runs, window, stride))
