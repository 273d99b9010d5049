"""Reduction of a table with relations to the columns that a model learns, and its inverse."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.relations.counters import Cycle, ElapsedTime, PeriodCounter
from timegan.relations.draft import START_SUFFIX, Block, Draft
from timegan.relations.motion import FixedIncrement, Monotone
from timegan.relations.relation import Relation, from_state, state
from timegan.relations.rows import Rows, clock_seconds
from timegan.tables import Field, Schema, Sequences, Table
from timegan.variation import deviation

ENFORCEMENT_ORDER = (
    "formula",
    "formula of totals",
    "carried over",
    "distance of dates",
    "fixed increment",
    "cycle",
    "counter of a period",
    "elapsed time",
    "running total",
    "running extreme",
    "steady increment",
    "one of several",
    "lookup",
    "affine copy",
    "part of the time",
    "one direction",
    "missing where",
    "missing together",
)
"""Kinds of relations that are enforced. A column is changed by the first that takes it."""

RESTORE_ORDER = (
    "distance of dates",
    "one direction",
    "fixed increment",
    "cycle",
    "counter of a period",
    "elapsed time",
    "steady increment",
    "one of several",
    "missing together",
    "part of the time",
    "lookup",
    "missing where",
    "carried over",
    "affine copy",
    "formula",
    "running total",
    "formula of totals",
    "running extreme",
)
"""Lookups come after their sources, and after the holes of these; formulas and totals follow."""

DERIVED_KINDS = RESTORE_ORDER[RESTORE_ORDER.index("lookup") :]
"""Kinds whose columns are written again when others were changed."""

COMPUTED_KINDS = frozenset(DERIVED_KINDS) - {"missing where"} | {"part of the time"}
"""Kinds that write one column from others, which come first."""

MIN_EXPLAINED = 0.05
"""Share of another column's variance from which on a value at the start is learned with it."""

MAX_DISTINCT_SHARE = 0.2
"""Distinct values at the start, relative to the rows, up to which they are shared by many rows."""

BINS = 10
"""Groups of equal size by the value at the start."""

COUNTERS = (FixedIncrement, Cycle, PeriodCounter, ElapsedTime)
"""Relations whose value at the start gives no real sequence away."""

LEARNED_ROLES = ("feature", "gap", "exogenous", "context")


