"""Seasons of tables with few sequences, each of which follows the calendar in a way of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.transforms.seasonality import Seasonality, SeasonalProfile


@dataclass(frozen=True)
class SequenceSeasons:
    """A seasonality for each sequence of a table, of the same channels.

    Sequences have no names here: a sequence of any table takes the seasonality that fits it best.

    Args:
        members: one for each training sequence.
    """

    members: tuple[Seasonality, ...]

    @property
    def channels(self) -> tuple[int, ...]:
        """Numbers (C,) of the channels that have a season."""
        return self.members[0].channels

    @property
    def profiles(self) -> tuple[SeasonalProfile, ...]:
        """All profiles."""
        return tuple(profile for member in self.members for profile in member.profiles)

    @property
    def unit(self) -> str:
        """Unit of the ticks of times."""
        return self.members[0].unit

    @property
    def zone(self) -> str:
        """Time zone of the calendar."""
        return self.members[0].zone

    def shares(self) -> list[tuple[int, str, float]]:
        """Return the channel, the phase, and the mean share of its variance over sequences."""
        found: dict[tuple[int, str], float] = {}
        for member in self.members:
            for channel, words, share in member.shares():
                key = (channel, words)
                found[key] = found.get(key, 0.0) + share / len(self.members)
        return [
            (channel, f"{words}, its own in each sequence", s)
            for (channel, words), s in found.items()
        ]

    def assign(self, x: np.ndarray, times: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """Return the member (S,) that fits each sequence best, by its likelihood.

        Args:
            x: channels (R, M) of rows.
            times: (R,) of the rows.
            bounds: (S, 2) rows of each sequence.
        """
        costs = []
        for member in self.members:
            mean, std = member.mean_and_std(times)
            away = (x[:, list(member.channels)] - mean) / std
            costs.append((np.log(std) + np.square(away) / 2).sum(axis=1))
        sums = np.add.reduceat(np.stack(costs), bounds[:, 0], axis=1)
        return np.asarray(sums.argmin(axis=0))

    def remove(self, x: np.ndarray, times: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Return channels (R, M) at times (R,) with normal scores, by the member (R,) of each."""
        return self._by_member(x, times, members, lambda member: member.remove)

    def add(self, x: np.ndarray, times: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Return channels (n, T, M) at times (n, T) of what a model generates, by member (n,)."""
        return self._by_member(x.astype(np.float64), times, members, lambda member: member.add)

    def calibrated(self, x: np.ndarray) -> Self:
        """Return the seasons that make normal scores of what a model generates (m, M)."""
        first = self.members[0].calibrated(x)
        return replace(
            self,
            members=tuple(replace(m, calibrations=first.calibrations) for m in self.members),
        )

    def state(self) -> dict[str, Any]:
        """Return plain numbers, strings and lists."""
        return {"members": [member.state() for member in self.members]}

    def _by_member(
        self,
        x: np.ndarray,
        times: np.ndarray,
        members: np.ndarray,
        way: Callable[[Seasonality], Callable[[np.ndarray, np.ndarray], np.ndarray]],
    ) -> np.ndarray:
        out = x.copy()
        for number in np.unique(members):
            mine = members == number
            out[mine] = way(self.members[number])(x[mine], times[mine])
        return out


def seasons_from_state(state: dict[str, Any]) -> Seasonality | SequenceSeasons:
    """Return the seasons that a state describes.

    Raises:
        ValueError: their parts do not fit together.
    """
    if "members" not in state:
        return Seasonality.from_state(state)
    members = tuple(Seasonality.from_state(member) for member in state["members"])
    if not members or any(m.channels != members[0].channels for m in members):
        raise ValueError("seasons of sequences whose channels differ")
    return SequenceSeasons(members)
