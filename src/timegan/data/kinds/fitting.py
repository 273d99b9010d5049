"""From what was found to fitted kinds, from fitted kinds to plain data, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from timegan.data.kinds.base import KINDS, Found, Kind, Setting, pack, unpack
from timegan.data.kinds.missing import Missing
from timegan.data.scalings import JITTER


def fit(
    found: Sequence[Found],
    values: np.ndarray,
    breaks: np.ndarray,
    scaling: str = "auto",
    jitter: float = JITTER,
) -> tuple[Kind, ...]:
    """Fit every column's kind.

    Args:
        found: of `detect`, on the same rows.
        values: (R, C) training rows; NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        scaling: of numbers: ``minmax``, ``standard``, ``rank``, or ``auto``, which chooses between
            the latter two for each column.
        jitter: share of its stretch of quantiles over which a discrete value is spread.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    kinds: list[Kind] = []
    for i, column in enumerate(found):
        params = {**column.params, "kind": column.kind}
        setting = Setting(scaling, jitter, column.dtype, params)
        holes = column.kind != "copy" and 0.0 < column.missing < 1.0
        kind = Missing if holes else KINDS[column.kind]
        kinds.append(kind.fit(values[:, i], breaks, setting))
    return tuple(kinds)


def state(kinds: Sequence[Kind]) -> list[dict[str, Any]]:
    """Fitted kinds as plain numbers, strings, lists and dicts."""
    return [pack(kind) for kind in kinds]


def restore(states: Sequence[dict[str, Any]]) -> tuple[Kind, ...]:
    """What `state` was given."""
    return tuple(unpack(packed) for packed in states)
