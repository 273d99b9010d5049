"""Set of the constraints of a table: discovered or declared, and stored with the model."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.constraints.components import components
from timegan.constraints.discovery import SINGLE_PRECISION, discover, is_single
from timegan.constraints.enforcement import enforce
from timegan.constraints.linear_relations import independent, rounded_equality
from timegan.constraints.parsing import parse
from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Inequality,
    LinearEquality,
    LinearInequality,
    Multiples,
    Range,
    from_dict,
    to_dict,
)
from timegan.constraints.violations import residual, violations
from timegan.errors import InputError
from timegan.records import Record
from timegan.tables.value_grid import DOUBLE_EPSILON, nearly_exact_decimals

FIXED_SCALE = 1e-6
"""Unit of the changes of fixed columns, relative to others: all others move in their place."""


@dataclass(frozen=True)
class ConstraintSet(Record):
    """Constraints on the features of a table.

    Args:
        features: names of the columns.
        found: constraints discovered in the training rows.
        declared: constraints of the user, which hold on the training rows, too.
        scale: standard deviation of each column, the unit of its changes.
        decimals: of each column, or None.
        origins: of each column, added before columns are compared: dates count from different
            moments.
    """

    features: tuple[str, ...]
    found: tuple[Constraint, ...]
    declared: tuple[Constraint, ...]
    scale: tuple[float, ...]
    decimals: tuple[int | None, ...]
    origins: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        values: np.ndarray,
        breaks: np.ndarray | None,
        rows: np.ndarray | None,
        features: Sequence[str],
        declared: Sequence[str] = (),
        quantities: Sequence[Hashable] | None = None,
        origins: Sequence[float] | None = None,
        count: int | None = None,
        sought: Sequence[bool] | None = None,
    ) -> Self:
        """Discover the constraints of training rows and check the declared ones on them.

        A declared range, grid or list of values replaces the one that was discovered.

        Args:
            values: (R, C) in the table's units, NaN = missing.
            breaks: rows that do not follow the one before.
            rows: (R,) row numbers in the table, from 0, for messages; None: 0 to R - 1.
            features: names of the columns.
            declared: constraints as text, see `timegan.constraints.parse`.
            quantities: of each column, see `timegan.constraints.discover`.
            origins: of each column, see `ConstraintSet`; None: all are 0.
            count: C', of the columns that rows have. Those behind them are context columns or the
                time, of which only inequalities with other columns are looked for. None: all.
            sought: of each column, whether constraints are looked for; None: of all.

        Raises:
            InputError: a declared constraint cannot be read, contradicts another, or is violated
                by training rows.
        """
        width = len(features)
        origins = origins or [0.0] * width
        quantities = quantities or ["number"] * width
        looked_for = [
            q if s else None for q, s in zip(quantities, sought or [True] * width, strict=True)
        ]
        values = _shifted(values, origins)
        columns = [column[~np.isnan(column)] for column in values.T]
        decimals = [nearly_exact_decimals(c)[0] if c.size else None for c in columns]
        own: list[tuple[str, Constraint]] = []
        for text in declared:
            for constraint in parse(text, features):
                _check_quantities(text, constraint, features, quantities)
                own.append((text, _with_tolerance(constraint, values, decimals)))
        chosen = tuple(dict.fromkeys(constraint for _, constraint in own))
        components(chosen, np.ones(width), names=features)
        for text, constraint in own:
            _check_real(text, constraint, features, values, breaks, rows)
        return cls(
            tuple(features),
            _without_declared(discover(values, breaks, looked_for, count), chosen),
            chosen,
            tuple(float(c.std()) or 1.0 if c.size else 1.0 for c in columns),
            tuple(decimals),
            tuple(origins),
        )

    @classmethod
    def empty(cls) -> Self:
        """Return a set without constraints."""
        return cls((), (), (), (), (), ())

    def revalidated(self, blocks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Self:
        """Return the set without the discovered constraints that more training rows violate.

        Args:
            blocks: values (R, C), the rows that do not follow the one before, and row numbers.

        Raises:
            InputError: a row violates a declared constraint.
        """
        kept = self.found
        for block, breaks, rows in blocks:
            values = _shifted(block, self.origins)
            for constraint in self.declared:
                text = constraint.describe(self.features)
                _check_real(text, constraint, self.features, values, breaks, rows)
            kept = tuple(c for c in kept if not _violations(c, values, breaks).any())
        return replace(self, found=kept)

    @property
    def all(self) -> tuple[Constraint, ...]:
        """Declared and discovered constraints."""
        return self.declared + tuple(c for c in self.found if c not in self.declared)

    def enforce(
        self,
        values: np.ndarray,
        mask: np.ndarray | None = None,
        fixed: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the nearest values (n, T, C) that satisfy all constraints.

        Args:
            values: see `timegan.constraints.enforce`. Columns at the end may be left out where no
                constraint is about them.
            mask: likewise.
            fixed: (C,) columns that keep their values; constraints may then be left broken.
        """
        if not self.all:
            return values
        width = values.shape[2]
        scale, origins = np.array(self.scale)[:width], np.array(self.origins)[:width]
        shifted = _shifted(values, origins.tolist())
        kept = enforce(
            shifted,
            self.all,
            scale=scale if fixed is None else np.where(fixed, FIXED_SCALE * scale, scale),
            decimals=self.decimals[:width],
            mask=mask,
            names=self.features,
        )
        is_changed = (kept != shifted) & ~np.isnan(kept)
        if fixed is not None:
            is_changed &= ~fixed
        return np.where(is_changed, kept - origins, values)

    def without(self, columns: Collection[int]) -> Self:
        """Return the set without the constraints on any of these columns."""
        return self._only(lambda constraint: not set(columns).intersection(constraint.columns))

    def tied_to(self, columns: Collection[int]) -> Self:
        """Return the constraints on these columns, and all that share columns with these."""
        tied, size = set(columns), -1
        while len(tied) != size:
            size = len(tied)
            for constraint in self.all:
                if tied.intersection(constraint.columns):
                    tied.update(constraint.columns)
        return self._only(lambda constraint: bool(tied.intersection(constraint.columns)))

    def without_limits(self) -> Self:
        """Return the set without ranges and allowed values; what is never negative stays so."""
        bounded = self._only(lambda constraint: not isinstance(constraint, AllowedValues))
        return replace(
            bounded,
            found=tuple(filter(None, map(_sign_only, bounded.found))),
            declared=tuple(filter(None, map(_sign_only, bounded.declared))),
        )

    def _only(self, is_wanted: Callable[[Constraint], bool]) -> Self:
        found, declared = (tuple(filter(is_wanted, c)) for c in (self.found, self.declared))
        return replace(self, found=found, declared=declared)

    def describe(self) -> list[str]:
        """Return declared constraints and those between columns as text, without implied ones."""
        between = (c for c in without_implied(self.all) if len(c.columns) > 1)
        return [c.describe(self.features) for c in dict.fromkeys((*self.declared, *between))]

    def state(self) -> dict[str, Any]:
        """Return everything as numbers, text, lists and dicts, for JSON and `torch.save`."""
        kinds = {"found": self.found, "declared": self.declared}
        return super().state() | {name: [*map(to_dict, kind)] for name, kind in kinds.items()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the set that `state` describes."""
        kinds = {name: [*map(from_dict, state[name])] for name in ("found", "declared")}
        return super().from_state(state | kinds)


def without_implied(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return constraints without the inequalities that others imply.

    A chain ``a >= b >= c`` implies ``a >= c``. A total of non-negative parts is above each part.
    """
    pairs = {(c.above, c.below) for c in constraints if isinstance(c, Inequality)}
    columns = {c for pair in pairs for c in pair}
    implied = {
        (a, b) for a, b in pairs if any((a, m) in pairs and (m, b) in pairs for m in columns)
    }
    low = {c.column: c.low for c in constraints if isinstance(c, Range) and c.low is not None}
    for constraint in constraints:
        if not isinstance(constraint, LinearEquality) or constraint.constant:
            continue
        factors = dict(zip(constraint.columns, constraint.coefficients, strict=True))
        for a, b in pairs:
            if a in factors and factors.get(b) == -factors[a]:
                rest = {c: f for c, f in factors.items() if c not in (a, b)}
                if all(f * factors[a] < 0 and low.get(c, -1.0) >= 0 for c, f in rest.items()):
                    implied.add((a, b))
    return [
        c for c in constraints if not (isinstance(c, Inequality) and (c.above, c.below) in implied)
    ]


def _sign_only(constraint: Constraint) -> Constraint | None:
    """Return a constraint, of a range only that values are not negative; None: nothing is left."""
    if not isinstance(constraint, Range):
        return constraint
    return replace(constraint, high=None) if constraint.low == 0 else None


def _shifted(values: np.ndarray, origins: Sequence[float]) -> np.ndarray:
    """Return values (..., C) counted from a common origin."""
    return values + np.array(origins) if any(origins) else values


def _with_tolerance(
    constraint: Constraint, values: np.ndarray, decimals: Sequence[int | None]
) -> Constraint:
    """Return a declared constraint with a tolerance for the rounding of its columns.

    A linear equality that does not hold exactly may hold within the decimals of its columns.
    """
    columns = [values[:, c] for c in constraint.columns]
    if isinstance(constraint, LinearEquality | LinearInequality):
        factors = np.abs(constraint.coefficients)
        size = float(factors @ [np.nanmax(np.abs(c), initial=0.0) for c in columns])
        precision = SINGLE_PRECISION if all(is_single(c) for c in columns) else 64 * DOUBLE_EPSILON
        exact = replace(constraint, slack=max(1e-12, precision * size))
        if isinstance(exact, LinearInequality):
            return exact
        places = [d for c in constraint.columns if (d := decimals[c]) is not None]
        if len(places) == len(columns) and violations(exact, values[None]).any():
            return rounded_equality(
                constraint.columns,
                constraint.coefficients,
                constraint.constant,
                [10.0**-d for d in places],
                residual(constraint, values) + constraint.constant,
            )
        return exact
    if isinstance(constraint, Multiples) and is_single(columns[0]):
        precision = nearly_exact_decimals(columns[0][~np.isnan(columns[0])])[1]
        return replace(constraint, precision=precision)
    return constraint


def _without_declared(
    found: tuple[Constraint, ...], declared: tuple[Constraint, ...]
) -> tuple[Constraint, ...]:
    """Return the discovered constraints that no declared one replaces."""
    taken = {c.column for c in declared if isinstance(c, Multiples | AllowedValues)}
    ranges = [c for c in declared if isinstance(c, Range)]
    kept: list[Constraint] = []
    for constraint in found:
        if isinstance(constraint, Multiples | AllowedValues):
            if constraint.column in taken:
                continue
        elif isinstance(constraint, Range):
            low, high = constraint.low, constraint.high
            for own in ranges:
                if own.column == constraint.column:
                    low = low if own.low is None else None
                    high = high if own.high is None else None
            if low is None and high is None:
                continue
            constraint = replace(constraint, low=low, high=high)
        kept.append(constraint)
    sums = [c for c in (*declared, *kept) if isinstance(c, LinearEquality)]
    needed = [sums[i] for i in independent(sums)]
    return tuple(c for c in kept if not isinstance(c, LinearEquality) or c in needed)


def _check_quantities(
    text: str, constraint: Constraint, features: Sequence[str], quantities: Sequence[Hashable]
) -> None:
    """Refuse constraints on categories, and comparisons of dates with numbers."""
    first = constraint.columns[0]
    for column in constraint.columns:
        if quantities[column] is None:
            raise InputError(
                f"dataset.custom_constraints: {text!r} concerns {features[column]!r}, which holds "
                "categories, but constraints compare numbers. Remove it, or make the column "
                "numeric."
            )
        if quantities[column] != quantities[first]:
            raise InputError(
                f"dataset.custom_constraints: {text!r} compares {features[first]!r} with "
                f"{features[column]!r}, which is a different quantity. Remove it, or convert one "
                "of the columns."
            )


def _violations(
    constraint: Constraint, values: np.ndarray, breaks: np.ndarray | None
) -> np.ndarray:
    """Return the rows (R,) that violate a constraint."""
    starts = None
    if breaks is not None:
        starts = np.zeros((1, len(values)), dtype=bool)
        starts[0, np.asarray(breaks, dtype=np.int64)] = True
    bad: np.ndarray = violations(constraint, values[None], starts=starts)[0]
    return bad


def _check_real(
    text: str,
    constraint: Constraint,
    features: Sequence[str],
    values: np.ndarray,
    breaks: np.ndarray | None,
    rows: np.ndarray | None,
) -> None:
    """Refuse a declared constraint that training rows violate."""
    bad = _violations(constraint, values, breaks)
    if not bad.any():
        return
    row = int(bad.argmax())
    number = row if rows is None else int(rows[row])
    count = int(bad.sum())
    cells = ", ".join(f"{features[c]} = {values[row, c]:.12g}" for c in constraint.columns)
    raise InputError(
        f"dataset.custom_constraints: {text!r} does not hold on the training rows: {count:,} of "
        f"{len(bad):,} violate it, the first of them row {number + 1:,} with {cells} (rows in the "
        "order of sequences, the first row is 1). Correct or remove the constraint, or correct "
        "the rows."
    )
