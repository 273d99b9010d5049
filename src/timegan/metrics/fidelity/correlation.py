"""Correlations between features, over all windows and steps."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from timegan.metrics.comparison import Candidate, PublishedComparison, SetComparison
from timegan.metrics.metric import Metric, Needs, for_each, pairwise, register
from timegan.metrics.score import Score
from timegan.metrics.windows import Array, check
from timegan.seeds import derive, rng
from timegan.variation import centred, divisor, largest_known, negligible

MIN_TOGETHER = 10
"""Cells that two columns share without which a correlation is left out, where cells are missing."""


def correlations(windows: Array) -> Array:
    """Return Pearson's correlations (C, C) of windows (N, T, C), NaN for constant features.

    Steps count at which both features have a value.
    """
    return correlation_matrix(windows.reshape(-1, windows.shape[2]))[0]


def correlation_matrix(columns: Array, largest: Array | None = None) -> tuple[Array, Array]:
    """Return the correlations of columns (n, K), and the number of rows that each is made of.

    Args:
        columns: NaN where there is no value.
        largest: (K,) magnitude of what the columns were computed from; None: their own.

    Returns:
        Correlations (K, K), NaN where a column is constant; numbers of rows (K, K).
    """
    if largest is None:
        largest = largest_known(columns, 0)
    x = centred(columns, 0)
    known = ~np.isnan(x)
    size = np.sqrt(np.where(known, x**2, 0.0).sum(axis=0))
    count = known.sum(axis=0)
    constant = negligible(size / np.sqrt(np.maximum(count, 1)), np.nan_to_num(largest))
    if known.all():
        size[constant] = np.nan
        rows = x / size
        return np.clip(rows.T @ rows, -1, 1), np.full((len(size), len(size)), len(x))
    z = np.where(known, x, 0.0) / divisor(size / np.sqrt(np.maximum(count, 1)))
    together = known.T.astype(np.float64) @ known
    matrix = common_correlations(z.T, known.T, min(MIN_TOGETHER, int(together.max())))
    matrix[constant] = matrix[:, constant] = np.nan
    return matrix, together


def common_correlations(z: Array, known: Array, least: int) -> Array:
    """Return Pearson's correlations (K, K) over what each pair of rows (K, n) has in common.

    Args:
        z: standardized values, zero where they are not known.
        known: where they are.
        least: columns that a pair needs; NaN where it has fewer.
    """
    if known.all():  # of one product in place of five
        together = z @ z.T / max(z.shape[1], 1)
        size = np.sqrt(np.outer(together.diagonal(), together.diagonal()))
        enough = (z.shape[1] >= least) & (size > FLAT)
        return np.where(enough, np.clip(together / divisor(size), -1, 1), np.nan)
    here = known.astype(np.float64)
    count = here @ here.T
    number = np.maximum(count, 1)
    mean = z @ here.T / number  # of the first row where both are known
    square = np.maximum(np.square(z) @ here.T / number - np.square(mean), 0)
    together = z @ z.T / number - mean * mean.T
    size = np.sqrt(square * square.T)
    enough = (count >= least) & (size > FLAT)
    return np.where(enough, np.clip(together / divisor(size), -1, 1), np.nan)


FLAT = 1e-12
"""Variance of standardized values that is rounding."""


def pairs(count: int) -> list[tuple[int, int]]:
    """Return the pairs of ``count`` features, each once.

    >>> pairs(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    return [(a, b) for a in range(count) for b in range(a + 1, count)]


def _by_pair(comparison: SetComparison) -> dict[str, list[dict[str, Any]]]:
    """Return the correlations of each pair of features."""
    real, made = (correlations(comparison.cells(x)) for x in (comparison.real, comparison.made))
    names = comparison.data.cell_features
    return {
        "pairs": [
            {
                "features": [names[i], names[j]],
                "real": _finite(real[i, j]),
                "synthetic": _finite(made[i, j]),
            }
            for i, j in pairs(len(names))
        ]
    }


def _finite(correlation: float) -> float | None:
    """Return a correlation, or None where a feature is constant."""
    return float(correlation) if np.isfinite(correlation) else None


ABOUT: Mapping[str, Any] = {
    "title": "Correlational score",
    "meaning": "Differences of the correlations between features, summed over pairs, in tenths.",
    "better": "lower",
    "formula": r"\tfrac1{10} \sum_{i < j} |r_R(i, j) - r_S(i, j)|",
    "values": "0 to a fifth of the number of pairs",
    "source": "Yuan, Qiao (ICLR 2024): Diffusion-TS",
    "cannot_see": "The order of steps, single values, and dependence that is not linear.",
    "needs": Needs(features=2),
    "order": 50,
}
"""Fields of both records."""


def _difference(real: Array, synthetic: Array) -> float | None:
    difference = np.abs(real - synthetic)
    values = difference[np.tril_indices(len(difference), -1)]
    values = values[np.isfinite(values)]
    return float(values.sum() / 10) if values.size else None


@pairwise(
    "correlation",
    shared=(correlations, lambda real, made: _difference(real, correlations(made))),
    cells=True,
    details=_by_pair,
    **ABOUT,
)
def correlation_score(real: Array, synthetic: Array) -> float | None:
    """Return the correlational score, the sum over pairs of ``|r_real - r_synthetic| / 10``.

    The form that Diffusion-TS (ICLR 2024) prints. Pairs without a correlation on either side are
    left out; ``None`` if no pair is left.
    """
    check(real, synthetic, cells=True)
    return _difference(correlations(real), correlations(synthetic))


def correlation_draws(
    real: Array, synthetic: Array, *, seed: int = 0, draws: int = 5
) -> list[float] | None:
    """Return the correlational score of ``draws`` random fifths, as published tables take it.

    Diffusion-TS (ICLR 2024) draws a fifth as many windows as there are real ones from either set,
    with replacement, five times, and prints the mean. Fewer windows make the score of a perfect
    generator larger (.4 instead of .1 on the energy data), so it compares with
    :func:`correlation_score` of whole sets as little as with the score of other counts.

    ``None`` if no pair of features varies on both sides.
    """
    check(real, synthetic, cells=True)
    count = max(len(real) // draws, 1)
    found = []
    for number in range(draws):
        draw = rng(seed, "correlation", number)
        a, b = (windows[draw.integers(len(windows), size=count)] for windows in (real, synthetic))
        found.append(correlation_score(a, b))
    known = [value for value in found if value is not None]
    return known or None


def _measure_draws(comparison: PublishedComparison, candidate: Candidate) -> Score:
    """Return the score of random fifths; a baseline has the real windows on both sides."""
    seeds = {"synthetic": candidate.seed, "real": derive(candidate.seed, "floor")}
    seed = seeds.get(candidate.name, derive(candidate.seed, "control", candidate.name))
    sides = (comparison.cells(windows) for windows in (comparison.real, candidate.windows))
    runs = correlation_draws(*sides, seed=seed)
    return Score.of(runs or [], "No feature varies enough to measure it.")


register(
    Metric(
        "correlation",
        measure=for_each("correlation", _measure_draws),
        design="published",
        **ABOUT,
    )
)
