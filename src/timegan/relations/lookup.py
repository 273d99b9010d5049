"""Lookups: columns that follow from another column, and parts of the time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from timegan.relations.affine import lines
from timegan.relations.calendar_parts import BY_CYCLE, DAY, PARTS
from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance, same
from timegan.relations.rows import Rows
from timegan.tables import Field
from timegan.variation import span

MAX_KEYS = 10_000
"""Distinct values of a column that decides others."""

PROBE_ROWS = 2_000
"""First rows, in which most columns already turn out not to follow from each other."""

CODE_TYPES = ("number", "category")
"""Types of columns whose generated values become the nearest known code."""

MAX_CLASS_SHARE = 0.5
"""Distinct values, relative to those of a measurement, up to which they are classes of it."""

MAX_WEEKEND_CHANCE = 1e-3
"""Probability from which on a flag agrees with weekends by accident, if each day has its own."""

MIN_WEEKEND_CHANGES = 3
"""Changes of a flag that tells weekends: parts of two weekends and of a week."""

MAX_CODES = 100
"""Distinct codes that are learned as categories; more are learned as numbers."""


@dataclass(frozen=True)
class Lookup(Relation):
    """A column whose value is decided by another column, as in a dictionary.

    Args:
        source: label of the column that decides.
        target: label of the column that follows.
        keys: values of the source, increasing; None is missing, and comes last.
        values: of the target, one for each key; None is missing.
    """

    kind: ClassVar[str] = "lookup"
    source: str
    target: str
    keys: tuple[float | None, ...]
    values: tuple[float | None, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Source and target."""
        return (self.source, self.target)

    @property
    def written(self) -> str:
        """The target."""
        return self.target

    def describe(self) -> str:
        """Return it in words."""
        if self.keys[-1] is None and len(set(self.values[:-1])) == 1:
            return f"{self.target} tells whether {self.source} is missing"
        return f"{self.source} decides {self.target}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows have the value that belongs to their source.

        A source that is no key breaks the relation, unless the target follows it in order, as a
        class follows a measurement.
        """
        source, target = rows.columns[self.source], rows.columns[self.target]
        expected, known = self.look_up(source)
        in_order = not self._is_code(rows.fields)
        kept: np.ndarray = (known | in_order) & same(target, expected)
        return kept

    def look_up(self, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the target of the nearest key for each source, and whether it is a key.

        Args:
            source: of any shape; NaN is missing.
        """
        keys = np.array([np.nan if key is None else key for key in self.keys], dtype=np.float64)
        values = np.array([np.nan if v is None else v for v in self.values], dtype=np.float64)
        present = int((~np.isnan(keys)).sum())
        middles = (keys[1:present] + keys[: present - 1]) / 2
        nearest = np.searchsorted(middles, source)
        nearest = np.where(np.isnan(source), min(present, len(keys) - 1), nearest)
        return values[nearest], same(keys[nearest], source)

    def reduce(self, draft: Draft) -> bool:
        """Leave the target out; learn few codes as a category, and many as their numbers."""
        if not draft.may_change(self.target) or not draft.has_other_features(self.target):
            return False
        if draft.role(self.source) == "feature" and draft.role(self.target) == "context":
            return False
        if self.source not in draft.fields and self.source not in draft.changed:
            return False
        draft.drop(self.target)
        if not self._is_code(draft.rows.fields) or not draft.may_change(self.source):
            return True
        field = draft.fields[self.source]
        if len(self.keys) > MAX_CODES and field.type == "category":
            number = Field(self.source, field.role, "number", "int64")
            draft.replace(self.source, number, draft.columns[self.source])
        elif len(self.keys) <= MAX_CODES and field.type == "number":
            draft.types[self.source] = "categorical"
        draft.changed.add(self.source)  # generated codes become known ones
        return True

    def restore(self, block: Block) -> None:
        """Write the target of each source; a generated code becomes the nearest known one."""
        if self._is_code(block.fields) and block.fields[self.source].type in CODE_TYPES:
            codes, place = replace(self, values=self.keys), block.place(self.source)
            place[self.source] = codes.look_up(place[self.source])[0]
        block.map(self.source, self.target, lambda source: self.look_up(source)[0])

    def _is_code(self, fields: Mapping[str, Field]) -> bool:
        """Decide whether values of the source are labels, with none in between.

        A class that rises or falls with a number or a date follows from a measurement. Where most
        keys have a value of their own, nothing is known of what lies in between.
        """
        if fields[self.source].type == "category":
            return True
        pairs = zip(self.keys, self.values, strict=True)
        values = [v for k, v in pairs if k is not None and v is not None]
        steps = np.diff(np.array(values, dtype=np.float64))
        in_order = bool((steps >= 0).all() or (steps <= 0).all())
        is_class = len(set(values)) <= MAX_CLASS_SHARE * len(values)
        return not (in_order and is_class)


