"""Violations are counted in the rows that violate a constraint, and in no others."""

import numpy as np
import pytest

from timegan.constraints import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    Monotone,
    Multiples,
    Range,
    applicable,
    violations,
)

NAN = np.nan


@pytest.mark.parametrize(
    ("constraint", "rows", "expected"),
    [
        (Range(0, 0.0, 1.0), [[0.0], [1.0], [1.1], [-0.1], [NAN]], [0, 0, 1, 1, 0]),
        (Range(0, None, 1.0), [[-9.0], [1.1]], [0, 1]),
        (Multiples(0, 0.01), [[0.07], [1e4 + 0.29], [0.075], [NAN]], [0, 0, 1, 0]),
        (Multiples(0, 5.0, 2.0), [[7.0], [-3.0], [5.0]], [0, 0, 1]),
        (
            AllowedValues(0, (0.0, 0.5, 4.0)),
            [[0.5], [0.0], [4.0], [3.0], [9.0], [NAN]],
            [0, 0, 0, 1, 1, 0],
        ),
        (AllowedValues(0, (3.0,)), [[3.0], [3.1]], [0, 1]),
        (Inequality(1, 0), [[1.0, 1.0], [1.0, 0.9], [NAN, 1.0], [1.0, NAN]], [0, 1, 0, 0]),
        (Equality(0, 1), [[1.0, 1.0], [1.0, 2.0], [NAN, 1.0]], [0, 1, 0]),
        (
            LinearEquality((0, 1), (1, 1), 0.3, 1e-9),
            [[0.1, 0.2], [0.1, 0.3], [NAN, 0.2]],
            [0, 1, 0],
        ),
        (Monotone(0, True), [[1.0], [1.0], [NAN], [0.5], [2.0]], [0, 0, 0, 1, 0]),
        (Monotone(0, False), [[1.0], [2.0], [NAN], [0.5], [0.5]], [0, 1, 0, 0, 0]),
    ],
)
def test_rows_that_break_a_constraint(
    constraint: Constraint, rows: list[list[float]], expected: list[int]
) -> None:
    values = np.array([rows])
    assert violations(constraint, values)[0].astype(int).tolist() == expected
    # Padding breaks nothing, and is asked nothing.
    hidden = np.zeros(values.shape[:2], dtype=bool)
    assert not violations(constraint, values, hidden).any()
    assert not applicable(constraint, values, hidden).any()
    assert not (violations(constraint, values) & ~applicable(constraint, values)).any()


def test_motion_is_asked_from_the_second_known_step_of_a_sequence_on() -> None:
    values = np.array([[5.0, NAN, 4.0, 3.0, 2.0]])[..., None]
    starts = np.array([[False, False, False, True, False]])
    assert applicable(Monotone(0), values).tolist() == [[False, False, True, True, True]]
    assert applicable(Monotone(0), values, starts=starts).tolist() == [
        [False, False, True, False, True]
    ]
    assert violations(Monotone(0), values, starts=starts).sum() == 2
