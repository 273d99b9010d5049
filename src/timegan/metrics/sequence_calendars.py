"""Calendars of single sequences: profiles that cancel in the mean over all sequences.

Stations of two hemispheres have their summers half a year apart. Each real sequence has a profile
of its own then. A sequence of another table follows that of the real sequence with the same
context, and where several have it, the profile that fits best.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from timegan.relations import Rows
from timegan.transforms.calendar_phases import CalendarPhases
from timegan.transforms.detection.seasons import MARGIN, Cells, find_seasons

MAX_CALENDARS = 50
"""Sequences, or else different contexts, up to which each can have a calendar of its own."""

MIN_OWN_SHARE = 0.05
"""Share of the variance that the profile of one sequence explains beside that of all."""


@dataclass(frozen=True)
class SequenceCalendars:
    """Real sequences, or groups of them with one context, that may have calendars of their own.

    Args:
        labels: of the context columns.
        contexts: (G, K) context of each group.
        owner: (S,) group of each real sequence.
    """

    labels: tuple[str, ...]
    contexts: np.ndarray
    owner: np.ndarray

    @classmethod
    def of(cls, real: Rows) -> Self | None:
        """Return the groups of real rows; None where there is one, or where there are many."""
        labels = tuple(label for label, field in real.fields.items() if field.role == "context")
        contexts = _contexts(real, labels)
        count = len(contexts)
        if 2 <= count <= MAX_CALENDARS:
            return cls(labels, contexts, np.arange(count))
        distinct, owner = np.unique(contexts, axis=0, return_inverse=True)
        if labels and 2 <= len(distinct) <= MAX_CALENDARS:
            return cls(labels, distinct, owner.ravel())
        return None

    def rows_of(self, rows: Rows) -> np.ndarray:
        """Return the group (R,) of each real row."""
        return np.repeat(self.owner, rows.lengths)

    def find(
        self,
        x: np.ndarray,
        phases: CalendarPhases,
        period: str,
        codes: np.ndarray,
        owner: np.ndarray,
    ) -> np.ndarray:
        """Return which features (F,) have another profile in some group than in all rows.

        What the profile of all rows leaves over must have a season by the same rule, with a margin
        that grows with the number of groups.

        Args:
            x: (R, F) features of real rows, less the mean of their group; 0 where missing.
            phases: of the rows.
            period: of the calendar.
            codes: (R,) phase of each row.
            owner: (R,) group of each row.
        """
        counts = np.maximum(np.bincount(codes), 1)[:, None]
        means = np.stack([np.bincount(codes, weights=column) for column in x.T], axis=-1) / counts
        rest = x - means[codes]
        margin = MARGIN * (1 + np.log2(len(self.contexts)))
        found = np.zeros(x.shape[1], dtype=bool)
        for group in range(len(self.contexts)):
            mine = owner == group
            part = CalendarPhases(phases.days[mine], phases.seconds[mine])
            variance = np.maximum(x[mine].var(axis=0), 1e-300)
            left = rest[mine].var(axis=0) / variance
            if not mine.any() or not (left >= MIN_OWN_SHARE).any():
                continue
            cells = Cells.of(part, rest[mine], period)
            if cells is not None:
                found |= find_seasons(cells, period, margin) * left >= MIN_OWN_SHARE
        return found

    def assign(
        self,
        rows: Rows,
        codes: np.ndarray,
        profiles: np.ndarray,
        x: np.ndarray,
        is_long: Callable[[Rows], np.ndarray],
    ) -> np.ndarray:
        """Return the group (R,) that each row of another table belongs to; -1 where it is open.

        Args:
            rows: of the other table.
            codes: (R,) phase of each row.
            profiles: (G, P, F) means of the real groups at each phase, in deviations.
            x: (R, F) features, less the mean of each sequence, in deviations; 0 where missing.
            is_long: tells which sequences (S,) are long enough to be told by their values.
        """
        allowed = self._allowed(rows)
        number = np.repeat(np.arange(len(rows.bounds)), rows.lengths)
        size = profiles.shape[1]
        index, count = number * size + codes, len(rows.bounds) * size
        counts = np.bincount(index, minlength=count).reshape(-1, size)
        sums = np.stack([np.bincount(index, weights=c, minlength=count) for c in x.T], axis=-1)
        cost = counts @ np.square(profiles).sum(axis=2).T
        cost = cost - 2 * np.einsum("spf,gpf->sg", sums.reshape(-1, size, x.shape[1]), profiles)
        chosen = np.where(allowed, cost, np.inf).argmin(axis=1)
        chosen[(allowed.sum(axis=1) > 1) & ~is_long(rows)] = -1
        return np.asarray(chosen[number])

    def _allowed(self, rows: Rows) -> np.ndarray:
        """Return which groups (S, G) have the context of each sequence, or the nearest to it."""
        known = [k for k, label in enumerate(self.labels) if label in rows.columns]
        given = _contexts(rows, [self.labels[k] for k in known])
        spread = np.ptp(self.contexts[:, known], axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        away = np.abs(given[:, None] - self.contexts[None][..., known]) / scale
        distance = away.sum(axis=2)
        allowed: np.ndarray = distance <= distance.min(axis=1, keepdims=True) + 1e-9
        return allowed


def _contexts(rows: Rows, labels: Sequence[str]) -> np.ndarray:
    """Return the context (S, K) of each sequence; a missing value is beyond all others."""
    firsts = rows.bounds[:, 0]
    columns = [np.nan_to_num(rows.columns[label][firsts], nan=-1e9) for label in labels]
    return np.stack(columns, axis=1) if columns else np.empty((len(firsts), 0))
