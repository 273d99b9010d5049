"""Copies that are a few steps off, and whether synthetic windows betray what was trained on.

A training window that is repeated one to three steps later is a copy too, whatever the stride of
the windows. And if synthetic windows lie nearer to the windows that a model was trained on than to
unseen ones, whoever has both can tell which were used: the area under that test's ROC curve is one
half where nothing is betrayed.
"""

from typing import Any

import numpy as np

from timegan.metrics.arrays import Array, MinMax, check, subset
from timegan.metrics.judges import auc
from timegan.metrics.neighbours import Neighbours, flat, nearest
from timegan.metrics.overlap import positions
from timegan.metrics.summary import too_few
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


def membership(
    members: Array, others: Array, synthetic: Array, *, seed: int = 0, limit: int = 1_000
) -> float | None:
    """The area under the ROC curve of guessing which windows a model was trained on.

    The guess: those nearer to the synthetic windows. Where the others differ from the members by
    themselves (a market moves on), the area is not one half for another real sample either: hold
    it against that floor. ``None`` for fewer than 50 windows of either kind.

    Args:
        members: windows that were trained on.
        others: windows of the same kind that were not.
        synthetic: windows that the model made: all there are, for each may betray another member.
        seed: of the choice of windows when there are more than ``limit``.
        limit: members and others that are looked up.
    """
    check(members, synthetic)
    if min(len(members), len(others)) < FEWEST:
        return None
    scale = MinMax(members)
    made = flat(scale(synthetic))
    near = []
    for name, windows in (("members", members), ("others", others)):
        looked = flat(scale(subset(windows, limit, rng(seed, "membership", name))))
        near.append(-nearest(looked, made, np.arange(len(made)), 1).distance)
    return auc(near[0], near[1])
