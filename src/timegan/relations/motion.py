"""Columns that move in one way: by the same step in every row, or never down."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.relation import ColumnRelation, by_chance
from timegan.relations.rows import Rows
from timegan.tables.value_grid import exact_decimals

MIN_STEPS = 10
"""Steps within sequences on which a fixed increment must be seen."""

MIN_SEQUENCES = 5
"""Sequences of three rows or more, each of which must have one increment."""

SINGLE_PRECISION = 2.5e-7
"""Error of a step between two numbers in single precision, relative to them."""

MAX_ROUNDING = 0.02
"""Rounding of the steps of a column with a fixed increment, relative to it."""

MIN_LEVELS = 20
"""Distinct values from which on a column that only rises is learned by its increments."""


@dataclass(frozen=True)
class FixedIncrement(ColumnRelation):
    """A column that changes by the same amount in every row of every sequence.

    Args:
        increment: from each row to the next.
        decimals: of the column; None leaves it unrounded.
        tolerance: by which steps differ from it: the rounding of two values, and that of sums in
            single precision.
    """

    kind: ClassVar[str] = "fixed increment"
    unit: ClassVar[str] = "steps"
    increment: float
    decimals: int | None = None
    tolerance: float = 0.0

    def describe(self) -> str:
        """Return it in words."""
        verb = "rises" if self.increment > 0 else "falls"
        rounded = ", rounded" if self.tolerance else ""
        return f"{self.column} {verb} by {abs(self.increment):.10g} in every row{rounded}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps within sequences have the increment, up to rounding."""
        values = rows.columns[self.column]
        steps = np.diff(values)[rows.follows[1:]]
        largest = np.nanmax(np.abs(values), initial=0.0)
        error = self.tolerance + 1e-9 * max(largest, abs(self.increment))
        kept: np.ndarray = np.abs(steps - self.increment) <= error
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the value at a window's start only."""
        label = self.column
        if not draft.may_change(label) or not draft.has_other_features(label):
            return False
        draft.add_start(label, draft.columns[label])
        draft.drop(label)
        return True

    def restore(self, block: Block) -> None:
        """Return the cumulative sum of the increments from the value at the start."""
        steps = next(iter(block.columns.values())).shape[1]
        values = block.starts[self.column][:, None] + self.increment * np.arange(steps)
        block.set(self.column, _rounded(values, self.decimals))


@dataclass(frozen=True)
class SteadyIncrement(ColumnRelation):
    """A column that changes by the same amount in every row of a sequence, another in each.

    Args:
        decimals: of the column; None leaves it unrounded.
    """

    kind: ClassVar[str] = "steady increment"
    unit: ClassVar[str] = "sequences"
    decimals: int | None = None

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.column} changes by one amount within each sequence"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which sequences of three rows or more have one increment, up to rounding."""
        values = rows.columns[self.column]
        tolerance = 1e-9 * np.nanmax(np.abs(values), initial=0.0)
        bent = np.zeros(len(values), dtype=np.int64)
        both = rows.follows[2:] & rows.follows[1:-1]
        bent[2:] = both & ~(np.abs(np.diff(values, n=2)) <= tolerance)
        bends = np.add.reduceat(bent, rows.bounds[:, 0])
        kept: np.ndarray = bends[rows.lengths > 2] == 0
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the value at a window's start and the increment."""
        label = self.column
        if not draft.may_change(label) or not draft.has_other_features(label):
            return False
        values = draft.columns[label]
        step = np.zeros_like(values)
        step[1:] = np.where(draft.rows.follows[1:], np.diff(values), 0.0)
        first = draft.rows.bounds[:, 0]
        second = np.minimum(first + 1, draft.rows.bounds[:, 1] - 1)
        draft.add_start(label, values)
        draft.add_start(self._step_label, np.repeat(step[second], draft.rows.lengths))
        draft.drop(label)
        return True

    def restore(self, block: Block) -> None:
        """Return the cumulative sum of the increments from the value at the start."""
        steps = np.arange(next(iter(block.columns.values())).shape[1])
        values = (
            block.starts[self.column][:, None] + block.starts[self._step_label][:, None] * steps
        )
        block.set(self.column, _rounded(values, self.decimals))

    @property
    def _step_label(self) -> str:
        return f"{self.column} step"


