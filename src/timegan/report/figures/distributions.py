"""Distributions of a feature, real beside synthetic: shares of few values, densities of many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from timegan.metrics.fidelity.density import Densities, densities
from timegan.metrics.windows import Array
from timegan.report.figures.graphs import SIDES, Axis, Bars, Line, View
from timegan.variation import deviation, divisor, negligible

POINTS = 160
"""Points of a density's curve."""
MAX_BARS = 25
"""Different values up to which shares are shown instead of a density."""
DIGITS = 10
"""Digits of the largest value to which values are counted."""
MAX_EVEN_BARS = 50
"""Different values that lie evenly, such as half years, up to which shares are shown."""


@dataclass(frozen=True)
class Shares:
    """Shares of the values of a feature that takes few.

    Args:
        values: that occur, rising.
        real: share of each.
        synthetic: likewise.
        shared: the sum of the smaller shares of each exact value, where bars are wider.
        labels: of the values, where they are places.
    """

    values: Array
    real: Array
    synthetic: Array
    shared: float | None = None
    labels: tuple[str, ...] = ()

    @property
    def overlap(self) -> float:
        """The sum of the smaller shares: 1 for equal shares, 0 for different values."""
        if self.shared is not None:
            return self.shared
        return float(min(np.minimum(self.real, self.synthetic).sum(), 1.0))

    @property
    def width(self) -> float:
        """The width of a pair of bars, which leaves room between neighbours."""
        if len(self.values) > 1:
            return 0.8 * float(np.diff(self.values).min())
        return 0.5 * float(divisor(np.abs(self.values[0])))


BARS_BESIDE = 7
"""Shares on either side of the single value of real or synthetic data."""

Distribution = Densities | Shares


def distribution(
    real: Array,
    synthetic: Array,
    resolution: float | None = None,
    labels: Sequence[str] = (),
) -> Distribution:
    """Return the shares of a few values, or densities of many; missing values are left out.

    Where one side has a single value and the other many, bars of equal width show how far the
    others lie from it.

    Args:
        real: values of one feature, in any shape.
        synthetic: values, in any shape.
        resolution: the least bandwidth of a density.
        labels: of the values 0, 1, 2 ..., where they are codes.
    """
    a, b = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
    if labels:
        counts = [np.bincount(x.astype(np.int64), minlength=len(labels)) for x in (a, b)]
        places = np.arange(len(counts[0]), dtype=np.float64)
        sizes = [max(x.size, 1) for x in (a, b)]
        named = tuple(labels)
        return Shares(places, counts[0] / sizes[0], counts[1] / sizes[1], labels=named)
    a, b = _without_noise(a, b)
    values = np.unique(np.concatenate([a, b]))
    are_few = len(values) <= MAX_BARS or (len(values) <= MAX_EVEN_BARS and not _are_uneven(values))
    if not are_few:
        for side in (a, b):
            bars = _around(float(side[0]), a, b) if side.min() == side.max() else None
            if bars is not None and not _is_narrow(bars.values):
                return bars
    if not are_few:
        return densities(a, b, resolution=resolution)
    counts = [np.bincount(np.searchsorted(values, x), minlength=len(values)) for x in (a, b)]
    shares = counts[0] / a.size, counts[1] / b.size
    if len(values) > 2 and _are_uneven(values):
        places = np.arange(len(values), dtype=np.float64)
        return Shares(places, *shares, labels=tuple(f"{value:.10g}" for value in values))
    return Shares(values, *shares)


def _without_noise(real: Array, synthetic: Array) -> tuple[Array, Array]:
    """Return values to ten digits of the largest: differences of decimals miss their last ones."""
    largest = max(float(np.abs(side).max(initial=0.0)) for side in (real, synthetic))
    if not np.finfo(np.float32).tiny < largest < np.finfo(np.float32).max:
        return real, synthetic
    decimals = DIGITS - int(np.ceil(np.log10(largest)))
    return np.round(real, decimals), np.round(synthetic, decimals)


