"""Columns that take the value of another one in the row before: trips begin where one ended."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.seeds import rng
from timegan.tables import Field
from timegan.tables.value_grid import exact_decimals

PROBE_STEPS = 64
"""Steps on which all pairs of columns are tried at once."""

DIFFERENCES = ("number", "datetime", "timedelta")
"""Types whose difference from the other column may be learned."""

MIN_LEVELS = 20
"""Distinct values from which on a column is learned by its difference from the other one."""


@dataclass(frozen=True)
class CarriedOver(Relation):
    """A column that takes, in each row, the value of another column in the row before.

    Args:
        later: label of the column that takes the value, such as the start of a trip.
        earlier: label of the column that has it in the row before, such as the end of a trip.
        is_backward: whether the earlier column is written from the next row, as where the later
            one is the time.
        has_holes: whether the column that is written has missing values.
        by_difference: whether the difference of the earlier and the later column is learned.
        low: smallest of these differences.
        high: largest of these.
        decimals: of the column that is written; None leaves it unrounded.
    """

    kind: ClassVar[str] = "carried over"
    unit: ClassVar[str] = "steps"
    later: str
    earlier: str
    is_backward: bool = False
    has_holes: bool = False
    by_difference: bool = False
    low: float = 0.0
    high: float = 0.0
    decimals: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that is written, and the other one."""
        both = (self.later, self.earlier)
        return both[::-1] if self.is_backward else both

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.later} is {self.earlier} of the row before"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps carry the value over; two missing values are equal."""
        later, earlier = _pair(rows, self.later, self.earlier)
        return _agree(later, earlier)

    def reduce(self, draft: Draft) -> bool:
        """Learn the difference from the other column, of numbers with many values and of dates.

        Other columns stay as they are.
        """
        label = self.written
        if not draft.may_change(label):
            return False
        if self.by_difference:
            values = _plain(draft.rows, self.earlier) - _plain(draft.rows, label)
            role = draft.fields[label].role
            draft.replace(label, Field(label, role, "number", "float64"), values)
        return True

    def restore(self, block: Block) -> None:
        """Write the values of the row before, or of the next one."""
        if self.is_backward:
            self._restore_backward(block)
            return
        field, values = block.fields[self.later], block.columns[self.later]
        earlier = _generated(block, self.earlier)
        if field.type in DIFFERENCES:
            shift = field.offset / field.per_second
            if block.is_learned and self.by_difference:
                values = earlier - np.clip(values, self.low, self.high) - shift
                values = values if self.decimals is None else np.round(values, self.decimals)
            carried = earlier - shift
            if not self.has_holes:
                carried = _filled(carried)
                values = np.where(np.isnan(values), carried, values)
            values = np.concatenate([values[:, :1], carried[:, :-1]], axis=1)
        else:
            values = self._restore_labels(block, earlier)
        block.columns[self.later] = values

    def _restore_labels(self, block: Block, earlier: np.ndarray) -> np.ndarray:
        """Return the codes of labels carried over.

        A label that no row takes over has to be at the end. Elsewhere, the label that the next row
        was to have takes its place.
        """
        later = block.columns[self.later]
        there = _code_map(block.fields[self.earlier], block.fields[self.later])
        back = _code_map(block.fields[self.later], block.fields[self.earlier])
        carried = _mapped(earlier, there)
        missing = np.isnan(earlier)
        is_lost = (carried < 0) | (missing & (not self.has_holes))
        is_lost[:, -1] = False
        is_lost &= np.arange(later.shape[1]) < block.lengths[:, None] - 1
        if is_lost.any() and self.earlier in block.columns:
            planned = np.roll(later, -1, axis=1)
            ours = _mapped(planned, back)
            usable = ~np.isnan(ours) & (ours >= 0)
            common = float(np.flatnonzero(there >= 0)[0])
            earlier = np.where(is_lost, np.where(usable, ours, common), earlier)
            block.columns[self.earlier] = earlier
            carried = _mapped(earlier, there)
        return np.concatenate([later[:, :1], carried[:, :-1]], axis=1)

    def _restore_backward(self, block: Block) -> None:
        """Write the earlier column from the later one of the next row; the last row stays."""
        field, values = block.fields[self.earlier], block.columns[self.earlier].copy()
        following = _generated(block, self.later)[:, 1:] - field.offset / field.per_second
        inside = np.arange(1, values.shape[1]) < block.lengths[:, None]
        values[:, :-1] = np.where(inside, following, values[:, :-1])
        block.columns[self.earlier] = values


def find_carried_over(rows: Rows, excluded: Collection[str]) -> list[CarriedOver]:
    """Find columns that have the value of another one in the row before, in every step.

    Only steps that change the column count, so that columns that stay as they are have none. The
    value agrees with that of another row of the same sequence as often as with the row before
    where the columns have nothing to do with each other. So they agree in all steps by accident
    with a probability that is computed from that share.

    Args:
        rows: of the table.
        excluded: labels of columns that another relation explains.
    """
    steps = np.flatnonzero(rows.follows)
    if not steps.size:
        return []
    found: list[CarriedOver] = []
    for later, earlier in _candidates(rows, steps):
        known = {relation.later: relation.earlier for relation in found}
        is_backward = later == rows.time_label
        written = earlier if is_backward else later
        if later in known or written in excluded or _leads_to(earlier, later, known):
            continue
        if is_backward and earlier in known:
            continue
        relation = _relation(rows, later, earlier, is_backward=is_backward)
        if relation is not None:
            found.append(relation)
    return found


