"""The constraints as sets of columns that depend on each other, as they are enforced."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from timegan.constraints.linear_relations import independent
from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    Monotone,
    Multiples,
    Range,
)
from timegan.errors import InputError
from timegan.tables.value_grid import ValueGrid, decimals_of

MAX_ORDERS = 64


@dataclass(frozen=True)
class Component:
    """Columns that constraints tie together. Equal columns are one *variable*, of m.

    Args:
        constraints: that concern these columns.
        members: the columns of each variable.
        domains: the values that each may take.
        weights: (m,) of a variable's squared change: the sum over its columns of scale ** -2.
        below: (m, m) booleans, ``below[a, b]``: b is never above a; all that follow are there.
        upward: the variables, each after those below it.
        direction: 1 where a variable never falls along a sequence, -1 where it never rises, or 0.
        sums: with variables for columns.
        ways: choices of one variable a sum, (sum, variable) in an order in which each sum can be
            made exact by its variable without spoiling an earlier one.
    """

    constraints: tuple[Constraint, ...]
    members: tuple[tuple[int, ...], ...]
    domains: tuple[ValueGrid, ...]
    weights: np.ndarray
    below: np.ndarray
    upward: tuple[int, ...]
    direction: tuple[int, ...]
    sums: tuple[LinearEquality, ...]
    ways: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def over_time(self) -> bool:
        """Whether a sequence's steps depend on each other."""
        return any(self.direction)

    def least(self) -> np.ndarray:
        """The orderings without those that others imply."""
        implied = (self.below.astype(np.int64) @ self.below.astype(np.int64)) > 0
        fewest: np.ndarray = self.below & ~implied
        return fewest


