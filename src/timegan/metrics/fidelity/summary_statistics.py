"""Means, deviations and ranges of each feature, real beside synthetic."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from timegan.metrics.windows import Array, check
from timegan.variation import deviation, divisor, negligible

STATISTICS: dict[str, Callable[[Array], float]] = {
    # From the first value on, so that the mean of a constant is that constant.
    "mean": lambda values: float(values.flat[0] + (values - values.flat[0]).mean()),
    "std": deviation,  # of the population, as published tables print it
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
}


def statistics(real: Array, synthetic: Array, features: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each feature and statistic, over all windows and steps.

    ``difference`` is synthetic less real, ``relative_percent`` its size as a share of the real
    value's size, and ``None`` where the real value is zero or rounding.

    >>> ramp = np.arange(4.0).reshape(1, 4, 1)
    >>> statistics(ramp, ramp + 3, ["x"])[0]["relative_percent"]
    200.0
    """
    check(real, synthetic)
    rows = []
    for index, feature in enumerate(features):
        largest = np.abs(real[:, :, index]).max()
        for name, statistic in STATISTICS.items():
            a = statistic(np.asarray(real[:, :, index], dtype=np.float64))
            b = statistic(np.asarray(synthetic[:, :, index], dtype=np.float64))
            rows.append(
                {
                    "feature": feature,
                    "statistic": name,
                    "real": a,
                    "synthetic": b,
                    "difference": b - a,
                    "relative_percent": None
                    if negligible(abs(a), largest)
                    else 100 * abs(b - a) / abs(a),
                }
            )
    return rows


def diversity(real: Array, synthetic: Array, features: Sequence[str]) -> dict[str, Any]:
    """Return how much synthetic windows differ from each other, as a share of real ones' measure.

    The deviation between windows at each step, averaged over steps; far below 1 where a model has
    collapsed to a few windows, however much those move. ``ratio`` is that of all features that
    vary, ``least`` that of the ``feature`` where it is smallest; ``None`` where nothing varies.

    >>> a = np.random.default_rng(0).normal(size=(50, 8, 1))
    >>> round(diversity(a, a / 4, ["x"])["ratio"], 6)
    0.25
    """
    check(real, synthetic)
    a, b = (
        deviation(windows, 0, largest=np.abs(windows).max(axis=(0, 1))).mean(axis=0)
        for windows in (real, synthetic)
    )
    varies = a > 0
    if not varies.any() or len(synthetic) < 2:
        return {"ratio": None, "least": None, "feature": None}
    ratios = np.where(varies, b / divisor(a), np.inf)
    least = int(np.argmin(ratios))
    return {
        "ratio": float(np.mean(ratios[varies])),
        "least": float(ratios[least]),
        "feature": features[least],
    }
