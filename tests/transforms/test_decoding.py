"""Every column type: the inverse of its transform is exact."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lookalike_tables import LOOKS, column, fit_one, number, punched
from timegan.seeds import rng
from timegan.tables.value_limits import ValueLimits
from timegan.transforms import (
    TRANSFORMERS,
    ColumnTransformer,
    DecodingNoise,
    detect,
    fit_transformers,
    from_channels,
    restore,
    state,
    to_channels,
)
from timegan.transforms.base import FitOptions
from timegan.transforms.derived import AffineCopy, WhiteNoise
from timegan.transforms.missing import Missing

KNOWN = [kind for kind in LOOKS if kind != "white_noise"]


def fitted(
    kind: str, values: np.ndarray, breaks: np.ndarray, scaling: str = "auto", jitter: float = 0.5
) -> ColumnTransformer:
    params = {}
    if kind == "piecewise_linear":
        params = {"period": 6, "phase": 0, "readings": np.arange(len(values)) % 6 == 0}
    return fit_one(kind, values, breaks, scaling, jitter, **params)


def again(
    kind: ColumnTransformer, values: np.ndarray, breaks: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Return values after the transform and its inverse."""
    channels = kind.transform(values, breaks, rng(seed))
    assert channels.shape == (len(values), kind.width)
    assert np.isfinite(channels).all()
    none = np.zeros((1, len(values)))
    return np.asarray(kind.inverse_transform(channels[None], DecodingNoise(np.zeros(1), none))[0])


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(KNOWN),
    rows=st.integers(60, 400),
    seed=st.integers(0, 10_000),
    holes=st.booleans(),
    scaling=st.sampled_from(["auto", "minmax", "standard", "rank"]),
    jitter=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_what_was_encoded_comes_back_exactly(
    kind: str, rows: int, seed: int, holes: bool, scaling: str, jitter: float
) -> None:
    values, breaks = column(kind, rows, seed), np.array([0])
    # A ramp's readings are spared: a line whose end is missing cannot be drawn again.
    values = (
        punched(values, seed, spared=6 if kind == "piecewise_linear" else rows) if holes else values
    )
    if kind not in ("piecewise_linear", "piecewise_constant"):
        breaks = np.unique(np.append(rng(seed).integers(0, rows, 3), 0))
    if np.unique(values[~np.isnan(values)]).size < 2:
        return
    fit_once = fitted(kind, values, breaks, scaling, jitter)
    np.testing.assert_array_equal(again(fit_once, values, breaks, seed), values)
    stored = json.loads(json.dumps(state([fit_once])))
    np.testing.assert_array_equal(again(restore(stored)[0], values, breaks, seed), values)
    assert isinstance(fit_once, Missing) == bool(np.isnan(values).any())


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(list(LOOKS)), seed=st.integers(0, 10_000), holes=st.booleans())
def test_rows_that_the_fit_has_not_seen_are_clipped_to_limits(
    kind: str, seed: int, holes: bool
) -> None:
    values, breaks = column(kind, 300, seed), np.array([0])
    values = punched(values, seed) if holes else values
    part = values[:120]
    there = part[~np.isnan(part)]
    if np.unique(there).size < 2 or (kind == "boolean" and np.unique(there).size < 2):
        return
    kinds = (fitted(kind, part, breaks),)
    strange = np.append(values, [there.max() + 1e6, there.min() - 1e6])[:, None]
    channels = to_channels(kinds, strange, breaks)
    assert np.isfinite(channels).all()
    made = from_channels(kinds, channels[None], lambda i: rng(i).random((1, len(strange))))
    known = made[~np.isnan(made)]
    limits = ValueLimits.fit(there)
    assert limits.low <= known.min()
    assert known.max() <= limits.high


@pytest.mark.parametrize("kind", KNOWN)
def test_channels_have_about_zero_mean_and_unit_variance(kind: str) -> None:
    values, breaks = column(kind, 5_000, 1), np.array([0])
    for jitter in (0.0, 0.5, 1.0):
        channels = fitted(kind, values, breaks, jitter=jitter).transform(values, breaks, rng(0))
        np.testing.assert_allclose(channels.mean(axis=0), 0, atol=0.2)
        np.testing.assert_allclose(channels.std(axis=0), 1, atol=0.15)


def test_a_flag_that_fills_its_stretches_is_normal() -> None:
    values, breaks = column("boolean", 20_000, 3), np.arange(20_000)  # each row for itself
    channel = fitted("boolean", values, breaks, jitter=1.0).transform(values, breaks, rng(0))[:, 0]
    assert abs(float(((channel - channel.mean()) ** 4).mean()) / channel.std() ** 4 - 3) < 0.2


