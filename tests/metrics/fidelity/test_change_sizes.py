"""Sizes of changes: exact under scaling, monotone in each fault, silent across holes and ends."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import quick_records
from timegan.metrics.fidelity.change_sizes import (
    ChangeSizes,
    change_sizes,
    changes_over,
    repeat_errors,
    size_errors,
    spread_errors,
)
from timegan.metrics.windows import Array
from timegan.report.verdicts.changes import change_verdict
from timegan.report.verdicts.grades import Grade
from timegan.transforms.feature_view import Marks

Errors = Callable[[ChangeSizes, ChangeSizes], Array]


def walks(count: int, seed: int, features: int = 2, steps: int = 24) -> Array:
    """Return walks whose changes are heavy-tailed, and quiet or lively by window."""
    rng = np.random.default_rng(seed)
    size = np.exp(0.5 * rng.normal(size=(count, 1, 1)))
    found: Array = (size * rng.standard_t(5, size=(count, steps, features))).cumsum(axis=1)
    return found


REAL, OTHER = walks(600, 0), walks(600, 1)


def error(errors: Errors, real: Array, synthetic: Array) -> float:
    return float(np.nanmean(errors(ChangeSizes.of(real), ChangeSizes.of(synthetic))))


def scaled(x: Array, grade: float) -> Array:
    return x[:, :1] + grade * (x - x[:, :1])


def noisy(x: Array, grade: float) -> Array:
    return x + grade * np.random.default_rng(5).normal(size=x.shape)


def smooth(x: Array, grade: float) -> Array:
    y = x.copy()
    y[:, 1:] = (1 - grade) * x[:, 1:] + grade * x[:, :-1]
    return y


def held(x: Array, grade: float) -> Array:
    """Let a share of the steps repeat the value before."""
    y = x.copy()
    stay = np.random.default_rng(6).random(x.shape) < grade
    for t in range(1, x.shape[1]):
        y[:, t] = np.where(stay[:, t], y[:, t - 1], x[:, t])
    return y


def evened(x: Array, grade: float) -> Array:
    """Draw windows' own sizes of changes towards one size."""
    own = np.diff(x, axis=1).std(axis=1, keepdims=True)
    return scaled(x, (own.mean() / own) ** grade)


@pytest.mark.parametrize(
    ("errors", "corrupt", "grades"),
    [
        (size_errors, scaled, (1.0, 1.1, 1.25, 1.5)),
        (size_errors, scaled, (1.0, 0.9, 0.8, 0.5)),
        (size_errors, noisy, (0.0, 0.5, 1.0, 2.0)),
        (size_errors, smooth, (0.0, 0.15, 0.3, 0.5)),
        (repeat_errors, held, (0.0, 0.1, 0.3, 0.6)),
        (spread_errors, evened, (0.0, 0.3, 0.6, 1.0)),
    ],
)
def test_each_grade_is_worse_than_the_one_before(
    errors: Errors, corrupt: Callable[[Array, float], Array], grades: tuple[float, ...]
) -> None:
    found = [error(errors, REAL, corrupt(OTHER, grade)) for grade in grades]
    assert all(a < b for a, b in pairwise(found)), found
    assert found[0] < 0.06


def test_scaled_changes_are_off_by_their_factor_at_every_lag() -> None:
    rows = change_sizes(REAL, scaled(REAL, 1.25), ["a", "b"])
    assert [(row["feature"], row["lag"]) for row in rows[:5]] == [
        *(("a", lag) for lag in (1, 2, 4, 8)),
        ("b", 1),
    ]
    for row in rows:
        assert [row[name] for name in ("std", "median", "largest")] == pytest.approx([1.25] * 3)
        assert row["kurtosis"] == pytest.approx(1)
        assert row["real_spread"] == pytest.approx(row["synthetic_spread"])
    assert error(size_errors, REAL, scaled(REAL, 1.25)) == pytest.approx(np.log(1.25))


def test_changes_that_are_never_still_and_never_wild_are_seen_at_the_right_deviation() -> None:
    even = np.random.default_rng(8).normal(size=REAL.shape)
    even = (even * np.diff(REAL, axis=1).std(axis=(0, 1))).cumsum(axis=1)
    row = change_sizes(REAL, even)[0]
    assert row["std"] == pytest.approx(1, abs=0.02)
    assert row["median"] > 1.2
    assert row["largest"] < 0.9
    assert error(size_errors, REAL, even) > 0.1


