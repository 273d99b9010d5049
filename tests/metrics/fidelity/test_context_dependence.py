"""The score of conditions tells samples that do not follow them, and does not see marginals."""

from itertools import pairwise

import numpy as np
import pytest

from tests.metrics.cards import quick
from timegan.metrics.conditions import constant_features, permuted_conditions
from timegan.metrics.fidelity.context_dependence import context_dependence
from timegan.seeds import rng

T = 12


def panel(seed: int, count: int = 600, follows: float = 1.0) -> np.ndarray:
    """Return windows of a dose, a group, and two series, of which one follows both."""
    draw = rng(seed, "panel")
    dose, group = draw.uniform(0, 1, count), (draw.random(count) < 0.4).astype(float)
    obeys = draw.random(count) < follows
    level = np.where(obeys, dose, draw.permutation(dose))
    slope = np.where(obeys, group, draw.permutation(group))
    x = 3 * level[:, None] + slope[:, None] * np.arange(T) / T + draw.normal(0, 0.3, (count, T))
    other = draw.normal(0, 1, (count, T))
    steps = np.ones((1, T))
    return np.stack([dose[:, None] * steps, x, group[:, None] * steps, other], axis=2)


def test_each_share_that_does_not_follow_is_worse_than_the_one_before() -> None:
    real = panel(0)
    found = [context_dependence(real, panel(1, follows=1 - share)) for share in (0, 0.2, 0.5, 1)]
    values = [value for value in found if value is not None]
    assert len(values) == 4
    assert all(a < b for a, b in pairwise(values)), values
    assert context_dependence(real, real) == 0
    shifted = panel(1) + np.array([0, 5.0, 0, 0])
    assert context_dependence(real, shifted) == pytest.approx(values[0], rel=0.01)


def test_windows_with_the_conditions_of_others_are_as_bad_as_independent_ones() -> None:
    real = panel(0)
    moved = permuted_conditions(real, len(real), rng(3, "permuted"), constant_features(real))
    assert len(np.unique(moved[:, 0, 1])) == len(real)
    assert set(moved[:, 0, 1]) == set(real[:, 0, 1])
    assert sorted(moved[:, 0, 0]) == sorted(real[:, 0, 0])
    one, two = (context_dependence(real, x) for x in (moved, panel(1, follows=0.0)))
    assert one == pytest.approx(two, rel=0.25)


def test_missing_values_and_padding_count_for_nothing() -> None:
    real, made = panel(0), panel(1)
    holes = rng(0, "holes").random(real.shape) < 0.1
    gaps = [np.where(holes, np.nan, side) for side in (real, made)]
    gaps[0][:50, 6:] = np.nan
    assert list(constant_features(gaps[0])) == [True, False, True, False]
    assert context_dependence(*gaps) == pytest.approx(context_dependence(real, made), abs=0.05)


def test_tables_without_a_context_have_no_score() -> None:
    assert context_dependence(panel(0)[..., [1, 3]], panel(1)[..., [1, 3]]) is None
    names, options = ["dose", "x", "group", "y"], {"classifier_steps": 3, "classifiers": 1}
    scores = quick(panel(0), None, panel(1, follows=0.0), names, **options)["scores"]
    score = scores["context_dependence"]
    permuted = score["controls"]["permuted"]["mean"]
    assert min(permuted, score["mean"]) > 1.5 * score["baseline"]["mean"]
    without = [side[..., [1, 3]] for side in (panel(0), panel(1))]
    assert (
        "context_dependence"
        not in quick(without[0], None, without[1], ["x", "y"], **options)["scores"]
    )
    assert (
        "permuted"
        not in quick(without[0], None, without[1], ["x", "y"], **options)["scores"]["density"][
            "controls"
        ]
    )


def test_joint_scores_have_windows_with_exogenous_columns_of_others_as_a_control() -> None:
    def driven(seed: int) -> np.ndarray:
        draw = rng(seed, "driven")
        drive = draw.normal(0, 1, (400, T)).cumsum(axis=1)
        return np.stack([drive, 2 * drive + draw.normal(0, 0.1, drive.shape)], axis=2)

    options = {"classifier_steps": 3, "classifiers": 1}
    scores = quick(driven(0), None, driven(1), ["u", "x"], exogenous=["u"], **options)["scores"]
    for name in ("correlation", "change_correlation"):
        permuted = scores[name]["controls"]["permuted"]["mean"]
        assert permuted > 0.1 > 100 * max(scores[name]["mean"], scores[name]["baseline"]["mean"])
    assert (
        scores["density"]["controls"]["permuted"]["mean"] == 1
    )  # marginals are those of real ones
