"""Windows over rows: a strided view and the rows at which a window may start."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def valid_starts(runs: np.ndarray, window: int, stride: int = 1) -> np.ndarray:
    """First rows of all windows that lie within one run; a run's last window is kept at stride 1.

    Args:
        runs: (runs, 2) first row of each run and the row after its last.
        window: steps of a window.
        stride: rows from one window to the next within a run.

    >>> valid_starts(np.array([[0, 5], [5, 7], [7, 10]]), window=3)
    array([0, 1, 2, 7])
    """
    starts = [np.arange(first, after - window + 1, stride) for first, after in runs]
    return np.concatenate([np.empty(0, dtype=np.int64), *starts])


class Windows:
    """Windows (N, T, C) that are read from the rows when asked for; nothing is stored twice.

    Args:
        rows: (R, C) consecutive rows.
        starts: (N) the row at which each window starts.
        window: T, its length.
    """

    def __init__(self, rows: np.ndarray, starts: np.ndarray, window: int) -> None:
        self.rows = rows
        self.starts = starts
        self.window = window
        self._view = np.moveaxis(sliding_window_view(rows, window, axis=0), -1, 1)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(N, T, C)."""
        return len(self), self.window, self.rows.shape[1]

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Some windows (n, T, C), copied."""
        return np.ascontiguousarray(self._view[self.starts[indices]])

    def all(self) -> np.ndarray:
        """Every window (N, T, C), copied."""
        return self.take(np.arange(len(self)))

    def covered(self) -> np.ndarray:
        """Which rows (R) at least one window contains."""
        change = np.zeros(len(self.rows) + 1, dtype=np.int64)
        np.add.at(change, self.starts, 1)
        np.add.at(change, self.starts + self.window, -1)
        return np.cumsum(change[:-1]) > 0
