"""Rows of a real table, of its parts, and of a synthetic one, for checks of whole rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from timegan.constraints import Constraint
from timegan.data.datamodule import WindowDataModule
from timegan.data.second_table import SecondTable
from timegan.data.window_index import WindowIndex
from timegan.data.windows import Windows
from timegan.relations import Relation, Rows
from timegan.tables import Sequences, Table


@dataclass(frozen=True)
class TableParts:
    """Rows to compare, time running forwards.

    Args:
        real: the whole real table.
        train: real rows that training windows contain.
        held_out: real rows that are not used for training; None: there are none.
        synthetic: generated rows.
        labels: of the columns that constraints are about, by position.
        constraints: of these columns, which the training rows keep; None: not looked for.
        relations: that all real rows keep; None: not looked for.
    """

    real: Rows
    train: Rows
    held_out: Rows | None
    synthetic: Rows
    labels: Sequence[str]
    constraints: Sequence[Constraint] | None
    relations: Sequence[Relation] | None

    @classmethod
    def of(
        cls,
        data: WindowDataModule,
        made: Sequences | SecondTable,
        unseen: SecondTable | None = None,
    ) -> Self:
        """Return the rows of data beside synthetic ones.

        Args:
            data: set up.
            made: synthetic sequences of its table, time as the model sees it.
            unseen: real rows that take the place of those that the data hold out.
        """
        is_reversed = data.transform.reversed
        real = Rows.of_table(data.table.reversed() if is_reversed else data.table)
        train, held_out = real, None
        if data.split.holdout is not None and not is_reversed:
            train = real.take(_covered(data.table, data.split.train, data.window))
            held_out = real.take(_covered(data.table, data.split.holdout, data.window))
        if unseen is not None:
            held_out = Rows.of_table(unseen.table)
        if isinstance(made, SecondTable):
            synthetic = Rows.of_table(made.table)
        else:
            synthetic = Rows.of_sequences(data.transform.in_time_order(made), data.table.schema)
        is_off = data.constraints == "off"
        found = data.transform.constraints
        constraints = None if is_off else found.all
        labels = data.features if is_off else found.features
        relations = None if is_off or is_reversed else data.relations
        return cls(real, train, held_out, synthetic, labels, constraints, relations)


def _covered(table: Table, index: WindowIndex, window: int) -> np.ndarray:
    return Windows(table.values, index.starts, window, index.lengths).covered()
