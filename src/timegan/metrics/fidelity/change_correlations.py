"""Correlations of changes: whether features move together as real ones do.

Levels that rise together correlate although their changes do not, so that correlations of levels
say little of those of changes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from timegan.metrics.comparison import Candidate, SetComparison
from timegan.metrics.fidelity.change_sizes import MIN_CHANGES, changes_over, sides_of
from timegan.metrics.fidelity.correlation import common_correlations, pairs
from timegan.metrics.metric import Metric, Needs, for_each, register
from timegan.metrics.score import Score
from timegan.metrics.windows import Array
from timegan.variation import deviation, divisor

KINDS: dict[str, Callable[[Array], Array]] = {
    "pearson": lambda values: values,
    "spearman": lambda values: np.asarray(rankdata(values)),
}
"""Replacements of changes before Pearson's correlation is taken."""


def change_correlations(windows: Array) -> Array:
    """Return correlations (2, C, C) of changes from step to step, Pearson's and Spearman's.

    Steps count at which both features have a change. NaN where they are fewer than 20, or where a
    feature changes evenly. Ranks are those among all changes of a feature.

    Args:
        windows: (N, T, C), NaN where there is no value.

    >>> x = np.random.default_rng(0).normal(size=(90, 5, 1)).cumsum(axis=1)
    >>> change_correlations(np.concatenate([x, -x], axis=2))[:, 0, 1].round(6).tolist()
    [-1.0, -1.0]
    """
    columns = changes_over(windows, 1).reshape(-1, windows.shape[2]).T
    known = ~np.isnan(columns)
    scores = np.zeros((len(KINDS), *columns.shape))
    varies = np.zeros(len(columns), dtype=bool)
    for c, (column, here) in enumerate(zip(columns, known, strict=True)):
        changes = column[here]
        varies[c] = changes.size > 0 and deviation(changes) > 0
        for kind, scored in enumerate(KINDS.values()):
            values = scored(changes) if varies[c] else changes
            scores[kind, c, here] = (values - values.mean()) / divisor(deviation(values))
    found = np.stack([common_correlations(kind, known, MIN_CHANGES) for kind in scores])
    found[:, ~varies] = found[:, :, ~varies] = np.nan
    return found


def correlation_differences(real: Array, made: Array) -> Array:
    """Return how far correlations (2, C, C) differ, for each pair (2, P)."""
    first, second = np.transpose(pairs(real.shape[1]))
    difference: Array = np.abs(real - made)[:, first, second]
    return difference


def _measure(comparison: SetComparison, candidate: Candidate) -> Score:
    found = []
    for sides in sides_of(change_correlations, comparison, candidate):
        difference = correlation_differences(*sides)
        known = difference[np.isfinite(difference)]
        found.append(float(known.mean()) if known.size else None)
    return Score.of(found, "No pair of features changes often enough to measure it.")


def _by_pair(comparison: SetComparison) -> dict[str, Any]:
    """Return both correlations of each pair, and the largest difference of two real samples."""
    if min(comparison.real.shape[1:]) == 1:
        return {}
    names = comparison.data.cell_features
    ((real, made),) = sides_of(change_correlations, comparison, comparison.synthetic())
    floors = [
        correlation_differences(*sides)
        for sides in sides_of(change_correlations, comparison, comparison.baseline())
    ]
    largest = [float(np.nanmax(floor)) for floor in floors if np.isfinite(floor).any()]
    return {
        "pairs": _rows(real, made, names),
        "baseline_worst": float(np.mean(largest)) if largest else None,
    }


def _rows(real: Array, made: Array, names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"features": [names[i], names[j]]}
        | {
            f"{side}_{kind}": float(matrix[k, i, j]) if np.isfinite(matrix[k, i, j]) else None
            for k, kind in enumerate(KINDS)
            for side, matrix in (("real", real), ("synthetic", made))
        }
        for i, j in pairs(len(names))
    ]


register(
    Metric(
        "change_correlation",
        title="Correlation difference of changes",
        meaning="Mean difference of the correlations of changes from step to step, Pearson's and "
        "Spearman's, over pairs of features.",
        better="lower",
        formula=r"\overline{|\rho_{\Delta,R}(i, j) - \rho_{\Delta,S}(i, j)|}",
        values="0 to 2",
        cannot_see="Sizes of changes, levels, and features that follow others after some steps.",
        measure=for_each("change_correlation", _measure),
        needs=Needs(windows=2, steps=2, features=2),
        order=78,
        details=_by_pair,
    )
)
