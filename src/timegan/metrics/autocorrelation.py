"""How a feature's value, or its change from step to step, depends on its own past."""

import numpy as np

from timegan.metrics.arrays import Array, check


def autocorrelation(windows: Array) -> Array:
    """Autocorrelations (T, C) of windows (N, T, C) at the lags 0 to T - 1.

    ``r(l) = mean((x_t - m)(x_{t+l} - m)) / v`` with the mean and variance of all windows and
    steps: what differs from window to window counts as persistence. NaN for a constant feature.
    """
    x = np.asarray(windows, dtype=np.float64)
    scale = np.abs(x).max(axis=(0, 1))
    x = x - x.mean(axis=(0, 1))
    variance = (x**2).mean(axis=(0, 1))
    variance[variance <= (1e-12 * scale) ** 2] = np.nan
    steps = x.shape[1]
    products = [(x[:, : steps - lag] * x[:, lag:]).mean(axis=(0, 1)) for lag in range(steps)]
    curve: Array = np.stack(products) / variance
    return curve


def changes(windows: Array) -> Array:
    """Differences from step to step: (N, T, C) to (N, T - 1, C)."""
    difference: Array = np.diff(np.asarray(windows, dtype=np.float64), axis=1)
    return difference


def autocorrelation_score(real: Array, synthetic: Array) -> float | None:
    """Mean difference of the autocorrelations over features and lags from 1.

    ``None`` when there is but one step, or every feature is constant.
    """
    check(real, synthetic)
    difference = np.abs(autocorrelation(real) - autocorrelation(synthetic))[1:]
    difference = difference[np.isfinite(difference)]
    return float(difference.mean()) if difference.size else None
