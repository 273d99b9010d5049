"""Columns of a table, put together from the features that metrics look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from timegan.metrics.windows import Array


@dataclass(frozen=True)
class Columns:
    """Columns of real and synthetic windows.

    Args:
        real: windows (N, T, K): numbers, or codes of labels; NaN where a value is missing and
            behind the end of a sequence.
        synthetic: windows (M, T, K).
        names: of the K columns.
        labels: of each column's codes; empty where it is a number.
        numbers: features that are columns of numbers.
    """

    real: Array
    synthetic: Array
    names: list[str]
    labels: list[Sequence[str]]
    numbers: list[int]

    @classmethod
    def of(
        cls,
        real: Array,
        synthetic: Array,
        features: Sequence[str],
        groups: Sequence[Mapping[str, Any]],
    ) -> Self:
        """Put features together.

        Args:
            real: cells (N, T, C) of features, NaN where there is no value.
            synthetic: windows (M, T, C).
            features: names of the C features.
            groups: as of `timegan.transforms.feature_view.feature_groups`; empty where every
                feature is a column.
        """
        if not groups:
            every = list(range(len(features)))
            return cls(real, synthetic, list(features), [()] * len(features), every)
        sides = [
            np.stack([_column(windows, group) for group in groups], axis=-1)
            for windows in (real, synthetic)
        ]
        firsts = [group["features"][0] for group in groups]
        labels = [group["labels"] for group in groups]
        names = [
            group["column"] if group["labels"] else features[first]
            for group, first in zip(groups, firsts, strict=True)
        ]
        numbers = [c for c, named in zip(firsts, labels, strict=True) if not named]
        return cls(sides[0], sides[1], names, labels, numbers)


def _column(windows: Array, group: Mapping[str, Any]) -> Array:
    """Return the numbers or codes (N, T) of one column."""
    parts = windows[..., group["features"]]
    missing = np.isnan(parts).any(axis=-1)
    if parts.shape[-1] == 1:
        values = parts[..., 0]
    else:
        values = np.nan_to_num(parts).argmax(axis=-1).astype(np.float64)
        missing |= ~(parts > 0.5).any(axis=-1)
    return np.where(missing, np.nan, values)
