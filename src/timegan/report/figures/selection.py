"""Selection of the pairs of features to draw of a wide table."""

import numpy as np

from timegan.metrics.fidelity.correlation import pairs
from timegan.metrics.windows import Array

DUPLICATE_CORRELATION = 0.995


def pairs_to_draw(real: Array, synthetic: Array, limit: int) -> list[tuple[int, int]]:
    """Return all pairs, or half of ``limit`` with the largest error and half with the closest tie.

    Twins (a correlation of .995 or more) come last: they show a line whatever the model does.

    Args:
        real: correlations (C, C); NaN for constant features.
        synthetic: likewise.
        limit: of the number of pairs.
    """
    every = pairs(len(real))
    if len(every) <= limit:
        return every
    a, b = np.nan_to_num(real), np.nan_to_num(synthetic)
    wrong = sorted(every, key=lambda pair: -abs(a[pair] - b[pair]))
    tied = sorted(every, key=lambda pair: (abs(a[pair]) >= DUPLICATE_CORRELATION, -abs(a[pair])))
    chosen = wrong[: limit - limit // 2]
    chosen += [pair for pair in tied if pair not in chosen][: limit // 2]
    return sorted(chosen)


def pair_in_space(real: Array) -> tuple[int, int]:
    """Return the two features to draw against time: most correlated (C, C), but not twins."""
    if len(real) == 1:
        return 0, 0
    strength = np.abs(np.nan_to_num(real))
    return min(
        pairs(len(real)),
        key=lambda pair: (strength[pair] >= DUPLICATE_CORRELATION, -strength[pair]),
    )
