"""Selection of the features to draw of a wide table."""

import numpy as np

from timegan.metrics.fidelity.correlation import correlations, pairs
from timegan.metrics.windows import Array
from timegan.report.figures.data import distributions, least_alike

DUPLICATE_CORRELATION = 0.995


def features_to_draw(real: Array, synthetic: Array, limit: int) -> list[int]:
    """Return all features, or the ``limit`` ones with the least overlap, in the table's order."""
    count = real.shape[2]
    if count <= limit:
        return list(range(count))
    names = [str(c) for c in range(count)]
    return [int(name) for name in least_alike(distributions(real, synthetic, names), limit)]


def pairs_to_draw(real: Array, synthetic: Array, limit: int) -> list[tuple[int, int]]:
    """Return all pairs, or half of ``limit`` with the largest error and half with the closest tie.

    Twins (a correlation of .995 or more) come last: they show a line whatever the model does.
    """
    every = pairs(real.shape[2])
    if len(every) <= limit:
        return every
    a, b = (np.nan_to_num(correlations(windows)) for windows in (real, synthetic))
    wrong = sorted(every, key=lambda pair: -abs(a[pair] - b[pair]))
    tied = sorted(every, key=lambda pair: (abs(a[pair]) >= DUPLICATE_CORRELATION, -abs(a[pair])))
    chosen = wrong[: limit - limit // 2]
    chosen += [pair for pair in tied if pair not in chosen][: limit // 2]
    return sorted(chosen)


def pair_in_space(real: Array) -> tuple[int, int]:
    """Return the two features to draw against time: most correlated, but not duplicates."""
    count = real.shape[2]
    if count == 1:
        return 0, 0
    strength = np.abs(np.nan_to_num(correlations(real)))
    return min(
        pairs(count), key=lambda pair: (strength[pair] >= DUPLICATE_CORRELATION, -strength[pair])
    )