@dataclass(frozen=True)
class TimePart(Relation):
    """A column that holds a part of the time, or follows from one.

    Args:
        source: label of the time.
        target: label of the column.
        part: name of the part, see `PARTS`.
        offset: added to the part, where the column holds the part itself; else None.
        keys: values of the part, where the column follows from it.
        values: of the column, one for each of them.
    """

    kind: ClassVar[str] = "part of the time"
    source: str
    target: str
    part: str
    offset: float | None
    keys: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The time and the column."""
        return (self.source, self.target)

    @property
    def written(self) -> str:
        """The column."""
        return self.target

    def describe(self) -> str:
        """Return it in words."""
        verb = "is" if self.offset is not None else "follows from"
        more = "" if not self.offset else f" {'+' if self.offset > 0 else '-'} {abs(self.offset):g}"
        return f"{self.target} {verb} the {self.part}{more} of {self.source}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows agree with their time; a part without a known value is left out."""
        if rows.local_time is None:
            return np.empty(0, dtype=bool)
        kept = same(rows.columns[self.target], self.compute(rows.local_time))
        if self.offset is not None:
            return kept
        return kept[np.isin(PARTS[self.part](rows.local_time), np.array(self.keys))]

    def reduce(self, draft: Draft) -> bool:
        """Leave the column out."""
        if not draft.may_change(self.target) or not draft.has_other_features(self.target):
            return False
        draft.drop(self.target)
        return True

    def restore(self, block: Block) -> None:
        """Write the column from the time."""
        assert block.local_time is not None
        block.set(self.target, self.compute(block.local_time))

    def compute(self, local_time: np.ndarray) -> np.ndarray:
        """Return the column from seconds since 1970 by the local clock, of any shape."""
        part = PARTS[self.part](local_time)
        if self.offset is not None:
            return part + self.offset
        keys = np.array(self.keys)
        nearest = np.searchsorted((keys[1:] + keys[:-1]) / 2, part)
        return np.array(self.values, dtype=np.float64)[nearest]


def find_time_parts(rows: Rows) -> list[TimePart]:
    """Find columns that are a part of the time in all rows, or a function of one."""
    if rows.local_time is None:
        return []
    parts = {name: function(rows.local_time) for name, function in PARTS.items()}
    parts = {name: part for name, part in parts.items() if part.min() < part.max()}
    found = []
    for label, values in rows.columns.items():
        field = rows.fields[label]
        if field.type in ("datetime", "timedelta") or np.isnan(values).any():
            continue
        if not span(values.min(), values.max()) > 0:
            continue
        relation = _part(rows, label, parts)
        if relation is not None:
            found.append(relation)
    return found


def find_lookups(rows: Rows, excluded: set[str]) -> list[Lookup]:
    """Find columns that another column decides in all rows.

    A source must come back: values that occur once decide everything. Rows that follow one another
    without a change count once. Two columns that agree whenever the source comes back do so by
    accident with a probability that is computed from the frequencies of the target.

    Args:
        rows: of the table.
        excluded: labels of columns that another relation explains.
    """
    labels = [label for label in rows.columns if label not in excluded]
    codes = {label: _codes(rows.columns[label]) for label in labels}
    sizes = {label: int(code.max()) + 1 for label, code in codes.items() if code.size}
    # Of columns that decide each other the one with names comes first, then the leftmost. Many
    # names are learned as numbers, in whose place a column of numbers is as good.
    order = sorted(
        (label for label in labels if sizes[label] > 1),
        key=lambda label: (
            -sizes[label],
            (rows.fields[label].type != "category") == (sizes[label] <= MAX_CODES),
        ),
    )
    roots: list[str] = []
    found = []
    for target in order:
        for source in roots:
            relation = _lookup(rows, source, target, codes[source], codes[target])
            if relation is None:
                continue
            if not _is_affine(rows, source, target):
                found.append(relation)
                break
            if _may_be_copy(rows, source, target):
                break
        else:
            if sizes[target] <= min(MAX_KEYS, len(rows) / 2):
                roots.append(target)
    return found


