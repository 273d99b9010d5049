"""Means, deviations and ranges of each feature, real beside synthetic."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from timegan.metrics.arrays import Array, check

STATISTICS: dict[str, Callable[[Array], float]] = {
    "mean": lambda values: float(values.mean()),
    "std": lambda values: float(values.std()),  # of the population, as published tables print it
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
}


def statistics(real: Array, synthetic: Array, features: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each feature and statistic, over all windows and steps.

    ``difference`` is synthetic less real, ``relative_percent`` its size as a share of the real
    value's size, and ``None`` where the real value is zero.

    >>> ramp = np.arange(4.0).reshape(1, 4, 1)
    >>> statistics(ramp, ramp + 3, ["x"])[0]["relative_percent"]
    200.0
    """
    check(real, synthetic)
    rows = []
    for index, feature in enumerate(features):
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
                    "relative_percent": 100 * abs(b - a) / abs(a) if a else None,
                }
            )
    return rows
