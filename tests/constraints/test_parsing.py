"""Rules are read as people write them, and said as they can be read."""

import pytest

from timegan.constraints import Bounds, Equal, Monotone, Order, Rule, Steps, Sum, Values, parse
from timegan.errors import InputError

NAMES = ["High", "Low", "Total", "A", "B", "Adj Close", "Übergröße", "x-y"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("High >= Low", [Order(0, 1)]),
        ("Low ≤ High", [Order(0, 1)]),
        ("High - Low >= 0", [Order(0, 1)]),
        ("High >= A >= Low", [Order(0, 3), Order(3, 1)]),
        ("A = B", [Equal(3, 4)]),
        ("B == A", [Equal(3, 4)]),
        ("Total = A + B", [Sum((2, 3, 4), (1, -1, -1))]),
        ("Total - A = B", [Sum((2, 3, 4), (1, -1, -1))]),
        ("Total = 2 * A + 5", [Sum((2, 3), (1, -2), 5.0)]),
        ("A + B = 100", [Sum((3, 4), (1, 1), 100.0)]),
        ("0 <= Total <= 1e2", [Bounds(2, 0.0, 100.0)]),
        ("100 >= Total >= -1.5", [Bounds(2, -1.5, 100.0)]),
        ("Total >= 0", [Bounds(2, 0.0, None)]),
        ("2 * Total <= 5", [Bounds(2, None, 2.5)]),
        ("A = 3", [Bounds(3, 3.0, 3.0)]),
        ("A is never negative", [Bounds(3, 0.0, None)]),
        ("A never falls", [Monotone(3, True)]),
        ("A never rises within a window", [Monotone(3, False)]),
        ("A is a whole number", [Steps(3, 1.0)]),
        ("A is a multiple of 0.25", [Steps(3, 0.25)]),
        ("A is 2 plus a multiple of 5", [Steps(3, 5.0, 2.0)]),
        ("A is one of 4, -1, 0.5", [Values(3, (-1.0, 0.5, 4.0))]),
        ("High >= `Adj Close`", [Order(0, 5)]),
        ("'Adj Close' never falls", [Monotone(5, True)]),
        ("Übergröße = `x-y`", [Equal(6, 7)]),
    ],
)
def test_what_is_read(text: str, rules: list[Rule]) -> None:
    assert list(parse(text, NAMES)) == rules


@pytest.mark.parametrize(
    "rule",
    [
        Order(0, 5),
        Equal(6, 7),
        Monotone(5, True),
        Monotone(1, False),
        Bounds(0, -1.5, 2.5),
        Bounds(7, None, 3.0),
        Bounds(7, 0.0, None),
        Steps(5, 1.0),
        Steps(0, 0.05),
        Steps(0, 5.0, 2.0),
        Values(0, (-3.0, 0.5)),
        Sum((0, 1, 2), (1, -1, -1)),
        Sum((0, 1), (1, 1), 100.0),
        Sum((0, 1), (1, -1), -5.0),
        Sum((0, 1, 2), (2, -1, -1), 1.5),
    ],
)
def test_the_words_of_a_rule_are_read_as_that_rule(rule: Rule) -> None:
    (read,) = parse(rule.words(NAMES), NAMES)
    if isinstance(rule, Sum):
        assert isinstance(read, Sum)
        sign = 1 if read.coefficients[read.columns.index(rule.columns[0])] > 0 else -1
        found = dict(zip(read.columns, (sign * c for c in read.coefficients), strict=True))
        assert found == dict(zip(rule.columns, rule.coefficients, strict=True))
        assert sign * read.constant == rule.constant
    else:
        assert read == rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hihg >= Low", "'Hihg'.*Did you mean 'High'"),
        ("High >= Adj Close", "'Adj'"),
        ("High > Low", "'>' cannot be told from >="),
        ("High", "compares nothing"),
        ("", "empty"),
        ("High >= ", "ends too early"),
        ("High >= Low + A", "an inequality holds between two columns"),
        ("High >= High", "no column is left"),
        ("High ! Low", "'! Low' is not understood"),
        ("A is blue", "what follows upon the name"),
        ("A is a multiple of 0", "must be positive"),
        ("A is one of 1, blue", "commas"),
        ("A is one of 1,, 2", "commas"),
        ("High Low", "<=, >= or = should stand in the place of 'Low'.*backticks"),
        ("High >= * Low", "should stand in the place of"),
        ("3 never falls", "a column should stand in the place of '3'"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(text, NAMES)
    assert text in str(caught.value)
