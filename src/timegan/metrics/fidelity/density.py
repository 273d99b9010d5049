"""Overlap of two densities: the area under the lower of two kernel density estimates."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from timegan.metrics.comparison import SetComparison
from timegan.metrics.fidelity.autocorrelation import changes
from timegan.metrics.metric import Needs, pairwise
from timegan.metrics.windows import Array, MinMax, check, known
from timegan.variation import deviation, divisor, largest_known

BINS = 4_096
MAX_BASELINES = 2
"""Pairs of real samples that the baseline of each feature is the mean of."""


@dataclass(frozen=True)
class Densities:
    """Two densities on one grid, with one bandwidth.

    Args:
        grid: places; they may coincide in floating point where values hardly differ.
        real: density at each place.
        synthetic: likewise.
        width: from one place to the next.
    """

    grid: Array
    real: Array
    synthetic: Array
    width: float

    @property
    def overlap(self) -> float:
        """The area that both share: 1 for the same density, 0 for two that never meet."""
        area = np.minimum(self.real, self.synthetic).sum() * self.width
        return float(min(area, 1.0))


def densities(
    real: Array, synthetic: Array, *, margin: float = 0.5, resolution: float | None = None
) -> Densities:
    """Return Gaussian kernel density estimates of two sets of numbers, of any shape.

    The bandwidth is Silverman's rule for the real values, ``.9 min(std, IQR / 1.34) n^(-1/5)``,
    and serves both sets, so that equal sets have an overlap of 1. Values are binned first, which
    makes the cost independent of their number; those further than ``margin`` of the real range
    outside it are left off the grid, and so count as no overlap.

    Args:
        real: values, in any shape; NaN is left out, and some value is known.
        synthetic: values, in any shape.
        margin: room on either side of the real values, in shares of their range.
        resolution: the least bandwidth, so that values that are all but equal count as equal; by
            default a hundredth of the real deviation.
    """
    a, b = (known(np.asarray(values, dtype=np.float64)) for values in (real, synthetic))
    size = deviation(a)
    # From the smallest value on, so that bins are distinct however little values differ.
    origin = a.min()
    constant = 1e-3 * divisor(np.abs(a).max())
    a, b = a - origin, b - origin
    middle = float(np.subtract(*np.quantile(a, (0.75, 0.25)))) / 1.34
    rule = 0.9 * min(size, middle or size) * a.size ** (-1 / 5)
    least = 0.01 * size if resolution is None else resolution
    # A constant: what is within a thousandth of it counts as the same.
    bandwidth = max(rule, least) or constant
    room = margin * float(a.max()) + 5 * bandwidth
    edges = np.linspace(-room, a.max() + room, BINS + 1)
    width = float(edges[1] - edges[0])

    def estimate(values: Array) -> Array:
        share = np.histogram(values, edges)[0] / (values.size * width)
        smooth: Array = gaussian_filter1d(share, bandwidth / width, mode="constant", truncate=5)
        return smooth

    grid = origin + (edges[:-1] + edges[1:]) / 2
    return Densities(grid, estimate(a), estimate(b), width)


def overlaps(real: Array, synthetic: Array) -> list[float]:
    """Return the overlap for each feature of two sets of windows (N, T, C); NaN has no part."""
    check(real, synthetic, cells=True)
    return [_overlap(real[..., c], synthetic[..., c]) for c in range(real.shape[2])]


def change_overlaps(real: Array, synthetic: Array) -> list[float]:
    """Return for each feature the overlap of the densities of its changes from step to step.

    A hundredth of the feature's own deviation is what a change is resolved to; of a constant
    feature a thousandth of its value.
    """
    check(real, synthetic, cells=True)
    a, b = changes(real), changes(synthetic)
    resolution = 0.01 * deviation(real, (0, 1))
    resolution = np.where(resolution > 0, resolution, 1e-3 * largest_known(real, (0, 1)))
    return [_overlap(a[..., c], b[..., c], float(resolution[c])) for c in range(real.shape[2])]


def _overlap(real: Array, synthetic: Array, resolution: float | None = None) -> float:
    """Return the overlap of values; of nothing with nothing it is complete."""
    sides = known(real), known(synthetic)
    if not all(side.size for side in sides):
        return float(sides[0].size == sides[1].size)
    return densities(*sides, resolution=resolution).overlap


@pairwise(
    "change_density",
    title="Density overlap of changes",
    meaning="Area that the densities of changes from step to step share, as a mean over features.",
    better="higher",
    formula=r"\overline{\textstyle\int \min(p_{\Delta,R}, p_{\Delta,S})}",
    values="0 to 1",
    cannot_see="Levels, the order of changes, and which features change together.",
    cells=True,
    perfect=1.0,
    needs=Needs(steps=2),
    order=70,
)
def change_overlap(real: Array, synthetic: Array) -> float:
    """Return the mean over features of the overlap of their changes from step to step."""
    return float(np.mean(change_overlaps(real, synthetic)))


def _by_feature(comparison: SetComparison) -> dict[str, dict[str, float]]:
    """Return the overlap of each feature, and that of two real samples."""
    names, cells = comparison.data.cell_features, comparison.cells
    found = overlaps(cells(comparison.real), cells(comparison.made))
    details = {"features": dict(zip(names, found, strict=True))}
    pairs = [(a, b) for a, b in comparison.samples[:MAX_BASELINES] if len(a) and len(b)]
    if pairs:
        baseline = np.mean(
            [overlaps(cells(a.values()), cells(b.values())) for a, b in pairs], axis=0
        )
        details["baseline_features"] = dict(zip(names, baseline.tolist(), strict=True))
    return details


@pairwise(
    "density",
    title="Density overlap",
    meaning="Area that the densities of all values share, from 0 to 1.",
    better="higher",
    formula=r"\overline{\textstyle\int \min(p_R, p_S)}",
    values="0 to 1",
    cannot_see="The order of steps, and which values occur together.",
    cells=True,
    perfect=1.0,
    order=40,
    details=_by_feature,
)
def pooled_overlap(real: Array, synthetic: Array) -> float:
    """Return the overlap of all values of all features in the real windows' min-max units."""
    check(real, synthetic, cells=True)
    scale = MinMax(real)
    return _overlap(scale(real), scale(synthetic))