def _around(single: float, real: Array, synthetic: Array) -> Shares:
    """Return the shares of values by their distance from the single value of one side."""
    distances = np.abs(np.concatenate([real, synthetic]) - single)
    width = float(np.quantile(distances[distances > 0], 0.98)) / BARS_BESIDE
    places = np.arange(-BARS_BESIDE, BARS_BESIDE + 1)
    shares = []
    for side in (real, synthetic):
        place = np.clip(np.rint((side - single) / width), places[0], places[-1]).astype(np.int64)
        shares.append(np.bincount(place + BARS_BESIDE, minlength=len(places)) / side.size)
    shared = min(float(np.mean(side == single)) for side in (real, synthetic))
    return Shares(single + places * width, shares[0], shares[1], shared)


def _is_narrow(values: Array) -> bool:
    """Tell whether a browser could not place bars at such values beside each other."""
    if len(values) == 1:
        return False
    largest = max(abs(float(values[0])), abs(float(values[-1])))
    return bool(negligible(float(np.diff(values).min()), largest, np.float32))


def _are_uneven(values: Array) -> bool:
    """Tell whether bars at such values would be too thin, so that they stand side by side."""
    gaps = np.diff(values)
    return _is_narrow(values) or float(gaps.min()) * 2 * MAX_BARS < float(gaps.sum())


def distributions(
    real: Array, synthetic: Array, labels: Sequence[Sequence[str]] = ()
) -> list[Distribution]:
    """Return the distribution of each feature's values over all windows (N, T, C) and steps.

    Args:
        real: windows, NaN where a value is missing.
        synthetic: windows.
        labels: of each feature's codes, empty where it is a number.
    """
    known = labels or [()] * real.shape[2]
    return [
        distribution(real[..., c], synthetic[..., c], labels=known[c]) for c in range(len(known))
    ]


def change_distributions(
    real: Array, synthetic: Array, labels: Sequence[Sequence[str]] = ()
) -> list[Distribution]:
    """Return the distribution of each feature's changes from step to step.

    Categories stay or change; see `distributions` for the arguments.
    """
    found = []
    for c in range(real.shape[2]):
        a, b = (np.diff(windows[..., c], axis=1) for windows in (real, synthetic))
        if labels and labels[c]:
            a, b = (np.where(np.isnan(x), np.nan, x != 0) for x in (a, b))
            found.append(distribution(a, b, labels=("stays", "changes")))
            continue
        known = real[..., c][~np.isnan(real[..., c])]
        size = float(deviation(known))
        resolution = 0.01 * size if size > 0 else 1e-3 * float(np.abs(known).max())
        found.append(distribution(a, b, resolution))
    return found


def least_alike(found: Sequence[Distribution], limit: int) -> list[int]:
    """Return the numbers of the ``limit`` distributions with the smallest overlaps, rising."""
    return sorted(sorted(range(len(found)), key=lambda c: found[c].overlap)[:limit])


def view_of(found: Distribution) -> View:
    """Return the drawing of a distribution: pairs of bars, or the places where densities are."""
    y = Axis(limits=(0, None), is_bare=True)
    if isinstance(found, Shares):
        half, ends = found.width / 2, (found.values[0], found.values[-1])
        marks = [
            Bars(side, found.values, shares, half, offset)
            for side, shares, offset in zip(
                SIDES, (found.real, found.synthetic), (-half, 0.0), strict=True
            )
        ]
        ticks = dict(enumerate(found.labels)) or None
        return View(marks, Axis(limits=(ends[0] - 2 * half, ends[1] + 2 * half), ticks=ticks), y)
    both = found.real + found.synthetic
    seen = np.flatnonzero(both > 1e-3 * both.max())
    places = np.unique(np.linspace(seen[0], seen[-1], POINTS).round().astype(int))
    curves = [
        Line(side, found.grid[places], density[places], fill=fill)
        for side, density, fill in zip(
            SIDES, (found.real, found.synthetic), (0.22, 0.1), strict=True
        )
    ]
    return View(curves, y=y, is_unified=True)
