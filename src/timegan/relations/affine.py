"""Columns that are a multiple of another one, with a shift, and sums of such columns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from timegan.relations.draft import Draft
from timegan.relations.formula import (
    MIN_ROWS,
    Formula,
    FormulaOfTotals,
    is_varied,
    of_pairs,
    rounding,
    take,
)
from timegan.relations.rows import Rows

MIN_CORRELATION = 0.99
"""Of two columns of which one may be a multiple of the other."""

PAIR_ROWS = 500
"""Rows on which their correlation is measured."""


@dataclass(frozen=True)
class Affine(Formula):
    """A column that is a multiple of another one, with a shift."""

    kind: ClassVar[str] = "affine copy"

    def reduce(self, draft: Draft) -> bool:
        """Leave the column out if its source is of the same role."""
        return draft.role(self.target) == draft.role(self.sources[0]) and super().reduce(draft)


def find_affine(rows: Rows, excluded: Collection[str]) -> list[Affine]:
    """Find numbers that are a multiple of another column to their left, with a shift.

    Args:
        rows: of the table.
        excluded: labels of columns that another relation explains.
    """
    numbers = [
        label
        for label, values in rows.columns.items()
        if rows.fields[label].type == "number" and label not in excluded and is_varied(values)
    ]
    found: list[Formula] = []
    for place, label in enumerate(numbers):
        for source in numbers[:place]:
            if not any(formula.target == source for formula in found):
                take(lines(rows, label, source), rows, found)
    return [Affine(**vars(formula)) for formula in found]


def find_sums_of_copies(rows: Rows, copies: Sequence[Affine]) -> list[FormulaOfTotals]:
    """Find copies that are also the sum or the difference of two others of the same source.

    A price with tax is a multiple of the price, and the price plus the tax. Both round half a cent
    on their own, so that only the sum holds in all rows.

    Args:
        rows: of the table.
        copies: that were found, see `find_affine`.
    """
    found: list[Formula] = []
    for copy in copies:
        source = copy.sources[0]
        others = [source, *(c.target for c in copies if c.sources == copy.sources)]
        others.remove(copy.target)
        if copy.decimals is not None:
            take([*of_pairs(rows, copy.target, others, ("sum", "difference"))], rows, found)
    return [FormulaOfTotals(**vars(formula)) for formula in found]


def lines(rows: Rows, target: str, source: str) -> list[Formula]:
    """Return the line with the fewest digits that holds in all rows, if there is one."""
    x, y = rows.columns[source], rows.columns[target]
    known = np.flatnonzero(~np.isnan(x) & ~np.isnan(y))
    if not _are_correlated(*(v[known[:: max(len(known) // PAIR_ROWS, 1)]] for v in (x, y))):
        return []
    decimals, slack = rounding(y)
    slope = float(np.polyfit(x[known], y[known], 1)[0])
    for digits in range(1, 13):
        factor = float(f"{slope:.{digits}g}")
        rest = (y - factor * x)[known]
        middle = float(rest.max() + rest.min()) / 2
        for more in range(1, 13):
            shift = float(f"{middle:.{more}g}") if abs(middle) > slack else 0.0
            if (np.abs(rest - shift) <= slack).all():
                return [Formula("", target, "scaled", (source,), factor, shift, decimals, slack)]
    return []


def _are_correlated(x: np.ndarray, y: np.ndarray) -> bool:
    """Decide whether one of two columns (R,) may be a multiple of the other."""
    if len(x) < MIN_ROWS or not np.ptp(x) or not np.ptp(y):
        return False
    x, y = x / np.abs(x).max(), y / np.abs(y).max()  # squares of large numbers overflow
    x, y = x - x.mean(), y - y.mean()
    sizes = float((x**2).sum() * (y**2).sum())
    return sizes > 0 and float((x * y).sum()) ** 2 >= MIN_CORRELATION**2 * sizes
