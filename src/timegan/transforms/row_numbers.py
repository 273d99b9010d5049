"""Numbers of training rows in their table and in their sequence."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timegan.transforms.base import continues


@dataclass(frozen=True)
class RowNumbers:
    """The number that each training row has in the table, and in its sequence.

    Args:
        rows: (2, R) of the training rows; others between them may be held out.
        starts: (2, N) of those at which training windows begin.
    """

    rows: np.ndarray
    starts: np.ndarray

    @classmethod
    def consecutive(cls, count: int, breaks: np.ndarray) -> Self:
        """Return the numbers where no row is left out and windows begin at each."""
        rows = np.arange(count)
        starts = np.where(continues(count, breaks), 0, rows)
        both = np.stack([rows, rows - np.maximum.accumulate(starts)])
        return cls(both, both)
