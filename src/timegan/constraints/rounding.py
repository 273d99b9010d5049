"""Round points that keep the constraints so that they still keep them, to the bit.

Several ways are tried, of which the nearest is taken. Where none serves a whole sequence, the best
way of each step is sought; and what is left goes to an integer programme.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from timegan.constraints.components import Component
from timegan.constraints.integer_program import minimize
from timegan.constraints.types import Monotone
from timegan.constraints.violations import residual, violations
from timegan.tables.value_grid import ValueGrid

WAYS = 3  # choices of a sum's free variable that all rows try; the others are for hard rows
MORE_WAYS = 8
TOGETHER = 50  # sequences in one search for the best way of each step

Way = tuple[tuple[int, int], ...]
Rounding = Callable[[ValueGrid, np.ndarray], np.ndarray]


def rounded(ideal: np.ndarray, start: np.ndarray, component: Component) -> np.ndarray:
    """Of several points near ``start`` that satisfy a component, the nearest one.

    Args:
        ideal: (k, T, m) the nearest points in real numbers.
        start: (k, T, m) what they are to be near to.
        component: constraints and values allowed.
    """
    best = np.full(start.shape, np.nan)
    least = np.full(len(start), np.inf)

    def consider(points: np.ndarray, rows: np.ndarray) -> None:
        change = _cost(points, start[rows], component).sum(axis=1)
        better = _keeps(points, component).all(axis=1) & (change < least[rows])
        best[rows[better]], least[rows[better]] = points[better], change[better]

    rows = np.arange(len(start))
    for points in _plain(ideal, start, component):
        consider(points, rows)
    if component.sums:
        for points in _summed(ideal, component, component.ways[:WAYS], (ValueGrid.snap,)):
            consider(points, rows)
        hard = np.flatnonzero(np.isinf(least))
        if hard.size:
            for points in _summed(ideal[hard], component, component.ways, ROUNDINGS):
                consider(points, hard)
    if component.over_time:
        hard = np.flatnonzero(np.isinf(least))
        for first in range(0, len(hard), TOGETHER):
            rows = hard[first : first + TOGETHER]
            consider(_step_by_step(ideal[rows], start[rows], component), rows)
    for row in np.flatnonzero(np.isinf(least)):
        rows = np.array([row])
        exact = minimize(start[row], component)[None]
        for points in (exact, _raised(exact, component), _lowered(exact, component)):
            consider(points, rows)
        for points in _summed(exact, component, component.ways, (ValueGrid.snap,)):
            consider(points, rows)
        if np.isinf(least[row]):  # as far as the solver's tolerance
            best[row] = exact[0]
    return best


def _cost(points: np.ndarray, start: np.ndarray, component: Component) -> np.ndarray:
    """Squared change (k, T) in scaled units."""
    return np.asarray(np.nansum(component.weights * (points - start) ** 2, axis=2))


def _plain(ideal: np.ndarray, start: np.ndarray, component: Component) -> Iterator[np.ndarray]:
    """Rounded points, put in order upwards or downwards; simple clipping is among them."""
    for points in (ideal, start):
        near = _allowed(points, component)
        yield _raised(near, component)
        yield _lowered(near, component)


ROUNDINGS: tuple[Rounding, ...] = (ValueGrid.snap, ValueGrid.floor, ValueGrid.ceil)


def _summed(
    ideal: np.ndarray, component: Component, ways: Iterable[Way], roundings: Iterable[Rounding]
) -> Iterator[np.ndarray]:
    """Rounded points of which one variable a sum takes what the rounding has left over."""
    for rounding in roundings:
        near = _allowed(ideal, component, rounding)
        for way in ways:
            for points in (near, _raised(near, component), _lowered(near, component)):
                exact = _absorbed(points, component, way)
                yield exact
                yield _raised(exact, component)
                yield _lowered(exact, component)


def _step_by_step(ideal: np.ndarray, start: np.ndarray, component: Component) -> np.ndarray:
    """The cheapest path through ways to round each step, by dynamic programming.

    Where values are missing, the directions may be broken across the hole: to be checked.
    """
    choices = list(_plain(ideal, start, component))
    choices += _summed(ideal, component, component.ways[:MORE_WAYS], ROUNDINGS)
    points = np.stack(choices, axis=1)  # (k, choices, T, m)
    flat = points.reshape(-1, *points.shape[2:])
    price = np.where(_keeps(flat, component, directions=False), 0.0, np.inf)
    price = price.reshape(points.shape[:3]) + np.stack(
        [_cost(c, start, component) for c in choices], 1
    )
    total, came = price[:, :, 0], []
    for t in range(1, points.shape[2]):
        possible = np.ones((len(points), len(choices), len(choices)), dtype=bool)
        for v, way in enumerate(component.direction):
            if way:
                move = way * (points[:, None, :, t, v] - points[:, :, None, t - 1, v])
                possible &= ~(move < 0)
        through = np.where(possible, total[:, :, None], np.inf)
        came.append(through.argmin(axis=1))
        total = through.min(axis=1) + price[:, :, t]
    at = total.argmin(axis=1)
    rows = np.arange(len(points))
    result = np.empty_like(start)
    for t in range(points.shape[2] - 1, -1, -1):
        result[:, t] = points[rows, at, t]
        if t:
            at = came[t - 1][rows, at]
    return result


def _absorbed(points: np.ndarray, component: Component, way: Way) -> np.ndarray:
    points = points.copy()
    for index, v in way:
        constraint = component.sums[index]
        off = residual(constraint, points) / constraint.coefficients[constraint.columns.index(v)]
        moved = component.domains[v].snap(points[..., v] - np.nan_to_num(off))
        points[..., v] = np.where(np.abs(off) > 0, moved, points[..., v])
    return points


def _allowed(
    points: np.ndarray, component: Component, rounding: Rounding = ValueGrid.snap
) -> np.ndarray:
    columns = [rounding(domain, points[..., v]) for v, domain in enumerate(component.domains)]
    return np.stack(columns, axis=-1)


def _pairs(points: np.ndarray, component: Component) -> np.ndarray:
    """The orderings to look at: where values are missing, those that would follow as well."""
    return component.below if np.isnan(points).any() else component.least()


def _raised(points: np.ndarray, component: Component) -> np.ndarray:
    """The least points of the domains that are in order and not below the given ones."""
    points, pairs = points.copy(), _pairs(points, component)
    for v in component.upward:
        known = ~np.isnan(points[..., v])
        least = points[..., v]
        for b in np.flatnonzero(pairs[v]):
            least = np.fmax(least, points[..., b])
        least = np.where(known, component.domains[v].ceil(least), np.nan)
        if component.direction[v]:
            ahead = slice(None, None, component.direction[v])
            least = np.fmax.accumulate(least[:, ahead], axis=1)[:, ahead]
        points[..., v] = np.where(known, least, np.nan)
    return points


def _lowered(points: np.ndarray, component: Component) -> np.ndarray:
    """The greatest points of the domains that are in order and not above the given ones."""
    points, pairs = points.copy(), _pairs(points, component)
    for v in reversed(component.upward):
        known = ~np.isnan(points[..., v])
        most = points[..., v]
        for a in np.flatnonzero(pairs[:, v]):
            most = np.fmin(most, points[..., a])
        most = np.where(known, component.domains[v].floor(most), np.nan)
        if component.direction[v]:
            ahead = slice(None, None, -component.direction[v])
            most = np.fmin.accumulate(most[:, ahead], axis=1)[:, ahead]
        points[..., v] = np.where(known, most, np.nan)
    return points


def _keeps(points: np.ndarray, component: Component, directions: bool = True) -> np.ndarray:
    """Which steps (k, T) of allowed values keep orderings, sums, and, if asked, directions."""
    bad = np.zeros(points.shape[:2], dtype=bool)
    for a, b in np.argwhere(_pairs(points, component)):
        bad |= points[..., a] < points[..., b]
    for v, way in enumerate(component.direction):
        if way and directions:
            bad |= violations(Monotone(v, way > 0), points)
    for constraint in component.sums:
        bad |= violations(constraint, points)
    return ~bad
