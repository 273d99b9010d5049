"""How a feature's values become what the model sees, and the way back.

A scaling is fitted on the training values of one feature, and is a few numbers afterwards: its
`state` is a plain dict, from which `restore` makes it again.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.errors import InputError
from timegan.transforms.gaussian_path import spread
from timegan.variation import deviation, divisor

EPSILON = 1e-7  # the authors' min-max divides by max - min + 1e-7
ATOM = 0.005  # share of the values from which a single value counts as an atom,
FEWEST = 5  # and how often it must occur at least, so that a short table has none by accident
NODES = 1_000
MIDDLES = 100
JITTER = 0.5  # share of an atom's stretch over which its rows are spread; 0 puts all at mid-rank


class Scaling(Protocol):
    """A strictly increasing map of one feature and its inverse, both in float64."""

    name: ClassVar[str]

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the map from training values (n,), not all equal."""

    def forward(self, values: np.ndarray) -> np.ndarray:
        """From the table's units to the model's."""

    def backward(self, scaled: np.ndarray) -> np.ndarray:
        """From the model's units to the table's, clipped to the training range."""

    def state(self) -> dict[str, Any]:
        """Plain numbers and lists, as keyword arguments of the class."""


@dataclass(frozen=True)
class MinMax:
    """To [0, 1]: (v - low) / (high - low + 1e-7), as the authors' code does."""

    name: ClassVar[str] = "minmax"
    low: float
    high: float

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the range."""
        return cls(float(values.min()), float(values.max()))

    def forward(self, values: np.ndarray) -> np.ndarray:
        """From the table's units to [0, 1]."""
        return (values - self.low) / (self.high - self.low + EPSILON)

    def backward(self, scaled: np.ndarray) -> np.ndarray:
        """From [0, 1] to the table's units."""
        values = scaled * (self.high - self.low + EPSILON) + self.low
        return np.clip(values, self.low, self.high)

    def state(self) -> dict[str, Any]:
        """The range."""
        return asdict(self)


@dataclass(frozen=True)
class Standard:
    """Min-max, then zero mean and unit variance: what is left of it is a shift and a factor."""

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

    def forward(self, values: np.ndarray) -> np.ndarray:
        """From the table's units to standard ones."""
        return ((values - self.low) / (self.high - self.low) - self.mean) / self.std

    def backward(self, scaled: np.ndarray) -> np.ndarray:
        """From standard units to the table's."""
        values = (scaled * self.std + self.mean) * (self.high - self.low) + self.low
        return np.clip(values, self.low, self.high)

    def state(self) -> dict[str, Any]:
        """Range, mean and standard deviation."""
        return asdict(self)


@dataclass(frozen=True)
class Log:
    """The logarithm of a positive feature, with zero mean and unit variance.

    Args:
        low: smallest training value.
        high: largest one.
        mean: of the logarithms.
        std: of the same.
        quantiles: of the standardised logarithms, at the middles of as many equal shares.
    """

    name: ClassVar[str] = "log"
    low: float
    high: float
    mean: float
    std: float
    quantiles: list[float]

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the range, and mean and deviation of the logarithms.

        Raises:
            InputError: a value is not above zero.
        """
        if (low := float(values.min())) <= 0:
            raise InputError(
                f"dataset.scaling=log: a column has the value {low:g}, and only numbers above zero "
                "have a logarithm. Give dataset.scaling=auto."
            )
        logs = np.log(values)
        mean, std = float(logs.mean()), divisor(deviation(logs))
        return cls(low, float(values.max()), mean, std, middles((logs - mean) / std))

    def forward(self, values: np.ndarray) -> np.ndarray:
        """From the table's units to standardised logarithms."""
        return np.asarray((np.log(values) - self.mean) / self.std)

    def backward(self, scaled: np.ndarray) -> np.ndarray:
        """From standardised logarithms to the table's units."""
        ends = (np.log([self.low, self.high]) - self.mean) / self.std
        values = np.exp(np.clip(scaled, *ends) * self.std + self.mean)
        return np.asarray(np.clip(values, self.low, self.high))

    def state(self) -> dict[str, Any]:
        """Range, mean, standard deviation and quantiles."""
        return asdict(self)