def test_figures_are_those_of_numpy() -> None:
    moves = (REAL[:, 4:] - REAL[:, :-4])[..., 0].ravel()
    found = ChangeSizes.of(REAL)
    assert found.std[2, 0] == pytest.approx(moves.std())
    median, largest = np.quantile(np.abs(moves), (0.5, 0.99))
    assert found.median[2, 0] == pytest.approx(median, rel=1e-3)
    assert found.largest[2, 0] == pytest.approx(largest, rel=1e-3)
    centred = moves - moves.mean()
    assert found.kurtosis[2, 0] == pytest.approx((centred**4).mean() / moves.var() ** 2)
    size = np.sqrt(np.square(np.diff(REAL, axis=1)).mean(axis=1))
    spread = found.spread(1e-9 * found.std)[0]
    np.testing.assert_allclose(spread, np.log(size).std(axis=0))


def test_nothing_is_measured_across_holes_and_ends() -> None:
    holes = REAL.copy()
    holes[::2, 5] = holes[::3, 17:] = np.nan
    jumps = np.where(np.isnan(holes), 1e6, holes)
    assert np.isnan(changes_over(holes, 4)[0, 1:6]).all()
    assert error(size_errors, REAL, holes) < 0.05
    # The same through marks, as an evaluation of a table with holes has them.
    mark = np.isnan(holes[..., :1]).astype(float)
    marks = Marks(np.array([2, 2, -1]))
    windows = np.concatenate([jumps, mark], axis=-1)
    real = np.concatenate([REAL, np.roll(mark, 1, axis=0)], axis=-1)
    card = quick_records(
        real, None, windows, list("abm"), marks=marks, classifiers=1, classifier_steps=1
    )
    assert max(list(card["scores"]["change_size"].details["features"].values())[:2]) < 0.06


def test_steps_of_whole_numbers_are_compared_evenly() -> None:
    def counts(rate: float, seed: int) -> Array:
        rng = np.random.default_rng(seed)
        found: Array = rng.poisson(rate, size=(500, 24, 1)).astype(float)
        return found

    found = [error(size_errors, counts(2.0, 0), counts(rate, 1)) for rate in (2.0, 2.3, 3.0, 4.0)]
    assert all(a < b for a, b in pairwise(found)), found
    assert found[0] < 0.03


def test_columns_that_never_or_rarely_change_break_nothing() -> None:
    real, fake = REAL.copy(), OTHER.copy()
    real[..., 1] = 3.0
    assert np.isnan(size_errors(ChangeSizes.of(real), ChangeSizes.of(fake))[1])
    assert repeat_errors(ChangeSizes.of(real), ChangeSizes.of(fake))[1] == 1
    assert np.isfinite(size_errors(ChangeSizes.of(fake), ChangeSizes.of(real))).all()
    rare = np.zeros_like(REAL)
    rare[0, 3:, 0] = 1
    assert all(row["median"] is None for row in change_sizes(rare, OTHER))
    assert change_sizes(REAL[:1, :5], OTHER[:1, :5])[0]["std"] is None  # four changes
    assert change_sizes(REAL[:, :1], OTHER[:, :1]) == []


def card(real: Array, fake: Array) -> dict[str, Any]:
    names = ["Open", "Close"]
    return quick_records(real, None, fake, names, classifiers=1, classifier_steps=1, cache=False)


def test_the_verdict_names_the_column_that_is_furthest_off() -> None:
    fake = OTHER.copy()
    fake[..., 0] = scaled(fake, 1.3)[..., 0]
    scores = card(REAL, fake)["scores"]
    found = change_verdict(scores)
    assert found.grade is Grade.FAIR
    assert found.sentence.startswith("Changes of Open from step to step are 3")
    assert "too large" in found.sentence
    assert scores["change_size"].details["std_ratio"]["feature"] == "Open"
    assert scores["change_size"].details["std_ratio"]["worst"] == pytest.approx(
        np.log(1.3), abs=0.06
    )
    assert change_verdict(card(REAL, OTHER)["scores"]).grade is Grade.EXCELLENT
    still = change_verdict(card(REAL, held(OTHER, 0.5))["scores"])
    assert "stays exactly the same in 5" in still.sentence
    even = change_verdict(card(REAL, evened(OTHER, 1.0))["scores"])
    assert "differ too little" in even.sentence


def test_few_windows_cannot_tell() -> None:
    rng = np.random.default_rng(3)
    wild = [rng.standard_cauchy(size=(12, 24, 2)).cumsum(axis=1) for _ in range(2)]
    assert change_verdict(card(*wild)["scores"]).grade is Grade.UNKNOWN
    flat = np.ones((40, 24, 2))
    assert change_verdict(card(flat, flat)["scores"]).grade is Grade.UNKNOWN
