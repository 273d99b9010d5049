"""Data of the figures: computed once, and drawn both as pictures and for a browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from timegan.metrics.fidelity.density import Densities, densities
from timegan.metrics.windows import Array
from timegan.transforms.feature_view import PRESENT
from timegan.variation import deviation, divisor, negligible

MAX_BARS = 25
"""Different values up to which shares are shown instead of a density."""


@dataclass(frozen=True)
class Bars:
    """Shares of the values of a feature that takes few.

    Args:
        values: that occur, rising.
        real: share of each.
        synthetic: likewise.
        shared: the sum of the smaller shares of each exact value, where bars are wider.
    """

    values: Array
    real: Array
    synthetic: Array
    shared: float | None = None

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
"""Bars on either side of the single value of real or synthetic data."""

Distribution = Densities | Bars


def distribution(real: Array, synthetic: Array, resolution: float | None = None) -> Distribution:
    """Return the shares of a few values, or densities of many; missing values are left out.

    Where one side has a single value and the other many, bars of equal width show how far the
    others lie from it.

    Args:
        real: values of one feature, in any shape.
        synthetic: values, in any shape.
        resolution: the least bandwidth of a density.
    """
    a, b = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
    values = np.unique(np.concatenate([a, b]))
    if len(values) > MAX_BARS:
        for side in (a, b):
            bars = _around(float(side[0]), a, b) if side.min() == side.max() else None
            if bars is not None and not _is_narrow(bars.values):
                return bars
    if len(values) > MAX_BARS or _is_narrow(values):
        return densities(a, b, resolution=resolution)
    counts = [np.bincount(np.searchsorted(values, x), minlength=len(values)) for x in (a, b)]
    return Bars(values, counts[0] / a.size, counts[1] / b.size)


def _around(single: float, real: Array, synthetic: Array) -> Bars:
    """Return the shares of values by their distance from the single value of one side."""
    distances = np.abs(np.concatenate([real, synthetic]) - single)
    width = float(np.quantile(distances[distances > 0], 0.98)) / BARS_BESIDE
    places = np.arange(-BARS_BESIDE, BARS_BESIDE + 1)
    shares = []
    for side in (real, synthetic):
        place = np.clip(np.rint((side - single) / width), places[0], places[-1]).astype(np.int64)
        shares.append(np.bincount(place + BARS_BESIDE, minlength=len(places)) / side.size)
    shared = min(float(np.mean(side == single)) for side in (real, synthetic))
    return Bars(single + places * width, shares[0], shares[1], shared)


def _is_narrow(values: Array) -> bool:
    """Tell whether a browser could not place bars at such values beside each other."""
    if len(values) == 1:
        return False
    largest = max(abs(float(values[0])), abs(float(values[-1])))
    return bool(negligible(float(np.diff(values).min()), largest, np.float32))


def distributions(
    real: Array, synthetic: Array, features: Sequence[str]
) -> Mapping[str, Distribution]:
    """Return the distribution of each feature's values over all windows and steps."""
    return {name: distribution(real[..., c], synthetic[..., c]) for c, name in enumerate(features)}


def change_distributions(
    real: Array, synthetic: Array, features: Sequence[str]
) -> Mapping[str, Distribution]:
    """Return the distribution of each feature's changes from step to step."""
    found = {}
    for c, name in enumerate(features):
        a, b = (np.diff(windows[..., c], axis=1) for windows in (real, synthetic))
        known = real[..., c][~np.isnan(real[..., c])]
        size = float(deviation(known))
        resolution = 0.01 * size if size > 0 else 1e-3 * float(np.abs(known).max())
        found[name] = distribution(a, b, resolution)
    return found


def least_alike(found: Mapping[str, Distribution], limit: int) -> list[str]:
    """Return all names, or those of the ``limit`` smallest overlaps, in their order."""
    if len(found) <= limit:
        return list(found)
    worst = sorted(found, key=lambda name: found[name].overlap)[:limit]
    return [name for name in found if name in worst]


def cut_at_ends(windows: Array, features: Sequence[str]) -> tuple[Array, Array, list[str]]:
    """Split windows from the mark of their ends.

    Args:
        windows: (N, T, C); where lengths differ, the last feature marks the steps of a sequence,
            and steps behind its end repeat the last ones.
        features: names of the C features.

    Returns:
        The windows without the mark; the same with NaN behind the ends; the other names.
    """
    names = list(features)
    if names[-1] != PRESENT or len(names) < 2:
        return windows, windows, names
    whole = windows[..., :-1]
    is_there = windows[..., -1:] > 0.5
    return whole, np.where(is_there, whole, np.nan), names[:-1]


def continued(windows: Array) -> Array:
    """Return windows in which each sequence repeats its last step behind its end."""
    steps = np.arange(windows.shape[1])
    is_there = ~np.isnan(windows).any(axis=2)
    last = np.maximum.accumulate(np.where(is_there, steps, 0), axis=1)
    found: Array = np.take_along_axis(windows, last[..., None], axis=1)
    return found
