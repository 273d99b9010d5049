"""Constraints as people write them: ``High >= Low``, ``Total = A + B``, ``Age never falls``."""

import re
from collections.abc import Sequence
from typing import NoReturn

from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    Monotone,
    Multiples,
    Range,
)
from timegan.errors import InputError, closest_match

TOKEN = re.compile(
    r"\s*(?:(?P<quoted>`[^`]+`|\"[^\"]+\"|'[^']+')"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.%]))"
    r"|(?P<name>[^\W\d][\w.%]*)"
    r"|(?P<sign><=|>=|==|[≤≥=<>+\-−*,]))"
)
SIGNS = {"≤": "<=", "≥": ">=", "==": "=", "−": "-"}
EXAMPLES = (
    "'High >= Low', '0 <= Load <= 100', 'Total = A + B', 'Age never falls', "
    "'Count is a whole number', 'Count is a multiple of 5', 'Gear is one of 1, 2, 3'"
)
Linear = tuple[dict[int, float], float]
"""Columns with their factors, and a constant."""


def parse(text: str, features: Sequence[str]) -> tuple[Constraint, ...]:
    """The constraints that a line of text declares: a chain such as ``a >= b >= c`` makes several.

    Args:
        text: see the module's examples. Names with spaces or signs stand in backticks or quotes.
        features: names of the columns.

    Raises:
        InputError: a column that does not exist, or text that is not a constraint.
    """
    return _Parser(text, features).constraints()


