"""Long series at their seams: is a step from one window into the next like any other step?"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import ks_2samp, kurtosis

from timegan.errors import InputError
from timegan.metrics.windows import Array
from timegan.variation import deviation, negligible

FEWEST = 20
"""Increments that a statistic needs."""

CHANCE = 1.358
"""Of the Kolmogorov-Smirnov distance times sqrt(n m / (n + m)), at the level of 5 % (Smirnov)."""


def seams(windows_real: Array, series: Array, seam_positions: Array) -> dict[str, Any]:
    """Increments and levels of long synthetic series, at the seams, elsewhere, and in real windows.

    Args:
        windows_real: (N, T, C) real windows, scaled or in the table's units; NaN where missing.
        series: (n, steps, C) in the same units.
        seam_positions: (K,) the first step after each seam,
            :func:`timegan.sampling.long_series.boundary_positions`.

    Returns:
        Numbers for JSON; lists have one entry a feature, None where nothing can be said.

        - ``series``, ``steps``, ``seams``: how many;
        - ``sigma``: root mean square of real increments, the unit of what follows;
        - ``increment``, ``turn``: mean size of first and second differences, each as a dict of
          ``real`` (inside real windows), ``inside`` (away from the seams) and ``seam``;
        - ``mean``, ``deviation``, ``kurtosis`` of increments, likewise;
        - ``autocorrelation``: of increments at lag 1, at a seam of its own and the one before;
        - ``ks``: Kolmogorov-Smirnov ``distance`` between the increments at seams and inside; the
          same half-way between seams (``control``); and what ``chance`` exceeds for one feature in
          twenty, were increments independent, which they are not where volatility comes in bursts;
        - ``level``: mean and deviation of all values, real and synthetic; the same of the last
          tenth of the series (``late``), which has moved where they drift; and ``outside``, the
          share of values beyond the smallest and largest real ones;
        - ``ratio``: increments' mean size at seams over that inside, and ``worst``, the one
          furthest from 1, with the number of its feature.

    Raises:
        InputError: arrays of other shapes, no seam, or a seam outside the series.
    """
    real, made, at = _checked(windows_real, series, seam_positions)
    inside = np.setdiff1d(np.arange(1, made.shape[1]), at)
    straight = np.setdiff1d(inside[inside > 1], at + 1)  # turns of three steps without a seam
    increments = {
        "real": _steps(real, np.arange(1, real.shape[1])),
        "inside": _steps(made, inside),
        "seam": _steps(made, at),
    }
    turned = {
        "real": (real, np.arange(2, real.shape[1])),
        "inside": (made, straight),
        "seam": (made, at[at > 1]),
    }
    turns = {side: _steps(x, t) - _steps(x, t - 1) for side, (x, t) in turned.items()}
    sigma = np.sqrt(_each(lambda v: (v**2).mean(), increments["real"]))
    largest = np.nanmax(np.abs(real), axis=(0, 1), initial=0.0)
    unit = np.where(negligible(sigma, largest), np.nan, sigma)
    size = {side: _each(_size, values) / unit for side, values in increments.items()}
    still = negligible(size["inside"] * unit, np.nanmax(np.abs(made), axis=(0, 1), initial=0.0))
    ratio = _plain(size["seam"] / np.where(still, np.nan, size["inside"]))
    return {
        "series": len(made),
        "steps": made.shape[1],
        "seams": len(at),
        "sigma": _plain(sigma),
        "increment": {side: _plain(values) for side, values in size.items()},
        "turn": {side: _plain(_each(_size, values) / unit) for side, values in turns.items()},
        "mean": {side: _plain(_each(np.mean, v) / unit) for side, v in increments.items()},
        "deviation": {side: _plain(_each(np.std, v) / unit) for side, v in increments.items()},
        "kurtosis": {side: _plain(_each(_tails, v)) for side, v in increments.items()},
        "autocorrelation": {
            side: _plain(_correlations(_steps(x, t), _steps(x, t - 1)))
            for side, (x, t) in turned.items()
        },
        "ks": _ks(made, at, inside),
        "level": _levels(real, made),
        "ratio": ratio,
        "worst": _worst(ratio),
    }


def _checked(real: Array, series: Array, at: Array) -> tuple[Array, Array, Array]:
    real, series = np.asarray(real, np.float64), np.asarray(series, np.float64)
    at = np.unique(np.asarray(at, np.int64))
    if real.ndim != 3 or series.ndim != 3 or real.shape[2] != series.shape[2] or not real.size:
        raise InputError(
            f"Real windows {real.shape} and series {series.shape} cannot be compared: both need "
            "three axes (number, steps, features) and the same features."
        )
    if not at.size or at[0] < 1 or at[-1] >= series.shape[1]:
        raise InputError(
            f"Seams at {at.tolist()[:5]} in series of {series.shape[1]} steps: a seam is the "
            "number of the step after it, at least 1 and below the number of steps."
        )
    return real, series, at


def _steps(x: Array, at: Array) -> Array:
    """Increments of (n, T, C) into the steps (K,): (n, K, C)."""
    return np.asarray(x[:, at] - x[:, at - 1])


def _each(statistic: Callable[[Array], Any], values: Array) -> Array:
    """A statistic of what is known of each feature (..., C); NaN where that is little."""
    columns = _columns(values)
    return np.array([statistic(c) if len(c) >= FEWEST else np.nan for c in columns], np.float64)


def _columns(values: Array) -> list[Array]:
    """What is known of each feature, (m,)."""
    return [column[np.isfinite(column)] for column in values.reshape(-1, values.shape[-1]).T]


def _size(values: Array) -> float:
    return float(np.abs(values).mean())


def _tails(values: Array) -> float:
    return float(kurtosis(values)) if deviation(values) > 0 else np.nan


def _plain(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _correlations(later: Array, before: Array) -> Array:
    found = []
    for i in range(later.shape[-1]):
        known = np.isfinite(later[..., i]) & np.isfinite(before[..., i])
        a, b = later[..., i][known], before[..., i][known]
        varies = len(a) >= FEWEST and deviation(a) > 0 and deviation(b) > 0
        found.append(np.corrcoef(a, b)[0, 1] if varies else np.nan)
    return np.array(found)


def _ks(made: Array, at: Array, inside: Array) -> dict[str, list[float | None]]:
    middle = np.setdiff1d((at[:-1] + at[1:]) // 2, at)
    seam, other = _columns(_steps(made, at)), _columns(_steps(made, inside))
    control, rest = _steps(made, middle), _steps(made, np.setdiff1d(inside, middle))
    pairs = list(zip(seam, other, strict=True))
    return {
        "distance": _plain(np.array([_distance(a, b) for a, b in pairs])),
        "control": _plain(
            np.array(
                [_distance(a, b) for a, b in zip(_columns(control), _columns(rest), strict=True)]
            )
        ),
        "chance": _plain(
            np.array([CHANCE * np.sqrt(1 / max(len(a), 1) + 1 / max(len(b), 1)) for a, b in pairs])
        ),
    }


def _distance(a: Array, b: Array) -> float:
    few = min(len(a), len(b)) < FEWEST
    return np.nan if few else float(ks_2samp(a, b, method="asymp").statistic)


def _levels(real: Array, made: Array) -> dict[str, list[float | None]]:
    late = made[:, -max(1, made.shape[1] // 10) :]
    low, high = np.nanmin(real, axis=(0, 1)), np.nanmax(real, axis=(0, 1))
    outside = ((made < low) | (made > high)).mean(axis=(0, 1))
    found: dict[str, list[float | None]] = {"outside": _plain(outside)}
    for side, values in (("real", real), ("synthetic", made), ("late", late)):
        found[f"{side}_mean"] = _plain(_each(np.mean, values))
        found[f"{side}_deviation"] = _plain(_each(np.std, values))
    return found


def _worst(ratio: list[float | None]) -> dict[str, Any]:
    known = [(abs(np.log(r)) if r > 0 else np.inf, i) for i, r in enumerate(ratio) if r is not None]
    if not known:
        return {"feature": None, "ratio": None}
    index = max(known)[1]
    return {"feature": index, "ratio": ratio[index]}
