"""Scalings: increasing maps to the model's units, and the exact way back."""

import numpy as np
import pytest
from scipy.stats import kurtosis, rankdata
from scipy.stats import norm as normal

from timegan.data.kinds.base import differences
from timegan.data.scalings import SCALINGS, Log, Rank, choose, roughness, unevenness
from timegan.errors import InputError
from timegan.seeds import rng

DRAW = rng(0, "columns")
SAMPLES = {
    "normal": DRAW.standard_normal(3_000).cumsum().round(4),
    "skewed": np.exp(2 * DRAW.standard_normal(3_000)).round(2),
    "zeros": (DRAW.integers(0, 5, 3_000) * (DRAW.random(3_000) < 0.2)).astype(float),
    "lattice": DRAW.integers(0, 150, 3_000) / 10,
    "binary": DRAW.integers(0, 2, 3_000).astype(float),
    "few rows": DRAW.standard_normal(7).round(2),
    "two rows": np.array([3.0, 8.0]),
    "large": DRAW.integers(10**9, 10**10, 3_000).astype(float),
    "small": np.linspace(1e-8, 3e-8, 50),
}


def column(sample: str, scaling: str) -> np.ndarray:
    """A sample; a logarithm gets it above zero."""
    values = SAMPLES[sample]
    return values - values.min() + 1.5 if scaling == "log" and values.min() <= 0 else values


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_backward_after_forward_is_the_column(sample: str, scaling: str) -> None:
    values = column(sample, scaling)
    fit = SCALINGS[scaling].fit(values)
    tolerance = 1e-12 * abs(values).max()
    np.testing.assert_allclose(fit.backward(fit.forward(values)), values, rtol=0, atol=tolerance)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_scalings_keep_the_order(sample: str, scaling: str) -> None:
    values = np.unique(column(sample, scaling))
    fit = SCALINGS[scaling].fit(column(sample, scaling))
    assert (np.diff(fit.forward(values)) > 0).all()
    assert (np.diff(fit.backward(np.linspace(-5, 5, 1_000))) >= 0).all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_what_the_model_makes_stays_in_the_training_range(scaling: str) -> None:
    values = column("skewed", scaling)
    made = SCALINGS[scaling].fit(values).backward(np.array([-1e6, 0.3, 1e6]))
    assert made[0] == values.min()
    assert values.min() < made[1] < values.max()
    assert made[2] == values.max()


def test_minmax_is_the_authors_formula() -> None:
    values = SAMPLES["normal"]
    expected = (values - values.min()) / (values.max() - values.min() + 1e-7)
    np.testing.assert_allclose(SCALINGS["minmax"].fit(values).forward(values), expected, rtol=1e-12)


@pytest.mark.parametrize("scaling", ["standard", "log", "rank"])
@pytest.mark.parametrize("sample", ["normal", "skewed", "zeros"])
def test_scaled_features_have_mean_0_and_variance_1(scaling: str, sample: str) -> None:
    values = column(sample, scaling)
    scaled = SCALINGS[scaling].fit(values).forward(values)
    np.testing.assert_allclose([scaled.mean(), scaled.std()], [0, 1], atol=1e-12)


def test_ranks_become_normal_quantiles() -> None:
    values = np.exp(DRAW.standard_normal(900))
    quantiles = normal.ppf((rankdata(values) - 0.5) / 900)
    expected = (quantiles - quantiles.mean()) / quantiles.std()
    np.testing.assert_allclose(Rank.fit(values).forward(values), expected, atol=1e-12)


def test_ranks_need_at_most_a_thousand_nodes() -> None:
    values = np.exp(DRAW.standard_normal(20_000))
    fit = Rank.fit(values)
    assert len(fit.nodes) <= 1_000
    quantiles = normal.ppf((rankdata(values) - 0.5) / 20_000)
    assert np.abs(fit.forward(values) * fit.std + fit.mean - quantiles).max() < 0.02


def test_an_atom_owns_the_quantiles_of_its_mass() -> None:
    values = np.concatenate([np.zeros(700), DRAW.random(300) + 1])
    made = Rank.fit(values).backward(DRAW.standard_normal(100_000))
    assert (made == 0).mean() == pytest.approx(0.7, abs=0.05)


def test_smooth_series_keep_their_shape_and_others_are_made_normal() -> None:
    time = np.arange(3_000)
    wave, noise = np.sin(time / 20), DRAW.standard_normal(3_000)
    ramp = np.round(0.1 + 0.5 * time, 1)
    spiky = wave.copy()
    spiky[::2_999] = 40.0
    held = np.clip(wave, -0.3, 1)
    names = {"wave": wave, "ramp": ramp, "noise": noise, "spiky": spiky, "held": held}
    chosen = {k: choose(v, *differences(v, np.array([0]))) for k, v in names.items()}
    assert chosen == {
        "wave": "standard",
        "ramp": "standard",
        "noise": "rank",
        "spiky": "rank",
        "held": "rank",
    }


def test_the_choice_does_not_look_across_breaks() -> None:
    ramps = np.tile(np.linspace(0, 1, 50), 20) + np.repeat(DRAW.random(20), 50)
    assert choose(ramps, *differences(ramps, np.arange(0, 1_000, 50))) == "standard"


def test_roughness_of_white_noise_is_the_root_of_three() -> None:
    noise = DRAW.standard_normal(100_000)
    assert roughness(np.diff(noise), np.diff(noise, n=2)) == pytest.approx(3**0.5, rel=0.01)
    assert kurtosis(noise) < 1
    assert choose(noise[:2], (noise[:1], noise[1:2]), np.empty(0)) == "rank"


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
    chosen = {k: choose(v, *differences(v, np.array([0]))) for k, v in names.items()}
    assert chosen.pop("prices") == "log"
    assert "log" not in chosen.values()


def test_unevenness_is_zero_where_steps_are_alike_and_where_there_are_too_few() -> None:
    walk = DRAW.standard_normal(50_000).cumsum()
    assert unevenness(walk[:-1], walk[1:]) < 0.05
    assert unevenness(np.exp(walk[:-1] / 50), np.exp(walk[1:] / 50)) > 0.5
    assert unevenness(walk[:5], walk[1:6]) == 0


def test_a_logarithm_wants_numbers_above_zero() -> None:
    with pytest.raises(InputError, match="scaling=log: a column has the value -2"):
        Log.fit(np.array([1.0, -2.0, 3.0]))
