"""Stitching: which window continues a series, and how it is adjusted to fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

Array = np.ndarray

RIDGE = 1e-3
"""Share of an input's variance that the regression treats as noise."""

MAX_FADE = 0.1
"""Largest share of an increment's deviation by which a correction fades in one step.

It bounds the effect on increments inside windows, however badly a window fits.
"""

WANDERING = 0.95
"""Correlation of the levels at which windows begin and end, above which a correction fades.

Below it the regression itself brings a series back to the range of the data. A correction that
fades as well would lose the levels of slow features, the more so the more features there are.
"""

QUANTILES = np.linspace(0.0, 1.0, 65)
"""Quantiles of the levels at which windows begin and end."""

TAIL = 0.01
"""A correction leaves the range between this quantile of the levels and its counterpart briefly at
most."""


@dataclass(frozen=True)
class WindowStitcher:
    """A linear regression of the later steps of windows on their first steps.

    A window that continues a series shares its first p steps with the last p of the series. They
    differ by a residual r. The later steps of the window are moved by
    E[future | past + r] - E[future | past], linear in r and feature by feature. This is pathwise
    conditioning of Gaussian processes (Matheron's rule; Wilson et al. 2021, section 3). White
    noise does not move. A random walk moves by the residual of its last step, a smooth path by
    that of its slope too. The correction of a feature that wanders, as a random walk does, then
    fades, because a series would otherwise leave the range of the data.

    A feature whose windows end far from where they begin, such as a person's age, has a trend.
    Its corrections do not fade. They never exceed what the last level and the last slope make of
    them, for a regression that amplifies them would do so in each window anew.

    Attributes:
        overlap: p, steps that two windows share.
        sigma: (C,) root mean square of the increments inside windows.
        scale: (p, C) units of the inputs: the last level, and p - 1 increments.
        gain: (C, p, T - p) from the residual to the correction, in units of sigma.
        rate: (C,) largest share of sigma by which a correction fades in a step; 0 for a trend and
            for a feature that does not wander.
        low: (C,) lower bound of corrected levels, unless the window is below it; minus infinity
            for a trend.
        high: (C,) upper bound of corrected levels, unless the window is above it; infinity for a
            trend.
        ends: (K, C) quantiles of the levels at which windows end.
        drop: (K, C) those quantiles less the quantiles of the levels at step p.
    """

    overlap: int
    sigma: Array
    scale: Array
    gain: Array
    rate: Array
    low: Array
    high: Array
    ends: Array
    drop: Array

    @classmethod
    def fit(cls, chunks: Iterable[Array], overlap: int) -> Self:
        """Fit the regression on chunks of windows (n, T, C), of which only two steps are kept."""
        sums: list[Array] = []
        levels: list[Array] = []
        for chunk in chunks:
            windows = chunk.astype(np.float64)
            steps = windows.shape[1]
            x = _inputs(windows[:, :overlap]).transpose(2, 0, 1)
            y = (windows[:, overlap:] - windows[:, overlap - 1, None]).transpose(2, 0, 1)
            changes = (np.diff(windows, axis=1) ** 2).mean(axis=1).sum(axis=0)
            levels.append(chunk[:, [overlap - 1, -1]])
            x_t = x.transpose(0, 2, 1)
            curvature = (np.diff(windows, n=2, axis=1) ** 2).sum(axis=(0, 1)) / max(steps - 2, 1)
            new = [x.sum(axis=1), y.sum(axis=1), x_t @ x, x_t @ y, changes, curvature]
            sums = [a + b for a, b in zip(sums, new, strict=True)] if sums else new
        both = np.concatenate(levels)
        x_mean, y_mean, xx, xy, changes, curvature = (total / len(both) for total in sums)
        xx -= x_mean[:, :, None] * x_mean[:, None]
        xy -= x_mean[:, :, None] * y_mean[:, None]
        steps = y_mean.shape[1]

        level = np.sqrt(np.maximum(xx[:, 0, 0], 0.0))
        level = np.where(level > 0, level, 1.0)
        sigma = np.maximum(np.sqrt(changes), 1e-6 * level)
        scale = np.repeat(sigma[:, None], overlap, axis=1)
        scale[:, 0] = level
        xx /= scale[:, :, None] * scale[:, None]
        xy /= scale[:, :, None] * sigma[:, None, None]
        gain = np.linalg.solve(xx + RIDGE * np.eye(overlap), xy)
        gain[:, 0] += (level / sigma)[:, None]  # y is counted from the last level

        start, end = np.quantile(both, QUANTILES, axis=0).swapaxes(0, 1)
        trends = np.abs((end - start).mean(axis=0)) > MAX_FADE * steps * sigma
        drop = np.where(trends, 0.0, end - start)
        most = np.where(trends, level / sigma, np.inf)[:, None]
        gain[:, 0] = np.minimum(gain[:, 0], most)
        rough = np.minimum(np.sqrt(curvature) / sigma, 1.0) if overlap > 1 else 1.0
        rate = np.where(trends | ~_wanders(both), 0.0, MAX_FADE * rough)
        low, high = np.quantile(both[:, 1], [TAIL, 1 - TAIL], axis=0)
        low, high = np.where(trends, -np.inf, low), np.where(trends, np.inf, high)
        return cls(overlap, sigma, scale.T, gain, rate, low, high, end, drop)

    def key(self, past: Array) -> Array:
        """Return the search keys (n, 2 C) of first steps (n, p, C).

        A key holds the expected next step and the expected last step of a window. Noise affects
        neither, so it does not count when windows are compared. A rising and a falling wave at the
        same level differ in the last step. Units are sigma, and the deviation of a random walk.
        """
        steps = self.gain.shape[2]
        ends = self.gain[:, :, [0, -1]] / np.sqrt([1.0, steps])
        expected: Array = np.einsum("npc,cpk->nkc", _inputs(past) / self.scale, ends)
        return expected.reshape(len(past), -1)

    def target_key(self, past: Array) -> Array:
        """Return the key of the window that should continue a series with last steps (n, p, C).

        Windows of a drifting table end a little higher than they begin. A series of them would
        climb to the upper end of the range and stay there. So the target is the window that begins
        at the quantile at which the series ends, which keeps the distribution of levels.
        """
        drops = [
            np.interp(past[:, -1, i], self.ends[:, i], self.drop[:, i])
            for i in range(len(self.sigma))
        ]
        return self.key(past - np.stack(drops, axis=-1)[:, None])

    def extend(self, past: Array, windows: Array) -> Array:
        """Return the steps (n, T - p, C) of windows (n, T, C) that continue ``past`` (n, p, C)."""
        residual = (_inputs(past) - _inputs(windows[:, : self.overlap])) / self.scale
        level = residual[:, :1] * self.gain[:, 0].T
        rest = np.einsum("npc,cpk->nkc", residual[:, 1:], self.gain[:, 1:])
        steps = rest.shape[1]
        slope = np.abs(residual[:, -1:]) * np.arange(1, steps + 1)[:, None]
        move = level + np.where(np.isinf(self.high), np.clip(rest, -slope, slope), rest)
        curve = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, steps + 1) / steps)[:, None]
        max_fade = self.rate * steps
        fade = max_fade / np.maximum(np.maximum(max_fade, np.abs(move[:, :1])), 1e-12)
        own = windows[:, self.overlap :]
        future = own + move * self.sigma * (1 - fade * curve)
        bounded = np.clip(future, np.minimum(self.low, own), np.maximum(self.high, own))
        corrected: Array = future + curve * (bounded - future)
        return corrected


def _wanders(levels: Array) -> Array:
    """Return which features (C,) end about where they begin, by both levels (N, 2, C)."""
    begin, end = (levels.astype(np.float64) - levels.mean(axis=0)).swapaxes(0, 1)
    size = np.sqrt((begin**2).sum(axis=0) * (end**2).sum(axis=0))
    found: Array = (begin * end).sum(axis=0) >= WANDERING * size
    return found


def _inputs(past: Array) -> Array:
    """Return the last level and the increments of (n, p, C), as (n, p, C)."""
    past = past.astype(np.float64)
    return np.concatenate([past[:, -1:], np.diff(past, axis=1)], axis=1)
