"""Rounding of points that satisfy constraints, so that they satisfy them exactly.

Several ways of rounding are tried; the nearest result that satisfies all constraints is taken.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, islice, product

import numpy as np

from timegan.constraints.components import Component
from timegan.constraints.types import Monotone
from timegan.constraints.violations import residual, violations
from timegan.tables.value_grid import ValueGrid

FIRST_ORDERS = 3  # of correction, for most rows
MAX_ROUNDINGS = 200  # of all variables up or down, then of one or two, for all other rows
Rounding = Callable[[ValueGrid, np.ndarray], np.ndarray]
UP_OR_DOWN: tuple[Rounding, ...] = (ValueGrid.floor, ValueGrid.ceil)


def round_points(
    ideal: np.ndarray,
    start: np.ndarray,
    component: Component,
    targets: np.ndarray,
    *,
    is_last: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return points near ``start`` on the grids of a component that satisfy its constraints.

    Args:
        ideal: (k, T, m) nearest points in real numbers.
        start: (k, T, m) points before the projection.
        component: of m variables.
        targets: (k, T, s) residuals of the sums.
        is_last: whether to try more roundings where none serves.

    Returns:
        Points (k, T, m), and which sequences (k,) satisfy the constraints.
    """
    near = _round(ideal, component)
    if not component.is_tied:
        return near, np.ones(len(near), dtype=bool)
    best, least = near.copy(), np.full(len(start), np.inf)

    def consider(candidates: Iterable[np.ndarray], rows: np.ndarray, is_strict: bool) -> None:
        for points in candidates:
            change = np.nansum(component.weights * (points - start[rows]) ** 2, axis=(1, 2))
            aims = targets[rows] if is_strict else None
            better = _satisfies(points, component, aims) & (change < least[rows])
            best[rows[better]], least[rows[better]] = points[better], change[better]

    rows = np.arange(len(start))
    consider(_in_order(near, component), rows, True)
    if not component.sums:
        rounded = _round(start, component)
        consider(_in_order(rounded, component), rows, True)
        for points in (near, rounded):
            consider(_within_bounds(points, component), rows, True)
    for is_strict in (True, False):
        rows = np.flatnonzero(np.isinf(least))
        for order in component.orders[:FIRST_ORDERS]:
            consider(_corrected(near[rows], component, order, targets[rows]), rows, is_strict)
    for choice in islice(_roundings(len(component.grids)), MAX_ROUNDINGS if is_last else 0):
        for order in component.orders:
            rows = np.flatnonzero(np.isinf(least))
            if not rows.size:
                break
            points = _round(ideal[rows], component, choice)
            consider(_corrected(points, component, order, targets[rows]), rows, False)
    return best, np.isfinite(least)


def _roundings(count: int) -> Iterator[list[Rounding]]:
    """Yield ways of rounding each of some variables."""
    for rounding in UP_OR_DOWN:
        yield [rounding] * count
    for size in (1, 2):
        for chosen in combinations(range(count), size):
            for roundings in product(UP_OR_DOWN, repeat=size):
                choice: list[Rounding] = [ValueGrid.snap] * count
                for v, rounding in zip(chosen, roundings, strict=True):
                    choice[v] = rounding
                yield choice


def _round(
    points: np.ndarray, component: Component, choice: Sequence[Rounding] | None = None
) -> np.ndarray:
    """Return points rounded to the nearest values, or each variable as chosen."""
    choice = choice or [ValueGrid.snap] * len(component.grids)
    pairs = zip(choice, component.grids, strict=True)
    columns = [rounding(grid, points[..., v]) for v, (rounding, grid) in enumerate(pairs)]
    return np.stack(columns, axis=-1)


def _in_order(points: np.ndarray, component: Component) -> Iterator[np.ndarray]:
    yield _raised(points, component)
    yield _lowered(points, component)


def _corrected(
    points: np.ndarray,
    component: Component,
    order: tuple[tuple[int, int], ...],
    targets: np.ndarray,
) -> Iterator[np.ndarray]:
    """Yield points of which one variable a sum takes what the rounding has left over."""
    for near in (points, *_in_order(points, component)):
        exact = near.copy()
        for index, v in order:
            equality = component.sums[index]
            off = residual(equality, exact) - targets[..., index]
            off = off / equality.coefficients[equality.columns.index(v)]
            moved = component.grids[v].snap(exact[..., v] - np.nan_to_num(off))
            exact[..., v] = np.where(np.abs(off) > 0, moved, exact[..., v])
        yield exact
        yield from _in_order(exact, component)
        yield from _within_bounds(exact, component)


def _within_bounds(points: np.ndarray, component: Component) -> Iterator[np.ndarray]:
    """Yield points of which the i-th variable of each linear inequality takes its shortfall."""
    for i in range(max((len(bound.columns) for bound in component.bounds), default=0)):
        moved = points.copy()
        for bound in component.bounds:
            place = i % len(bound.columns)
            v, factor = bound.columns[place], bound.coefficients[place]
            short = np.fmin(residual(bound, moved), 0.0)
            away = component.grids[v].ceil if factor > 0 else component.grids[v].floor
            target = away(moved[..., v] - short / factor)
            moved[..., v] = np.where(short < -bound.slack, target, moved[..., v])
        yield moved
        yield from _in_order(moved, component)


def _raised(points: np.ndarray, component: Component) -> np.ndarray:
    """Return the least points of the grids that are in order and not below the given ones."""
    pairs, points = component.pairs(points), points.copy()
    for v in component.upward:
        known = ~np.isnan(points[..., v])
        least = points[..., v]
        for b in np.flatnonzero(pairs[v]):
            least = np.fmax(least, points[..., b])
        least = np.where(known, component.grids[v].ceil(least), np.nan)
        if component.direction[v]:
            ahead = slice(None, None, component.direction[v])
            least = np.fmax.accumulate(least[:, ahead], axis=1)[:, ahead]
        points[..., v] = np.where(known, least, np.nan)
    return points


def _lowered(points: np.ndarray, component: Component) -> np.ndarray:
    """Return the greatest points of the grids that are in order and not above the given ones."""
    pairs, points = component.pairs(points), points.copy()
    for v in reversed(component.upward):
        known = ~np.isnan(points[..., v])
        most = points[..., v]
        for a in np.flatnonzero(pairs[:, v]):
            most = np.fmin(most, points[..., a])
        most = np.where(known, component.grids[v].floor(most), np.nan)
        if component.direction[v]:
            ahead = slice(None, None, -component.direction[v])
            most = np.fmin.accumulate(most[:, ahead], axis=1)[:, ahead]
        points[..., v] = np.where(known, most, np.nan)
    return points


def _satisfies(points: np.ndarray, component: Component, targets: np.ndarray | None) -> np.ndarray:
    """Return which sequences (k,) of points on the grids satisfy a component.

    Args:
        points: (k, T, m).
        component: of m variables.
        targets: (k, T, s) residuals that sums must have; None: any within their rounding.
    """
    bad = np.zeros(points.shape[:2], dtype=bool)
    for a, b in np.argwhere(component.pairs(points)):
        bad |= points[..., a] < points[..., b]
    for v, way in enumerate(component.direction):
        if way:
            bad |= violations(Monotone(v, way > 0), points)
    for bound in component.bounds:
        bad |= violations(bound, points)
    for i, equality in enumerate(component.sums):
        bad |= violations(equality, points)
        if targets is not None and equality.residuals:
            finest = min(component.grids[v].unit for v in equality.columns)
            off = np.abs(residual(equality, points) - targets[..., i])
            bad |= off > 0.5 * finest + 1e-9
    return np.asarray(~bad.any(axis=1))
