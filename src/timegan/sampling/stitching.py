"""How a window is joined to the end of a series: which one fits, and what it takes to fit it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

Array = np.ndarray

RIDGE = 1e-3
"""Share of an input's variance that the regression takes for noise."""

FADE = 0.1
"""Largest part of an increment's deviation by which a correction fades in one step. It bounds what
joining does to the increments inside windows, however badly the window fitted."""

QUANTILES = np.linspace(0.0, 1.0, 65)
"""Of the levels at which windows begin and end."""

INSIDE = 0.01
"""A correction takes no level beyond this quantile of theirs, or beyond one less it, for long."""


@dataclass(frozen=True)
class Joint:
    """What the first steps of a model's windows tell of the others, learned from its windows.

    A window that follows on a series shares its first p steps with the series' last ones. It was
    not made for them, so the two differ by a residual r. The future of the window is moved by what
    such a residual means for it, E[future | past + r] - E[future | past], linear in r and feature
    by feature: conditioning of Gaussian processes along paths (Matheron's rule; Wilson et al.
    2021, "Pathwise conditioning", section 3). White noise is not moved at all, a random walk by
    the residual of its last step, a smooth path by what its slope adds. The move then fades, and
    the series comes back to the window, that is, to what the model has learned: without that it
    would walk out of the range of the data.

    Features whose windows end far from where they begin, a person's age for instance, have a trend
    that goes on: moves of theirs stay as they are.

    Args:
        overlap: p, steps that two windows share.
        sigma: (C,) root mean square of the increments inside windows.
        scale: (p, C) units of the inputs: the last level, and p - 1 increments.
        gain: (C, p, T - p) from the residual to the move, in units of sigma.
        rate: (C,) largest part of sigma by which a move fades in a step; zero for a trend.
        low: (C,) moves end above this level, but for windows that are below it themselves; minus
            infinity for a trend.
        high: (C,) the same from above.
        ends: (K, C) quantiles of the levels that windows end with.
        drop: (K, C) how far the same quantiles of the levels they begin with (at step p) are below.
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
    def fit(cls, parts: Iterable[Array], overlap: int) -> Self:
        """Learn it from windows that come in parts (n, T, C); only two steps of each are kept."""
        sums: list[Array] = []
        levels: list[Array] = []
        for part in parts:
            windows = part.astype(np.float64)
            steps = windows.shape[1]
            x = _inputs(windows[:, :overlap]).transpose(2, 0, 1)
            y = (windows[:, overlap:] - windows[:, overlap - 1, None]).transpose(2, 0, 1)
            changes = (np.diff(windows, axis=1) ** 2).mean(axis=1).sum(axis=0)
            levels.append(part[:, [overlap - 1, -1]])
            x_turned = x.transpose(0, 2, 1)
            turns = (np.diff(windows, n=2, axis=1) ** 2).sum(axis=(0, 1)) / max(steps - 2, 1)
            new = [x.sum(axis=1), y.sum(axis=1), x_turned @ x, x_turned @ y, changes, turns]
            sums = [a + b for a, b in zip(sums, new, strict=True)] if sums else new
        both = np.concatenate(levels)
        x_mean, y_mean, xx, xy, changes, turns = (total / len(both) for total in sums)
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
        trends = np.abs((end - start).mean(axis=0)) > FADE * steps * sigma
        drop = np.where(trends, 0.0, end - start)
        rough = np.minimum(np.sqrt(turns) / sigma, 1.0) if overlap > 1 else 1.0
        rate = np.where(trends, 0.0, FADE * rough)
        low, high = np.quantile(both[:, 1], [INSIDE, 1 - INSIDE], axis=0)
        low, high = np.where(trends, -np.inf, low), np.where(trends, np.inf, high)
        return cls(overlap, sigma, scale.T, gain, rate, low, high, end, drop)

    def key(self, past: Array) -> Array:
        """(n, p, C) to (n, 2 C): what is to be expected of the next step and of a window's last.

        The one in units of sigma, the other, of which less is known, in those of a random walk
        over as many steps. What bears on neither, above all noise, does not count when windows are
        compared; a rising wave and a falling one that pass the same level differ in the second.
        """
        steps = self.gain.shape[2]
        ends = self.gain[:, :, [0, -1]] / np.sqrt([1.0, steps])
        expected: Array = np.einsum("npc,cpk->nkc", _inputs(past) / self.scale, ends)
        return expected.reshape(len(past), -1)

    def wanted(self, past: Array) -> Array:
        """The key of the window that should follow on a series' last steps (n, p, C).

        Windows of a drifting table end a little higher than they begin. A series of them would
        climb to the upper end of the range and stay. What is looked for is therefore the window
        that begins at the quantile at which the series ends, so that levels stay distributed as
        they are in windows.
        """
        drops = [
            np.interp(past[:, -1, i], self.ends[:, i], self.drop[:, i])
            for i in range(len(self.sigma))
        ]
        return self.key(past - np.stack(drops, axis=-1)[:, None])

    def follow(self, past: Array, windows: Array) -> Array:
        """The steps (n, T - p, C) by which windows (n, T, C) go on from ``past`` (n, p, C)."""
        residual = (_inputs(past) - _inputs(windows[:, : self.overlap])) / self.scale
        move = np.einsum("npc,cpk->nkc", residual, self.gain)
        steps = move.shape[1]
        curve = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, steps + 1) / steps)[:, None]
        most = self.rate * steps
        gone = most / np.maximum(np.maximum(most, np.abs(move[:, :1])), 1e-12)
        own = windows[:, self.overlap :]
        future = own + move * self.sigma * (1 - gone * curve)
        within = np.clip(future, np.minimum(self.low, own), np.maximum(self.high, own))
        joined: Array = future + curve * (within - future)
        return joined


def _inputs(past: Array) -> Array:
    """The last level of (n, p, C), and its increments: (n, p, C)."""
    past = past.astype(np.float64)
    return np.concatenate([past[:, -1:], np.diff(past, axis=1)], axis=1)
