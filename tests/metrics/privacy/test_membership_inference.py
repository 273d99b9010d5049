"""Membership inference separates memorisation from drift over time."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from timegan.metrics.privacy.copies import copying
from timegan.metrics.privacy.membership_inference import membership_inference, segment_lengths
from timegan.metrics.privacy.shifted_copies import shifted_copies
from timegan.metrics.roc import auc
from timegan.metrics.windows import Array


def walks(count: int, seed: int) -> Array:
    """Return independent windows (count, 8, 2)."""
    found: Array = np.random.default_rng(seed).normal(size=(count, 8, 2)).cumsum(axis=1)
    return found


TRAIN, UNSEEN, OTHER = walks(300, 0), walks(100, 1), walks(300, 2)


def drifting(seed: int) -> tuple[Array, Array, Array]:
    """Return training, held-out and independent windows of a long walk.

    These begin roughly where training windows do.
    """
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(1_500, 2)).cumsum(axis=0)
    windows = np.moveaxis(sliding_window_view(series, 12, axis=0), -1, 1)
    train, unseen = np.concatenate((windows[:700], windows[862:])), windows[712:850]
    starts = train[rng.integers(len(train), size=1_000), :1] + 3 * rng.normal(size=(1_000, 1, 2))
    return train, unseen, starts + rng.normal(size=(1_000, 12, 2)).cumsum(axis=1)


def test_other_samples_of_the_same_kind_betray_nothing() -> None:
    found = [
        membership_inference(
            walks(200, 9 * seed), walks(80, 9 * seed + 1), walks(200, 9 * seed + 2), seed=seed
        )
        for seed in range(20)
    ]
    assert sum(one["warning"] for one in found) <= 1
    assert np.mean([one["area"] for one in found]) == pytest.approx(0.5, abs=0.02)


def test_what_no_test_of_copies_sees_is_seen() -> None:
    """Training windows with so much noise that none of them is a copy."""
    made = TRAIN + 1.2 * np.random.default_rng(3).normal(size=TRAIN.shape)
    assert not copying(TRAIN, made, UNSEEN)["warning"]
    assert not shifted_copies(TRAIN, UNSEEN, made)["warning"]
    assert membership_inference(TRAIN, UNSEEN, made)["warning"]


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_copies_betray_what_they_are_copies_of(share: float) -> None:
    count = int(share * 300)
    assert membership_inference(TRAIN, UNSEEN, np.concatenate((TRAIN[:count], OTHER[count:])))[
        "warning"
    ]


def test_drift_is_not_taken_for_memory_and_memory_is_seen_in_spite_of_it() -> None:
    areas = []
    for seed in range(6):
        train, unseen, made = drifting(seed)
        found = membership_inference(train, unseen, made)
        assert not found["warning"]
        areas.append(found["area"])
        near = train + 0.3 * np.random.default_rng(seed).normal(size=train.shape)
        # Where nearly all unseen windows are off by themselves, nothing more can be seen.
        assert membership_inference(train, unseen, near)["warning"] or found["gaussian"] > 0.9
    assert max(areas) > 0.7  # which would be a sign, were it not for the drift


def test_the_area_is_that_of_the_nearest_distances() -> None:
    low, range_ = TRAIN.min(axis=(0, 1)), np.ptp(TRAIN, axis=(0, 1))

    def near(windows: Array) -> Array:
        a, b = (((x - low) / range_).reshape(len(x), -1) for x in (windows, OTHER))
        found: Array = np.sqrt(np.square(a[:, None] - b).mean(axis=2)).min(axis=1)
        return found

    expected = auc(-near(TRAIN), -near(UNSEEN))
    assert membership_inference(TRAIN, UNSEEN, OTHER)["area"] == pytest.approx(expected, abs=1e-6)


def test_few_windows_are_said_to_be_few() -> None:
    found = membership_inference(TRAIN, UNSEEN[:9], OTHER)
    assert found["area"] is None
    assert "too few" in found["reason"]


def test_one_held_out_stretch_may_be_longer_than_what_is_left() -> None:
    series = np.arange(400.0)[:, None].repeat(2, axis=1)
    windows = np.moveaxis(sliding_window_view(series, 12, axis=0), -1, 1)
    found = membership_inference(windows[:60], windows[80:], windows[:60])
    assert np.isfinite(found["chance"])


def test_windows_of_their_own_are_stretches_of_one() -> None:
    assert segment_lengths(UNSEEN).tolist() == [1] * 100