def _part(rows: Rows, label: str, parts: Mapping[str, np.ndarray]) -> TimePart | None:
    """Return the part that a column holds, or the one with the fewest values that decides it."""
    values, source = rows.columns[label], rows.time_label
    reason = f"in all {len(rows):,} rows"
    if rows.fields[label].type == "number":
        for name, part in parts.items():
            offset = float(values[0] - part[0])
            if abs(offset) <= 1 and np.array_equal(values, part + offset):
                return TimePart(reason, source, label, name, offset)
    codes = _codes(values)
    for name in sorted(parts, key=lambda n: (len(np.unique(parts[n])), BY_CYCLE.index(n))):
        part = parts[name]
        keys, places = np.unique(part, return_inverse=True)
        first = _decided(places, codes, len(keys))
        if first is not None and len(keys) <= MAX_KEYS:
            decided = tuple(float(v) for v in values[first])
            return TimePart(reason, source, label, name, None, tuple(keys.tolist()), decided)
    if codes.max() == 1 and "weekend" in parts and _is_weekend(rows, codes):
        decided = tuple(float(values[parts["weekend"] == key][0]) for key in (0, 1))
        return TimePart(reason, source, label, "weekend", None, (0.0, 1.0), decided)
    return None


def _is_weekend(rows: Rows, codes: np.ndarray) -> bool:
    """Decide whether a column of two values tells weekends, and not by accident.

    Each day counts once. A flag of weekends is common, so that less evidence tells it than
    relations of any two columns: two weeks.
    """
    assert rows.local_time is not None
    dates, first = np.unique(np.floor(rows.local_time / DAY), return_index=True)
    weekend = PARTS["weekend"](rows.local_time)
    if not (np.array_equal(codes, weekend) or np.array_equal(codes, 1 - weekend)):
        return False
    flags = weekend[first]
    chance = float(flags.mean() ** 2 + (1 - flags.mean()) ** 2) ** len(dates)
    return int((np.diff(flags) != 0).sum()) >= MIN_WEEKEND_CHANGES and chance < MAX_WEEKEND_CHANCE


def _lookup(
    rows: Rows, source: str, target: str, sources: np.ndarray, targets: np.ndarray
) -> Lookup | None:
    first = _decided(sources, targets, int(sources.max()) + 1)
    if first is None:
        return None
    keys, values = rows.columns[source][first], rows.columns[target][first]
    order = np.argsort(keys)  # NaN last
    reason = f"in all {len(rows):,} rows, {len(keys):,} values of {source}"
    return Lookup(reason, source, target, _plain(keys[order]), _plain(values[order]))


def _decided(sources: np.ndarray, targets: np.ndarray, count: int) -> np.ndarray | None:
    """Return the first row of each source if it decides the target, and not by accident."""
    for part in (slice(PROBE_ROWS), slice(None)):  # most pairs are refuted by a few rows
        last = np.zeros(count, dtype=np.int64)
        last[sources[part]] = targets[part]
        if not np.array_equal(last[sources[part]], targets[part]):
            return None
    changed = (sources[1:] != sources[:-1]) | (targets[1:] != targets[:-1])
    runs = np.concatenate([[0], np.flatnonzero(changed) + 1])
    shares = np.bincount(targets[runs]) / len(runs)
    if by_chance(float((shares**2).sum()), len(runs) - count):
        return None
    first = np.zeros(count, dtype=np.int64)
    first[sources[::-1]] = np.arange(len(sources))[::-1]
    return first


def _codes(values: np.ndarray) -> np.ndarray:
    """Return the number of each value among the distinct ones; missing values are one of them."""
    return np.unique(values, return_inverse=True)[1]


def _is_affine(rows: Rows, source: str, target: str) -> bool:
    """Decide whether the target is a multiple of the source plus a constant, rounded."""
    if {rows.fields[source].type, rows.fields[target].type} != {"number"}:
        return False
    return bool(lines(rows, target, source))


def _may_be_copy(rows: Rows, source: str, target: str) -> bool:
    """Decide whether a line from source to target is found later, see `find_affine`."""
    labels = list(rows.fields)
    same_role = rows.fields[source].role == rows.fields[target].role
    return same_role and labels.index(source) < labels.index(target)


def _plain(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(v) else float(v) for v in values)
