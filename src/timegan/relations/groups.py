"""Groups of columns: one of several, and values that are missing together."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.tables import Field

MIN_ONE_HOT = 3
"""Columns of a one-hot group; of two, each is the complement of the other."""

PROBE_ROWS = 2_000
"""First rows, in which most pairs of columns already turn out to have nothing in common."""

MAX_PATTERNS = 16
"""Different patterns of missing values in a group of columns."""


@dataclass(frozen=True)
class OneHot(Relation):
    """Columns of 0 and 1 of which exactly one is 1.

    Args:
        members: labels of the columns.
    """

    kind: ClassVar[str] = "one of several"
    members: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the group."""
        return self.members

    def describe(self) -> str:
        """Return it in words."""
        return f"exactly one of {', '.join(self.members)} is 1"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows hold one 1, and 0 otherwise."""
        values = np.stack([rows.columns[label] for label in self.members])
        kept: np.ndarray = ((values == 0) | (values == 1)).all(axis=0) & (values.sum(axis=0) == 1)
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn one category in the place of the columns."""
        roles = {draft.role(label) for label in self.members}
        if not draft.may_change(*self.members) or len(roles) > 1:
            return False
        first, *others = self.members
        flags = np.stack([draft.columns[label] for label in self.members])
        codes = flags.argmax(axis=0).astype(np.float64)
        role = draft.fields[first].role
        field = Field(first, role, "category", "object", categories=self.members)
        draft.replace(first, field, codes)
        for label in others:
            draft.drop(label)
        return True

    def restore(self, block: Block) -> None:
        """Set the column of the category to 1 and the others to 0."""
        first = self.members[0]
        place = block.place(first)
        codes = place[first]
        for code, label in enumerate(self.members):
            place[label] = (codes == code).astype(np.float64)


