"""The constraints of a table: found and declared together, kept with the model."""

import json
from functools import partial
from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.constraints.constraint_cases import starts, table
from timegan.constraints import (
    AllowedValues,
    ConstraintSet,
    Inequality,
    LinearEquality,
    Monotone,
    Multiples,
    Range,
    parse,
)
from timegan.constraints.constraint_set import without_implied
from timegan.constraints.violations import violation_rate
from timegan.errors import InputError

RNG = np.random.default_rng(0)
NAMES = ["High", "Low", "Load", "Age"]


def prices(rows: int = 400) -> np.ndarray:
    low = RNG.normal(50, 5, size=rows).round(2)
    high = (low + RNG.exponential(size=rows)).round(2)
    load = RNG.uniform(10, 80, size=rows).round(1)
    return np.stack([high, low, load, np.arange(rows) // 3.0], axis=1)


TRAIN = prices()


def fitted(*declared: str, values: np.ndarray = TRAIN) -> ConstraintSet:
    return ConstraintSet.fit(values, np.array([0]), None, NAMES, declared)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_state_survives_json_and_a_checkpoint(seed: int) -> None:
    values = table(seed)
    names = [f"c {i}" for i in range(values.shape[2])]
    constraints = ConstraintSet.fit(
        values.reshape(-1, len(names)), starts(values), None, names, ["`c 0` >= -1e9"]
    )
    assert (
        ConstraintSet.from_state(json.loads(json.dumps(constraints.state(), allow_nan=False)))
        == constraints
    )
    buffer = BytesIO()
    torch.save(constraints.state(), buffer)
    buffer.seek(0)
    assert ConstraintSet.from_state(torch.load(buffer, weights_only=True)) == constraints


def test_a_declared_constraint_takes_the_place_of_a_found_one() -> None:
    constraints = fitted("0 <= Load <= 100", "High >= 0", "Load is a multiple of 0.05")
    loads = [r for r in constraints.all if r.columns == (2,)]
    assert loads == [Range(2, 0.0, 100.0), Multiples(2, 0.05)]
    assert [r for r in constraints.all if r.columns == (0,) and isinstance(r, Range)] == [
        Range(0, 0.0, None)
    ]
    far = np.array([[[60.0, 50.0, 99.0, 1.0]]])
    np.testing.assert_array_equal(constraints.enforce(far), far)


def test_declared_constraints_and_those_between_columns_are_described_once() -> None:
    assert fitted("High >= Low", "Age never falls").describe() == [
        "High ≥ Low",
        "Age never falls within a window",
    ]


def test_a_constraint_that_real_rows_break_is_refused_with_how_often_and_where() -> None:
    values = TRAIN.copy()
    values[[7, 30], 0] = values[[7, 30], 1] - 1
    with pytest.raises(InputError, match=r"'High >= Low'.* 2 of 400 .*row 8 "):
        fitted("High >= Low", values=values)
    with pytest.raises(InputError, match=r"'Age never rises'.*133 of 400 .*row 4 "):
        fitted("Age never rises")


def test_motion_is_checked_within_sequences() -> None:
    values = prices(30)
    values[:, 3] = np.tile(np.arange(10.0), 3)
    constraints = ConstraintSet.fit(values, np.array([0, 10, 20]), None, NAMES, ["Age never falls"])
    assert Monotone(3, True) in constraints.declared
    with pytest.raises(InputError, match=r"2 of 30 .*row 11 "):
        ConstraintSet.fit(values, np.array([0]), None, NAMES, ["Age never falls"])


@pytest.mark.parametrize(
    "declared",
    [
        ("0 <= Load <= 1", "2 <= Load <= 3"),
        ("High >= Low", "Low = High + 1"),
        ("Load is one of 1, 2", "Load >= 3"),
        ("Load is a multiple of 2", "Load = 3"),
        ("Load is 1 plus a multiple of 2", "Load is a multiple of 4"),
        ("Age never falls", "Age never rises"),
        ("High + Low = 1", "High + Low = 2"),
    ],
)
def test_constraints_that_contradict_each_other_are_refused_by_name(
    declared: tuple[str, str],
) -> None:
    with pytest.raises(InputError, match=r"dataset\.custom_constraints") as caught:
        fitted(*declared)
    described = [c.describe(NAMES) for text in declared for c in parse(text, NAMES)]
    assert any(text in str(caught.value) for text in (*declared, *described))


def test_a_column_declared_to_rise_and_to_fall_is_refused_although_it_never_moves() -> None:
    values = TRAIN.copy()
    values[:, 3] = np.repeat(np.arange(40.0), 10)
    with pytest.raises(InputError, match="no value of 'Age' satisfies"):
        ConstraintSet.fit(
            values, np.arange(0, 400, 10), None, NAMES, ["Age never falls", "Age never rises"]
        )


def test_an_impossible_constraint_is_refused() -> None:
    with pytest.raises(InputError, match="no value of 'Load' satisfies 5 ≤ Load ≤ 4"):
        fitted("5 <= Load <= 4")


def test_a_constraint_on_categories_is_refused() -> None:
    with pytest.raises(InputError, match="'Load', which holds categories"):
        ConstraintSet.fit(
            TRAIN,
            np.array([0]),
            None,
            NAMES,
            ["Load >= 0"],
            quantities=["number", "number", None, "number"],
        )


def test_implied_orderings_are_enforced_but_not_told() -> None:
    constraints = [Inequality(0, 1), Inequality(1, 2), Inequality(0, 2), Inequality(0, 3)]
    assert without_implied(constraints) == [Inequality(0, 1), Inequality(1, 2), Inequality(0, 3)]
    total = LinearEquality((0, 1, 2), (1, -1, -1))
    assert without_implied([total, Inequality(0, 1), Inequality(0, 2)]) == [
        total,
        Inequality(0, 1),
        Inequality(0, 2),
    ]
    positive = [Range(1, 0.0, 1.0), Range(2, 0.0, 1.0)]
    assert without_implied([*positive, total, Inequality(0, 1), Inequality(0, 2)]) == [
        *positive,
        total,
    ]


def test_sums_declared_on_decimals_are_kept_exactly() -> None:
    values = prices()
    values[:, 0] = (values[:, 1] + values[:, 2]).round(2)
    constraints = fitted("High = Low + Load", values=values)
    assert sum(isinstance(constraint, LinearEquality) for constraint in constraints.all) == 1
    spoilt = (values + RNG.normal(size=values.shape)).reshape(40, 10, 4)
    found = np.rint(constraints.enforce(spoilt) * 100)
    np.testing.assert_array_equal(found[..., 0], found[..., 1] + found[..., 2])
    assert violation_rate(constraints.all[0], spoilt) > 0.9
    kept = constraints.enforce(spoilt)
    assert max(violation_rate(constraint, kept) for constraint in constraints.all) == 0


def test_sums_may_be_declared_on_rounded_columns() -> None:
    values = prices()
    values[:, :3] = (100 * RNG.dirichlet([2.0] * 3, size=len(values))).round(1)
    (declared,) = fitted("High + Low + Load = 100", values=values).declared
    assert isinstance(declared, LinearEquality)
    assert declared.slack == pytest.approx(0.15, rel=0.01)
    values[5, 0] += 1
    with pytest.raises(InputError, match=r"1 of 400 .*row 6 "):
        fitted("High + Low + Load = 100", values=values)


def test_dates_that_count_from_different_moments_are_compared_as_dates() -> None:
    values = prices()
    values[:, 0] = 100 * RNG.random(400)
    values[:, 1] = values[:, 0] + RNG.exponential(size=400) - 50.0
    quantities = ["date", "date", "number", "number"]
    fit = partial(ConstraintSet.fit, values, np.array([0]), None, NAMES, quantities=quantities)
    assert Inequality(1, 0) not in fit().found
    constraints = fit(origins=[0.0, 50.0, 0.0, 0.0])
    assert Inequality(1, 0) in constraints.found
    wild = values.reshape(40, 10, 4) + RNG.normal(size=(40, 10, 4))
    found = constraints.enforce(wild)
    assert (found[..., 1] + 50.0 >= found[..., 0] - 1e-9).all()
    assert ConstraintSet.from_state(constraints.state()) == constraints
    with pytest.raises(InputError, match="'High' with 'Load', which is a different quantity"):
        fit(["High >= Load"])


def test_few_values_are_a_constraint_that_may_be_declared_more_widely() -> None:
    values = prices()
    values[:, 2] = RNG.choice([1.0, 2.0], size=400)
    assert AllowedValues(2, (1.0, 2.0)) in fitted(values=values).found
    wide = fitted("Load is one of 1, 2, 3", "0 <= Load <= 9", values=values)
    point = np.array([[[60.0, 50.0, 3.0, 1.0]]])
    np.testing.assert_array_equal(wide.enforce(point), point)
