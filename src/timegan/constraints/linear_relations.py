"""Search for columns that add up: whole-number relations that hold on all rows.

The relations of a table are the null space of its columns and a constant. Its vectors with the
fewest columns (the circuits of a matroid) are what people call a sum: they are found by setting
as many columns to zero as leave one vector over.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
from scipy.sparse.csgraph import connected_components

from timegan.constraints.types import LinearEquality, Multiples
from timegan.tables.value_grid import DOUBLE_EPSILON, SINGLE_EPSILON

ROWS = 2_000  # of the sample
LARGEST = 3  # coefficient
MOST_COLUMNS = 12  # of one sum
MOST_TRIES = 20_000
SMALL = 1e-10  # singular value, relative to the largest, that counts as none
BLOCK = 65_536


def sums(
    values: np.ndarray,
    columns: list[int],
    lattice: Mapping[int, Multiples],
    sizes: Mapping[int, float],
) -> list[LinearEquality]:
    """Sums of columns that hold exactly on all rows, none of which follows from the others.

    Args:
        values: (R, C) rows, NaN = missing.
        columns: those to look at; no two are equal and none is constant.
        lattice: the steps of the columns that have some.
        sizes: largest absolute value of each column.
    """
    columns, short = _complete(values, columns)
    if len(columns) < 2 or len(short) < max(20, 2 * len(columns)):
        return []
    precision = max([DOUBLE_EPSILON] + [lattice[c].precision for c in columns if c in lattice])
    if precision == DOUBLE_EPSILON and np.array_equal(short.astype(np.float32), short):
        precision = SINGLE_EPSILON if not all(c in lattice for c in columns) else DOUBLE_EPSILON
    centre, spread = short.mean(axis=0), short.std(axis=0)
    unit = (short - centre) / spread
    # Of the triangle of a QR decomposition: as exact, and quicker for many rows.
    _, size, right = np.linalg.svd(np.linalg.qr(unit, mode="r"))
    null = right[size <= max(SMALL, 8 * precision) * size[0]]
    if not len(null):
        return []
    kept: list[tuple[np.ndarray, LinearEquality]] = []
    limits = np.array([sizes[c] for c in columns])
    for whole in _candidates(null, spread):
        constraint = _constraint(whole, columns, centre, limits, lattice, precision)
        if _adds(whole, [w for w, _ in kept]) and _holds(constraint, values):
            kept.append((whole, constraint))
        if len(kept) == len(null):
            break
    return [constraint for _, constraint in kept]


def _complete(values: np.ndarray, columns: list[int]) -> tuple[list[int], np.ndarray]:
    """A sample of rows without holes, and its columns: those with most holes are left out."""
    short = values[:: max(1, len(values) // ROWS)][:, columns]
    while columns:
        holes = np.isnan(short)
        whole = ~holes.any(axis=1)
        if whole.sum() >= min(len(short), max(50, 4 * len(columns))):
            short = short[whole]
            moving = np.ptp(short, axis=0) > 0
            return [c for c, so in zip(columns, moving, strict=True) if so], short[:, moving]
        worst = int(holes.sum(axis=0).argmax())
        columns, short = columns[:worst] + columns[worst + 1 :], np.delete(short, worst, axis=1)
    return [], short


def _candidates(null: np.ndarray, spread: np.ndarray) -> list[np.ndarray]:
    """Small whole coefficients (C,) of relations, those of the fewest columns first."""
    found: dict[tuple[int, ...], np.ndarray] = {}
    for used, basis in _blocks(null):
        for vector in _circuits(basis):
            whole = _whole(vector / spread[used])
            if whole is not None:
                full = np.zeros(null.shape[1], dtype=np.int64)
                full[used] = whole
                found.setdefault(tuple(full), full)
    return sorted(found.values(), key=lambda w: (np.count_nonzero(w), np.abs(w).sum(), tuple(-w)))


def _blocks(null: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The null space in parts that share no column: the columns, and a basis (k, columns)."""
    count, label = connected_components(np.abs(null.T @ null) > 1e-8, directed=False)
    for i in range(count):
        used = np.flatnonzero(label == i)
        if used.size > 1:
            _, size, right = np.linalg.svd(null[:, used], full_matrices=False)
            yield used, right[size > 1e-6]


