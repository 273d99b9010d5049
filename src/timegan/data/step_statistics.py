"""Levels and spreads of training windows step by step."""

import numpy as np

from timegan.data.windows import Windows
from timegan.variation import divisor

MAX_WINDOWS = 2**15
"""Windows that are looked at."""
MIN_WINDOWS = 30
"""Windows of full length from which on their statistics are known."""


def step_statistics(windows: Windows) -> np.ndarray | None:
    """Return mean and deviation of each channel at each step, (2, T, C), from full windows.

    The unit is the channel's deviation over all steps, and the origin its mean. Both hardly change
    from step to step in windows of one long series. In whole sequences they may rise or fall.

    Args:
        windows: for training.

    Returns:
        None if too few windows have their full length.
    """
    full = np.arange(len(windows))
    if windows.lengths is not None:
        full = np.flatnonzero(windows.lengths == windows.window)
    if len(full) < MIN_WINDOWS:
        return None
    chosen = full[np.linspace(0, len(full) - 1, min(len(full), MAX_WINDOWS)).astype(np.int64)]
    starts = windows.starts[chosen]
    means, stds = np.empty((2, *windows.shape[1:]))
    for step in range(windows.window):
        rows = windows.rows[starts + step].astype(np.float64)
        means[step], stds[step] = rows.mean(axis=0), rows.std(axis=0)
    mean = means.mean(axis=0)
    variance = (stds**2 + (means - mean) ** 2).mean(axis=0)
    unit = np.array([divisor(v) for v in np.sqrt(variance)])
    return np.stack([(means - mean) / unit, stds / unit])
