"""Constraints as people write them: ``High >= Low``, ``Total = A + B``, ``Age never falls``.

Comparisons are read as Python expressions, in which each column is a short name of its own.
"""

import ast
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    LinearInequality,
    Monotone,
    Multiples,
    Range,
)
from timegan.errors import InputError, closest_match

NAME = r"`[^`]+`|\"[^\"]+\"|'[^']+'|[^\W\d][\w.%]*"
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
WORD = re.compile(rf"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.%])|(?P<name>{NAME})")
SIGNS = {"≤": "<=", "≥": ">=", "−": "-"}
EXAMPLES = (
    "'High >= Low', '0 <= Load <= 100', 'Count <= 10 * Load', 'Total = A + B', 'Age never falls', "
    "'Count is a whole number', 'Count is a multiple of 5', 'Gear is one of 1, 2, 3'"
)
SENTENCES: dict[str, Callable[..., Constraint]] = {
    r"never falls(?: within a window)?": lambda c: Monotone(c, rising=True),
    r"never rises(?: within a window)?": lambda c: Monotone(c, rising=False),
    r"is a whole number": lambda c: Multiples(c, 1.0),
    r"is never negative": lambda c: Range(c, low=0.0),
    rf"is a multiple of ({NUMBER})": lambda c, step: _multiples(c, step, "0"),
    rf"is ({NUMBER}) plus a multiple of ({NUMBER})": lambda c, at, step: _multiples(c, step, at),
    r"is one of (.*)": lambda c, text: AllowedValues(
        c, tuple(sorted({float(value) for value in text.split(",")}))
    ),
}
Linear = dict[int | None, float]
"""Columns with their factors; None with the constant."""


class _Invalid(Exception):
    """A reason why a text is not a constraint."""


def parse(text: str, features: Sequence[str]) -> tuple[Constraint, ...]:
    """Return the constraints that a text declares; a chain such as ``a >= b >= c`` has several.

    Args:
        text: a comparison or sentence. Names with spaces or signs stand in backticks or quotes.
        features: names of the columns.

    Raises:
        InputError: the text names an unknown column or is not a constraint.
    """
    try:
        sentence = re.fullmatch(rf"\s*({NAME}|{NUMBER})\s+((?:never|is)\b.*?)\s*", text)
        if sentence:
            return (_read_sentence(sentence[1], sentence[2], text, features),)
        return _merge_ranges(_read_comparison(text, features))
    except _Invalid as reason:
        raise InputError(
            f"dataset.custom_constraints: {text!r} is not a constraint: {reason}. Write {EXAMPLES}."
        ) from None


def _column(name: str, text: str, features: Sequence[str]) -> int:
    """Return the position of a column."""
    name = name[1:-1] if name[0] in "`\"'" else name
    if name in features:
        return list(features).index(name)
    near = closest_match(name, features)
    guess = f" Did you mean {near!r}?" if near else ""
    shown = ", ".join(features[:12]) + (", ..." if len(features) > 12 else "")
    raise InputError(
        f"dataset.custom_constraints: {text!r} names the column {name!r}, which does not exist."
        f"{guess} The table has: {shown}. Put a name with spaces or signs into `backticks`."
    )


def _read_sentence(name: str, predicate: str, text: str, features: Sequence[str]) -> Constraint:
    """Read ``X never falls`` or ``X is ...``."""
    if re.fullmatch(NUMBER, name):
        raise _Invalid(f"a column should stand in the place of {name!r}")
    column = _column(name, text, features)
    for pattern, make in SENTENCES.items():
        found = re.fullmatch(pattern, predicate)
        if found:
            try:
                return make(column, *found.groups())
            except ValueError:
                raise _Invalid("'is one of' needs numbers with commas between them") from None
    raise _Invalid(f"{predicate!r} is not understood")


def _multiples(column: int, step: str, offset: str) -> Multiples:
    if float(step) <= 0:
        raise _Invalid("a step must be positive")
    return Multiples(column, float(step), float(offset) % float(step))


