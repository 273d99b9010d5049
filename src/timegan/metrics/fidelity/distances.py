"""Distances of two sets of windows: in values, time, frequency, dependence, as wholes.

All take windows (N, T, C) and (M, T, C) and give a number that is zero for equal sets, or ``None``
where there is nothing to compare (:func:`mmd` may fall a little below zero by chance). All but
:func:`mmd` leave out cells without a value, which are NaN.
"""

import numpy as np
from scipy.stats import wasserstein_distance

from timegan.metrics.comparison import BlockComparison
from timegan.metrics.fidelity.autocorrelation import changes
from timegan.metrics.fidelity.correlation import correlation_matrix
from timegan.metrics.fidelity.power_spectrum import FEWEST_STEPS, spectrum
from timegan.metrics.metric import Needs, pairwise
from timegan.metrics.windows import Array, MinMax, check, known, subset
from timegan.seeds import rng
from timegan.variation import deviation, divisor, known_mean, largest_known


def wassersteins(real: Array, synthetic: Array) -> list[float]:
    """Return each feature's Wasserstein-1 distance, in shares of the real values' range."""
    check(real, synthetic, cells=True)
    scale = MinMax(real)
    a, b = scale(real), scale(synthetic)
    sides = [(known(a[..., c]), known(b[..., c])) for c in range(real.shape[2])]
    return [float(wasserstein_distance(x, y)) if x.size and y.size else np.nan for x, y in sides]


def _by_feature(comparison: BlockComparison) -> dict[str, dict[str, float]]:
    """Return the distance of each feature over all windows."""
    data = comparison.data
    found = wassersteins(data.cells(data.train), data.cells(data.synthetic))
    return {"features": dict(zip(data.cell_features, found, strict=True))}


@pairwise(
    "wasserstein",
    title="Wasserstein distance",
    meaning="Distance of the values of each feature, in shares of its range, as a mean.",
    better="lower",
    formula=r"\overline{W_1(\mathrm{real}_c, \mathrm{synthetic}_c) / \mathrm{range}_c}",
    values="0 and more",
    source="Villani (2009), definition 6.1",
    cannot_see="The order of steps, and which values occur together.",
    cells=True,
    design="blocks",
    order=110,
    details=_by_feature,
)
def wasserstein(real: Array, synthetic: Array) -> float:
    """Return the mean over features of :func:`wassersteins`."""
    return float(known_mean(np.array(wassersteins(real, synthetic))))


def lagged_correlations(windows: Array) -> Array:
    """Return correlations (T, C, C) of feature i at step t with j at t + lag, averaged over t.

    Lag 0 comes first; the diagonals are the autocorrelations. Steps at which a feature is the same
    in all windows take no part; NaN where no step is left. Where values are missing, those windows
    count that have both, and steps weigh as much as they have windows.
    """
    count, steps, features = windows.shape
    largest = np.tile(largest_known(windows, (0, 1)), steps)
    table, together = (
        matrix.reshape(steps, features, steps, features)
        for matrix in correlation_matrix(windows.reshape(count, -1), largest)
    )
    weights = np.where(np.isfinite(table), together, 0)
    table = np.nan_to_num(table) * weights
    curve = np.full((steps, features, features), np.nan)
    for lag in range(steps):
        first = np.arange(steps - lag)
        weight = weights[first, :, first + lag].sum(axis=0)
        total = table[first, :, first + lag].sum(axis=0)
        curve[lag] = np.where(weight > 0, total / np.maximum(weight, 1), np.nan)
    return curve


@pairwise(
    "cross_correlation",
    title="Cross-correlation difference",
    meaning="Mean difference of the correlations of features with others at earlier steps.",
    better="lower",
    formula=r"\overline{|r_R(l, i, j) - r_S(l, i, j)|},\ i \ne j",
    values="0 to 2",
    cannot_see="Single values, and dependence that is not linear.",
    cells=True,
    design="blocks",
    needs=Needs(features=2),
    order=120,
)
def cross_correlation(real: Array, synthetic: Array) -> float | None:
    """Return the mean difference of lagged correlations between features, both ways in time."""
    check(real, synthetic, cells=True)
    if real.shape[2] < 2:
        return None
    difference = np.abs(lagged_correlations(real) - lagged_correlations(synthetic))
    off = difference[:, ~np.eye(real.shape[2], dtype=bool)]
    off = off[np.isfinite(off)]
    return float(off.mean()) if off.size else None


