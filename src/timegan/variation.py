"""Variation of values, where a deviation, a range or a norm below rounding is exactly zero.

The deviation of a column that holds 14.62 in every row is 1e-15 in floating point, and not zero.
Everything that divides by a deviation, or asks whether a column varies, asks these functions.
Means and deviations leave out NaN, which stands for a cell without a value.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

ROUNDING = 8
"""Machine epsilons, relative to the largest value, up to which a difference is rounding."""

Array = npt.NDArray[Any]
Axis = int | tuple[int, ...] | None


def negligible(size: npt.ArrayLike, largest: npt.ArrayLike, dtype: npt.DTypeLike = float) -> Any:
    """Return where ``size`` is rounding, as a boolean or an array of them.

    Args:
        size: deviations, ranges or norms; not negative.
        largest: the largest absolute value among those that each was computed from.
        dtype: floating-point type of the computation.

    >>> negligible(1.8e-15, 14.62), negligible(1e-9, 14.62), negligible(0.0, 0.0)
    (True, False, True)
    """
    found = np.asarray(size) <= ROUNDING * np.finfo(dtype).eps * np.abs(largest)
    return found if found.ndim else bool(found)


def known_mean(values: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """Return means of the known values along ``axis``, NaN where there is none.

    >>> known_mean(np.array([[1.0, np.nan], [3.0, np.nan]]), 0).tolist()
    [2.0, nan]
    """
    known = ~np.isnan(values)
    if known.all() and values.size:
        return np.asarray(values.mean(axis=axis, keepdims=keepdims))
    count = known.sum(axis=axis, keepdims=keepdims)
    total = np.where(known, values, 0.0).sum(axis=axis, keepdims=keepdims)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def largest_known(values: Array, axis: Axis = None) -> Array:
    """Return the largest magnitude of known values along ``axis``, NaN where there is none."""
    return np.asarray(np.fmax.reduce(np.abs(values), axis=axis, initial=np.nan))


def centred(values: npt.ArrayLike, axis: Axis = None) -> Array:
    """Return the values less their mean along ``axis``: exactly zero where all are equal.

    The mean of a million equal values differs from them by rounding. It is therefore taken of the
    distances from one of the values.
    """
    x = np.asarray(values, dtype=np.float64)
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    lengthwise = {a % x.ndim for a in axes}
    first = x[tuple(slice(0, 1) if a in lengthwise else slice(None) for a in range(x.ndim))]
    if np.isnan(first).any():
        first = np.fmax.reduce(x, axis=axis, keepdims=True)
    away = x - first
    away -= known_mean(away, axis, keepdims=True)
    return away


def deviation(
    values: npt.ArrayLike, axis: Axis = None, largest: npt.ArrayLike | None = None
) -> Any:
    """Return the population standard deviation along ``axis``, exactly zero below rounding.

    Args:
        values: numbers of any shape.
        axis: to reduce; None: all axes, which gives a float.
        largest: magnitude of what the values were computed from, where that is larger than they
            are. Differences of large values inherit their rounding.

    >>> deviation([14.62] * 1000), deviation([0.0, 2.0])
    (0.0, 1.0)
    """
    x = np.asarray(values, dtype=np.float64)
    if largest is None:
        largest = largest_known(x, axis)
    found = np.sqrt(known_mean(np.square(centred(x, axis)), axis))
    found = np.where(negligible(found, largest), 0.0, found)
    return found if found.ndim else float(found)


def span(low: npt.ArrayLike, high: npt.ArrayLike) -> Any:
    """Return the range from ``low`` to ``high``, exactly zero below rounding.

    >>> span(1.3, 1.3 + 4e-16), span(1.0, 3.0)
    (0.0, 2.0)
    """
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    found = high - low
    found = np.where(negligible(found, np.maximum(np.abs(low), np.abs(high))), 0.0, found)
    return found if found.ndim else float(found)


def divisor(size: npt.ArrayLike) -> Any:
    """Return sizes to divide by: 1 in place of each zero.

    >>> divisor(0.0), divisor([0.0, 2.0]).tolist()
    (1.0, [1.0, 2.0])
    """
    found = np.asarray(size)
    found = np.where(found > 0, found, found.dtype.type(1))
    return found if found.ndim else float(found)
