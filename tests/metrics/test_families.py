"""Statistics, densities, correlations and autocorrelations against independent formulas."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gaussian_kde
from sklearn.decomposition import PCA

from timegan.evaluation import evaluate
from timegan.metrics.fidelity.autocorrelation import autocorrelation, autocorrelation_score, changes
from timegan.metrics.fidelity.correlation import correlation_score, correlations
from timegan.metrics.fidelity.density import change_overlap, densities, overlaps, pooled_overlap
from timegan.metrics.fidelity.projection import pca, tsne
from timegan.metrics.fidelity.summary_statistics import diversity, statistics
from timegan.metrics.score import Score
from timegan.metrics.windows import Array, MinMax, random_halves
from timegan.report.verdicts.fidelity import correlation_verdict


@pytest.fixture
def real() -> Array:
    """Return random walks in three features, of which the second follows the first."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 10, 3)).cumsum(axis=1)
    x[..., 1] = 50 * x[..., 0] + rng.normal(size=(300, 10)) * 30
    return x


@pytest.fixture
def other() -> Array:
    rng = np.random.default_rng(1)
    return rng.normal(size=(250, 10, 3)).cumsum(axis=1) * [1.2, 60, 1] + 0.5


PANDAS: dict[str, Callable[["pd.Series[float]"], float]] = {
    "mean": lambda series: series.mean(),
    "std": lambda series: series.std(ddof=0),
    "min": lambda series: series.min(),
    "max": lambda series: series.max(),
}


def test_statistics_are_those_of_pandas(real: Array, other: Array) -> None:
    table = statistics(real, other, ["a", "b", "c"])
    assert len(table) == 12
    for row in table:
        column = "abc".index(row["feature"])
        a, b = (PANDAS[row["statistic"]](pd.Series(w[..., column].ravel())) for w in (real, other))
        assert row["real"] == pytest.approx(a)
        assert row["synthetic"] == pytest.approx(b)
        assert row["difference"] == pytest.approx(b - a)
        assert row["relative_percent"] == pytest.approx(100 * abs(b / a - 1))


def test_a_relative_difference_to_zero_is_left_open() -> None:
    zero = np.zeros((3, 4, 1))
    assert {row["relative_percent"] for row in statistics(zero, zero + 1, ["x"])} == {None}


def test_a_density_is_scipys_with_the_same_bandwidth(real: Array) -> None:
    values = real[..., 0].ravel()
    d = densities(values, values)
    iqr = np.subtract(*np.percentile(values, [75, 25]))
    width = 0.9 * min(values.std(), iqr / 1.34) * values.size**-0.2
    expected = gaussian_kde(values, bw_method=width / values.std(ddof=1))(d.grid[::40])
    np.testing.assert_allclose(d.real[::40], expected, atol=0.002 * expected.max())
    assert d.real.sum() * (d.grid[1] - d.grid[0]) == pytest.approx(1, abs=1e-3)


def test_overlap_of_two_normals_is_the_known_area() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200_000))
    # Shifted by one deviation: 2 Phi(-1/2) = .617.
    assert densities(a, b + 1).overlap == pytest.approx(0.617, abs=0.01)


def test_overlaps_go_from_one_to_zero(real: Array) -> None:
    assert overlaps(real, real) == pytest.approx([1, 1, 1], abs=1e-6)
    assert pooled_overlap(real, real) == pytest.approx(1, abs=1e-6)
    assert change_overlap(real, real) == pytest.approx(1, abs=1e-6)
    apart = real + 10 * np.ptp(real, axis=(0, 1))
    assert overlaps(real, apart) == pytest.approx([0, 0, 0])


def test_smoothing_shows_in_the_changes_and_hardly_in_the_values(real: Array) -> None:
    smooth = real.copy()
    smooth[:, 1:-1] = (real[:, :-2] + real[:, 1:-1] + real[:, 2:]) / 3
    assert change_overlap(real, smooth) < 0.85
    assert min(overlaps(real, smooth)) > 0.93


def test_a_constant_overlaps_with_itself_alone() -> None:
    constant = np.full((5, 6, 1), 7.0)
    assert overlaps(constant, constant) == pytest.approx([1])
    assert overlaps(constant, constant + 1) == pytest.approx([0])
    assert change_overlap(constant, constant) == pytest.approx(1)


def test_correlations_are_numpys(real: Array) -> None:
    np.testing.assert_allclose(correlations(real), np.corrcoef(real.reshape(-1, 3).T), atol=1e-12)


def test_the_correlational_score_is_the_published_sum(real: Array, other: Array) -> None:
    a, b = (np.corrcoef(w.reshape(-1, 3).T) for w in (real, other))
    expected = (abs(a[1, 0] - b[1, 0]) + abs(a[2, 0] - b[2, 0]) + abs(a[2, 1] - b[2, 1])) / 10
    assert correlation_score(real, other) == pytest.approx(expected)
    assert correlation_score(real, real) == 0