@pairwise(
    "spectrum",
    title="Spectral difference",
    meaning="Mean difference of the logarithms of the power spectra.",
    better="lower",
    formula=r"\overline{|\log_{10} P_R(f, c) - \log_{10} P_S(f, c)|}",
    values="0 to 6",
    cannot_see="Phases, levels of windows, and relations between features.",
    cells=True,
    design="blocks",
    needs=Needs(steps=4),
    order=130,
)
def spectral_distance(real: Array, synthetic: Array) -> float | None:
    """Return the mean difference of the logarithms (base 10) of the power spectra, over features.

    Power below a millionth of a feature's greatest real one counts as that, on both sides.
    """
    check(real, synthetic, cells=True)
    if real.shape[1] < FEWEST_STEPS:
        return None
    a, b = spectrum(real)[1], spectrum(synthetic)[1]
    least = 1e-6 * a.max(axis=0)
    varies = (least > 0) & ~np.isnan(b).any(axis=0)
    if not varies.any():
        return None
    floor = least[varies]
    gap = np.log10(np.maximum(a[:, varies], floor)) - np.log10(np.maximum(b[:, varies], floor))
    return float(np.abs(gap).mean())


@pairwise(
    "increment_moments",
    title="Distance of increment moments",
    meaning="Mean difference of the first four moments of changes from step to step.",
    better="lower",
    formula=r"\overline{|\sqrt[k]{m_k(\Delta_R)} - \sqrt[k]{m_k(\Delta_S)}|},\ k = 1 \ldots 4",
    values="0 and more",
    cannot_see="Levels, the order of changes, and which features change together.",
    cells=True,
    design="blocks",
    needs=Needs(steps=2),
    order=140,
)
def increment_moments(real: Array, synthetic: Array) -> float | None:
    """Return the mean difference of the first four moments of changes from step to step.

    Changes are standardised by the real ones' mean and deviation, and of the k-th moment the k-th
    root is compared, sign kept, so that one wild change in a million does not decide.
    """
    check(real, synthetic, cells=True)
    if real.shape[1] < 2:
        return None
    a, b = (changes(x).reshape(-1, x.shape[2]) for x in (real, synthetic))
    size = deviation(a, 0, largest=largest_known(real, (0, 1)))
    varies = (size > 0) & ~np.isnan(b).all(axis=0)
    if not varies.any():
        return None
    mean, size = known_mean(a, 0)[varies], size[varies]
    a, b = ((x[:, varies] - mean) / size for x in (a, b))
    gaps = [np.abs(_root(a, k) - _root(b, k)) for k in range(1, 5)]
    return float(np.mean(gaps))


def _root(values: Array, order: int) -> Array:
    moment = known_mean(values**order, 0)
    root: Array = np.sign(moment) * np.abs(moment) ** (1 / order)
    return root


@pairwise(
    "mmd",
    title="Maximum mean discrepancy",
    meaning="Distance of whole windows by a kernel; about 0 at best.",
    better="lower",
    formula=r"\overline{k(x, x')} + \overline{k(y, y')} - 2\,\overline{k(x, y)}",
    values="about 0 to 5",
    source="Gretton, Borgwardt, Rasch, Schölkopf, Smola (JMLR 2012), equation 3",
    cannot_see="Fine differences: distances of whole windows are large beside them. Copies.",
    design="blocks",
    order=150,
)
def mmd(real: Array, synthetic: Array, *, seed: int = 0, limit: int = 1_000) -> float | None:
    """Return the squared maximum mean discrepancy of whole windows, without bias.

    The kernel is a sum of five Gaussians around the median distance between real windows (Gretton
    and others, JMLR 2012, equation 3). Features are divided by their real deviation.
    ``None`` for fewer than two windows on a side.
    """
    check(real, synthetic)
    if min(len(real), len(synthetic)) < 2:
        return None
    scale = divisor(deviation(real, (0, 1)))
    a = subset(real, limit, rng(seed, "mmd", "real")) / scale
    b = subset(synthetic, limit, rng(seed, "mmd", "synthetic")) / scale
    count = len(a)
    rows = np.concatenate((a, b)).reshape(count + len(b), -1)
    rows = rows - rows[0]  # exactly zero where all windows agree
    rows = rows - rows[:count].mean(axis=0)
    size = np.square(rows).sum(axis=1)
    squares = np.maximum(size[:, None] + size - 2 * rows @ rows.T, 0)
    own = squares[:count, :count][~np.eye(count, dtype=bool)]
    median = divisor(np.median(own))
    kernel = np.zeros_like(squares)
    for factor in (0.25, 0.5, 1.0, 2.0, 4.0):
        kernel += np.exp(-squares / (factor * median)) / 5
    k_aa, k_bb, k_ab = kernel[:count, :count], kernel[count:, count:], kernel[:count, count:]
    within = sum((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (k_aa, k_bb))
    return float(within - 2 * k_ab.mean())
