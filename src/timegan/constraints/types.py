"""Types of constraints: records of plain numbers that can describe themselves.

A column is a position in the table's features, so that a constraint applies to an array.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, get_args

PLAIN_NAME = re.compile(r"[^\W\d][\w.%]*\Z")


@dataclass(frozen=True)
class _SingleColumn:
    """Base of constraints on one column."""

    kind: ClassVar[str]
    column: int

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.column,)


@dataclass(frozen=True)
class Range(_SingleColumn):
    """A constraint that keeps a column between ``low`` and ``high``; either may be None."""

    kind: ClassVar[str] = "range"
    low: float | None = None
    high: float | None = None

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text."""
        name = quote(names[self.column])
        if self.low is None:
            return f"{name} ≤ {self.high:g}"
        if self.high is None:
            return f"{name} ≥ {self.low:g}"
        return f"{self.low:g} ≤ {name} ≤ {self.high:g}"


@dataclass(frozen=True)
class Multiples(_SingleColumn):
    """A constraint that keeps a column on the grid ``offset + k * step``.

    Args:
        column: position of the column.
        step: distance of neighbours on the grid.
        offset: smallest non-negative value of the grid.
        precision: relative rounding error of the column's numbers.
    """

    kind: ClassVar[str] = "multiples"
    step: float
    offset: float = 0.0
    precision: float = 2.0**-52

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text."""
        name = quote(names[self.column])
        if self.offset:
            return f"{name} is {self.offset:.12g} plus a multiple of {self.step:.12g}"
        if self.step == 1:
            return f"{name} is a whole number"
        return f"{name} is a multiple of {self.step:.12g}"


@dataclass(frozen=True)
class AllowedValues(_SingleColumn):
    """A constraint that limits a column to a few values, in increasing order."""

    kind: ClassVar[str] = "allowed_values"
    known: tuple[float, ...]

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text."""
        values = ", ".join(f"{value:.12g}" for value in self.known)
        return f"{quote(names[self.column])} is one of {values}"


@dataclass(frozen=True)
class Monotone(_SingleColumn):
    """A constraint by which a column never falls (or never rises) within a sequence."""

    kind: ClassVar[str] = "monotone"
    rising: bool = True

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text."""
        way = "falls" if self.rising else "rises"
        return f"{quote(names[self.column])} never {way} within a window"


@dataclass(frozen=True)
class Inequality:
    """A constraint by which one column is never below another in the same row."""

    kind: ClassVar[str] = "inequality"
    above: int
    below: int

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.above, self.below)

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text."""
        return f"{quote(names[self.above])} ≥ {quote(names[self.below])}"


@dataclass(frozen=True)
class Equality:
    """A constraint by which two columns agree in each row."""

    kind: ClassVar[str] = "equality"
    first: int
    second: int

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.first, self.second)

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text."""
        return f"{quote(names[self.first])} = {quote(names[self.second])}"


@dataclass(frozen=True)
class LinearEquality:
    """A constraint by which columns times their coefficients add up to a constant in each row.

    Args:
        columns: positions of the columns.
        coefficients: one for each column, none of them 0.
        constant: value of the sum.
        slack: largest deviation from the constant, due to rounding errors.
        residuals: deviations of a sample of training rows, where their values are rounded. All
            equalities of a table have the same sample. Empty: there is no deviation.
    """

    kind: ClassVar[str] = "linear_equality"
    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    constant: float = 0.0
    slack: float = 1e-9
    residuals: tuple[float, ...] = ()

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text, without minus signs and with a total on the left."""
        return _linear_text(self.columns, self.coefficients, self.constant, names, "==")


@dataclass(frozen=True)
class LinearInequality:
    """A constraint by which columns times their coefficients add up to a constant or more.

    Args:
        columns: positions of the columns.
        coefficients: one for each column, none of them 0.
        constant: smallest value of the sum.
        slack: largest shortfall, due to rounding errors.
    """

    kind: ClassVar[str] = "linear_inequality"
    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    constant: float = 0.0
    slack: float = 1e-9

    def describe(self, names: Sequence[str]) -> str:
        """Return the constraint as text, without minus signs and with a total on the left."""
        return _linear_text(self.columns, self.coefficients, self.constant, names, "≥≤")


Constraint = (
    Range
    | Multiples
    | AllowedValues
    | Monotone
    | Inequality
    | Equality
    | LinearEquality
    | LinearInequality
)

TYPES: dict[str, Callable[..., Constraint]] = {kind.kind: kind for kind in get_args(Constraint)}


def _linear_text(
    columns: Sequence[int],
    coefficients: Sequence[float],
    constant: float,
    names: Sequence[str],
    signs: str,
) -> str:
    """Return a sum of columns beside its constant; the second sign is that of turned sides."""
    sides: tuple[list[str], list[str]] = ([], [])
    for column, coefficient in zip(columns, coefficients, strict=True):
        times = "" if abs(coefficient) == 1 else f"{abs(coefficient):.12g} * "
        sides[coefficient < 0].append(times + quote(names[column]))
    (left, right), sign = sides, signs[0]
    if not left or (right and (len(right), "*" in right[0]) < (len(left), "*" in left[0])):
        left, right, constant, sign = right, left, -constant, signs[1]
    text = f"{' + '.join(left)} {sign} "
    if not right:
        return f"{text}{constant:.12g}"
    plus = "+" if constant > 0 else "-"
    end = f" {plus} {abs(constant):.12g}" if constant else ""
    return f"{text}{' + '.join(right)}{end}"


def quote(name: str) -> str:
    """Return a column name as constraints spell it: in backticks if it has spaces or signs.

    >>> quote("Adj Close")
    '`Adj Close`'
    """
    return name if PLAIN_NAME.match(name) else f"`{name}`"


def to_dict(constraint: Constraint) -> dict[str, Any]:
    """Return a constraint as numbers, text and lists, for JSON and checkpoints."""
    state = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(constraint).items()}
    return {"kind": constraint.kind} | state


def from_dict(state: dict[str, Any]) -> Constraint:
    """Return the constraint that `to_dict` describes."""
    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in state.items() if k != "kind"
    }
    return TYPES[state["kind"]](**given)
