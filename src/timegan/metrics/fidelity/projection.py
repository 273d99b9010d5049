"""Whole windows on a plane: principal components, and neighbourhoods (t-SNE)."""

from dataclasses import dataclass

import numpy as np
from sklearn.manifold import TSNE

from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import derive, rng
from timegan.variation import centred, deviation, divisor


@dataclass(frozen=True)
class Projection:
    """Points (n, 2) of real and synthetic windows in one plane; ``explained`` shares for PCA."""

    real: Array
    synthetic: Array
    explained: tuple[float, ...] = ()


def pca(real: Array, synthetic: Array, *, seed: int = 0, limit: int = 1_000) -> Projection:
    """Return the two principal components of whole windows, fitted on both sets together.

    A window is one point with T x C coordinates in min-max units. Means over the features, as in
    the first published plots, would hide every error between features.
    """
    rows, count = _rows(real, synthetic, seed, limit)
    points, shares = _components(rows, 2)
    points = _plane(points)
    return Projection(points[:count], points[count:], tuple(float(share) for share in shares))


def tsne(real: Array, synthetic: Array, *, seed: int = 0, limit: int = 400) -> Projection | None:
    """Return the t-SNE of whole windows of both sets together; None for fewer than 10 points."""
    rows, count = _rows(real, synthetic, seed, limit)
    if len(rows) < 10:
        return None
    rows, _ = _components(rows, 30)  # t-SNE only looks at distances, which these keep
    # The start is given: sklearn's own divides by a deviation that may be zero.
    start = _plane(rows[:, :2])
    start = start / divisor(deviation(start)) * 1e-4
    start = start + rng(seed, "tsne").normal(scale=1e-7, size=start.shape)
    model = TSNE(
        perplexity=min(30.0, (len(rows) - 1) / 3),
        init=start.astype(np.float32),
        max_iter=500,
        learning_rate="auto",
        random_state=derive(seed, "tsne") % 2**32,
        n_jobs=1,
    )
    points = model.fit_transform(rows.astype(np.float32))
    return Projection(points[:count], points[count:])


def _rows(real: Array, synthetic: Array, seed: int, limit: int) -> tuple[Array, int]:
    check(real, synthetic)
    scale = MinMax(real)
    real = subset(real, limit, rng(seed, "projection", "real"))
    synthetic = subset(synthetic, limit, rng(seed, "projection", "synthetic"))
    windows = np.concatenate((scale(real), scale(synthetic)))
    return windows.reshape(len(windows), -1), len(real)


def _components(rows: Array, count: int) -> tuple[Array, Array]:
    """Return coordinates (n, count) on principal components, and their shares of the variance."""
    u, s, vt = np.linalg.svd(centred(rows, 0), full_matrices=False)
    # An axis points to where its largest coefficient is positive: either way would do as well.
    sign = np.sign(vt[np.arange(len(vt)), np.abs(vt).argmax(axis=1)])
    shares = s**2 / divisor((s**2).sum())
    return (u * s * sign)[:, :count], shares[:count]


def _plane(points: Array) -> Array:
    padded: Array = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    return padded
