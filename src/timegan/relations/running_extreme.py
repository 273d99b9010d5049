"""Running extremes: a column with the largest, or the smallest, value of another one so far."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.motion import Monotone
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.tables.value_grid import exact_decimals

MIN_BEHIND = 10
"""Rows in which the column is not the value of the other one."""


@dataclass(frozen=True)
class RunningExtreme(Relation):
    """A column with the largest, or the smallest, value of another column up to each row.

    Args:
        target: label of the column.
        source: label of the other column.
        is_max: whether it is the largest value.
        has_holes: whether the column is missing where the other one is.
        decimals: of the column; None leaves it unrounded.
    """

    kind: ClassVar[str] = "running extreme"
    target: str
    source: str
    is_max: bool
    has_holes: bool
    decimals: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column and the one that it follows from."""
        return (self.target, self.source)

    def describe(self) -> str:
        """Return it in words."""
        extreme = "largest" if self.is_max else "smallest"
        return f"{self.target} is the {extreme} {self.source} so far"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows have the extreme of the row before and of the other column.

        A first row may have the extreme of rows before the sequence. Where the other column is
        missing, its unknown value may be an extreme.
        """
        values, source = rows.columns[self.target], rows.columns[self.source]
        before, is_known = self._before(rows)
        expected, missing = self._farther(before, source), np.isnan(source)
        is_open = ~is_known | missing
        kept = np.where(is_open, self._farther(values, expected) == values, values == expected)
        if self.has_holes:
            kept = np.where(missing | np.isnan(values), missing == np.isnan(values), kept)
        return np.asarray(kept, dtype=bool)

    def reduce(self, draft: Draft) -> bool:
        """Learn the extreme before a window, which no value of the first row falls short of."""
        if not draft.may_change(self.target) or not draft.has_other_features(self.target):
            return False
        before, is_known = self._before(draft.rows)
        source = draft.rows.columns[self.source]
        least = np.nanmin(source) if self.is_max else np.nanmax(source)
        draft.add_start(self.target, np.where(is_known, before, least))
        draft.drop(self.target)
        return True

    def restore(self, block: Block) -> None:
        """Write the extreme so far."""
        source = block.columns[self.source]
        first = block.starts.get(self.target)
        if first is None:  # written before
            first = block.columns[self.target][:, 0]
        elif self.decimals is not None:
            first = np.round(first, self.decimals)
        whole = np.column_stack([first, source])
        farther = np.fmax if self.is_max else np.fmin
        values = farther.accumulate(whole, axis=1)[:, 1:]
        values = np.where(self.has_holes & np.isnan(source), np.nan, values)
        block.set(self.target, values)

    def _farther(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray((np.fmax if self.is_max else np.fmin)(a, b))

    def _before(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Return the last extreme before each row, and whether its sequence has one."""
        values = rows.columns[self.target]
        numbers = np.arange(len(values))
        last = np.maximum.accumulate(np.where(np.isnan(values), -1, numbers))
        last = np.concatenate([[-1], last[:-1]])
        is_known = last >= np.repeat(rows.bounds[:, 0], rows.lengths)
        return np.where(is_known, values[last], np.nan), is_known


def find_running_extremes(
    rows: Rows, motion: Sequence[Relation], excluded: Collection[str]
) -> list[RunningExtreme]:
    """Find columns in one direction that have the extreme of another one in every row.

    The column changes to values of the other one by accident with a probability that is computed
    from the frequencies of these values.

    Args:
        rows: of the table.
        motion: relations of columns that move in one direction, among others.
        excluded: labels of columns that another relation explains.
    """
    labels = [
        label
        for label, field in rows.fields.items()
        if field.type == "number" and field.role == "feature"
    ]
    directions = {m.column: m.rising for m in motion if isinstance(m, Monotone)}
    found = []
    for target in labels:
        if target not in directions or target in excluded:
            continue
        for source in labels:
            if source in directions or source == target:
                continue
            relation = _relation(rows, target, source, is_max=directions[target])
            if relation is not None:
                found.append(relation)
                break
    return found


def _relation(rows: Rows, target: str, source: str, *, is_max: bool) -> RunningExtreme | None:
    values, others = rows.columns[target], rows.columns[source]
    missing, has_holes = np.isnan(others), bool(np.isnan(values).any())
    if has_holes and not np.array_equal(np.isnan(values), missing):
        return None
    decimals = exact_decimals(values[~np.isnan(values)])
    relation = RunningExtreme("", target, source, is_max, has_holes, decimals)
    if not relation.kept(rows).all():
        return None
    before, is_known = relation._before(rows)
    changes = values[is_known & (values != before) & ~missing]
    behind = int((values != others)[~missing].sum())
    if not changes.size or behind < MIN_BEHIND:
        return None
    known = np.sort(others[~missing])
    counts = np.searchsorted(known, changes, "right") - np.searchsorted(known, changes, "left")
    if by_chance(float(counts.mean()) / known.size, changes.size):
        return None
    reason = f"in all {len(rows):,} rows, of which {changes.size:,} change it"
    return RunningExtreme(reason, target, source, is_max, has_holes, decimals)
