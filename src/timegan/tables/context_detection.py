"""Detection of columns that are constant within every sequence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.raw_columns import RawColumn

MIN_SEQUENCES = 2
"""Sequences of two rows or more without which nothing is detected."""
MIN_SHARE_LONG = 0.5
"""Share of sequences that must have two rows or more."""
MAX_CHANCE = 1e-3
"""Largest probability that a column is constant in every sequence by accident."""
PROBE_ROWS = 10_000
"""First rows, in which most columns already change within a sequence."""


def find_constant_columns(
    columns: Sequence[RawColumn], bounds: np.ndarray, order: np.ndarray | None
) -> list[RawColumn]:
    """Return the columns that never change within a sequence, and not by accident.

    A column counts as constant by accident where its values, dealt to the rows at random, would
    repeat within all sequences with a probability above `MAX_CHANCE`. A column with one value in
    the whole table is constant within every sequence, too.

    Args:
        columns: candidates; a missing value equals another one.
        bounds: (S, 2) first row of each sequence, and the row after its last.
        order: (R,) of the rows that ``bounds`` counts; None where they are in order.
    """
    lengths = np.diff(bounds)[:, 0]
    long = int((lengths > 1).sum())
    if long < MIN_SEQUENCES or long < MIN_SHARE_LONG * len(lengths):
        return []
    follows = np.ones(int(lengths.sum()), dtype=bool)
    follows[bounds[:, 0]] = False
    return [column for column in columns if _is_constant(column.series, follows, order)]


def _is_constant(series: "pd.Series[Any]", follows: np.ndarray, order: np.ndarray | None) -> bool:
    first = order[:PROBE_ROWS] if order is not None else np.arange(min(PROBE_ROWS, len(series)))
    codes = _codes(series.take(first))
    if codes is None or (np.diff(codes) != 0)[follows[1 : len(first)]].any():
        return False
    codes = _codes(series)
    assert codes is not None
    placed = codes if order is None else codes[order]
    if (np.diff(placed) != 0)[follows[1:]].any():
        return False
    shares = np.bincount(codes + 1) / len(codes)
    agreement = float((shares**2).sum())
    is_constant = bool((codes == codes[0]).all())
    return is_constant or agreement ** int(follows.sum()) <= MAX_CHANCE


def _codes(series: "pd.Series[Any]") -> np.ndarray | None:
    """Return a number for each row's value, -1 where it is missing; None for lists and the like."""
    try:
        codes: np.ndarray = pd.factorize(series)[0]
    except TypeError:  # cells without a hash
        return None
    return codes