@dataclass(frozen=True)
class Rank:
    """To a normal distribution by rank, then to zero mean and unit variance.

    A value goes to the normal quantile of its mid-rank, linearly between at most 1,000 nodes. A
    value with more than .5 % of the mass is an *atom*: it owns the whole stretch of quantiles that
    its mass fills, so that everything in there comes back as this very value.

    Args:
        nodes: increasing values in the table's units.
        quantiles: that the nodes go to.
        atoms: which of the nodes are atoms.
        below: the quantile at which each atom's stretch begins.
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
        heavy = (counts > ATOM * values.size) & (counts >= FEWEST)
        kept = _thin(middle, heavy)
        atoms = kept[heavy[kept]]
        raw = cls(
            nodes=distinct[kept].tolist(),
            quantiles=_quantiles(middle[kept], values.size),
            atoms=np.flatnonzero(heavy[kept]).tolist(),
            below=_quantiles(before[atoms], values.size),
            above=_quantiles((before + counts)[atoms], values.size),
        )
        scores = np.repeat(raw.forward(distinct), counts)
        return replace(raw, mean=float(scores.mean()), std=float(scores.std()))

    def forward(self, values: np.ndarray) -> np.ndarray:
        """From the table's units to standardised normal quantiles."""
        nodes, quantiles = np.array(self.nodes), np.array(self.quantiles)
        below, above = self._stretches()
        values = np.clip(values, nodes[0], nodes[-1])
        left = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, len(nodes) - 2)
        share = (values - nodes[left]) / (nodes[left + 1] - nodes[left])
        scores = above[left] + share * (below[left + 1] - above[left])
        scores = np.where(values == nodes[left], quantiles[left], scores)
        scores = np.where(values == nodes[-1], quantiles[-1], scores)
        return np.asarray((scores - self.mean) / self.std)

    def spread(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator, jitter: float
    ) -> np.ndarray:
        """Like `forward`, but each row at an atom goes somewhere into the atom's stretch.

        `backward` brings every row of a stretch back to the atom.

        Args:
            values: (n,) in the table's units.
            breaks: rows that do not follow upon the one before.
            random: where in the stretch each row goes, see :mod:`timegan.transforms.gaussian_path`.
            jitter: share of the stretch that is used; 0 is `forward`, 1 fills it.
        """
        scores = self.forward(values)
        if not self.atoms or jitter == 0:
            return scores
        nodes = np.array(self.nodes)[self.atoms]
        atom = np.minimum(np.searchsorted(nodes, values), nodes.size - 1)
        on = nodes[atom] == values
        fixed = ndtr(scores * self.std + self.mean)
        low = np.where(on, ndtr(self.below)[atom], fixed)
        high = np.where(on, ndtr(self.above)[atom], fixed)
        spots = spread(low, high, random, jitter, breaks)
        return np.where(on, (spots - self.mean) / self.std, scores)

    def backward(self, scaled: np.ndarray) -> np.ndarray:
        """From standardised normal quantiles to the table's units."""
        stretches = np.stack(self._stretches(), axis=1).ravel()
        values = np.repeat(self.nodes, 2)
        return np.asarray(np.interp(scaled * self.std + self.mean, stretches, values))

    def _stretches(self) -> tuple[np.ndarray, np.ndarray]:
        """The quantiles at which each node's stretch begins and ends: only atoms have a length."""
        below, above = np.array(self.quantiles), np.array(self.quantiles)
        below[self.atoms] = self.below
        above[self.atoms] = self.above
        return below, above

    def state(self) -> dict[str, Any]:
        """Nodes, atoms, mean and standard deviation."""
        return asdict(self)


SCALINGS: dict[str, type[Scaling]] = {c.name: c for c in (MinMax, Standard, Log, Rank)}
"""Name in the config -> scaling."""


def restore(name: str, state: dict[str, Any]) -> Scaling:
    """A fitted scaling from its name and state."""
    return SCALINGS[name](**state)


def middles(values: np.ndarray) -> list[float]:
    """Quantiles at the middles of 100 equal shares."""
    return list(np.quantile(values, (np.arange(MIDDLES) + 0.5) / MIDDLES).tolist())


def _quantiles(ranks: np.ndarray, count: int) -> list[float]:
    """Normal quantiles of ranks among ``count`` values, clipped at half a rank from the ends."""
    return list(ndtri(np.clip(ranks / count, 0.5 / count, 1.0 - 0.5 / count)).tolist())


def _thin(ranks: np.ndarray, atom: np.ndarray) -> np.ndarray:
    """At most 1,000 of the distinct values: both ends, all atoms, the rest evenly.

    Half of the rest lies evenly by rank and half by quantile, so that the tails have theirs.
    """
    if ranks.size <= NODES:
        return np.arange(ranks.size)
    must = np.union1d(np.flatnonzero(atom), [0, ranks.size - 1])
    evenly = np.linspace(0.0, 1.0, (NODES - must.size) // 2)
    low, high = ranks[[0, -1]] / (ranks[-1] + ranks[0])
    quantiles = ndtr(ndtri(low) + evenly * (ndtri(high) - ndtri(low)))
    targets = np.concatenate([evenly, quantiles]) * (ranks[-1] + ranks[0])
    return np.union1d(must, np.clip(np.searchsorted(ranks, targets), 0, ranks.size - 1))
