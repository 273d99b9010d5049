"""Discrete values as intervals of a normal distribution, and monotone maps of quantiles."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.records import Record
from timegan.transforms.gaussian_path import sample_within_bins
from timegan.transforms.scalers import JITTER
from timegan.variation import deviation, divisor

MAX_NODES = 200
STANDARDIZATION_ROWS = 2_000


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
class QuantileMap(Record):
    """A monotone map of generated values onto wanted ones (quantile mapping).

    It is linear between nodes. Beyond them it is a shift.

    Args:
        made: increasing quantiles of what the model generates.
        wanted: quantiles that they go to, of the standard normal or of the training rows.
    """

    made: list[float]
    wanted: list[float]

    @classmethod
    def fit(cls, scores: np.ndarray, edges: np.ndarray) -> Self:
        """Learn the map onto the standard normal.

        Args:
            scores: (m,) as the model generates them.
            edges: probabilities at which it must be right: where frequent values begin and end.
        """
        even = (np.arange(MAX_NODES // 2) + 0.5) / (MAX_NODES // 2)
        edges = np.unique(edges[(edges > 0) & (edges < 1)])
        if edges.size > MAX_NODES // 2:
            edges = edges[np.linspace(0, edges.size - 1, MAX_NODES // 2).round().astype(np.int64)]
        shares = np.union1d(even, edges)
        made, first = np.unique(np.quantile(scores, shares), return_index=True)
        return cls(made.tolist(), ndtri(shares[first]).tolist())

    @classmethod
    def between(cls, made: list[float], wanted: list[float]) -> Self:
        """Return the map of quantiles onto others at equal shares."""
        distinct, first = np.unique(made, return_index=True)
        return cls(distinct.tolist(), np.asarray(wanted)[first].tolist())

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Map what the model generates."""
        inside = np.interp(scores, self.made, self.wanted)
        beyond = np.minimum(scores - self.made[0], 0.0) + np.maximum(scores - self.made[-1], 0.0)
        return np.asarray(inside + beyond)
