"""Distances: zero for equal sets, as an independent formula says, and growing with the fault."""

from collections.abc import Callable

import numpy as np
import pytest

from timegan.metrics.fidelity import distances
from timegan.metrics.fidelity.autocorrelation import autocorrelation
from timegan.metrics.windows import Array

Distance = Callable[[Array, Array], float | None]
ALL: list[Distance] = [
    distances.wasserstein,
    distances.cross_correlation,
    distances.spectral_distance,
    distances.increment_moments,
    distances.mmd,
]


def walks(count: int, seed: int, steps: int = 12, features: int = 3) -> Array:
    """Return correlated random walks that forget slowly."""
    rng = np.random.default_rng(seed)
    mix = np.eye(features) + 0.5
    x = np.empty((count, steps, features))
    x[:, 0] = rng.normal(size=(count, features)) @ mix
    for t in range(1, steps):
        x[:, t] = 0.9 * x[:, t - 1] + 0.45 * rng.normal(size=(count, features)) @ mix
    return x


REAL, OTHER = walks(600, 0), walks(600, 1)


def value(distance: Distance, a: Array, b: Array) -> float:
    found = distance(a, b)
    assert found is not None
    return found


@pytest.mark.parametrize("distance", ALL)
def test_equal_sets_are_nowhere_apart(distance: Distance) -> None:
    assert value(distance, REAL, REAL) <= 1e-9


@pytest.mark.parametrize("distance", ALL)
def test_noise_is_farther_away_the_more_there_is(distance: Distance) -> None:
    noise = np.random.default_rng(2).normal(size=OTHER.shape)
    found = [value(distance, REAL, OTHER + share * noise) for share in (0.0, 0.7, 1.5, 3.0)]
    assert found == sorted(found)
    assert found[-1] > 3 * abs(found[0])


def test_an_order_of_their_own_is_seen_in_time_and_not_in_values() -> None:
    order = np.random.default_rng(3).permuted(np.tile(np.arange(12), (600, 1)), axis=1)
    for share in (0.2, 0.5, 1.0):
        mixed = OTHER.copy()
        some = slice(0, int(600 * share))
        mixed[some] = np.take_along_axis(OTHER[some], order[some, :, None], axis=1)
        assert distances.wasserstein(REAL, mixed) == pytest.approx(
            distances.wasserstein(REAL, OTHER)
        )
        for distance in (distances.spectral_distance, distances.increment_moments):
            assert value(distance, REAL, mixed) > 2 * value(distance, REAL, OTHER)


def test_smoothing_takes_power_from_high_frequencies() -> None:
    found = []
    for weight in (0.0, 0.2, 0.5):
        smooth = OTHER.copy()
        smooth[:, 1:] = (1 - weight) * OTHER[:, 1:] + weight * OTHER[:, :-1]
        found.append(value(distances.spectral_distance, REAL, smooth))
    assert found == sorted(found)
    assert found[2] > 3 * found[0]


def test_the_marginal_distance_of_a_shift_is_the_shift() -> None:
    spans = np.ptp(REAL, axis=(0, 1))
    assert distances.wassersteins(REAL, REAL + 0.1 * spans) == pytest.approx([0.1] * 3)


def test_lagged_correlations_are_pearson_s() -> None:
    curve = distances.lagged_correlations(REAL)
    expected = np.mean([np.corrcoef(REAL[:, t, 0], REAL[:, t + 2, 1])[0, 1] for t in range(10)])
    assert curve[2, 0, 1] == pytest.approx(expected)
    np.testing.assert_allclose(curve[:, range(3), range(3)], autocorrelation(REAL), atol=1e-9)


def test_dependence_that_is_lost_is_seen_in_the_cross_correlation_alone() -> None:
    apart = OTHER.copy()
    apart[..., 0] = walks(600, 5)[..., 0]
    assert value(distances.cross_correlation, REAL, apart) > 5 * value(
        distances.cross_correlation, REAL, OTHER
    )
    assert value(distances.increment_moments, REAL, apart) < 0.1


def test_moments_of_gaussian_changes_against_others_of_the_same_deviation() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(4_000, 6, 1)).cumsum(axis=1)
    heavy = (rng.laplace(size=(4_000, 6, 1)) / np.sqrt(2)).cumsum(axis=1)
    # The fourth moments are 3 and 6; third ones are zero, but for a root of what chance makes them.
    expected = (6**0.25 - 3**0.25) / 4
    found = value(distances.increment_moments, real, heavy)
    assert expected - 0.02 < found < expected + 0.15


def test_mmd_is_the_mean_of_the_kernel_over_pairs() -> None:
    a, b = REAL[:30], OTHER[:20]
    scale = a.std(axis=(0, 1))
    x, y = ((w / scale).reshape(len(w), -1) for w in (a, b))
    squares = [[float(((p - q) ** 2).sum()) for q in x] for p in x]
    middle = float(np.median([squares[i][j] for i in range(30) for j in range(30) if i != j]))

    def kernel(p: Array, q: Array) -> float:
        gap = float(((p - q) ** 2).sum())
        return float(np.mean([np.exp(-gap / (f * middle)) for f in (0.25, 0.5, 1, 2, 4)]))

    within = [
        np.mean([kernel(p, q) for i, p in enumerate(s) for j, q in enumerate(s) if i != j])
        for s in (x, y)
    ]
    between = np.mean([kernel(p, q) for p in x for q in y])
    assert distances.mmd(a, b) == pytest.approx(float(sum(within) - 2 * between))


def test_what_cannot_be_measured_is_none() -> None:
    one = REAL[:, :1, :1]
    assert distances.cross_correlation(one, one) is None
    assert distances.spectral_distance(one, one) is None
    assert distances.increment_moments(one, one) is None
    assert distances.mmd(REAL[:1], REAL) is None
    flat = np.ones((9, 6, 2))
    assert distances.spectral_distance(flat, flat) is None
    assert distances.increment_moments(flat, flat) is None
    assert distances.cross_correlation(flat, flat) is None
    assert distances.mmd(flat, flat) == pytest.approx(0)
    assert distances.wasserstein(flat, flat) == 0
