"""Discovery of linear equalities: columns whose sum with small integer coefficients is constant.

The equalities of a table are the null space of its columns. The vectors of the null space with the
fewest columns (the circuits of a matroid) are what people call a sum. They are found by setting as
many columns to zero as leave one vector over. An equality holds exactly, or else within the
rounding of its columns: shares with one decimal add up to 99.9, 100.0 or 100.1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.sparse.csgraph import connected_components

from timegan.constraints.types import LinearEquality, Multiples
from timegan.tables.value_grid import DOUBLE_EPSILON, SINGLE_EPSILON

SAMPLE_ROWS = 2_000  # a first, cheap test of candidates
BLOCK_ROWS = 65_536  # tested together afterwards
MIN_ROWS = 20  # with fewer rows (or moves), constraints hold by chance
MAX_COEFFICIENT = 3
MAX_COLUMNS = 12  # of one equality
MAX_CIRCUITS = 20_000
MAX_SINGULAR_VALUE = 1e-10  # of a null vector, relative to the largest
MAX_ROUNDING_DEVIATION = 0.4
"""Largest standard deviation of a residual that is rounding, in units of the rounding.

Independent errors are uniform between -.5 and .5 units, with a deviation of .289 units.
"""
ROUNDING_ERROR = 0.501  # of a column, in units of its rounding; more than .5 for float32
SAMPLE_RESIDUALS = 256
MIN_SHUFFLED_RATE = 0.5
"""Smallest share of rows that violate an equality within rounding after a shuffle of each column.

