"""Frequencies of zeros, categories, missing values and lengths, real beside synthetic."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from timegan.metrics.windows import Array
from timegan.transforms.feature_view import Column, category_labels

ATOM = 0.005
"""Share of its zeros from which a column's zeros are counted."""
SHOWN = 10
"""Categories of a column that are listed, the most frequent ones."""


def shares(
    real: tuple[Array, Array],
    synthetic: tuple[Array, Array],
    columns: Sequence[Column],
    context: tuple[Array, Array] | None = None,
    context_columns: Sequence[Column] = (),
    *,
    variable: bool = False,
) -> list[dict[str, Any]]:
    """Return rows of ``feature``, ``what``, ``real``, ``synthetic`` and ``difference``.

    Args:
        real: sequences (N, T, C) in the table's units, NaN where missing, and their lengths (N,).
        synthetic: the same of synthetic ones.
        columns: field and transformer of each of the C columns.
        context: static columns (N, K), real and synthetic, or None.
        context_columns: of each of them.
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
    for i, column in enumerate(columns):
        a, b = (v[..., i][m] for (v, _), m in zip((real, synthetic), inside, strict=True))
        rows += _shares(a, b, column)
    if context is not None:
        for i, column in enumerate(context_columns):
            rows += _shares(context[0][:, i], context[1][:, i], column)
    return rows


def _shares(real: Array, synthetic: Array, column: Column) -> list[dict[str, Any]]:
    """Return the frequencies of one column's cells."""
    (field, transformer), rows = column, []
    labels = category_labels(field)
    gaps = [np.isnan(cells) for cells in (real, synthetic)]
    if transformer.has_missing:
        rows.append(_row(field.label, "missing", *(g.mean() if g.size else 0.0 for g in gaps)))
    a, b = (cells[~g] for cells, g in zip((real, synthetic), gaps, strict=True))
    if not a.size or not b.size:
        return rows
    if labels is not None:
        found = [_shares_of_codes(cells, len(labels)) for cells in (a, b)]
        order = np.argsort(-found[0], kind="stable")[:SHOWN]
        rows += [_row(field.label, labels[c], found[0][c], found[1][c]) for c in order]
    elif ATOM <= (zeros := float((a == 0).mean())) < 1:
        rows.append(_row(field.label, "exact zeros", zeros, float((b == 0).mean())))
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
