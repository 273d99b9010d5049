"""Discrete things as stretches of a normal distribution: flags, and maps that set shares right."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.transforms.gaussian_path import spread
from timegan.transforms.scalers import JITTER
from timegan.variation import deviation, divisor

KNOTS = 200  # most nodes of a map


@dataclass(frozen=True)
class Flag:
    """Yes or no as one channel: no below a threshold of the standard normal, yes above.

    Args:
        share: of yes among the training rows.
        rows: how many those were.
        mean: of the channel before it is standardised.
        std: of the same.
        cut: the threshold for what the model makes; None is the one of the training rows.
        jitter: share of its stretch over which a row is spread.
    """

    share: float
    rows: int
    mean: float = 0.0
    std: float = 1.0
    cut: float | None = None
    jitter: float = JITTER

    @classmethod
    def fit(cls, on: np.ndarray, jitter: float = JITTER) -> Self:
        """Learn the share of yes (n,)."""
        raw = cls(float(on.mean()), on.size, jitter=jitter)
        # As many rows of either answer as there are, but always the same spots.
        some = np.arange(2_000) < 2_000 * raw.share
        spots = raw.encode(some, np.arange(some.size), np.random.default_rng(0))
        return replace(raw, mean=float(spots.mean()), std=divisor(deviation(spots)))

    @property
    def threshold(self) -> float:
        """The normal quantile between no and yes, half a row from the ends at least."""
        edge = 0.5 / self.rows
        return float(ndtri(np.clip(1.0 - self.share, edge, 1.0 - edge)))

    def encode(self, on: np.ndarray, breaks: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Yes or no (n,) to a channel (n,); ``breaks`` are rows that begin a series."""
        edge = float(ndtr(self.threshold))
        low, high = np.where(on, edge, 0.0), np.where(on, 1.0, edge)
        return np.asarray((spread(low, high, random, self.jitter, breaks) - self.mean) / self.std)

    def excess(self, channel: np.ndarray) -> np.ndarray:
        """How far a channel is above the threshold, in normal quantiles."""
        cut = self.threshold if self.cut is None else self.cut
        return np.asarray(channel * self.std + self.mean - cut)

    def decode(self, channel: np.ndarray) -> np.ndarray:
        """A channel to yes or no."""
        return self.excess(channel) >= 0.0

    def calibrate(self, channel: np.ndarray) -> Self:
        """The threshold above which this channel (m,) has the training share."""
        scores = np.sort(channel * self.std + self.mean)
        no = round((1.0 - self.share) * scores.size)
        edges = np.concatenate([scores[:1] - 1.0, scores, scores[-1:] + 1.0])
        return replace(self, cut=float((edges[no] + edges[no + 1]) / 2))

    def state(self) -> dict[str, Any]:
        """Plain numbers."""
        return asdict(self)


@dataclass(frozen=True)
class Warp:
    """A monotone map of what a model makes onto what it should make, linear between nodes.

    Args:
        made: increasing quantiles of what the model makes.
        normal: those that they go to: of the standard normal, or of the training rows.
    """

    made: list[float]
    normal: list[float]

    @classmethod
    def fit(cls, scores: np.ndarray, edges: np.ndarray) -> Self:
        """Learn the map.

        Args:
            scores: (m,) what the model makes.
            edges: probabilities at which it must be right: where atoms begin and end.
        """
        even = (np.arange(KNOTS // 2) + 0.5) / (KNOTS // 2)
        edges = np.unique(edges[(edges > 0) & (edges < 1)])
        if edges.size > KNOTS // 2:
            edges = edges[np.linspace(0, edges.size - 1, KNOTS // 2).round().astype(np.int64)]
        shares = np.union1d(even, edges)
        made, first = np.unique(np.quantile(scores, shares), return_index=True)
        return cls(made.tolist(), ndtri(shares[first]).tolist())

    @classmethod
    def between(cls, made: list[float], wanted: list[float]) -> Self:
        """The map of quantiles onto others at the same shares."""
        distinct, first = np.unique(made, return_index=True)
        return cls(distinct.tolist(), np.asarray(wanted)[first].tolist())

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """What the model makes, as it should be; beyond the nodes it is only shifted."""
        inside = np.interp(scores, self.made, self.normal)
        beyond = np.minimum(scores - self.made[0], 0.0) + np.maximum(scores - self.made[-1], 0.0)
        return np.asarray(inside + beyond)

    def state(self) -> dict[str, Any]:
        """Plain lists."""
        return asdict(self)
