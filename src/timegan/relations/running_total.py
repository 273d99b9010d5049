"""Running totals: a meter whose change in each row is another column, such as the usage."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.seeds import rng
from timegan.tables.value_grid import MAX_DECIMALS, exact_decimals

MIN_STEPS = 10
"""Steps that change the total."""

PROBE_STEPS = 2_000
"""First steps, in which most pairs of columns already turn out not to belong together."""


@dataclass(frozen=True)
class RunningTotal(Relation):
    """A column that changes from row to row by the value of another column.

    Args:
        total: label of the column that sums up.
        part: label of the column that is summed up.
        sign: 1 where the part is added, -1 where it is subtracted.
        is_ahead: whether a row's part is the change to the next row, not that from the row before.
        tolerance: by which changes differ from parts, at most: the rounding of both.
        direction: 1 where the total never falls, -1 where it never rises, 0 otherwise.
        decimals: of the total; None leaves it unrounded.

    The sums of a program miss their last decimal by rounding; samples have that decimal.
    """

    kind: ClassVar[str] = "running total"
    unit: ClassVar[str] = "steps"
    total: str
    part: str
    sign: int
    is_ahead: bool
    tolerance: float
    direction: int
    decimals: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The total and its part."""
        return (self.total, self.part)

    def describe(self) -> str:
        """Return it in words."""
        verb = "rises" if self.sign > 0 else "falls"
        where = " of the row before" if self.is_ahead else ""
        return f"{self.total} {verb} by {self.part}{where}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps between known values change the total by the part."""
        change, part = _steps(rows, self.total, self.part, is_ahead=self.is_ahead)
        largest = np.nanmax(np.abs(rows.columns[self.total]), initial=0.0)
        kept: np.ndarray = np.abs(change - self.sign * part) <= self.tolerance + 1e-9 * largest
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the total before a window's first part: 0 where sequences begin with it."""
        if not draft.may_change(self.total) or not draft.has_other_features(self.total):
            return False
        before = draft.columns[self.total]
        if not self.is_ahead:
            before = before - self.sign * np.nan_to_num(draft.rows.columns[self.part])
        draft.add_start(self.total, self._rounded(before))
        draft.drop(self.total)
        return True

    def restore(self, block: Block) -> None:
        """Sum the parts up from the total at the start; a missing part changes nothing."""
        part = block.columns[self.part]
        if self.direction:  # a part of the other sign would turn the total round
            part = np.where(self.direction * self.sign * part < 0, 0.0, part)
            block.columns[self.part] = part
        changes = self.sign * np.nan_to_num(part)
        changes = np.roll(changes, 1, axis=1) if self.is_ahead else changes
        if self.total not in block.starts:  # written before
            changes[:, 0] = block.columns[self.total][:, 0]
        else:
            first = 0.0 if self.is_ahead else changes[:, 0]
            changes[:, 0] = block.starts[self.total] + first
        block.set(self.total, self._rounded(np.cumsum(changes, axis=1)))

    def _rounded(self, values: np.ndarray) -> np.ndarray:
        return values if self.decimals is None else np.round(values, self.decimals)


def find_running_totals(rows: Rows, excluded: Collection[str]) -> list[RunningTotal]:
    """Find columns that change by another column in every step, up to the rounding of both.

    Steps count in which either changes or is not zero. The change agrees with the part of another
    row as often as with its own where the columns have nothing to do with each other. So they
    agree in all steps by accident with a probability that is computed from that share.

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
        for part in labels:
            relation = None if part == total else _relation(rows, total, part, decimals)
            if relation is not None:
                found.append(relation)
                break
    return _parts_first(found)


def _parts_first(found: list[RunningTotal]) -> list[RunningTotal]:
    """Return totals of totals behind these, and one of two that sum each other up."""
    ordered: list[RunningTotal] = []
    while True:
        waiting = {relation.total for relation in found}
        ready = [relation for relation in found if relation.part not in waiting]
        if not ready:
            return ordered
        ordered += ready
        found = [relation for relation in found if relation.part in waiting]


def _relation(
    rows: Rows, total: str, part: str, decimals: dict[str, int | None]
) -> RunningTotal | None:
    largest = float(np.abs(rows.columns[total]).max(initial=0.0))
    tolerance = sum(
        share * 10.0**-digits
        for share, digits in ((1.0, decimals[total]), (0.5, decimals[part]))
        if digits is not None
    )
    width = tolerance + 1e-9 * largest
    for is_ahead in (False, True):
        change, summand = _steps(rows, total, part, is_ahead=is_ahead)
        if change.size < MIN_STEPS:
            continue
        for sign in (1, -1):
            away = np.abs(change - sign * summand)
            if (away[:PROBE_STEPS] > width).any() or (away > width).any():
                continue
            moves = (np.abs(change) > width) | (np.abs(summand) > width)
            other = rng(0, "running total").permutation(sign * summand)
            agree = float((np.abs(change - other) <= width)[moves].mean()) if moves.any() else 1.0
            if moves.sum() < MIN_STEPS or by_chance(agree, int(moves.sum())):
                continue
            rises, falls = (change >= 0).all(), (change <= 0).all()
            reason = f"in all {change.size:,} steps"
            direction = int(rises) - int(falls)
            ends = total, part, sign, is_ahead, tolerance, direction, decimals[total]
            return RunningTotal(reason, *ends)
    return None


def _steps(rows: Rows, total: str, part: str, *, is_ahead: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes of a total within sequences, and the parts that belong to them."""
    follows = rows.follows[1:]
    change, parts = np.diff(rows.columns[total])[follows], rows.columns[part]
    summand = (parts[:-1] if is_ahead else parts[1:])[follows]
    known = ~np.isnan(change) & ~np.isnan(summand)
    return change[known], summand[known]


def _decimals(values: np.ndarray) -> int | None:
    """Return the decimals of a column; a program that sums up leaves 12.340000000000002."""
    known = values[~np.isnan(values)]
    largest = float(np.abs(known).max(initial=1.0))
    digits = 15 - int(np.ceil(np.log10(largest)))
    return exact_decimals(np.round(known, min(digits - 2, MAX_DECIMALS)))
