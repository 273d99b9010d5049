"""Copies of training windows that are a few steps off.

A training window that is repeated one to three steps later is a copy too, whatever the stride of
the windows.
"""

from typing import Any

import numpy as np

from timegan.metrics.nearest_neighbors import Neighbors, flatten, nearest
from timegan.metrics.overlapping_windows import window_positions
from timegan.metrics.privacy.copies import EXACT, MIN_WINDOWS, copied, is_more_than_chance
from timegan.metrics.score import too_few_reason
from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import rng

MAX_SHIFT = 3
"""Steps that a copy may be off."""


def shifted_copies(
    train: Array, unseen: Array, synthetic: Array, *, seed: int = 0, limit: int = 1_000
) -> dict[str, Any]:
    """Return the share of synthetic windows that are training windows up to three steps later.

    The test is that of `timegan.metrics.privacy.copies`. The second nearest training window is one
    that shares no row with the nearest.

    Args:
        train: all windows that the model has learned from (N, T, C), in order of time.
        unseen: real windows that share no row with them: they give the base rate.
        synthetic: windows (M, T, C).
        seed: of the choice of windows when there are more than ``limit``.
        limit: synthetic and unseen windows that are looked up.

    Returns:
        ``copied_share``, ``expected_share``, ``exact_share``, ``warning``; or a ``reason`` why not.
    """
    if (few := min(len(unseen), len(train))) < MIN_WINDOWS:
        return {"copied_share": None, "reason": too_few_reason(few, least=MIN_WINDOWS)}
    check(train, synthetic)
    scale = MinMax(train)
    starts = window_positions(train)
    base = scale(train)
    ours, theirs = (
        _best_shift(scale(subset(windows, limit, rng(seed, "shifted", name))), base, starts)
        for name, windows in (("synthetic", synthetic), ("unseen", unseen))
    )
    share, expected = float(copied(ours, theirs).mean()), float(copied(theirs, theirs).mean())
    return {
        "copied_share": share,
        "expected_share": expected,
        "exact_share": float((ours.distance < EXACT).mean()),
        "shifts": min(MAX_SHIFT, train.shape[1] - 1),
        "warning": is_more_than_chance(share, ours, theirs),
    }


def _best_shift(queries: Array, base: Array, starts: Array) -> Neighbors:
    """Return the best of all shifts for each query, by the rows that both windows have."""
    steps = queries.shape[1]
    most = min(MAX_SHIFT, steps // 4)
    found = []
    for shift in range(-most, most + 1):
        ours = queries[:, max(shift, 0) : steps + min(shift, 0)]
        theirs = base[:, max(-shift, 0) : steps + min(-shift, 0)]
        found.append(nearest(flatten(ours), flatten(theirs), starts, steps))
    best = np.argmin([neighbors.distance for neighbors in found], axis=0)
    rows = np.arange(len(queries))
    distance, index, second = (
        np.stack([getattr(neighbors, part) for neighbors in found])[best, rows]
        for part in ("distance", "index", "second")
    )
    return Neighbors(distance, index, second)