@dataclass(frozen=True)
class Reduction:
    """The enforced relations of a table, and the columns that a model learns instead.

    Args:
        schema: of the table.
        learned: schema of the columns that are learned.
        relations: that are enforced.
        start_fields: columns whose value at a window's first row is learned as a context column.
        drawn_fields: columns whose value at the first row is drawn from those of real windows, as
            no other column depends on it.
        types: label -> column type that follows from a relation.
        unmasked: labels of columns whose missing values another column tells.
        hidden: label -> whether a column that is left out or replaced has missing values, and the
            value that stands for a sequence without any.
    """

    schema: Schema
    learned: Schema
    relations: tuple[Relation, ...] = ()
    start_fields: tuple[Field, ...] = ()
    drawn_fields: tuple[Field, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    unmasked: tuple[str, ...] = ()
    hidden: tuple[tuple[str, bool, float], ...] = ()

    @classmethod
    def none(cls, schema: Schema) -> Self:
        """Return the reduction that leaves a table as it is."""
        return cls(schema, schema)

    @classmethod
    def fit(
        cls, table: Table, relations: Sequence[Relation], protected: Collection[str] = ()
    ) -> Self:
        """Decide what is learned of a table in which relations hold.

        Args:
            table: all its rows, time running forwards.
            relations: that were discovered.
            protected: labels of columns that stay as they are.
        """
        draft = _draft(table, protected)
        ordered = sorted(
            (r for r in relations if r.kind in ENFORCEMENT_ORDER),
            key=lambda relation: ENFORCEMENT_ORDER.index(relation.kind),
        )
        enforced = tuple(relation for relation in ordered if relation.reduce(draft))
        if not enforced:
            return cls.none(table.schema)
        others = [field for field in table.schema.fields if field.role not in LEARNED_ROLES]
        gap = table.schema.of("gap")
        learned = replace(
            table.schema,
            fields=(*others, *draft.fields.values(), *gap),
        )
        counters = {r.column for r in enforced if isinstance(r, COUNTERS)}
        names = _learned_starts(draft, counters)
        hidden = [
            (label, bool(np.isnan(values).any()), _median(values))
            for label, values in draft.rows.columns.items()
            if label in draft.changed or label in draft.unmasked
        ]
        return cls(
            table.schema,
            learned,
            enforced,
            tuple(draft.starts[label] for label in names),
            tuple(field for label, field in draft.starts.items() if label not in names),
            tuple(draft.types.items()),
            tuple(sorted(draft.unmasked)),
            tuple(hidden),
        )

    @property
    def changed(self) -> set[str]:
        """Labels of the columns that are left out or replaced."""
        learned = {field.label: field for field in self.learned.fields}
        fields = (*self.schema.value_fields, *self.schema.context_fields)
        moved = {relation.column for relation in self.relations if isinstance(relation, Monotone)}
        return moved | {f.label for f in fields if learned.get(f.label) != f}

    @property
    def followed(self) -> set[str]:
        """Labels of the columns that are written from others, and not learned in any form."""
        learned = {field.label for field in self.learned.fields}
        fields = (*self.schema.value_fields, *self.schema.context_fields)
        return {f.label for f in fields if f.label not in learned}

    def with_sources(self, labels: Collection[str]) -> set[str]:
        """Return the columns among these that are written from others, and all their sources."""
        found, size = self.followed.intersection(labels), -1
        while len(found) != size:
            size = len(found)
            for relation in self.relations:
                if relation.written in found:
                    found.update(relation.columns)
        return found

    def reduce(self, table: Table) -> tuple[Table, np.ndarray, np.ndarray]:
        """Return what is learned of a table.

        Returns:
            The table of the learned columns, and the values that may stand at a window's start,
            for every row: those that are learned (R, A), and those that are drawn (R, D).
        """
        if not self.relations:
            nothing = np.empty((len(table.values), 0))
            return table, nothing, nothing
        draft = _draft(table, ())
        for relation in self.relations:
            relation.reduce(draft)
        values = table.values
        gaps = {f.label: i for i, f in enumerate(table.schema.value_fields) if f.role == "gap"}
        columns = [
            values[:, gaps[field.label]] if field.role == "gap" else draft.columns[field.label]
            for field in self.learned.value_fields
        ]
        firsts = table.bounds[:, 0]
        context = [draft.columns[field.label][firsts] for field in self.learned.context_fields]
        learned = replace(
            table,
            values=np.stack(columns, axis=1),
            context=_stacked(context, len(firsts)),
            schema=self.learned,
        )
        starts, drawn = (
            _stacked([draft.start_columns[_start_label(f)] for f in fields], len(table.values))
            for fields in (self.start_fields, self.drawn_fields)
        )
        return learned, starts, drawn

    def reduce_context(self, context: np.ndarray) -> np.ndarray:
        """Return the learned context columns (n, K') of given ones (n, K)."""
        if not self.relations:
            return context
        labels = [field.label for field in self.schema.context_fields]
        return context[:, [labels.index(field.label) for field in self.learned.context_fields]]

    def restore(
        self, learned: Sequences, learned_starts: np.ndarray, drawn_starts: np.ndarray
    ) -> Sequences:
        """Return the sequences of the table that follow from learned columns.

        Args:
            learned: sequences of the learned columns, with the time of their first rows.
            learned_starts: (n, A) values at the first rows that were generated.
            drawn_starts: (n, D) those that were drawn.
        """
        if not self.relations:
            return learned
        block = self._block(learned, self.learned)
        block.is_learned = True
        for fields, starts in (
            (self.start_fields, learned_starts),
            (self.drawn_fields, drawn_starts),
        ):
            block.starts |= {_start_label(field): starts[:, i] for i, field in enumerate(fields)}
        for relation in _sources_first(self.relations):
            relation.restore(block)
        return self._sequences(block, learned)

    def derive(self, sequences: Sequences) -> Sequences:
        """Write again what follows from columns that were changed after `restore`."""
        derived = [r for r in self.relations if r.kind in DERIVED_KINDS]
        if not derived:
            return sequences
        block = self._block(sequences, self.schema)
        for relation in _sources_first(derived):
            relation.restore(block)
        return self._sequences(block, sequences)

    def state(self) -> dict[str, Any]:
        """Return everything as plain numbers, strings, lists and dicts."""
        return {
            "learned": self.learned.state(),
            "relations": state(self.relations),
            "start_fields": [field.state() for field in self.start_fields],
            "drawn_fields": [field.state() for field in self.drawn_fields],
            "types": [list(pair) for pair in self.types],
            "unmasked": list(self.unmasked),
            "hidden": [list(row) for row in self.hidden],
        }

    @classmethod
    def from_state(cls, content: dict[str, Any], schema: Schema) -> Self:
        """Return the reduction that `state` describes, of a table with this schema."""
        return cls(
            schema,
            Schema.from_state(content["learned"]),
            from_state(content["relations"]),
            tuple(Field.from_state(field) for field in content["start_fields"]),
            tuple(Field.from_state(field) for field in content["drawn_fields"]),
            tuple((str(label), str(name)) for label, name in content["types"]),
            tuple(content["unmasked"]),
            tuple((str(a), bool(b), float(c)) for a, b, c in content["hidden"]),
        )

    def _block(self, sequences: Sequences, schema: Schema) -> Block:
        """Return sequences with these columns by column."""
        values, rows = sequences.values, sequences.context
        columns = {field.label: values[..., i] for i, field in enumerate(schema.value_fields)}
        context = {field.label: rows[:, i] for i, field in enumerate(schema.context_fields)}
        time = local = None
        if sequences.starts is not None and schema.time is not None:
            time, local = clock_seconds(schema.times(values, sequences.starts), schema.time)
        label = "" if time is None or schema.time is None else schema.time.label
        table = {f.label: f for f in (*self.schema.value_fields, *self.schema.context_fields)}
        lengths = np.asarray(sequences.lengths)
        return Block(columns, context, {}, lengths, table, label, time, local)

    def _sequences(self, block: Block, like: Sequences) -> Sequences:
        """Return a block as sequences of the table."""
        values = [block.columns[field.label] for field in self.schema.value_fields]
        context = [block.context[field.label] for field in self.schema.context_fields]
        whole = np.stack(values, axis=2)
        padding = np.arange(whole.shape[1]) >= block.lengths[:, None]
        whole[padding] = np.nan
        return replace(like, values=whole, context=_stacked(context, len(whole)))


def _draft(table: Table, protected: Collection[str]) -> Draft:
    rows = Rows.of_table(table)
    return Draft(rows, dict(rows.fields), dict(rows.columns), frozenset(protected))


def _sources_first(relations: Sequence[Relation]) -> list[Relation]:
    """Return relations in their order, but those that write a column before its readers."""
    waiting = sorted(relations, key=lambda relation: RESTORE_ORDER.index(relation.kind))
    ordered: list[Relation] = []
    while waiting:
        writers = {r.written: r for r in reversed(waiting) if r.kind in COMPUTED_KINDS}

        def waits(relation: Relation, writers: Mapping[str, Relation] = writers) -> bool:
            others = [writers.get(label) for label in relation.columns]
            return relation.kind in COMPUTED_KINDS and any(
                other is not None and other is not relation and other.written != relation.written
                for other in others
            )

        ready = next((relation for relation in waiting if not waits(relation)), waiting[0])
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _stacked(columns: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Return columns (count,) side by side, (count, K)."""
    return np.stack(columns, axis=1) if columns else np.empty((count, 0))


def _start_label(field: Field) -> str:
    """Return the label of the column whose value at the start a field describes."""
    return field.label.removesuffix(START_SUFFIX)


def _median(values: np.ndarray) -> float:
    """Return a value of the column from its middle; 0 where there is none."""
    present = np.sort(values[~np.isnan(values)])
    return float(present[present.size // 2]) if present.size else 0.0


def _learned_starts(draft: Draft, counters: Collection[str]) -> list[str]:
    """Return the columns whose value at the start is learned; that of others is drawn.

    A value is drawn from those of real windows if no other column depends on it, and if it does
    not give a real sequence away: it counts rows, or many rows share it.
    """
    values = draft.start_columns
    others = {k: v for k, v in draft.columns.items() if draft.fields[k].type != "datetime"}
    learned = [
        label
        for label, start in values.items()
        if _explains(start, others)
        or (label not in counters and len(np.unique(start)) > MAX_DISTINCT_SHARE * len(start))
    ]
    known = {label: values[label] for label in learned}
    return [label for label in values if label in known or _explains(values[label], known)]


def _explains(start: np.ndarray, others: Mapping[str, np.ndarray]) -> bool:
    """Decide whether another column depends on a value (R,) at the start."""
    edges = np.quantile(start, np.linspace(0, 1, BINS + 1)[1:-1])
    bins = np.searchsorted(edges, start, side="right")
    for values in others.values():
        present = ~np.isnan(values)
        if _explained(bins[present], values[present]) >= MIN_EXPLAINED:
            return True
    return False


def _explained(bins: np.ndarray, values: np.ndarray) -> float:
    """Return the share of the variance of values (n,) between bins (n,)."""
    total = deviation(values) ** 2 if values.size else 0.0
    if not total:
        return 0.0
    counts = np.bincount(bins, minlength=BINS)
    means = np.bincount(bins, values, minlength=BINS) / np.maximum(counts, 1)
    between = (counts * (means - values.mean()) ** 2).sum() / len(values)
    return float(between / total)
