"""Pairs of dates: one never before the other, or both close together."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows

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
        high: largest distance in seconds; infinite where none was found.
    """

    kind: ClassVar[str] = "distance of dates"
    first: str
    second: str
    low: float
    high: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Both dates."""
        return (self.first, self.second)

    def describe(self) -> str:
        """Return it in words."""
        if np.isinf(self.high):
            return f"{self.second} is never before {self.first}"
        return f"{self.second} stays near {self.first}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows with both dates keep the distance."""
        distance = rows.seconds(self.second) - rows.seconds(self.first)
        distance = distance[~np.isnan(distance)]
        kept: np.ndarray = (distance >= self.low) & (distance <= self.high)
        return kept


def find_date_distances(rows: Rows) -> list[DateDistance]:
    """Find dates that are counted from the time, or else from a date to the left of them."""
    dates = [label for label, field in rows.fields.items() if field.type == "datetime"]
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
    distance = end - begin
    count = int(np.count_nonzero(distance))
    if (distance >= 0).all() and not by_chance(0.5, count):
        return DateDistance(f"in all {begin.size:,} rows", first, second, 0.0, np.inf)
    if (distance <= 0).all() and not by_chance(0.5, count):
        return DateDistance(f"in all {begin.size:,} rows", second, first, 0.0, np.inf)
    if distance.std() <= MAX_RELATIVE_SPREAD * end.std():
        low, high = float(distance.min()), float(distance.max())
        reason = f"{low / 3600:.3g} to {high / 3600:.3g} hours apart in all {begin.size:,} rows"
        return DateDistance(reason, first, second, low, high)
    return None
