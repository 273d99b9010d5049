"""Values on a lattice are the doubles that their decimals are read as."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from timegan.tables.value_grid import ValueGrid, nearly_exact_decimals

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.sampled_from([0.01, 0.05, 0.25, 1.0, 7.0, 100.0]), st.sampled_from([0.0, 2.5]))
def test_the_next_values_on_either_side(value: float, step: float, offset: float) -> None:
    grid = ValueGrid(step=step, offset=offset)
    at = np.array(value)
    up, down, near = (float(f(at)) for f in (grid.ceil, grid.floor, grid.snap))
    assert down <= value <= up
    assert up - down <= step * (1 + 1e-6) + 1e-9
    assert near in (up, down)
    for found in (up, down):
        assert found == round(found, 2)
        assert float(grid.ceil(np.array(found))) == found == float(grid.floor(np.array(found)))


@given(NUMBERS)
def test_few_values_and_bounds(value: float) -> None:
    few = ValueGrid(levels=(-1.0, 0.5, 4.0)).within(-0.5, 9.0)
    assert (few.low, few.high, few.levels) == (0.5, 4.0, (0.5, 4.0))
    at = np.array(value)
    assert float(few.snap(at)) == (0.5 if value <= 2.25 else 4.0)
    assert float(few.ceil(at)) == (0.5 if value <= 0.5 else 4.0)
    assert float(few.floor(at)) == (4.0 if value >= 4.0 else 0.5)
    bound = ValueGrid(step=0.5).within(0.3, 4.7)
    assert (bound.low, bound.high) == (0.5, 4.5)
    assert bound.low <= float(bound.snap(at)) <= bound.high
    assert ValueGrid(step=0.5).within(0.1, 0.4).is_empty


def test_grids_snap_to_known_values_within_the_range() -> None:
    grid = ValueGrid.fit(np.arange(3, 90, 7) / 10)
    assert str(grid) == "steps of 0.7 from 0.3"
    np.testing.assert_array_equal(grid.snap(np.array([-5, 1.2, 1.4, 99])), [0.3, 1.0, 1.7, 8.7])
    few = ValueGrid.fit(np.repeat([0.0, 1 / 3, 100.0], 30))
    np.testing.assert_array_equal(few.snap(np.array([0.3, 60.0])), [1 / 3, 100.0])


def test_two_or_three_numbers_share_no_step() -> None:
    assert ValueGrid.fit(np.array([10.0, 20.0, 35.0])).step == 1


def test_small_numbers_are_not_zero_with_few_decimals() -> None:
    assert nearly_exact_decimals(np.array([1e-12, 3.3e-12]))[0] is None
    assert nearly_exact_decimals(np.array([0.004, -0.002]))[0] == 3
    assert nearly_exact_decimals(np.zeros(3))[0] == 0
