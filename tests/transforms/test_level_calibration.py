"""Shifts of windows: levels become right, and changes stay as they are."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.transforms.lookalike_tables import fit_one
from timegan.seeds import rng
from timegan.transforms.level_calibration import LevelCalibration, smooth_channels

COUNT, WINDOW = 1_500, 12


def windows(seed: int, centres: tuple[float, ...], spread: float) -> np.ndarray:
    """Return windows of walks (N, T, 2) around few levels, in one channel, and of white noise."""
    random = rng(seed)
    level = random.choice(centres, COUNT) + spread * random.standard_normal(COUNT)
    steps = 0.05 * random.standard_normal((COUNT, WINDOW)).cumsum(axis=1)
    return np.stack([level[:, None] + steps, random.standard_normal((COUNT, WINDOW))], axis=2)


REAL = windows(0, (-1.0, 0.2, 1.5), 0.1)
MADE = windows(1, (-0.8, 0.8), 0.5)
FULL = np.full(COUNT, WINDOW)


def distance(made: np.ndarray, real: np.ndarray) -> float:
    shares = np.linspace(0.01, 0.99, 99)
    return float(np.abs(np.quantile(made, shares) - np.quantile(real, shares)).mean())


def test_levels_become_right_and_changes_stay() -> None:
    shifts = LevelCalibration.fit((MADE, FULL), (REAL, FULL), [0, 1])
    assert shifts.groups == ((0,),)  # white noise has no levels to mend
    after = shifts(MADE, FULL)
    assert distance(after[..., 0], REAL[..., 0]) < 0.2 * distance(MADE[..., 0], REAL[..., 0])
    factor = np.array([*shifts.gains, 1.0])
    assert factor[0] == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(np.diff(after, axis=1), factor * np.diff(MADE, axis=1), atol=1e-12)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_changes_get_the_size_of_real_ones(factor: float) -> None:
    level = MADE.mean(axis=1, keepdims=True)
    made = level + factor * (MADE - level)
    after = LevelCalibration.fit((made, FULL), (REAL, FULL), [0, 1])(made, FULL)
    real, found = (np.diff(x[..., 0], axis=1).std() for x in (REAL, after))
    assert found == pytest.approx(real, rel=0.03)
    np.testing.assert_array_equal(after[..., 1], made[..., 1])


def test_changes_of_long_series_are_stretched_by_the_same_factor() -> None:
    shifts = LevelCalibration.fit((MADE, FULL), (REAL, FULL), [0])
    walk = 0.05 * rng(6).standard_normal((1, 5_000, 1)).cumsum(axis=1)
    usual, stretched = (
        np.diff(replace(shifts, gains=(gain,))(walk, np.array([5_000]))[..., 0]).std()
        for gain in (1.0, 1.25)
    )
    assert stretched / usual == pytest.approx(1.25, rel=0.1)


def test_what_lies_behind_the_end_of_a_sequence_does_not_count() -> None:
    lengths = rng(2).integers(1, WINDOW + 1, COUNT)
    beyond = np.arange(WINDOW) >= lengths[:, None]
    junk = np.where(beyond[..., None], 99.0, MADE)
    clean = np.where(beyond[..., None], 0.0, MADE)
    fits = [LevelCalibration.fit((made, lengths), (REAL, FULL), [0]) for made in (junk, clean)]
    assert fits[0] == fits[1]
    one, other = (fits[0](made, lengths)[~beyond] for made in (junk, clean))
    np.testing.assert_array_equal(one, other)


def test_channels_that_move_together_keep_their_differences() -> None:
    gap = 0.01 * rng(4).random((COUNT, 1)) * np.ones(WINDOW)
    real, made = (np.stack([x[..., 0], x[..., 0] + gap], axis=2) for x in (REAL, MADE))
    shifts = LevelCalibration.fit((made, FULL), (real, FULL), [0, 1])
    assert shifts.groups == ((0, 1),)
    after = shifts(made, FULL)
    np.testing.assert_allclose(after[..., 1] - after[..., 0], gap, atol=1e-12)
    assert distance(after[..., 1], real[..., 1]) < 0.2 * distance(made[..., 1], real[..., 1])


def test_a_long_series_is_shifted_by_the_levels_around_each_step() -> None:
    shifts = LevelCalibration.fit((MADE, FULL), (REAL, FULL), [0])
    slow = np.sin(0.02 * rng(5).standard_normal(20_000).cumsum())
    ranks = (slow.argsort().argsort() + 0.5) / slow.size
    series = np.quantile(MADE[..., 0], ranks)[None, :, None] + np.zeros((1, 1, 2))
    long = shifts(series, np.array([series.shape[1]]))
    assert long.shape == series.shape
    assert distance(long[..., 0], REAL[..., 0]) < distance(series[..., 0], REAL[..., 0])
    size = np.diff(long[..., 0]).std() / np.diff(series[..., 0]).std()
    assert 0.8 < size < 1.25


@pytest.mark.parametrize("count", [10, 99])
def test_the_levels_of_few_windows_are_not_copied(count: int) -> None:
    few = REAL[:count], FULL[:count]
    shifts = LevelCalibration.fit((MADE, FULL), few, [0])
    assert shifts.groups == ()
    assert shifts(MADE, FULL) is MADE


def test_the_state_survives_json() -> None:
    shifts = LevelCalibration.fit((MADE, FULL), (REAL, FULL), [0, 1])
    again = LevelCalibration.from_state(json.loads(json.dumps(shifts.state())))
    assert again == shifts


def test_numbers_without_frequent_values_can_be_shifted() -> None:
    random, start = rng(3), np.array([0])
    smooth = random.standard_normal(500).cumsum().round(3)
    zeros = np.where(random.random(500) < 0.5, 0.0, np.exp(random.standard_normal(500)).round(3))
    kinds = [
        fit_one("continuous", smooth, start),
        fit_one("zero_inflated", zeros, start),
        fit_one("continuous", smooth, start, "minmax"),
        fit_one("continuous", np.where(random.random(500) < 0.1, np.nan, smooth), start),
    ]
    assert smooth_channels(kinds) == [0, 3]
