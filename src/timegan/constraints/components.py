"""Components: columns that constraints tie together, in the form in which they are enforced."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from scipy.sparse.csgraph import connected_components

from timegan.constraints.linear_relations import independent
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
from timegan.errors import InputError
from timegan.tables.value_grid import ValueGrid

MAX_ORDERS = 8  # of correction


@dataclass(frozen=True)
class Component:
    """Columns that constraints tie together. Equal columns are one variable, of m.

    Args:
        constraints: on these columns.
        members: columns of each variable.
        grids: values that each variable may take.
        weights: (m,) of a variable's squared change: the sum over its columns of scale ** -2.
        below: (m, m) booleans, ``below[a, b]``: b is never above a, including what follows.
        upward: variables, each after those below it.
        direction: 1 where a variable never falls within a sequence, -1 where it never rises, or 0.
        bounds: linear inequalities with variables for columns.
        sums: linear equalities likewise.
        orders: of correction; pairs of a sum and the variable that makes it exact, such that no
            correction spoils an earlier one.
    """

    constraints: tuple[Constraint, ...]
    members: tuple[tuple[int, ...], ...]
    grids: tuple[ValueGrid, ...]
    weights: np.ndarray
    below: np.ndarray
    upward: tuple[int, ...]
    direction: tuple[int, ...]
    bounds: tuple[LinearInequality, ...]
    sums: tuple[LinearEquality, ...]
    orders: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def over_time(self) -> bool:
        """True if the steps of a sequence depend on each other."""
        return any(self.direction)

    @property
    def is_tied(self) -> bool:
        """True if variables depend on each other."""
        return bool(self.below.any() or self.bounds or self.sums)

    def pairs(self, points: np.ndarray) -> np.ndarray:
        """Return the inequalities to check: only direct ones, unless values are missing."""
        if np.isnan(points).any():
            return self.below
        count = self.below.astype(np.int64)
        return np.asarray(self.below & ~((count @ count) > 0))


def components(
    constraints: Sequence[Constraint],
    scale: np.ndarray,
    decimals: Sequence[int | None] | None = None,
    names: Sequence[str] | None = None,
) -> list[Component]:
    """Return the components of constraints.

    Args:
        constraints: any.
        scale: (C,) unit of a change of each column.
        decimals: of each column, for changed values that no constraint puts on a grid.
        names: of the columns, for messages.

    Raises:
        InputError: constraints contradict each other; the message names them.
    """
    width = len(scale)
    tie = np.eye(width, dtype=bool)
    for constraint in constraints:
        tie[constraint.columns[0], list(constraint.columns)] = True
    count, label = connected_components(tie, directed=False)
    groups: list[list[Constraint]] = [[] for _ in range(count)]
    for constraint in constraints:
        groups[label[constraint.columns[0]]].append(constraint)
    names = names or [f"column {i}" for i in range(width)]
    return [
        _component(group, scale, decimals or [None] * width, names) for group in groups if group
    ]


def _component(
    constraints: list[Constraint],
    scale: np.ndarray,
    decimals: Sequence[int | None],
    names: Sequence[str],
) -> Component:
    columns = sorted({c for constraint in constraints for c in constraint.columns})
    at = {c: i for i, c in enumerate(columns)}
    above = np.eye(len(columns), dtype=bool)
    for constraint in constraints:
        if isinstance(constraint, Inequality | Equality):
            a, b = (at[c] for c in constraint.columns)
            above[a, b] = True
            above[b, a] |= isinstance(constraint, Equality)
    for middle in range(len(above)):  # all that follows
        above |= above[:, middle, None] & above[None, middle, :]
    count, label = connected_components(above & above.T, directed=False)
    members = tuple(tuple(c for c in columns if label[at[c]] == v) for v in range(count))
    variable = {c: v for v, group in enumerate(members) for c in group}
    first = [at[group[0]] for group in members]
    below = above[np.ix_(first, first)] & ~np.eye(count, dtype=bool)
    upward = tuple(int(v) for v in np.argsort(below.sum(axis=1), kind="stable"))
    grids = [_grid(group, constraints, decimals) for group in members]
    for v in upward:  # a variable is at least as high as those below it, ...
        low = max([grids[v].low, *(grids[b].low for b in np.flatnonzero(below[v]))])
        grids[v] = grids[v].within(low, grids[v].high)
    for v in reversed(upward):  # ... and at most as high as those above it
        high = min([grids[v].high, *(grids[a].high for a in np.flatnonzero(below[:, v]))])
        grids[v] = grids[v].within(grids[v].low, high)
    bounds = [_of_variables(c, variable) for c in constraints if isinstance(c, LinearInequality)]
    sums = tuple(_of_variables(c, variable) for c in constraints if isinstance(c, LinearEquality))
    directions = [_directions(group, constraints) for group in members]
    for group, grid, ways in zip(members, grids, directions, strict=True):
        if grid.is_empty or len(ways) > 1:
            texts = [c.describe(names) for c in constraints if set(c.columns) & set(group)]
            raise InputError(
                f"dataset.custom_constraints: no value of {names[group[0]]!r} satisfies "
                f"{'; '.join(texts[:6])}. Remove one of them."
            )
    return Component(
        tuple(constraints),
        members,
        tuple(grids),
        np.array([sum(scale[c] ** -2.0 for c in group) for group in members]),
        below,
        upward,
        tuple(max(ways, default=0, key=abs) for ways in directions),
        tuple(bounds),
        sums,
        tuple(itertools.islice(_correction_orders(sums), MAX_ORDERS)),
    )


def _grid(
    group: tuple[int, ...], constraints: list[Constraint], decimals: Sequence[int | None]
) -> ValueGrid:
    """Return the values that constraints on single columns leave to equal columns."""
    low, high = -math.inf, math.inf
    levels: set[float] | None = None
    step, offset = 0.0, 0.0
    for constraint in constraints:
        if constraint.columns[0] not in group:
            continue
        if isinstance(constraint, Range):
            low = low if constraint.low is None else max(low, constraint.low)
            high = high if constraint.high is None else min(high, constraint.high)
        elif isinstance(constraint, Multiples) and constraint.step > step:
            step, offset = constraint.step, constraint.offset
        elif isinstance(constraint, AllowedValues):
            levels = set(constraint.known) & (levels or set(constraint.known))
    places = [d for c in group if (d := decimals[c]) is not None]
    if levels is not None:
        return ValueGrid(levels=tuple(sorted(levels))).within(low, high)
    if not step and len(places) == len(group):
        step = 10.0 ** -max(places)
    return ValueGrid(low, high, step, offset) if step else ValueGrid(low, high)


def _directions(group: tuple[int, ...], constraints: list[Constraint]) -> set[int]:
    """Return 1 if equal columns never fall, and -1 if they never rise."""
    return {
        1 if c.rising else -1 for c in constraints if isinstance(c, Monotone) and c.column in group
    }


Linear = TypeVar("Linear", LinearEquality, LinearInequality)


def _of_variables(linear: Linear, variable: dict[int, int]) -> Linear:
    """Return a constraint on variables; the coefficients of equal columns are added up."""
    total: dict[int, float] = {}
    for column, coefficient in zip(linear.columns, linear.coefficients, strict=True):
        total[variable[column]] = total.get(variable[column], 0.0) + coefficient
    total = {v: c for v, c in total.items() if c}
    return replace(linear, columns=tuple(total), coefficients=tuple(total.values()))


def _correction_orders(sums: tuple[LinearEquality, ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield choices of a variable for each sum, sorted so that no correction spoils another."""
    needed = independent(sums)
    choices = itertools.product(*(_totals_first(sums[i]) for i in needed)) if needed else ()
    for chosen in itertools.islice(choices, 50 * MAX_ORDERS):
        rest = dict(zip(needed, chosen, strict=True))
        order: list[tuple[int, int]] = []
        while rest:
            # The variable of the last correction is in none of the other sums.
            for last, v in rest.items():
                if all(v not in sums[j].columns for j in rest if j != last):
                    order.insert(0, (last, v))
                    del rest[last]
                    break
            else:
                break
        if not rest:
            yield tuple(order)


def _totals_first(equality: LinearEquality) -> list[int]:
    """Return the variables of a sum, a total (alone on its side) before its parts."""
    signs = np.sign(equality.coefficients)
    alone = [v for v, s in zip(equality.columns, signs, strict=True) if (signs == s).sum() == 1]
    return alone + [v for v in equality.columns if v not in alone]
