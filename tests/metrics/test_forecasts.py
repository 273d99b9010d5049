"""Scores of forecasts are best for the true distribution, and agree with their formulas."""

import numpy as np
import pytest

from timegan.metrics.forecasts import coverage, crps, energy_scores, spread_ratio, variogram_scores
from timegan.seeds import rng

K, N, H, C = 40, 400, 5, 2


def walks(seed: int, *shape: int) -> np.ndarray:
    return rng(seed, "walks").normal(size=(*shape, H, C)).cumsum(axis=-2)


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return walks(0, N)


def test_the_crps_is_that_of_all_pairs() -> None:
    draws, y = walks(1, 6, 3), walks(2, 3)
    pairs = [np.abs(draws[i] - draws[j]) for i in range(6) for j in range(6) if i != j]
    expected = np.abs(draws - y).mean(axis=0) - np.mean(pairs, axis=0) / 2
    np.testing.assert_allclose(crps(draws, y), expected)


@pytest.mark.parametrize("score", [crps, energy_scores, variogram_scores])
def test_the_true_distribution_scores_best(score: object, truth: np.ndarray) -> None:
    assert callable(score)
    true = score(walks(3, K, N), truth).mean()
    for factor, shift in ((0.5, 0.0), (2.0, 0.0), (1.0, 2.0)):
        if score is variogram_scores and shift:
            continue  # it sees differences only
        assert score(factor * walks(3, K, N) + shift, truth).mean() > 1.02 * true


def test_the_variogram_score_tells_shuffled_steps(truth: np.ndarray) -> None:
    draws = walks(4, K, N)
    noise = rng(5, "noise").normal(size=draws.shape) * draws.std(axis=(0, 1))
    true, wrong = (variogram_scores(d, truth).mean() for d in (draws, noise))
    assert wrong > 1.5 * true


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("draws", [9, K])
def test_intervals_of_the_true_distribution_cover_their_share(share: float, draws: int) -> None:
    y = rng(6, "many").normal(size=(20_000, 1, 1))
    made = rng(7, "many").normal(size=(draws, 20_000, 1, 1))
    assert coverage(made, y, share).item() == pytest.approx(share, abs=0.012)
    assert coverage(0.5 * made, y, share).item() < share - 0.1


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_spread_ratio_is_the_factor_of_the_spread(factor: float) -> None:
    centre = rng(0, "centre").normal(size=(1, 500, 4, 2)) * 10
    noise = rng(0, "noise").normal(size=(31, 500, 4, 2))
    draws, truth = centre + factor * noise[1:], (centre + noise[:1])[0]
    expected = factor * np.sqrt(31 / 30) / np.sqrt(1 + factor**2 / 30)
    assert spread_ratio(draws, truth) == pytest.approx(expected, rel=0.05)
