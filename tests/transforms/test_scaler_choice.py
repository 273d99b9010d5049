"""Choice of the scaler that suits a feature."""

import numpy as np
import pytest
from scipy.stats import kurtosis

from timegan.seeds import rng
from timegan.transforms.base import differences
from timegan.transforms.scaler_choice import choose_scaler, level_dependence, roughness

DRAW = rng(0, "columns")


def autoregression(share: float, count: int = 3_000) -> np.ndarray:
    """Return a stationary series of normal values, each with a share of the one before."""
    draws = DRAW.standard_normal(count)
    values = np.zeros(count)
    for row in range(1, count):
        values[row] = share * values[row - 1] + draws[row]
    return values


def test_series_with_memory_keep_their_shape_and_others_are_made_normal() -> None:
    time = np.arange(3_000)
    wave, noise = np.sin(time / 20), DRAW.standard_normal(3_000)
    ramp = np.round(0.1 + 0.5 * time, 1)
    rough = autoregression(0.5)
    spiky = wave.copy()
    spiky[::2_999] = 40.0
    held = np.clip(wave, -0.3, 1)
    names = {"wave": wave, "ramp": ramp, "noise": noise, "spiky": spiky, "held": held}
    names |= {"rough": rough, "rounded": rough.round(1), "halves": (2 * rough).round() / 2}
    names |= {"often one value": np.where(DRAW.random(3_000) < 0.04, 0.7, rough)}
    chosen = {k: choose_scaler(v, *differences(v, np.array([0]))) for k, v in names.items()}
    assert chosen == {
        "wave": "standard",
        "ramp": "standard",
        "noise": "rank",
        "spiky": "rank",
        "held": "rank",
        "rough": "standard",
        "rounded": "standard",  # a grid's values are frequent, and none more than its neighbours
        "halves": "standard",
        "often one value": "rank",
    }


def test_the_choice_does_not_look_across_breaks() -> None:
    ramps = np.tile(np.linspace(0, 1, 50), 20) + np.repeat(DRAW.random(20), 50)
    assert choose_scaler(ramps, *differences(ramps, np.arange(0, 1_000, 50))) == "standard"


def test_roughness_of_white_noise_is_the_root_of_three() -> None:
    noise = DRAW.standard_normal(100_000)
    assert roughness(np.diff(noise), np.diff(noise, n=2)) == pytest.approx(3**0.5, rel=0.01)
    assert kurtosis(noise) < 1
    assert choose_scaler(noise[:2], (noise[:1], noise[1:2]), np.empty(0)) == "rank"


def test_what_moves_by_percentages_gets_its_logarithm_and_what_only_grows_does_not() -> None:
    steps = DRAW.standard_normal(4_000)
    prices = np.exp(0.02 * steps.cumsum())
    walk = np.cumsum(steps)
    names = {
        "prices": prices,
        "a walk far from zero": walk - walk.min() + 10,  # steps alike at all levels
        "below zero": -prices,
        "prices with many zeros": np.where(np.arange(4_000) % 10 == 0, 0.0, prices),
        "a narrow range": 1_000 + prices,
    }
    chosen = {k: choose_scaler(v, *differences(v, np.array([0]))) for k, v in names.items()}
    assert chosen.pop("prices") == "log"
    assert "log" not in chosen.values()


def test_unevenness_is_zero_where_steps_are_alike_and_where_there_are_too_few() -> None:
    walk = DRAW.standard_normal(50_000).cumsum()
    assert level_dependence(walk[:-1], walk[1:]) < 0.05
    assert level_dependence(np.exp(walk[:-1] / 50), np.exp(walk[1:] / 50)) > 0.5
    assert level_dependence(walk[:5], walk[1:6]) == 0