def components(
    constraints: Sequence[Constraint],
    scale: np.ndarray,
    decimals: Sequence[int | None] | None = None,
    names: Sequence[str] | None = None,
) -> list[Component]:
    """Sort the constraints by the columns that they tie together.

    Args:
        constraints: any.
        scale: (C,) what a change of each column is measured by.
        decimals: of each column, for changed values that no constraint puts on a grid.
        names: of the columns, for messages.

    Raises:
        InputError: constraints of which one leaves nothing of what another allows; names them.
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
    places = decimals or [None] * width
    return [_component(group, scale, places, names) for group in groups if group]


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
        if isinstance(constraint, Inequality):
            above[at[constraint.above], at[constraint.below]] = True
        elif isinstance(constraint, Equality):
            above[at[constraint.first], at[constraint.second]] = above[
                at[constraint.second], at[constraint.first]
            ] = True
    above = _closure(above)
    count, label = connected_components(above & above.T, directed=False)
    members = tuple(tuple(c for c in columns if label[at[c]] == v) for v in range(count))
    variable = {c: v for v, group in enumerate(members) for c in group}
    first = [at[group[0]] for group in members]
    below = above[np.ix_(first, first)] & ~np.eye(count, dtype=bool)
    upward = tuple(int(v) for v in np.argsort(below.sum(axis=1), kind="stable"))
    domains = [_domain(v, group, constraints, decimals, names) for v, group in enumerate(members)]
    for v in upward:  # what lies above is not lower than what is below can be, and so on
        low = max([domains[v].low, *(domains[b].low for b in np.flatnonzero(below[v]))])
        domains[v] = domains[v].within(low, domains[v].high)
    for v in reversed(upward):
        high = min([domains[v].high, *(domains[a].high for a in np.flatnonzero(below[:, v]))])
        domains[v] = domains[v].within(domains[v].low, high)
    sums = tuple(
        _summed(constraint, variable)
        for constraint in constraints
        if isinstance(constraint, LinearEquality)
    )
    return Component(
        tuple(constraints),
        members,
        tuple(
            _checked(d, group, constraints, names)
            for d, group in zip(domains, members, strict=True)
        ),
        np.array([sum(scale[c] ** -2.0 for c in group) for group in members]),
        below,
        upward,
        tuple(_direction(group, constraints, names) for group in members),
        sums,
        _ways(sums, independent(sums)),
    )


def _closure(above: np.ndarray) -> np.ndarray:
    """All orderings that follow."""
    for middle in range(len(above)):
        above = above | (above[:, middle, None] & above[None, middle, :])
    return above


def _domain(
    v: int,
    group: tuple[int, ...],
    constraints: list[Constraint],
    decimals: Sequence[int | None],
    names: Sequence[str],
) -> ValueGrid:
    """What the constraints of the columns that make a variable leave it."""
    low, high = -math.inf, math.inf
    known: set[float] | None = None
    grids: list[tuple[float, float]] = []
    for constraint in constraints:
        if constraint.columns[0] not in group:
            continue
        if isinstance(constraint, Range):
            low = low if constraint.low is None else max(low, constraint.low)
            high = high if constraint.high is None else min(high, constraint.high)
        elif isinstance(constraint, Multiples):
            grids.append((constraint.step, constraint.offset))
        elif isinstance(constraint, AllowedValues):
            known = set(constraint.known) if known is None else known & set(constraint.known)
    if known is not None:
        for step, offset in grids:
            grid = ValueGrid(step=step, offset=offset)
            kept = {k for k in known if abs(float(grid.snap(np.array(k))) - k) < 1e-6 * step}
            known = kept
        levels = tuple(sorted(known))
        return ValueGrid(low, high, levels=levels) if levels else ValueGrid(1.0, 0.0)
    places = [decimals[c] for c in group]
    if not grids and None not in places:
        grids = [(10.0 ** -max(p for p in places if p is not None), 0.0)]
    if not grids:
        return ValueGrid(low, high)
    common = _common(grids)
    return ValueGrid(low, high, *common) if common else ValueGrid(1.0, 0.0)


def _common(grids: list[tuple[float, float]]) -> tuple[float, float] | None:
    """The numbers that are on all grids are one again (or none: None)."""
    step, offset = grids[0]
    for other, shift in grids[1:]:
        places = max(decimals_of(step, offset) or 0, decimals_of(other, shift) or 0)
        tens = 10**places
        a, b, p, q = (round(v * tens) for v in (step, other, offset, shift))
        common = math.gcd(a, b)
        if (q - p) % common:
            return None
        times = ((q - p) // common * pow(a // common, -1, b // common)) % (b // common)
        wide = a // common * b
        step, offset = wide / tens, (p + a * times) % wide / tens
    return step, offset


def _checked(
    domain: ValueGrid, group: tuple[int, ...], constraints: list[Constraint], names: Sequence[str]
) -> ValueGrid:
    if domain.is_empty:
        told = [r.describe(names) for r in constraints if set(r.columns) & set(group)]
        raise InputError(
            f"The constraints {'; '.join(told[:6])} leave {names[group[0]]!r} no value. "
            "Remove one of them from dataset.custom_constraints."
        )
    return domain


def _direction(group: tuple[int, ...], constraints: list[Constraint], names: Sequence[str]) -> int:
    ways = [r for r in constraints if isinstance(r, Monotone) and r.column in group]
    if len({constraint.rising for constraint in ways}) > 1:
        told = " and ".join(dict.fromkeys(repr(constraint.describe(names)) for constraint in ways))
        raise InputError(
            f"The constraints {told} leave a column that never moves. Remove one of them from "
            "dataset.custom_constraints."
        )
    return 0 if not ways else 1 if ways[0].rising else -1


def _summed(constraint: LinearEquality, variable: dict[int, int]) -> LinearEquality:
    """The same with variables for columns; equal columns are added up."""
    total: dict[int, float] = {}
    for column, coefficient in zip(constraint.columns, constraint.coefficients, strict=True):
        total[variable[column]] = total.get(variable[column], 0.0) + coefficient
    total = {v: c for v, c in total.items() if c}
    return LinearEquality(
        tuple(total), tuple(total.values()), constraint.constant, constraint.slack
    )


def _ways(
    sums: tuple[LinearEquality, ...], needed: list[int]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    ways: list[tuple[tuple[int, int], ...]] = []
    choices = itertools.product(*(_totals_first(sums[i]) for i in needed)) if needed else ()
    for chosen in itertools.islice(choices, 50 * MAX_ORDERS):
        choice = dict(zip(needed, chosen, strict=True))
        if len(set(chosen)) < len(chosen):
            continue
        order: list[tuple[int, int]] = []
        rest = set(needed)
        while rest:  # the last one: a sum whose variable is in none of those before it
            last = next(
                (i for i in rest if all(choice[i] not in sums[j].columns for j in rest - {i})), None
            )
            if last is None:
                break
            order.insert(0, (last, choice[last]))
            rest.remove(last)
        if not rest:
            ways.append(tuple(order))
        if len(ways) == MAX_ORDERS:
            break
    return tuple(ways)


def _totals_first(constraint: LinearEquality) -> list[int]:
    """The variables of a sum, a total (alone on its side) before the components."""
    signs = np.sign(constraint.coefficients)
    alone = [v for v, s in zip(constraint.columns, signs, strict=True) if (signs == s).sum() == 1]
    return alone + [v for v in constraint.columns if v not in alone]
