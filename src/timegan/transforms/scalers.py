"""Scalers: strictly increasing maps of one feature's values, and their inverses.

A scaler is fitted on the training values of one feature. Its ``state`` is a plain dict of a few
numbers, from which `restore` makes it again.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.errors import InputError
from timegan.records import Record
from timegan.transforms.gaussian_path import sample_within_bins
from timegan.variation import deviation, divisor

EPSILON = 1e-7  # the authors' min-max divides by max - min + 1e-7
MIN_ATOM_SHARE = 0.005  # of the values, for a single value to count as an atom,
MIN_ATOM_COUNT = 5  # and how often it must occur, so that a short table has none by accident
MAX_NODES = 1_000
JITTER = 0.5  # share of an atom's interval over which its rows are spread; 0 is its middle


class Scaler(Protocol):
    """A strictly increasing map of one feature and its inverse, both in float64."""

    name: ClassVar[str]

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the map from training values (n,), not all equal."""

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Map values in the table's units to the model's."""

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Map the model's units to the table's."""

    def state(self) -> dict[str, Any]:
        """Return plain numbers and lists, as keyword arguments of the class."""


@dataclass(frozen=True)
class MinMaxScaler(Record):
    """A map to [0, 1]: (v - low) / (high - low + 1e-7), as in the TimeGAN authors' code."""

    name: ClassVar[str] = "minmax"
    low: float
    high: float

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the range."""
        return cls(float(values.min()), float(values.max()))

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Map the table's units to [0, 1]."""
        return (values - self.low) / (self.high - self.low + EPSILON)

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Map [0, 1] to the table's units."""
        values = scaled * (self.high - self.low + EPSILON) + self.low
        return np.clip(values, self.low, self.high)


@dataclass(frozen=True)
class StandardScaler(Record):
    """A shift and a factor that give zero mean and unit variance."""

    name: ClassVar[str] = "standard"
    low: float
    high: float
    mean: float
    std: float

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn range, mean and (population) standard deviation."""
        low, high = float(values.min()), float(values.max())
        unit = (values - low) / (high - low)  # so that neither square nor sum leaves float64
        return cls(low, high, float(unit.mean()), float(unit.std()))

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Map the table's units to standard ones."""
        return ((values - self.low) / (self.high - self.low) - self.mean) / self.std

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Map standard units to the table's."""
        return (scaled * self.std + self.mean) * (self.high - self.low) + self.low


@dataclass(frozen=True)
class LogScaler(Record):
    """The logarithm of a positive feature, with zero mean and unit variance.

    Args:
        low: smallest training value.
        high: largest one.
        mean: of the logarithms.
        std: of the same.
    """

    name: ClassVar[str] = "log"
    low: float
    high: float
    mean: float
    std: float

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the range, and mean and deviation of the logarithms.

        Raises:
            InputError: a value is not above zero.
        """
        if (low := float(values.min())) <= 0:
            raise InputError(
                f"dataset.scaling=log: a column has the value {low:g}, and only numbers above zero "
                "have a logarithm. Set dataset.scaling=auto."
            )
        logs = np.log(values)
        mean, std = float(logs.mean()), divisor(deviation(logs))
        return cls(low, float(values.max()), mean, std)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Map the table's units to standardized logarithms."""
        return np.asarray((np.log(values) - self.mean) / self.std)

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Map standardized logarithms to the table's units."""
        with np.errstate(over="ignore"):  # infinite values are clipped like other large ones
            return np.asarray(np.exp(scaled * self.std + self.mean))


