"""Formulas: columns that are computed from others in their row, such as amount = price x count."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from timegan.relations.calendar_parts import DAY, PARTS
from timegan.relations.draft import Block, Draft
from timegan.relations.relation import Relation, by_chance
from timegan.relations.rows import Rows
from timegan.seeds import rng
from timegan.tables.value_grid import nearly_exact_decimals

MIN_ROWS = 20
"""Rows in which a formula must hold."""

MIN_DISTINCT = 4
"""Distinct values of a column in a formula; products of flags agree with many columns."""

MAX_COLUMNS = 60
"""Number columns up to which products and ratios of all pairs are tried."""

PROBE_ROWS = 48
"""Rows on which all pairs are tried at once."""

UNITS = {"days": DAY, "hours": 3_600, "minutes": 60, "seconds": 1}
"""Names of units -> seconds, in which a column may hold the distance of two dates."""


@dataclass(frozen=True)
class Formula(Relation):
    """A column that is computed from one or two others, rounded as it is.

    Args:
        target: label of the column.
        operation: name in `SIGNS`, or ``scaled``, or a name in `UNITS`, or ``years``.
        sources: labels of the columns that it is computed from.
        factor: by which the result is multiplied.
        shift: added after that.
        decimals: of the column; None leaves it unrounded.
        slack: by which it may differ: its rounding, and errors of floating-point numbers.
        fill: value where a ratio divides by 0; None: it is missing there.
    """

    kind: ClassVar[str] = "formula"
    target: str
    operation: str
    sources: tuple[str, ...]
    factor: float
    shift: float
    decimals: int | None
    slack: float
    fill: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column and what it is computed from."""
        return (self.target, *self.sources)

    def describe(self) -> str:
        """Return it in words."""
        first, *others = self.sources
        if self.operation == "product" and first == others[0]:
            words = f"{first}²"
        elif self.operation in SIGNS:
            power = "²" if self.operation.startswith("square") else ""
            words = f"{first} {SIGNS[self.operation]} {others[0]}{power}"
        elif self.operation == "years":
            words = f"the year of {first} - {others[0]}"
        elif self.operation in UNITS:
            words = f"{self.operation} from {first} to {others[0]}"
        else:
            words = first
        words = words if self.factor == 1 else f"{self.factor:.10g} x {words}"
        sign = "-" if self.shift < 0 else "+"
        words += f" {sign} {abs(self.shift):.10g}" if self.shift else ""
        is_rounded = self.decimals is not None and self.operation in ROUNDED
        return f"{self.target} = {words}" + (", rounded" if is_rounded else "")

    def kept(self, rows: Rows) -> np.ndarray:
        """Return which rows with all of its columns agree with the formula."""
        values = [_source(rows, label, self.operation) for label in self.sources]
        expected = self.compute(values)
        known = ~np.isnan(expected)
        kept: np.ndarray = np.abs(rows.columns[self.target] - expected)[known] <= self.slack
        return kept

    def compute(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Return the column from its sources, unrounded."""
        first, last = values[0], values[-1]
        with np.errstate(all="ignore"):
            if self.operation == "product":
                result = first * last
            elif self.operation == "ratio":
                result = np.where(last == 0, np.nan, first / last)
            elif self.operation == "square product":
                result = first * last**2
            elif self.operation == "square ratio":
                result = np.where(last == 0, np.nan, first / last**2)
            elif self.operation == "sum":
                result = first + last
            elif self.operation == "difference":
                result = first - last
            elif self.operation == "years":
                result = PARTS["year"](np.nan_to_num(first)) - last
                result = np.where(np.isnan(first), np.nan, result)
            elif self.operation in UNITS:
                result = np.floor((last - first) / UNITS[self.operation] + 1e-9)
            else:
                result = first
        return np.asarray(self.factor * result + self.shift)

    def reduce(self, draft: Draft) -> bool:
        """Leave the column out."""
        if not draft.may_change(self.target) or not draft.has_other_features(self.target):
            return False
        draft.drop(self.target)
        return True

    def restore(self, block: Block) -> None:
        """Compute the column from its sources."""
        values = [_block_source(block, label, self.operation) for label in self.sources]
        result = self.compute(values)
        if self.fill is not None:
            present = ~np.any([np.isnan(value) for value in values], axis=0)
            result = np.where(np.isnan(result) & present, self.fill, result)
        block.set(self.target, result if self.decimals is None else np.round(result, self.decimals))


PRODUCTS = ("product", "ratio", "square product", "square ratio")
"""Operations that are tried on all pairs of columns."""

FACTORS = {"ratio": (1.0, 100.0), "square ratio": (1.0, 10_000.0)}
"""Factors of operations other than 1, such as those of percent, and of lengths in centimetres."""

ROUNDED = (*PRODUCTS, "scaled")
"""Operations whose results have more decimals than the column."""

SIGNS = {"product": "x", "ratio": "/", "sum": "+", "difference": "-"} | {
    "square product": "x",
    "square ratio": "/",
}
"""Operations on two numbers."""


@dataclass(frozen=True)
class FormulaOfTotals(Formula):
    """A column that is the sum or the difference of running totals."""

    kind: ClassVar[str] = "formula of totals"


def find_formulas(rows: Rows, excluded: Collection[str]) -> list[Formula]:
    """Find columns that are a product, a ratio or a distance of dates in all rows.

    Multiples, sums and differences of what is found so are formulas, too. Sums of other columns
    are constraints. The column agrees with the formula of another row as often as with its own
    where the columns have nothing to do with each other. So they agree in all rows by accident
    with a probability that is computed from that share.

    Args:
        rows: of the table.
        excluded: labels of columns that another relation explains.
    """
    numbers = {
        label: values
        for label, values in rows.columns.items()
        if rows.fields[label].type == "number" and label not in excluded
    }
    numbers = {label: v for label, v in numbers.items() if is_varied(v)}
    targets = [label for label in numbers if rows.fields[label].role == "feature"]
    others = list(numbers)[:MAX_COLUMNS]
    candidates = [f for label in targets for f in _of_dates(rows, label, list(numbers))]
    pairs = [f for t in targets for f in of_pairs(rows, t, others, PRODUCTS)]
    # Of a = b x c and b = a / c, both rounded, the one with the finer rounding implies the other.
    places = {label: i for i, label in enumerate(numbers)}
    pairs.sort(key=lambda f: (_relative_rounding(rows, f), -places[f.target]))
    found: list[Formula] = []
    take(candidates + pairs, rows, found)
    while True:
        known = {formula.target for formula in found}
        free = [t for t in targets if t not in known and t not in _sources(found)]
        sums = [f for t in free if known for f in of_pairs(rows, t, others, ("sum", "difference"))]
        multiples = [f for label in free for f in _scaled(rows, label, list(known))]
        multiples.sort(key=lambda f: len(f"{f.factor:.12g}"))  # tax before gross
        for more in (
            [f for f in sums if known.issuperset(f.sources)],
            multiples,
            [f for f in sums if known.intersection(f.sources)],
        ):
            take(more, rows, found, limit=1)
            if len(found) > len(known):
                break
        else:
            break
    return _sources_first(found)


def find_formulas_of_totals(
    rows: Rows, totals: Collection[str], excluded: Collection[str]
) -> list[FormulaOfTotals]:
    """Find columns that are the sum or the difference of two running totals.

    Args:
        rows: of the table.
        totals: labels of the running totals that may be a part.
        excluded: labels of columns that another relation explains.
    """
    found: list[Formula] = []
    for label, field in rows.fields.items():
        is_number = field.type == "number" and field.role == "feature"
        if label in excluded or not is_number or not is_varied(rows.columns[label]):
            continue
        others = sorted(set(totals) - {label})
        take([*of_pairs(rows, label, others, ("sum", "difference"))], rows, found)
    return [FormulaOfTotals(**vars(formula)) for formula in found]


def _sources(formulas: Sequence[Formula]) -> set[str]:
    return {source for formula in formulas for source in formula.sources}


def _sources_first(found: list[Formula]) -> list[Formula]:
    """Return formulas of formulas behind these."""
    ordered: list[Formula] = []
    while found:
        waiting = {formula.target for formula in found}
        ordered += [formula for formula in found if not waiting & set(formula.sources)]
        found = [formula for formula in found if waiting & set(formula.sources)]
    return ordered


def _ancestors(formulas: Sequence[Formula], labels: Collection[str]) -> set[str]:
    """Return columns, and all columns that they are computed from."""
    known, size = set(labels), -1
    while len(known) != size:
        size = len(known)
        known |= _sources([formula for formula in formulas if formula.target in known])
    return known


def _relative_rounding(rows: Rows, formula: Formula) -> float:
    """Return the rounding of the target, relative to its usual size; 0 where it is unrounded."""
    if formula.decimals is None:
        return 0.0
    size = float(np.nanmedian(np.abs(rows.columns[formula.target])))
    return 10.0**-formula.decimals / max(size, 1e-300)


def take(
    candidates: Sequence[Formula], rows: Rows, found: list[Formula], limit: int | None = None
) -> None:
    """Add the formulas that hold in all rows, and not by accident, one for each target."""
    before = len(found)
    for formula in candidates:
        if limit is not None and len(found) - before >= limit:
            return
        if any(f.target == formula.target for f in found):
            continue
        if any(set(formula.columns) <= set(f.columns) for f in found):
            continue  # the same formula, solved for another column
        if formula.target in _ancestors(found, formula.sources):
            continue
        checked = _checked(formula, rows)
        if checked is not None:
            found.append(checked)


def _checked(formula: Formula, rows: Rows) -> Formula | None:
    """Return a formula with its evidence if it holds in all rows, and not by accident."""
    values = rows.columns[formula.target]
    expected = formula.compute([_source(rows, s, formula.operation) for s in formula.sources])
    known = ~np.isnan(expected)
    empty = values[~known]
    if not np.isnan(empty).all():
        if formula.operation not in FACTORS or not (empty == 0).all():
            return None
        formula = replace(formula, fill=0.0)
    away = np.abs(values - expected)[known]
    if known.sum() < MIN_ROWS or not (away <= formula.slack).all():
        return None
    runs = np.concatenate([[0], np.flatnonzero(np.diff(values[known])) + 1])
    expected = expected[known][runs]
    other = rng(0, "formula").permutation(expected)
    agree = float((np.abs(values[known][runs] - other) <= formula.slack).mean())
    if by_chance(agree, len(runs) - 2):
        return None
    return replace(formula, reason=f"in all {known.sum():,} rows")


def of_pairs(
    rows: Rows, target: str, others: Sequence[str], operations: Sequence[str]
) -> Iterator[Formula]:
    """Yield the operations on two columns that agree with the target in a few rows."""
    if len(others) < 2:
        return
    values, parts = rows.columns[target], np.stack([rows.columns[o] for o in others], axis=1)
    decimals, slack = rounding(values)
    some = np.flatnonzero(~np.isnan(values))
    some = some[np.linspace(0, len(some) - 1, min(len(some), PROBE_ROWS)).astype(np.int64)]
    y, x = values[some][:, None, None], parts[some]
    for operation in operations:
        for factor in FACTORS.get(operation, (1.0,)):
            base = Formula("", target, operation, ("", ""), factor, 0.0, decimals, slack)
            result = base.compute([x[:, :, None], x[:, None, :]])
            fits = ~(np.abs(result - y) > slack).any(axis=0) & ~np.isnan(result).all(axis=0)
            for i, j in np.argwhere(fits):
                is_twice = operation in ("product", "sum") and i > j
                is_one = i == j and operation != "product"
                if is_one or is_twice or target in (others[i], others[j]):
                    continue
                yield replace(base, sources=(others[i], others[j]))


def _of_dates(rows: Rows, target: str, others: Sequence[str]) -> Iterator[Formula]:
    """Yield distances of two dates, and of the year of a date from a column of years."""
    dates = [rows.time_label] if rows.time is not None else []
    dates += [label for label, field in rows.fields.items() if field.type == "datetime"]
    values = rows.columns[target]
    if nearly_exact_decimals(values[~np.isnan(values)])[0] != 0:
        return
    for first in dates:
        for last in dates:
            for unit in UNITS if first != last else ():
                yield Formula("", target, unit, (first, last), 1.0, 0.0, 0, 1e-6)
    for first in dates:
        for last in set(others) - {target}:
            years = rows.columns[last]
            if np.nanmin(years) > 1_800 and np.nanmax(years) < 2_200:
                yield Formula("", target, "years", (first, last), 1.0, 0.0, 0, 1e-6)


def _scaled(rows: Rows, target: str, sources: Sequence[str]) -> Iterator[Formula]:
    """Yield multiples of columns, with as few digits as fit."""
    y = rows.columns[target]
    decimals, slack = rounding(y)
    for source in sources:
        x = rows.columns[source]
        known = ~np.isnan(x) & ~np.isnan(y)
        if known.sum() < MIN_ROWS or not np.ptp(x[known]):
            continue
        slope = float(np.polyfit(x[known], y[known], 1)[0])
        for digits in range(1, 13):
            factor = float(f"{slope:.{digits}g}")
            if factor and (np.abs(factor * x - y)[known] <= slack).all():
                yield Formula("", target, "scaled", (source,), factor, 0.0, decimals, slack)
                break


def rounding(values: np.ndarray) -> tuple[int | None, float]:
    """Return the decimals of a column, and by how much it may differ from a formula."""
    known = values[~np.isnan(values)]
    decimals = nearly_exact_decimals(known)[0]
    error = 1e-9 * float(np.abs(known).max(initial=0.0))
    return decimals, error if decimals is None else 0.5000001 * 10.0**-decimals + error


def is_varied(values: np.ndarray) -> bool:
    """Decide whether a column has enough values for a formula."""
    known = values[~np.isnan(values)]
    return len(known) >= MIN_ROWS and len(np.unique(known[:2_000])) >= MIN_DISTINCT


def _source(rows: Rows, label: str, operation: str) -> np.ndarray:
    if operation == "years" and label == rows.time_label and rows.local_time is not None:
        return rows.local_time
    is_date = label == rows.time_label or rows.fields[label].type == "datetime"
    return rows.seconds(label) if is_date else rows.columns[label]


def _block_source(block: Block, label: str, operation: str) -> np.ndarray:
    if operation == "years" and label == block.time_label and block.local_time is not None:
        return block.local_time
    if label == block.time_label or block.fields[label].type == "datetime":
        return block.seconds(label)
    return block.columns[label] if label in block.columns else block.context[label][:, None]
