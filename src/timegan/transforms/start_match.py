"""Start times that suit a window: what the calendar explains beside levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import linear_sum_assignment

from timegan.records import Record
from timegan.transforms.calendar_phases import CalendarPhases
from timegan.variation import divisor

GROUP = 64
"""Windows that exchange start times among each other. Larger groups cost more than they gain."""
PARTS = 4
"""Parts of a window that are described one by one."""
HARMONICS = 3
"""Waves of a period, of which a description is a sum."""
MIN_SHARE = 0.05
"""Share of a description's variance that the phase has to explain."""
SMALLEST = 0.05
"""Size of changes, relative to the mean size, that counts as none."""
MIN_WINDOWS = 500


@dataclass(frozen=True)
class StartMatch(Record):
    """How training windows look by the phase at which they start.

    Models learn windows without their season, and may start anywhere. But a window in which night
    follows day is not any window: its values may be quiet in the first half. So the windows of a
    group and the times that were drawn for them are matched. Each time is used once.

    Args:
        unit: of the ticks of times.
        zone: time zone of the calendar; empty where times are local.
        periods: names in `timegan.transforms.calendar_phases.PERIODS`.
        smallest: (M,) size of changes of a part that counts as none, for each channel.
        descriptions: numbers of the descriptions that depend on the phase.
        coefficients: (K, F) of the waves, whose sum is the mean description.
        deviations: (F,) of descriptions from that mean.
    """

    unit: str
    zone: str
    periods: tuple[str, ...]
    smallest: tuple[float, ...]
    descriptions: tuple[int, ...]
    coefficients: tuple[tuple[float, ...], ...]
    deviations: tuple[float, ...]

    @classmethod
    def fit(
        cls, windows: np.ndarray, times: np.ndarray, unit: str, zone: str, periods: Sequence[str]
    ) -> Self | None:
        """Learn from training windows (N, T, M) and the times (N,) at which they start.

        Returns:
            None: there are few windows, or the phase explains nothing.
        """
        if len(windows) < MIN_WINDOWS or windows.shape[1] < 2:
            return None
        sizes = np.abs(np.diff(windows.astype(np.float64), axis=1)).mean(axis=(0, 1))
        smallest = SMALLEST * divisor(sizes)
        found, waves = describe(windows, smallest), _waves(times, unit, zone, periods)
        coefficients = np.linalg.lstsq(waves, found, rcond=None)[0]
        left, size = (found - waves @ coefficients).var(axis=0), found.var(axis=0)
        used = np.flatnonzero(1 - left / divisor(size) >= MIN_SHARE)
        if not used.size:
            return None
        return cls(
            unit,
            zone,
            tuple(periods),
            tuple(smallest.tolist()),
            tuple(used.tolist()),
            tuple(map(tuple, coefficients[:, used].tolist())),
            tuple(np.sqrt(left[used]).tolist()),
        )

    def assign(self, windows: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return which time (n,) each window (n, T, M) starts at, by its number.

        Windows exchange times within groups of `GROUP`, counted from the first.
        """
        deviations = divisor(np.array(self.deviations))
        found = describe(windows, np.array(self.smallest))
        own = found[:, list(self.descriptions)] / deviations
        waves = _waves(times, self.unit, self.zone, self.periods)
        wanted = waves @ np.array(self.coefficients) / deviations
        order = np.arange(len(windows))
        for first in range(0, len(windows), GROUP):
            rows = slice(first, first + GROUP)
            # The squares of either side are the same for every assignment.
            order[rows] = first + linear_sum_assignment(-own[rows] @ wanted[rows].T)[1]
        return order


def describe(windows: np.ndarray, smallest: np.ndarray) -> np.ndarray:
    """Describe windows (N, T, M) by the size of changes and the mean in each part, (N, F)."""
    x = np.asarray(windows, dtype=np.float64)
    moves = np.abs(np.diff(x, axis=1))
    parts = [np.log(_mean(moves, part) + smallest) for part in _parts(moves.shape[1])]
    parts += [_mean(x, part) for part in _parts(x.shape[1])]
    return np.concatenate(parts, axis=1)


def _parts(steps: int) -> list[np.ndarray]:
    return np.array_split(np.arange(steps), min(PARTS, steps))


def _mean(x: np.ndarray, steps: np.ndarray) -> np.ndarray:
    mean: np.ndarray = x[:, steps[0] : steps[-1] + 1].mean(axis=1)
    return mean


def _waves(times: np.ndarray, unit: str, zone: str, periods: Sequence[str]) -> np.ndarray:
    """Return a constant, and sines and cosines of phases (N,), as (N, K)."""
    phases = CalendarPhases.of(times, unit, zone)
    angles = [
        2 * np.pi * wave * phases.phase(period)
        for period in periods
        for wave in range(1, HARMONICS + 1)
    ]
    waves = [np.ones(len(times)), *map(np.sin, angles), *map(np.cos, angles)]
    return np.stack(waves, axis=1)
