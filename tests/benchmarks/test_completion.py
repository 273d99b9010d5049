"""Baselines of completion keep what is given, and draw more than one answer."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import completion
from timegan.seeds import rng

T, K = 8, 6


def windows(count: int, seed: int) -> np.ndarray:
    return rng(seed, "walks").normal(size=(count, T, 2)).cumsum(axis=1)


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("last_value", slice(4, T)),
        ("linear", slice(4, T)),
        ("seasonal", slice(4, T)),
        ("interpolated", slice(2, 6)),
        ("nearest", slice(2, 6)),
    ],
)
def test_given_cells_are_kept_and_draws_are_near_the_truth(name: str, unknown: slice) -> None:
    truth = windows(50, 1)
    given = truth.copy()
    given[:, unknown] = np.nan
    arguments = [windows(400, 0), K]
    if name == "seasonal":
        errors = rng(2, "errors").normal(size=(30, T, 2))
        arguments = [truth + errors[rng(3, "some").integers(30, size=len(truth))], errors, K]
    made = getattr(completion, name)(*arguments)(given)
    assert made.shape == (K, *truth.shape)
    known = np.broadcast_to(~np.isnan(given), made.shape)
    np.testing.assert_array_equal(made[known], np.broadcast_to(truth, made.shape)[known])
    assert (made.std(axis=0)[:, unknown] > 0).all()
    steps = np.zeros(T, dtype=bool)
    steps[unknown] = True
    found, shuffled = (
        completion.scores(x, truth, steps, truth.std(axis=(0, 1)))
        for x in (made, np.roll(made, 1, axis=1))
    )
    for score in ("crps", "energy"):
        assert found[score] < 0.8 * shuffled[score]  # type: ignore[operator]


def test_figures_of_long_series_see_days_and_jumps_at_seams() -> None:
    times = pd.date_range("2026-01-05", periods=240, freq="h")
    daily = np.sin(2 * np.pi * times.hour / 24)
    jumps = np.repeat(rng(0, "jumps").normal(size=20), 12)
    figures = []
    for x in (daily, daily + jumps):
        parts = [pd.DataFrame({"time": times, "x": x})]
        figures.append(
            completion._horizon(parts, ["x"], "time", np.diff(daily).std(keepdims=True), 12)
        )
    even, uneven = figures
    assert even["hour"] == pytest.approx(1)
    assert even["changes"] == pytest.approx(1)
    assert even["days_1"] == pytest.approx(1)
    assert uneven["hour"] < 0.9
    assert uneven["changes_at_seams"] > 2 * uneven["changes"]
