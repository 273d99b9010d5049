"""Projection of points onto inequalities, ranges, sums and monotone series, in real numbers.

Dykstra's alternating projections (Boyle and Dykstra 1986) converge to the nearest point of an
intersection of convex sets, for many points at once.
"""

import numpy as np

from timegan.constraints.components import Component
from timegan.constraints.isotonic import isotonic_fit
from timegan.constraints.types import LinearEquality, LinearInequality

TOLERANCE = 1e-7  # change in a sweep, in scaled units


def project(
    start: np.ndarray, component: Component, targets: np.ndarray, sweeps: int
) -> np.ndarray:
    """Return the nearest points (k, T, m) that satisfy a component, apart from its grids.

    Args:
        start: points, NaN = missing. A constraint with a missing value does not apply.
        component: of m variables.
        targets: (k, T, s) residuals of the sums.
        sweeps: over all constraints, at most.
    """
    low = np.array([grid.low for grid in component.grids])
    high = np.array([grid.high for grid in component.grids])
    if not component.is_tied:
        return np.asarray(np.clip(_monotone(start, component), low, high))
    normals, targets = _half_spaces(start, component, targets)
    inverse = normals / component.weights  # a step along it is the shortest in scaled units
    squared = (inverse * normals).sum(axis=1)
    root = np.sqrt(component.weights)
    is_inequality = np.arange(len(normals)) < len(normals) - len(component.sums)
    result, rows, points = start.copy(), np.arange(len(start)), start.copy()
    multipliers = np.zeros((*start.shape[:2], len(normals)))
    pushed, pooled = np.zeros_like(start), np.zeros_like(start)
    for _ in range(sweeps):
        moved = np.zeros(start.shape[:2])[: len(rows)]
        for i, normal in enumerate(normals):
            used = np.flatnonzero(normal)  # few columns, one by one: products of stacks are slow
            total = sum(normal[v] * points[..., v] for v in used)
            step = (total - targets[..., i]) / squared[i]
            step = np.where(np.isnan(step), 0.0, step)
            if is_inequality[i]:
                step = np.maximum(step, -multipliers[..., i])
            multipliers[..., i] += step
            for v in used:
                points[..., v] -= step * inverse[i, v]
            moved = np.maximum(moved, np.abs(step) * np.sqrt(squared[i]))
        free = points + pushed
        points = np.clip(free, low, high)
        change = free - points - pushed
        pushed = free - points
        if component.over_time:
            free = points + pooled
            points = _monotone(free, component)
            change = np.abs(change) + np.abs(free - points - pooled)
            pooled = free - points
        moved = np.maximum(moved, np.nan_to_num(np.abs(change) * root).max(axis=2))
        on = (moved > TOLERANCE).any(axis=1)
        result[rows[~on]] = points[~on]
        if not on.any():
            return result
        rows, points, targets = rows[on], points[on], targets[on]
        multipliers, pushed, pooled = multipliers[on], pushed[on], pooled[on]
    result[rows] = points
    return result


def _half_spaces(
    start: np.ndarray, component: Component, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return normals (q, m) and limits (k, T, q) of the inequalities, then of the sums."""
    identity = np.eye(len(component.members))
    pairs = np.argwhere(component.pairs(start))
    linear: list[LinearInequality | LinearEquality] = [*component.bounds, *component.sums]
    factors, constants = np.zeros((len(linear), len(identity))), np.zeros(len(linear))
    for i, one in enumerate(linear):
        sign = -1 if i < len(component.bounds) else 1  # an inequality's sum is at most its limit
        factors[i, list(one.columns)] = sign * np.array(one.coefficients)
        constants[i] = sign * one.constant
    normals = np.concatenate([identity[pairs[:, 1]] - identity[pairs[:, 0]], factors])
    limits = np.zeros((*start.shape[:2], len(normals)))
    limits[..., len(pairs) :] = constants
    limits[..., len(normals) - len(component.sums) :] += targets
    return normals, limits


def _monotone(points: np.ndarray, component: Component) -> np.ndarray:
    """Return the nearest points (k, T, m) whose series never move the wrong way."""
    points = points.copy()
    for v, way in enumerate(component.direction):
        if way:
            points[..., v] = way * isotonic_fit(way * points[..., v])
    return points
