"""Draws from the first rows of training windows: times, values, context columns."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from timegan.seeds import rng, uniforms
from timegan.variation import divisor


def _nothing() -> np.ndarray:
    return np.empty((0, 0))


@dataclass(frozen=True)
class WindowDraws:
    """Facts about N training windows, in the order of time, of which samples draw one each.

    Args:
        times: at which they start; None: the table has no time.
        starts: (N, D) values of their first rows that are drawn.
        contexts: (N, K) learned context columns; (0, 0) where there are enough sequences to learn
            what lies between them.
        firsts: (M, D) such values of the first rows of whole sequences.
        first_range: (2, A) lowest and highest value at the first rows of whole sequences, of those
            that are learned.
        members: number of each window's seasons among those of `SequenceSeasons`.
    """

    times: tuple[float, ...] | None = None
    starts: np.ndarray = field(default_factory=_nothing)
    contexts: np.ndarray = field(default_factory=_nothing)
    firsts: np.ndarray = field(default_factory=_nothing)
    first_range: np.ndarray = field(default_factory=_nothing)
    members: tuple[int, ...] = ()

    def first_excess(self, starts: np.ndarray) -> np.ndarray:
        """Return how far learned values (n, A) are from those of first rows, in deviations (n,)."""
        if not self.first_range.size:
            return np.zeros(len(starts))
        away = starts - np.clip(starts, *self.first_range)
        size = np.array([divisor(v) for v in starts.std(axis=0)])
        excess: np.ndarray = np.square(away / size).sum(axis=1)
        return excess

    def numbers(self, count: int, seed: int, first: int) -> np.ndarray:
        """Draw a window (n,) for each sequence from number ``first`` on."""
        total = max(len(self.times or ()), len(self.starts), len(self.contexts))
        return self._draw(count, seed, first, total)

    def draw_firsts(self, count: int, seed: int, first: int) -> np.ndarray:
        """Draw values (n, D) of the first row of a whole sequence for each sequence."""
        drawn: np.ndarray = self.firsts[self._draw(count, seed, first, len(self.firsts))]
        return drawn

    @staticmethod
    def _draw(count: int, seed: int, first: int, total: int) -> np.ndarray:
        uniform = uniforms(seed, "starts", first=first, count=count)[:, 0]
        return (uniform * total).astype(np.int64)

    def draw_members(
        self, count: int, seed: int, first: int, context: np.ndarray | None
    ) -> np.ndarray:
        """Draw seasons (n,) for each sequence, those of a window with its context (n, K)."""
        if not self.members:
            return np.zeros(count, dtype=np.int64)
        numbers = self.numbers(count, seed, first)
        if context is not None and self.contexts.size:
            size = np.array([divisor(v) for v in np.nanstd(self.contexts, axis=0)])
            for i, row in enumerate(context[:, : self.contexts.shape[1]]):
                away = np.nan_to_num(np.abs((self.contexts - row) / size)).sum(axis=1)
                near = np.flatnonzero(away <= away.min() + 1e-9)
                if numbers[i] not in near:
                    numbers[i] = near[rng(seed, "season", first + i).integers(len(near))]
        members: np.ndarray = np.array(self.members, dtype=np.int64)[numbers]
        return members

    def state(self) -> dict[str, Any]:
        """Return plain numbers and lists, with None where a value is missing."""
        contexts = [[None if np.isnan(v) else v for v in row] for row in self.contexts.tolist()]
        return {
            "times": self.times and list(self.times),
            "starts": self.starts.tolist() if self.starts.size else [],
            "contexts": contexts if self.contexts.size else [],
            "firsts": self.firsts.tolist() if self.firsts.size else [],
            "first_range": self.first_range.tolist() if self.first_range.size else [],
            "members": list(self.members),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the draws that `state` describes.

        Raises:
            ValueError: its parts have different lengths.
        """
        tables = [
            np.array(state[name], np.float64) if state[name] else _nothing()
            for name in ("starts", "contexts", "firsts", "first_range")
        ]
        starts, contexts, firsts, first_range = tables
        times, members = state["times"], tuple(int(member) for member in state["members"])
        lengths = {len(part) for part in (times or (), starts, contexts, members)} - {0}
        if len(lengths) > 1 or any(table.ndim != 2 for table in tables):
            raise ValueError("values at the start of windows whose numbers differ")
        return cls(times and tuple(times), starts, contexts, firsts, first_range, members)
