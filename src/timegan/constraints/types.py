"""The kinds of rules that rows may keep: each is a few plain numbers, and can say itself in words.

A column is a position in the table's features, so that a rule can be applied to an array.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

DOUBLE = 2.0**-52  # relative precision of float64 ...
SINGLE = 2.0**-23  # ... and of a column that was float32 in the table
PLAIN = re.compile(r"[^\W\d][\w.%]*\Z")


@dataclass(frozen=True)
class Bounds:
    """A column stays between ``low`` and ``high``; either may be None."""

    kind: ClassVar[str] = "bounds"
    column: int
    low: float | None = None
    high: float | None = None

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.column,)

    def words(self, names: Sequence[str]) -> str:
        """As people say it."""
        name = quoted(names[self.column])
        if self.low is None:
            return f"{name} ≤ {self.high:g}"
        if self.high is None:
            return f"{name} ≥ {self.low:g}"
        return f"{self.low:g} ≤ {name} ≤ {self.high:g}"


@dataclass(frozen=True)
class Steps:
    """A column takes the values ``offset + k · step`` only, to the precision of its numbers."""

    kind: ClassVar[str] = "steps"
    column: int
    step: float
    offset: float = 0.0
    precision: float = DOUBLE

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.column,)

    def words(self, names: Sequence[str]) -> str:
        """As people say it."""
        name = quoted(names[self.column])
        if self.offset:
            return f"{name} is {self.offset:.12g} plus a multiple of {self.step:.12g}"
        if self.step == 1:
            return f"{name} is a whole number"
        return f"{name} is a multiple of {self.step:.12g}"


@dataclass(frozen=True)
class Values:
    """A column takes one of a few values (increasing)."""

    kind: ClassVar[str] = "values"
    column: int
    known: tuple[float, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.column,)

    def words(self, names: Sequence[str]) -> str:
        """As people say it."""
        shown = ", ".join(f"{value:.12g}" for value in self.known)
        return f"{quoted(names[self.column])} is one of {shown}"


@dataclass(frozen=True)
class Monotone:
    """A column never falls (or never rises) from step to step of a sequence."""

    kind: ClassVar[str] = "monotone"
    column: int
    rising: bool = True

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.column,)

    def words(self, names: Sequence[str]) -> str:
        """As people say it."""
        way = "falls" if self.rising else "rises"
        return f"{quoted(names[self.column])} never {way} within a window"


@dataclass(frozen=True)
class Order:
    """One column is never below another in the same row."""

    kind: ClassVar[str] = "order"
    above: int
    below: int

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.above, self.below)

    def words(self, names: Sequence[str]) -> str:
        """As people say it."""
        return f"{quoted(names[self.above])} ≥ {quoted(names[self.below])}"


@dataclass(frozen=True)
class Equal:
    """Two columns are the same in each row."""

    kind: ClassVar[str] = "equal"
    first: int
    second: int

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns concerned."""
        return (self.first, self.second)

    def words(self, names: Sequence[str]) -> str:
        """As people say it."""
        return f"{quoted(names[self.first])} = {quoted(names[self.second])}"


@dataclass(frozen=True)
class Sum:
    """The columns, times their coefficients, add up to a constant in each row.

    Args:
        columns: positions of the columns.
        coefficients: one for each, none of them 0.
        constant: what they add up to.
        slack: how far off they may be, for no decimal fraction is exact in binary.
    """

    kind: ClassVar[str] = "sum"
    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    constant: float = 0.0
    slack: float = 1e-9

    def words(self, names: Sequence[str]) -> str:
        """As people say it: a total on the left where there is one, and no minus signs."""
        sides: tuple[list[str], list[str]] = ([], [])
        for column, coefficient in zip(self.columns, self.coefficients, strict=True):
            times = "" if abs(coefficient) == 1 else f"{abs(coefficient):.12g} * "
            sides[coefficient < 0].append(times + quoted(names[column]))
        left, right = sides
        constant = self.constant
        if not left or (right and (len(right), "*" in right[0]) < (len(left), "*" in left[0])):
            left, right, constant = right, left, -constant
        words = " + ".join(left)
        if not right:
            return f"{words} = {constant:.12g}"
        sign = "+" if constant > 0 else "-"
        end = f" {sign} {abs(constant):.12g}" if constant else ""
        return f"{words} = {' + '.join(right)}{end}"


Rule = Bounds | Steps | Values | Monotone | Order | Equal | Sum

KINDS: dict[str, Callable[..., Rule]] = {
    rule.kind: rule for rule in (Bounds, Steps, Values, Monotone, Order, Equal, Sum)
}


def quoted(name: str) -> str:
    """A name as it is written in a rule: in backticks where it has spaces or signs.

    >>> quoted("Adj Close")
    '`Adj Close`'
    """
    return name if PLAIN.match(name) else f"`{name}`"


def plain(rule: Rule) -> dict[str, Any]:
    """A rule as numbers, text and lists, for JSON and for the checkpoint."""
    state = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(rule).items()}
    return {"kind": rule.kind} | state


def restore(state: dict[str, Any]) -> Rule:
    """A rule from what :func:`plain` made of it."""
    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in state.items() if k != "kind"
    }
    return KINDS[state["kind"]](**given)
