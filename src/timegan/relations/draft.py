"""A table on its way to what a model learns, and generated sequences on their way back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from timegan.relations.rows import Rows
from timegan.tables import Field

START_SUFFIX = " at the start"
"""Ending of the names of columns whose value at the first row is learned."""


@dataclass
class Draft:
    """Columns that a model is to learn, which relations take columns from and add columns to.

    Args:
        rows: of the real table.
        fields: label -> field of each column to be learned; at first those of the table.
        columns: label -> values (R,); of context columns, those of every row.
        starts: label -> field of columns whose value at a window's first row is learned.
        start_columns: label -> values (R,) of these.
        types: label -> column type that follows from a relation.
        unmasked: labels of columns whose missing values another column tells.
        protected: labels of columns that stay as they are.
        changed: labels of columns that a relation has left out or replaced.
    """

    rows: Rows
    fields: dict[str, Field]
    columns: dict[str, np.ndarray]
    protected: frozenset[str] = frozenset()
    types: dict[str, str] = field(default_factory=dict)
    starts: dict[str, Field] = field(default_factory=dict)
    start_columns: dict[str, np.ndarray] = field(default_factory=dict)
    unmasked: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    def role(self, label: str) -> str:
        """Return the role of a column of the table; empty where it has none."""
        return self.rows.fields[label].role if label in self.rows.fields else ""

    def may_change(self, *labels: str) -> bool:
        """Decide whether relations may leave out or replace all of these columns.

        A column is changed once. Exogenous columns are given from outside. At least one feature
        has to be left.
        """
        if not all(label in self.fields for label in labels):
            return False
        free = self.changed | self.protected
        return not any(label in free or self.role(label) == "exogenous" for label in labels)

    def has_other_features(self, *labels: str) -> bool:
        """Decide whether a feature is left beside these columns."""
        features = {label for label, field in self.fields.items() if field.role == "feature"}
        return bool(features - set(labels))

    def drop(self, label: str) -> None:
        """Leave a column out."""
        del self.fields[label], self.columns[label]
        self.changed.add(label)

    def replace(self, label: str, field: Field, values: np.ndarray) -> None:
        """Learn other values in the place of a column."""
        self.fields[label], self.columns[label] = field, values
        self.changed.add(label)

    def add_column(self, name: str, field: Field, values: np.ndarray) -> None:
        """Learn another column."""
        self.fields[name], self.columns[name] = field, values

    def add_start(self, label: str, values: np.ndarray) -> None:
        """Learn the value (R,) at the first row of each window, of a column or of another name."""
        source = self.rows.fields.get(label)
        is_number = source is not None and source.type == "number"
        dtype = source.dtype if source is not None and is_number else "float64"
        self.starts[label] = Field(f"{label}{START_SUFFIX}", "context", "number", dtype)
        self.start_columns[label] = values


@dataclass
class Block:
    """Generated sequences by column, padding included.

    Args:
        columns: label -> values (n, T).
        context: label -> values (n,).
        starts: label -> value (n,) at the first step.
        lengths: steps of each sequence (n,).
        fields: label -> field of the table's columns.
        time_label: name of the time column.
        time: (n, T) seconds since 1970; None where the table has no dates.
        local_time: (n, T) the same by the local clock.
        is_learned: whether replaced columns still have the values that a model learns.
    """

    columns: dict[str, np.ndarray]
    context: dict[str, np.ndarray]
    starts: dict[str, np.ndarray]
    lengths: np.ndarray
    fields: Mapping[str, Field]
    time_label: str = ""
    time: np.ndarray | None = None
    local_time: np.ndarray | None = None
    is_learned: bool = False

    def set(self, label: str, values: np.ndarray) -> None:
        """Set a column (n, T); a context column takes the values of the first step."""
        if self.fields[label].role == "context":
            self.context[label] = values[:, 0]
        else:
            self.columns[label] = values

    def place(self, label: str) -> dict[str, np.ndarray]:
        """Return the columns among which a column is: those of the steps, or the context."""
        return self.columns if label in self.columns else self.context

    def map(self, source: str, target: str, function: Callable[[np.ndarray], np.ndarray]) -> None:
        """Set a column to a function of another one."""
        if source in self.columns:
            self.set(target, function(self.columns[source]))
            return
        values = function(self.context[source])
        if self.fields[target].role == "context":
            self.context[target] = values
        else:
            steps = next(iter(self.columns.values())).shape[1]
            self.columns[target] = np.repeat(values[:, None], steps, axis=1)

    def seconds(self, label: str) -> np.ndarray:
        """Return the time or a column of dates as seconds since 1970, (n, T)."""
        if label == self.time_label and self.time is not None:
            return self.time
        field = self.fields[label]
        values = self.columns[label] if label in self.columns else self.context[label][:, None]
        seconds: np.ndarray = values + field.offset / field.per_second
        return seconds
