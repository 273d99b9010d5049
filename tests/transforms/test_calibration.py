"""Calibration: samples have the training proportions, however skewed the channels are."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from tests.transforms.lookalike_tables import column, field, fit_one, held, punched, ramp
from timegan.seeds import rng
from timegan.transforms import (
    ColumnTransformer,
    DecodingNoise,
    calibrate,
    detect,
    fit_transformers,
    from_channels,
    restore,
    state,
    to_channels,
)
from timegan.transforms.base import FitOptions
from timegan.transforms.categorical import Categorical, calibrate_logits
from timegan.transforms.missing import Missing
from timegan.transforms.piecewise_constant import PiecewiseConstant
from timegan.transforms.quantile_maps import (
    MAX_NODES,
    ChannelShape,
    QuantileMap,
    ThresholdCode,
    change_sizes,
)

START = np.array([0])


def fitted(column_type: str, values: np.ndarray, **params: object) -> ColumnTransformer:
    return fit_one(column_type, values, START, **params)  # type: ignore[arg-type]


def skewed(channels: np.ndarray, shift: float, scale: float, seed: int = 0) -> np.ndarray:
    """Return channels of a poor model: blurred, shifted, scaled and bent."""
    blurred = channels + 0.5 * rng(seed).standard_normal(channels.shape)
    return np.asarray(shift + scale * np.sinh(0.5 * blurred))


def made(kind: ColumnTransformer, channels: np.ndarray) -> np.ndarray:
    draws = DecodingNoise(np.zeros(1), np.zeros((1, len(channels))))
    return np.asarray(kind.inverse_transform(channels[None], draws)[0])


SKEWS = {"shift": st.floats(-3, 3), "scale": st.floats(0.1, 4), "seed": st.integers(0, 99)}


@settings(max_examples=25, deadline=None)
@given(kind=st.sampled_from(["zero_inflated", "bounded", "boolean", "integer"]), **SKEWS)
def test_shares_are_right_from_skewed_channels(
    kind: str, shift: float, scale: float, seed: int
) -> None:
    values = column(kind, 4_000, seed)
    raw = fitted(kind, values)
    channels = skewed(raw.transform(values, START, rng(seed)), shift, scale, seed)
    kind_after = restore(json.loads(json.dumps(state([raw.calibrate(channels)]))))[0]
    after = made(kind_after, channels)
    levels, counts = np.unique(values, return_counts=True)
    for level in levels[counts >= 0.02 * len(values)]:
        assert np.mean(after == level) == pytest.approx(np.mean(values == level), abs=0.01)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 12), **SKEWS)
def test_categories_are_as_frequent_as_in_training(
    count: int, shift: float, scale: float, seed: int
) -> None:
    draw = rng(seed, "codes")
    shares = draw.dirichlet(np.full(count, 0.7))
    values = draw.choice(count, p=shares, size=6_000).astype(float)
    if np.unique(values).size < 2:
        return
    raw = fitted("categorical", values)
    channels = skewed(raw.transform(values, START, rng(seed)), shift, scale, seed)
    channels = channels * draw.uniform(0.3, 3, raw.width) + draw.normal(0, 1, raw.width)
    after = made(raw.calibrate(channels), channels)
    for code in range(count):
        assert np.mean(after == code) == pytest.approx(np.mean(values == code), abs=0.005)


def test_a_hundred_categories_are_as_frequent_as_in_training() -> None:
    draw = rng(3)
    values = draw.choice(100, p=draw.dirichlet(np.ones(100)), size=20_000).astype(float)
    raw = fitted("categorical", values)
    channels = draw.standard_normal((20_000, raw.width)) * draw.uniform(0.5, 2, raw.width)
    after = made(raw.calibrate(channels), channels)
    off = [abs(np.mean(after == code) - np.mean(values == code)) for code in range(100)]
    assert max(off) < 0.005


def test_without_calibration_skewed_channels_have_wrong_shares() -> None:
    values = column("zero_inflated", 4_000, 0)
    raw = fitted("zero_inflated", values)
    channels = skewed(raw.transform(values, START, rng(0)), 1.0, 1.0)
    assert abs(np.mean(made(raw, channels) == 0) - np.mean(values == 0)) > 0.1


def test_a_held_column_changes_as_often_as_in_training() -> None:
    values = held(rng(0), 6_000)
    raw = fitted("piecewise_constant", values)
    assert isinstance(raw, PiecewiseConstant)
    channels = skewed(raw.transform(values, START, rng(0)), 0.8, 1.5)
    share = np.mean(np.diff(values) != 0)
    after = made(raw.calibrate(channels), channels)
    assert np.mean(np.diff(after) != 0) == pytest.approx(share, abs=0.01)
    assert np.isin(after, np.round(np.arange(-100, 1_000) / 10, 1)).all()


@pytest.mark.parametrize(
    "kind",
    ["continuous", "nonnegative", "bounded", "quantized", "piecewise_constant", "piecewise_linear"],
)
def test_what_a_perfect_model_makes_moves_as_the_table_does(kind: str) -> None:
    values = column(kind, 4_000, 3)
    fields = [field(kind)]
    found = detect(values[:, None], START, fields)
    kinds = fit_transformers(found, fields, values[:, None], START)
    channels = to_channels(kinds, values[:, None], START)
    order = rng(1).permutation(len(values) - 23)
    windows = np.stack([channels[i : i + 24] for i in order])
    breaks = np.arange(0, windows.shape[0] * 24, 24)
    kinds = calibrate(kinds, windows.reshape(-1, windows.shape[2]), breaks)
    made = from_channels(kinds, windows, lambda i: np.zeros(windows.shape[:2]))[..., 0]
    real = np.stack([values[i : i + 24] for i in order])
    assert moves(made) == pytest.approx(moves(real), rel=0.1, abs=0.04)


def moves(windows: np.ndarray) -> tuple[float, float, float, float]:
    """Return mean and root mean square of changes, share of repeats, and persistence."""
    steps = np.diff(windows, axis=1)
    size = float(np.square(steps).mean())
    turn = float((steps[:, 1:] * steps[:, :-1]).mean()) / size
    return float(np.abs(steps).mean()), size**0.5, float((steps == 0).mean()), turn


def test_sequences_of_a_held_column_are_calibrated_apart() -> None:
    values = held(rng(0), 6_000)
    raw = fitted("piecewise_constant", values)
    rows = rng(1).integers(0, 5_990, 800)
    windows = raw.transform(values, START, rng(0))[rows[:, None] + np.arange(8)]  # (800, 8, 1)
    windows = windows + 0.02 * rng(2).standard_normal(windows.shape)
    kind = raw.calibrate(windows.reshape(-1, 1), np.arange(0, 6_400, 8))
    after = kind.inverse_transform(windows, DecodingNoise(np.zeros(800), np.zeros((800, 8))))
    share = np.mean(np.diff(values) != 0)
    assert np.mean(np.diff(after, axis=1) != 0) == pytest.approx(share, abs=0.01)


def test_a_logarithm_comes_out_with_the_levels_of_the_training_rows() -> None:
    values = np.exp(2 + np.sin(np.arange(4_000) / 300) + 0.1 * rng(0).standard_normal(4_000))
    raw = fit_one("continuous", values, START, "log")
    channels = 0.5 + 0.7 * np.sinh(0.5 * raw.transform(values, START, rng(0)))
    before, after = made(raw, channels), made(raw.calibrate(channels), channels)
    shares = np.linspace(0.05, 0.95, 10)
    wanted = np.log(np.quantile(values, shares))
    np.testing.assert_allclose(np.log(np.quantile(after, shares)), wanted, atol=0.02)
    assert np.abs(np.log(np.quantile(before, shares)) - wanted).max() > 0.2


def test_holes_are_as_frequent_as_in_training_and_zeros_among_the_rest() -> None:
    values = punched(column("zero_inflated", 6_000, 1), 1, 0.2)
    raw = fitted("zero_inflated", values)
    assert isinstance(raw, Missing)
    channels = skewed(raw.transform(values, START, rng(0)), -1.0, 0.7)
    after = made(raw.calibrate(channels), channels)
    assert np.mean(np.isnan(after)) == pytest.approx(np.mean(np.isnan(values)), abs=0.005)
    assert np.nanmean(after == 0) == pytest.approx(np.nanmean(values == 0), abs=0.02)


def test_a_ramp_keeps_its_atoms() -> None:
    values = np.clip(ramp(rng(4), 6_000), -10, 10)
    raw = fitted("piecewise_linear", values, period=6, phase=0, readings=np.arange(6_000) % 6 == 0)
    channels = raw.transform(values, START, rng(0)) + 0.7
    after = made(raw.calibrate(channels), channels)
    assert np.mean(after == 10) == pytest.approx(np.mean(values == 10), abs=0.01)


def test_what_is_not_calibrated_stays_as_they_are() -> None:
    raw = fit_one("continuous", column("continuous", 500, 0), START, "minmax")
    assert raw.calibrate(rng(0).standard_normal((100, 1))) is raw
    assert fitted("constant", np.ones(5)).calibrate(np.empty((9, 0))).width == 0


def test_calibrating_twice_is_calibrating_once_and_leaves_the_way_to_the_model() -> None:
    values = np.stack([column(k, 2_000, 0) for k in ("zero_inflated", "categorical")], axis=1)
    kinds = tuple(
        fit_one(kind, values[:, i], START)
        for i, kind in enumerate(("zero_inflated", "categorical"))
    )
    channels = skewed(to_channels(kinds, values, START), 1.0, 2.0)
    once = calibrate(kinds, channels)
    np.testing.assert_equal(state(calibrate(once, channels)), state(once))
    np.testing.assert_array_equal(
        to_channels(once, values, START), to_channels(kinds, values, START)
    )


def test_what_never_happened_never_will() -> None:
    flag = ThresholdCode.fit(np.zeros(500, dtype=bool))
    assert not flag.inverse_transform(flag.transform(np.zeros(500, bool), START, rng(0))).any()
    noise = 3 * rng(0).standard_normal(10_000)
    assert not flag.calibrate(noise).inverse_transform(noise).any()


def test_a_map_is_monotone_has_few_nodes_and_bears_ties() -> None:
    scores = np.round(rng(0).standard_normal(3_000) * 2 + 1, 1)
    scores[:1_000] = 0.5
    warp = QuantileMap.choose(scores, ndtri, lambda _: (0.0, 0.0), np.linspace(0.001, 0.999, 900))
    assert warp is not None
    assert len(warp.made) <= MAX_NODES
    assert (np.diff(warp(np.linspace(-20, 20, 2_000))) >= 0).all()


def test_balance_leaves_right_frequencies_alone() -> None:
    scores = rng(0).standard_normal((9_000, 3))
    shares = np.bincount(np.argmax(scores, axis=1), minlength=3) / 9_000
    np.testing.assert_array_equal(calibrate_logits(scores, shares), 0)


def test_a_category_of_two_is_one_channel_and_of_one_none() -> None:
    two = Categorical.fit(np.array([3.0, 8.0, 8.0]), START, FitOptions())
    assert two.width == 1
    one = Categorical.fit(np.array([3.0, 3.0]), START, FitOptions())
    assert one.width == 0
    np.testing.assert_array_equal(one.inverse_transform(np.empty((2, 4, 0))), np.full((2, 4), 3.0))


def lingering(count: int = 6_000, seed: int = 0) -> np.ndarray:
    """Return a walk that lingers at some levels, as prices do."""
    walk = np.cumsum(rng(seed).standard_normal(count)) / np.sqrt(count)
    return np.asarray(walk + 0.15 * np.sin(8 * walk))


@pytest.mark.parametrize("seed", range(3))
def test_calibration_mends_the_distribution_and_leaves_changes_their_size(seed: int) -> None:
    values = 100 * np.exp(0.5 * lingering(seed=seed))
    raw = fit_one("continuous", values, START, scaling="log")
    channel = raw.transform(values, START, rng(seed))
    poor = 0.8 * channel + 0.2 + 0.3 * np.sin(channel)
    before, after = made(raw, poor), made(raw.calibrate(poor), poor)

    def distance(series: np.ndarray) -> float:
        return float(np.abs(np.sort(series) - np.sort(values)).mean() / values.std())

    def size(series: np.ndarray) -> float:
        return float(np.diff(np.log(series)).std() / np.diff(np.log(values)).std())

    assert distance(after) < 0.5 * distance(before)
    assert abs(np.log(size(after))) < 0.1


def test_a_channel_that_is_right_is_left_alone() -> None:
    values = rng(0).standard_normal(5_000).round(3)
    raw = fit_one("continuous", values, START, scaling="standard")
    channel = raw.transform(values, START, rng(0))
    np.testing.assert_allclose(made(raw.calibrate(channel), channel), values, atol=0.02)


def test_all_parts_of_a_long_column_count() -> None:
    early, late = rng(0).standard_normal(80_000), 6 + rng(1).standard_normal(80_000)
    values = np.concatenate([early, late]).round(3)
    raw = fit_one("continuous", values, START, "standard")
    channel = raw.transform(values, START, rng(0))
    after = made(raw.calibrate(channel), channel)
    shares = np.linspace(0.05, 0.95, 10)
    np.testing.assert_allclose(np.quantile(after, shares), np.quantile(values, shares), atol=0.1)


def waves(count: int, seed: int) -> np.ndarray:
    """Return sine curves (n, 24) of random frequencies and phases."""
    random = rng(seed, "waves")
    turns, phases = random.uniform(0.2, 0.4, (count, 1)), random.uniform(0, 2 * np.pi, (count, 1))
    return np.asarray(np.sin(turns * np.arange(24) + phases))


def test_the_bends_of_a_map_count_for_a_smooth_series() -> None:
    real, breaks = waves(2_000, 0), np.arange(0, 24 * 2_000, 24)
    shape = ChannelShape.fit(real.ravel(), breaks)
    bent = real + 0.004 * np.sin(60 * real)  # rises still, and its slope changes all the time
    (near, same), (far, differs) = (shape.errors(x.ravel(), breaks) for x in (real, bent))
    assert abs(near - far) < 0.01  # the values are as before, and so are first differences
    assert change_sizes(bent.ravel(), breaks)[0] == pytest.approx(shape.changes[0], rel=0.02)
    assert same < 0.01
    assert differs > 0.02  # first differences alone see less than .001


def test_higher_differences_count_for_smooth_series_alone() -> None:
    breaks = np.arange(0, 24 * 500, 24)
    smooth = ChannelShape.fit(waves(500, 0).ravel(), breaks)
    rough = ChannelShape.fit(rng(0).normal(size=(500, 24)).cumsum(axis=1).ravel(), breaks)
    assert (len(smooth.changes), len(rough.changes)) == (5, 3)


def test_differences_do_not_cross_sequences() -> None:
    sequences = np.stack([np.arange(6.0), 100 + np.arange(6.0)])
    std, _, _, second, third = change_sizes(sequences.ravel(), np.array([0, 6]))
    assert (std, second, third) == (0.0, 0.0, 0.0)
