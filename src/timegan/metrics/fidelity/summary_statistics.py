"""Means, deviations and ranges of each feature, real beside synthetic."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from timegan.metrics.windows import Array, check, known
from timegan.variation import deviation, divisor, largest_known, negligible

STATISTICS: dict[str, Callable[[Array], float]] = {
    # From the first value on, so that the mean of a constant is that constant.
    "mean": lambda values: float(values.flat[0] + (values - values.flat[0]).mean()),
    "std": deviation,  # of the population, as published tables print it
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
}


def statistics(real: Array, synthetic: Array, features: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each feature and statistic, over all windows and steps.

    Cells without a value are NaN, and a feature without any has no row.
    ``difference`` is synthetic less real, ``relative_percent`` its size as a share of the real
    value's size, and ``None`` where the real value is zero or rounding.

    >>> ramp = np.arange(4.0).reshape(1, 4, 1)
    >>> statistics(ramp, ramp + 3, ["x"])[0]["relative_percent"]
    200.0
    """
    check(real, synthetic, cells=True)
    rows = []
    for index, feature in enumerate(features):
        sides = [known(windows[..., index].astype(np.float64)) for windows in (real, synthetic)]
        if not all(side.size for side in sides):
            continue
        largest = np.abs(sides[0]).max()
        for name, statistic in STATISTICS.items():
            a, b = map(statistic, sides)
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
    Steps weigh as much as they have real values, where cells have none (NaN).

    >>> a = np.random.default_rng(0).normal(size=(50, 8, 1))
    >>> round(diversity(a, a / 4, ["x"])["ratio"], 6)
    0.25
    """
    check(real, synthetic, cells=True)
    sides = real, synthetic
    counts = [(~np.isnan(windows)).sum(axis=0) for windows in sides]
    weights = np.where(np.minimum(*counts) > 1, counts[0], 0)
    weights = weights / np.maximum(weights.sum(axis=0), 1)
    a, b = (
        (weights * np.nan_to_num(deviation(x, 0, largest=largest_known(x, (0, 1))))).sum(axis=0)
        for x in sides
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
