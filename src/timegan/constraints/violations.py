"""Which rows break a rule, and which it can be asked of at all."""

import numpy as np

from timegan.constraints.types import Bounds, Equal, Monotone, Order, Rule, Steps, Sum, Values
from timegan.tables.value_grid import is_multiple


def broken(
    rule: Rule,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    starts: np.ndarray | None = None,
) -> np.ndarray:
    """The steps that break a rule; a missing value (NaN) breaks nothing.

    Args:
        rule: columns as positions in the last axis of ``values``.
        values: (n, T, C) in the table's units.
        mask: (n, T) true where a step is real and not padding; None: all are.
        starts: (n, T) true where a sequence begins within the T steps (besides the first).

    Returns:
        (n, T) booleans. A monotone rule is broken at the step that moves the wrong way.
    """
    if isinstance(rule, Monotone):
        now, before, known = _moves(rule, values, mask, starts)
        found = known & ((now < before) if rule.rising else (now > before))
    elif isinstance(rule, Bounds):
        column = values[..., rule.column]
        found = np.zeros(column.shape, dtype=bool)
        if rule.low is not None:
            found |= column < rule.low
        if rule.high is not None:
            found |= column > rule.high
    elif isinstance(rule, Steps):
        column = values[..., rule.column]
        found = ~is_multiple(column, rule.step, rule.offset, rule.precision)
    elif isinstance(rule, Values):
        found = _unknown(values[..., rule.column], np.asarray(rule.known))
    elif isinstance(rule, Order):
        found = values[..., rule.above] < values[..., rule.below]
    elif isinstance(rule, Equal):
        first, second = values[..., rule.first], values[..., rule.second]
        found = (first < second) | (first > second)
    else:
        found = np.abs(residual(rule, values)) > rule.slack
    return found if mask is None else found & mask


def asked(
    rule: Rule,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    starts: np.ndarray | None = None,
) -> np.ndarray:
    """The steps (n, T) that could break a rule: no value is missing, nor the one before."""
    if isinstance(rule, Monotone):
        return _moves(rule, values, mask, starts)[2]
    known: np.ndarray = ~np.isnan(values[..., rule.columns[0]])
    for column in rule.columns[1:]:
        known &= ~np.isnan(values[..., column])
    return known if mask is None else known & mask


def residual(rule: Sum, values: np.ndarray) -> np.ndarray:
    """By how much the columns (..., C) miss the sum; NaN where one is missing."""
    total = np.full(values.shape[:-1], -rule.constant)
    for column, coefficient in zip(rule.columns, rule.coefficients, strict=True):
        total += coefficient * values[..., column]
    return total


def _unknown(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    slack = 1e-6 * float(np.ptp(known)) if len(known) > 1 else 1e-9 * abs(float(known[0]))
    place = np.searchsorted(known, values)
    below = known[np.clip(place - 1, 0, len(known) - 1)]
    above = known[np.clip(place, 0, len(known) - 1)]
    found: np.ndarray = np.minimum(np.abs(values - below), np.abs(values - above)) > slack
    return found


def _moves(
    rule: Monotone, values: np.ndarray, mask: np.ndarray | None, starts: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each value (n, T), the last known one before it in its sequence, and whether both exist."""
    now = values[..., rule.column]
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
