"""Set of the constraints of a table: discovered or declared, and stored with the model."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.constraints.components import components
from timegan.constraints.discovery import discover
from timegan.constraints.enforcement import enforce
from timegan.constraints.integer_program import solve
from timegan.constraints.linear_relations import independent
from timegan.constraints.parsing import parse
from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Inequality,
    LinearEquality,
    Multiples,
    Range,
    from_dict,
    to_dict,
)
from timegan.constraints.violations import violations
from timegan.errors import InputError
from timegan.tables.value_grid import DOUBLE_EPSILON, nearly_exact_decimals


@dataclass(frozen=True)
class ConstraintSet:
    """Constraints on the features of a table.

    Args:
        features: names of the columns.
        found: constraints discovered in the training rows.
        declared: constraints of the user, which hold on the training rows, too.
        scale: standard deviation of each column, the unit of its changes.
        decimals: of each column, or None.
    """

    features: tuple[str, ...]
    found: tuple[Constraint, ...]
    declared: tuple[Constraint, ...]
    scale: tuple[float, ...]
    decimals: tuple[int | None, ...]

    @classmethod
    def fit(
        cls,
        values: np.ndarray,
        breaks: np.ndarray | None,
        rows: np.ndarray | None,
        features: Sequence[str],
        declared: Sequence[str] = (),
        codes: Collection[int] = (),
    ) -> Self:
        """Discover the constraints of training rows and check the declared ones on them.

        A declared range, grid or list of values replaces the one that was discovered.

        Args:
            values: (R, C) in the table's units, NaN = missing.
            breaks: rows that do not follow the one before.
            rows: (R,) row numbers in the table, from 0, for messages; None: 0 to R - 1.
            features: names of the columns.
            declared: constraints as text, see `timegan.constraints.parse`.
            codes: columns whose numbers stand for categories.

        Raises:
            InputError: a declared constraint cannot be read, contradicts another, or is violated
                by training rows.
        """
        own: list[tuple[str, Constraint]] = []
        for text in declared:
            for constraint in parse(text, features):
                _refuse_codes(text, constraint, features, codes)
                own.append((text, _with_tolerance(constraint, values)))
        _check_possible(own, len(features), features)
        for text, constraint in own:
            _check_real(text, constraint, features, values, breaks, rows)
        chosen = tuple(dict.fromkeys(constraint for _, constraint in own))
        columns = [values[:, c][~np.isnan(values[:, c])] for c in range(values.shape[1])]
        spreads = (float(column.std()) if column.size else 0.0 for column in columns)
        return cls(
            tuple(features),
            _without_declared(discover(values, breaks, codes), chosen),
            chosen,
            tuple(spread if spread > 0 else 1.0 for spread in spreads),
            tuple(nearly_exact_decimals(column)[0] if column.size else None for column in columns),
        )

    def revalidated(self, blocks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Self:
        """Return the set without the discovered constraints that more training rows violate.

        Args:
            blocks: values (R, C), the rows that do not follow the one before, and row numbers.

        Raises:
            InputError: a row violates a declared constraint.
        """
        kept = self.found
        for values, breaks, rows in blocks:
            for constraint in self.declared:
                text = constraint.describe(self.features)
                _check_real(text, constraint, self.features, values, breaks, rows)
            kept = tuple(c for c in kept if not _violations(c, values, breaks).any())
        return replace(self, found=kept)

    @property
    def all(self) -> tuple[Constraint, ...]:
        """Declared and discovered constraints."""
        return self.declared + tuple(c for c in self.found if c not in self.declared)

    def enforce(self, values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Return the nearest values (n, T, C) that satisfy all constraints.

        See `timegan.constraints.enforce`.
        """
        return enforce(
            values,
            self.all,
            scale=np.array(self.scale),
            decimals=self.decimals,
            mask=mask,
            names=self.features,
        )

    def summary(self) -> list[dict[str, str]]:
        """Return a row per constraint: ``constraint`` as text, ``kind`` and ``origin``.

        Discovered inequalities that follow from other constraints are left out.
        """
        shown = set(without_implied(self.all))
        return [
            {
                "constraint": constraint.describe(self.features),
                "kind": constraint.kind,
                "origin": "declared" if constraint in self.declared else "found",
            }
            for constraint in self.all
            if constraint in shown or constraint in self.declared
        ]

    def state(self) -> dict[str, Any]:
        """Return everything as numbers, text, lists and dicts, for JSON and `torch.save`."""
        return {
            "features": list(self.features),
            "found": [to_dict(constraint) for constraint in self.found],
            "declared": [to_dict(constraint) for constraint in self.declared],
            "scale": list(self.scale),
            "decimals": list(self.decimals),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the set that `state` describes."""
        return cls(
            tuple(state["features"]),
            tuple(from_dict(constraint) for constraint in state["found"]),
            tuple(from_dict(constraint) for constraint in state["declared"]),
            tuple(state["scale"]),
            tuple(state["decimals"]),
        )


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


def _with_tolerance(constraint: Constraint, values: np.ndarray) -> Constraint:
    """Return a declared constraint with a tolerance for the rounding of its columns."""
    if isinstance(constraint, LinearEquality):
        size = sum(
            abs(factor) * float(np.nanmax(np.abs(values[:, c]), initial=0.0))
            for c, factor in zip(constraint.columns, constraint.coefficients, strict=True)
        )
        single = all(_is_single(values[:, c]) for c in constraint.columns)
        slack = (4e-6 if single else 64 * DOUBLE_EPSILON) * size
        return replace(constraint, slack=max(1e-12, slack))
    if isinstance(constraint, Multiples) and _is_single(values[:, constraint.column]):
        column = values[:, constraint.column]
        return replace(constraint, precision=nearly_exact_decimals(column[~np.isnan(column)])[1])
    return constraint


def _is_single(column: np.ndarray) -> bool:
    """Return whether a column was float32 in the table and has fractions."""
    column = column[~np.isnan(column)]
    if not column.size or np.array_equal(np.rint(column), column):
        return False
    return bool(np.array_equal(column.astype(np.float32), column))


def _without_declared(
    found: tuple[Constraint, ...], declared: tuple[Constraint, ...]
) -> tuple[Constraint, ...]:
    """Return the discovered constraints that no declared one replaces."""
    taken = {(type(c), c.column) for c in declared if isinstance(c, Multiples | AllowedValues)}
    ranges = [c for c in declared if isinstance(c, Range)]
    kept: list[Constraint] = []
    for constraint in found:
        if isinstance(constraint, Multiples | AllowedValues):
            if (type(constraint), constraint.column) in taken:
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


def _refuse_codes(
    text: str, constraint: Constraint, features: Sequence[str], codes: Collection[int]
) -> None:
    """Refuse constraints on categories."""
    for column in constraint.columns:
        if column in codes:
            raise InputError(
                f"dataset.custom_constraints: {text!r} concerns {features[column]!r}, which holds "
                "categories, but constraints compare numbers. Remove it, or make the column "
                "numeric."
            )


def _check_possible(own: list[tuple[str, Constraint]], width: int, features: Sequence[str]) -> None:
    """Refuse constraints that no row can satisfy together."""
    for j in range(len(own)):
        for i in range(j + 1):
            if not _is_possible([own[i][1], own[j][1]], width, features):
                pair = " and ".join(dict.fromkeys(repr(own[k][0]) for k in (i, j)))
                raise InputError(
                    f"dataset.custom_constraints: no row can satisfy {pair}. Remove or correct "
                    "one of them."
                )
    if len(own) > 2 and not _is_possible([constraint for _, constraint in own], width, features):
        texts = ", ".join(dict.fromkeys(repr(text) for text, _ in own))
        raise InputError(
            f"dataset.custom_constraints: no row can satisfy all of {texts}. Remove or correct one."
        )


def _is_possible(constraints: list[Constraint], width: int, features: Sequence[str]) -> bool:
    """Return whether any row satisfies all constraints."""
    try:
        found = components(constraints, np.ones(width), names=features)
    except InputError:
        return False
    return all(
        solve(np.zeros((1, len(component.members))), component) is not None
        for component in found
        if component.sums or len(constraints) > 1
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
