"""Overlap of two densities: the area under the lower of two kernel density estimates."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from timegan.metrics.arrays import Array, MinMax, check

BINS = 512


@dataclass(frozen=True)
class Densities:
    """Two densities on one grid, with one bandwidth."""

    grid: Array
    real: Array
    synthetic: Array

    @property
    def overlap(self) -> float:
        """The area that both share: 1 for the same density, 0 for two that never meet."""
        area = np.minimum(self.real, self.synthetic).sum() * (self.grid[1] - self.grid[0])
        return float(min(area, 1.0))


def densities(real: Array, synthetic: Array, margin: float = 0.5) -> Densities:
    """Gaussian kernel density estimates of two sets of numbers, of any shape.

    The bandwidth is Scott's rule for the real values, ``std * n^(-1/5)``, and serves both sets, so
    that equal sets have an overlap of 1. Values are binned first, which makes the cost
    independent of their number; those further than ``margin`` of the real range outside it are
    left off the grid, and so count as no overlap.
    """
    a = np.asarray(real, dtype=np.float64).ravel()
    b = np.asarray(synthetic, dtype=np.float64).ravel()
    low, high = a.min(), a.max()
    span = high - low or 1.0
    edges = np.linspace(low - margin * span, high + margin * span, BINS + 1)
    width = edges[1] - edges[0]
    bandwidth = max(a.std() * a.size ** (-1 / 5), width)

    def estimate(values: Array) -> Array:
        share = np.histogram(values, edges)[0] / (values.size * width)
        smooth: Array = gaussian_filter1d(share, bandwidth / width, mode="constant", truncate=5)
        return smooth

    return Densities((edges[:-1] + edges[1:]) / 2, estimate(a), estimate(b))


def overlaps(real: Array, synthetic: Array) -> list[float]:
    """The overlap for each feature of two sets of windows (N, T, C)."""
    check(real, synthetic)
    return [densities(real[..., c], synthetic[..., c]).overlap for c in range(real.shape[2])]


def pooled_overlap(real: Array, synthetic: Array) -> float:
    """The overlap of all values of all features in the real windows' min-max units."""
    check(real, synthetic)
    scale = MinMax(real)
    return densities(scale(real), scale(synthetic)).overlap
