"""Columns: the way to the model and back, and what survives the checkpoint."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis, rankdata
from scipy.stats import norm as normal

from timegan.data.columns import Columns, to_frame
from timegan.data.scalings import SCALINGS, Rank, choose, roughness
from timegan.tables.table import Schema
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


def fitted(values: np.ndarray, dtypes: list[str] | None = None, **options: Any) -> Columns:
    names = tuple(f"c{i}" for i in range(values.shape[1]))
    schema = Schema(names, tuple(dtypes or ["float64"] * len(names)))
    return Columns.fit(values, schema, **options)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scaling", [*SCALINGS, "auto"])
def test_inverse_after_transform_is_the_table(sample: str, scaling: str) -> None:
    values = SAMPLES[sample][:, None]
    columns = fitted(values, scaling=scaling)
    exact = columns.scalings[0].backward(columns.scalings[0].forward(values[:, 0]))
    span = np.ptp(values)
    np.testing.assert_allclose(exact, values[:, 0], rtol=0, atol=1e-12 * abs(values).max())
    np.testing.assert_allclose(columns.inverse(columns.transform(values)), values, atol=1e-6 * span)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_scalings_keep_the_order(sample: str, scaling: str) -> None:
    fit = SCALINGS[scaling].fit(SAMPLES[sample])
    values = np.unique(SAMPLES[sample])
    assert (np.diff(fit.forward(values)) > 0).all()
    assert (np.diff(fit.backward(np.linspace(-5, 5, 1_000))) >= 0).all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_what_the_model_makes_stays_in_the_training_range(scaling: str) -> None:
    values = SAMPLES["skewed"][:, None]
    made = fitted(values, scaling=scaling).inverse(np.array([[-1e6], [0.3], [1e6]]))
    assert made[0] == values.min()
    assert values.min() < made[1] < values.max()
    assert made[2] == values.max()


def test_minmax_is_the_authors_formula() -> None:
    values = SAMPLES["normal"]
    expected = (values - values.min()) / (values.max() - values.min() + 1e-7)
    np.testing.assert_allclose(SCALINGS["minmax"].fit(values).forward(values), expected, rtol=1e-12)


@pytest.mark.parametrize("scaling", ["standard", "rank"])
@pytest.mark.parametrize("sample", ["normal", "skewed", "zeros"])
def test_scaled_features_have_mean_0_and_variance_1(scaling: str, sample: str) -> None:
    scaled = SCALINGS[scaling].fit(SAMPLES[sample]).forward(SAMPLES[sample])
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
    chosen = fitted(np.stack(list(names.values()), axis=1), scaling="auto").scaling.values()
    assert dict(zip(names, chosen, strict=True)) == {
        "wave": "standard",
        "ramp": "standard",
        "noise": "rank",
        "spiky": "rank",
        "held": "rank",
    }


def test_the_choice_does_not_look_across_breaks() -> None:
    ramps = np.tile(np.linspace(0, 1, 50), 20) + np.repeat(DRAW.random(20), 50)
    assert fitted(ramps[:, None], scaling="auto", breaks=range(0, 1_000, 50)).scaling["c0"] == (
        "standard"
    )


def test_roughness_of_white_noise_is_the_root_of_three() -> None:
    noise = DRAW.standard_normal(100_000)
    assert roughness(np.diff(noise), np.diff(noise, n=2)) == pytest.approx(3**0.5, rel=0.01)
    assert kurtosis(noise) < 1
    assert choose(noise[:2], np.diff(noise[:2]), np.empty(0)) == "rank"


def test_values_get_the_decimals_and_the_type_of_the_table() -> None:
    values = np.stack([[1.25, 2.5, 4.0], [10.0, 20.0, 35.0], [1, 3, 4], [0, 1, 1]], axis=1)
    columns = fitted(values, ["float64", "float64", "int32", "bool"], scaling="minmax")
    assert columns.decimals == (2, 0, 0, 0)
    made = columns.inverse(rng(0).random((5, 6, 4)))
    np.testing.assert_array_equal(made[..., 0], np.round(made[..., 0], 2))
    np.testing.assert_array_equal(made[..., 1:], np.round(made[..., 1:]))
    frame = to_frame(made, columns)
    assert frame.dtypes.astype(str).tolist() == ["int64", "float64", "float64", "int32", "bool"]


def test_single_precision_has_the_decimals_that_were_written() -> None:
    values = np.array([[0.1], [0.25], [1.7]], dtype=np.float32).astype(float)
    columns = fitted(values, ["float32"])
    assert columns.decimals == (2,)
    made = to_frame(columns.inverse(columns.transform(values[None])), columns)["c0"]
    np.testing.assert_array_equal(made, values[:, 0])
    assert made.dtype == np.float32


def test_numbers_without_a_last_decimal_are_not_rounded() -> None:
    assert fitted(DRAW.random((50, 1))).decimals == (None,)


def test_the_state_survives_json() -> None:
    values = np.stack([SAMPLES["zeros"], SAMPLES["skewed"], SAMPLES["normal"]], axis=1)
    schema = Schema(("a", "b", "c"), ("int64", "float64", "float64"), "who", "str", 1)
    columns = Columns.fit(values, schema, breaks=[10], reversed=True)
    again = Columns.from_state(json.loads(json.dumps(columns.state())))
    np.testing.assert_array_equal(again.transform(values), columns.transform(values))
    made = DRAW.standard_normal((4, 6, 3))
    np.testing.assert_array_equal(again.inverse(made), columns.inverse(made))
    windows = columns.inverse(made)
    pd.testing.assert_frame_equal(again.to_frame(windows), columns.to_frame(windows))


def table(key: str | None, dtype: str, position: int = 0) -> pd.DataFrame:
    windows = np.arange(12.0).reshape(2, 3, 2)
    schema = Schema(("a", "b"), ("float64", "int64"), key, dtype, position)
    return Columns.fit(windows.reshape(6, 2), schema).to_frame(windows, sequence_start=5)


def test_a_table_without_a_key_gets_sequence_numbers_in_front() -> None:
    frame = table(None, "int64")
    assert frame.columns.tolist() == ["sequence", "a", "b"]
    assert frame["sequence"].tolist() == [5, 5, 5, 6, 6, 6]
    assert frame["b"].tolist() == [1, 3, 5, 7, 9, 11]


def test_a_table_with_a_key_keeps_its_name_place_and_kind() -> None:
    frame = table("who", "str", position=1)
    assert frame.columns.tolist() == ["a", "who", "b"]
    assert frame["who"].tolist() == ["5"] * 3 + ["6"] * 3
    assert table("who", "int32", position=2).dtypes["who"] == np.int32


def test_comparisons_use_the_training_range() -> None:
    columns = fitted(np.array([[2.0, 10.0], [4.0, 30.0]]), scaling="rank")
    np.testing.assert_allclose(columns.unit(np.array([[3.0, 15.0]])), [[0.5, 0.25]], atol=1e-6)


def test_a_constant_column_is_named() -> None:
    with pytest.raises(InputError, match=r"'c1' is 5 in every training row.*dataset\.columns"):
        fitted(np.array([[1.0, 5.0], [2.0, 5.0]]))


def test_an_unknown_scaling_is_named() -> None:
    with pytest.raises(InputError, match=r"dataset\.scaling=log .*minmax, standard, rank and auto"):
        fitted(np.array([[1.0], [2.0]]), scaling="log")
