"""Discrete values as intervals of a normal distribution, and monotone maps of quantiles."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr, ndtri

from timegan.records import Record
from timegan.transforms.gaussian_path import sample_within_bins
from timegan.transforms.scalers import JITTER
from timegan.variation import deviation, divisor

MAX_NODES = 200
NODES = (5, 9, 21, 50, 100)  # of the maps that are tried
STANDARDIZATION_ROWS = 2_000
FIRST_ORDER = 3  # sizes of first differences
MAX_SACRIFICE = 0.05  # distribution error, in deviations, that smaller errors of changes may cost

Quantiles = Callable[[np.ndarray], np.ndarray]
"""Quantiles at given probabilities."""


@dataclass(frozen=True)
class ThresholdCode(Record):
    """A yes or no as one channel: yes above a threshold of the standard normal, no below.

    Args:
        share: of yes among the training rows.
        rows: number of training rows.
        mean: of the channel before it is standardized.
        std: of the same.
        cut: threshold for what the model generates; None before calibration.
        jitter: share of its interval over which a row is spread.
    """

    share: float
    rows: int
    mean: float = 0.0
    std: float = 1.0
    cut: float | None = None
    jitter: float = JITTER

    @classmethod
    def fit(cls, is_on: np.ndarray, jitter: float = JITTER) -> Self:
        """Learn the share of yes (n,)."""
        raw = cls(float(is_on.mean()), is_on.size, jitter=jitter)
        # Always the same rows, with the training share of either answer.
        rows = np.arange(STANDARDIZATION_ROWS) < STANDARDIZATION_ROWS * raw.share
        channel = raw.transform(rows, np.arange(rows.size), np.random.default_rng(0))
        return replace(raw, mean=float(channel.mean()), std=divisor(deviation(channel)))

    @property
    def threshold(self) -> float:
        """The normal quantile between no and yes, at least half a row from the ends."""
        edge = 0.5 / self.rows
        return float(ndtri(np.clip(1.0 - self.share, edge, 1.0 - edge)))

    def transform(
        self, is_on: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map yes or no (n,) to a channel (n,); ``breaks`` are rows that begin a sequence."""
        edge = float(ndtr(self.threshold))
        low, high = np.where(is_on, edge, 0.0), np.where(is_on, 1.0, edge)
        path = sample_within_bins(low, high, random, self.jitter, breaks)
        return np.asarray((path - self.mean) / self.std)

    def excess(self, channel: np.ndarray) -> np.ndarray:
        """Return how far a channel is above the threshold, in normal quantiles."""
        cut = self.threshold if self.cut is None else self.cut
        return np.asarray(channel * self.std + self.mean - cut)

    def inverse_transform(self, channel: np.ndarray) -> np.ndarray:
        """Map a channel to yes or no."""
        return self.excess(channel) >= 0.0

    def calibrate(self, channel: np.ndarray) -> Self:
        """Return the code whose threshold this channel (m,) exceeds as often as in training."""
        scores = np.sort(channel * self.std + self.mean)
        below = round((1.0 - self.share) * scores.size)
        edges = np.concatenate([scores[:1] - 1.0, scores, scores[-1:] + 1.0])
        return replace(self, cut=float((edges[below] + edges[below + 1]) / 2))


