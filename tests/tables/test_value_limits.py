"""Limits: true bounds are kept, and other ends lie beyond the training rows."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timegan.seeds import rng
from timegan.tables.value_limits import ValueLimits

ROWS = 5_000
BOUNDED: dict[str, tuple[Callable[[np.random.Generator], np.ndarray], tuple[bool, bool]]] = {
    "uniform": (lambda r: r.uniform(3, 7, ROWS), (True, True)),
    "humidity that stops at 100": (
        lambda r: np.minimum(r.normal(90, 12, ROWS).round(1), 100),
        (False, True),
    ),
    "waiting time": (lambda r: r.exponential(size=ROWS), (True, False)),
    "count": (lambda r: r.poisson(6, ROWS).astype(float), (True, False)),
    "few classes": (lambda r: r.integers(1, 6, ROWS).astype(float), (True, True)),
    "normal": (lambda r: r.normal(size=ROWS), (False, False)),
    "heavy tails": (lambda r: r.standard_t(3, size=ROWS), (False, False)),
    "random walk": (lambda r: r.normal(size=ROWS).cumsum(), (False, False)),
    "price": (lambda r: 500 * np.exp(r.normal(size=ROWS).cumsum() / 300), (False, False)),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", BOUNDED)
def test_bounds_are_found_where_something_stops_values(kind: str, seed: int) -> None:
    draw, expected = BOUNDED[kind]
    values = draw(rng(seed, kind))
    limits = ValueLimits.fit(values)
    assert (limits.low_bound, limits.high_bound) == expected
    assert limits.low <= values.min()
    assert values.max() <= limits.high


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "waiting time"])
def test_few_of_many_more_rows_lie_beyond_limits_that_are_no_bounds(kind: str) -> None:
    draw, _ = BOUNDED[kind]
    ratios = []
    for seed in range(40):
        values, others = draw(rng(seed)), draw(rng(seed, "others"))
        limits = ValueLimits.fit(values)
        ratios.append([(others > limits.high).sum(), (others > values.max()).sum()])
    beyond_limit, beyond_largest = np.mean(ratios, axis=0)
    assert beyond_limit < 0.6 * beyond_largest


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200))
def test_any_values_lie_within_their_limits(values: list[float]) -> None:
    limits = ValueLimits.fit(np.array(values))
    assert np.isfinite([limits.low, limits.high]).all()
    assert limits.low <= min(values)
    assert max(values) <= limits.high


def test_limits_turn_round_with_the_values() -> None:
    values = rng(0).standard_t(4, size=ROWS) + 2
    up, down = ValueLimits.fit(values), ValueLimits.fit(-values)
    assert (up.low, up.high) == (-down.high, -down.low)