class _Parser:
    def __init__(self, text: str, features: Sequence[str]) -> None:
        self.text, self.features = text, list(features)
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        place = 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if found is None:
                self._refuse(f"{text[place:].strip()[:12]!r} is not understood")
            kind = str(found.lastgroup)
            word = found[kind]
            if kind == "quoted":
                kind, word = "name", word[1:-1]
                self.tokens.append(("column", word))
            else:
                self.tokens.append((kind, SIGNS.get(word, word)))
            place = found.end()

    def constraints(self) -> tuple[Constraint, ...]:
        if not self.tokens:
            self._refuse("it is empty")
        words = [word for kind, word in self.tokens[1:] if kind == "name"]
        if words[:1] in (["never"], ["is"]) and self.tokens[1][1] == words[0]:
            return (self._sentence(),)
        sides, signs = [self._linear()], []
        while self.at < len(self.tokens):
            signs.append(self._sign())
            sides.append(self._linear())
        if not signs:
            self._refuse("it compares nothing")
        pairs = zip(sides, signs, sides[1:], strict=False)
        return _merged(tuple(self._compared(*pair) for pair in pairs))

    def _sentence(self) -> Constraint:
        column = self._column(self.tokens[0])
        words = [word for _, word in self.tokens[1:]]
        kinds = [kind for kind, _ in self.tokens[1:]]
        self.at = len(words) + 1
        if words[:2] in (["never", "falls"], ["never", "rises"]):
            return Monotone(column, words[1] == "falls")
        if words[:4] == ["is", "a", "whole", "number"]:
            return Multiples(column, 1.0)
        if words[:4] == ["is", "a", "multiple", "of"] and kinds[4:] == ["number"]:
            return self._steps(column, words[4], 0.0)
        if words[2:6] == ["plus", "a", "multiple", "of"] and kinds[6:] == ["number"]:
            return self._steps(column, words[6], float(words[1]))
        if words == ["is", "never", "negative"]:
            return Range(column, low=0.0)
        if words[:3] == ["is", "one", "of"]:
            listed = "".join(words[3:]).split(",")
            try:
                return AllowedValues(column, tuple(sorted({float(value) for value in listed})))
            except ValueError:
                self._refuse("'is one of' wants numbers with commas between them")
        raise self._refusal("what follows upon the name is not understood")

    def _steps(self, column: int, step: str, offset: float) -> Multiples:
        if float(step) <= 0:
            self._refuse("a step must be positive")
        return Multiples(column, float(step), offset % float(step))

    def _linear(self) -> Linear:
        """A sum of names, numbers, and numbers times names."""
        terms: dict[int, float] = {}
        constant = 0.0
        first = True
        while first or (self.at < len(self.tokens) and self.tokens[self.at][1] in "+-"):
            factor = 1.0
            while self._peek() in ("+", "-"):
                factor *= -1.0 if self._next()[1] == "-" else 1.0
                first = False
            kind, word = self._next()
            if kind == "number":
                factor *= float(word)
                if self._peek() != "*":
                    constant += factor
                    first = False
                    continue
                self._next()
                kind, word = self._next()
            if kind not in ("name", "column"):
                self._refuse(f"a column or a number should stand in the place of {word!r}")
            column = self._column((kind, word))
            terms[column] = terms.get(column, 0.0) + factor
            first = False
        return {c: f for c, f in terms.items() if f}, constant

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            self._refuse("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _sign(self) -> str:
        kind, word = self._next()
        if word in ("<", ">"):
            self._refuse(f"{word!r} cannot be told from {word}= after rounding; give that")
        if kind != "sign" or word not in ("<=", ">=", "="):
            hint = "; a name with spaces or signs goes into `backticks`" if kind == "name" else ""
            self._refuse(f"<=, >= or = should stand in the place of {word!r}{hint}")
        return word

    def _column(self, token: tuple[str, str]) -> int:
        kind, name = token
        if kind not in ("name", "column"):
            self._refuse(f"a column should stand in the place of {name!r}")
        if name not in self.features:
            near = closest_match(name, self.features)
            guess = f" Did you mean {near!r}?" if near else ""
            shown = ", ".join(self.features[:12]) + (", ..." if len(self.features) > 12 else "")
            raise InputError(
                f"dataset.custom_constraints: {self.text!r} names the column {name!r}, which does "
                f"not exist.{guess} The table has: {shown}. A name with spaces or signs goes into "
                "`backticks`."
            )
        return self.features.index(name)

    def _compared(self, left: Linear, sign: str, right: Linear) -> Constraint:
        """A constraint from ``left sign right``."""
        terms = dict(left[0])
        for column, factor in right[0].items():
            terms[column] = terms.get(column, 0.0) - factor
        terms = {c: f for c, f in terms.items() if f}
        constant = right[1] - left[1]
        if sign == "<=":
            terms, constant, sign = {c: -f for c, f in terms.items()}, -constant, ">="
        columns, factors = tuple(terms), tuple(terms.values())
        if not columns:
            self._refuse("no column is left in it")
        if len(columns) == 1:
            bound = constant / factors[0] + 0.0
            if sign == "=":
                return Range(columns[0], bound, bound)
            return Range(columns[0], bound) if factors[0] > 0 else Range(columns[0], None, bound)
        opposite = len(columns) == 2 and sum(factors) == 0 and constant == 0
        if sign == "=":
            if opposite:
                return Equality(*sorted(columns))
            return LinearEquality(columns, factors, constant)
        if opposite:
            return Inequality(*(columns if factors[0] > 0 else columns[::-1]))
        raise self._refusal(
            "an inequality holds between two columns, or a column and a number; for more, make "
            "the sum a column of the table"
        )

    def _refuse(self, why: str) -> NoReturn:
        raise self._refusal(why)

    def _refusal(self, why: str) -> InputError:
        return InputError(
            f"dataset.custom_constraints: {self.text!r} is not a constraint: {why}. "
            f"Write {EXAMPLES}."
        )


def _merged(constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """Two bounds of one column, as ``0 <= Load <= 100`` makes them, become one constraint."""
    if len(constraints) == 2 and all(isinstance(constraint, Range) for constraint in constraints):
        first, second = constraints
        assert isinstance(first, Range)
        assert isinstance(second, Range)
        if first.column == second.column and (first.low is None) == (second.high is None):
            low = first.low if first.low is not None else second.low
            high = first.high if first.high is not None else second.high
            return (Range(first.column, low, high),)
    return constraints
