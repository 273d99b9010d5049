"""Some sequences in a table's units, before they are written as rows."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sequences:
    """Sequences of a table.

    Args:
        values: (n, T, C) as in `timegan.tables.table.Table`; NaN is missing, or behind the end.
        lengths: (n,) rows of each.
        context: (n, K) context columns.
        starts: (n,) time of each first row; None takes the real ones in turn.
    """

    values: np.ndarray
    lengths: np.ndarray
    context: np.ndarray
    starts: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def head(self, count: int) -> "Sequences":
        """The first ``count`` of them, or all if there are fewer."""
        starts = None if self.starts is None else self.starts[:count]
        return Sequences(self.values[:count], self.lengths[:count], self.context[:count], starts)