@dataclass(frozen=True)
class QuantileNormalizer(Record):
    """A map to a normal distribution by rank, with zero mean and unit variance.

    A value goes to the normal quantile of its mid-rank, linearly between at most 1,000 nodes. A
    value with more than 0.5 % of the rows is an *atom*: it owns the whole interval of quantiles
    that its share fills. The inverse maps the interval to this very value.

    Args:
        nodes: increasing values in the table's units.
        quantiles: that the nodes go to.
        atoms: which of the nodes are atoms.
        below: the quantile at which each atom's interval begins.
        above: the quantile at which it ends.
        mean: of the training values' quantiles.
        std: of the same.
    """

    name: ClassVar[str] = "rank"
    nodes: list[float]
    quantiles: list[float]
    atoms: list[int]
    below: list[float]
    above: list[float]
    mean: float = 0.0
    std: float = 1.0

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn nodes and atoms."""
        distinct, counts = np.unique(values, return_counts=True)
        before = np.cumsum(counts) - counts
        middle = before + counts / 2
        heavy = (counts > MIN_ATOM_SHARE * values.size) & (counts >= MIN_ATOM_COUNT)
        kept = _thin(middle, heavy)
        atoms = kept[heavy[kept]]
        raw = cls(
            nodes=distinct[kept].tolist(),
            quantiles=_quantiles(middle[kept], values.size),
            atoms=np.flatnonzero(heavy[kept]).tolist(),
            below=_quantiles(before[atoms], values.size),
            above=_quantiles((before + counts)[atoms], values.size),
        )
        scores = np.repeat(raw.transform(distinct), counts)
        return replace(raw, mean=float(scores.mean()), std=float(scores.std()))

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Map the table's units to standardized normal quantiles."""
        nodes, quantiles = np.array(self.nodes), np.array(self.quantiles)
        below, above = self._intervals()
        values = np.clip(values, nodes[0], nodes[-1])
        left = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, len(nodes) - 2)
        share = (values - nodes[left]) / (nodes[left + 1] - nodes[left])
        scores = above[left] + share * (below[left + 1] - above[left])
        scores = np.where(values == nodes[left], quantiles[left], scores)
        scores = np.where(values == nodes[-1], quantiles[-1], scores)
        return np.asarray((scores - self.mean) / self.std)

    def extended(self, low: float, high: float, rarity: float) -> Self:
        """Return the map with its ends at given values, where they lie beyond the nodes.

        Args:
            low: value of the first node.
            high: value of the last node.
            rarity: times that a value beyond the training rows is rarer than their ends.
        """
        nodes, quantiles = list(self.nodes), list(self.quantiles)
        first, last = (float(ndtri(ndtr(-abs(q)) / rarity)) for q in (quantiles[0], quantiles[-1]))
        below = low < nodes[0]
        if below:
            nodes, quantiles = [low, *nodes], [first, *quantiles]
        if high > nodes[-1]:
            nodes, quantiles = [*nodes, high], [*quantiles, -last]
        return replace(
            self, nodes=nodes, quantiles=quantiles, atoms=[atom + below for atom in self.atoms]
        )

    def transform_with_jitter(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator, jitter: float
    ) -> np.ndarray:
        """Map values as `transform` does, with rows at an atom spread over the atom's interval.

        The inverse maps every point of the interval to the atom.

        Args:
            values: (n,) in the table's units.
            breaks: rows that do not follow upon the one before.
            random: generator of the places, see :mod:`timegan.transforms.gaussian_path`.
            jitter: share of the interval that is used; 0 is `transform`, 1 fills it.
        """
        scores = self.transform(values)
        if not self.atoms or jitter == 0:
            return scores
        nodes = np.array(self.nodes)[self.atoms]
        atom = np.minimum(np.searchsorted(nodes, values), nodes.size - 1)
        is_atom = nodes[atom] == values
        fixed = ndtr(scores * self.std + self.mean)
        low = np.where(is_atom, ndtr(self.below)[atom], fixed)
        high = np.where(is_atom, ndtr(self.above)[atom], fixed)
        spread = sample_within_bins(low, high, random, jitter, breaks)
        return np.where(is_atom, (spread - self.mean) / self.std, scores)

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Map standardized normal quantiles to the table's units."""
        intervals = np.stack(self._intervals(), axis=1).ravel()
        values = np.repeat(self.nodes, 2)
        return np.asarray(np.interp(scaled * self.std + self.mean, intervals, values))

    def _intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the quantiles between which each node lies; they are equal but for atoms."""
        below, above = np.array(self.quantiles), np.array(self.quantiles)
        below[self.atoms] = self.below
        above[self.atoms] = self.above
        return below, above


SCALERS: dict[str, type[Scaler]] = {
    scaler.name: scaler for scaler in (MinMaxScaler, StandardScaler, LogScaler, QuantileNormalizer)
}
"""Name in the configuration -> scaler."""


def restore(name: str, state: dict[str, Any]) -> Scaler:
    """Return a fitted scaler from its name and state."""
    return SCALERS[name](**state)


def _quantiles(ranks: np.ndarray, count: int) -> list[float]:
    """Return normal quantiles of ranks among ``count`` values, half a rank from the ends."""
    return list(ndtri(np.clip(ranks / count, 0.5 / count, 1.0 - 0.5 / count)).tolist())


def _thin(ranks: np.ndarray, atom: np.ndarray) -> np.ndarray:
    """Choose at most 1,000 of the distinct values: both ends, all atoms, the rest evenly.

    Half of the rest lies evenly by rank and half by quantile, so that the tails have theirs.
    """
    if ranks.size <= MAX_NODES:
        return np.arange(ranks.size)
    must = np.union1d(np.flatnonzero(atom), [0, ranks.size - 1])
    evenly = np.linspace(0.0, 1.0, (MAX_NODES - must.size) // 2)
    low, high = ranks[[0, -1]] / (ranks[-1] + ranks[0])
    quantiles = ndtr(ndtri(low) + evenly * (ndtri(high) - ndtri(low)))
    targets = np.concatenate([evenly, quantiles]) * (ranks[-1] + ranks[0])
    return np.union1d(must, np.clip(np.searchsorted(ranks, targets), 0, ranks.size - 1))
