"""The smallest scale on which nearly collinear features differ."""

import numpy as np

from timegan.data.windows import Windows
from timegan.variation import deviation

SAMPLE_ROWS = 100_000
"""Rows that are looked at, or up to twice as many."""
MIN_STD = 1e-4
"""Deviation below which features are equal up to rounding."""


def smallest_component_std(windows: Windows) -> float:
    """Return the smallest deviation of a principal component of standardized features.

    It is the root of the smallest eigenvalue of their correlation matrix that is not rounding.
    Independent features have 1, the energy data 0.11, and the open, high, low and close prices of
    a share 0.005: they differ on a small scale only.

    Args:
        windows: whose rows are examined, of a long table only some.
    """
    covered = np.flatnonzero(windows.covered())
    rows = windows.rows[covered[:: max(1, len(covered) // SAMPLE_ROWS)]].astype(np.float64)
    rows = rows[:, deviation(rows, 0) > 0]
    if len(rows) <= rows.shape[1]:  # too few to tell
        return 1.0
    deviations = np.sqrt(np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(rows.T))).clip(0))
    return float(min((d for d in deviations if d > MIN_STD), default=1.0))
