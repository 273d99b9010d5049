"""Windows over rows: a strided view, and the rows at which a window can start."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from timegan.errors import InputError
from timegan.nn.batch import Batch


def valid_starts(runs: np.ndarray, window: int, stride: int = 1) -> np.ndarray:
    """Return the first rows of all windows that lie within one run of rows.

    Args:
        runs: (runs, 2) first row of each run and the row after its last.
        window: steps of a window.
        stride: rows from one window to the next within a run.

    >>> valid_starts(np.array([[0, 5], [5, 7], [7, 10]]), window=3)
    array([0, 1, 2, 7])
    """
    starts = [np.arange(first, after - window + 1, stride) for first, after in runs]
    return starts[0] if len(starts) == 1 else np.concatenate([np.empty(0, dtype=np.int64), *starts])


def padded_starts(runs: np.ndarray, window: int, stride: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return first rows and lengths of all windows; a run shorter than a window is one, too.

    Args:
        runs: (runs, 2) first row of each run and the row after its last.
        window: steps of a window at most.
        stride: rows from one window to the next within a run.

    >>> padded_starts(np.array([[0, 5], [5, 7], [7, 10]]), window=3)
    (array([0, 1, 2, 5, 7]), array([3, 3, 3, 2, 3]))
    """
    lengths = runs[:, 1] - runs[:, 0]
    count = np.where(lengths < window, lengths > 0, (lengths - window) // stride + 1)
    run = np.repeat(np.arange(len(runs)), count)
    nth = np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count)
    return runs[run, 0] + nth * stride, np.minimum(lengths[run], window)


class Windows:
    """Windows (N, T, C) that are read from their rows on demand, so that no row is stored twice.

    Args:
        rows: (R, C) consecutive rows.
        starts: (N) the row at which each window starts.
        window: T, its length.
        lengths: (N) rows that each window has, 1 to T; zeros follow them. None: all have T.
        context: (N, S) channels of each window as a whole.
        exogenous: (R, U) channels of the rows, which are windowed as the rows are.

    Raises:
        InputError: lengths outside 1 to T, or arrays of different lengths.
    """

    def __init__(
        self,
        rows: np.ndarray,
        starts: np.ndarray,
        window: int,
        lengths: np.ndarray | None = None,
        context: np.ndarray | None = None,
        exogenous: np.ndarray | None = None,
    ) -> None:
        self.rows = rows
        self.starts = starts
        self.window = window
        self.lengths = lengths
        self.context = context
        self.exogenous = exogenous
        self._check()

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of windows, steps and channels (N, T, C)."""
        return len(self), self.window, self.rows.shape[1]

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Return a copy of some windows (n, T, C)."""
        return self._take(self.rows, indices)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return some windows with lengths, context and exogenous channels.

        Args:
            indices: numbers of windows (K, B), which give (K, B, T, C).
        """
        lengths, context, exogenous = self.lengths, self.context, self.exogenous
        return Batch(
            torch.from_numpy(self.take(indices)),
            None if lengths is None else torch.from_numpy(lengths[indices].astype(np.int64)),
            None if context is None else torch.from_numpy(context[indices]),
            None if exogenous is None else torch.from_numpy(self._take(exogenous, indices)),
        )

    def all(self) -> np.ndarray:
        """Return a copy of all windows (N, T, C)."""
        return self.take(np.arange(len(self)))

    def covered(self) -> np.ndarray:
        """Return which rows (R,) at least one window contains."""
        change = np.zeros(len(self.rows) + 1, dtype=np.int32)
        np.add.at(change, self.starts, 1)
        np.add.at(change, self.starts + (self.window if self.lengths is None else self.lengths), -1)
        return np.cumsum(change[:-1], out=change[:-1]) > 0

    def _take(self, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
        starts = self.starts[indices]
        lengths = None if self.lengths is None else self.lengths[indices]
        if lengths is None or (lengths == self.window).all():
            return np.ascontiguousarray(strided(rows, self.window)[starts])
        steps = np.arange(self.window)
        taken: np.ndarray = rows[np.minimum(starts[..., None] + steps, len(rows) - 1)]
        taken[steps >= lengths[..., None]] = 0
        return taken

    def _check(self) -> None:
        if self.lengths is not None and not (
            (self.lengths >= 1).all() and (self.lengths <= self.window).all()
        ):
            raise InputError(
                f"Windows of {self.lengths.min()} to {self.lengths.max()} rows: dataset.window="
                f"{self.window} holds from 1 to {self.window}. Set a larger dataset.window."
            )
        for name, array, want in (
            ("lengths", self.lengths, len(self)),
            ("context", self.context, len(self)),
            ("exogenous", self.exogenous, len(self.rows)),
        ):
            if array is not None and len(array) != want:
                raise InputError(f"{len(array)} {name} for {want}: give one for each.")


def strided(rows: np.ndarray, window: int) -> np.ndarray:
    """Return all windows of the rows (R, C) as a view (R - T + 1, T, C)."""
    windows: np.ndarray = np.moveaxis(sliding_window_view(rows, window, axis=0), -1, 1)
    return windows
