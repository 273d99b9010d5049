"""Windows of a pool have the levels and spreads of training windows at each step."""

import numpy as np
import pytest

from timegan.data.step_statistics import MIN_WINDOWS, step_statistics
from timegan.data.windows import Windows
from timegan.sampling.step_calibration import StepCalibration
from timegan.seeds import rng

N, T = 4_000, 12


def windows_of(values: np.ndarray, lengths: np.ndarray | None = None) -> Windows:
    """Return windows (N, T, C) as those of a table whose sequences they are."""
    rows = values.reshape(-1, values.shape[2]).astype(np.float32)
    return Windows(rows, np.arange(len(values)) * values.shape[1], values.shape[1], lengths)


def growing(slope: float, spread: float) -> np.ndarray:
    """Return windows whose level rises and whose spread grows with each step."""
    t = np.arange(T)[:, None]
    return 5 + slope * t + (1 + spread * t) * rng(0, "growing").normal(size=(N, T, 1))


def test_windows_of_a_long_series_have_one_level_and_one_spread() -> None:
    rows = 7 + 3 * rng(0, "rows").normal(size=(20_000, 2)).astype(np.float32)
    found = step_statistics(Windows(rows, np.arange(len(rows) - T + 1), T))
    assert found is not None
    means, stds = found
    assert np.abs(means).max() < 0.01
    assert np.abs(stds - 1).max() < 0.01


def test_statistics_are_those_of_full_windows_in_units_of_all_steps() -> None:
    values = growing(0.3, 0.1)
    lengths = np.full(N, T)
    values[::2, 5:] = 0
    lengths[::2] = 5
    full = values[1::2]
    found = step_statistics(windows_of(values, lengths))
    assert found is not None
    np.testing.assert_allclose(found[0], (full.mean(0) - full.mean()) / full.std(), atol=1e-5)
    np.testing.assert_allclose(found[1], full.std(0) / full.std(), atol=1e-5)


def test_few_windows_have_no_statistics_and_a_constant_has_no_spread() -> None:
    assert step_statistics(windows_of(growing(0, 0)[: MIN_WINDOWS - 1])) is None
    found = step_statistics(windows_of(np.ones((MIN_WINDOWS, T, 1))))
    assert found is not None
    assert not found.any()


@pytest.mark.parametrize("real", [growing(0.0, 0.0), growing(0.5, 0.2)])
def test_drift_and_spread_become_those_of_training(real: np.ndarray) -> None:
    statistics = step_statistics(windows_of(real))
    assert statistics is not None
    made = 100 * growing(-0.4, 0.5)
    mapped = StepCalibration.fit(np.split(made, 4), *statistics)(made)
    assert mapped.dtype == np.float32
    unit, wanted = made.std(), real.std()
    for statistic in (np.mean, np.std):
        ours, theirs = statistic(mapped, axis=0), statistic(real, axis=0)
        level = made.mean() if statistic is np.mean else 0.0
        origin = real.mean() if statistic is np.mean else 0.0
        np.testing.assert_allclose((ours - level) / unit, (theirs - origin) / wanted, atol=1e-3)


def test_windows_that_are_right_or_of_unknown_statistics_are_left_alone() -> None:
    real = growing(0.5, 0.2)
    statistics = step_statistics(windows_of(real))
    assert statistics is not None
    assert StepCalibration.fit([real], *statistics)(real) == pytest.approx(real, abs=1e-3)
    unknown = np.zeros((T, 1))
    mapped = StepCalibration.fit([real], unknown, unknown)(real)
    assert np.array_equal(mapped, real.astype(np.float32))


def test_a_step_without_spread_is_moved_and_not_blown_up() -> None:
    real, made = growing(0.0, 0.0), growing(0.0, 0.0)
    made[:, 0] = 20 + 1e-6 * made[:, 0]
    statistics = step_statistics(windows_of(real))
    assert statistics is not None
    mapped = StepCalibration.fit([made], *statistics)(made)
    assert mapped[:, 0].std() < 1e-5
    assert mapped[:, 0].mean() == pytest.approx(made.mean(), abs=0.1)