def test_jitter_changes_atoms_only() -> None:
    for kind, atoms in (("continuous", False), ("zero_inflated", True)):
        values, breaks = column(kind, 2_000, 0), np.array([0])
        sharp, wide = (fitted(kind, values, breaks, "rank", jitter=j) for j in (0.0, 0.5))
        a, b = (k.transform(values, breaks, rng(0)) for k in (sharp, wide))
        assert np.array_equal(a, b) != atoms


@pytest.mark.parametrize("scaling", ["minmax", "standard", "rank"])
def test_a_continuous_column_gets_the_numbers_of_its_scaling(scaling: str) -> None:
    from timegan.transforms.scalers import SCALERS

    values = column("continuous", 500, 0)
    channel = fitted("continuous", values, np.array([0]), scaling).transform(
        values, np.array([0]), rng(0)
    )
    np.testing.assert_array_equal(channel[:, 0], SCALERS[scaling].fit(values).transform(values))


def test_single_precision_comes_back_as_it_was() -> None:
    values = np.array([0.1, 0.25, 1.7, 0.3, 2.1] * 4, dtype=np.float32).astype(float)
    kind = fit_one("continuous", values, np.array([0]), dtype="float32")
    np.testing.assert_array_equal(again(kind, values, np.array([0])), values)


def test_a_constant_needs_no_channel_and_a_column_of_holes_neither() -> None:
    values = np.stack([np.full(50, 7.5), np.full(50, np.nan)], axis=1)
    fields = [number("a"), number("b")]
    found = detect(values, np.array([0]), fields)
    assert [f.column_type for f in found] == ["constant", "constant"]
    kinds = fit_transformers(found, fields, values, np.array([0]))
    kinds = restore(json.loads(json.dumps(state(kinds))))
    channels = to_channels(kinds, values, np.array([0]))
    assert channels.shape == (50, 0)
    made = from_channels(kinds, channels[None], lambda i: np.zeros((1, 50)))
    np.testing.assert_array_equal(made[0], values)


def test_a_constant_with_holes_keeps_them() -> None:
    values = np.where(np.arange(60) % 7 == 0, np.nan, 3.0)
    found = detect(values[:, None], np.array([0]), [number("x")])
    kind = fit_transformers(found, [number("x")], values[:, None], np.array([0]))[0]
    assert kind.width == 1
    np.testing.assert_array_equal(again(kind, values, np.array([0])), values)


@settings(max_examples=30, deadline=None)
@given(
    factor=st.sampled_from([1.0, 2.0, -1.0, 1.8, 0.001, 1 / 3]),
    shift=st.sampled_from([0.0, 32.0, -7.25]),
    decimals=st.integers(3, 6),
    seed=st.integers(0, 1_000),
)
def test_an_image_of_another_column_is_tied_to_the_bit(
    factor: float, shift: float, decimals: int, seed: int
) -> None:
    source = np.round(50 * column("continuous", 400, seed), 2)
    image = np.round(factor * source + shift, decimals)
    values = np.stack([source, image], axis=1)
    fields = [number("x"), number("y")]
    found = detect(values, np.array([0]), fields)
    if factor == 1 / 3:
        return  # its digits do not end: it may stay a column of its own
    assert [f.column_type for f in found][1] == "affine_copy"
    kinds = restore(
        json.loads(json.dumps(state(fit_transformers(found, fields, values, np.array([0])))))
    )
    channels = to_channels(kinds, values, np.array([0])).astype(float)
    channels = channels + 0.1 * rng(seed).standard_normal(channels.shape)
    made = from_channels(kinds, channels[None], lambda i: np.zeros((1, 400)))[0]
    inside = (made[:, 1] > image.min()) & (made[:, 1] < image.max())
    expected = np.round(factor * made[:, 0] + shift, decimals)
    np.testing.assert_array_equal(made[inside, 1], expected[inside])


def test_a_copy_says_where_its_values_come_from() -> None:
    with pytest.raises(TypeError, match="inverse_transform_from"):
        AffineCopy(0).inverse_transform(np.zeros((1, 3, 0)))


def test_noise_is_drawn_from_its_distribution_on_its_lattice() -> None:
    values = np.round(np.exp(rng(0).standard_normal(5_000)), 1)
    kind = WhiteNoise.fit(values, np.array([0]), FitOptions())
    made = kind.inverse_transform(
        np.zeros((50, 200, 0)), DecodingNoise(np.zeros(50), rng(1).random((50, 200)))
    )
    assert np.isin(np.unique(made), np.round(np.arange(0, 1_000) / 10, 1)).all()
    shares = [np.quantile(made, q) for q in (0.1, 0.5, 0.9, 0.99)]
    np.testing.assert_allclose(shares, np.quantile(values, [0.1, 0.5, 0.9, 0.99]), rtol=0.06)


def test_all_kinds_are_tried_here() -> None:
    assert {*LOOKS, "constant", "affine_copy", "missing"} == set(TRANSFORMERS)
