"""Precision, recall, authenticity: typical enough, varied enough, and not made by copying.

Alaa, van Breugel, Saveliev, van der Schaar (ICML 2022). The smallest region that holds a share of
a distribution is estimated by nearest neighbours of windows in min-max units, in place of balls in
a learned embedding: a window lies within it when its fifth neighbour is as near as that of this
share of the set's own windows. Rows that overlapping windows share are left out of account: a
window's neighbours are those that share no row with it.
"""

import numpy as np

from timegan.metrics.nearest_neighbors import AT_ONCE, flat, nearest
from timegan.metrics.overlapping_windows import positions
from timegan.metrics.windows import Array, MinMax, check

LEVELS = np.linspace(0, 1, 51)[1:]
NEIGHBOURS = 5


def coverage(real: Array, synthetic: Array) -> dict[str, float | None]:
    """``precision`` and ``recall`` of windows, each 1 at best.

    - ``precision`` (integrated alpha-precision): is the share of synthetic windows within the
      smallest region that holds alpha of the real ones alpha, for every alpha? Low for outliers,
      and for sets that keep to where real windows are densest.
    - ``recall`` (integrated beta-recall): the same with exchanged roles. Low where real windows of
      some kind have no synthetic ones near them.

    Overlap is seen where windows come in the order of time; ``None`` for fewer than ten windows.
    """
    check(real, synthetic)
    if min(len(real), len(synthetic)) < 2 * NEIGHBOURS:
        return {"precision": None, "recall": None}
    scale = MinMax(real)
    real, synthetic = scale(real), scale(synthetic)
    return {"precision": _within(synthetic, real), "recall": _within(real, synthetic)}


def _within(windows: Array, support: Array) -> float:
    """1 where a share of ``windows`` lies within that share of ``support``, at every share."""
    base = flat(support)
    centre = base.mean(axis=0)
    places, span = positions(support), support.shape[1]
    own = _reach(base - centre, base - centre, places, span)
    theirs = _reach(flat(windows) - centre, base - centre)
    inside = (theirs[:, None] <= np.quantile(own, LEVELS)).mean(axis=0)
    return float(max(1 - 2 * np.abs(inside - LEVELS).mean(), 0.0))


def _reach(queries: Array, base: Array, places: Array | None = None, span: int = 0) -> Array:
    """Squared distance to the fifth neighbour; with ``places``, of those that do not overlap."""
    size = np.square(base).sum(axis=1)
    found = np.empty(len(queries), dtype=base.dtype)
    for start in range(0, len(queries), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        squares = np.square(queries[part]).sum(axis=1)[:, None] + size - 2 * queries[part] @ base.T
        if places is not None:
            squares[np.abs(places - places[part, None]) < span] = np.inf
        found[part] = np.partition(squares, NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]
    # A series may be too short for five neighbours that share no row with a window.
    return np.where(np.isfinite(found), found, found[np.isfinite(found)].max(initial=0.0))


def authenticity(real: Array, synthetic: Array) -> float | None:
    """The share of windows that lie farther from the nearest real window than that from its own.

    A real window's own neighbour is the nearest that shares no row with it. About one half for
    another real sample, nothing for a copy, nearly all for windows that are far from real.
    ``None`` where there are no two real windows apart.
    """
    check(real, synthetic)
    scale = MinMax(real)
    places, span = positions(real), real.shape[1]
    a, b = flat(scale(real)), flat(scale(synthetic))
    apart = nearest(a, a, places, span, own=places).distance
    near = nearest(b, a, places, span)
    own = apart[near.index]
    known = np.isfinite(own)
    return float((near.distance > own)[known].mean()) if known.any() else None
