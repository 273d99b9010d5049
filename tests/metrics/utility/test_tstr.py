"""Usefulness: another sample teaches as much as real windows, worse ones teach less."""

import numpy as np
import pytest

from timegan.metrics.utility.tstr import errors, horizons, ratio
from timegan.metrics.windows import Array


def turning(count: int, seed: int, noise: float = 0.02) -> Array:
    """Return points on circles, at constant speeds that differ by window."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 6, (count, 1)) + rng.uniform(0.2, 0.6, (count, 1)) * np.arange(12)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    found: Array = x + noise * rng.normal(size=x.shape)
    return found


REAL, OTHER, TEST = turning(500, 0), turning(500, 1), turning(300, 2)


def ratios(*sets: Array, ahead: int = 1) -> list[float]:
    found = errors([REAL, *sets], TEST, ahead, seed=0, iterations=300)
    values = [ratio(found, place, 0) for place in range(1, 1 + len(sets))]
    assert all(value is not None for value in values)
    return [float(value or 0) for value in values]


@pytest.mark.parametrize("ahead", [1, 3])
def test_another_sample_is_as_useful_as_real_windows(ahead: int) -> None:
    assert ratios(OTHER, ahead=ahead) == pytest.approx([1.0], abs=0.1)


@pytest.mark.parametrize("ahead", [1, 3])
def test_more_noise_teaches_less(ahead: int) -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=OTHER.shape)
    found = ratios(OTHER, *(OTHER + s * noise for s in (0.1, 0.3, 1.0)), ahead=ahead)
    assert found == sorted(found)
    assert found[-1] > 2


def test_windows_shuffled_in_time_teach_less_the_more_of_them_there_are() -> None:
    order = np.random.default_rng(4).permuted(np.tile(np.arange(12), (500, 1)), axis=1)
    sets = []
    for share in (0.0, 0.3, 0.6, 1.0):
        mixed = OTHER.copy()
        some = slice(0, int(500 * share))
        mixed[some] = np.take_along_axis(OTHER[some], order[some, :, None], axis=1)
        sets.append(mixed[np.random.default_rng(5).permutation(500)])
    found = ratios(*sets)
    assert found == sorted(found)
    assert found[-1] > 2


def test_forecasters_beat_the_last_value_where_there_is_something_to_learn() -> None:
    found = errors([REAL], TEST, 1, seed=0, iterations=300)
    for kind in ("linear", "neural"):
        assert found[kind][0] < 0.5 * found["last_value"][0]


def test_the_linear_forecaster_finds_a_linear_law() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5, 2))
    x[:, 4, 0] = x[:, 3, 0] + 2 * (x[:, 1, 1] - x[:, 3, 1])
    x[:, 4, 1] = x[:, 3, 1]
    found = errors([x[:300]], x[300:], 1, seed=0, iterations=1)
    assert found["linear"][0] < 1e-3


def test_a_perfect_forecast_has_no_ratio() -> None:
    still = np.repeat(np.random.default_rng(0).normal(size=(60, 1, 2)), 6, axis=1)
    found = errors([still, still], still, 1, seed=0, iterations=10)
    assert ratio(found, 1, 0) is None


@pytest.mark.parametrize(("steps", "expected"), [(2, [1]), (7, [1]), (8, [1, 2]), (100, [1, 25])])
def test_horizons_leave_a_past(steps: int, expected: list[int]) -> None:
    assert horizons(steps) == expected
