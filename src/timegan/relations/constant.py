"""Columns that never change within a sequence."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.relation import ColumnRelation, by_chance, same
from timegan.relations.rows import Rows

MIN_SEQUENCES = 2
"""Sequences of two rows or more that must agree."""


@dataclass(frozen=True)
class ConstantInSequence(ColumnRelation):
    """A column with one value in all rows of a sequence."""

    kind: ClassVar[str] = "constant in each sequence"
    unit: ClassVar[str] = "sequences"

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.column} never changes within a sequence"

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which sequences of two rows or more have one value."""
        values = rows.columns[self.column]
        changed = np.zeros(len(values), dtype=np.int64)
        changed[1:] = ~same(values[1:], values[:-1]) & rows.follows[1:]
        changes = np.add.reduceat(changed, rows.bounds[:, 0])
        kept: np.ndarray = changes[rows.lengths > 1] == 0
        return kept


def find_constants(rows: Rows) -> list[ConstantInSequence]:
    """Find the columns that are constant in every sequence and differ between sequences."""
    long = int((rows.lengths > 1).sum())
    if long < MIN_SEQUENCES:
        return []
    found = []
    for label, values in rows.columns.items():
        relation = ConstantInSequence(f"in all {long:,} sequences", label)
        if same(values[:1], values).all() or not relation.kept(rows).all():
            continue
        counts = np.unique(values, return_counts=True)[1]
        if not by_chance(float(((counts / len(rows)) ** 2).sum()), len(rows) - len(rows.lengths)):
            found.append(relation)
    return found
