"""Comparison of the steps across window boundaries of long series with all other steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import ks_2samp, kurtosis

from timegan.errors import InputError
from timegan.metrics.windows import Array
from timegan.variation import deviation, negligible

MIN_INCREMENTS = 20
"""Smallest number of increments for a statistic."""

SMIRNOV_QUANTILE = 1.358
"""95 % quantile of the Kolmogorov-Smirnov distance times sqrt(n m / (n + m))."""


def compare_window_boundaries(
    windows_real: Array, series: Array, positions: Array
) -> dict[str, Any]:
    """Compare increments of long series at window boundaries, elsewhere, and in real windows.

    Args:
        windows_real: (N, T, C) real windows, scaled or in the table's units; NaN where missing.
        series: (n, steps, C) in the same units.
        positions: (K,) the first step after each boundary, see
            :func:`timegan.sampling.long_series.boundary_positions`.

    Returns:
        Numbers for JSON. A list has one entry a feature, None where data are too few.

        - ``series``, ``steps``, ``boundaries``: their numbers;
        - ``sigma``: root mean square of real increments, the unit of all other entries;
        - ``increment``, ``turn``: mean size of first and second differences, each as a dict of
          ``real`` (inside real windows), ``inside`` (away from
          boundaries) and ``boundary``;
        - ``mean``, ``deviation``, ``kurtosis`` of increments, each as such a dict;
        - ``autocorrelation``: of increments at lag 1, each as such a dict;
        - ``ks``: Kolmogorov-Smirnov ``distance`` between increments at boundaries and inside; the
          distance for steps half-way between boundaries (``control``); ``chance``, the 5 % critical
          value for independent increments;
        - ``level``: mean and deviation of real and synthetic values, and of the last tenth of the
          series (``late``), which shows drift; ``outside``, the share of values beyond the range of
          real ones;
        - ``ratio``: mean size of increments at boundaries relative to that inside;
        - ``worst``: the ratio furthest from 1, with the number of its feature.

    Raises:
        InputError: shapes do not match, or there is no boundary inside the series.
    """
    real, made, at = _check_shapes(windows_real, series, positions)
    inside = np.setdiff1d(np.arange(1, made.shape[1]), at)
    straight = np.setdiff1d(inside[inside > 1], at + 1)  # second differences without a boundary
    increments = {
        "real": _increments_at(real, np.arange(1, real.shape[1])),
        "inside": _increments_at(made, inside),
        "boundary": _increments_at(made, at),
    }
    turned = {
        "real": (real, np.arange(2, real.shape[1])),
        "inside": (made, straight),
        "boundary": (made, at[at > 1]),
    }
    turns = {
        side: _increments_at(x, t) - _increments_at(x, t - 1) for side, (x, t) in turned.items()
    }
    sigma = np.sqrt(_by_feature(lambda v: (v**2).mean(), increments["real"]))
    largest = np.nanmax(np.abs(real), axis=(0, 1), initial=0.0)
    unit = np.where(negligible(sigma, largest), np.nan, sigma)
    size = {side: _by_feature(_mean_size, values) / unit for side, values in increments.items()}
    still = negligible(size["inside"] * unit, np.nanmax(np.abs(made), axis=(0, 1), initial=0.0))
    ratio = _to_list(size["boundary"] / np.where(still, np.nan, size["inside"]))
    return {
        "series": len(made),
        "steps": made.shape[1],
        "boundaries": len(at),
        "sigma": _to_list(sigma),
        "increment": {side: _to_list(values) for side, values in size.items()},
        "turn": {
            side: _to_list(_by_feature(_mean_size, values) / unit) for side, values in turns.items()
        },
        "mean": {side: _to_list(_by_feature(np.mean, v) / unit) for side, v in increments.items()},
        "deviation": {
            side: _to_list(_by_feature(np.std, v) / unit) for side, v in increments.items()
        },
        "kurtosis": {side: _to_list(_by_feature(_kurtosis, v)) for side, v in increments.items()},
        "autocorrelation": {
            side: _to_list(_correlations(_increments_at(x, t), _increments_at(x, t - 1)))
            for side, (x, t) in turned.items()
        },
        "ks": _kolmogorov_smirnov(made, at, inside),
        "level": _levels(real, made),
        "ratio": ratio,
        "worst": _worst_ratio(ratio),
    }


def _check_shapes(real: Array, series: Array, at: Array) -> tuple[Array, Array, Array]:
    real, series = np.asarray(real, np.float64), np.asarray(series, np.float64)
    at = np.unique(np.asarray(at, np.int64))
    if real.ndim != 3 or series.ndim != 3 or real.shape[2] != series.shape[2] or not real.size:
        raise InputError(
            f"Real windows {real.shape} and series {series.shape} cannot be compared: both need "
            "three axes (number, steps, features) and the same features."
        )
    if not at.size or at[0] < 1 or at[-1] >= series.shape[1]:
        raise InputError(
            f"Boundaries at {at.tolist()[:5]} in series of {series.shape[1]} steps: a boundary is "
            "the number of the step after it, at least 1 and below the number of steps."
        )
    return real, series, at


def _increments_at(x: Array, at: Array) -> Array:
    """Return increments (n, K, C) of series (n, T, C) into the steps (K,)."""
    return np.asarray(x[:, at] - x[:, at - 1])


def _by_feature(statistic: Callable[[Array], Any], values: Array) -> Array:
    """Return a statistic of each feature (C,) of (..., C); NaN where finite values are too few."""
    columns = _finite_columns(values)
    return np.array(
        [statistic(c) if len(c) >= MIN_INCREMENTS else np.nan for c in columns], np.float64
    )


def _finite_columns(values: Array) -> list[Array]:
    """Return the finite values (m,) of each feature."""
    return [column[np.isfinite(column)] for column in values.reshape(-1, values.shape[-1]).T]


def _mean_size(values: Array) -> float:
    return float(np.abs(values).mean())


def _kurtosis(values: Array) -> float:
    return float(kurtosis(values)) if deviation(values) > 0 else np.nan


def _to_list(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _correlations(later: Array, before: Array) -> Array:
    found = []
    for i in range(later.shape[-1]):
        known = np.isfinite(later[..., i]) & np.isfinite(before[..., i])
        a, b = later[..., i][known], before[..., i][known]
        varies = len(a) >= MIN_INCREMENTS and deviation(a) > 0 and deviation(b) > 0
        found.append(np.corrcoef(a, b)[0, 1] if varies else np.nan)
    return np.array(found)


def _kolmogorov_smirnov(made: Array, at: Array, inside: Array) -> dict[str, list[float | None]]:
    middle = np.setdiff1d((at[:-1] + at[1:]) // 2, at)
    boundary, other = (
        _finite_columns(_increments_at(made, at)),
        _finite_columns(_increments_at(made, inside)),
    )
    control, rest = _increments_at(made, middle), _increments_at(made, np.setdiff1d(inside, middle))
    pairs = list(zip(boundary, other, strict=True))
    return {
        "distance": _to_list(np.array([_distance(a, b) for a, b in pairs])),
        "control": _to_list(
            np.array(
                [
                    _distance(a, b)
                    for a, b in zip(_finite_columns(control), _finite_columns(rest), strict=True)
                ]
            )
        ),
        "chance": _to_list(
            np.array(
                [
                    SMIRNOV_QUANTILE * np.sqrt(1 / max(len(a), 1) + 1 / max(len(b), 1))
                    for a, b in pairs
                ]
            )
        ),
    }


def _distance(a: Array, b: Array) -> float:
    few = min(len(a), len(b)) < MIN_INCREMENTS
    return np.nan if few else float(ks_2samp(a, b, method="asymp").statistic)


def _levels(real: Array, made: Array) -> dict[str, list[float | None]]:
    late = made[:, -max(1, made.shape[1] // 10) :]
    low, high = np.nanmin(real, axis=(0, 1)), np.nanmax(real, axis=(0, 1))
    outside = ((made < low) | (made > high)).mean(axis=(0, 1))
    found: dict[str, list[float | None]] = {"outside": _to_list(outside)}
    for side, values in (("real", real), ("synthetic", made), ("late", late)):
        found[f"{side}_mean"] = _to_list(_by_feature(np.mean, values))
        found[f"{side}_deviation"] = _to_list(_by_feature(np.std, values))
    return found


def _worst_ratio(ratio: list[float | None]) -> dict[str, Any]:
    known = [(abs(np.log(r)) if r > 0 else np.inf, i) for i, r in enumerate(ratio) if r is not None]
    if not known:
        return {"feature": None, "ratio": None}
    index = max(known)[1]
    return {"feature": index, "ratio": ratio[index]}