def test_a_constant_has_no_correlation(real: Array) -> None:
    flat = real.copy()
    flat[..., 2] = 0.1
    assert np.isnan(correlations(flat)[2]).all()
    assert correlation_score(real, flat) == pytest.approx(0)
    assert correlation_score(real[..., 1:], flat[..., 1:]) is None
    assert correlation_score(real[..., :1], flat[..., :1]) is None


def test_pairs_with_a_constant_are_told_without_a_number(real: Array) -> None:
    flat = real.copy()
    flat[..., 2] = 2022.0
    card = evaluate(flat, real, protocol="quick", classifiers=1, classifier_steps=1)
    pairs = card["scores"]["correlation"]["pairs"]
    known = [pair["features"] for pair in pairs if pair["real"] is not None]
    assert known == [["feature_1", "feature_2"]]
    verdict = correlation_verdict(Score.from_dict(card["scores"]["correlation"]))
    assert "nan" not in verdict.sentence


def test_autocorrelation_is_the_mean_correlation_at_a_lag(real: Array) -> None:
    found = autocorrelation(real)
    for lag in (0, 1, 4, 9):
        for c in range(3):
            each = [np.corrcoef(real[:, t, c], real[:, t + lag, c])[0, 1] for t in range(10 - lag)]
            assert found[lag, c] == pytest.approx(np.mean(each))


def test_a_random_walks_changes_are_not_correlated(real: Array) -> None:
    np.testing.assert_allclose(autocorrelation(changes(real))[1:6, 0], 0, atol=0.1)


def test_a_common_trend_takes_no_part_in_the_autocorrelation(real: Array) -> None:
    trend = np.arange(10)[None, :, None] * 100.0
    np.testing.assert_allclose(autocorrelation(real + trend), autocorrelation(real), atol=1e-9)


def test_autocorrelation_without_variation_is_open_not_nan() -> None:
    flat = np.ones((4, 5, 1))
    assert autocorrelation_score(flat, flat) is None
    single = np.ones((4, 1, 1))
    assert autocorrelation_score(single, single) is None


def test_shuffling_in_time_is_seen_by_the_autocorrelation(real: Array) -> None:
    shuffled = np.random.default_rng(0).permuted(real, axis=1)
    score = autocorrelation_score(real, shuffled)
    assert score is not None
    assert score > 0.1


def test_pca_of_whole_windows_is_sklearns(real: Array, other: Array) -> None:
    found = pca(real, other)
    low, high = real.min(axis=(0, 1)), real.max(axis=(0, 1))
    rows = ((np.concatenate((real, other)) - low) / (high - low)).reshape(550, 30)
    model = PCA(n_components=2, svd_solver="full").fit(rows)
    both = np.concatenate((found.real, found.synthetic))
    np.testing.assert_allclose(np.abs(both), np.abs(model.transform(rows)), atol=1e-9)
    np.testing.assert_allclose(found.explained, model.explained_variance_ratio_)


def test_projections_repeat_and_keep_the_sets_apart(real: Array) -> None:
    far = real + 5 * np.ptp(real, axis=(0, 1))
    first, second = (tsne(real, far, limit=40, seed=2) for _ in range(2))
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.real, second.real)
    middle = (first.real.mean(axis=0) + first.synthetic.mean(axis=0)) / 2
    side = (np.concatenate((first.real, first.synthetic)) - middle) @ (
        first.synthetic.mean(axis=0) - first.real.mean(axis=0)
    )
    assert (side[:40] < 0).all()
    assert (side[40:] > 0).all()


def test_projections_of_next_to_nothing() -> None:
    one = np.zeros((1, 1, 1))
    assert pca(one, one).real.shape == (1, 2)
    assert tsne(one, one) is None
    same = np.ones((8, 3, 2))
    found = tsne(same, same)
    assert found is not None
    assert np.isfinite(found.real).all()


def test_min_max_units_and_halves(real: Array) -> None:
    scaled = MinMax(real)(real)
    np.testing.assert_allclose(scaled.min(axis=(0, 1)), 0)
    np.testing.assert_allclose(scaled.max(axis=(0, 1)), 1)
    given = MinMax(real, (np.zeros(3), np.full(3, 2.0)))(real)
    np.testing.assert_allclose(given, real / 2)
    a, b = (half.values() for half in random_halves(np.arange(7), np.random.default_rng(0)))
    assert sorted([*a, *b]) == list(range(7))
    assert len(a) == 3


def test_windows_that_are_all_the_same_have_no_spread_however_much_they_move() -> None:
    real = np.random.default_rng(0).normal(size=(200, 8, 2)).cumsum(axis=1)
    half = real.mean(axis=0) + (real - real.mean(axis=0)) * [1.0, 0.5]
    found = diversity(real, half, ["a", "b"])
    assert found["ratio"] == pytest.approx(0.75)
    assert (found["least"], found["feature"]) == (pytest.approx(0.5), "b")
    assert diversity(real, np.repeat(real[:1], 9, axis=0), ["a", "b"])["ratio"] < 1e-12
    assert diversity(real * 0, real, ["a", "b"])["ratio"] is None
