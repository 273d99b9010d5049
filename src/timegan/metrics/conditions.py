"""Conditions: features that a sequence is made for, and windows that have those of others.

Conditions are the context, which never changes within a window, and exogenous features.
"""

import numpy as np

from timegan.metrics.controls import copy
from timegan.metrics.windows import Array


def constant_features(windows: Array) -> Array:
    """Return which features (C,) never change within a window, and differ between windows."""
    low, high = np.fmin.reduce(windows, axis=1), np.fmax.reduce(windows, axis=1)
    still = ((low == high) | np.isnan(low)).all(axis=0)
    found: Array = still & (np.fmin.reduce(low, axis=0) < np.fmax.reduce(low, axis=0))
    return found


def permuted_conditions(
    windows: Array, count: int, rng: np.random.Generator, conditions: Array
) -> Array:
    """Return windows (count, T, C) with the conditions of others: nothing follows them any more.

    Args:
        windows: real ones (N, T, C).
        count: of the result.
        rng: of the random numbers.
        conditions: (C,) which features are conditions.
    """
    moved = copy(windows, count, rng)
    moved[..., conditions] = moved[rng.permutation(count)][..., conditions]
    return moved