@dataclass(frozen=True)
class ChannelShape(Record):
    """Distribution of the values of a training channel, and the size of its changes.

    Args:
        quantiles: of the values, at the middles of equal shares.
        changes: see `change_sizes`, those of higher differences only where changes persist from
            step to step; empty where changes do not count.
    """

    quantiles: list[float]
    changes: list[float]

    @classmethod
    def fit(cls, channel: np.ndarray, breaks: np.ndarray | None = None) -> Self:
        """Measure a channel (m,); None in place of its ``breaks``: changes do not count."""
        changes = [] if breaks is None else change_sizes(channel, breaks)
        is_smooth = len(changes) > FIRST_ORDER and changes[FIRST_ORDER] < changes[0]
        changes = changes if is_smooth else changes[:FIRST_ORDER]
        return cls(np.quantile(channel, _shares(MAX_NODES // 2)).tolist(), changes)

    def errors(self, channel: np.ndarray, breaks: np.ndarray) -> tuple[float, float]:
        """Return how far a channel (m,) is from this shape.

        Returns:
            The Wasserstein distance of the values over their deviation, and the mean absolute
            logarithm of the ratios of the sizes of changes.
        """
        wanted = np.asarray(self.quantiles)
        away = np.abs(np.quantile(channel, _shares(wanted.size)) - wanted).mean()
        distance = float(away) / divisor(deviation(wanted))
        sizes = change_sizes(channel, breaks)
        pairs = [(a, b) for a, b in zip(sizes, self.changes, strict=False) if min(a, b) > 0]
        return distance, float(np.mean([abs(np.log(a / b)) for a, b in pairs])) if pairs else 0.0


def change_sizes(channel: np.ndarray, breaks: np.ndarray) -> list[float]:
    """Return the sizes of changes within sequences (m,), whose first rows are ``breaks``.

    They are the deviation, median size and 99 % quantile of first differences, and the deviations
    of second and third ones. A smooth series has small ones, and a map that bends adds to them.
    """
    steps = _differences(channel, breaks, 1)
    if not steps.size:
        return []
    sizes = np.abs(steps)
    found = [float(steps.std()), float(np.median(sizes)), float(np.quantile(sizes, 0.99))]
    higher = [_differences(channel, breaks, order) for order in (2, 3)]
    return found + [float(one.std()) for one in higher if one.size]


def _differences(channel: np.ndarray, breaks: np.ndarray, order: int) -> np.ndarray:
    """Return differences of an order, without those across the first row of a sequence."""
    steps = np.diff(channel, n=order)
    crossing = (breaks[breaks > 0][:, None] - np.arange(1, order + 1)).ravel()
    return np.delete(steps, crossing[(crossing >= 0) & (crossing < steps.size)])


@dataclass(frozen=True)
class QuantileMap(Record):
    """A smooth monotone map of generated values onto wanted ones (quantile mapping).

    Between its nodes it is a monotone cubic spline (Fritsch and Butland, 1984). Beyond them it is
    a shift. A map with many nodes restores the distribution of values closely, but its slope
    jumps from node to node, which changes the size of steps. `choose` weighs one against the other.

    Args:
        made: increasing quantiles of what the model generates.
        wanted: quantiles that they go to.
    """

    made: list[float]
    wanted: list[float]

    @classmethod
    def fit(cls, scores: np.ndarray, wanted: Quantiles, nodes: int) -> Self:
        """Learn the map that is right at equal shares, see `between`."""
        return cls.between(scores, _shares(nodes), wanted)

    @classmethod
    def between(cls, scores: np.ndarray, shares: np.ndarray, wanted: Quantiles) -> Self:
        """Learn the map that is right at given shares.

        Args:
            scores: (m,) as the model generates them.
            shares: increasing probabilities.
            wanted: gives the wanted quantile of each probability.
        """
        made, first = np.unique(np.quantile(scores, shares), return_index=True)
        return cls(made.tolist(), wanted(shares[first]).tolist())

    @classmethod
    def choose(
        cls,
        scores: np.ndarray,
        wanted: Quantiles,
        errors: Callable[[np.ndarray], tuple[float, float]],
        edges: np.ndarray,
    ) -> Self | None:
        """Return the map with the least sum of errors in the distribution and in changes.

        Candidates have few or many nodes. Those with far more distribution error than the best of
        them are out.

        Args:
            scores: (m,) as the model generates them.
            wanted: gives the wanted quantile of each probability.
            errors: of mapped scores, see `ChannelShape.errors`.
            edges: probabilities at which every map must be right: where frequent values begin and
                end. Without any, no map is among the candidates.
        """
        edges = np.unique(edges[(edges > 0) & (edges < 1)])
        if edges.size > MAX_NODES // 2:
            edges = edges[np.linspace(0, edges.size - 1, MAX_NODES // 2).round().astype(np.int64)]
        maps: list[Self | None] = [
            cls.between(scores, np.union1d(_shares(n), edges), wanted) for n in NODES
        ]
        if not edges.size:
            maps.append(None)
        found = [errors(scores if one is None else one(scores)) for one in maps]
        limit = MAX_SACRIFICE + min(distance for distance, _ in found)
        total = [sum(pair) if pair[0] <= limit else np.inf for pair in found]
        return maps[int(np.argmin(total))]

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Map what the model generates."""
        if len(self.made) < 2:
            return scores + (self.wanted[0] - self.made[0])
        inside = np.clip(scores, self.made[0], self.made[-1])
        return np.asarray(self._spline(inside) + (scores - inside))

    @cached_property
    def _spline(self) -> PchipInterpolator:
        return PchipInterpolator(self.made, self.wanted)


def _shares(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count
