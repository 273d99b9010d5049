"""All the rules of a table: found on its training rows or declared, kept with the model."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.constraints.components import parts
from timegan.constraints.discovery import find
from timegan.constraints.integer_program import solve
from timegan.constraints.linear_relations import independent
from timegan.constraints.parsing import parse
from timegan.constraints.projection import project
from timegan.constraints.types import (
    DOUBLE,
    Bounds,
    Order,
    Rule,
    Steps,
    Sum,
    Values,
    plain,
    restore,
)
from timegan.constraints.violations import asked, broken
from timegan.errors import InputError
from timegan.tables.value_grid import nearly_exact_decimals


@dataclass(frozen=True)
class Rules:
    """What synthetic rows must keep.

    Args:
        features: names of the columns.
        found: rules that hold on all training rows.
        declared: the user's own, which hold on them too.
        scale: of each column, what counts as a change of 1: its standard deviation.
        decimals: of each column, or None.
    """

    features: tuple[str, ...]
    found: tuple[Rule, ...]
    declared: tuple[Rule, ...]
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
        """Find the rules of training rows and check the declared ones on them.

        A declared bound, step or set of values takes the place of the one that was found.

        Args:
            values: (R, C) in the table's units, NaN = missing.
            breaks: rows that do not follow upon the one before.
            rows: (R,) their numbers in the table, from 0, for messages; None: their own.
            features: names of the columns.
            declared: rules in words, see :func:`timegan.constraints.parse`.
            codes: columns whose numbers stand for categories.

        Raises:
            InputError: a declared rule that is none, that contradicts another, or that real rows
                break; the message says which, and where.
        """
        own: list[tuple[str, Rule]] = []
        for text in declared:
            for rule in parse(text, features):
                _refuse_codes(text, rule, features, codes)
                own.append((text, _fitted(rule, values)))
        _check_possible(own, len(features), features)
        for text, rule in own:
            _check_real(text, rule, features, values, breaks, rows)
        chosen = tuple(dict.fromkeys(rule for _, rule in own))
        columns = [values[:, c][~np.isnan(values[:, c])] for c in range(values.shape[1])]
        spreads = (float(column.std()) if column.size else 0.0 for column in columns)
        return cls(
            tuple(features),
            _without(find(values, breaks, codes), chosen),
            chosen,
            tuple(spread if spread > 0 else 1.0 for spread in spreads),
            tuple(nearly_exact_decimals(column)[0] if column.size else None for column in columns),
        )

    def checked(self, blocks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Self:
        """The same rules held against more training rows: found ones that break are dropped.

        Args:
            blocks: values (R, C), the rows that do not follow upon the one before, and the rows'
                numbers in the table.

        Raises:
            InputError: a row breaks a declared rule.
        """
        kept = self.found
        for values, breaks, rows in blocks:
            for rule in self.declared:
                words = rule.words(self.features)
                _check_real(words, rule, self.features, values, breaks, rows)
            kept = tuple(rule for rule in kept if not _broken(rule, values, breaks).any())
        return replace(self, found=kept)

    @property
    def all(self) -> tuple[Rule, ...]:
        """Found and declared ones."""
        return self.declared + tuple(rule for rule in self.found if rule not in self.declared)

    def project(self, values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Values (n, T, C) with the smallest change after which no rule is broken.

        See :func:`timegan.constraints.project`.
        """
        return project(
            values,
            self.all,
            scale=np.array(self.scale),
            decimals=self.decimals,
            mask=mask,
            names=self.features,
        )

    def shares(self, values: np.ndarray, mask: np.ndarray | None = None) -> list[float]:
        """For each of ``all``, the share of the steps (n, T) asked that break it."""
        return [share(rule, values, mask) for rule in self.all]

    def describe(self) -> list[dict[str, str]]:
        """A row a rule for a table: ``rule`` in words, ``kind``, ``origin`` (found or declared).

        Orderings that others imply are left out, though they are enforced.
        """
        shown = set(told(self.all))
        return [
            {
                "rule": rule.words(self.features),
                "kind": rule.kind,
                "origin": "declared" if rule in self.declared else "found",
            }
            for rule in self.all
            if rule in shown or rule in self.declared
        ]

    def state(self) -> dict[str, Any]:
        """Everything as numbers, text, lists and dicts: it survives JSON and ``torch.save``."""
        return {
            "features": list(self.features),
            "found": [plain(rule) for rule in self.found],
            "declared": [plain(rule) for rule in self.declared],
            "scale": list(self.scale),
            "decimals": list(self.decimals),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The same rules from what :meth:`state` returned."""
        return cls(
            tuple(state["features"]),
            tuple(restore(rule) for rule in state["found"]),
            tuple(restore(rule) for rule in state["declared"]),
            tuple(state["scale"]),
            tuple(state["decimals"]),
        )


def share(rule: Rule, values: np.ndarray, mask: np.ndarray | None = None) -> float:
    """The share of the steps (n, T) that could break a rule which do; 0 where none could."""
    count = int(asked(rule, values, mask).sum())
    return float(broken(rule, values, mask).sum() / count) if count else 0.0


def told(rules: Sequence[Rule]) -> list[Rule]:
    """The rules without the orderings that others imply: a chain's, and a total above its part."""
    orders = {(r.above, r.below) for r in rules if isinstance(r, Order)}
    columns = {c for pair in orders for c in pair}
    implied = {
        (a, b) for a, b in orders if any((a, m) in orders and (m, b) in orders for m in columns)
    }
    low = {r.column: r.low for r in rules if isinstance(r, Bounds) and r.low is not None}
    for rule in rules:
        if not isinstance(rule, Sum) or rule.constant:
            continue
        factors = dict(zip(rule.columns, rule.coefficients, strict=True))
        for a, b in orders:
            if a in factors and factors.get(b) == -factors[a]:
                rest = {c: f for c, f in factors.items() if c not in (a, b)}
                if all(f * factors[a] < 0 and low.get(c, -1.0) >= 0 for c, f in rest.items()):
                    implied.add((a, b))
    return [
        rule
        for rule in rules
        if not (isinstance(rule, Order) and (rule.above, rule.below) in implied)
    ]


def _fitted(rule: Rule, values: np.ndarray) -> Rule:
    """A declared rule with the precision that the column's numbers have."""
    if isinstance(rule, Sum):
        size = sum(
            abs(factor) * float(np.nanmax(np.abs(values[:, c]), initial=0.0))
            for c, factor in zip(rule.columns, rule.coefficients, strict=True)
        )
        single = all(_single(values[:, c]) for c in rule.columns)
        return replace(rule, slack=max(1e-12, (4e-6 if single else 64 * DOUBLE) * size))
    if isinstance(rule, Steps) and _single(values[:, rule.column]):
        column = values[:, rule.column]
        return replace(rule, precision=nearly_exact_decimals(column[~np.isnan(column)])[1])
    return rule


def _single(column: np.ndarray) -> bool:
    """Whether a column was float32 in the table, and has fractions."""
    column = column[~np.isnan(column)]
    if not column.size or np.array_equal(np.rint(column), column):
        return False
    return bool(np.array_equal(column.astype(np.float32), column))


def _without(found: tuple[Rule, ...], declared: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The found rules but for those whose place a declared one takes."""
    taken = {(type(rule), rule.column) for rule in declared if isinstance(rule, Steps | Values)}
    bounds = [rule for rule in declared if isinstance(rule, Bounds)]
    kept: list[Rule] = []
    for rule in found:
        if isinstance(rule, Steps | Values) and (type(rule), rule.column) in taken:
            continue
        if isinstance(rule, Bounds):
            for own in bounds:
                if own.column == rule.column:
                    low = rule.low if own.low is None else None
                    rule = replace(rule, low=low, high=rule.high if own.high is None else None)
            if rule.low is None and rule.high is None:
                continue
        kept.append(rule)
    sums = [rule for rule in (*declared, *kept) if isinstance(rule, Sum)]
    needed = [sums[i] for i in independent(sums)]
    return tuple(rule for rule in kept if not isinstance(rule, Sum) or rule in needed)


def _refuse_codes(text: str, rule: Rule, features: Sequence[str], codes: Collection[int]) -> None:
    for column in rule.columns:
        if column in codes:
            raise InputError(
                f"dataset.rules: {text!r} concerns {features[column]!r}, which holds categories: "
                "a rule needs numbers. Drop the rule, or make the column a number."
            )


def _check_possible(own: list[tuple[str, Rule]], width: int, features: Sequence[str]) -> None:
    """Refuse rules that no row at all could keep, by name."""
    for j in range(len(own)):
        for i in range(j + 1):
            if not _possible([own[i][1], own[j][1]], width, features):
                pair = " and ".join(dict.fromkeys(repr(own[k][0]) for k in (i, j)))
                raise InputError(
                    f"dataset.rules: no row can keep {pair}. Drop or correct one of them."
                )
    if len(own) > 2 and not _possible([rule for _, rule in own], width, features):
        told = ", ".join(dict.fromkeys(repr(text) for text, _ in own))
        raise InputError(f"dataset.rules: no row can keep all of {told}. Drop or correct one.")


def _possible(rules: list[Rule], width: int, features: Sequence[str]) -> bool:
    try:
        found = parts(rules, np.ones(width), names=features)
    except InputError:
        return False
    return all(
        solve(np.zeros((1, len(part.members))), part) is not None
        for part in found
        if part.sums or len(rules) > 1
    )


def _broken(rule: Rule, values: np.ndarray, breaks: np.ndarray | None) -> np.ndarray:
    """The rows (R,) that break a rule."""
    starts = None
    if breaks is not None:
        starts = np.zeros((1, len(values)), dtype=bool)
        starts[0, np.asarray(breaks, dtype=np.int64)] = True
    bad: np.ndarray = broken(rule, values[None], starts=starts)[0]
    return bad


def _check_real(
    text: str,
    rule: Rule,
    features: Sequence[str],
    values: np.ndarray,
    breaks: np.ndarray | None,
    rows: np.ndarray | None,
) -> None:
    bad = _broken(rule, values, breaks)
    if not bad.any():
        return
    row = int(bad.argmax())
    number = row if rows is None else int(rows[row])
    count = int(bad.sum())
    cells = ", ".join(f"{features[c]} = {values[row, c]:.12g}" for c in rule.columns)
    raise InputError(
        f"dataset.rules: {text!r} does not hold on the training rows: {count:,} of {len(bad):,} "
        f"break it, the first of them row {number + 1:,} with {cells} (rows in the order of "
        "sequences, the first row is 1). Correct the rule or the rows, or drop the rule."
    )
