"""The integer programme finds the nearest values that keep all constraints."""

import itertools

import numpy as np
import pytest

from timegan.constraints import (
    AllowedValues,
    Constraint,
    Inequality,
    LinearEquality,
    Monotone,
    Multiples,
    Range,
    enforce,
)
from timegan.constraints.components import Component, components
from timegan.constraints.integer_program import minimize, solve
from timegan.errors import InputError

CONSTRAINTS: list[Constraint] = [
    LinearEquality((0, 1, 2), (1, 1, -1), 0.0, 1e-9),
    Range(0, 0.0, 9.0),
    Multiples(0, 3.0),
    AllowedValues(1, (0.0, 4.0, 9.0)),
    Range(2, 2.0, 14.0),
    Inequality(2, 0),
    Monotone(0, True),
]


def component(constraints: list[Constraint], width: int = 3) -> Component:
    (found,) = components(constraints, np.linspace(1.0, 2.0, width))
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
    found = minimize(start, component(CONSTRAINTS))
    assert any(np.allclose(found, pair, rtol=0, atol=1e-9) for pair in pairs)
    assert cost(found - start) <= best * 1.02 + 1e-9


def test_missing_values_stay_missing_and_bind_nothing() -> None:
    start = np.array([[8.0, np.nan, 1.0], [1.0, 3.0, 5.0]])
    found = minimize(start, component(CONSTRAINTS))
    assert np.isnan(found[0, 1])
    assert found[0, 2] >= found[0, 0]
    assert found[1, 0] >= found[0, 0]
    assert found[1, 0] + found[1, 1] == found[1, 2]


def test_no_solution_is_told_as_such() -> None:
    constraints: list[Constraint] = [
        LinearEquality((0, 1), (1, 1), 7.0, 1e-9),
        Multiples(0, 2.0),
        Multiples(1, 2.0),
        Range(0, 0.0, 9.0),
        Range(1, 0.0, 9.0),
    ]
    assert solve(np.zeros((1, 2)), component(constraints, 2)) is None
    with pytest.raises(InputError, match=r"custom_constraints: no row can satisfy these"):
        enforce(np.zeros((1, 1, 2)), constraints, scale=np.ones(2))
