"""Repeated values: how often a column has them, and how often a smooth series would."""

import numpy as np

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import continues

MIN_ATOM_SHARE = 0.05  # of the rows, for a value whose repeats are not counted
MIN_STEPS = 50


def repeat_rates(values: np.ndarray, breaks: np.ndarray, grid: ValueGrid) -> tuple[float, float]:
    """Return the share of steps without a change, and the share that a smooth series would have.

    Rounding makes repeats where a smooth series moves by less than the grid's unit. A series that
    moves steadily by mu units repeats in 1 - mu of the steps. A series that moves at random repeats
    about as often as it moves by one unit up, or down. Both shares are 0 where steps are too few.

    Args:
        values: (R,) training rows or a contiguous part of them; NaN where missing.
        breaks: rows that do not follow upon the one before.
        grid: of the column.
    """
    steps = np.diff(values)[continues(len(values), breaks)[1:] & ~_is_atom(values)[:-1]]
    steps = np.abs(steps[~np.isnan(steps)])
    if steps.size < MIN_STEPS:
        return 0.0, 0.0
    share = float((steps == 0.0).mean())
    unit = grid.unit
    if unit == 0.0:
        return share, 0.0
    steady = max(0.0, 1.0 - float(steps.mean()) / unit)
    single = float(((steps > 0.5 * unit) & (steps < 1.5 * unit)).mean()) / 2
    return share, max(steady, 1.5 * single)


def _is_atom(values: np.ndarray) -> np.ndarray:
    """Return which rows have a value that stands out, such as zeros where nothing is measured."""
    present = values[~np.isnan(values)]
    distinct, counts = np.unique(present, return_counts=True)
    heavy = counts > max(MIN_ATOM_SHARE * present.size, 5 * float(np.median(counts)))
    return np.isin(values, distinct[heavy])
