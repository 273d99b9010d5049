"""The last resort for a row (or sequence) that no simple rounding serves: an integer programme."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import optimize
from scipy.sparse import csr_array

from timegan.constraints.components import Component
from timegan.errors import InputError

INFEASIBLE = 2  # SciPy's status
SECONDS = 5.0  # for the best solution; after that, any will do
PATIENCE = 60.0
GAP = 0.01  # how far from the best a solution may be


class _Rows:
    """Linear constraints between the numbers of a programme, collected one by one."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, terms: Sequence[tuple[int, float]], low: float, high: float) -> None:
        self.entries += [(len(self.low), at, factor) for at, factor in terms]
        self.low.append(low)
        self.high.append(high)

    def constraint(self, width: int) -> optimize.LinearConstraint:
        rows, columns, factors = (np.array(x) for x in zip(*self.entries, strict=True))
        matrix = csr_array((factors, (rows, columns)), shape=(len(self.low), width))
        return optimize.LinearConstraint(matrix, np.array(self.low), np.array(self.high))


def minimize(start: np.ndarray, component: Component) -> np.ndarray:
    """Return the nearest values on the grids that satisfy all constraints of a component.

    Args:
        start: (T, m), NaN = missing.
        component: the constraints.

    Raises:
        InputError: no values keep all constraints.
    """
    solved = solve(start, component)
    if solved is None:
        raise InputError(
            "dataset.custom_constraints: no row can satisfy these and those of the "
            "table. Remove one of them, or set dataset.constraints=report."
        )
    return solved


def solve(start: np.ndarray, component: Component) -> np.ndarray | None:
    """The same; None where there is no solution."""
    # A cell is base + sum of factor times number; the first number of a cell is its change's size.
    cells: dict[tuple[int, int], tuple[float, list[tuple[int, float]]]] = {}
    rows = _Rows()
    low: list[float] = []
    high: list[float] = []
    whole: list[int] = []
    cost: list[float] = []

    def number(least: float, most: float, integer: bool, price: float = 0.0) -> int:
        low.append(least)
        high.append(most)
        whole.append(int(integer))
        cost.append(price)
        return len(low) - 1

    root = np.sqrt(component.weights)
    for t, v in np.argwhere(~np.isnan(start)):
        domain, value = component.domains[v], float(start[t, v])
        near = float(domain.snap(np.array(value)))
        size = number(0.0, np.inf, False, 1.0)
        if domain.levels:
            chosen = [number(0, 1, True) for _ in domain.levels]
            rows.add([(at, 1.0) for at in chosen], 1.0, 1.0)
            terms = [(at, k - near) for at, k in zip(chosen, domain.levels, strict=True)]
        elif domain.step is not None:
            least, most = ((edge - near) / domain.step for edge in (domain.low, domain.high))
            terms = [(number(np.rint(least), np.rint(most), True), domain.step)]
        else:
            terms = [(number(domain.low - near, domain.high - near, False), 1.0)]
        scaled = [(at, factor * root[v]) for at, factor in terms]
        away = (near - value) * root[v]
        rows.add([(size, 1.0), *((at, -factor) for at, factor in scaled)], away, np.inf)
        rows.add([(size, 1.0), *scaled], -away, np.inf)
        cells[int(t), int(v)] = near, terms
    for pair, room in _ties(start, component):
        if all(cell in cells for cell, _ in pair):
            base = sum(factor * cells[cell][0] for cell, factor in pair)
            terms = [(at, f * factor) for cell, factor in pair for at, f in cells[cell][1]]
            unit = max(1e-12, min(abs(f) for _, f in terms if f) if any(f for _, f in terms) else 1)
            limits = [(edge - base) / unit for edge in room]
            if all(np.isfinite(limits)) and abs(limits[0] - limits[1]) < 1e-3:
                middle = sum(limits) / 2
                if abs(middle - np.rint(middle)) < 1e-4:  # exact: the solver has its own tolerance
                    limits = [np.rint(middle)] * 2
            rows.add([(at, f / unit) for at, f in terms], limits[0], limits[1])
    ranges, ties = optimize.Bounds(np.array(low), np.array(high)), rows.constraint(len(low))
    for price, seconds in ((np.array(cost), SECONDS), (np.zeros(len(cost)), PATIENCE)):
        found = optimize.milp(
            price,
            integrality=np.array(whole),
            bounds=ranges,
            constraints=ties,
            options={"time_limit": seconds, "mip_rel_gap": GAP},
        )
        if found.x is not None or found.status == INFEASIBLE:
            break
    if found.x is None:
        return None
    result = start.copy()
    for (t, v), (near, terms) in cells.items():
        domain = component.domains[v]
        exact = [np.rint(found.x[at]) if whole[at] else found.x[at] for at, _ in terms]
        moved = near + sum(f * x for (_, f), x in zip(terms, exact, strict=True))
        result[t, v] = domain.snap(np.array(moved))
    return result


Cell = tuple[int, int]


def _ties(
    start: np.ndarray, component: Component
) -> list[tuple[list[tuple[Cell, float]], tuple[float, float]]]:
    """The constraints between cells: (cell and factor, ...), and the range of their sum."""
    ties: list[tuple[list[tuple[Cell, float]], tuple[float, float]]] = []
    for t in range(len(start)):
        for a, b in np.argwhere(component.below):
            ties.append(([((t, int(a)), 1.0), ((t, int(b)), -1.0)], (0.0, np.inf)))
        for constraint in component.sums:
            terms = [
                ((t, v), f)
                for v, f in zip(constraint.columns, constraint.coefficients, strict=True)
            ]
            ties.append((terms, (constraint.constant, constraint.constant)))
    for v, way in enumerate(component.direction):
        known = np.flatnonzero(~np.isnan(start[:, v])) if way else ()
        for before, after in pairwise(known):
            pair: list[tuple[Cell, float]] = [
                ((int(after), v), float(way)),
                ((int(before), v), -float(way)),
            ]
            ties.append((pair, (0.0, np.inf)))
    return ties
