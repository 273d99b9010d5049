"""Scores of completions of windows: do draws follow what is given, and spread as the truth does?

Shapes: K draws, N windows, T steps, C columns. Beside the draws of a model stand those of simple
methods, which learn from training windows, and draws that were made for another window.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from timegan.metrics.fidelity.classifier_tests import booster, window_features
from timegan.metrics.forecasts import coverage, crps, spread_ratio
from timegan.metrics.roc import auc
from timegan.seeds import rng
from timegan.variation import deviation, divisor

Array = np.ndarray
Draws = Callable[[Array], Array]
"""Draws (K, N, T, C) for windows (N, T, C), of which the cells to be drawn are NaN."""

LEVELS = (0.5, 0.9)
"""Shares of the truth that central intervals of draws should contain."""
TREES = 60
"""Trees of the classifier of pairs."""
MIN_PAIRS = 100
"""Windows from which on there is a classifier of pairs."""
FAN_WINDOWS = 3
"""Windows of a fan chart."""
FAN_COLUMNS = 4
"""Columns of a fan chart at most."""
FAN_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of a fan chart."""


def unknown_steps(steps: int) -> dict[str, Array]:
    """Return the steps (T,) that are drawn: the second half as a forecast, the middle as a gap.

    >>> {task: steps.astype(int).tolist() for task, steps in unknown_steps(4).items()}
    {'forecast': [0, 0, 1, 1], 'gap': [0, 1, 1, 0]}
    """
    place, half = np.arange(steps), steps // 2
    first = half // 2
    return {"forecast": place >= half, "gap": (place >= first) & (place < first + half)}


def last_value(train: Array, count: int) -> Draws:
    """Return the last value, moved on by changes that training windows have from there."""

    def draw(given: Array) -> Array:
        past = known_steps(given)
        some = rng(0, "last").integers(len(train), size=(count, len(given)))
        made = given[:, [past - 1]] + train[some] - train[some][:, :, [past - 1]]
        return np.where(np.isnan(given), made, given)

    return draw


def interpolated(train: Array, count: int) -> Draws:
    """Return straight lines across gaps, with the errors that they make in training windows."""

    def line(given: Array) -> Array:
        flat = np.moveaxis(given, 1, 2).reshape(-1, given.shape[1])
        filled = pd.DataFrame(flat).interpolate(axis=1, limit_direction="both").to_numpy()
        return np.moveaxis(filled.reshape(len(given), given.shape[2], -1), 1, 2)

    def draw(given: Array) -> Array:
        some = rng(0, "line").integers(len(train), size=(count, len(given)))
        mean, errors = line(given), np.empty((count, *given.shape))
        for k in range(count):
            other = np.where(np.isnan(given), np.nan, train[some[k]])
            errors[k] = train[some[k]] - line(other)
        return np.where(np.isnan(given), mean + errors, given)

    return draw


SIMPLE = {"forecast": ("last value", last_value), "gap": ("linear interpolation", interpolated)}
"""Simple methods that a user would take otherwise, by task: their names and draws."""


def known_steps(given: Array) -> int:
    """Return how many steps of all windows are given."""
    return int(np.isnan(given[0, :, 0]).argmax())


@dataclass(frozen=True)
class Completions:
    """Completions of held-out windows.

    Args:
        train: training windows (M, T, C).
        truth: held-out windows (N, T, C).
        draws: of the model (K, N, T, C), by task, see `unknown_steps`.
        pairs: more held-out windows (P, T, C), and one forecast of each.
        features: names of the columns.
    """

    train: Array
    truth: Array
    draws: Mapping[str, Array]
    pairs: tuple[Array, Array]
    features: list[str]

    def scores(self) -> list[dict[str, Any]]:
        """Return a row for each task and method."""
        rows = []
        steps = unknown_steps(self.truth.shape[1])
        for task, draws in self.draws.items():
            given = np.where(steps[task][:, None], np.nan, self.truth)
            name, simple = SIMPLE[task]
            methods = {
                "model": draws,
                name: simple(self.train, len(draws))(given),
                "draws for another window": np.roll(draws, len(self.truth) // 2, axis=1),
            }
            for method, made in methods.items():
                rows.append({"task": task, "method": method} | self._row(made, steps[task]))
        return rows

    def _row(self, made: Array, unknown: Array) -> dict[str, Any]:
        scale = divisor(deviation(self.train, (0, 1)))
        drawn, truth = made[:, :, unknown] / scale, self.truth[:, unknown] / scale
        inside = {f"coverage_{level:.0%}": coverage(drawn, truth, level).mean() for level in LEVELS}
        spread = spread_ratio(drawn, truth)
        known = spread[np.isfinite(spread)]
        return {
            "crps": float(crps(drawn, truth).mean()),
            **{name: float(value) for name, value in inside.items()},
            "spread": float(known.mean()) if known.size else None,
        }

    def pair_aucs(self, seed: int) -> dict[str, float | None]:
        """Return how well a classifier tells forecasts from the truth that followed upon a past.

        Areas under the ROC curve on windows that the classifier has not seen: 0.5 is chance.
        """
        truth, made = self.pairs
        count, past = len(truth), int((~unknown_steps(truth.shape[1])["forecast"]).sum())
        if count < MIN_PAIRS:
            return {"model": None, "another window": None}
        other = np.concatenate([truth[:, :past], np.roll(truth, count // 2, axis=0)[:, past:]], 1)
        return {
            "model": _told(truth, made, past, seed),
            "another window": _told(truth, other, past, seed),
        }

    def fans(self) -> list[dict[str, Any]]:
        """Return forecasts of a few windows: the truth, and quantiles of the draws."""
        draws, count = self.draws["forecast"], len(self.truth)
        windows = np.linspace(0, count - 1, min(count, FAN_WINDOWS)).astype(int)
        return [
            {
                "feature": name,
                "past": int(unknown_steps(self.truth.shape[1])["forecast"].argmax()),
                "truth": self.truth[i, :, c].tolist(),
                "quantiles": np.quantile(draws[:, i, :, c], FAN_SHARES, axis=0).tolist(),
            }
            for c, name in enumerate(self.features[:FAN_COLUMNS])
            for i in windows
        ]


def _told(truth: Array, made: Array, past: int, seed: int) -> float:
    """Return the area of a classifier that learns from the first windows and sees the last ones.

    The windows in between are left out, as they may share rows with either.
    """
    part = len(truth) * 9 // 20
    real, drawn = _pair_features(truth, past), _pair_features(made, past)
    x = np.concatenate([real[:part], drawn[:part]])
    classifier = booster(TREES, seed).fit(x, np.repeat((1, 0), part))
    return float(auc(*(classifier.decision_function(side[-part:]) for side in (real, drawn))))


def _pair_features(windows: Array, past: int) -> Array:
    """Return features of windows, and of how each goes on after its first ``past`` steps."""
    last = windows[:, past - 1]
    jump, rise = windows[:, past] - last, windows[:, past:].mean(axis=1) - last
    return np.concatenate([window_features(windows), np.abs(jump), rise], axis=1)


def completion_scores(completions: Completions, seed: int) -> dict[str, Any]:
    """Return the part ``completion`` of ``metrics.json``.

    Coverage and spread are best at the level and at 1. The CRPS is in deviations of each column.

    Args:
        completions: of windows that neither training nor calibration has seen.
        seed: of the classifier.
    """
    return {
        "windows": len(completions.truth),
        "draws": len(completions.draws["forecast"]),
        "scores": completions.scores(),
        "auc": completions.pair_aucs(seed),
        "fans": completions.fans(),
    }