Columns that hardly vary, such as counts of 0 and 1, stay within the rounding whatever they are.
"""


@dataclass(frozen=True)
class _NullSpace:
    """Linear combinations of standardised columns that hardly vary.

    Args:
        basis: orthonormal rows.
        error: of its entries.
        coefficient_error: largest distance of a coefficient from an integer.
    """

    basis: np.ndarray
    error: float
    coefficient_error: float


def linear_equalities(
    values: np.ndarray,
    columns: list[int],
    grids: Mapping[int, Multiples],
    units: Mapping[int, float],
) -> list[LinearEquality]:
    """Return independent equalities that hold on all rows, exactly or within rounding.

    Args:
        values: (R, C) rows, NaN = missing.
        columns: those to combine; no two are equal and none is constant.
        grids: of the columns that have one.
        units: distance between neighbours of rounded columns.
    """
    columns, sample = _complete_rows(values, columns)
    if len(columns) < 2 or len(sample) < max(MIN_ROWS, 2 * len(columns)):
        return []
    found: list[LinearEquality] = []
    precision = max([DOUBLE_EPSILON] + [grids[c].precision for c in columns if c in grids])
    if precision == DOUBLE_EPSILON and np.array_equal(sample.astype(np.float32), sample):
        precision = SINGLE_EPSILON if not all(c in grids for c in columns) else DOUBLE_EPSILON
    spread = sample.std(axis=0)
    null = _exact_null_space(sample, precision)
    size = np.nanmax(np.abs(values[:, columns]), axis=0) if len(null.basis) else spread
    for coefficients in _candidates(null, spread):
        equality = _exact(coefficients, columns, sample, size, grids, precision)
        if independent([*found, equality])[-1:] == [len(found)] and _holds(equality, values):
            found.append(equality)
    rounded = [i for i, c in enumerate(columns) if c in units]
    columns, sample, spread = [columns[i] for i in rounded], sample[:, rounded], spread[rounded]
    if len(columns) < 2:
        return found
    unit = np.array([units[c] for c in columns])
    known = sum(set(equality.columns) <= set(columns) for equality in found)
    for coefficients in _candidates(_rounding_null_space(sample, unit, known), spread):
        for equality in _within_rounding(coefficients, columns, sample, unit):
            if independent([*found, equality])[-1:] == [len(found)] and _holds(equality, values):
                found.append(equality)
    return found


def independent(equalities: Sequence[LinearEquality]) -> list[int]:
    """Return positions of equalities that do not follow from the ones before."""
    kept: list[int] = []
    known: list[np.ndarray] = []
    width = 1 + max((c for equality in equalities for c in equality.columns), default=0)
    for position, equality in enumerate(equalities):
        vector = np.zeros(width)
        vector[list(equality.columns)] = equality.coefficients
        if np.linalg.matrix_rank(np.array([*known, vector])) == len(known) + 1:
            kept.append(position)
            known.append(vector)
    return kept


def _complete_rows(values: np.ndarray, columns: list[int]) -> tuple[list[int], np.ndarray]:
    """Return a sample of rows without missing values, without the columns that miss most."""
    sample = values[:: max(1, len(values) // SAMPLE_ROWS)][:, columns]
    while columns:
        missing = np.isnan(sample)
        is_complete = ~missing.any(axis=1)
        if is_complete.sum() >= min(len(sample), max(50, 4 * len(columns))):
            sample = sample[is_complete]
            varies = np.ptp(sample, axis=0) > 0
            return [c for c, so in zip(columns, varies, strict=True) if so], sample[:, varies]
        worst = int(missing.sum(axis=0).argmax())
        columns, sample = columns[:worst] + columns[worst + 1 :], np.delete(sample, worst, axis=1)
    return [], sample


def _exact_null_space(sample: np.ndarray, precision: float) -> _NullSpace:
    """Return the combinations of standardised columns (R, C) that are constant."""
    standard = (sample - sample.mean(axis=0)) / sample.std(axis=0)
    # The triangle of a QR decomposition is as exact, and quicker for many rows.
    _, size, right = np.linalg.svd(np.linalg.qr(standard, mode="r"))
    limit = max(MAX_SINGULAR_VALUE, 8 * precision) * size[0]
    return _NullSpace(right[size <= limit], 1e-8, 1e-4)


def _rounding_null_space(sample: np.ndarray, unit: np.ndarray, known: int) -> _NullSpace:
    """Return the combinations of standardised columns (R, C) that vary by their rounding only.

    In units of the rounding, the error of each column has the same size. So has the residual of
    each unit vector that is a sum within rounding, whatever its coefficients are.
    """
    spread = sample.std(axis=0)
    _, size, right = np.linalg.svd(
        np.linalg.qr((sample - sample.mean(axis=0)) / unit, mode="r"), full_matrices=False
    )
    right = right[size <= MAX_ROUNDING_DEVIATION * np.sqrt(len(sample))]
    if len(right) <= known:
        return _NullSpace(right[:0], 0.0, 0.0)
    _, size, basis = np.linalg.svd(right * (spread / unit), full_matrices=False)
    error = 5 * MAX_ROUNDING_DEVIATION / np.sqrt(len(sample)) / float(size[-1])
    return _NullSpace(basis, max(1e-8, error), 0.1)


def _candidates(null: _NullSpace, spread: np.ndarray) -> list[np.ndarray]:
    """Return integer coefficients (C,) of equalities, those with the fewest columns first."""
    found: dict[tuple[int, ...], np.ndarray] = {}
    for used, basis in _connected_columns(null):
        for vector in _circuits(basis, null.error):
            whole = _integers(vector, spread[used], null)
            if whole is not None:
                full = np.zeros(len(spread), dtype=np.int64)
                full[used] = whole
                found.setdefault(tuple(full), full)
    return sorted(found.values(), key=lambda w: (np.count_nonzero(w), np.abs(w).sum(), tuple(-w)))


def _connected_columns(null: _NullSpace) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield parts of a null space that share no column: the columns, and a basis."""
    basis = null.basis
    count, label = connected_components(np.abs(basis.T @ basis) > null.error, directed=False)
    for i in range(count if len(basis) else 0):
        used = np.flatnonzero(label == i)
        if used.size > 1:
            _, size, right = np.linalg.svd(basis[:, used], full_matrices=False)
            yield used, right[size > 0.5]


def _circuits(basis: np.ndarray, error: float) -> Iterator[np.ndarray]:
    """Yield vectors of a null space (k, m) with as few entries as there can be."""
    count, width = basis.shape
    if comb(width, count - 1) <= MAX_CIRCUITS:
        for zero in combinations(range(width), count - 1):
            if not zero:
                yield basis[0]
                continue
            _, size, right = np.linalg.svd(basis[:, zero].T)
            if size[-1] > error:
                yield right[-1] @ basis
        return
    rest = basis.copy()  # too many: the rows of the reduced echelon form are circuits, too
    row = 0
    for column in range(width):
        pivot = row + int(np.abs(rest[row:, column]).argmax())
        if abs(rest[pivot, column]) < max(1e-6, error):
            continue
        rest[[row, pivot]] = rest[[pivot, row]]
        rest[row] /= rest[row, column]
        others = np.arange(count) != row
        rest[others] -= np.outer(rest[others, column], rest[row])
        row += 1
        if row == count:
            break
    yield from rest


