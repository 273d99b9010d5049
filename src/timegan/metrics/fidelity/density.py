"""Overlap of two densities: the area under the lower of two kernel density estimates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

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


@dataclass(frozen=True)
class DensityGrid:
    """A grid of places around real values, and the density of these at each of them.

    Args:
        origin: the smallest real value, from which places are counted: bins are distinct then
            however little values differ.
        edges: of the bins.
        bandwidth: of the kernel.
        real: density of the real values in each bin.
    """

    origin: float
    edges: Array
    bandwidth: float
    real: Array

    @classmethod
    def of(
        cls, values: Array, *, margin: float = 0.5, resolution: float | None = None
    ) -> "DensityGrid":
        """Return the grid of real values (n,), all of them known; see `densities`."""
        values = np.asarray(values, dtype=np.float64)
        size = deviation(values)
        origin = float(values.min())
        constant = 1e-3 * divisor(np.abs(values).max())
        away = values - origin
        middle = float(np.subtract(*np.quantile(away, (0.75, 0.25)))) / 1.34
        rule = 0.9 * min(size, middle or size) * away.size ** (-1 / 5)
        least = 0.01 * size if resolution is None else resolution
        # A constant: what is within a thousandth of it counts as the same.
        bandwidth = max(rule, least) or constant
        room = margin * float(away.max()) + 5 * bandwidth
        edges = np.linspace(-room, away.max() + room, BINS + 1)
        return cls(origin, edges, bandwidth, _smooth(away, edges, bandwidth))

    @property
    def width(self) -> float:
        """The width of a bin."""
        return float(self.edges[1] - self.edges[0])

    def beside(self, synthetic: Array) -> Densities:
        """Return the densities of the real values and of other ones (m,), all of them known."""
        away = np.asarray(synthetic, dtype=np.float64) - self.origin
        grid = self.origin + (self.edges[:-1] + self.edges[1:]) / 2
        other = _smooth(away, self.edges, self.bandwidth)
        return Densities(grid, self.real, other, self.width)


def _smooth(away: Array, edges: Array, bandwidth: float) -> Array:
    """Return the density of values (n,) in each bin."""
    width = float(edges[1] - edges[0])
    bins = np.floor((away - edges[0]) / width)
    inside = bins[(bins >= 0) & (bins < BINS)].astype(np.int64)
    share = np.bincount(inside, minlength=BINS) / (away.size * width)
    spread = bandwidth / width
    places = np.arange(-min(round(5 * spread), BINS), min(round(5 * spread), BINS) + 1)
    kernel = np.exp(-0.5 * np.square(places / spread))
    smooth: Array = fftconvolve(share, kernel / kernel.sum(), mode="same")
    return np.maximum(smooth, 0.0)


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
    grid = DensityGrid.of(known(np.asarray(real)), margin=margin, resolution=resolution)
    return grid.beside(known(np.asarray(synthetic)))


def _grid(values: Array, resolution: float | None = None) -> DensityGrid | None:
    """Return the grid of known values; None where there is none."""
    values = known(values)
    return DensityGrid.of(values, resolution=resolution) if values.size else None


def _overlap(grid: DensityGrid | None, synthetic: Array) -> float:
    """Return the overlap of real and synthetic values; of nothing with nothing it is complete."""
    values = known(synthetic)
    if grid is None or not values.size:
        return float((grid is None) == (not values.size))
    return grid.beside(values).overlap


def _grids(real: Array) -> list[DensityGrid | None]:
    return [_grid(real[..., c]) for c in range(real.shape[2])]


def _overlaps(grids: Sequence[DensityGrid | None], synthetic: Array) -> list[float]:
    return [_overlap(grid, synthetic[..., c]) for c, grid in enumerate(grids)]


def overlaps(real: Array, synthetic: Array) -> list[float]:
    """Return the overlap for each feature of two sets of windows (N, T, C); NaN has no part."""
    check(real, synthetic, cells=True)
    return _overlaps(_grids(real), synthetic)


def _change_grids(real: Array) -> list[DensityGrid | None]:
    moves = changes(real)
    resolution = 0.01 * deviation(real, (0, 1))
    resolution = np.where(resolution > 0, resolution, 1e-3 * largest_known(real, (0, 1)))
    return [_grid(moves[..., c], float(resolution[c])) for c in range(real.shape[2])]


def change_overlaps(real: Array, synthetic: Array) -> list[float]:
    """Return for each feature the overlap of the densities of its changes from step to step.

    A hundredth of the feature's own deviation is what a change is resolved to; of a constant
    feature a thousandth of its value.
    """
    check(real, synthetic, cells=True)
    return _overlaps(_change_grids(real), changes(synthetic))


@pairwise(
    "change_density",
    shared=(
        _change_grids,
        lambda grids, made: float(np.mean(_overlaps(grids, changes(made)))),
    ),
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


def _pooled_grid(real: Array) -> tuple[MinMax, DensityGrid | None]:
    scale = MinMax(real)
    return scale, _grid(scale(real))


def _pooled_overlap(pooled: tuple[MinMax, DensityGrid | None], synthetic: Array) -> float:
    scale, grid = pooled
    return _overlap(grid, scale(synthetic))


@pairwise(
    "density",
    shared=(_pooled_grid, _pooled_overlap),
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
    return _pooled_overlap(_pooled_grid(real), synthetic)
