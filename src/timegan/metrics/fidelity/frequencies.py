"""What is counted, not measured: zeros, categories, holes, lengths, real beside synthetic."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from timegan.metrics.windows import Array
from timegan.transforms.feature_view import Facet

ATOM = 0.005
"""Share of its zeros from which a column's zeros are counted."""
SHOWN = 10
"""Categories of a column that are listed, the most frequent ones."""


def shares(
    real: tuple[Array, Array],
    synthetic: tuple[Array, Array],
    facets: Sequence[Facet],
    context: tuple[Array, Array] | None = None,
    context_facets: Sequence[Facet] = (),
    *,
    variable: bool = False,
) -> list[dict[str, Any]]:
    """A row for each share: ``feature``, ``what``, ``real``, ``synthetic``, ``difference``.

    Args:
        real: sequences (N, T, C) in the table's units, NaN where missing, and their lengths (N,).
        synthetic: the same of synthetic ones.
        facets: what each of the C columns is.
        context: static columns (N, K), real and synthetic, or None.
        context_facets: what each of them is.
        variable: whether lengths differ: then their Kolmogorov-Smirnov distance comes first, and
            ``real`` and ``synthetic`` are mean lengths.
    """
    rows = []
    if variable:
        a, b = real[1], synthetic[1]
        distance = float(ks_2samp(a, b).statistic)
        rows.append(_row("length", "Kolmogorov-Smirnov distance", a.mean(), b.mean()))
        rows[0]["difference"] = distance
    inside = [np.arange(v.shape[1]) < n[:, None] for v, n in (real, synthetic)]
    for i, facet in enumerate(facets):
        a, b = (v[..., i][m] for (v, _), m in zip((real, synthetic), inside, strict=True))
        rows += _shares(a, b, facet)
    if context is not None:
        for i, facet in enumerate(context_facets):
            rows += _shares(context[0][:, i], context[1][:, i], facet)
    return rows


def _shares(real: Array, synthetic: Array, facet: Facet) -> list[dict[str, Any]]:
    """The shares of one column's cells."""
    rows = []
    gaps = [np.isnan(cells) for cells in (real, synthetic)]
    if facet.holes:
        rows.append(_row(facet.name, "missing", *(g.mean() if g.size else 0.0 for g in gaps)))
    a, b = (cells[~g] for cells, g in zip((real, synthetic), gaps, strict=True))
    if not a.size or not b.size:
        return rows
    if facet.labels is not None:
        found = [_shares_of_codes(cells, len(facet.labels)) for cells in (a, b)]
        order = np.argsort(-found[0], kind="stable")[:SHOWN]
        rows += [_row(facet.name, facet.labels[c], found[0][c], found[1][c]) for c in order]
    elif ATOM <= (zeros := float((a == 0).mean())) < 1:
        rows.append(_row(facet.name, "exact zeros", zeros, float((b == 0).mean())))
    return rows


def _shares_of_codes(codes: Array, count: int) -> Array:
    found: Array = np.bincount(codes.astype(np.int64), minlength=count) / codes.size
    return found


def _row(feature: str, what: str, real: float, synthetic: float) -> dict[str, Any]:
    return {
        "feature": feature,
        "what": what,
        "real": float(real),
        "synthetic": float(synthetic),
        "difference": float(synthetic) - float(real),
    }
