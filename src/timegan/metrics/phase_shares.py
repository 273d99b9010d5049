"""Shares of a column's variance that the phases of a calendar period explain."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from timegan.relations import Rows
from timegan.relations.calendar_parts import PARTS
from timegan.transforms.calendar_phases import CalendarPhases

GROUPS = 10
"""Parts in the order of time, each of which is left out once to find the error of a share."""

SECONDS_PER_DAY = 86_400


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Phase:
    """A place in a period of the calendar.

    Args:
        label: for people.
        period: the period, as `timegan.transforms.calendar_phases.PERIODS` has it.
        first: the lowest phase.
        count: different phases.
        names: of the phases in figures; empty where they are numbers.
    """

    label: str
    period: str
    first: int
    count: int
    names: tuple[str, ...] = ()

    def codes(self, local_time: np.ndarray, part: str) -> np.ndarray:
        """Return the phase (R,) of each time, counted from 0."""
        return np.asarray(PARTS[part](local_time), dtype=np.int64) - self.first


PHASES: Mapping[str, Phase] = MappingProxyType(
    {
        "hour": Phase("hour of the day", "day", 0, 24),
        "weekday": Phase(
            "weekday", "week", 0, 7, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        ),
        "day": Phase("day of the month", "month", 1, 31),
        "month": Phase("month", "year", 1, 12, MONTHS),
    }
)
"""Phases that are looked at, by the name of the part of the time."""


@dataclass(frozen=True)
class Share:
    """Share of a column that a phase explains.

    Args:
        share: of the variance.
        error: its standard error.
        means: of each phase, NaN where it has no rows.
        counts: rows of each phase.
        whole: the share itself, which chance makes larger than ``share``.
        group_sums: (G, P) sums of values, less one number for all, at each phase of each part.
        group_counts: (G, P) their numbers.
    """

    share: float
    error: float
    means: np.ndarray
    counts: np.ndarray
    whole: float
    group_sums: np.ndarray
    group_counts: np.ndarray

    @property
    def reliability(self) -> float:
        """Part of the variance between phases that is not chance."""
        return self.share / self.whole if self.whole > 0 else 0.0

    def follows(self, other: "Share") -> tuple[float, float]:
        """Return how much of another profile this one has, and the standard error of that.

        It is the slope of this profile on the other one: 1 where both are the same, 0 where this
        one has nothing of it. Chance in the other profile, which makes slopes smaller, is undone.
        """
        size = min(len(self.means), len(other.means))
        n, s = self.group_counts[:, :size], self.group_sums[:, :size]
        profile = np.nan_to_num(other.means[:size] - np.nanmean(other.means[:size]))
        n = np.where(np.isnan(other.means[:size]), 0, n)
        if other.reliability <= 0:
            return 0.0, float("inf")

        def slope(counts: np.ndarray, sums: np.ndarray) -> float:
            total = max(counts.sum(), 1)
            away = profile - counts @ profile / total
            variance = counts @ np.square(away)
            return float(away @ np.where(counts > 0, sums, 0) / variance) if variance > 0 else 0.0

        whole = slope(n.sum(0), s.sum(0)) / other.reliability
        if len(n) < 2:
            return whole, float("inf")
        left = np.array([slope(n.sum(0) - n[g], s.sum(0) - s[g]) for g in range(len(n))])
        left /= other.reliability
        return whole, float(np.sqrt((len(n) - 1) * np.square(left - left.mean()).mean()))


class Side:
    """Rows with their phases, in groups that follow one another in time."""

    def __init__(self, rows: Rows, part: str, owner: np.ndarray | None = None) -> None:
        """Take the rows; each owner (R,) has a profile of its own, and -1 has none."""
        self.rows, self.owner = rows, owner
        self.size = PHASES[part].count
        if rows.local_time is None or not len(rows):
            return
        phases = PHASES[part].codes(rows.local_time, part)
        cycle = np.floor(calendar_phases(rows).cycles(PHASES[part].period)).astype(np.int64)
        rank = np.unique(cycle, return_inverse=True)[1]
        count = int(rank.max()) + 1
        self.groups = min(GROUPS, count)
        if owner is not None:
            phases = owner * self.size + phases
            self.size *= int(owner.max()) + 1
        self.cell = rank * self.groups // count * self.size + phases

    def measure(self, column: str, code: float | None) -> Share | None:
        """Return what the phase explains of a column, or of one value of a category."""
        if self.rows.local_time is None or column not in self.rows.columns:
            return None
        values = feature_values(self.rows, column, code)
        here = ~np.isnan(values)
        if self.owner is not None:
            here &= self.owner >= 0
        if here.sum() < 2:
            return None
        values, cell = values[here], self.cell[here]
        if self.owner is None:
            middle = float(values.mean())
        else:
            middle, values = 0.0, values - owner_means(values, self.owner[here])
        away, size = values - middle, self.groups * self.size
        n, s, q = (
            np.bincount(cell, weights=w, minlength=size).reshape(self.groups, self.size)
            for w in (np.ones(len(away)), away, np.square(away))
        )
        whole = _explained(n.sum(0), s.sum(0), q.sum())
        means = np.where(n.sum(0) > 0, s.sum(0) / np.maximum(n.sum(0), 1) + middle, np.nan)
        if self.groups < 2:
            return Share(whole, 0.0, means, n.sum(0), whole, s, n)
        left = np.array(
            [
                _explained(n.sum(0) - n[g], s.sum(0) - s[g], q.sum() - q[g].sum())
                for g in range(self.groups)
            ]
        )
        error = np.sqrt((self.groups - 1) * np.square(left - left.mean()).mean())
        unbiased = self.groups * whole - (self.groups - 1) * left.mean()
        clipped = float(np.clip(unbiased, 0, 1))
        return Share(clipped, float(error), means, n.sum(0), whole, s, n)


def _explained(n: np.ndarray, s: np.ndarray, q: float) -> float:
    """Return the share of variance between phases from their counts, sums and sum of squares."""
    count = n.sum()
    offset = s.sum() ** 2 / max(count, 1)
    total = q - offset
    between = float((np.square(s) / np.maximum(n, 1)).sum() - offset)
    return between / total if total > 1e-12 * max(q, 1e-300) else 0.0


def feature_values(rows: Rows, column: str, code: float | None) -> np.ndarray:
    """Return a column (R,), or where it has one value of a category; NaN is missing."""
    values = rows.columns[column]
    return values if code is None else np.where(np.isnan(values), np.nan, values == code)


def owner_means(values: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return for each row (R,) the mean of its owner's known values."""
    here = ~np.isnan(values)
    sums = np.bincount(owner, weights=np.where(here, values, 0.0))
    return np.asarray((sums / np.maximum(np.bincount(owner, weights=here), 1))[owner])


def calendar_phases(rows: Rows) -> CalendarPhases:
    """Return the local times of rows, which have some."""
    assert rows.local_time is not None
    days, seconds = np.divmod(rows.local_time, SECONDS_PER_DAY)
    return CalendarPhases(days.astype(np.int64), seconds)
