"""Copies a few steps off, and what synthetic windows betray of those that were trained on."""

import json

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from timegan.metrics.privacy.membership_inference import membership
from timegan.metrics.privacy.shifted_copies import shifted_copies
from timegan.metrics.windows import Array


def waves(count: int, seed: int, steps: int = 12) -> Array:
    """Return independent smooth windows of two features with a little noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(steps)
    phase, speed = rng.uniform(0, 6, (2, count, 1, 2))
    found: Array = np.sin(phase + 0.1 * speed * t[:, None]) + 0.05 * rng.normal(
        size=(count, steps, 2)
    )
    return found


TRAIN, UNSEEN, OTHER = waves(500, 0), waves(200, 1), waves(400, 2)


def long(seed: int, rows: int) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 2)).cumsum(axis=0) * 0.1 + np.sin(np.arange(rows) / 9)[:, None]


def test_another_real_sample_is_no_copy() -> None:
    found = shifted_copies(TRAIN, UNSEEN, OTHER)
    assert not found["warning"]
    assert found["copied_share"] < 0.08


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_copies_are_counted(share: float) -> None:
    count = int(400 * share)
    found = shifted_copies(TRAIN, UNSEEN, np.concatenate((TRAIN[:count], OTHER[count:])))
    assert found["warning"]
    assert found["copied_share"] == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_a_training_window_a_few_steps_later_is_a_copy_too(shift: int) -> None:
    """With windows that do not overlap no training window is the shifted one."""
    rows = long(0, 6_000)
    windows = np.moveaxis(sliding_window_view(rows, 12, axis=0), -1, 1)
    train = windows[0:4_800:12]
    unseen = windows[5_000::6]
    found = shifted_copies(train, unseen, windows[shift:4_700:24])
    assert found["warning"]
    assert found["copied_share"] > 0.9
    assert found["exact_share"] > 0.9


def test_few_windows_are_said_to_be_few() -> None:
    found = shifted_copies(TRAIN, UNSEEN[:9], OTHER)
    assert found["copied_share"] is None
    assert "too few" in found["reason"]
    assert shifted_copies(TRAIN[:0], UNSEEN, OTHER)["copied_share"] is None


def test_equal_windows_do_not_divide_by_zero() -> None:
    flat = np.ones((80, 6, 1))
    json.dumps(shifted_copies(flat, flat, flat), allow_nan=False)


def test_copies_betray_their_members_and_another_sample_does_not() -> None:
    areas = []
    for share in (0.0, 0.3, 1.0):
        count = int(400 * share)
        made = np.concatenate((TRAIN[:count], OTHER[count:]))
        area = membership(TRAIN[:400], UNSEEN, made)
        assert area is not None
        areas.append(area)
    assert areas == sorted(areas)
    assert areas[0] == pytest.approx(0.5, abs=0.06)
    assert areas[2] > 0.99
    assert membership(TRAIN, UNSEEN[:9], OTHER) is None
