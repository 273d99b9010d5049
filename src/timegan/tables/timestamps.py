"""Moments and lengths of time as seconds in float64, exact to the tick where that can be."""

from dataclasses import replace

import numpy as np

from timegan.tables.date_formats import NOTHING
from timegan.tables.fields import Field
from timegan.tables.ticks import from_local, to_local

NATURAL = (86_400, 3_600, 60, 1)
"""Seconds to which dates are commonly given."""


def encode_moments(ticks: np.ndarray, field: Field) -> np.ndarray:
    """Seconds (R,) of ticks, counted from the field's offset; NaN where nothing is."""
    empty = ticks == NOTHING
    counted = np.where(empty, field.offset, ticks)
    if field.wall:
        counted = to_local(counted, field.unit, field.zone)
    whole, rest = np.divmod(counted - field.offset, field.per_second)
    return np.where(empty, np.nan, whole + rest / field.per_second)


def decode_moments(seconds: np.ndarray, field: Field) -> np.ndarray:
    """Ticks (R,) of seconds, the other way round: the nearest on the field's steps."""
    empty = np.isnan(seconds)
    steps = np.rint(np.where(empty, 0, seconds) * (field.per_second / field.step))
    most = (2.0**62 - abs(field.offset)) / field.step
    ticks = np.clip(steps, -most, most).astype(np.int64) * field.step + field.offset
    if field.wall:
        ticks = from_local(ticks, field.unit, field.zone)
    return np.where(empty, NOTHING, ticks)


def measured(field: Field, ticks: np.ndarray) -> Field:
    """The field with the offset, step and clock by which float64 seconds hold these ticks exactly.

    Dates of one time of day in a zone with summer time are counted on the wall's clock. Nothing is
    taken off where float64 can do without, so that two columns of dates compare.

    Args:
        ticks: of all rows that have one.
    """
    plain = _with_step(field, ticks, 0)
    if plain.zone:
        local = _with_step(replace(field, wall=True), ticks, 0)
        if local.step > plain.step and _exact(local, ticks):
            return local
    return plain if _exact(plain, ticks) else _with_step(field, ticks, int(ticks.min()))


def _with_step(field: Field, ticks: np.ndarray, offset: int) -> Field:
    """The longest natural step, a day or less, on which all ticks lie."""
    counted = to_local(ticks, field.unit, field.zone) if field.wall else ticks
    common = int(np.gcd.reduce(counted - offset))
    steps = [seconds * field.per_second for seconds in NATURAL]
    steps += [field.per_second // 10**k for k in range(1, 10) if field.per_second % 10**k == 0]
    step = next((s for s in steps if common % s == 0), 1)
    return replace(field, offset=offset, step=step)


def _exact(field: Field, ticks: np.ndarray) -> bool:
    return np.array_equal(decode_moments(encode_moments(ticks, field), field), ticks)