def _read_comparison(text: str, features: Sequence[str]) -> tuple[Constraint, ...]:
    """Read linear expressions with ``<=``, ``>=`` and ``=`` between them."""
    columns: list[int] = []

    def short_name(word: re.Match[str]) -> str:
        if word["name"] is None:
            return word[0]
        columns.append(_column(word["name"], text, features))
        return f" _{len(columns) - 1} "

    code = text
    for sign, plain in SIGNS.items():
        code = code.replace(sign, plain)
    code = re.sub(r"(?<![<>=])=(?!=)", "==", WORD.sub(short_name, code)).strip()
    if not code:
        raise _Invalid("it is empty")
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError:
        raise _Invalid(
            "it is not understood; a name with spaces or signs goes into `backticks`"
        ) from None
    if not isinstance(tree, ast.Compare):
        raise _Invalid("it compares nothing")
    sides = [_linear(node, columns) for node in (tree.left, *tree.comparators)]
    return tuple(
        _compare(*pair, sign) for pair, sign in zip(pairwise(sides), tree.ops, strict=True)
    )


def _linear(node: ast.expr, columns: Sequence[int], factor: float = 1.0) -> Linear:
    """Return an expression, times a factor, as a sum of columns and a constant."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return {None: factor * number}
        case ast.Name(id=name):
            return {columns[int(name[1:])]: factor}
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
            return _linear(inner, columns, -factor if isinstance(sign, ast.USub) else factor)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            second = -factor if isinstance(sign, ast.Sub) else factor
            return _add(_linear(left, columns, factor), _linear(right, columns, second))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            both = [_linear(left, columns), _linear(right, columns)]
            for constant, other in (both, both[::-1]):
                if set(constant) == {None}:
                    return {key: factor * constant[None] * f for key, f in other.items()}
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            constant = _linear(right, columns)
            if set(constant) == {None} and constant[None]:
                return _linear(left, columns, factor / constant[None])
    raise _Invalid("each side must be a sum of columns, numbers, and numbers times columns")


def _add(first: Linear, second: Linear) -> Linear:
    return {key: first.get(key, 0.0) + second.get(key, 0.0) for key in {**first, **second}}


def _compare(left: Linear, right: Linear, sign: ast.cmpop) -> Constraint:
    """Return the constraint ``left sign right``."""
    if isinstance(sign, ast.Lt | ast.Gt):
        given = "<" if isinstance(sign, ast.Lt) else ">"
        raise _Invalid(f"{given!r} cannot be told from {given}= after rounding; use that")
    if not isinstance(sign, ast.LtE | ast.GtE | ast.Eq):
        raise _Invalid("<=, >= or = should stand between its sides")
    terms = _add(left, {key: -factor for key, factor in right.items()})
    constant = -terms.pop(None, 0.0)
    terms = {column: factor for column, factor in terms.items() if factor}
    if isinstance(sign, ast.LtE):
        terms, constant = {column: -factor for column, factor in terms.items()}, -constant
    columns = tuple(column for column in terms if column is not None)
    factors = tuple(terms.values())
    if not columns:
        raise _Invalid("no column is left in it")
    is_equality = isinstance(sign, ast.Eq)
    if len(columns) == 1:
        bound = constant / factors[0] + 0.0
        low = bound if is_equality or factors[0] > 0 else None
        return Range(columns[0], low, bound if is_equality or factors[0] < 0 else None)
    is_pair = len(columns) == 2 and sum(factors) == 0 and constant == 0
    if is_equality:
        return Equality(*sorted(columns)) if is_pair else LinearEquality(columns, factors, constant)
    if is_pair:
        return Inequality(*(columns if factors[0] > 0 else columns[::-1]))
    return LinearInequality(columns, factors, constant)


def _merge_ranges(constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """Return one range for the two that ``0 <= Load <= 100`` makes."""
    match constraints:
        case (Range(column, low, None), Range(other, None, high)) if column == other:
            return (Range(column, low, high),)
        case (Range(column, None, high), Range(other, low, None)) if column == other:
            return (Range(column, low, high),)
    return constraints
