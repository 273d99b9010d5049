"""ConstraintSet that hold are found, and nothing that holds by accident."""

from collections.abc import Callable

import numpy as np
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
    discover,
    violations,
)

RNG = np.random.default_rng(0)
ROWS = 2_000


def of(kind: type, constraints: tuple[Constraint, ...]) -> list[Constraint]:
    return [constraint for constraint in constraints if isinstance(constraint, kind)]


def stack(*columns: np.ndarray) -> np.ndarray:
    return np.stack(columns, axis=1)


def test_each_kind_is_found() -> None:
    low = RNG.normal(size=ROWS).round(2)
    high = (low + RNG.exponential(size=ROWS)).round(2)
    gear = RNG.choice([1.0, 2.0, 5.0], size=ROWS)
    count = 7 + 25.0 * RNG.integers(0, 40, size=ROWS)
    clock = RNG.exponential(size=(ROWS // 10, 10)).cumsum(axis=1).ravel()
    values = stack(low, high, gear, count, clock, -clock, low)
    constraints = discover(values, np.arange(0, ROWS, 10))
    assert of(Range, constraints) == [  # nothing bounds the normal columns
        Range(2, 1.0, 5.0),
        Range(3, 0.0, count.max()),
        Range(4, 0.0, None),
        Range(5, None, 0.0),
    ]
    assert of(AllowedValues, constraints) == [AllowedValues(2, (1.0, 2.0, 5.0))]
    assert of(Multiples, constraints) == [
        Multiples(0, 0.01),
        Multiples(1, 0.01),
        Multiples(3, 25.0, 7.0),
        Multiples(6, 0.01),
    ]
    assert of(Monotone, constraints) == [Monotone(4, True), Monotone(5, False)]
    assert of(Equality, constraints) == [Equality(0, 6)]
    assert Inequality(1, 0) in constraints
    # The second of equal columns takes part in nothing else, nor do a column and its own negative
    # in anything but the sum that they make.
    assert not any(
        6 in r.columns for r in constraints if isinstance(r, Inequality | LinearEquality)
    )
    assert [(r.columns, r.coefficients) for r in constraints if isinstance(r, LinearEquality)] == [
        ((4, 5), (1, 1))
    ]


def test_motion_is_asked_within_sequences_only() -> None:
    clock = np.tile(np.arange(10.0), 20)
    assert Monotone(0, True) in discover(clock[:, None], np.arange(0, 200, 10))
    assert not of(Monotone, discover(clock[:, None]))
    clock[55] = -1.0
    assert not of(Monotone, discover(clock[:, None], np.arange(0, 200, 10)))


def test_one_row_in_two_million_is_enough_to_refuse() -> None:
    low = RNG.normal(size=500_000).astype(np.float32).astype(np.float64)
    high = low + 1.0
    assert Inequality(1, 0) in discover(stack(low, high))
    high[333_333] = low[333_333] - 1.0
    constraints = discover(stack(low, high))
    assert not of(Inequality, constraints)
    assert not of(LinearEquality, constraints)


def test_columns_that_know_nothing_of_each_other_are_in_no_order() -> None:
    warm = 20 + 2 * RNG.normal(size=ROWS)
    noise = 6 * RNG.normal(size=ROWS)
    for mean, so in ((42, False), (33, False), (25, True)):  # .00, .02 and .2 would break it
        humid = np.maximum(mean + noise, warm + 0.01)
        assert humid.min() < warm.max()
        assert (of(Inequality, discover(stack(warm, humid))) == [Inequality(1, 0)]) is so


def test_missing_values_break_nothing_and_are_no_evidence() -> None:
    low = RNG.normal(size=ROWS)
    high = low + RNG.exponential(size=ROWS)
    low[RNG.random(ROWS) < 0.3] = np.nan
    high[RNG.random(ROWS) < 0.3] = np.nan
    assert Inequality(1, 0) in discover(stack(low, high))
    empty = np.full(ROWS, np.nan)
    few = np.where(np.arange(ROWS) < 15, high, np.nan)
    constraints = discover(stack(low, high, empty, few))
    assert {
        c
        for constraint in constraints
        for c in constraint.columns
        if not isinstance(constraint, Range)
    } == {0, 1}


def test_no_constraint_is_sought_in_categories() -> None:
    gear = RNG.integers(0, 5, size=ROWS)
    values = stack(gear + RNG.exponential(size=ROWS), gear)
    assert Inequality(0, 1) in discover(values)
    assert {constraint.columns for constraint in discover(values, quantities=["number", None])} == {
        (0,)
    }


@pytest.mark.parametrize("decimals", [0, 2, None])
@pytest.mark.parametrize("single", [False, True])
def test_sums_are_found_in_any_precision(decimals: int | None, single: bool) -> None:
    parts = RNG.uniform(1, 100, size=(ROWS, 5))
    if decimals is not None:
        parts = parts.round(decimals)
    dtype = np.float32 if single else np.float64
    parts = parts.astype(dtype)
    total = parts[:, 0] + parts[:, 1] + parts[:, 2]
    grand = total + parts[:, 3]
    rest = dtype(100) - parts[:, 4]
    values = np.column_stack([parts, total, grand, rest]).astype(np.float64)
    found = {
        (r.columns, r.coefficients): r for r in discover(values) if isinstance(r, LinearEquality)
    }
    assert set(found) == {
        ((0, 1, 2, 5), (1, 1, 1, -1)),
        ((3, 5, 6), (1, 1, -1)),
        ((4, 7), (1, 1)),
    }
    assert found[(4, 7), (1, 1)].constant == pytest.approx(100, abs=1e-4)


def test_twelve_columns_that_add_up_to_a_hundred() -> None:
    shares = RNG.multinomial(100, [1 / 12] * 12, size=ROWS).astype(float)
    (constraint,) = of(LinearEquality, discover(shares))
    assert isinstance(constraint, LinearEquality)
    assert constraint.columns == tuple(range(12))
    assert constraint.constant == 100
    assert constraint.describe("abcdefghijkl").endswith("k + l = 100")


def test_a_sum_that_is_off_by_more_than_rounding_in_one_row_is_none() -> None:
    parts = RNG.uniform(0, 10, size=(ROWS, 2)).round(2)
    total = parts.sum(axis=1).round(2)
    assert of(LinearEquality, discover(stack(*parts.T, total)))
    total[1_234] = round(total[1_234] + 0.02, 2)
    assert not of(LinearEquality, discover(stack(*parts.T, total)))


Sum = tuple[np.ndarray, str, float]
SUMS: dict[str, Callable[[np.ndarray], Sum]] = {
    "shares of a hundred": lambda x: (100 * x / x.sum(axis=1, keepdims=True), "111", 100),
    "a total": lambda x: (np.column_stack([x, x.sum(axis=1)]), "111-", 0),
    "a difference": lambda x: (np.column_stack([x[:, :2], x[:, 0] - x[:, 1]]), "1--", 0),
    "a weighted total": lambda x: (
        np.column_stack([x[:, :2], 2 * x[:, 0] + 3 * x[:, 1] + 5]),
        "23-",
        -5,
    ),
    "an unrelated column": lambda x: (np.column_stack([x, x[:, 0] + x[:, 2]]), "101-", 0),
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("rows", [50, ROWS])
def test_sums_are_found_within_the_rounding_of_their_columns(name: str, rows: int) -> None:
    values, signs, constant = SUMS[name](RNG.gamma(2, 20, size=(rows, 3)))
    values = values.round(1)
    coefficients = {c: -1 if s == "-" else int(s) for c, s in enumerate(signs) if s != "0"}
    (equality,) = of(LinearEquality, discover(values))
    assert isinstance(equality, LinearEquality)
    assert dict(zip(equality.columns, equality.coefficients, strict=True)) == coefficients
    assert equality.constant == constant
    # Each column is rounded by .05 at most.
    assert equality.slack == pytest.approx(0.05 * np.abs(list(coefficients.values())).sum(), 0.01)
    exact = values[:, list(coefficients)] @ list(coefficients.values()) - constant
    assert np.std(equality.residuals) == pytest.approx(exact.std(), rel=0.3)
    more, _, _ = SUMS[name](np.random.default_rng(1).gamma(2, 20, size=(5_000, 3)))
    assert not violations(equality, more.round(1)[None]).any()


def test_sums_within_rounding_are_found_beside_exact_ones_and_columns_of_all_decimals() -> None:
    a, b, c, d = RNG.gamma(2, 20, size=(4, ROWS))
    exact = stack(a.round(1), b.round(1), a.round(1) + b.round(1)).round(1)
    values = np.column_stack([exact, c.round(2), d.round(0), (c + d).round(1), RNG.random(ROWS)])
    found = [(r.columns, r.coefficients) for r in discover(values) if isinstance(r, LinearEquality)]
    assert found == [((0, 1, 2), (1, 1, -1)), ((3, 4, 5), (1, 1, -1))]


@pytest.mark.parametrize("kind", ["independent", "walks", "counts", "hardly varying"])
def test_no_sum_is_found_by_chance(kind: str) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        shape = int(rng.choice([30, 300])), int(rng.integers(2, 9))
        decimals = int(rng.integers(0, 3))
        if kind == "independent":
            values = rng.normal(size=shape) * 10 ** rng.uniform(-1, 2, size=shape[1])
        elif kind == "walks":
            values = rng.normal(size=shape).cumsum(axis=0)
        elif kind == "counts":
            values = rng.integers(0, 3, size=shape).astype(float)
        else:
            values = 20 + rng.normal(size=shape) * rng.uniform(0.1, 1, size=shape[1])
        scale = 10.0**-decimals if kind == "hardly varying" else 1.0
        assert not of(LinearEquality, discover(np.round(values * scale, decimals)))


def test_independent_columns_have_no_sum() -> None:
    values = RNG.normal(size=(300, 40)).round(1)
    assert not of(LinearEquality, discover(values))


@pytest.mark.parametrize(("rows", "columns"), [(100_000, 20), (5_000, 100)])
def test_constraints_of_large_tables_are_found(rows: int, columns: int) -> None:
    values = RNG.normal(size=(rows, columns)).cumsum(axis=0).round(3)
    values[:, 1] = values[:, 0] + values[:, 2]
    values[:, 4] = values[:, 3] + np.abs(values[:, 5])
    constraints = discover(values)
    assert Inequality(4, 3) in constraints
    assert any(
        isinstance(constraint, LinearEquality) and constraint.columns == (0, 1, 2)
        for constraint in constraints
    )


def factor_table(seed: int, kind: str, rows: int = 3_000) -> np.ndarray:
    """Return a count that is at most a factor times a load, beside columns that are not tied."""
    rng = np.random.default_rng(seed)
    load, free = rng.lognormal(0, 0.5, rows), rng.gamma(2, 3, rows)
    count = {
        "whole": np.minimum(rng.poisson(6 * load), np.floor(10 * load)),
        "part": np.round(load / 4 * rng.beta(3, 1, rows), 6),
        "single": (3 * load * rng.beta(2, 1, rows)).astype(np.float32),
    }[kind]
    load = load.astype(np.float32) if kind == "single" else load
    return np.stack([count, load, free, rng.random(rows) * free, rng.integers(0, 6, rows)], axis=1)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("whole", "count ≤ 10 * load"), ("part", "load ≥ 4 * count"), ("single", "count ≤ 3 * load")],
)
def test_a_factor_between_columns_is_found(kind: str, text: str) -> None:
    names = ["count", "load", "free", "share", "few"]
    for seed in range(5):
        found = discover(factor_table(seed, kind))
        factors = [c for c in found if isinstance(c, LinearInequality)]
        assert [c.describe(names) for c in factors] == [text]


@pytest.mark.parametrize("seed", range(5))
def test_no_factor_is_found_where_ratios_do_not_end(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.lognormal(size=20_000)
    columns = [base * rng.lognormal(0, s, len(base)) for s in (0.05, 0.3, 1.0)]
    whole = rng.poisson(9 * base).astype(float)
    columns += [base * rng.gamma(5, 1, len(base)), whole, rng.random(len(base))]
    found = discover(np.stack([base, *columns, rng.integers(0, 4, len(base))], axis=1))
    assert not [c for c in found if isinstance(c, LinearInequality)]
