"""Scores of completions are right for exact draws, and fall for every fault of theirs."""

from collections.abc import Callable

import numpy as np
import pytest

from timegan.metrics.completions import Completions, completion_scores, unknown_steps
from timegan.report.tables import completion_table
from timegan.report.verdicts.completion import completion_verdict
from timegan.report.verdicts.grades import COMPLETION, Grade
from timegan.report.verdicts.verdicts import verdicts
from timegan.seeds import rng

T, K, C = 12, 19, 2
RHO = 0.8
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]


def series(count: int, seed: int) -> np.ndarray:
    """Return windows of autoregressive series, whose next values are known up to normal noise."""
    noise = rng(seed, "series").normal(size=(count, T, C))
    found = np.empty_like(noise)
    found[:, 0] = noise[:, 0] / np.sqrt(1 - RHO**2)
    for t in range(1, T):
        found[:, t] = RHO * found[:, t - 1] + noise[:, t]
    return found


def drawn(truth: np.ndarray, count: int, task: str, seed: int) -> np.ndarray:
    """Return draws from the exact distribution of what is unknown, given the rest."""
    unknown = np.flatnonzero(unknown_steps(T)[task])
    known = np.setdiff1d(np.arange(T), unknown)
    lags = np.abs(np.arange(T)[:, None] - np.arange(T))
    covariance = RHO**lags / (1 - RHO**2)
    weights = np.linalg.solve(covariance[np.ix_(known, known)], covariance[np.ix_(known, unknown)])
    left = covariance[np.ix_(unknown, unknown)] - covariance[np.ix_(unknown, known)] @ weights
    made = np.repeat(truth[None], count, axis=0)
    noise = rng(seed, task).normal(size=(count, len(truth), C, len(unknown)))
    mean = np.einsum("ntc,tu->ncu", truth[:, known], weights)
    values = mean + noise @ np.linalg.cholesky(left).T
    made[:, :, unknown] = np.moveaxis(values, -1, -2)
    return made


def narrower(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    centre = draws.mean(axis=0)
    return np.asarray(centre + 0.5 * (draws - centre))


def of_other_windows(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.roll(draws, 1, axis=1)


def shifted(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return draws + 2.5


def completions(change: Change | None = None) -> Completions:
    truth, pairs = series(150, 1), series(400, 2)
    draws = {task: drawn(truth, K, task, 3) for task in ("forecast", "gap")}
    forecasts = drawn(pairs, 1, "forecast", 4)
    if change is not None:
        draws = {
            task: np.where(unknown_steps(T)[task][:, None], change(made, truth), made)
            for task, made in draws.items()
        }
        after = unknown_steps(T)["forecast"][:, None]
        forecasts = np.where(after, change(forecasts, pairs), forecasts)
    return Completions(series(500, 0), truth, draws, (pairs, forecasts[0]), ["a", "b"])


def test_exact_draws_are_excellent() -> None:
    found = completion_scores(completions(), seed=0)
    rows = {(row["task"], row["method"]): row for row in found["scores"]}
    for task, simple in (("forecast", "last value"), ("gap", "linear interpolation")):
        own = rows[task, "model"]
        assert own["coverage_50%"] == pytest.approx(0.5, abs=0.04)
        assert own["coverage_90%"] == pytest.approx(0.9, abs=0.03)
        assert own["spread"] == pytest.approx(1, abs=0.06)
        assert own["crps"] < rows[task, simple]["crps"]
        assert own["crps"] < 0.9 * rows[task, "draws for another window"]["crps"]
    assert found["auc"]["model"] == pytest.approx(0.5, abs=0.08)
    assert found["auc"]["another window"] > 0.6
    assert completion_verdict(found).grade is Grade.EXCELLENT


@pytest.mark.parametrize("change", [narrower, of_other_windows, shifted])
def test_faults_lower_the_verdict(change: Change) -> None:
    found = completion_scores(completions(change), seed=0)
    answer = completion_verdict(found)
    assert answer.grade in (Grade.FAIR, Grade.POOR), answer.sentence
    assert any(v.question == COMPLETION for v in verdicts({"completion": found}))


def test_what_could_not_be_measured_is_said() -> None:
    answer = completion_verdict({"reason": "Too few rows are held out."})
    assert answer.grade is Grade.UNKNOWN
    assert answer.sentence == "Not measured. Too few rows are held out."
    assert completion_table({"completion": {"reason": "Too few rows."}}) is None


def test_fans_hold_the_truth_and_ordered_quantiles_of_the_forecast() -> None:
    sets = completions()
    fans = completion_scores(sets, seed=0)["fans"]
    assert {fan["feature"] for fan in fans} == {"a", "b"}
    for fan in fans:
        assert fan["past"] == T // 2
        quantiles = np.array(fan["quantiles"])
        assert (np.diff(quantiles, axis=0) >= 0).all()
        np.testing.assert_allclose(quantiles[:, : T // 2], [fan["truth"][: T // 2]] * 5)
        assert any(
            np.array_equal(fan["truth"], window)
            for window in sets.truth.transpose(0, 2, 1).reshape(-1, T)
        )


def test_the_table_has_a_row_for_each_task_and_method() -> None:
    table = completion_table({"completion": completion_scores(completions(), seed=0)})
    assert table is not None
    assert [row[:2] for row in table.rows] == [
        ["Forecast", "This model"],
        ["Forecast", "Last value"],
        ["Forecast", "Draws for another window"],
        ["Gap", "This model"],
        ["Gap", "Linear interpolation"],
        ["Gap", "Draws for another window"],
    ]