def _circuits(null: np.ndarray) -> Iterator[np.ndarray]:
    """Vectors of a null space (k, m) with as few entries as there can be."""
    count, width = null.shape
    if comb(width, count - 1) <= MOST_TRIES:
        for zero in combinations(range(width), count - 1):
            if not zero:
                yield _cleared(null[0])
                continue
            _, size, right = np.linalg.svd(null[:, zero].T)
            if size[-1] > 1e-8:
                yield _cleared(right[-1] @ null)
        return
    rest = null.copy()  # too many: the reduced echelon form, whose rows are circuits too
    row = 0
    for column in range(width):
        pivot = row + int(np.abs(rest[row:, column]).argmax())
        if abs(rest[pivot, column]) < 1e-6:
            continue
        rest[[row, pivot]] = rest[[pivot, row]]
        rest[row] /= rest[row, column]
        others = np.arange(count) != row
        rest[others] -= np.outer(rest[others, column], rest[row])
        row += 1
        if row == count:
            break
    yield from (_cleared(vector) for vector in rest)


def _cleared(vector: np.ndarray) -> np.ndarray:
    return np.where(np.abs(vector) < 1e-7 * np.abs(vector).max(), 0.0, vector)


def _whole(vector: np.ndarray) -> np.ndarray | None:
    """Small whole numbers in the proportion of a vector's entries, the first one positive."""
    used = np.flatnonzero(vector)
    if not 2 <= used.size <= MOST_COLUMNS:
        return None
    ratio = vector / vector[used][np.abs(vector[used]).argmin()]
    for times in range(1, LARGEST + 1):
        near = np.rint(times * ratio)
        if np.abs(near).max() <= LARGEST and np.abs(times * ratio - near).max() < 1e-4:
            return np.asarray(near * np.sign(near[used[0]]), dtype=np.int64)
    return None


def _constraint(
    whole: np.ndarray,
    columns: list[int],
    centre: np.ndarray,
    limits: np.ndarray,
    lattice: Mapping[int, Multiples],
    precision: float,
) -> LinearEquality:
    used = np.flatnonzero(whole)
    constant = float((whole * centre).sum())
    steps = [lattice[columns[i]].step for i in used if columns[i] in lattice]
    size = float((np.abs(whole) * limits).sum())
    slack = 32 * precision * size
    if len(steps) == len(used):
        # Sums of decimals are decimals: the mean of the rows is one, but for its rounding.
        unit = min(steps)
        constant = round(round(constant / unit) * unit, 12)
        slack = max(slack, 1e-6 * unit)
    elif abs(constant) <= slack:
        constant = 0.0
    return LinearEquality(
        tuple(columns[i] for i in used), tuple(int(whole[i]) for i in used), constant + 0.0, slack
    )


def _adds(vector: np.ndarray, known: list[np.ndarray]) -> bool:
    """Whether a vector is no combination of (independent) others."""
    return int(np.linalg.matrix_rank(np.array([*known, vector]))) == len(known) + 1


def independent(constraints: Sequence[LinearEquality]) -> list[int]:
    """Positions of the sums that do not follow from the ones before (but for the constant)."""
    kept: list[int] = []
    known: list[np.ndarray] = []
    width = 1 + max((c for constraint in constraints for c in constraint.columns), default=0)
    for position, constraint in enumerate(constraints):
        vector = np.zeros(width)
        vector[list(constraint.columns)] = constraint.coefficients
        if _adds(vector, known):
            kept.append(position)
            known.append(vector)
    return kept


def _holds(constraint: LinearEquality, values: np.ndarray) -> bool:
    """Whether all rows keep it, and enough have all of its columns."""
    count = 0
    for first in range(0, len(values), BLOCK):
        part = values[first : first + BLOCK, list(constraint.columns)]
        off = np.abs(
            part @ np.array(constraint.coefficients, dtype=np.float64) - constraint.constant
        )
        if (off > constraint.slack).any():
            return False
        count += int((~np.isnan(off)).sum())
    return count >= 20
