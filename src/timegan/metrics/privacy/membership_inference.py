"""Membership inference: are the training windows nearer to the synthetic ones than drift explains?

Whoever has synthetic windows, trained ones and unseen ones can guess that those nearer to the
synthetic ones were trained on. The area under the ROC curve of that guess is one half where the
synthetic windows reveal nothing.

An area other than one half may come from time alone: a held-out segment of a series that moves on
differs from the rest. Two figures tell how much time explains. A mixture of Gaussians, made of the
same training windows, remembers none of them. And segments of training windows, as long as the
held-out ones and compared with the others, were all learned alike.
"""

from typing import Any

import numpy as np
from scipy.stats import rankdata

from timegan.metrics.comparison import BlockComparison, Candidate
from timegan.metrics.controls import gaussian
from timegan.metrics.metric import Metric, for_each, register
from timegan.metrics.nearest_neighbors import flatten, nearest
from timegan.metrics.overlapping_windows import window_positions
from timegan.metrics.roc import auc
from timegan.metrics.score import MIN_WINDOWS, Score, too_few_reason
from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import rng

MIN_MEMBERS = 50
"""Windows of either kind that the score needs."""
DRAWS = 2_000
"""Random segments that the null distribution consists of."""
SIGNIFICANCE = 0.005
"""Share of the draws beyond which an area is not explained by chance."""
NO_HOLDOUT = "It needs held-out windows: all others were trained on."


def membership(
    members: Array, others: Array, synthetic: Array, *, seed: int = 0, limit: int = 1_000
) -> float | None:
    """Return the area under the ROC curve of guessing the windows that a model was trained on.

    Where the others differ from the members by themselves (a market moves on), the area is not one
    half for another real sample either. Compare it with that baseline. None for fewer than 50
    windows of either kind.

    Args:
        members: windows that were trained on.
        others: windows of the same kind that were not.
        synthetic: all windows that the model made: each may reveal another member.
        seed: of the choice of windows when there are more than ``limit``.
        limit: members and others that are looked up.
    """
    check(members, synthetic)
    if min(len(members), len(others)) < MIN_MEMBERS:
        return None
    scale = MinMax(members)
    made = flatten(scale(synthetic))
    near = []
    for name, windows in (("members", members), ("others", others)):
        queries = flatten(scale(subset(windows, limit, rng(seed, "membership", name))))
        near.append(-nearest(queries, made).distance)
    return auc(near[0], near[1])


def _measure(comparison: BlockComparison, candidate: Candidate) -> Score:
    """Return the score of a candidate, of which all windows count.

    Held-out windows are the unseen ones themselves. Where nothing was held out, the model has
    learned the unseen windows too, and would seem to reveal nothing.
    """
    split = comparison.split
    if candidate.name == "held_out":
        return Score.of([])
    if candidate.name == "synthetic" and split.origin == "training":
        return Score.unknown(NO_HOLDOUT)
    windows = map(comparison.filled, (split.known, split.unseen, candidate.windows))
    area = membership(*windows, seed=candidate.seed)
    few = min(len(split.known), len(split.unseen))
    return Score.of([area], too_few_reason(few, least=MIN_MEMBERS))


register(
    Metric(
        "membership",
        title="Membership inference",
        meaning="How often a training window can be told from an unseen one by the synthetic "
        "windows: 0.5 where they reveal nothing.",
        better="lower",
        formula=r"\mathrm{AUC}\,(-d(x, S))",
        values="0 to 1",
        source="Chen, Yu, Zhang, Fritz (CCS 2020): the black-box attack",
        cannot_see="Other attacks, and single people among many windows. No value proves privacy.",
        measure=for_each("membership", _measure),
        design="blocks",
        perfect=0.5,
        order=180,
        is_privacy=True,
        uses_unseen=True,
    )
)


def membership_inference(
    train: Array, unseen: Array, synthetic: Array, *, seed: int = 0, limit: int = 4_000
) -> dict[str, Any]:
    """Test whether the area of membership inference is larger than chance and drift explain.

    Args:
        train: windows that the model has learned from (N, T, C), in order of time.
        unseen: windows that it has not, in order of time.
        synthetic: all windows that there are: each may reveal another one.
        seed: of the choice of windows and of the segments.
        limit: windows of either kind that are looked up.

    Returns:
        ``area``; ``gaussian``: the area of a mixture of Gaussians; ``chance``: the area that is
        reached once in 200 times, if nothing is remembered (1 where the test has no power);
        ``warning``: whether the area is larger. Or a ``reason`` why not.
    """
    check(train, synthetic)
    if (few := min(len(train), len(unseen))) < MIN_WINDOWS:
        return {"area": None, "reason": too_few_reason(few)}
    scale = MinMax(train)
    learned, others = (
        subset(windows, limit, rng(seed, "betrayal", name))
        for name, windows in (("train", train), ("unseen", unseen))
    )
    control = gaussian(learned, min(len(synthetic), limit), rng(seed, "betrayal", "gaussian"))
    queries = flatten(scale(np.concatenate((learned, others))))

    def distances(windows: Array) -> tuple[Array, Array]:
        found = nearest(queries, flatten(scale(windows))).distance
        return found[: len(learned)], found[len(learned) :]

    near, far = distances(synthetic)
    lengths = np.maximum(segment_lengths(unseen) * len(learned) // len(train), 1)
    scatter = _null_distribution(near, lengths, rng(seed, "betrayal", "stretches"))
    without = auc(*(-part for part in distances(control)))
    area = auc(-near, -far)
    excess = float(np.quantile(scatter, 1 - SIGNIFICANCE)) - 0.5
    chance = min(max(without, 0.5) + excess, 1.0)
    return {"area": area, "gaussian": without, "chance": chance, "warning": area > chance}


def segment_lengths(windows: Array) -> Array:
    """Return how many windows follow upon each other before one shares no row with the last.

    >>> rows = np.arange(9.0).reshape(9, 1)
    >>> segment_lengths(np.stack([rows[0:3], rows[1:4], rows[2:5], rows[6:9]])).tolist()
    [3, 1]
    """
    apart = np.flatnonzero(np.diff(window_positions(windows)) >= 2 * windows.shape[1]) + 1
    found: Array = np.diff(np.concatenate(([0], apart, [len(windows)])))
    return found


def _null_distribution(near: Array, lengths: Array, draw: np.random.Generator) -> Array:
    """Return the areas of segments at random places, each against all windows that it leaves."""
    count = len(near)
    lengths = np.minimum(lengths, count // 2)
    nearer = (rankdata(near) - 0.5) / count  # the share of training windows, of each window
    before = np.concatenate(([0.0], np.cumsum(nearer)))
    starts = draw.integers(count - lengths + 1, size=(DRAWS, len(lengths)))
    areas = (before[starts + lengths] - before[starts]).sum(axis=1) / lengths.sum()
    # They are among the windows that they are compared with, where they add one half.
    own = min(lengths.sum() / count, 0.5)
    found: Array = 0.5 + (areas - 0.5) / (1 - own)
    return found
