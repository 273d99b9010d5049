"""Metrics of sequences whose lengths differ look at their steps, and never at what lies behind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from timegan.metrics.comparison import Data, Options, SetComparison, comparisons_of
from timegan.metrics.fidelity import distances
from timegan.metrics.fidelity.autocorrelation import (
    autocorrelation,
    autocorrelation_score,
    change_autocorrelation_score,
)
from timegan.metrics.fidelity.correlation import correlation_score, correlations
from timegan.metrics.fidelity.density import change_overlap, overlaps, pooled_overlap
from timegan.metrics.fidelity.power_spectrum import spectrum
from timegan.metrics.fidelity.summary_statistics import diversity, statistics
from timegan.metrics.grouped_gru import Task
from timegan.metrics.metric import all_metrics
from timegan.metrics.privacy.report import copying_report
from timegan.metrics.protocols import run_protocol
from timegan.metrics.utility.predictive import forecast
from timegan.metrics.windows import Array
from timegan.transforms.feature_view import Marks

STEPS = 12
PAIRWISE: dict[str, Callable[[Array, Array], float | None]] = {
    "density": pooled_overlap,
    "change_density": change_overlap,
    "correlation": correlation_score,
    "autocorrelation": autocorrelation_score,
    "change_autocorrelation": change_autocorrelation_score,
    "wasserstein": distances.wasserstein,
    "cross_correlation": distances.cross_correlation,
    "increment_moments": distances.increment_moments,
    "diversity": lambda a, b: diversity(a, b, ["a", "b"])["ratio"],
    "mean": lambda a, b: statistics(a, b, ["a", "b"])[0]["difference"],
}


def walks(count: int, seed: int, steps: int = STEPS) -> Array:
    """Return windows (count, steps, 2) of two walks that rise and are tied to each other."""
    steps_of = np.random.default_rng(seed).normal(0.5, 1.0, size=(count, steps, 2))
    steps_of[..., 1] += steps_of[..., 0]
    found: Array = steps_of.cumsum(axis=1)
    return found


def lengths(count: int, seed: int, least: int = 3) -> Array:
    found: Array = np.random.default_rng(seed).integers(least, STEPS + 1, size=count)
    return found


def marked(windows: Array, length: Array) -> Array:
    """Return windows (N, T, C + 1) that repeat their last step, with a mark of their steps."""
    place = np.arange(windows.shape[1])
    source = np.minimum(place, length[:, None] - 1)[..., None]
    here = (place < length[:, None]).astype(float)[..., None]
    return np.concatenate([np.take_along_axis(windows, source, axis=1), here], axis=2)


MARKS = Marks(np.array([-1, -1, -1]), 2)


@pytest.mark.parametrize("name", PAIRWISE)
def test_a_metric_of_padded_windows_is_that_of_the_windows(name: str) -> None:
    short = [walks(80, seed, 7) for seed in (0, 1)]
    padded = [
        MARKS.cells(marked(np.pad(x, ((0, 0), (0, 5), (0, 0))), np.full(80, 7))) for x in short
    ]
    expected = PAIRWISE[name](*short)
    assert PAIRWISE[name](*padded) == pytest.approx(expected, rel=1e-9)


def test_values_count_once_however_long_their_sequences_are() -> None:
    sides, cells = [], []
    for seed in (2, 3):
        x, length = walks(90, seed), lengths(90, seed)
        cells.append(MARKS.cells(marked(x, length)))
        sides.append(np.concatenate([row[:n] for row, n in zip(x, length, strict=True)]))
    for c, found in enumerate(distances.wassersteins(*cells)):
        a, b = (side[:, c] for side in sides)
        assert found == pytest.approx(wasserstein_distance(a, b) / np.ptp(a))
    flat = [side[:, None] for side in sides]
    np.testing.assert_allclose(overlaps(*cells), overlaps(*flat))
    np.testing.assert_allclose(correlations(cells[0]), np.corrcoef(sides[0].T))
    rows = statistics(cells[0], cells[1], ["a", "b"])
    assert rows[1]["real"] == pytest.approx(sides[0][:, 0].std())


def test_autocorrelations_are_those_of_the_windows_that_have_both_steps() -> None:
    x, length = walks(90, 4), lengths(90, 4)
    curve = autocorrelation(MARKS.cells(marked(x, length)))
    for lag in (1, 4):
        found, weights = [], []
        for t in range(STEPS - lag):
            both = length > t + lag
            if both.sum() >= 10:
                found.append(np.corrcoef(x[both, t, 0], x[both, t + lag, 0])[0, 1])
                weights.append(both.sum())
        assert curve[lag, 0] == pytest.approx(np.average(found, weights=weights))


def test_spectra_are_those_of_each_sequence_to_its_own_end() -> None:
    x, length = walks(40, 5), lengths(40, 5, least=5)
    power = spectrum(MARKS.cells(marked(x, length)))[1]
    variances = []
    for row, n in zip(x[..., 0], length, strict=True):
        taper = np.hanning(n + 2)[1:-1]
        away = (row[:n] - np.average(row[:n], weights=taper)) * taper
        variances.append((away**2).sum() / (taper**2).sum())
    assert power[:, 0].sum() == pytest.approx(np.mean(variances))
    gaps = MARKS.cells(marked(x, np.full(40, STEPS)))
    gaps[:, 3:5] = np.nan
    line = x.copy()
    line[:, 3:5] = x[:, 2:3] + (x[:, 5:6] - x[:, 2:3]) * np.array([1, 2])[:, None] / 3
    np.testing.assert_allclose(spectrum(gaps)[1], spectrum(line)[1], rtol=1e-6)


def card(real: Array, synthetic: Array) -> dict[str, float]:
    """Return the scores of the protocol quick, with the baseline of each as ``NAME baseline``."""
    found = run_protocol(
        real,
        None,
        synthetic,
        ["a", "b", "present"],
        protocol="quick",
        marks=MARKS,
        classifiers=1,
        classifier_steps=300,
        lr=0.01,
        cache=False,
    )["scores"]
    return {
        key: value
        for name, score in found.items()
        for key, value in ((name, score.mean), (f"{name} baseline", score.baseline.mean))
    }


def test_wrong_lengths_are_seen_by_lengths_and_by_no_score_of_cells() -> None:
    """Values that say nothing of the length, so that lengths alone are wrong."""

    def levels(seed: int) -> Array:
        rng = np.random.default_rng(seed)
        found: Array = rng.normal(size=(600, 1, 2)) + 0.3 * rng.normal(size=(600, STEPS, 2))
        return found

    real = marked(levels(0), lengths(600, 0))
    right, wrong = marked(levels(1), lengths(600, 1)), marked(levels(1), lengths(600, 1, least=10))
    kept, broken = card(real, right), card(real, wrong)
    assert broken["discriminative"] > 0.2 > kept["discriminative"]
    assert broken["density"] == pytest.approx(kept["density"], abs=0.02)
    for name in ("autocorrelation", "change_autocorrelation", "change_density", "correlation"):
        for found in (kept, broken):
            assert found[name] == pytest.approx(found[f"{name} baseline"], abs=0.05)


def test_nothing_is_forecast_behind_the_end() -> None:
    """Steps behind the end repeat the last one, which would be easy to forecast."""
    x = np.random.default_rng(6).random((200, STEPS, 2))
    windows = marked(x, lengths(200, 6))
    data = Data(windows, None, windows, ["a", "b", "present"], None, MARKS)
    comparison = SetComparison(data, Options(), 0)
    tasks = [Task(comparison.unit(windows[:100]), comparison.unit(windows[100:]), 0)]
    ((masked,), (plain,)) = (
        forecast(tasks, target=target, iterations=150, present=comparison.present)
        for target in ("last", "all")
    )
    assert masked == pytest.approx(0.25, abs=0.02)  # the mean distance of a uniform number from 1/2
    assert plain == pytest.approx(0.25, abs=0.02)


def with_padding(windows: Array, seed: int) -> Array:
    """Return windows with other values behind their ends, within the range of the others."""
    found, behind = windows.copy(), windows[..., 2] < 0.5
    other = np.random.default_rng(seed).permutation(windows[~behind][:, :2])
    found[behind, :2] = other[: behind.sum()]
    return found


SIDES = ((240, 0), (120, 1), (240, 2))
"""Windows and seed of the training part, the held-out part and the samples."""

WHOLE = ("mmd", "precision", "recall", "authenticity", "membership", "context_fid", "copies")
"""Scores of whole windows."""


@pytest.mark.parametrize("name", WHOLE)
def test_no_score_of_whole_windows_sees_what_lies_behind_an_end(name: str) -> None:
    sides = [marked(walks(count, seed), lengths(count, seed)) for count, seed in SIDES]

    def found(train: Array, holdout: Array, synthetic: Array) -> Any:
        data = Data(train, holdout, synthetic, ["a", "b", "present"], None, MARKS)
        if name == "copies":
            return copying_report(data, {}, 0, is_thorough=False)["distance"]
        metric = all_metrics()[name]
        options = Options(runs=1, encoders=1, encoder_steps=3)
        (comparison,) = comparisons_of(metric.design, data, options, 0)
        return metric.measure(comparison, {"synthetic": comparison.synthetic()})["synthetic"].mean

    expected = found(*sides)
    assert expected is not None
    assert found(*(with_padding(side, 5) for side in sides)) == pytest.approx(expected, rel=1e-6)


def test_distances_of_windows_of_one_length_are_those_of_their_own_steps() -> None:
    x = marked(walks(80, 3), np.full(80, 4))
    data = Data(x, None, x, ["a", "b", "present"], None, MARKS)
    own = np.square(x[0, :4] - x[1, :4]).sum()
    first, second = data.filled(x[:2])
    assert np.square(first - second).sum() == pytest.approx(own)


def test_columns_without_any_value_break_nothing() -> None:
    real, fake = walks(60, 7), walks(60, 8)
    fake[..., 1] = np.nan
    for measure in PAIRWISE.values():
        for sides in ((real, fake), (fake, real), (fake, fake)):
            found = measure(*sides)
            assert found is None or np.isfinite(found)
    assert overlaps(real, fake)[1] == 0.0