def _relation(rows: Rows, later: str, earlier: str, *, is_backward: bool) -> CarriedOver | None:
    after, before = _pair(rows, later, earlier)
    if not _agree(after, before).all():
        return None
    steps = rows.follows[1:]
    moves = ~_agree(after, _plain(rows, later)[:-1][steps])
    sequence = (np.cumsum(~rows.follows) - 1)[1:][steps]
    order = np.lexsort((rng(0, "carried over").random(before.size), sequence))
    agree = float(_agree(after, before[order])[moves].mean()) if moves.any() else 1.0
    if by_chance(agree, int(moves.sum())):
        return None
    reason = f"in all {after.size:,} steps, of which {int(moves.sum()):,} change it"
    written = earlier if is_backward else later
    values = rows.columns[written]
    low = high = 0.0
    decimals = None
    by_difference = (
        not is_backward
        and rows.fields[written].type in DIFFERENCES
        and len(np.unique(values)) >= MIN_LEVELS
    )
    if rows.fields[written].type in DIFFERENCES:
        decimals = exact_decimals(values[~np.isnan(values)])
    if by_difference:
        difference = _plain(rows, earlier) - _plain(rows, later)
        low, high = float(np.nanmin(difference)), float(np.nanmax(difference))
    has_holes = bool(np.isnan(values).any())
    return CarriedOver(
        reason, later, earlier, is_backward, has_holes, by_difference, low, high, decimals
    )


def _candidates(rows: Rows, steps: np.ndarray) -> Iterator[tuple[str, str]]:
    """Yield the pairs of columns of one kind that agree in some steps."""
    some = steps[np.linspace(0, len(steps) - 1, min(len(steps), PROBE_STEPS)).astype(np.int64)]
    groups: dict[str, list[str]] = {}
    for label, field in rows.fields.items():
        if field.role == "feature":
            groups.setdefault(field.type, []).append(label)
    if rows.time is not None:
        groups.setdefault("datetime", []).append(rows.time_label)
    for kind, labels in groups.items():
        if len(labels) < 2:
            continue
        if kind == "category":
            names = [name for label in labels for name in rows.fields[label].categories]
            known = {name: i for i, name in enumerate(dict.fromkeys(names))}
            columns = [_joint(rows, label, known) for label in labels]
        else:
            columns = [_plain(rows, label) for label in labels]
        after = np.stack([column[some] for column in columns])
        before = np.stack([column[some - 1] for column in columns])
        for i, label in enumerate(labels):
            for j in np.flatnonzero(_agree(after[i], before).all(axis=1)):
                if i != j:
                    yield label, labels[j]


def _leads_to(label: str, target: str, known: Mapping[str, str]) -> bool:
    """Decide whether a column is carried over from the target by way of others."""
    while label in known:
        label = known[label]
        if label == target:
            return True
    return False


def _plain(rows: Rows, label: str) -> np.ndarray:
    """Return a column with its offset: numbers, codes, or seconds since 1970."""
    return rows.seconds(label)


def _joint(rows: Rows, label: str, known: Mapping[object, int]) -> np.ndarray:
    codes = [float(known[name]) for name in rows.fields[label].categories]
    return _mapped(rows.columns[label], np.array(codes))


def _pair(rows: Rows, later: str, earlier: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the later column of each step's row, and the earlier one of the row before."""
    steps = rows.follows[1:]
    after, before = _plain(rows, later), _plain(rows, earlier)
    if later in rows.fields and rows.fields[later].type == "category":
        before = _mapped(before, _code_map(rows.fields[earlier], rows.fields[later]))
    return after[1:][steps], before[:-1][steps]


def _agree(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return where values are equal up to the last digits; two missing ones are."""
    with np.errstate(invalid="ignore"):
        close = np.abs(a - b) <= 1e-9 * np.maximum(np.abs(a), np.abs(b))
    return np.asarray(close | (np.isnan(a) & np.isnan(b)))


def _code_map(source: Field, target: Field) -> np.ndarray:
    """Return the code in one column of each category of another one; -1 where it has none."""
    known = {name: float(code) for code, name in enumerate(target.categories)}
    return np.array([known.get(name, -1.0) for name in source.categories])


def _mapped(codes: np.ndarray, mapping: np.ndarray) -> np.ndarray:
    """Return mapped codes; -1 for an unknown one, NaN for a missing one."""
    whole = np.append(mapping, -1.0)
    places = np.clip(np.rint(np.nan_to_num(codes)), 0, len(mapping)).astype(np.int64)
    return np.where(np.isnan(codes), np.nan, whole[places])


def _generated(block: Block, label: str) -> np.ndarray:
    """Return a generated column (n, T) with its offset."""
    return block.seconds(label)


def _filled(values: np.ndarray) -> np.ndarray:
    """Return values (n, T) with the last one before each hole in its place, or the next one."""
    numbers = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, numbers), axis=1)
    after = np.where(np.isnan(values), values.shape[1], numbers)[:, ::-1]
    after = np.minimum.accumulate(after, axis=1)[:, ::-1]
    place = np.where(last >= 0, last, np.minimum(after, values.shape[1] - 1))
    return np.take_along_axis(values, place, axis=1)
