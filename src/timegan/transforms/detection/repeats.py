"""Whether a column holds its readings: more exact repeats than a smooth series would have."""

import numpy as np

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import follows

HOLDS = 0.1  # least share of repeats beyond those of a smooth series
HEAVY = 0.05  # share of the rows from which a value is an atom, whose repeats say nothing
FEW = 50  # fewest steps that tell


def repeats(values: np.ndarray, breaks: np.ndarray, grid: ValueGrid) -> tuple[float, float]:
    """Share of steps without a change, and the share that a smooth series would have.

    Rounding makes repeats where a smooth series moves by less than the grid's unit. One that
    moves steadily by mu units repeats in 1 - mu of the steps; one that moves at random repeats
    about as often as it moves by one unit up, or down.

    Args:
        values: (R,) training rows or a contiguous part of them; NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        grid: of the column.
    """
    steps = np.diff(values)[follows(len(values), breaks)[1:] & ~_atoms(values)[:-1]]
    steps = np.abs(steps[~np.isnan(steps)])
    if steps.size < FEW:
        return 0.0, 0.0
    share = float((steps == 0.0).mean())
    unit = grid.unit
    if unit == 0.0:
        return share, 0.0
    steady = max(0.0, 1.0 - float(steps.mean()) / unit)
    single = float(((steps > 0.5 * unit) & (steps < 1.5 * unit)).mean()) / 2
    return share, max(steady, 1.5 * single)


def _atoms(values: np.ndarray) -> np.ndarray:
    """Which rows have a value that stands out, as zeros do where nothing is measured."""
    there = values[~np.isnan(values)]
    distinct, counts = np.unique(there, return_counts=True)
    heavy = counts > max(HEAVY * there.size, 5 * float(np.median(counts)))
    return np.isin(values, distinct[heavy])
