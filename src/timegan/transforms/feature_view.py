"""Sequences of any table as windows of plain numbers, which every metric can look at.

A table of numbers without holes, all sequences as long as a window, is left as it is. Otherwise a
category becomes a feature for each of its values, a column with holes gets a second feature that
says where they are, static columns stand beside the others at every step, and where lengths differ
a feature ``present`` tells the steps of a sequence from those behind its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PRESENT = "present"
SHOWN = 10
"""Values of a category that get a feature each; the rest share one."""


@dataclass(frozen=True)
class Facet:
    """What metrics look at of one column.

    Args:
        name: of the column.
        labels: of a category, in the order of its codes; None: the column is a number.
        holes: whether the real column has missing values.
        fill: stands where a whole sequence is missing.
    """

    name: str
    labels: tuple[str, ...] | None = None
    holes: bool = False
    fill: float = 0.0

    @property
    def features(self) -> list[str]:
        """Names of the features that `measurable` makes of the column."""
        names = [self.name]
        if self.labels is not None and len(self.labels) > 2:
            names = [f"{self.name}={label}" for label in self.labels[:SHOWN]]
            if len(self.labels) > SHOWN:
                names.append(f"{self.name}=other")
        return [*names, f"{self.name} is missing"] if self.holes else names


def names(
    facets: Sequence[Facet], context: Sequence[Facet] = (), variable: bool = False
) -> list[str]:
    """Names of the features that `measurable` makes."""
    found = [name for facet in [*facets, *context] for name in facet.features]
    return [*found, PRESENT] if variable else found


def measurable(
    values: np.ndarray,
    lengths: np.ndarray,
    facets: Sequence[Facet],
    context: np.ndarray | None = None,
    context_facets: Sequence[Facet] = (),
    *,
    variable: bool = False,
) -> np.ndarray:
    """Windows (N, T, M) without NaN.

    Steps behind a sequence's end repeat its last values, so that no metric sees a jump there.

    Args:
        values: (N, T, C) in the table's units; NaN where missing.
        lengths: (N,) steps of each sequence.
        facets: what each of the C columns is.
        context: (N, K) static columns, or None.
        context_facets: what each of them is.
        variable: whether lengths differ in the real table.
    """
    steps = values.shape[1]
    if not variable and context is None and all(f.labels is None and not f.holes for f in facets):
        return values
    held = np.minimum(np.arange(steps), lengths[:, None] - 1)
    parts = [
        feature
        for i, facet in enumerate(facets)
        for feature in _features(np.take_along_axis(values[..., i], held, axis=1), facet)
    ]
    if context is not None:
        for i, facet in enumerate(context_facets):
            parts += _features(np.repeat(context[:, i : i + 1], steps, axis=1), facet)
    if variable:
        parts.append((np.arange(steps) < lengths[:, None]).astype(np.float64))
    return np.stack(parts, axis=-1)


def _features(column: np.ndarray, facet: Facet) -> list[np.ndarray]:
    """The features (N, T) of one column (N, T)."""
    missing = np.isnan(column)
    flags = [missing.astype(np.float64)] if facet.holes else []
    if facet.labels is None or len(facet.labels) <= 2:
        return [filled(column, facet.fill), *flags]
    codes = np.where(missing, -1, column)
    shares = [(codes == code).astype(np.float64) for code in range(min(len(facet.labels), SHOWN))]
    if len(facet.labels) > SHOWN:
        shares.append((codes >= SHOWN).astype(np.float64))
    return shares + flags


def filled(column: np.ndarray, otherwise: float) -> np.ndarray:
    """Holes of each row (N, T) filled by the last value before, or else by the first after.

    >>> filled(np.array([[np.nan, 1.0, np.nan, 3.0]]), 0.0).tolist()
    [[1.0, 1.0, 1.0, 3.0]]
    """
    missing = np.isnan(column)
    if not missing.any():
        return column
    steps = np.arange(column.shape[1])
    before = np.maximum.accumulate(np.where(missing, -1, steps), axis=1)
    after = np.minimum.accumulate(np.where(missing, len(steps), steps)[:, ::-1], axis=1)[:, ::-1]
    source = np.where(before >= 0, before, np.minimum(after, len(steps) - 1))
    found = np.take_along_axis(column, source, axis=1)
    return np.where(np.isnan(found), otherwise, found)