@dataclass(frozen=True)
class JointMissing(Relation):
    """Columns whose missing values have few patterns: together, in turn, or one within another.

    Args:
        members: labels of the columns.
        patterns: for each pattern, whether each column is missing.
    """

    kind: ClassVar[str] = "missing together"
    members: tuple[str, ...]
    patterns: tuple[tuple[bool, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the group."""
        return self.members

    def describe(self) -> str:
        """Return it in words."""
        names = ", ".join(self.members)
        if len(self.patterns) == 2 and self.patterns[0] == tuple(not p for p in self.patterns[1]):
            together = len(set(self.patterns[0])) == 1
            return f"{names} are missing {'together' if together else 'in turn'}"
        return f"{names} are missing in {len(self.patterns)} patterns only"

    @property
    def pattern_label(self) -> str:
        """Name of the category that a model learns."""
        return f"missing in {', '.join(self.members)}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows have one of the patterns."""
        masks = np.stack([np.isnan(rows.columns[label]) for label in self.members])
        kept = np.zeros(masks.shape[1], dtype=bool)
        for pattern in self.patterns:
            kept |= (masks == np.array(pattern)[:, None]).all(axis=0)
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the pattern as a category, and the values without holes."""
        if any(label not in draft.fields for label in self.members):
            return False
        roles = {draft.role(label) for label in self.members}
        if roles not in ({"feature"}, {"context"}):
            return False
        masks = np.stack([np.isnan(draft.columns[label]) for label in self.members], axis=1)
        codes = (masks[:, None] == np.array(self.patterns)).all(axis=2).argmax(axis=1)
        labels = tuple(
            "+".join(m for m, is_missing in zip(self.members, pattern, strict=True) if is_missing)
            or "none"
            for pattern in self.patterns
        )
        role = draft.fields[self.members[0]].role
        field = Field(self.pattern_label, role, "category", "object", categories=labels)
        draft.add_column(self.pattern_label, field, codes.astype(np.float64))
        draft.unmasked.update(self.members)
        return True

    def restore(self, block: Block) -> None:
        """Leave out the values that the pattern says are missing."""
        place = block.place(self.pattern_label)
        codes = np.nan_to_num(place[self.pattern_label]).astype(np.int64)  # NaN is padding
        patterns = np.array(self.patterns)
        for i, label in enumerate(self.members):
            place[label] = np.where(patterns[codes, i], np.nan, place[label])


@dataclass(frozen=True)
class MissingWhere(Relation):
    """A column that is missing exactly where another one has some values, such as a dose of 0.

    Args:
        target: label of the column.
        source: label of the other one, which has no missing values.
        values: of the source.
        is_missing: whether the column is missing at these values; False: at all others.
    """

    kind: ClassVar[str] = "missing where"
    target: str
    source: str
    values: tuple[float, ...]
    is_missing: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The column and the one that tells where it is missing."""
        return (self.target, self.source)

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.source} tells where {self.target} is missing"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows have the column, or do not, as the other one tells."""
        missing = self._missing(rows.columns[self.source])
        return np.asarray(np.isnan(rows.columns[self.target]) == missing)

    def reduce(self, draft: Draft) -> bool:
        """Learn the values without holes."""
        both = (self.target, self.source)
        if not all(label in draft.fields for label in both):
            return False
        if draft.role(self.target) != "feature" or self.target in draft.protected | draft.unmasked:
            return False
        draft.unmasked.add(self.target)
        return True

    def restore(self, block: Block) -> None:
        """Leave out the values that are missing."""
        source = block.columns.get(self.source)
        if source is None:
            source = block.context[self.source][:, None]
        values = block.columns[self.target]
        block.columns[self.target] = np.where(self._missing(source), np.nan, values)

    def _missing(self, source: np.ndarray) -> np.ndarray:
        return np.asarray(np.isin(source, self.values) == self.is_missing)


def find_one_hot(rows: Rows) -> list[OneHot]:
    """Find groups of three or more columns of 0 and 1 with sum 1, from left to right."""
    free = [
        label
        for label, values in rows.columns.items()
        if rows.fields[label].type in ("number", "boolean") and _is_flag(values)
    ]
    found = []
    while free:
        members = [free.pop(0)]
        total = rows.columns[members[0]].copy()
        for label in list(free):
            joined = total + rows.columns[label]
            if joined.max() > 1:
                continue
            members.append(label)
            total = joined
            if total.min() == 1:
                break
        if total.min() == 1 and len(members) >= MIN_ONE_HOT and not _is_accident(rows, members):
            reason = f"in all {len(rows):,} rows"
            found.append(OneHot(reason, tuple(members)))
            free = [label for label in free if label not in members]
    return found


def find_joint_missing(rows: Rows, excluded: Collection[str] = ()) -> list[JointMissing]:
    """Find groups of columns whose masks are equal, opposite, or one inside another.

    The masks of a pair agree by accident with a probability that is computed from the share of
    missing values and from the number of runs of missing and present rows.

    Args:
        rows: of the table.
        excluded: labels of columns whose missing values follow from a formula.
    """
    masks = {k: np.isnan(values) for k, values in rows.columns.items() if k not in excluded}
    masks = {label: mask for label, mask in masks.items() if mask.any() and not mask.all()}
    groups: list[list[str]] = []
    for a, b in _candidates(masks):
        if not _are_related(masks[a], masks[b]):
            continue
        joined = [group for group in groups if a in group or b in group]
        merged = [label for label in masks if label in {a, b}.union(*joined)]
        groups = [group for group in groups if group not in joined] + [merged]
    found = []
    for members in groups:
        patterns = np.unique(np.stack([masks[label] for label in members], axis=1), axis=0)
        if len(patterns) <= MAX_PATTERNS:
            reason = f"{len(patterns)} patterns in {len(rows):,} rows"
            kept = tuple(tuple(bool(m) for m in pattern) for pattern in patterns)
            found.append(JointMissing(reason, tuple(members), kept))
    return found


def find_missing_where(rows: Rows, excluded: Collection[str]) -> list[MissingWhere]:
    """Find columns that are missing exactly where another one has one of a few values.

    Args:
        rows: of the table.
        excluded: labels of columns that follow from others.
    """
    free = [label for label in rows.columns if label not in excluded]
    complete = [label for label in free if not np.isnan(rows.columns[label]).any()]
    found = []
    for target in free:
        mask = np.isnan(rows.columns[target])
        if not mask.any() or mask.all() or rows.fields[target].role != "feature":
            continue
        for source in complete:
            relation = _missing_where(rows, target, source, mask)
            if relation is not None:
                found.append(relation)
                break
    return found


def _missing_where(rows: Rows, target: str, source: str, mask: np.ndarray) -> MissingWhere | None:
    values = rows.columns[source]
    first = slice(PROBE_ROWS)
    if np.isin(values[first][mask[first]], values[first][~mask[first]]).any():
        return None
    inside, outside = np.unique(values[mask]), np.unique(values[~mask])
    few = min(inside, outside, key=len)
    if len(few) > MAX_PATTERNS or np.isin(inside, outside).any():
        return None
    runs = np.concatenate([[0], np.flatnonzero(np.diff(mask.astype(np.int8))) + 1])
    share = float(mask.mean())
    if by_chance(share**2 + (1 - share) ** 2, len(runs) - len(few)):
        return None
    reason = f"in all {len(rows):,} rows"
    return MissingWhere(reason, target, source, tuple(few.tolist()), few is inside)


def _candidates(masks: dict[str, np.ndarray]) -> list[tuple[str, str]]:
    """Return the pairs of columns whose masks are equal, opposite or nested by their counts."""
    labels = list(masks)
    if not labels:
        return []
    both = np.stack([masks[label] for label in labels]).astype(np.float64)
    together = both @ both.T
    counts = together.diagonal()
    nested = together == np.minimum(counts[:, None], counts)
    opposite = (together == 0) & (counts[:, None] + counts == both.shape[1])
    pairs = np.argwhere(np.triu(nested | opposite, 1))
    return [(labels[a], labels[b]) for a, b in pairs]


def _is_flag(values: np.ndarray) -> bool:
    return bool(((values == 0) | (values == 1)).all()) and 0 < values.mean() < 1


def _is_accident(rows: Rows, members: list[str]) -> bool:
    """Decide whether independent flags of these frequencies may have sum 1 in every row."""
    flags = np.stack([rows.columns[label] for label in members], axis=1)
    flags = flags[np.concatenate([[True], (flags[1:] != flags[:-1]).any(axis=1)])]
    share = flags.mean(axis=0)
    alone = [share[i] * np.delete(1 - share, i).prod() for i in range(len(share))]
    return by_chance(float(np.sum(alone)), len(flags))


def _are_related(a: np.ndarray, b: np.ndarray) -> bool:
    """Decide whether two masks are equal, opposite or nested, and not by accident.

    Of equal masks with few holes, each run of one has to meet a run of the other by accident, which
    a row does with the probability of a hole.
    """
    if np.array_equal(a, b) and not by_chance(float(a.mean()), int((a[1:] > a[:-1]).sum())):
        return True
    change = np.flatnonzero((a[1:] != a[:-1]) | (b[1:] != b[:-1])) + 1
    runs = np.concatenate([[0], change])
    a, b = a[runs], b[runs]
    for first, second in ((a, b), (b, a)):
        inside, outside = second[first], second[~first]
        if inside.all() and not by_chance(float(second.mean()), inside.size):
            return True
        # Rare holes miss each other by accident; alternating ones fill all rows.
        opposite = not inside.any() and bool(outside.all())
        if opposite and not by_chance(float((~second).mean()), inside.size):
            return True
    return False
