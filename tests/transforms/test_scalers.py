"""Scalers: increasing maps to the model's units, and their exact inverses."""

import numpy as np
import pytest
from scipy.stats import norm as normal
from scipy.stats import rankdata

from timegan.errors import InputError
from timegan.seeds import rng
from timegan.transforms.scalers import SCALERS, LogScaler, QuantileNormalizer

DRAW = rng(0, "columns")
SAMPLES = {
    "normal": DRAW.standard_normal(3_000).cumsum().round(4),
    "skewed": np.exp(2 * DRAW.standard_normal(3_000)).round(2),
    "zeros": (DRAW.integers(0, 5, 3_000) * (DRAW.random(3_000) < 0.2)).astype(float),
    "grid": DRAW.integers(0, 150, 3_000) / 10,
    "binary": DRAW.integers(0, 2, 3_000).astype(float),
    "few rows": DRAW.standard_normal(7).round(2),
    "two rows": np.array([3.0, 8.0]),
    "large": DRAW.integers(10**9, 10**10, 3_000).astype(float),
    "small": np.linspace(1e-8, 3e-8, 50),
}


def column(sample: str, scaling: str) -> np.ndarray:
    """Return a sample, above zero for a logarithm."""
    values = SAMPLES[sample]
    return values - values.min() + 1.5 if scaling == "log" and values.min() <= 0 else values


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scaling", SCALERS)
def test_backward_after_forward_is_the_column(sample: str, scaling: str) -> None:
    values = column(sample, scaling)
    fit = SCALERS[scaling].fit(values)
    tolerance = 1e-12 * abs(values).max()
    np.testing.assert_allclose(
        fit.inverse_transform(fit.transform(values)), values, rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scaling", SCALERS)
def test_scalings_keep_the_order(sample: str, scaling: str) -> None:
    values = np.unique(column(sample, scaling))
    fit = SCALERS[scaling].fit(column(sample, scaling))
    assert (np.diff(fit.transform(values)) > 0).all()
    assert (np.diff(fit.inverse_transform(np.linspace(-5, 5, 1_000))) >= 0).all()


@pytest.mark.parametrize("scaling", SCALERS)
def test_what_the_model_makes_covers_the_training_range(scaling: str) -> None:
    values = column("skewed", scaling)
    made = SCALERS[scaling].fit(values).inverse_transform(np.array([-1e6, 0.3, 1e6]))
    assert made[0] <= values.min()
    assert values.min() < made[1] < values.max()
    assert made[2] >= values.max()


def test_minmax_is_the_authors_formula() -> None:
    values = SAMPLES["normal"]
    expected = (values - values.min()) / (values.max() - values.min() + 1e-7)
    np.testing.assert_allclose(
        SCALERS["minmax"].fit(values).transform(values), expected, rtol=1e-12
    )


@pytest.mark.parametrize("scaling", ["standard", "log", "rank"])
@pytest.mark.parametrize("sample", ["normal", "skewed", "zeros"])
def test_scaled_features_have_mean_0_and_variance_1(scaling: str, sample: str) -> None:
    values = column(sample, scaling)
    scaled = SCALERS[scaling].fit(values).transform(values)
    np.testing.assert_allclose([scaled.mean(), scaled.std()], [0, 1], atol=1e-12)


def test_ranks_become_normal_quantiles() -> None:
    values = np.exp(DRAW.standard_normal(900))
    quantiles = normal.ppf((rankdata(values) - 0.5) / 900)
    expected = (quantiles - quantiles.mean()) / quantiles.std()
    np.testing.assert_allclose(
        QuantileNormalizer.fit(values).transform(values), expected, atol=1e-12
    )


def test_ranks_need_at_most_a_thousand_nodes() -> None:
    values = np.exp(DRAW.standard_normal(20_000))
    fit = QuantileNormalizer.fit(values)
    assert len(fit.nodes) <= 1_000
    quantiles = normal.ppf((rankdata(values) - 0.5) / 20_000)
    assert np.abs(fit.transform(values) * fit.std + fit.mean - quantiles).max() < 0.02


def test_an_atom_owns_the_quantiles_of_its_mass() -> None:
    values = np.concatenate([np.zeros(700), DRAW.random(300) + 1])
    made = QuantileNormalizer.fit(values).inverse_transform(DRAW.standard_normal(100_000))
    assert (made == 0).mean() == pytest.approx(0.7, abs=0.05)


def test_a_logarithm_wants_numbers_above_zero() -> None:
    with pytest.raises(InputError, match="scaling=log: a column has the value -2"):
        LogScaler.fit(np.array([1.0, -2.0, 3.0]))
