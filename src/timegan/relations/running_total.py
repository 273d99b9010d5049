"""Running totals: a meter that rises by the usage, a balance by income minus expenses."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.seeds import rng
from timegan.tables.value_grid import MAX_DECIMALS, exact_decimals
from timegan.tables.value_limits import ValueLimits

MIN_STEPS = 10
"""Steps that change the total, and in which each part differs from 0."""

PROBE_STEPS = 2_000
"""First steps, in which most columns already turn out not to belong together."""

PAIR_STEPS = 64
"""Steps on which all pairs of columns are tried at once."""

MAX_PAIRED = 100
"""Number columns up to which sums of two parts are looked for."""


@dataclass(frozen=True)
class RunningTotal(Relation):
    """A column that changes from row to row by the value of another column, or of two.

    Args:
        total: label of the column that sums up.
        parts: labels of the columns that are summed up.
        signs: of each part: 1 where it is added, -1 where it is subtracted.
        is_ahead: whether a row's parts are the change to the next row, not that from the row
            before.
        tolerance: by which changes differ from parts, at most: the rounding of all of them.
        direction: 1 where every part raises the total, -1 where every part lowers it, 0 otherwise.
        low: smallest total where it has a true bound or is never negative; else None.
        decimals: of the total; None leaves it unrounded.
        opening: label of the column that has the total before each row; empty where there is none.

    The sums of a program miss their last decimal by rounding; samples have that decimal.
    """

    kind: ClassVar[str] = "running total"
    unit: ClassVar[str] = "steps"
    total: str
    parts: tuple[str, ...]
    signs: tuple[int, ...]
    is_ahead: bool
    tolerance: float
    direction: int
    low: float | None = None
    decimals: int | None = None
    opening: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The total, its parts, and the total before them."""
        return (self.total, *self.parts, *([self.opening] if self.opening else []))

    def describe(self) -> str:
        """Return it in words."""
        verb = "rises" if self.signs[0] > 0 else "falls"
        first, *others = zip(self.parts, self.signs, strict=True)
        names = first[0]
        for part, sign in others:
            names += f" {'+' if sign == self.signs[0] else '-'} {part}"
        where = " of the row before" if self.is_ahead else ""
        more = f", from {self.opening}" if self.opening else ""
        return f"{self.total} {verb} by {names}{where}{more}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps between known values change the total by the parts."""
        parts = list(zip(self.parts, self.signs, strict=True))
        change, summand = _steps(rows, self.total, parts, is_ahead=self.is_ahead)
        largest = np.nanmax(np.abs(rows.columns[self.total]), initial=0.0)
        kept: np.ndarray = np.abs(change - summand) <= self.tolerance + 1e-9 * largest
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the total before a window's first part: 0 where sequences begin with it."""
        if not draft.may_change(self.total) or not draft.has_other_features(self.total):
            return False
        if not self.opening:
            before = draft.columns[self.total]
            if not self.is_ahead:
                before = before - self._changes(draft.rows.columns)
            draft.add_start(self.total, self._rounded(before))
        draft.drop(self.total)
        return True

    def restore(self, block: Block) -> None:
        """Sum the parts up from the total at the start; a missing part changes nothing."""
        for label, sign in zip(self.parts, self.signs, strict=True):
            part = block.columns[label]
            if self.direction:  # a part of the other sign would turn the total round
                block.columns[label] = np.where(self.direction * sign * part < 0, 0.0, part)
        changes = self._changes(block.columns)
        if self.opening:
            block.set(self.total, self._rounded(block.columns[self.opening] + changes))
            return
        after = changes.copy() if self.is_ahead else 0.0  # up to the end of each row
        changes = np.roll(changes, 1, axis=1) if self.is_ahead else changes
        if self.total not in block.starts:  # written before
            changes[:, 0] = block.columns[self.total][:, 0]
        else:
            first = 0.0 if self.is_ahead else changes[:, 0]
            changes[:, 0] = block.starts[self.total] + first
        totals = np.cumsum(changes, axis=1)
        if self.low is not None and not self.direction:  # begin higher where too much goes out
            inside = np.arange(totals.shape[1]) < block.lengths[:, None]
            lowest = np.minimum(totals, totals + after)
            lowest = np.where(inside, lowest, np.inf).min(axis=1, keepdims=True)
            totals += np.maximum(self.low - lowest, 0.0)
        block.set(self.total, self._rounded(totals))

    def _changes(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the sum of the parts, of which missing ones are 0."""
        changes = sum(
            sign * np.nan_to_num(columns[part])
            for part, sign in zip(self.parts, self.signs, strict=True)
        )
        return np.asarray(changes)

    def _rounded(self, values: np.ndarray) -> np.ndarray:
        return values if self.decimals is None else np.round(values, self.decimals)


def find_running_totals(rows: Rows, excluded: Collection[str]) -> list[RunningTotal]:
    """Find columns that change by one or two others in every step, up to the rounding of all.

    Steps count in which the total changes or the parts do not cancel. The change agrees with the
    parts of another row as often as with its own where the columns have nothing to do with each
    other. So they agree in all steps by accident with a probability that is computed from that
    share.

    Args:
        rows: of the table.
        excluded: labels of columns that another relation explains.
    """
    labels = [
        label
        for label, field in rows.fields.items()
        if field.type == "number" and field.role == "feature" and label not in excluded
    ]
    decimals = {label: _decimals(rows.columns[label]) for label in labels}
    found: list[RunningTotal] = []
    for total in labels:
        if np.isnan(rows.columns[total]).any():
            continue
        others = [label for label in labels if label != total]
        for is_ahead in (False, True):
            for parts in _candidates(rows, total, others, decimals, is_ahead=is_ahead):
                relation = _relation(rows, total, parts, decimals, is_ahead=is_ahead)
                if relation is not None:
                    found.append(relation)
                    break
            if found and found[-1].total == total:
                break
    linked = [_with_opening(relation, found, rows) for relation in found]
    bounds = {relation.opening: relation.low for relation in linked if relation.opening}
    return _parts_first(
        [replace(r, low=bounds[r.total]) if r.total in bounds else r for r in linked]
    )


Parts = list[tuple[str, int]]
"""Labels and signs of the parts of a total."""


def _candidates(
    rows: Rows,
    total: str,
    others: Sequence[str],
    decimals: Mapping[str, int | None],
    *,
    is_ahead: bool,
) -> Iterator[Parts]:
    """Yield single parts, and pairs of parts that agree with the changes of a few steps."""
    for label in others:
        yield from ([(label, 1)], [(label, -1)])
    if not 2 <= len(others) <= MAX_PAIRED:
        return
    steps = [_steps(rows, total, [(label, 1)], is_ahead=is_ahead, known=False) for label in others]
    change, parts = steps[0][0], np.stack([summand for _, summand in steps], axis=1)
    known = ~np.isnan(change)
    some = np.flatnonzero(known & (change != 0))
    some = some[np.linspace(0, len(some) - 1, min(len(some), PAIR_STEPS)).astype(np.int64)]
    if len(some) < MIN_STEPS:
        return
    change, parts = change[some], parts[some]
    width = _tolerance([total, *others], decimals) + 1e-9 * np.abs(rows.columns[total]).max()
    for first, second in combinations_with_replacement((1, -1), 2):
        rest = change[:, None] - first * parts
        off = np.abs(rest[:, :, None] - second * parts[:, None, :])
        fits = ~(off > width).any(axis=0)  # a missing part may fit
        for i, j in np.argwhere(fits):
            if i != j and (first != second or i < j):
                yield [(others[i], first), (others[j], second)]


def _relation(
    rows: Rows,
    total: str,
    parts: Parts,
    decimals: Mapping[str, int | None],
    *,
    is_ahead: bool,
) -> RunningTotal | None:
    values = rows.columns[total]
    tolerance = _tolerance([total, *(label for label, _ in parts)], decimals)
    width = tolerance + 1e-9 * float(np.abs(values).max(initial=0.0))
    change, summand = _steps(rows, total, parts, is_ahead=is_ahead)
    away = np.abs(change - summand)
    if change.size < MIN_STEPS or (away[:PROBE_STEPS] > width).any() or (away > width).any():
        return None
    moves = (np.abs(change) > width) | (np.abs(summand) > width)
    other = rng(0, "running total").permutation(summand)
    agree = float((np.abs(change - other) <= width)[moves].mean()) if moves.any() else 1.0
    if moves.sum() < MIN_STEPS or by_chance(agree, int(moves.sum())):
        return None
    each = [_steps(rows, total, [part], is_ahead=is_ahead)[1] for part in parts]
    if len(parts) > 1 and any((np.abs(part) > width).sum() < MIN_STEPS for part in each):
        return None
    if len(parts) > 1 and any(np.ptp(part) <= width for part in each):
        return None
    each.append(change)
    rises, falls = (all((part * s >= 0).all() for part in each) for s in (1, -1))
    limits = ValueLimits.fit(values)
    labels, signs = zip(*parts, strict=True)
    return RunningTotal(
        f"in all {change.size:,} steps",
        total,
        labels,
        signs,
        is_ahead,
        tolerance,
        int(rises) - int(falls),
        limits.low if limits.low_bound else 0.0 if values.min() >= 0 else None,
        decimals[total],
    )


def _with_opening(
    relation: RunningTotal, found: Sequence[RunningTotal], rows: Rows
) -> RunningTotal:
    """Return a closing total that starts from another column with the total before each row."""
    if relation.is_ahead:
        return relation
    for other in found:
        if not other.is_ahead or (other.parts, other.signs) != (relation.parts, relation.signs):
            continue
        ends = relation._rounded(rows.columns[other.total] + relation._changes(rows.columns))
        if (np.abs(ends - rows.columns[relation.total]) <= relation.tolerance).all():
            return replace(relation, opening=other.total)
    return relation


def _parts_first(found: list[RunningTotal]) -> list[RunningTotal]:
    """Return totals of totals behind these, and one of two that sum each other up."""
    ordered: list[RunningTotal] = []
    while True:
        waiting = {relation.total for relation in found}
        ready = [relation for relation in found if not waiting & set(relation.columns[1:])]
        if not ready:
            return ordered
        ordered += ready
        found = [relation for relation in found if relation not in ready]


def _tolerance(labels: Sequence[str], decimals: Mapping[str, int | None]) -> float:
    """Return the rounding of a change of the first column and of the others."""
    return sum(
        (0.5 if i else 1.0) * 10.0**-digits
        for i, label in enumerate(labels)
        if (digits := decimals[label]) is not None
    )


def _steps(
    rows: Rows, total: str, parts: Parts, *, is_ahead: bool, known: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes of a total within sequences, and the sums of parts that belong to them.

    Args:
        rows: of the table.
        total: label of the total.
        parts: labels and signs.
        is_ahead: see `RunningTotal`.
        known: leave out the steps in which one of them is missing.
    """
    follows = rows.follows[1:]
    change = np.diff(rows.columns[total])[follows]
    values = sum(sign * rows.columns[label] for label, sign in parts)
    values = np.asarray(values)
    summand = (values[:-1] if is_ahead else values[1:])[follows]
    if known:
        present = ~np.isnan(change) & ~np.isnan(summand)
        return change[present], summand[present]
    return change, summand


def _decimals(values: np.ndarray) -> int | None:
    """Return the decimals of a column; a program that sums up leaves 12.340000000000002."""
    known = values[~np.isnan(values)]
    largest = float(np.abs(known).max(initial=1.0))
    digits = 15 - int(np.ceil(np.log10(largest)))
    return exact_decimals(np.round(known, min(digits - 2, MAX_DECIMALS)))