def _integers(vector: np.ndarray, spread: np.ndarray, null: _NullSpace) -> np.ndarray | None:
    """Return small integers in proportion to the coefficients of a vector, or None.

    Args:
        vector: coefficients of standardised columns.
        spread: standard deviation of each column.
        null: errors of the entries.
    """
    largest = int(np.abs(vector).argmax())
    used = np.abs(vector) > max(1e-7, null.error) * abs(vector[largest])
    if not 2 <= used.sum() <= MAX_COLUMNS:
        return None
    ratio = np.where(used, vector / spread, 0.0)
    ratio /= ratio[largest]
    for times in range(1, MAX_COEFFICIENT + 1):
        near = np.rint(times * ratio)
        if (
            np.abs(near).max() <= MAX_COEFFICIENT
            and (near[used] != 0).all()
            and np.abs(times * ratio - near).max() < null.coefficient_error
        ):
            sign = np.sign(near[np.flatnonzero(near)[0]])
            return np.asarray(near * sign // np.gcd.reduce(near.astype(np.int64)), dtype=np.int64)
    return None


def _exact(
    coefficients: np.ndarray,
    columns: list[int],
    sample: np.ndarray,
    size: np.ndarray,
    grids: Mapping[int, Multiples],
    precision: float,
) -> LinearEquality:
    """Return an equality that allows for errors of floating-point numbers only."""
    used = np.flatnonzero(coefficients)
    constant = float((sample @ coefficients).mean())
    steps = [grids[columns[i]].step for i in used if columns[i] in grids]
    slack = 32 * precision * float(np.abs(coefficients) @ size)
    if len(steps) == len(used):
        unit = min(steps)  # the constant is a decimal number, except for the rounding of the mean
        constant = round(round(constant / unit) * unit, 12)
        slack = max(slack, 1e-6 * unit)
    elif abs(constant) <= slack:
        constant = 0.0
    return LinearEquality(
        tuple(columns[i] for i in used),
        tuple(int(coefficients[i]) for i in used),
        constant + 0.0,
        slack,
    )


def rounded_equality(
    columns: Sequence[int],
    coefficients: Sequence[float],
    constant: float,
    units: Sequence[float],
    totals: np.ndarray,
) -> LinearEquality:
    """Return an equality that allows for the rounding of its columns.

    Args:
        columns: positions of the columns.
        coefficients: of the columns.
        constant: value of the sum without rounding.
        units: to which the columns are rounded.
        totals: (R,) sums of the training rows.
    """
    slack = float(np.abs(coefficients) @ np.asarray(units)) * ROUNDING_ERROR
    off = np.round(totals[~np.isnan(totals)] - constant, 12) + 0.0
    rows = np.linspace(0, off.size - 1, SAMPLE_RESIDUALS if off.size else 0)
    residuals = off[rows.astype(np.int64)].tolist()
    return LinearEquality(tuple(columns), tuple(coefficients), constant, slack, tuple(residuals))


def _within_rounding(
    coefficients: np.ndarray, columns: list[int], sample: np.ndarray, units: np.ndarray
) -> Iterator[LinearEquality]:
    """Yield an equality within rounding with each plausible constant, unless it is by chance."""
    used = np.flatnonzero(coefficients)
    factors, units = coefficients[used].astype(np.float64), units[used]
    total = sample[:, used] @ factors
    noise = float(np.sqrt((factors**2) @ (units**2)))
    slack = float(np.abs(factors) @ units) * ROUNDING_ERROR
    if total.std() > MAX_ROUNDING_DEVIATION * noise:
        return
    random = np.random.default_rng(0)
    shuffled = random.permuted(sample[:, used], axis=0) @ factors
    if (np.abs(shuffled - shuffled.mean()) > slack).mean() < MIN_SHUFFLED_RATE:
        return
    mean = float(total.mean())
    error = 5 * noise / np.sqrt(len(total))
    for unit in (np.inf, float(units.max()), float(units.min())):
        constant = 0.0 if unit == np.inf else round(round(mean / unit) * unit, 12)
        if abs(constant - mean) <= error:
            yield rounded_equality(
                [columns[i] for i in used],
                [int(f) for f in factors],
                constant,
                units.tolist(),
                total,
            )


def _holds(equality: LinearEquality, values: np.ndarray) -> bool:
    """Return whether all rows satisfy an equality, and enough have all of its columns."""
    count = 0
    for first in range(0, len(values), BLOCK_ROWS):
        block = values[first : first + BLOCK_ROWS, list(equality.columns)]
        off = np.abs(block @ np.array(equality.coefficients, dtype=np.float64) - equality.constant)
        if (off > equality.slack).any():
            return False
        count += int((~np.isnan(off)).sum())
    return count >= MIN_ROWS
