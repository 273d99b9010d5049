"""Correlations of changes: as in SciPy, blind to levels, worse with every grade of a fault."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from tests.metrics.cards import quick_records
from timegan.metrics.fidelity.change_correlations import (
    change_correlations,
    correlation_differences,
)
from timegan.metrics.windows import Array
from timegan.report.verdicts.changes import co_change_verdict
from timegan.report.verdicts.grades import Grade

MIX = np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 0.3], [0.0, 0.0, 0.9]])


def walks(count: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = (rng.standard_t(5, size=(count, 12, 3)) @ MIX).cumsum(axis=1)
    return found


REAL, OTHER = walks(600, 0), walks(600, 1)


def permuted(x: Array, grade: float) -> Array:
    """Put the changes of the first column in another order in a share of the windows."""
    rng = np.random.default_rng(7)
    moves = np.diff(x, axis=1, prepend=0)
    some = rng.permutation(len(x)) < grade * len(x)
    moves[some, :, 0] = rng.permuted(moves[some, :, 0], axis=1)
    found: Array = moves.cumsum(axis=1)
    return found


def noisy(x: Array, grade: float) -> Array:
    return x + grade * np.random.default_rng(5).normal(size=x.shape)


def error(real: Array, made: Array) -> float:
    differences = correlation_differences(change_correlations(real), change_correlations(made))
    return float(np.nanmean(differences))


@pytest.mark.parametrize("corrupt", [permuted, noisy])
def test_each_grade_is_worse_than_the_one_before(corrupt: Any) -> None:
    found = [error(REAL, corrupt(OTHER, grade)) for grade in (0.0, 0.25, 0.5, 1.0)]
    assert all(a < b for a, b in pairwise(found)), found
    assert found[0] < 0.03


def test_they_are_scipy_s_and_blind_to_levels_and_scales() -> None:
    moves = np.diff(REAL, axis=1).reshape(-1, 3)
    found = change_correlations(REAL + 100 * np.arange(600)[:, None, None])
    assert found[0, 0, 1] == pytest.approx(pearsonr(moves[:, 0], moves[:, 1])[0])
    assert found[1, 0, 1] == pytest.approx(spearmanr(moves[:, 0], moves[:, 1])[0], abs=1e-6)
    scaled = REAL.copy()
    scaled[..., 0] = REAL[:, :1, 0] + 1.5 * (REAL[..., 0] - REAL[:, :1, 0])
    assert error(REAL, scaled) == pytest.approx(0, abs=1e-9)


def test_holes_take_no_part_and_columns_that_do_not_change_have_no_correlation() -> None:
    holes = REAL.copy()
    holes[::2, 4:6, 0] = holes[::3, 9:] = np.nan
    moves = np.diff(holes, axis=1).reshape(-1, 3)
    both = np.isfinite(moves).all(axis=1)
    found = change_correlations(holes)
    assert found[0, 0, 1] == pytest.approx(pearsonr(*moves[both, :2].T)[0])
    ramp = REAL.copy()
    ramp[..., 1] = 1e6 + 0.1 * np.arange(12)
    assert np.isnan(change_correlations(ramp)[:, 1]).all()
    assert np.isnan(change_correlations(REAL[:1, :5])).all()  # four changes


def test_the_verdict_names_the_pair() -> None:
    def card(real: Array, fake: Array) -> Any:
        options: dict[str, Any] = {"classifiers": 1, "classifier_steps": 1, "cache": False}
        scores = quick_records(real, None, fake, ["Open", "Close", "Volume"], **options)["scores"]
        return scores["change_correlation"]

    good, bad = card(REAL, OTHER), card(REAL, permuted(OTHER, 1.0))
    assert co_change_verdict(good).grade is Grade.EXCELLENT
    found = co_change_verdict(bad)
    assert found.grade is Grade.POOR
    assert found.finding.startswith("changes of Open and Close correlate by")
    assert co_change_verdict(card(REAL[:6], OTHER[:6])).grade is Grade.UNKNOWN
    flat = np.ones((40, 12, 3))
    assert co_change_verdict(card(flat, flat)).grade is Grade.UNKNOWN
