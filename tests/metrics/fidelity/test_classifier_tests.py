"""Classifiers: guesses on equal sets, more sure the worse the windows, misled by copies."""

import numpy as np
import pytest

from timegan.metrics.fidelity.classifier_tests import (
    CLASSIFIERS,
    TwoSampleTask,
    bootstrap_interval,
    window_features,
)
from timegan.metrics.overlapping_windows import overlap_groups
from timegan.metrics.roc import auc
from timegan.metrics.windows import Array


def walks(count: int, seed: int, noise: float = 0.0) -> Array:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 10, 2)).cumsum(axis=1) + noise * rng.normal(size=(count, 10, 2))
    found: Array = x / 5
    return found


KNOWN, UNSEEN = walks(400, 0), walks(300, 1)


def area(kind: str, learned: Array, tested: Array, iterations: int = 120) -> float:
    (belief,) = CLASSIFIERS[kind]([TwoSampleTask(KNOWN, learned, UNSEEN, tested, 0)], iterations)
    return auc(*belief)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_another_sample_can_only_be_guessed(kind: str) -> None:
    assert area(kind, walks(300, 2), walks(300, 3)) == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize("kind", ["convolutional", "boosting"])
def test_more_noise_is_easier_to_tell(kind: str) -> None:
    found = [area(kind, walks(300, 2, s), walks(300, 3, s)) for s in (0.0, 1.0, 3.0)]
    assert found == sorted(found)
    assert found[-1] > 0.95


@pytest.mark.parametrize("kind", ["convolutional", "boosting"])
def test_windows_that_are_all_alike_are_told(kind: str) -> None:
    flat = np.zeros_like(KNOWN) + 0.01 * walks(400, 4)
    assert area(kind, flat[:200], flat[200:]) > 0.8


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_copy_is_not_told_and_misleads(kind: str) -> None:
    assert area(kind, KNOWN[:200], KNOWN[200:]) < 0.53


def test_judges_do_not_depend_on_who_is_judged_beside_them() -> None:
    trials = [TwoSampleTask(KNOWN, walks(200, s), UNSEEN, walks(200, s + 1), s) for s in (2, 4)]
    for judge in CLASSIFIERS.values():
        for alone, beside in zip(judge(trials[1:], 20)[0], judge(trials, 20)[1], strict=True):
            np.testing.assert_allclose(alone, beside, rtol=1e-3, atol=1e-4)


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 40).astype(float), rng.integers(0, 8, 30).astype(float)
    pairs = [(x > y) + 0.5 * (x == y) for x in a for y in b]
    assert auc(a, b) == pytest.approx(np.mean(pairs))


def test_an_interval_is_as_wide_as_theory_says_and_wider_for_windows_that_overlap() -> None:
    """Hanley and McNeil (1982): the variance at one half is (n + m + 1) / (12 n m)."""
    rng = np.random.default_rng(0)
    belief = rng.normal(size=300), rng.normal(size=300)
    alone = np.arange(300)
    low, high = bootstrap_interval(belief, alone, alone, rng, draws=400)
    expected = 2 * 1.96 * np.sqrt(601 / (12 * 300 * 300))
    assert low < auc(*belief) < high
    assert high - low == pytest.approx(expected, rel=0.2)
    slow = np.repeat(rng.normal(size=30), 10), belief[1]
    low, high = bootstrap_interval(slow, alone // 10, alone, rng, draws=400)
    assert high - low > 1.5 * expected


def test_intervals_cover_what_they_should() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(30):
        belief = rng.normal(size=80) + 1, rng.normal(size=80)
        low, high = bootstrap_interval(belief, np.arange(80), np.arange(80), rng, draws=100)
        covered += low <= 0.7602 <= high  # the normal distribution function at 1 / sqrt(2)
    assert covered >= 25


@pytest.mark.parametrize(("steps", "features"), [(1, 1), (2, 1), (3, 2), (24, 28)])
def test_figures_are_finite_whatever_the_shape(steps: int, features: int) -> None:
    windows = np.random.default_rng(0).normal(size=(5, steps, features))
    windows[0] = 1.0
    found = window_features(windows)
    assert found.shape[0] == 5
    assert np.isfinite(found).all()


def test_groups_number_windows_from_zero() -> None:
    found = overlap_groups(KNOWN)
    assert set(found.tolist()) == set(range(int(found.max()) + 1))
