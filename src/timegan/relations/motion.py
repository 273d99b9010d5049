"""Columns that move in one way: by the same step in every row, or never down."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows

MIN_STEPS = 10
"""Steps within sequences on which a fixed increment must be seen."""


@dataclass(frozen=True)
class FixedIncrement(Relation):
    """A column that changes by the same amount in every row of every sequence.

    Args:
        column: its label.
        increment: from each row to the next.
    """

    kind: ClassVar[str] = "fixed increment"
    unit: ClassVar[str] = "steps"
    column: str
    increment: float

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def describe(self) -> str:
        """Return it in words."""
        verb = "rises" if self.increment > 0 else "falls"
        return f"{self.column} {verb} by {abs(self.increment):.10g} in every row"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps within sequences have the increment, up to rounding."""
        values = rows.columns[self.column]
        steps = np.diff(values)[rows.follows[1:]]
        largest = np.nanmax(np.abs(values), initial=0.0)
        kept: np.ndarray = np.abs(steps - self.increment) <= 1e-9 * max(
            largest, abs(self.increment)
        )
        return kept


@dataclass(frozen=True)
class Monotone(Relation):
    """A column that never falls, or never rises, within a sequence.

    Args:
        column: its label.
        rising: whether it never falls.
    """

    kind: ClassVar[str] = "one direction"
    unit: ClassVar[str] = "steps"
    column: str
    rising: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.column} never {'falls' if self.rising else 'rises'} within a sequence"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps between present values of a sequence keep the direction."""
        steps = _steps(rows, self.column)
        kept: np.ndarray = steps >= 0 if self.rising else steps <= 0
        return kept


def find_motion(rows: Rows) -> list[Relation]:
    """Find numbers and dates that move by one step, or in one direction.

    Half of the changes of a column without direction are upwards. So a column that only rises in
    n changes does so by chance with probability 2^-n, and needs 20 changes.
    """
    found: list[Relation] = []
    for label, values in rows.columns.items():
        field = rows.fields[label]
        if field.type in ("category", "boolean"):
            continue
        steps = _steps(rows, label)
        if steps.size < MIN_STEPS:
            continue
        fixed = FixedIncrement(f"in all {steps.size:,} steps", label, _usual(values, steps))
        if fixed.increment and not np.isnan(values).any() and fixed.kept(rows).all():
            found.append(fixed)
            continue
        changes = steps[steps != 0]
        if not by_chance(0.5, changes.size) and (changes.min() > 0 or changes.max() < 0):
            reason = f"in all {steps.size:,} steps, of which {changes.size:,} change it"
            found.append(Monotone(reason, label, bool(changes[0] > 0)))
    return found


def _steps(rows: Rows, label: str) -> np.ndarray:
    """Return the changes from each present value to the next one of its sequence."""
    values = rows.columns[label]
    present = np.flatnonzero(~np.isnan(values))
    sequence = np.cumsum(~rows.follows)[present]
    steps: np.ndarray = np.diff(values[present])[np.diff(sequence) == 0]
    return steps


def _usual(values: np.ndarray, steps: np.ndarray) -> float:
    """Return the median step, rounded as far as the size of the values allows."""
    median = float(np.median(steps))
    digits = 12 - int(np.ceil(np.log10(max(float(np.nanmax(np.abs(values))), 1e-300))))
    return round(median, min(max(digits, 0), 15))
