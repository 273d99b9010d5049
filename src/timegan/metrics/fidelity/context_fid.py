"""Context-FID: the Fréchet distance of two sets of windows in the space of a TS2Vec encoder.

Jeha, Bohlke-Schneider, Mercado et al., "PSA-GAN: Progressive Self Attention GANs for Synthetic Time
Series" (ICLR 2022), with the encoder that Diffusion-TS (ICLR 2024) trains on the real windows at
every call. The encoder's seed alone moves the score by a factor of two to five, so several
encoders are asked, and their scores listed.
"""

from collections.abc import Mapping

import numpy as np
from torch import nn

from timegan.metrics.comparison import Candidate, PublishedComparison
from timegan.metrics.fidelity.ts2vec import encode, fit
from timegan.metrics.metric import Metric, Needs, for_each, register
from timegan.metrics.score import MIN_WINDOWS, Score
from timegan.metrics.windows import Array, MinMax, check, random_halves
from timegan.seeds import derive, rng


def context_fid(
    real: Array,
    synthetic: Array,
    *,
    seed: int = 0,
    encoders: int = 3,
    iterations: int | None = None,
    limits: tuple[Array, Array] | None = None,
) -> list[float]:
    """Return the distance as each of several encoders sees it.

    Args:
        real: windows (N, T, C) in any unit; the encoders learn from them.
        synthetic: windows (M, T, C) in the same unit; M need not be N.
        seed: of the encoders.
        encoders: how many.
        iterations: of each encoder's training; by default the published rule.
        limits: minima and maxima (C,) of the min-max units, when not those of ``real``.

    Raises:
        InputError: the sets cannot be compared, or their windows have one step.
    """
    check(real, synthetic)
    scale = MinMax(real, limits)
    real, synthetic = scale(real), scale(synthetic)
    network = fit(real, seed=seed, encoders=encoders, iterations=iterations)
    pairs = zip(encode(network, real), encode(network, synthetic), strict=True)
    return [frechet(a, b) for a, b in pairs]


def frechet(a: Array, b: Array) -> float:
    """Return the Fréchet distance of two normal distributions fitted to rows of ``a`` and ``b``.

    ``|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))``: Dowson and Landau (1982). The trace of
    the root is the sum of the roots of the eigenvalues of ``S_a^(1/2) S_b S_a^(1/2)``, which is
    symmetric: fewer rows than columns make no difference.

    Args:
        a: observations (n, D), at least two.
        b: observations (m, D), at least two.

    >>> rows = np.arange(12.0).reshape(4, 3)
    >>> round(frechet(rows, rows + 1), 3)  # apart by one in each of three directions
    3.0
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    apart = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    s_a, s_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(s_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.linalg.eigvalsh(root @ s_b @ root)
    spread = np.trace(s_a) + np.trace(s_b) - 2 * np.sqrt(np.maximum(shared, 0)).sum()
    return float(max(apart + spread, 0.0))


def _measure(
    comparison: PublishedComparison, candidates: Mapping[str, Candidate]
) -> dict[str, Score]:
    """Return the distances of candidates as each encoder sees them.

    The baseline is that of random halves of the real windows' representations.
    """
    options = comparison.options
    real = comparison.filled(comparison.real)

    def encode_real() -> tuple[nn.Module, Array]:
        seed = derive(comparison.seed, "encoders")
        network = fit(real, seed=seed, encoders=options.encoders, iterations=options.encoder_steps)
        return network, encode(network, real)

    network, known = comparison.once("encoders", encode_real)

    def measure_one(comparison: PublishedComparison, candidate: Candidate) -> Score:
        if candidate.name == "real":
            draw = rng(comparison.seed, "context_fid", "floor")
            halves = [random_halves(rows, draw) for rows in known]
            return Score.of([frechet(a.values(), b.values()) for a, b in halves])
        pairs = zip(known, encode(network, comparison.filled(candidate.windows)), strict=True)
        return Score.of([frechet(a, b) for a, b in pairs])

    return for_each("context_fid", measure_one)(comparison, candidates)


register(
    Metric(
        "context_fid",
        title="Context-FID",
        meaning="Distance of the two sets as an encoder of series sees them.",
        better="lower",
        formula=r"|m_r - m_s|^2 + \mathrm{tr}\,(S_r + S_s - 2\,(S_r S_s)^{1/2})",
        values="0 and more",
        source="Jeha, Bohlke-Schneider, Mercado and others (ICLR 2022)",
        cannot_see="What its encoder leaves out, and copies.",
        measure=_measure,
        design="published",
        needs=Needs(windows=MIN_WINDOWS, steps=2),
        order=30,
        options=("encoders", "encoder_steps"),
        details=lambda comparison: {"encoders": comparison.options.encoders},
    )
)
