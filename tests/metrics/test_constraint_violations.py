"""ConstraintSet that hold on real rows are found, and their violations counted."""

from typing import Any

import numpy as np
import pytest

from timegan.errors import InputError
from timegan.metrics.constraint_violations import constraint_violations
from timegan.metrics.windows import Array

NAMES = ["low", "high", "count", "kind", "clock", "same", "free"]


def table(windows: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    shape = (windows, 8)
    low = rng.normal(size=shape)
    high = low + rng.exponential(size=shape)
    count = 10.0 * rng.integers(0, 50, size=shape)
    kind = rng.choice([0.0, 0.5, 4.0], size=shape)
    clock = rng.exponential(size=shape).cumsum(axis=1) + 100
    return np.stack([low, high, count, kind, clock, low, rng.normal(size=shape)], axis=-1)


TRAIN = table(200, 0)


def violations(synthetic: Array, **options: Any) -> dict[str, float]:
    return {
        r["constraint"]: r["synthetic"]
        for r in constraint_violations(TRAIN, synthetic, NAMES, **options)
    }


def test_real_rows_keep_every_constraint_and_another_sample_all_but_bounds() -> None:
    found = constraint_violations(TRAIN, table(200, 1), NAMES, table(100, 2))
    assert {r["real"] for r in found} == {0.0}
    for constraint in found:
        for part in ("synthetic", "held_out"):
            assert constraint[part] == 0 or (
                constraint["kind"] == "range" and constraint[part] < 0.02
            )
    kinds = {r["kind"] for r in found}
    assert kinds == {"range", "multiples", "allowed_values", "monotone", "equality", "inequality"}


def test_constraints_are_told_as_people_do() -> None:
    constraints = set(violations(TRAIN))
    assert "high ≥ low" in constraints
    assert "count is a multiple of 10" in constraints
    assert "kind is one of 0, 0.5, 4" in constraints
    assert "clock never falls within a window" in constraints
    assert "low = same" in constraints
    assert not any("free ≥" in constraint or "≥ free" in constraint for constraint in constraints)


def test_an_order_that_ranges_alone_ensure_is_no_constraint() -> None:
    assert "clock ≥ low" not in violations(TRAIN)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_violations_are_counted(share: float) -> None:
    bad = TRAIN.copy()
    count = int(200 * share)
    bad[:count, :, 1] = bad[:count, :, 0] - 0.1
    bad[:count, :, 2] = -10.5
    bad[:count, :, 3] = 1.0
    bad[:count, :, 4] *= -1
    found = violations(bad)
    for constraint in ("high ≥ low", "count is a multiple of 10", "kind is one of 0, 0.5, 4"):
        assert found[constraint] == pytest.approx(share)
    assert found["clock never falls within a window"] == pytest.approx(share)
    bounds = [constraint for constraint in found if "≤ count" in constraint]
    assert [found[constraint] for constraint in bounds] == [pytest.approx(share)]
    assert not any("free" in constraint for constraint in found)  # nothing bounds it


def test_decimals_survive_floating_point() -> None:
    prices = np.round(np.random.default_rng(0).uniform(0, 1e4, (50, 8, 1)), 2)
    (constraint,) = [
        r for r in constraint_violations(prices, prices + 1e-12, ["p"]) if r["kind"] == "multiples"
    ]
    assert constraint["constraint"] == "p is a multiple of 0.01"
    assert constraint["synthetic"] == 0


def test_sums_are_audited_and_implied_orderings_left_out() -> None:
    rng = np.random.default_rng(0)
    parts = rng.uniform(1, 9, size=(100, 8, 2)).round(1)
    train = np.concatenate([parts.sum(axis=2, keepdims=True), parts], axis=2)
    bad = train.copy()
    bad[:25, :, 0] += 0.1
    (constraint,) = [
        r
        for r in constraint_violations(train, bad, ["t", "a", "b"])
        if r["kind"] == "linear_equality"
    ]
    assert constraint["constraint"] == "t = a + b"
    assert constraint["features"] == ["t", "a", "b"]
    assert (constraint["real"], constraint["held_out"], constraint["synthetic"]) == (
        0.0,
        None,
        0.25,
    )
    ordered = np.sort(rng.normal(size=(100, 8, 3)), axis=2)
    rows = constraint_violations(ordered, ordered, ["low", "middle", "high"])
    constraints = {row["constraint"] for row in rows if row["kind"] == "inequality"}
    assert constraints == {"middle ≥ low", "high ≥ middle"}


def test_missing_values_violate_nothing() -> None:
    holes = TRAIN.copy()
    holes[::3, ::2, :] = np.nan
    assert {row["synthetic"] for row in constraint_violations(TRAIN, holes, NAMES)} == {0.0}


def test_windows_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="8 steps of 7 features, synthetic ones 8 of 6"):
        constraint_violations(TRAIN, TRAIN[..., :6], NAMES)
