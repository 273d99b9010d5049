"""Correlations between features, over all windows and steps."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from timegan.metrics.comparison import Candidate, PublishedComparison, SetComparison
from timegan.metrics.metric import Metric, Needs, for_each, pairwise, register
from timegan.metrics.score import Score
from timegan.metrics.windows import Array, check
from timegan.seeds import derive, rng
from timegan.variation import centred, negligible


def correlations(windows: Array) -> Array:
    """Return Pearson's correlations (C, C) of windows (N, T, C), NaN for constant features."""
    rows = centred(windows.reshape(-1, windows.shape[2]), 0)
    size = np.sqrt((rows**2).sum(axis=0))
    size[negligible(size / np.sqrt(len(rows)), np.abs(windows).max(axis=(0, 1)))] = np.nan
    rows = rows / size
    matrix: Array = np.clip(rows.T @ rows, -1, 1)
    return matrix


def pairs(count: int) -> list[tuple[int, int]]:
    """Return the pairs of ``count`` features, each once.

    >>> pairs(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    return [(a, b) for a in range(count) for b in range(a + 1, count)]


def _by_pair(comparison: SetComparison) -> dict[str, list[dict[str, Any]]]:
    """Return the correlations of each pair of features."""
    real, made = correlations(comparison.real), correlations(comparison.made)
    names = comparison.data.features
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


@pairwise(
    "correlation",
    details=_by_pair,
    **ABOUT,
)
def correlation_score(real: Array, synthetic: Array) -> float | None:
    """Return the correlational score, the sum over pairs of ``|r_real - r_synthetic| / 10``.

    The form that Diffusion-TS (ICLR 2024) prints. Pairs without a correlation on either side are
    left out; ``None`` if no pair is left.
    """
    check(real, synthetic)
    difference = np.abs(correlations(real) - correlations(synthetic))
    values = difference[np.tril_indices(len(difference), -1)]
    values = values[np.isfinite(values)]
    return float(values.sum() / 10) if values.size else None


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
    check(real, synthetic)
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
    runs = correlation_draws(comparison.real, candidate.windows, seed=seed)
    return Score.of(runs or [], "No feature varies enough to measure it.")


register(
    Metric(
        "correlation",
        measure=for_each("correlation", _measure_draws),
        design="published",
        **ABOUT,
    )
)
