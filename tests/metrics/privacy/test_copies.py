"""The copy check: copies are named, good and smooth windows are not, few windows are said to be."""

import json

import numpy as np
import pytest

from timegan.metrics.privacy.copies import copying
from timegan.metrics.windows import Array


def sample(count: int, seed: int, noise: float = 0.1) -> Array:
    """Return smooth curves from four numbers each, and noise."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 12)
    basis = np.stack([np.ones_like(t), t, np.sin(6 * t), np.cos(6 * t)])
    curves = rng.normal(size=(count, 2, 4)) @ basis
    found: Array = curves.transpose(0, 2, 1) + noise * rng.normal(size=(count, 12, 2))
    return found * [1.0, 1e5]


TRAIN, HOLDOUT, OTHER = sample(600, 0), sample(150, 1), sample(600, 2)


@pytest.mark.parametrize("holdout", [HOLDOUT, None, HOLDOUT[:20]])
def test_another_real_sample_is_no_copy(holdout: Array | None) -> None:
    found = copying(TRAIN, OTHER, holdout)
    assert not found["warning"]
    assert found["sentence"].startswith("No sign of copying")
    assert found["copied_share"] < 0.08
    assert found["distance_ratio"] == pytest.approx(1, abs=0.15)
    assert found["baseline"] == ("held-out" if holdout is HOLDOUT else "training")


@pytest.mark.parametrize("holdout", [HOLDOUT, None])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.2])
def test_copies_are_flagged_and_counted(share: float, holdout: Array | None) -> None:
    count = int(share * 600)
    found = copying(TRAIN, np.concatenate((TRAIN[:count], OTHER[count:])), holdout)
    assert found["warning"]
    assert found["sentence"].startswith("The model copies")
    assert found["copied_share"] == pytest.approx(share, abs=0.06)
    assert found["exact_share"] == pytest.approx(share, abs=0.01)


def test_a_copy_with_a_little_noise_is_a_copy() -> None:
    rng = np.random.default_rng(0)
    noisy = TRAIN + rng.normal(size=TRAIN.shape) * TRAIN.std(axis=(0, 1)) * 0.03
    found = copying(TRAIN, noisy, HOLDOUT)
    assert found["warning"]
    assert found["exact_share"] == 0


def test_smooth_windows_are_near_but_no_copies() -> None:
    """Without noise a window lies nearer to every real one, and to none in particular."""
    found = copying(sample(600, 0, 1.0), sample(600, 2, 0.0), sample(150, 1, 1.0))
    assert not found["warning"]
    assert found["distance_ratio"] < 0.9


def test_a_window_that_occurs_twice_is_still_copied() -> None:
    found = copying(np.concatenate((TRAIN, TRAIN)), TRAIN, HOLDOUT)
    assert found["copied_share"] == 1


def test_few_windows_are_said_to_be_few() -> None:
    six = TRAIN[:6]
    rng = np.random.default_rng(0)
    near = six[rng.integers(6, size=100)] + rng.normal(size=(100, 12, 2)) * [0.05, 5e3]
    found = copying(six, near)
    assert found["warning"]
    assert found["sentence"].startswith("6 training windows are too few")
    assert "the model copies them" in found["sentence"]
    away = copying(six, OTHER)
    assert not away["warning"]
    assert "too few" in away["sentence"]
    assert "all that a model can do" in copying(TRAIN[:1], OTHER)["sentence"]


@pytest.mark.parametrize("count", [1, 2, 6, 60])
def test_the_figures_are_plain_numbers(count: int) -> None:
    json.dumps(copying(TRAIN[:count], OTHER, HOLDOUT), allow_nan=False)


def test_equal_training_windows_do_not_divide_by_zero() -> None:
    flat = np.ones((80, 4, 1))
    json.dumps(copying(flat, flat, flat), allow_nan=False)
    json.dumps(copying(flat[:3], flat), allow_nan=False)
