"""Autocorrelations of values and of changes from step to step."""

import numpy as np

from timegan.metrics.fidelity.correlation import correlation_matrix
from timegan.metrics.metric import Needs, pairwise
from timegan.metrics.windows import Array, check
from timegan.variation import centred, divisor, largest_known, negligible


def autocorrelation(windows: Array, largest: Array | None = None) -> Array:
    """Return the autocorrelations (T, C) of windows (N, T, C) at the lags 0 to T - 1.

    ``r(l)`` is the correlation over windows of ``x_t`` and ``x_{t+l}``, averaged over ``t``: how
    much a value tells of the one ``l`` steps later. A trend that all windows share takes no part.
    Steps at which all windows agree have no correlation; NaN where no step is left. Where values
    are missing, those windows count that have both, and steps weigh as much as they have windows.

    Args:
        windows: values, or their changes; NaN where there is none.
        largest: (C,) magnitude of the values that changes were computed from; None: their own.
    """
    if largest is None:
        largest = largest_known(windows, (0, 1))
    if not np.isnan(windows).any():
        return _without_gaps(windows, largest)
    curves = []
    for c, magnitude in enumerate(largest):
        table, count = correlation_matrix(windows[..., c], magnitude)
        lags = range(windows.shape[1])
        curves.append([_mean(table.diagonal(lag), count.diagonal(lag)) for lag in lags])
    return np.transpose(curves)


def _without_gaps(windows: Array, largest: Array) -> Array:
    """Return the autocorrelations of windows in which no value is missing, all columns at once."""
    x = centred(windows.transpose(2, 1, 0), 2)
    size = np.sqrt(np.square(x).sum(axis=2, keepdims=True))
    constant = negligible(size[:, :, 0] / np.sqrt(len(windows)), largest[:, None])
    x /= divisor(size)
    table = np.clip(x @ x.transpose(0, 2, 1), -1, 1)
    varies = ~constant
    together = varies[:, :, None] & varies[:, None]
    steps = range(windows.shape[1])
    counts = [together.diagonal(lag, 1, 2).sum(axis=1) for lag in steps]
    totals = [np.where(together, table, 0).diagonal(lag, 1, 2).sum(axis=1) for lag in steps]
    return np.where(np.array(counts) > 0, np.array(totals) / np.maximum(counts, 1), np.nan)


def _mean(values: Array, weights: Array) -> float:
    """Return the weighted mean of the finite values, NaN where there is none."""
    weights = np.where(np.isfinite(values), weights, 0)
    total = weights.sum()
    return float(weights @ np.nan_to_num(values) / total) if total else np.nan


def changes(windows: Array) -> Array:
    """Return differences from step to step: (N, T, C) to (N, T - 1, C)."""
    difference: Array = np.diff(np.asarray(windows, dtype=np.float64), axis=1)
    return difference


def change_autocorrelation(windows: Array) -> Array:
    """Return the autocorrelations (T - 1, C) of the changes in windows (N, T, C)."""
    return autocorrelation(changes(windows), largest_known(windows, (0, 1)))


def _difference(real: Array, synthetic: Array) -> float | None:
    difference = np.abs(real - synthetic)[1:]
    difference = difference[np.isfinite(difference)]
    return float(difference.mean()) if difference.size else None


@pairwise(
    "autocorrelation",
    shared=(autocorrelation, lambda real, made: _difference(real, autocorrelation(made))),
    title="Autocorrelation difference",
    meaning="Mean difference of the autocorrelations over lags and features.",
    better="lower",
    formula=r"\overline{|r_R(l, c) - r_S(l, c)|},\ l \ge 1",
    values="0 to 2",
    cannot_see="Single values, relations between features, and dependence that is not linear.",
    cells=True,
    needs=Needs(windows=2, steps=2),
    order=60,
)
def autocorrelation_score(real: Array, synthetic: Array) -> float | None:
    """Return the mean difference of autocorrelations over features and lags from 1.

    ``None`` when there is but one step, or every feature is constant.
    """
    check(real, synthetic, cells=True)
    return _difference(autocorrelation(real), autocorrelation(synthetic))


@pairwise(
    "change_autocorrelation",
    shared=(
        change_autocorrelation,
        lambda real, made: _difference(real, change_autocorrelation(made)),
    ),
    title="Autocorrelation difference of changes",
    meaning="Mean difference of the autocorrelations of changes from step to step.",
    better="lower",
    formula=r"\overline{|r_{\Delta,R}(l, c) - r_{\Delta,S}(l, c)|},\ l \ge 1",
    values="0 to 2",
    cannot_see="Levels, sizes of changes, and relations between features.",
    cells=True,
    needs=Needs(windows=2, steps=3),
    order=80,
)
def change_autocorrelation_score(real: Array, synthetic: Array) -> float | None:
    """Return the mean difference of the changes' autocorrelations over features and lags from 1.

    ``None`` where windows have fewer than three steps, or every feature changes evenly.
    """
    check(real, synthetic, cells=True)
    return _difference(change_autocorrelation(real), change_autocorrelation(synthetic))
