"""Precision, recall and authenticity of windows, by nearest neighbours.

Alaa, van Breugel, Saveliev, van der Schaar (ICML 2022). The smallest region that holds a share of
a distribution is estimated by nearest neighbours of windows in min-max units. The paper takes balls
in a learned embedding. A window lies within the region when its fifth neighbour is as near as that
of this share of the set's own windows. The neighbours of a window share no row with it.
"""

import numpy as np

from timegan.metrics.comparison import BlockComparison, Candidate
from timegan.metrics.metric import Metric, for_each, pairwise, register
from timegan.metrics.nearest_neighbors import flatten, knn_radius, nearest
from timegan.metrics.overlapping_windows import window_positions
from timegan.metrics.score import Score
from timegan.metrics.windows import Array, MinMax, check

LEVELS = np.linspace(0, 1, 51)[1:]
NEIGHBORS = 5


@pairwise(
    "precision",
    title="Precision",
    meaning="Are synthetic windows as typical as real ones? (alpha-precision)",
    better="higher",
    formula=r"1 - 2\,\overline{|P_\alpha - \alpha|}",
    values="0 to 1",
    source="Alaa, van Breugel, Saveliev, van der Schaar (ICML 2022)",
    cannot_see="Kinds of real windows that are missing, and copies.",
    design="blocks",
    perfect=1.0,
    order=160,
)
def precision(real: Array, synthetic: Array) -> float | None:
    """Return the integrated alpha-precision, 1 at best.

    It compares the share of synthetic windows within the smallest region that holds a share alpha
    of the real ones with alpha, for every alpha. It is low for outliers, and for sets that keep to
    where real windows are densest. None for fewer than ten windows.
    """
    check(real, synthetic)
    scale = MinMax(real)
    return _share_within(scale(synthetic), scale(real))


@pairwise(
    "recall",
    title="Recall",
    meaning="Are all kinds of real windows reached? (beta-recall)",
    better="higher",
    formula=r"1 - 2\,\overline{|R_\beta - \beta|}",
    values="0 to 1",
    source="Alaa, van Breugel, Saveliev, van der Schaar (ICML 2022)",
    cannot_see="Synthetic windows that are far from all real ones, and copies.",
    design="blocks",
    perfect=1.0,
    order=161,
)
def recall(real: Array, synthetic: Array) -> float | None:
    """Return the integrated beta-recall, 1 at best.

    It is the precision with exchanged roles. It is low where real windows of some kind have no
    synthetic ones near them. None for fewer than ten windows.
    """
    check(real, synthetic)
    scale = MinMax(real)
    return _share_within(scale(real), scale(synthetic))


def _share_within(windows: Array, support: Array) -> float | None:
    """Return 1 where a share of ``windows`` lies within that share of ``support``, at every share.

    Overlap within the support is seen where windows come in the order of time.
    """
    if min(len(windows), len(support)) < 2 * NEIGHBORS:
        return None
    base = flatten(support)
    starts, span = window_positions(support), support.shape[1]
    own = knn_radius(base, base, NEIGHBORS, starts, span, own=starts)
    theirs = knn_radius(flatten(windows), base, NEIGHBORS)
    inside = (theirs[:, None] <= np.quantile(own, LEVELS)).mean(axis=0)
    return float(max(1 - 2 * np.abs(inside - LEVELS).mean(), 0.0))


def authenticity(real: Array, synthetic: Array) -> float | None:
    """Return the share of windows that lie farther from the nearest real window than its own.

    A real window's own neighbour is the nearest that shares no row with it. The share is about one
    half for another real sample, 0 for a copy, and nearly 1 for windows that are far from real.
    None where no two real windows are apart.
    """
    check(real, synthetic)
    scale = MinMax(real)
    starts, span = window_positions(real), real.shape[1]
    a, b = flatten(scale(real)), flatten(scale(synthetic))
    apart = nearest(a, a, starts, span, own=starts).distance
    near = nearest(b, a, starts, span)
    own = apart[near.index]
    known = np.isfinite(own)
    return float((near.distance > own)[known].mean()) if known.any() else None


def _measure_authenticity(comparison: BlockComparison, candidate: Candidate) -> Score:
    """Return the authenticity against all that was learned: any of it may have been copied."""
    split = comparison.split
    real = split.known if candidate.name == "real" else split.everything
    ((_, made),) = candidate.pairs
    return Score.of([authenticity(*map(comparison.filled, (real, made.values())))])


register(
    Metric(
        "authenticity",
        title="Authenticity",
        meaning="Share of synthetic windows that are no nearer to a training window than another "
        "one is: 0 for a copy.",
        better="higher",
        formula=r"P\,(d(s, r^*) > d(r^*, r'))",
        values="0 to 1",
        source="Alaa, van Breugel, Saveliev, van der Schaar (ICML 2022)",
        cannot_see="Copies of parts of a window. Windows far from real ones score high.",
        measure=for_each("authenticity", _measure_authenticity),
        design="blocks",
        perfect=0.5,
        order=170,
        is_privacy=True,
    )
)
