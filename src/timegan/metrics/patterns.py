"""Patterns of a table: where values are missing, and how far rows are apart in time."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from timegan.relations import Rows
from timegan.tables.time_axis import describe_seconds

MAX_COLUMNS = 20
"""Columns with missing values that are looked at, and numbers beside them."""

MIN_ROWS = 30
"""Rows of either table that a share needs."""


class Share(NamedTuple):
    """A share of rows, of which neighbouring ones count as one in its error."""

    value: float
    groups: int

    @property
    def variance(self) -> float:
        """Squared standard error; that of one half is the largest."""
        return max(self.value * (1 - self.value), 0.25 / self.groups) / self.groups


Measure = Callable[[Rows], Share | None]


def patterns(real: Rows, synthetic: Rows, held_out: Rows | None = None) -> list[dict[str, Any]]:
    """Return shares of rows that tell where values are missing and how far rows are apart.

    Args:
        real: all real rows.
        synthetic: generated rows.
        held_out: unseen real rows.

    Returns:
        A row for each share that enough rows of both tables have, the largest difference first:
        ``pattern``, in words; the share in ``real``, ``held_out`` (or None) and ``synthetic`` rows;
        ``difference``, by how much more than two standard errors it differs.
    """
    rows = []
    for words, measure in (*_missing(real, synthetic), *_steps(real)):
        a, b = measure(real), measure(synthetic)
        if a is None or b is None:
            continue
        unseen = None if held_out is None or not len(held_out) else measure(held_out)
        error = float(np.sqrt(a.variance + b.variance))
        row: dict[str, Any] = {
            "pattern": words,
            "real": a.value,
            "held_out": None if unseen is None else unseen.value,
            "synthetic": b.value,
            "difference": max(abs(a.value - b.value) - 2 * error, 0.0),
        }
        rows.append(row)
    return sorted(rows, key=lambda row: -row["difference"])


def _missing(real: Rows, synthetic: Rows) -> Iterator[tuple[str, Measure]]:
    """Yield what tells where values are missing: before, in other columns, beside other values."""
    labels = [label for label in real.columns if label in synthetic.columns]
    shares = {label: float(np.isnan(real.columns[label]).mean()) for label in labels}
    holes = sorted((label for label in labels if 0 < shares[label] < 1), key=lambda k: -shares[k])
    holes = holes[:MAX_COLUMNS]
    for label in holes:
        yield f"{label} is missing where it was in the row before", _persistence(label)
    for a, b in combinations(holes, 2):
        yield f"{a} and {b} are missing together where one is", _overlap(a, b)
    numbers = [label for label in labels if real.fields[label].type == "number"][:MAX_COLUMNS]
    for label in holes:
        for number in numbers:
            if number != label:
                words = f"{number} is above its median where {label} is missing"
                yield words, _beside(label, number)


def _steps(real: Rows) -> Iterator[tuple[str, Measure]]:
    """Yield what tells how far rows are apart in time."""
    gaps = _gaps(real)
    if gaps is None or not gaps.size:
        return
    usual = float(np.median(gaps))
    words = f"{usual:.10g}" if real.time is None else describe_seconds(usual)

    def is_near(rows: Rows) -> Share | None:
        own = _gaps(rows)
        return None if own is None else _share(own <= usual * (1 + 1e-9), rows)

    def is_equal(rows: Rows) -> Share | None:
        own = _gaps(rows)
        if own is None or not own.size:
            return None
        has_two_before = rows.follows[:-1][rows.follows[1:]]
        equal = np.isclose(own[1:], own[:-1], rtol=1e-9, atol=0.0)
        return _share(equal[has_two_before[1:]], rows)

    yield f"a row is at most {words} after the one before", is_near
    yield "a step in time is as long as the one before", is_equal


def _gaps(rows: Rows) -> np.ndarray | None:
    """Return the steps in time within sequences; None where rows have no time."""
    time = rows.time if rows.time is not None else next(iter(rows.numbers.values()), None)
    return None if time is None or not len(rows) else np.diff(time)[rows.follows[1:]]


def _share(is_so: np.ndarray, rows: Rows) -> Share | None:
    """Return a share of steps; ten neighbours, or a sequence, count as one."""
    if is_so.size < MIN_ROWS:
        return None
    groups = max(len(rows.bounds), is_so.size // 10)
    return Share(float(is_so.mean()), min(groups, is_so.size))


def _share_where(is_so: np.ndarray, where: np.ndarray) -> Share | None:
    """Return the share among some rows (R,), of which those side by side count as one."""
    if where.sum() < MIN_ROWS:
        return None
    groups = int((where & ~np.concatenate([[False], where[:-1]])).sum())
    return Share(float(is_so[where].mean()), groups)


def _persistence(label: str) -> Measure:
    def measure(rows: Rows) -> Share | None:
        missing = np.isnan(rows.columns[label])
        before = np.concatenate([[False], missing[:-1]]) & rows.follows
        return _share_where(missing, before)

    return measure


def _overlap(a: str, b: str) -> Measure:
    def measure(rows: Rows) -> Share | None:
        first, second = np.isnan(rows.columns[a]), np.isnan(rows.columns[b])
        return _share_where(first & second, first | second)

    return measure


def _beside(label: str, number: str) -> Measure:
    def measure(rows: Rows) -> Share | None:
        values = rows.columns[number]
        known = ~np.isnan(values)
        if not known.any():
            return None
        is_above = values > np.median(values[known])
        return _share_where(is_above, np.isnan(rows.columns[label]) & known)

    return measure
