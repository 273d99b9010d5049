"""Some sequences in a table's units, before they are written as rows."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sequences:
    """Sequences of a table, time running forwards.

    Args:
        values: (n, T, C) as in `timegan.tables.table.Table`; NaN is missing.
        lengths: (n,) rows of each; None: all have T.
        context: (n, K), where the table has context columns.
        starts: (n,) time of each first row; None takes the real ones in turn.
    """

    values: np.ndarray
    lengths: np.ndarray | None = None
    context: np.ndarray | None = None
    starts: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def padded(self) -> np.ndarray:
        """The values (n, T, C) with NaN behind each end."""
        if self.lengths is None:
            return self.values
        values = self.values.astype(np.float64)
        values[np.arange(values.shape[1]) >= np.asarray(self.lengths)[:, None]] = np.nan
        return values
