"""A metric is one function with its record: protocols and reports find it there."""

from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import quick, quick_records
from timegan.metrics import metric
from timegan.metrics.comparison import Data, Options, comparisons_of
from timegan.metrics.fidelity.autocorrelation import (
    autocorrelation,
    autocorrelation_score,
    change_autocorrelation_score,
)
from timegan.metrics.fidelity.correlation import correlation_matrix, correlation_score
from timegan.metrics.fidelity.density import change_overlap, pooled_overlap
from timegan.metrics.metric import FAMILIES, Needs, all_metrics, metrics_of, pairwise
from timegan.metrics.windows import Array, MinMax
from timegan.report.tables import score_rows

OPTIONS: dict[str, Any] = {"classifiers": 1, "classifier_steps": 1, "cache": False}


def rise(real: Array, synthetic: Array) -> float | None:
    """Return the difference of the mean rise of a window."""
    rises = [float((x[:, -1] - x[:, 0]).mean()) for x in (real, synthetic)]
    return abs(rises[0] - rises[1])


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a metric for the length of a test."""
    metrics_of("sets")
    monkeypatch.setattr(metric, "_registered", metric._registered.copy())
    about: dict[str, Any] = {
        "title": "Rise",
        "meaning": "From first to last.",
        "needs": Needs(steps=2),
    }
    pairwise("rise", better="lower", **about)(rise)


def walks(count: int, steps: int, seed: int) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=(count, steps, 2)).cumsum(axis=1)
    return found


def test_a_protocol_measures_it_beside_its_baseline_and_controls() -> None:
    score = quick(walks(40, 6, 0), None, walks(30, 6, 1), ["a", "b"], **OPTIONS)["scores"]["rise"]
    assert score["mean"] >= 0
    assert len(score["baseline"]["runs"]) == 5
    assert score["controls"]["copy"]["mean"] is not None
    assert (score["better"], score["compared_with"]) == ("lower", "training")


def test_a_report_knows_its_title_and_its_meaning() -> None:
    card = quick_records(walks(40, 6, 0), None, walks(30, 6, 1), ["a", "b"], **OPTIONS)
    row = score_rows(card)[-1]
    assert (row.title, row.meaning) == ("Rise", "From first to last.")
    assert list(all_metrics())[-1] == "rise"


def test_what_it_needs_is_the_reason_where_it_cannot_be_computed() -> None:
    card = quick(walks(40, 1, 0), None, walks(30, 1, 1), ["a", "b"], **OPTIONS)
    assert card["scores"]["rise"]["reason"] == "It needs windows of at least 2 steps."


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'rise' is registered already"):
        pairwise("rise", title="", meaning="", better="lower")(rise)


def test_every_metric_says_what_a_report_needs() -> None:
    assert FAMILIES == ("fidelity", "utility", "privacy")
    for known in all_metrics().values():
        assert known.title
        assert known.meaning.endswith((".", ")"))
        assert known.better in ("lower", "higher")


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("density", pooled_overlap),
        ("change_density", change_overlap),
        ("correlation", correlation_score),
        ("autocorrelation", autocorrelation_score),
        ("change_autocorrelation", change_autocorrelation_score),
    ],
)
def test_what_candidates_share_gives_the_score_of_the_function(name: str, function: Any) -> None:
    draw = np.random.default_rng(0)
    real, made = draw.normal(size=(2, 60, 9, 3)).cumsum(axis=2)
    real[..., 2] = made[..., 2] = 1.5
    [comparison] = comparisons_of("sets", Data(real, None, made, list("abc")), Options(), 0)
    record = next(record for record in metrics_of("sets") if record.name == name)
    candidates = {"synthetic": comparison.synthetic(), "real": comparison.baseline()}
    found = record.measure(comparison, candidates)
    scale = MinMax(real)
    assert found["synthetic"].mean == pytest.approx(function(scale(real), scale(made)))
    halves = [(a.values(), b.values()) for a, b in candidates["real"].pairs]
    assert found["real"].runs == pytest.approx([function(a, b) for a, b in halves])


def test_autocorrelations_of_all_columns_at_once_are_those_of_each() -> None:
    windows = np.random.default_rng(0).normal(size=(40, 6, 3)).cumsum(axis=1)
    windows[..., 1] = 2.0
    windows[:, 2, 2] = 7.0
    found = autocorrelation(windows)
    assert np.isnan(found[:, 1]).all()
    for c in (0, 2):
        table = correlation_matrix(windows[..., c])[0]
        means = [np.nanmean(table.diagonal(lag)) for lag in range(6)]
        np.testing.assert_allclose(found[:, c], means, atol=1e-12)
