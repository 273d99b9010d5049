"""How little nearly equal features differ."""

import numpy as np

from timegan.data.windows import Windows
from timegan.variation import deviation

SOME = 100_000
"""Rows that are looked at; less than twice as many."""
SAME = 1e-4
"""Deviation below which two features are one: rounding, and nothing to learn."""


def finest(windows: Windows) -> float:
    """Deviation of the finest direction in which features of deviation 1 vary together.

    The root of the smallest eigenvalue of the features' correlations that is not rounding. Features
    that know nothing of each other have 1, the energy data .11, the open, high, low and close of a
    share .005: what such columns have to say lies in small differences.

    Args:
        windows: their rows are looked at, not all of a long table.
    """
    covered = np.flatnonzero(windows.covered())
    rows = windows.rows[covered[:: max(1, len(covered) // SOME)]].astype(np.float64)
    rows = rows[:, deviation(rows, 0) > 0]
    if len(rows) <= rows.shape[1]:  # too few to tell
        return 1.0
    deviations = np.sqrt(np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(rows.T))).clip(0))
    return float(min((d for d in deviations if d > SAME), default=1.0))