@dataclass(frozen=True)
class Monotone(ColumnRelation):
    """A column that never falls, or never rises, within a sequence.

    Args:
        rising: whether it never falls.
        decimals: of the column; None leaves it unrounded.
    """

    kind: ClassVar[str] = "one direction"
    unit: ClassVar[str] = "steps"
    rising: bool
    decimals: int | None = None

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.column} never {'falls' if self.rising else 'rises'} within a sequence"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps between present values of a sequence keep the direction."""
        steps = _steps(rows, self.column)
        kept: np.ndarray = steps >= 0 if self.rising else steps <= 0
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the value at a window's start, and the increments.

        Columns with holes or few values stay as they are: a constraint orders their values.
        """
        label = self.column
        values, field = draft.rows.columns[label], draft.rows.fields[label]
        if not draft.may_change(label) or field.type != "number" or np.isnan(values).any():
            return False
        if len(np.unique(values)) < MIN_LEVELS:
            return False
        increments = np.empty_like(values)
        increments[1:] = np.diff(values)
        first = np.flatnonzero(~draft.rows.follows)
        usual = float(np.median(_steps(draft.rows, label)))
        after = np.minimum(first + 1, len(values) - 1)
        # Nothing lies before a sequence's first row: its next increment is as good as any.
        increments[first] = np.where(draft.rows.follows[after], increments[after], usual)
        draft.add_start(label, values)
        dtype = "int64" if self.decimals == 0 else "float64"
        draft.replace(label, replace(field, dtype=dtype), _rounded(increments, self.decimals))
        return True

    def restore(self, block: Block) -> None:
        """Return the cumulative sum of the increments from the value at the start."""
        increments = block.columns[self.column].copy()
        increments = np.maximum(increments, 0) if self.rising else np.minimum(increments, 0)
        increments[:, 0] = block.starts[self.column]
        block.set(self.column, _rounded(np.cumsum(increments, axis=1), self.decimals))


def find_motion(rows: Rows) -> list[ColumnRelation]:
    """Find numbers and dates that move by one step, or in one direction.

    Half of the changes of a column without direction are upwards. So a column that only rises in
    n changes does so by chance with probability 2^-n, and needs 20 changes.
    """
    found: list[ColumnRelation] = []
    for label, values in rows.columns.items():
        field = rows.fields[label]
        if field.type in ("category", "boolean"):
            continue
        steps = _steps(rows, label)
        if steps.size < MIN_STEPS:
            continue
        decimals = exact_decimals(values[~np.isnan(values)])
        reason = f"in all {steps.size:,} steps"
        fixed = _fixed(rows, label, steps, decimals)
        if fixed is not None:
            found.append(replace(fixed, reason=reason))
            continue
        steady = SteadyIncrement("", label, decimals)
        if _is_steady(steady, rows, steps):
            count = int((rows.lengths > 2).sum())
            found.append(
                replace(steady, reason=f"in all {count:,} sequences of three rows or more")
            )
            continue
        changes = steps[steps != 0]
        if not by_chance(0.5, changes.size) and (changes.min() > 0 or changes.max() < 0):
            reason += f", of which {changes.size:,} change it"
            found.append(Monotone(reason, label, bool(changes[0] > 0), decimals))
    return found


def _fixed(
    rows: Rows, label: str, steps: np.ndarray, decimals: int | None
) -> FixedIncrement | None:
    """Return the fixed increment of a column, exact or rounded, if it has one.

    Rounded values lie on a line within each sequence. The rounding is far smaller than the
    increment, so that a column with various steps has none.
    """
    values = rows.columns[label]
    if np.isnan(values).any():
        return None
    fixed = FixedIncrement("", label, _usual(values, float(np.median(steps))), decimals)
    if fixed.increment and fixed.kept(rows).all():
        return fixed
    increment = float(steps.mean())
    largest = float(np.abs(values).max())
    tolerance = SINGLE_PRECISION * largest if decimals is None else 1.0000001 * 10.0**-decimals
    if tolerance > MAX_ROUNDING * abs(increment):
        return None
    starts = np.repeat(rows.bounds[:, 0], rows.lengths)
    width = tolerance if decimals is not None else tolerance * rows.lengths.max()
    for digits in range(1, 13):
        step = float(f"{increment:.{digits}g}")
        rounded = FixedIncrement("", label, step, decimals, tolerance)
        line = values[starts] + step * (np.arange(len(values)) - starts)
        if (np.abs(values - line) <= width).all() and rounded.kept(rows).all():
            return rounded
    return None


def _is_steady(relation: SteadyIncrement, rows: Rows, steps: np.ndarray) -> bool:
    """Decide whether each sequence has one increment, and not by accident."""
    values = rows.columns[relation.column]
    kept = relation.kept(rows)
    if np.isnan(values).any() or len(kept) < MIN_SEQUENCES or not kept.all() or not steps.any():
        return False
    counts = np.unique(np.round(steps, 9), return_counts=True)[1]
    agree = float(((counts / steps.size) ** 2).sum())
    return not by_chance(agree, steps.size - len(rows.lengths))


def _steps(rows: Rows, label: str) -> np.ndarray:
    """Return the changes from each present value to the next one of its sequence."""
    values = rows.columns[label]
    present = np.flatnonzero(~np.isnan(values))
    sequence = np.cumsum(~rows.follows)[present]
    steps: np.ndarray = np.diff(values[present])[np.diff(sequence) == 0]
    return steps


def _usual(values: np.ndarray, step: float) -> float:
    """Return a step, rounded as far as the size of the values allows."""
    digits = 12 - int(np.ceil(np.log10(max(float(np.nanmax(np.abs(values))), 1e-300))))
    return round(step, min(max(digits, 0), 15))


def _rounded(values: np.ndarray, decimals: int | None) -> np.ndarray:
    return values if decimals is None else np.round(values, decimals)
