"""ConstraintSet are read as people write them, and said as they can be read."""

import pytest

from timegan.constraints import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    LinearInequality,
    Monotone,
    Multiples,
    Range,
    parse,
)
from timegan.errors import InputError

NAMES = ["High", "Low", "Total", "A", "B", "Adj Close", "Übergröße", "x-y"]


@pytest.mark.parametrize(
    ("text", "constraints"),
    [
        ("High >= Low", [Inequality(0, 1)]),
        ("Low ≤ High", [Inequality(0, 1)]),
        ("High - Low >= 0", [Inequality(0, 1)]),
        ("High >= A >= Low", [Inequality(0, 3), Inequality(3, 1)]),
        ("A = B", [Equality(3, 4)]),
        ("B == A", [Equality(3, 4)]),
        ("Total = A + B", [LinearEquality((2, 3, 4), (1, -1, -1))]),
        ("Total - A = B", [LinearEquality((2, 3, 4), (1, -1, -1))]),
        ("Total = A * 2 + 5", [LinearEquality((2, 3), (1, -2), 5.0)]),
        ("Total = -(-2 * A - 5)", [LinearEquality((2, 3), (1, -2), 5.0)]),
        ("A + B = 100", [LinearEquality((3, 4), (1, 1), 100.0)]),
        ("A <= 10 * B", [LinearInequality((3, 4), (-1.0, 10.0))]),
        ("A / 10 <= B", [LinearInequality((3, 4), (-0.1, 1.0))]),
        ("A + B <= Total - 2", [LinearInequality((3, 4, 2), (-1.0, -1.0, 1.0), 2.0)]),
        ("0 <= Total <= 1e2", [Range(2, 0.0, 100.0)]),
        ("100 >= Total >= -1.5", [Range(2, -1.5, 100.0)]),
        ("Total >= 0", [Range(2, 0.0, None)]),
        ("2 * Total <= 5", [Range(2, None, 2.5)]),
        ("A = 3", [Range(3, 3.0, 3.0)]),
        ("A is never negative", [Range(3, 0.0, None)]),
        ("A never falls", [Monotone(3, True)]),
        ("A never rises within a window", [Monotone(3, False)]),
        ("A is a whole number", [Multiples(3, 1.0)]),
        ("A is a multiple of 0.25", [Multiples(3, 0.25)]),
        ("A is 2 plus a multiple of 5", [Multiples(3, 5.0, 2.0)]),
        ("A is one of 4, -1, 0.5", [AllowedValues(3, (-1.0, 0.5, 4.0))]),
        ("High >= `Adj Close`", [Inequality(0, 5)]),
        ("'Adj Close' never falls", [Monotone(5, True)]),
        ("Übergröße = `x-y`", [Equality(6, 7)]),
    ],
)
def test_what_is_read(text: str, constraints: list[Constraint]) -> None:
    assert list(parse(text, NAMES)) == constraints


@pytest.mark.parametrize(
    "constraint",
    [
        Inequality(0, 5),
        Equality(6, 7),
        Monotone(5, True),
        Monotone(1, False),
        Range(0, -1.5, 2.5),
        Range(7, None, 3.0),
        Range(7, 0.0, None),
        Multiples(5, 1.0),
        Multiples(0, 0.05),
        Multiples(0, 5.0, 2.0),
        AllowedValues(0, (-3.0, 0.5)),
        LinearEquality((0, 1, 2), (1, -1, -1)),
        LinearEquality((0, 1), (1, 1), 100.0),
        LinearEquality((0, 1), (1, -1), -5.0),
        LinearEquality((0, 1, 2), (2, -1, -1), 1.5),
        LinearInequality((0, 1), (10.0, -1.0)),
        LinearInequality((0, 1), (-0.5, 1.0), -3.0),
        LinearInequality((0, 1, 2), (-1.0, -1.0, 1.0), 4.0),
    ],
)
def test_the_words_of_a_constraint_are_read_as_that_constraint(constraint: Constraint) -> None:
    (read,) = parse(constraint.describe(NAMES), NAMES)
    if isinstance(constraint, LinearInequality):
        assert isinstance(read, LinearInequality)
        assert read.constant == constraint.constant
        assert dict(zip(read.columns, read.coefficients, strict=True)) == dict(
            zip(constraint.columns, constraint.coefficients, strict=True)
        )
    elif isinstance(constraint, LinearEquality):
        assert isinstance(read, LinearEquality)
        sign = 1 if read.coefficients[read.columns.index(constraint.columns[0])] > 0 else -1
        found = dict(zip(read.columns, (sign * c for c in read.coefficients), strict=True))
        assert found == dict(zip(constraint.columns, constraint.coefficients, strict=True))
        assert sign * read.constant == constraint.constant
    else:
        assert read == constraint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hihg >= Low", "'Hihg'.*Did you mean 'High'"),
        ("High >= Adj Close", "'Adj'"),
        ("High > Low", "'>' cannot be told from >="),
        ("High", "compares nothing"),
        ("", "empty"),
        ("High >= ", "it is not understood"),
        ("High >= Low / 0", "must be a sum"),
        ("High >= High", "no column is left"),
        ("High ! Low", "it is not understood"),
        ("A is blue", "'is blue' is not understood"),
        ("A is a multiple of 0", "must be positive"),
        ("A is one of 1, blue", "commas"),
        ("A is one of 1,, 2", "commas"),
        ("High Low", "it is not understood.*backticks"),
        ("High >= * Low", "it is not understood"),
        ("High >= Low / A", "must be a sum"),
        ("High >= Low * A", "must be a sum"),
        ("High is not Low", "'is not Low' is not understood"),
        ("3 never falls", "a column should stand in the place of '3'"),
    ],
)
def test_what_is_no_constraint_is_refused_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(text, NAMES)
    assert text in str(caught.value)
