"""Enforcement of constraints: the nearest values that satisfy all of them.

Rows that violate a constraint are projected in real numbers, then rounded to their decimals.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from timegan.constraints.components import Component, components
from timegan.constraints.projection import project
from timegan.constraints.rounding import round_points
from timegan.constraints.types import Constraint
from timegan.constraints.violations import violations

MAX_BLOCK = 500_000  # numbers that are projected together
SWEEPS = (100, 3_000)  # of the projection; the second for rows that the first does not serve


def enforce(
    values: np.ndarray,
    constraints: Sequence[Constraint],
    *,
    scale: np.ndarray,
    decimals: Sequence[int | None] | None = None,
    mask: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """Return the nearest values that satisfy all constraints, in units of ``scale``.

    A row that violates none keeps its bits; so does a sequence in the case of monotone columns.
    Missing values stay missing, and padding stays as it is. A row depends on its own values only.
    No rounding may satisfy constraints on grids that have few points in common; such rows stay
    next to the constraints.

    Args:
        values: (n, T, C) in the table's units.
        constraints: those to satisfy.
        scale: (C,) unit of a change of each column, such as its standard deviation.
        decimals: of each column, for changed values that no constraint puts on a grid.
        mask: (n, T) true where a step is no padding.
        names: of the columns, for messages.

    Raises:
        InputError: constraints contradict each other.
    """
    result = np.array(values, dtype=np.float64)
    for component in _components(
        tuple(constraints),
        tuple(np.asarray(scale, dtype=np.float64).tolist()),
        None if decimals is None else tuple(decimals),
        None if names is None else tuple(names),
    ):
        bad = np.zeros(result.shape[:2], dtype=bool)
        for constraint in component.constraints:
            bad |= violations(constraint, result, mask)
        size = len(component.members)
        if component.over_time:
            for rows in _blocks(np.flatnonzero(bad.any(axis=1)), size * result.shape[1]):
                known = None if mask is None else mask[rows]
                result[rows] = _enforce_component(result[rows], component, known)
        else:
            first, second = np.nonzero(bad)
            for rows in _blocks(np.arange(len(first)), size):
                at = first[rows], second[rows]
                result[at] = _enforce_component(result[at][:, None], component, None)[:, 0]
    return result


@lru_cache(maxsize=16)  # a chunk of sequences has the constraints of the one before
def _components(
    constraints: tuple[Constraint, ...],
    scale: tuple[float, ...],
    decimals: tuple[int | None, ...] | None,
    names: tuple[str, ...] | None,
) -> list[Component]:
    return components(constraints, np.array(scale), decimals, names)


def _blocks(items: np.ndarray, size: int) -> Iterator[np.ndarray]:
    count = max(1, MAX_BLOCK // size)
    for first in range(0, len(items), count):
        yield items[first : first + count]


def _enforce_component(
    values: np.ndarray, component: Component, mask: np.ndarray | None
) -> np.ndarray:
    """Return sequences (k, T, C) in which the columns of a component satisfy its constraints."""
    start = np.empty((*values.shape[:2], len(component.members)))
    for v, group in enumerate(component.members):
        columns = values[..., list(group)]
        if mask is not None:
            columns = np.where(mask[..., None], columns, np.nan)
        start[..., v] = _mean(columns)
    targets = _draw_targets(start, component)
    kept, rows = start.copy(), np.arange(len(start))
    for sweeps in SWEEPS:
        ideal = project(start[rows], component, targets[rows], sweeps)
        kept[rows], is_kept = round_points(
            ideal, start[rows], component, targets[rows], is_last=sweeps == SWEEPS[-1]
        )
        rows = rows[~is_kept]
        if not rows.size:
            break
    result = values.copy()
    for v, group in enumerate(component.members):
        for column in group:
            known = ~np.isnan(values[..., column])
            if mask is not None:
                known &= mask
            result[..., column] = np.where(known, kept[..., v], values[..., column])
    return result


def _mean(columns: np.ndarray) -> np.ndarray:
    """Return the mean of equal columns (..., g) where they are known.

    Columns that agree keep their bits.
    """
    first = columns[..., 0]
    for i in range(1, columns.shape[-1]):
        first = np.where(np.isnan(first), columns[..., i], first)
    off = columns - first[..., None]
    count = np.maximum((~np.isnan(off)).sum(axis=-1), 1)
    return np.asarray(first + np.nansum(off, axis=-1) / count)


def _draw_targets(start: np.ndarray, component: Component) -> np.ndarray:
    """Return residuals (k, T, s) that sums aim at: those of a training row drawn for each row.

    The draw is a hash of the row, so that a row depends on its own values only.
    """
    result = np.zeros((*start.shape[:2], len(component.sums)))
    if not any(equality.residuals for equality in component.sums):
        return result
    bits = np.ascontiguousarray(start + 0.0).view(np.uint64)
    key = np.zeros(start.shape[:2], dtype=np.uint64)
    for v in range(start.shape[2]):
        key = _mix(key ^ bits[..., v])
    for i, equality in enumerate(component.sums):
        if equality.residuals:
            sample = np.array(equality.residuals)
            result[..., i] = sample[key % np.uint64(len(sample))]
    return result


def _mix(key: np.ndarray) -> np.ndarray:
    """Return pseudo-random integers for integers (SplitMix64, Steele et al. 2014)."""
    key = key + np.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> np.uint64(31)))
