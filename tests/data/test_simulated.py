"""Simulated tables: calibrated as they say, and the same for the same seed."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from timegan.data.simulated import GENERATORS, salary, sines


@pytest.mark.parametrize("seed", [0, 1])
def test_salaries_follow_the_line_that_they_were_calibrated_to(seed: int) -> None:
    table = salary(seed=seed)
    years, pay = table["YearsExperience"].to_numpy(), table["Salary"].to_numpy()
    slope, intercept = np.polyfit(years, pay, 1)
    assert slope == pytest.approx(9_450, rel=0.01)
    assert intercept == pytest.approx(25_800, rel=0.02)
    assert np.std(pay - intercept - slope * years) == pytest.approx(5_800, rel=0.05)


def test_careers_are_plausible() -> None:
    table = salary()
    assert table.shape == (48_000, 3)
    assert table["Salary"].dtype == np.int64
    years = table["YearsExperience"].to_numpy().reshape(2_000, 24)
    pay = table["Salary"].to_numpy().reshape(2_000, 24)
    np.testing.assert_allclose(np.diff(years), 0.5)
    np.testing.assert_array_equal(years, years.round(1))
    assert 0.5 <= years.min() < 1
    assert 19 < years.max() <= 20
    assert pay.min() > 15_000
    assert (np.diff(pay) > 0).mean() > 0.999
    steepest = np.diff(pay).max(axis=1)
    assert 0.3 < (steepest > 5_700).mean() < 0.9  # some are promoted, some never


def test_sines_are_the_published_definition() -> None:
    table = sines(count=200, window=30, features=3)
    waves = 2 * table.drop(columns="sequence").to_numpy().reshape(200, 30, 3) - 1
    shift = np.arcsin(waves[:, 0])
    frequency = np.arcsin(waves[:, 1]) - shift
    for parameter in (shift, frequency):
        assert 0 <= parameter.min() < parameter.max() <= 0.1
        assert parameter.mean() == pytest.approx(0.05, abs=0.005)
    steps = np.arange(30)[:, None]
    expected = np.sin(frequency[:, None] * steps + shift[:, None])
    np.testing.assert_allclose(waves, expected, atol=1e-9)


@pytest.mark.parametrize("generate", [salary, sines])
def test_a_table_is_a_function_of_its_seed(generate: Callable[..., pd.DataFrame]) -> None:
    pd.testing.assert_frame_equal(generate(seed=3), generate(seed=3))
    assert not generate(seed=3).equals(generate(seed=4))


def test_generators_know_the_length_of_a_window() -> None:
    assert (GENERATORS["sines"](64).groupby("sequence").size() == 64).all()
    assert (GENERATORS["salary"](24).groupby("sequence").size() == 24).all()
