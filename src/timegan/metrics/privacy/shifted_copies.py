"""Copies of training windows that are a few steps off.

A training window that is repeated one to three steps later is a copy too, whatever the stride of
the windows.
"""

from typing import Any

import numpy as np

from timegan.metrics.aggregation import too_few
from timegan.metrics.nearest_neighbors import Neighbours, flat, nearest
from timegan.metrics.overlapping_windows import positions
from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import rng

SHIFTS = 3
QUANTILE = 0.05
EXACT = 1e-4
FEWEST = 50


def shifted_copies(
    train: Array, unseen: Array, synthetic: Array, *, seed: int = 0, limit: int = 1_000
) -> dict[str, Any]:
    """The share of synthetic windows that are a training window, perhaps up to three steps later.

    A window counts when it lies nearer to a training window than 95 % of unseen real windows do,
    and is bound to that one more tightly than 95 % of them are: nearest distance over the distance
    to the nearest training window that shares no row with it.

    Args:
        train: all windows that the model has learned from (N, T, C), in order of time.
        unseen: real windows that share no row with them: they give the base rate.
        synthetic: windows (M, T, C).
        seed: of the choice of windows when there are more than ``limit``.
        limit: synthetic and unseen windows that are looked up.

    Returns:
        ``copied_share``, ``expected_share``, ``exact_share``, ``warning``; or a ``reason`` why not.
    """
    if min(len(unseen), len(train)) < FEWEST:
        return {
            "copied_share": None,
            "reason": too_few(min(len(unseen), len(train)), least=FEWEST),
        }
    check(train, synthetic)
    scale = MinMax(train)
    places = positions(train)
    base = scale(train)
    ours, theirs = (
        _shifted(
            scale(subset(windows, limit, rng(seed, "shifted", name))), base, places, train.shape[1]
        )
        for name, windows in (("synthetic", synthetic), ("unseen", unseen))
    )
    distance = np.quantile(theirs.distance, QUANTILE)
    tightness = np.quantile(_tightness(theirs), QUANTILE)

    def bound(found: Neighbours) -> Array:
        tight = (found.distance < distance) & (_tightness(found) < tightness)
        both: Array = tight | (found.distance < min(EXACT, float(distance)))
        return both

    copied, expected = float(bound(ours).mean()), float(bound(theirs).mean())
    noise = np.sqrt(QUANTILE * (1 - QUANTILE) * (1 / len(ours.distance) + 1 / len(theirs.distance)))
    return {
        "copied_share": copied,
        "expected_share": expected,
        "exact_share": float((ours.distance < EXACT).mean()),
        "shifts": min(SHIFTS, train.shape[1] - 1),
        "warning": bool(copied > QUANTILE + 3 * noise),
    }


def _tightness(found: Neighbours) -> Array:
    with np.errstate(invalid="ignore"):
        ratio: Array = found.distance / np.maximum(found.second, 1e-12)
    return ratio


def _shifted(queries: Array, base: Array, places: Array, span: int) -> Neighbours:
    """The best of all shifts for each query: the rows that both have are compared."""
    best: Neighbours | None = None
    steps = queries.shape[1]
    for shift in range(-min(SHIFTS, steps // 4), min(SHIFTS, steps // 4) + 1):
        ours = queries[:, max(shift, 0) : steps + min(shift, 0)]
        theirs = base[:, max(-shift, 0) : steps + min(-shift, 0)]
        found = nearest(flat(ours), flat(theirs), places, span)
        if best is None:
            best = found
        else:
            better = found.distance < best.distance
            best = Neighbours(
                np.where(better, found.distance, best.distance),
                np.where(better, found.index, best.index),
                np.where(better, found.second, best.second),
            )
    assert best is not None
    return best
