"""Violations of constraints: the rows that violate one, and the rows that could."""

import numpy as np

from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    LinearInequality,
    Monotone,
    Multiples,
    Range,
)
from timegan.tables.value_grid import is_multiple


def violations(
    constraint: Constraint,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    starts: np.ndarray | None = None,
) -> np.ndarray:
    """Return the steps that violate a constraint; a missing value (NaN) violates none.

    Args:
        constraint: columns as positions in the last axis of ``values``.
        values: (n, T, C) in the table's units.
        mask: (n, T) true where a step is real and not padding; None: all are.
        starts: (n, T) true where a sequence begins within the T steps (besides the first).

    Returns:
        (n, T) booleans. A monotone constraint is violated at the step that moves the wrong way.
    """
    if isinstance(constraint, Monotone):
        now, before, known = _moves(constraint, values, mask, starts)
        found = known & ((now < before) if constraint.rising else (now > before))
    elif isinstance(constraint, Range):
        column = values[..., constraint.column]
        found = np.zeros(column.shape, dtype=bool)
        if constraint.low is not None:
            found |= column < constraint.low
        if constraint.high is not None:
            found |= column > constraint.high
    elif isinstance(constraint, Multiples):
        column = values[..., constraint.column]
        found = ~is_multiple(column, constraint.step, constraint.offset, constraint.precision)
    elif isinstance(constraint, AllowedValues):
        found = _is_unknown(values[..., constraint.column], np.asarray(constraint.known))
    elif isinstance(constraint, Inequality):
        found = values[..., constraint.above] < values[..., constraint.below]
    elif isinstance(constraint, Equality):
        first, second = values[..., constraint.first], values[..., constraint.second]
        found = (first < second) | (first > second)
    elif isinstance(constraint, LinearInequality):
        found = residual(constraint, values) < -constraint.slack
    else:
        found = np.abs(residual(constraint, values)) > constraint.slack
    return found if mask is None else found & mask


def applicable(
    constraint: Constraint,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    starts: np.ndarray | None = None,
) -> np.ndarray:
    """Return the steps (n, T) that could violate a constraint, because no value is missing."""
    if isinstance(constraint, Monotone):
        return _moves(constraint, values, mask, starts)[2]
    known: np.ndarray = ~np.isnan(values[..., constraint.columns[0]])
    for column in constraint.columns[1:]:
        known &= ~np.isnan(values[..., column])
    return known if mask is None else known & mask


def violation_rate(
    constraint: Constraint,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    starts: np.ndarray | None = None,
) -> float:
    """Return the share of applicable steps (n, T) that violate a constraint; 0 if none apply.

    The arguments are those of `violations`.
    """
    count = int(applicable(constraint, values, mask, starts).sum())
    return float(violations(constraint, values, mask, starts).sum() / count) if count else 0.0


def residual(constraint: LinearEquality | LinearInequality, values: np.ndarray) -> np.ndarray:
    """Return the sum of columns (..., C) minus its constant; NaN where a value is missing."""
    total = np.full(values.shape[:-1], -constraint.constant)
    for column, coefficient in zip(constraint.columns, constraint.coefficients, strict=True):
        total += coefficient * values[..., column]
    return total


def _is_unknown(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return which values differ from all known ones by more than a rounding error."""
    slack = 1e-6 * float(np.ptp(known)) if len(known) > 1 else 1e-9 * abs(float(known[0]))
    place = np.searchsorted(known, values)
    below = known[np.clip(place - 1, 0, len(known) - 1)]
    above = known[np.clip(place, 0, len(known) - 1)]
    found: np.ndarray = np.minimum(np.abs(values - below), np.abs(values - above)) > slack
    return found


def _moves(
    constraint: Monotone, values: np.ndarray, mask: np.ndarray | None, starts: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each value (n, T), the last known one before it, and where both exist."""
    now = values[..., constraint.column]
    known = ~np.isnan(now)
    if mask is not None:
        known &= mask
    steps = np.arange(now.shape[1])
    last = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    before = np.concatenate([np.full((len(now), 1), -1), last[:, :-1]], axis=1)
    if starts is not None:
        first = np.maximum.accumulate(np.where(starts, steps, 0), axis=1)
        before = np.where(before >= first, before, -1)
    return now, np.take_along_axis(now, np.maximum(before, 0), axis=1), known & (before >= 0)
