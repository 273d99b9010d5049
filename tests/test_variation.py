"""Variation: rounding is zero whatever the magnitude, and what varies keeps its deviation."""

import numpy as np
import pytest

from timegan.variation import centred, deviation, divisor, negligible, span

CONSTANTS = (14.62, 1.3, 0.03, 518.67, 1e-12, -1e9, 0.0)


@pytest.mark.parametrize("value", CONSTANTS)
@pytest.mark.parametrize("count", [2, 300, 100_003])
def test_a_constant_has_neither_deviation_nor_range(value: float, count: int) -> None:
    column = np.full((count, 1), value)
    assert deviation(column) == 0.0
    assert deviation(column, 0).tolist() == [0.0]
    assert (centred(column, 0) == 0.0).all()
    assert span(column.min(), column.max()) == 0.0


@pytest.mark.parametrize("value", CONSTANTS[:-1])
def test_a_difference_in_the_last_place_is_rounding(value: float) -> None:
    column = np.full(100, value)
    column[::7] = np.nextafter(value, np.inf)
    assert deviation(column) == 0.0
    assert span(column.min(), column.max()) == 0.0


@pytest.mark.parametrize("value", CONSTANTS)
def test_small_variation_around_a_large_value_is_measured(value: float) -> None:
    size = 1e-11 * abs(value) or 1e-300
    column = np.full(10_000, value)
    column[::2] += size
    size = column[0] - column[1]
    assert deviation(column) == pytest.approx(size / 2, rel=1e-9)
    assert span(column.min(), column.max()) == size


def test_any_axes_can_be_reduced() -> None:
    x = np.random.default_rng(0).normal(5, 2, size=(7, 4, 3))
    for axis in (None, 0, -1, (0, 1), (1, -1)):
        np.testing.assert_allclose(deviation(x, axis), x.std(axis=axis), rtol=1e-12)
        np.testing.assert_allclose(centred(x, axis), x - x.mean(axis=axis, keepdims=True))


def test_differences_inherit_the_rounding_of_what_they_were_computed_from() -> None:
    line = 1e6 + 0.1 * np.arange(1000)
    assert deviation(np.diff(line)) > 0.0
    assert deviation(np.diff(line), largest=line.max()) == 0.0


def test_single_precision_has_a_rounding_of_its_own() -> None:
    assert negligible(1e-7, 1.0, np.float32)
    assert not negligible(1e-7, 1.0)
    assert negligible([0.0, 1.0], [0.0, 1.0]).tolist() == [True, False]


def test_zero_is_divided_by_as_one() -> None:
    assert divisor(np.array([0.0, 1e-300, 3.0])).tolist() == [1.0, 1e-300, 3.0]
    assert divisor(np.zeros(1, np.float32)).dtype == np.float32
