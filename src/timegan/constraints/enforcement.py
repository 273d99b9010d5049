"""The smallest change after which rows break no constraint.

First the nearest point in real numbers, then the nearest of several ways to round it that keep the
constraints exactly.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from timegan.constraints.components import Component, components
from timegan.constraints.isotonic import isotonic_fit
from timegan.constraints.polyhedron import Polyhedron
from timegan.constraints.rounding import rounded
from timegan.constraints.types import Constraint
from timegan.constraints.violations import violations

BLOCK = 500_000  # numbers that are worked on together
ALTERNATIONS = 50
CLOSE = 1e-7  # in scaled units: what is left, the rounding mends


def enforce(
    values: np.ndarray,
    constraints: Sequence[Constraint],
    *,
    scale: np.ndarray,
    decimals: Sequence[int | None] | None = None,
    mask: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """The nearest values that break no constraint, in units of ``scale``.

    A row that breaks nothing comes back bit by bit; where a column never falls (or rises), that is
    said of its sequence. Missing values stay missing, padding is left as it is.

    Args:
        values: (n, T, C) in the table's units.
        constraints: those to keep; some row must be able to keep them all.
        scale: (C,) what counts as a change of 1, such as each column's standard deviation.
        decimals: of each column, to which changed values are rounded (None: they are not) where
            no constraint gives a step.
        mask: (n, T) true where a step is no padding.
        names: of the columns, for messages.

    Raises:
        InputError: constraints of which one leaves nothing of what another allows.
    """
    result = np.array(values, dtype=np.float64)
    for component in components(constraints, np.asarray(scale, dtype=np.float64), decimals, names):
        bad = np.zeros(result.shape[:2], dtype=bool)
        for constraint in component.constraints:
            bad |= violations(constraint, result, mask)
        if not bad.any():
            continue
        if component.over_time:
            units = max(1, BLOCK // (result.shape[1] * len(component.members)))
            rows = np.flatnonzero(bad.any(axis=1))
            for chosen in _chunks(rows, units):
                seen = None if mask is None else mask[chosen]
                result[chosen] = _settled(result[chosen], component, seen)
        else:
            first, second = np.nonzero(bad)
            for chosen in _chunks(np.arange(len(first)), max(1, BLOCK // len(component.members))):
                at = first[chosen], second[chosen]
                result[at] = _settled(result[at][:, None], component, None)[:, 0]
    return result


def _chunks(items: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for first in range(0, len(items), size):
        yield items[first : first + size]


def _settled(values: np.ndarray, component: Component, mask: np.ndarray | None) -> np.ndarray:
    """Sequences (k, T, C) with the component's columns changed to keep its constraints."""
    scattered = np.empty((*values.shape[:2], len(component.members)))
    for v, group in enumerate(component.members):
        columns = values[..., list(group)]
        if mask is not None:
            columns = np.where(mask[..., None], columns, np.nan)
        scattered[..., v] = _mean(columns)
    kept = rounded(nearest_real(scattered, component), scattered, component)
    result = values.copy()
    for v, group in enumerate(component.members):
        for column in group:
            here = ~np.isnan(values[..., column])
            if mask is not None:
                here &= mask
            result[..., column] = np.where(here, kept[..., v], values[..., column])
    return result


def _mean(columns: np.ndarray) -> np.ndarray:
    """Mean of equal columns (..., g) where they are known: in the same unit, they weigh the same.

    Columns that are the same already keep their bits.
    """
    first = columns[..., 0]
    for i in range(1, columns.shape[-1]):
        first = np.where(np.isnan(first), columns[..., i], first)
    off = columns - first[..., None]
    count = np.maximum((~np.isnan(off)).sum(axis=-1), 1)
    return np.asarray(first + np.nansum(off, axis=-1) / count)


def nearest_real(start: np.ndarray, component: Component) -> np.ndarray:
    """The nearest points (k, T, m) that keep bounds, orderings, sums and directions.

    Multiples and few values are left to the rounding. Where orderings or sums meet directions, the
    projections on either alternate (Dykstra), which comes as near as the rounding needs.
    """
    low = np.array([domain.low for domain in component.domains])
    high = np.array([domain.high for domain in component.domains])
    tied = component.below.any() or component.sums
    if not tied:
        return np.asarray(np.clip(_in_time(start, component), low, high))
    complete = ~np.isnan(start).any(axis=(1, 2))
    result = start.copy()
    for rows, pairs in ((complete, component.least()), (~complete, component.below)):
        if not rows.any():
            continue
        # Bounds seldom matter, and most points are done sooner without them.
        near = start[rows].copy()
        out: np.ndarray = np.ones(len(near), dtype=bool)
        if not component.over_time:
            near = _alternated(near, component, _polyhedron(component, pairs))
            out = np.any((near < low) | (near > high), axis=(1, 2))
        if out.any():
            bounded = _polyhedron(component, pairs, low, high)
            near[out] = _alternated(start[rows][out], component, bounded)
        result[rows] = near
    return result


def _alternated(start: np.ndarray, component: Component, shape: Polyhedron) -> np.ndarray:
    def in_row(points: np.ndarray) -> np.ndarray:
        flat = points.reshape(-1, points.shape[-1])
        return shape.nearest(flat, component.weights).reshape(points.shape)

    if not component.over_time:
        return in_row(start)
    root = np.sqrt(component.weights)
    result, todo = start.copy(), np.arange(len(start))
    points, first, second = start, np.zeros_like(start), np.zeros_like(start)
    for _ in range(ALTERNATIONS):
        near = in_row(points + first)
        first = points + first - near
        points = _in_time(near + second, component)
        second = near + second - points
        result[todo] = near
        apart = np.nan_to_num(np.abs(points - near) * root).max(axis=(1, 2)) > CLOSE
        if not apart.any():
            break
        todo, points, first, second = (x[apart] for x in (todo, points, first, second))
    return result


def _in_time(points: np.ndarray, component: Component) -> np.ndarray:
    points = points.copy()
    for v, way in enumerate(component.direction):
        if way:
            points[..., v] = way * isotonic_fit(way * points[..., v])
    return points


def _polyhedron(
    component: Component,
    pairs: np.ndarray,
    low: np.ndarray | None = None,
    high: np.ndarray | None = None,
) -> Polyhedron:
    """Orderings, bounds where given, and sums, between the variables of a row."""
    identity = np.eye(len(component.members))
    orders = np.argwhere(pairs)
    sums = np.zeros((len(component.sums), len(component.members)))
    for i, constraint in enumerate(component.sums):
        sums[i, list(constraint.columns)] = constraint.coefficients
    low = np.full(len(identity), -np.inf) if low is None else low
    high = np.full(len(identity), np.inf) if high is None else high
    blocks = [
        (identity[orders[:, 1]] - identity[orders[:, 0]], np.zeros(len(orders))),
        (-identity[np.isfinite(low)], -low[np.isfinite(low)]),
        (identity[np.isfinite(high)], high[np.isfinite(high)]),
        (sums, np.array([constraint.constant for constraint in component.sums])),
    ]
    normals = np.concatenate([normal for normal, _ in blocks])
    limits = np.concatenate([limit for _, limit in blocks])
    return Polyhedron(normals, limits, np.arange(len(normals)) >= len(normals) - len(sums))
