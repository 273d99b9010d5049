"""Counters: columns that go round in a cycle, begin anew with a period, or count elapsed time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import ndtri

from timegan.relations.calendar_parts import DAY
from timegan.relations.draft import Block, Draft
from timegan.relations.relation import ColumnRelation, by_chance
from timegan.relations.rows import Rows
from timegan.seeds import rng
from timegan.tables.value_grid import exact_decimals

MIN_CYCLE = 3
"""Values of a cycle; of two, each follows the other in any column that always changes."""

MAX_CYCLE = 10_000

MIN_ROUNDS = 10
"""Rows at each place of a cycle from which on the distribution at it is learned."""

MIN_DISTINCT = 10
"""Distinct values of a column that depends on a cycle."""

MIN_EXPLAINED = 0.02
"""Share of the variance by which places explain more than those of turned rounds."""

TURNS = 20
NODES = 33

MIN_STEPS = 20
"""Steps within sequences."""

MIN_RESTARTS = 5
"""Steps at which a counter begins anew."""

PERIODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "hour": lambda seconds: np.floor(seconds / 3_600),
    "day": lambda seconds: np.floor(seconds / DAY),
    "week": lambda seconds: np.floor((seconds / DAY + 3) / 7),
    "month": lambda seconds: _dates(seconds).astype("M8[M]").astype(np.float64),
    "year": lambda seconds: _dates(seconds).astype("M8[Y]").astype(np.float64),
}
"""Period of the calendar -> its number at seconds by the local clock."""

UNITS = {"years": 31_557_600.0, "weeks": 604_800.0, "days": 86_400.0, "hours": 3_600.0} | {
    "minutes": 60.0,
    "seconds": 1.0,
    "milliseconds": 0.001,
}
"""Names of units -> seconds, in which a column may count elapsed time."""


@dataclass(frozen=True)
class Profile:
    """The distribution of a column at each place of a cycle.

    Args:
        column: its label.
        scores: quantiles of the standard normal for each place, rising.
        quantiles: of the column, to which they belong.
        decimals: of the column; None leaves it unrounded.
    """

    column: str
    scores: tuple[tuple[float, ...], ...]
    quantiles: tuple[tuple[float, ...], ...]
    decimals: int | None

    def to_scores(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Map values (R,) at places (R,) to normal scores."""
        made = np.empty(len(values))
        for place, (known, scores) in enumerate(self._nodes):
            here = places == place
            some = values[here]
            first = np.minimum(np.searchsorted(known, some), len(known) - 1)
            last = np.maximum(np.searchsorted(known, some, side="right") - 1, 0)
            between = np.interp(some, known, scores)  # equal values have the score of their middle
            made[here] = np.where(last > first, (scores[first] + scores[last]) / 2, between)
        return made

    def from_scores(self, scores: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Map normal scores at places, of any shape, to values."""
        made = np.empty(scores.shape)
        for place, (known, nodes) in enumerate(self._nodes):
            here = places == place
            made[here] = np.interp(scores[here], nodes, known)
        return made if self.decimals is None else np.round(made, self.decimals)

    @property
    def _nodes(self) -> list[tuple[np.ndarray, np.ndarray]]:
        pairs = zip(self.quantiles, self.scores, strict=True)
        return [(np.array(known), np.array(scores)) for known, scores in pairs]


@dataclass(frozen=True)
class Cycle(ColumnRelation):
    """A column whose values follow one another in one order, again and again.

    Args:
        values: in that order.
        profiles: of columns that depend on the place in the cycle.
    """

    kind: ClassVar[str] = "cycle"
    unit: ClassVar[str] = "steps"
    values: tuple[float, ...]
    profiles: tuple[Profile, ...] = ()

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the relation whose fields these are."""
        profiles = []
        for content in state["profiles"]:
            tables = {k: tuple(map(tuple, content[k])) for k in ("scores", "quantiles")}
            profiles.append(Profile(**content | tables))
        known = {"profiles": tuple(profiles), "values": tuple(state["values"])}
        return cls(**state | known)

    def describe(self) -> str:
        """Return it in words."""
        words = f"{self.column} goes round {len(self.values):,} values in one order"
        names = ", ".join(profile.column for profile in self.profiles)
        return words + (f", on which {names} depend{'' if ', ' in names else 's'}" if names else "")

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps within sequences go to the next value."""
        values = rows.columns[self.column]
        places = self._places(values)
        known = np.asarray(self.values)[places] == values
        steps = (np.diff(places) - 1) % len(self.values) == 0
        kept: np.ndarray = (steps & known[1:] & known[:-1])[rows.follows[1:]]
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the value at a window's start only."""
        if not draft.may_change(self.column) or not draft.has_other_features(self.column):
            return False
        places = self._places(draft.rows.columns[self.column])
        draft.add_start(self.column, draft.columns[self.column])
        draft.drop(self.column)
        for profile in self.profiles:
            label = profile.column
            if draft.may_change(label):
                scores = profile.to_scores(draft.rows.columns[label], places)
                field = replace(draft.rows.fields[label], dtype="float64")
                draft.replace(label, field, scores)
        return True

    def restore(self, block: Block) -> None:
        """Go on from the known value that is nearest to the one at the start."""
        steps = next(iter(block.columns.values())).shape[1]
        first = self._places(block.starts[self.column])
        places = (first[:, None] + np.arange(steps)) % len(self.values)
        block.set(self.column, np.asarray(self.values)[places])
        for profile in self.profiles:
            scores = block.columns[profile.column]
            block.columns[profile.column] = profile.from_scores(scores, places)

    def _places(self, values: np.ndarray) -> np.ndarray:
        """Return the place in the cycle of the nearest value, of any shape."""
        order = np.argsort(self.values)
        known = np.asarray(self.values)[order]
        nearest = np.searchsorted((known[1:] + known[:-1]) / 2, values)
        return np.asarray(order[nearest])


@dataclass(frozen=True)
class PeriodCounter(ColumnRelation):
    """A column that counts rows, and begins anew in each period of the calendar.

    Args:
        period: name in `PERIODS`.
        first: value of the first row of a period.
        increment: from each row to the next.
    """

    kind: ClassVar[str] = "counter of a period"
    unit: ClassVar[str] = "steps"
    period: str
    first: float
    increment: float

    def describe(self) -> str:
        """Return it in words."""
        verb = "rises" if self.increment > 0 else "falls"
        begins = f"and begins anew at {self.first:.10g} each {self.period}"
        return f"{self.column} {verb} by {abs(self.increment):.10g} in every row {begins}"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps within sequences count on, or begin anew with a period."""
        if rows.local_time is None:
            return np.empty(0, dtype=bool)
        values, follows = rows.columns[self.column], rows.follows[1:]
        is_new = np.diff(PERIODS[self.period](rows.local_time)) != 0
        expected = np.where(is_new, self.first, values[:-1] + self.increment)
        kept: np.ndarray = (np.abs(values[1:] - expected) < 1e-9 * (1 + np.abs(expected)))[follows]
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the value at a window's start only."""
        if not draft.may_change(self.column) or not draft.has_other_features(self.column):
            return False
        draft.add_start(self.column, draft.columns[self.column])
        draft.drop(self.column)
        return True

    def restore(self, block: Block) -> None:
        """Count on from the value at the start, and anew from the first row of each period."""
        assert block.local_time is not None
        numbers = PERIODS[self.period](block.local_time)
        steps = np.arange(numbers.shape[1])
        is_new = np.diff(numbers, axis=1, prepend=numbers[:, :1]) != 0
        last = np.maximum.accumulate(np.where(is_new, steps, 0), axis=1)
        away = block.starts[self.column] - self.first  # a whole number of increments
        start = self.first + np.rint(away / self.increment) * self.increment
        begin = np.where(last > 0, self.first, start[:, None])
        block.set(self.column, begin + (steps - last) * self.increment)


@dataclass(frozen=True)
class ElapsedTime(ColumnRelation):
    """A column that counts the time that passes, in some unit.

    Args:
        seconds: of the unit.
        is_by_date: whether it counts dates, whatever the time of day.
        decimals: of the column; None leaves it unrounded.
        origin: time at which it is 0, the same in all sequences; None: each has its own.
    """

    kind: ClassVar[str] = "elapsed time"
    unit: ClassVar[str] = "steps"
    seconds: float
    is_by_date: bool
    decimals: int | None
    origin: float | None

    def describe(self) -> str:
        """Return it in words."""
        name = next(name for name, seconds in UNITS.items() if seconds == self.seconds)
        return f"{self.column} rises by the {name} that pass"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which steps within sequences rise by the time between the rows."""
        if rows.time is None or rows.local_time is None:
            return np.empty(0, dtype=bool)
        change = np.diff(rows.columns[self.column])
        passed = np.diff(self._count(rows.time, rows.local_time))
        slack = 0.0 if self.decimals is None else 1.0000001 * 10.0**-self.decimals
        if self.is_by_date or self.decimals == 0:
            slack = min(slack, 1e-6)
        slack += 1e-9 * float(np.nanmax(np.abs(rows.columns[self.column]), initial=0.0))
        kept: np.ndarray = (np.abs(change - passed) <= slack)[rows.follows[1:]]
        return kept

    def reduce(self, draft: Draft) -> bool:
        """Learn the value at a window's start, unless all sequences count from one time."""
        if not draft.may_change(self.column) or not draft.has_other_features(self.column):
            return False
        if self.origin is None:
            draft.add_start(self.column, draft.columns[self.column])
        draft.drop(self.column)
        return True

    def restore(self, block: Block) -> None:
        """Add the time that has passed to the value at the start."""
        assert block.time is not None
        assert block.local_time is not None
        count = self._count(block.time, block.local_time)
        if self.origin is None:
            values = block.starts[self.column][:, None] + count - count[:, :1]
        else:
            values = count - self.origin
        block.set(self.column, values if self.decimals is None else np.round(values, self.decimals))

    def _count(self, time: np.ndarray, local_time: np.ndarray) -> np.ndarray:
        """Return the time of rows in the unit, counted from 1970."""
        if self.is_by_date:
            return np.asarray(np.floor(local_time / DAY))
        return np.asarray(time / self.seconds)


def find_counters(rows: Rows) -> list[ColumnRelation]:
    """Find columns that go round, that begin anew in each period, or that count elapsed time.

    A column does so by accident with a probability that is computed from how often two of its
    values, or two of its changes, agree.
    """
    found: list[ColumnRelation] = []
    steps = int(rows.follows.sum())
    if steps < MIN_STEPS:
        return []
    for label, values in rows.columns.items():
        field = rows.fields[label]
        if field.role != "feature" or field.type not in ("number", "category"):
            continue
        if np.isnan(values).any():
            continue
        relation: ColumnRelation | None = _cycle(rows, label)
        if relation is None and field.type == "number" and rows.time is not None:
            relation = _period_counter(rows, label) or _elapsed(rows, label)
        if relation is not None:
            found.append(replace(relation, reason=f"in all {steps:,} steps"))
    return found


def _cycle(rows: Rows, label: str) -> Cycle | None:
    values = rows.columns[label]
    distinct, codes = np.unique(values, return_inverse=True)
    if not MIN_CYCLE <= len(distinct) <= MAX_CYCLE:
        return None
    follows = rows.follows[1:]
    before, after = codes[:-1][follows], codes[1:][follows]
    following = np.full(len(distinct), -1)
    following[before] = after
    if not np.array_equal(following[before], after):
        return None
    shares = np.bincount(codes) / len(codes)
    if by_chance(float((shares**2).sum()), len(before) - len(distinct)):
        return None
    order = [0]
    while len(order) < len(distinct) and following[order[-1]] > 0:
        order.append(int(following[order[-1]]))
    if len(set(order)) < len(distinct) or following[order[-1]] != 0:
        return None
    return Cycle("", label, tuple(distinct[order].tolist()))


def with_profiles(cycle: Cycle, rows: Rows, free: Collection[str]) -> Cycle:
    """Return a cycle with the columns that depend on the place in it.

    Of the variance of such a column, the places explain more than they do after each round is
    turned by a random number of places.

    Args:
        cycle: that holds in all rows.
        rows: of the table.
        free: labels of columns that no other relation explains.
    """
    count = len(cycle.values)
    places = cycle._places(rows.columns[cycle.column])
    if np.bincount(places, minlength=count).min() < MIN_ROUNDS:
        return cycle
    begins = ~rows.follows
    begins[1:] |= np.diff(places) < 0
    rounds, draw = np.cumsum(begins) - 1, rng(0, "cycle", cycle.column)
    turned = [
        (places + draw.integers(0, count, rounds[-1] + 1)[rounds]) % count for _ in range(TURNS)
    ]
    profiles = []
    for label in free:
        values, field = rows.columns[label], rows.fields[label]
        if field.type != "number" or field.role != "feature" or np.isnan(values).any():
            continue
        if len(np.unique(values)) < MIN_DISTINCT:
            continue
        share = _explained(values, places, count)
        if share < MIN_EXPLAINED + max(_explained(values, other, count) for other in turned):
            continue
        each = [values[places == place] for place in range(count)]
        shares = [np.linspace(0, 1, min(NODES, len(some))) for some in each]
        quantiles = tuple(
            tuple(np.quantile(some, share).tolist())
            for some, share in zip(each, shares, strict=True)
        )
        scores = tuple(
            tuple(ndtri(np.clip(share, 0.5 / len(some), 1 - 0.5 / len(some))).tolist())
            for some, share in zip(each, shares, strict=True)
        )
        profiles.append(Profile(label, scores, quantiles, exact_decimals(values)))
    return replace(cycle, profiles=tuple(profiles))


def _explained(values: np.ndarray, places: np.ndarray, count: int) -> float:
    """Return the share of the variance of values (R,) between places (R,)."""
    sizes = np.maximum(np.bincount(places, minlength=count), 1)
    means = np.bincount(places, values, minlength=count) / sizes
    between: float = np.var(means[places]) / np.var(values)
    return between


def _period_counter(rows: Rows, label: str) -> PeriodCounter | None:
    values, follows = rows.columns[label], rows.follows[1:]
    assert rows.local_time is not None
    increments, counts = np.unique(np.diff(values)[follows], return_counts=True)
    increment = float(increments[counts.argmax()])
    for period, number in PERIODS.items():
        is_new = np.diff(number(rows.local_time)) != 0
        begins = values[1:][is_new & follows]
        if not increment or len(begins) < MIN_RESTARTS or (is_new[follows]).all():
            continue
        relation = PeriodCounter("", label, period, float(begins[0]), increment)
        goes_on = int((~is_new & follows).sum())
        share = float(counts.max() / counts.sum())
        if relation.kept(rows).all() and not by_chance(min(share, 0.5), goes_on):
            return relation
    return None


def _elapsed(rows: Rows, label: str) -> ElapsedTime | None:
    values, follows = rows.columns[label], rows.follows[1:]
    assert rows.time is not None
    assert rows.local_time is not None
    change, passed = np.diff(values)[follows], np.diff(rows.time)[follows]
    if not change.any() or len(np.unique(passed)) < MIN_CYCLE:
        return None
    usual = float(passed.sum() / change.sum()) if change.sum() else 0.0
    decimals = exact_decimals(values)
    for seconds in UNITS.values():
        if not 0.8 < usual / seconds < 1.25:
            continue
        for is_by_date in (False, True) if seconds == DAY else (False,):
            relation = ElapsedTime("", label, seconds, is_by_date, decimals, None)
            if not relation.kept(rows).all():
                continue
            counts = np.unique(np.round(change, 9), return_counts=True)[1]
            if by_chance(float(((counts / len(change)) ** 2).sum()), len(change)):
                continue
            away = relation._count(rows.time, rows.local_time) - values
            slack = 1e-9 * float(np.abs(values).max()) + (
                0.0 if decimals is None else 0.5000001 * 10.0**-decimals
            )
            middle = float(away.max() + away.min()) / 2
            if np.ptp(away) <= 2 * slack and len(rows.lengths) > 1:
                relation = replace(relation, origin=middle)
            return relation
    return None


def _dates(seconds: np.ndarray) -> np.ndarray:
    return np.floor(seconds / DAY).astype(np.int64).astype("M8[D]")
