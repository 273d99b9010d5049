"""The parts of single kinds: what a flag means, where lines begin, how holes are filled."""

from dataclasses import replace

import numpy as np
import pytest

from tests.transforms.look_alikes import held, ramp
from timegan.seeds import rng
from timegan.transforms import Draws, Held, Ramp, decode
from timegan.transforms.base import Setting
from timegan.transforms.missing import filled

START = np.array([0])
NOTHING = Draws(np.zeros(1), np.zeros((1, 0)))


def test_a_value_is_rounded_and_changes_only_where_its_channel_has_left_the_band() -> None:
    kind = replace(Held.fit(held(rng(0), 2_000), START, Setting()), band=0.05)
    channels = 0.02 * rng(1).standard_normal((50, 100, 1)).cumsum(axis=1)
    made = kind.decode(channels, NOTHING)
    rounded = replace(kind, band=0.0).decode(channels, NOTHING)
    np.testing.assert_array_equal(rounded, kind.path.decode(channels))
    for path, value, free in zip(channels[..., 0], made, rounded, strict=True):
        since = 0
        for t in range(1, len(path)):
            left = abs(path[t] - path[since]) > kind.band
            assert value[t] == (free[t] if left else value[t - 1])
            since = t if value[t] != value[t - 1] else since


def test_rounding_that_holds_values_often_enough_needs_no_band() -> None:
    values = held(rng(0), 3_000)
    kind = Held.fit(values, START, Setting(scaling="rank"))
    channels = kind.encode(values, START, rng(0))  # spread: they move where values do not
    assert (np.diff(channels[:, 0]) != 0).mean() > 1.5 * kind.share
    calibrated = kind.calibrate(channels)
    assert calibrated.band == 0.0
    made = calibrated.decode(channels[None], NOTHING)[0]
    assert (np.diff(made) != 0).mean() == pytest.approx(kind.share, abs=0.02)


@pytest.mark.parametrize("scaling", ["standard", "rank"])
def test_a_held_value_stays_within_its_stretch_and_holds_as_often_after_calibration(
    scaling: str,
) -> None:
    values = np.array([1.0, 1, 1, 2, 2, 4, 4, 4, 4, 5] * 30)
    kind = Held.fit(values, START, Setting(scaling=scaling))
    channels = kind.encode(values, START, rng(0))
    np.testing.assert_array_equal(kind.decode(channels[None], NOTHING)[0], values)
    made = kind.calibrate(channels).decode(channels[None], NOTHING)[0]
    assert (np.diff(made) != 0).mean() == pytest.approx((np.diff(values) != 0).mean(), abs=0.02)


def test_a_held_column_that_never_changes_within_a_sequence_never_does() -> None:
    breaks = np.arange(0, 200, 10)
    values = np.repeat(rng(0).integers(0, 50, 20), 10).astype(float)
    kind = Held.fit(values, breaks, Setting())
    channels = kind.encode(values, breaks, rng(0)).reshape(20, 10, 1)
    np.testing.assert_array_equal(kind.decode(channels, NOTHING).ravel(), values)


def test_windows_of_ramps_come_back_wherever_they_begin() -> None:
    tables = [ramp(rng(seed), 600) for seed in (1, 2)]
    params = {"period": 6, "phase": 0, "readings": np.arange(600) % 6 == 0}
    kinds = [Ramp.fit(values, START, Setting(params=params)) for values in tables]
    encoded = [k.encode(v, START, rng(0)) for k, v in zip(kinds, tables, strict=True)]
    windows = np.stack([np.concatenate(encoded, axis=1)[s : s + 24] for s in range(500)])
    expected = np.stack([np.stack(tables, axis=1)[s : s + 24] for s in range(500)])
    made = decode(kinds, windows, lambda i: np.zeros((500, 24)))
    np.testing.assert_array_equal(made, expected)


def test_what_a_ramp_makes_is_straight_between_readings_of_one_phase() -> None:
    values = ramp(rng(1), 6_000)
    params = {"period": 6, "phase": 0, "readings": np.arange(6_000) % 6 == 0}
    kind = Ramp.fit(values, START, Setting(params=params))
    noise = rng(2).standard_normal((400, 24, 1))
    shared = rng(3).random(400)
    made = kind.decode(noise, Draws(shared, np.zeros((400, 24))))
    turns = np.abs(np.diff(made, n=2, axis=1)) > 1e-6
    for sequence, draw in zip(turns, shared, strict=True):
        bends = np.flatnonzero(sequence) + 1
        assert bends.size
        assert ((bends + int(draw * 6)) % 6 == 0).all()
    short = kind.decode(noise[:, :1], Draws(shared, np.zeros((400, 1))))
    assert short.shape == (400, 1)


def test_readings_that_were_filled_in_come_back_and_are_not_made() -> None:
    values = ramp(rng(1), 6_000)
    missing = np.arange(60, 6_000, 600)  # one in a hundred readings, with lines drawn past it
    rows = np.setdiff1d(np.arange(0, 6_000, 6), missing)
    values = np.interp(np.arange(6_000), rows, values[rows]).round(8)
    params = {"period": 6, "phase": 0, "readings": np.arange(6_000) % 6 == 0}
    kind = Ramp.fit(values, START, Setting(params=params))
    channels = kind.encode(values, START, rng(0))
    exact = kind.decode(channels[None], NOTHING)[0]
    np.testing.assert_array_equal(exact, values)
    assert not np.allclose(exact[missing], exact[missing].round(1))
    made = kind.calibrate(channels).decode(channels[None], NOTHING)[0]
    np.testing.assert_array_equal(made[::6], made[::6].round(1))
    np.testing.assert_array_equal(made[rows], values[rows])
    older = {name: value for name, value in kind.state().items() if name != "usual"}
    assert Ramp.from_state(older).usual == kind.reading


def test_holes_are_filled_within_their_stretch_only() -> None:
    values = np.array([1.0, np.nan, np.nan, 4.0, np.nan, np.nan, 9.0, np.nan])
    breaks = np.array([0, 5, 7])
    np.testing.assert_array_equal(filled(values, breaks, "linear", 5.0), [1, 2, 3, 4, 4, 9, 9, 5])
    np.testing.assert_array_equal(filled(values, breaks, "hold", 5.0), [1, 1, 1, 4, 4, 9, 9, 5])
