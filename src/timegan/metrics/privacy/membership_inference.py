"""Are the windows that were trained on nearer to the synthetic ones than drift explains?

An area of membership other than one half may come from time alone: a held-out stretch of a series
that moves on differs from the rest without anybody's copying. Two things show how much time does.
A mixture of Gaussians, made of the same training windows, remembers none of them: its area is what
a generator without memory gets. And stretches of training windows, as long as the held-out ones,
set against the others, were all learned alike: their areas scatter as stretches do.

The area is that of a test's ROC curve: whoever has synthetic windows, trained ones and unseen
ones, guesses that those nearer to the synthetic ones were trained on.
"""

from typing import Any

import numpy as np
from scipy.stats import rankdata

from timegan.metrics.aggregation import FEWEST, too_few
from timegan.metrics.controls import gaussian
from timegan.metrics.fidelity.classifier_tests import auc
from timegan.metrics.nearest_neighbors import flat, nearest
from timegan.metrics.overlapping_windows import positions
from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import rng

FEWEST_MEMBERS = 50
"""Windows of either kind without which the test says nothing."""
DRAWS = 2_000
CHANCE = 0.005
"""Share of the draws beyond which an area is no chance."""


def betrayal(
    train: Array, unseen: Array, synthetic: Array, *, seed: int = 0, limit: int = 4_000
) -> dict[str, Any]:
    """The area under the ROC curve of telling trained windows from unseen ones, and its chance.

    Args:
        train: windows that the model has learned from (N, T, C), in order of time.
        unseen: windows that it has not, in order of time.
        synthetic: all windows that there are: each may betray another one.
        seed: of the choice of windows and of the stretches.
        limit: windows of either kind that are looked up.

    Returns:
        ``area``; ``gaussian``: that of a mixture of Gaussians; ``chance``: what the area reaches
        once in 200 times, if nothing is remembered (1 where the test can see nothing);
        ``warning``: whether it is larger. Or a ``reason`` why not.
    """
    check(train, synthetic)
    if (few := min(len(train), len(unseen))) < FEWEST:
        return {"area": None, "reason": too_few(few)}
    scale = MinMax(train)
    learned, others = (
        subset(windows, limit, rng(seed, "betrayal", name))
        for name, windows in (("train", train), ("unseen", unseen))
    )
    control = gaussian(learned, min(len(synthetic), limit), rng(seed, "betrayal", "gaussian"))
    queries = flat(scale(np.concatenate((learned, others))))

    def distances(windows: Array) -> tuple[Array, Array]:
        made = flat(scale(windows))
        found = nearest(queries, made, np.arange(len(made)), 1).distance
        return found[: len(learned)], found[len(learned) :]

    near, far = distances(synthetic)
    lengths = np.maximum(stretches(unseen) * len(learned) // len(train), 1)
    scatter = _drawn(near, lengths, rng(seed, "betrayal", "stretches"))
    without = auc(*(-part for part in distances(control)))
    area = auc(-near, -far)
    chance = min(max(without, 0.5) + float(np.quantile(scatter, 1 - CHANCE)) - 0.5, 1.0)
    return {"area": area, "gaussian": without, "chance": chance, "warning": area > chance}


def stretches(windows: Array) -> Array:
    """How many windows follow upon each other before one shares no row with the one before it.

    >>> rows = np.arange(9.0).reshape(9, 1)
    >>> stretches(np.stack([rows[0:3], rows[1:4], rows[2:5], rows[6:9]])).tolist()
    [3, 1]
    """
    apart = np.flatnonzero(np.diff(positions(windows)) >= 2 * windows.shape[1]) + 1
    found: Array = np.diff(np.concatenate(([0], apart, [len(windows)])))
    return found


def _drawn(near: Array, lengths: Array, draw: np.random.Generator) -> Array:
    """Areas of stretches at random places, each draw's against all windows that it leaves."""
    count = len(near)
    lengths = np.minimum(lengths, count // 2)
    nearer = (rankdata(near) - 0.5) / count  # the share of training windows, of each window
    before = np.concatenate(([0.0], np.cumsum(nearer)))
    starts = draw.integers(count - lengths + 1, size=(DRAWS, len(lengths)))
    areas = (before[starts + lengths] - before[starts]).sum(axis=1) / lengths.sum()
    # They are among the windows that they are held against, where they add one half.
    own = min(lengths.sum() / count, 0.5)
    found: Array = 0.5 + (areas - 0.5) / (1 - own)
    return found


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
    if min(len(members), len(others)) < FEWEST_MEMBERS:
        return None
    scale = MinMax(members)
    made = flat(scale(synthetic))
    near = []
    for name, windows in (("members", members), ("others", others)):
        looked = flat(scale(subset(windows, limit, rng(seed, "membership", name))))
        near.append(-nearest(looked, made, np.arange(len(made)), 1).distance)
    return auc(near[0], near[1])
