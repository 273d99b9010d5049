"""Parts of single transformers: dead bands, start offsets, filling of missing values."""

from dataclasses import replace

import numpy as np
import pytest

from tests.transforms.lookalike_tables import held, ramp
from timegan.seeds import rng
from timegan.transforms import DecodingNoise, from_channels
from timegan.transforms.base import FitOptions
from timegan.transforms.missing import fill_missing
from timegan.transforms.piecewise_constant import PiecewiseConstant
from timegan.transforms.piecewise_linear import PiecewiseLinear

START = np.array([0])
NOTHING = DecodingNoise(np.zeros(1), np.zeros((1, 0)))


def test_a_value_is_rounded_and_changes_only_where_its_channel_has_left_the_band() -> None:
    kind = replace(PiecewiseConstant.fit(held(rng(0), 2_000), START, FitOptions()), band=0.05)
    channels = 0.02 * rng(1).standard_normal((50, 100, 1)).cumsum(axis=1)
    made = kind.inverse_transform(channels, NOTHING)
    rounded = replace(kind, band=0.0).inverse_transform(channels, NOTHING)
    np.testing.assert_array_equal(rounded, kind.number.inverse_transform(channels))
    for path, value, free in zip(channels[..., 0], made, rounded, strict=True):
        since = 0
        for t in range(1, len(path)):
            left = abs(path[t] - path[since]) > kind.band
            assert value[t] == (free[t] if left else value[t - 1])
            since = t if value[t] != value[t - 1] else since


def test_rounding_that_holds_values_often_enough_needs_no_band() -> None:
    values = held(rng(0), 3_000)
    kind = PiecewiseConstant.fit(values, START, FitOptions(scaling="rank"))
    channels = kind.transform(values, START, rng(0))  # spread: they move where values do not
    assert (np.diff(channels[:, 0]) != 0).mean() > 1.5 * kind.share
    calibrated = kind.calibrate(channels)
    assert calibrated.band == 0.0
    made = calibrated.inverse_transform(channels[None], NOTHING)[0]
    assert (np.diff(made) != 0).mean() == pytest.approx(kind.share, abs=0.02)


@pytest.mark.parametrize("scaling", ["standard", "rank"])
def test_a_held_value_stays_within_its_stretch_and_holds_as_often_after_calibration(
    scaling: str,
) -> None:
    values = np.array([1.0, 1, 1, 2, 2, 4, 4, 4, 4, 5] * 30)
    kind = PiecewiseConstant.fit(values, START, FitOptions(scaling=scaling))
    channels = kind.transform(values, START, rng(0))
    np.testing.assert_array_equal(kind.inverse_transform(channels[None], NOTHING)[0], values)
    made = kind.calibrate(channels).inverse_transform(channels[None], NOTHING)[0]
    assert (np.diff(made) != 0).mean() == pytest.approx((np.diff(values) != 0).mean(), abs=0.02)


def test_a_held_column_that_never_changes_within_a_sequence_never_does() -> None:
    breaks = np.arange(0, 200, 10)
    values = np.repeat(rng(0).integers(0, 50, 20), 10).astype(float)
    kind = PiecewiseConstant.fit(values, breaks, FitOptions())
    channels = kind.transform(values, breaks, rng(0)).reshape(20, 10, 1)
    np.testing.assert_array_equal(kind.inverse_transform(channels, NOTHING).ravel(), values)


def test_windows_of_ramps_come_back_wherever_they_begin() -> None:
    tables = [ramp(rng(seed), 600) for seed in (1, 2)]
    params = {"period": 6, "phase": 0, "readings": np.arange(600) % 6 == 0}
    kinds = [PiecewiseLinear.fit(values, START, FitOptions(params=params)) for values in tables]
    encoded = [k.transform(v, START, rng(0)) for k, v in zip(kinds, tables, strict=True)]
    windows = np.stack([np.concatenate(encoded, axis=1)[s : s + 24] for s in range(500)])
    expected = np.stack([np.stack(tables, axis=1)[s : s + 24] for s in range(500)])
    made = from_channels(kinds, windows, lambda i: np.zeros((500, 24)))
    np.testing.assert_array_equal(made, expected)


def test_what_a_ramp_makes_is_straight_between_readings_of_one_phase() -> None:
    values = ramp(rng(1), 6_000)
    params = {"period": 6, "phase": 0, "readings": np.arange(6_000) % 6 == 0}
    kind = PiecewiseLinear.fit(values, START, FitOptions(params=params))
    noise = rng(2).standard_normal((400, 24, 1))
    shared = rng(3).random(400)
    made = kind.inverse_transform(noise, DecodingNoise(shared, np.zeros((400, 24))))
    turns = np.abs(np.diff(made, n=2, axis=1)) > 1e-6
    for sequence, draw in zip(turns, shared, strict=True):
        bends = np.flatnonzero(sequence) + 1
        assert bends.size
        assert ((bends + int(draw * 6)) % 6 == 0).all()
    short = kind.inverse_transform(noise[:, :1], DecodingNoise(shared, np.zeros((400, 1))))
    assert short.shape == (400, 1)


def test_readings_that_were_filled_in_come_back_and_are_not_made() -> None:
    values = ramp(rng(1), 6_000)
    missing = np.arange(60, 6_000, 600)  # one in a hundred readings, with lines drawn past it
    rows = np.setdiff1d(np.arange(0, 6_000, 6), missing)
    values = np.interp(np.arange(6_000), rows, values[rows]).round(8)
    params = {"period": 6, "phase": 0, "readings": np.arange(6_000) % 6 == 0}
    kind = PiecewiseLinear.fit(values, START, FitOptions(params=params))
    channels = kind.transform(values, START, rng(0))
    exact = kind.inverse_transform(channels[None], NOTHING)[0]
    np.testing.assert_array_equal(exact, values)
    assert not np.allclose(exact[missing], exact[missing].round(1))
    made = kind.calibrate(channels).inverse_transform(channels[None], NOTHING)[0]
    np.testing.assert_array_equal(made[::6], made[::6].round(1))
    np.testing.assert_array_equal(made[rows], values[rows])


def test_holes_are_filled_within_their_stretch_only() -> None:
    values = np.array([1.0, np.nan, np.nan, 4.0, np.nan, np.nan, 9.0, np.nan])
    breaks = np.array([0, 5, 7])
    np.testing.assert_array_equal(
        fill_missing(values, breaks, "linear", 5.0), [1, 2, 3, 4, 4, 9, 9, 5]
    )
    np.testing.assert_array_equal(
        fill_missing(values, breaks, "hold", 5.0), [1, 1, 1, 4, 4, 9, 9, 5]
    )
