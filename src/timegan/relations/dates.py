"""Pairs of dates: one never before the other, or both close together."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.tables import Field

MAX_RELATIVE_SPREAD = 0.1
"""Deviation of a distance, relative to that of the date, up to which it is the date's meaning."""

MIN_ROWS = 20
"""Rows that must have both dates."""


@dataclass(frozen=True)
class DateDistance(Relation):
    """A date within a range of distances from another date.

    Args:
        first: label of the date that it is counted from.
        second: label of the other one.
        low: smallest distance in seconds, 0 where the second is never before the first.
        high: largest distance in seconds; None where there is no limit.
    """

    kind: ClassVar[str] = "distance of dates"
    first: str
    second: str
    low: float
    high: float | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Both dates."""
        return (self.first, self.second)

    def describe(self) -> str:
        """Return it in words."""
        if self.high is None:
            return f"{self.second} is never before {self.first}"
        return f"{self.second} stays near {self.first}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows with both dates keep the distance."""
        distance = rows.seconds(self.second) - rows.seconds(self.first)
        distance = distance[~np.isnan(distance)]
        kept: np.ndarray = distance == np.clip(distance, self.low, self.high)
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the distance in the place of the date that is not the time."""
        label, _ = self._learned(draft.rows.time_label)
        if not draft.may_change(label):
            return False
        distance = draft.rows.seconds(self.second) - draft.rows.seconds(self.first)
        if draft.role(label) == "context":
            draft.add_start(label, distance)
            draft.drop(label)
        else:
            role = draft.rows.fields[label].role
            draft.replace(label, Field(label, role, "number", "float64"), distance)
        return True

    def restore(self, block: Block) -> None:
        """Add the distance to the other date."""
        label, sign = self._learned(block.time_label)
        other, field = block.seconds(self._other(label)), block.fields[label]
        if field.role == "context":
            distance = np.clip(block.starts[label], self.low, self.high)
            date = other[:, 0] + sign * distance
            if self.high is None:
                last = np.take_along_axis(other, block.lengths[:, None] - 1, axis=1)[:, 0]
                date = np.maximum(date, last) if sign > 0 else np.minimum(date, other[:, 0])
            block.context[label] = date - field.offset / field.per_second
            return
        distance = np.clip(block.columns[label], self.low, self.high)
        block.columns[label] = other + sign * distance - field.offset / field.per_second

    def _learned(self, time_label: str) -> tuple[str, int]:
        """Return the date to be learned as a distance, and the distance's sign."""
        return (self.second, 1) if self.second != time_label else (self.first, -1)

    def _other(self, label: str) -> str:
        return self.first if label == self.second else self.second


def find_date_distances(rows: Rows, excluded: Collection[str] = ()) -> list[DateDistance]:
    """Find dates that are counted from the time, or else from a date to the left of them.

    Args:
        rows: of the table.
        excluded: labels of columns that another relation explains.
    """
    fields = {label: field for label, field in rows.fields.items() if label not in excluded}
    dates = [label for label, field in fields.items() if field.type == "datetime"]
    references = [rows.time_label] if rows.time is not None else []
    found = []
    for label in dates:
        for reference in references:
            relation = _relation(rows, reference, label)
            if relation is not None:
                found.append(relation)
                break
        else:
            references.append(label)
    return found


def _relation(rows: Rows, first: str, second: str) -> DateDistance | None:
    begin, end = rows.seconds(first), rows.seconds(second)
    both = ~np.isnan(begin) & ~np.isnan(end)
    begin, end = begin[both], end[both]
    if begin.size < MIN_ROWS:
        return None
    distance, reason = end - begin, f"in all {begin.size:,} rows"
    # Dates of ranges that hardly meet are in order whichever rows they come from.
    in_order = float(np.searchsorted(np.sort(begin), end, side="right").mean() / begin.size)
    if (distance >= 0).all() and not by_chance(in_order, begin.size):
        return DateDistance(reason, first, second, 0.0, None)
    if (distance <= 0).all() and not by_chance(1 - in_order, begin.size):
        return DateDistance(reason, second, first, 0.0, None)
    if distance.std() <= MAX_RELATIVE_SPREAD * end.std():
        low, high = float(distance.min()), float(distance.max())
        reason = f"{low / 3600:.3g} to {high / 3600:.3g} hours apart in all {begin.size:,} rows"
        return DateDistance(reason, first, second, low, high)
    return None
