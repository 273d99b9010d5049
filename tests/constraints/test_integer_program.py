"""The integer programme finds the nearest values that keep all rules."""

import itertools

import numpy as np
import pytest

from timegan.constraints import Bounds, Monotone, Order, Rule, Steps, Sum, Values, project
from timegan.constraints.components import Part, parts
from timegan.constraints.integer_program import programme, solve
from timegan.errors import InputError

RULES: list[Rule] = [
    Sum((0, 1, 2), (1, 1, -1), 0.0, 1e-9),
    Bounds(0, 0.0, 9.0),
    Steps(0, 3.0),
    Values(1, (0.0, 4.0, 9.0)),
    Bounds(2, 2.0, 14.0),
    Order(2, 0),
    Monotone(0, True),
]


def part(rules: list[Rule], width: int = 3) -> Part:
    (found,) = parts(rules, np.linspace(1.0, 2.0, width))
    return found


def cost(change: np.ndarray) -> float:
    return float((np.abs(change) / np.linspace(1.0, 2.0, 3)).sum())


@pytest.mark.parametrize("seed", range(6))
def test_two_steps_against_all_that_there_are(seed: int) -> None:
    start = np.random.default_rng(seed).uniform(-2, 12, size=(2, 3))
    rows = [
        (a, b, a + b) for a in (0.0, 3.0, 6.0, 9.0) for b in (0.0, 4.0, 9.0) if 2 <= a + b <= 14
    ]
    pairs = [np.array(p) for p in itertools.product(rows, rows) if p[1][0] >= p[0][0]]
    best = min(cost(pair - start) for pair in pairs)
    found = programme(start, part(RULES))
    assert any(np.allclose(found, pair, rtol=0, atol=1e-9) for pair in pairs)
    assert cost(found - start) <= best * 1.02 + 1e-9


def test_missing_values_stay_missing_and_bind_nothing() -> None:
    start = np.array([[8.0, np.nan, 1.0], [1.0, 3.0, 5.0]])
    found = programme(start, part(RULES))
    assert np.isnan(found[0, 1])
    assert found[0, 2] >= found[0, 0]
    assert found[1, 0] >= found[0, 0]
    assert found[1, 0] + found[1, 1] == found[1, 2]


def test_no_solution_is_told_as_such() -> None:
    rules: list[Rule] = [
        Sum((0, 1), (1, 1), 7.0, 1e-9),
        Steps(0, 2.0),
        Steps(1, 2.0),
        Bounds(0, 0.0, 9.0),
        Bounds(1, 0.0, 9.0),
    ]
    assert solve(np.zeros((1, 2)), part(rules, 2)) is None
    with pytest.raises(InputError, match=r"Drop one of dataset\.rules"):
        project(np.zeros((1, 1, 2)), rules, scale=np.ones(2))
