"""A score that fails is null with a reason, and all others come as they would have come."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timegan
from tests.metrics.cards import plant, planted, published, quick, strict
from timegan.attempts import FailureWarning, collecting
from timegan.metrics import cache, controls
from timegan.metrics.fidelity import classifier_tests
from timegan.metrics.metric import metrics_of
from timegan.metrics.protocols import runner
from timegan.metrics.windows import Array

WHY = "could not be computed: ZeroDivisionError: planted"
NAMES = ["a", "b"]
NEEDS_CONTEXT = "context_dependence"
QUICK = [metric.name for metric in metrics_of("sets") if metric.name != NEEDS_CONTEXT]


def windows(count: int, seed: int) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=(count, 8, 2)).cumsum(axis=1)
    return found


REAL, UNSEEN, FAKE = windows(60, 0), windows(60, 1), windows(50, 2)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))


def measured(protocol: Callable[..., dict[str, Any]], **options: Any) -> dict[str, Any]:
    with collecting():
        card = protocol(REAL, UNSEEN, FAKE, NAMES, classifiers=1, classifier_steps=2, **options)
    json.dumps(card, allow_nan=False)
    return card


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return measured(quick, cache=False)


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_score_that_fails_leaves_the_others(
    name: str, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        plant(patch, name)
        card = measured(quick)
    score = card["scores"].pop(name)
    assert (score["mean"], score["reason"]) == (None, WHY)
    assert score["better"] == whole["scores"][name]["better"]
    assert score["baseline"] == {"mean": None, "reason": WHY}
    assert score["controls"]["gaussian"] == {"mean": None, "reason": WHY}
    assert card["scores"] == {k: v for k, v in whole["scores"].items() if k != name}
    assert {k: v for k, v in card.items() if k != "scores"} == {
        k: v for k, v in whole.items() if k != "scores"
    }
    assert measured(quick, cache=False)["scores"] == whole["scores"]


def test_a_failure_is_not_kept_in_the_cache(
    whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        plant(patch, "density")
        measured(quick)
    assert measured(quick)["scores"] == whole["scores"]
    monkeypatch.setattr(runner, "_control", planted)  # what is kept is not measured again
    assert measured(quick)["scores"] == whole["scores"]


def test_a_control_that_cannot_be_made_is_unknown_alone(
    whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(controls.CONTROLS, "gaussian", planted)
    for name, score in measured(quick)["scores"].items():
        assert score["controls"].pop("gaussian") == {"mean": None, "reason": WHY}
        assert score["controls"].keys() | {"gaussian"} == whole["scores"][name]["controls"].keys()
        assert score["mean"] == whole["scores"][name]["mean"]


@pytest.mark.parametrize(
    ("function", "part", "left"),
    [
        ("protocols.runner.statistics", "statistics", []),
        ("protocols.runner.statistics", "statistics_scaled", []),
        (
            "protocols.runner.diversity",
            "diversity",
            {"ratio": None, "least": None, "feature": None, "reason": WHY},
        ),
        ("fidelity.density.overlaps", "statistics", None),
        ("fidelity.correlation.pairs", "statistics", None),
    ],
)
def test_other_parts_of_a_card_fail_alone(
    function: str,
    part: str,
    left: Any,
    whole: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"timegan.metrics.{function}", planted)
    with collecting() as failures:
        card = quick(REAL, UNSEEN, FAKE, NAMES, classifiers=1, classifier_steps=2)
    assert {failure.reason for failure in failures} == {WHY}
    assert card[part] == (whole[part] if left is None else left)
    for name, score in card["scores"].items():
        assert score["mean"] == whole["scores"][name]["mean"]


def test_a_test_for_copies_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timegan.metrics.privacy.report.copying", planted)
    found = measured(quick)["copying"]
    assert (found["warning"], found["reason"]) == (False, WHY)
    assert found["sentence"] == f"The test for copies {WHY}."


SMALL: dict[str, Any] = {
    "forecaster_steps": 1,
    "encoders": 1,
    "encoder_steps": 1,
    "progress": False,
}


@pytest.mark.parametrize(
    ("function", "failing"),
    [
        ("utility.predictive.forecast", {"predictive", "predictive_all"}),
        ("fidelity.context_fid.fit", {"context_fid"}),
        ("fidelity.context_fid.frechet", {"context_fid"}),
        ("fidelity.correlation.correlation_draws", {"correlation"}),
    ],
)
def test_a_published_score_that_fails_leaves_the_others(
    function: str, failing: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"timegan.metrics.{function}", planted)
    scores = measured(published, **SMALL)["scores"]
    assert {name for name, score in scores.items() if score["mean"] is None} == failing
    for name in failing:
        assert scores[name]["reason"] == WHY
        assert scores[name]["better"] == "lower"


def reasons(scores: Mapping[str, Any]) -> dict[str, str]:
    return {name: score["reason"] for name, score in scores.items() if "reason" in score}


STRICT = [metric.name for metric in metrics_of("blocks")]


@pytest.mark.parametrize("name", [*STRICT, *classifier_tests.CLASSIFIERS])
def test_a_strict_score_that_fails_leaves_the_others(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = name
    if name in classifier_tests.CLASSIFIERS:
        monkeypatch.setitem(classifier_tests.CLASSIFIERS, name, planted)
        expected = "classifier_auc"
    else:
        plant(monkeypatch, name, "blocks")
    scores = measured(strict, runs=1, progress=False)["scores"]
    few = {
        "membership": "30 windows are too few: it needs 50.",
        "windows_to_tell": "14 windows are too few: a classifier needs 16.",
    }
    assert reasons(scores) == few | {expected: WHY}
    assert set(scores) == {*QUICK, *STRICT}


def test_a_strict_card_holds_the_reasons_of_its_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(classifier_tests.CLASSIFIERS, "boosting", planted)
    plant(monkeypatch, "mmd", "blocks")
    monkeypatch.setitem(controls.CONTROLS, "bootstrap", planted)
    for name in (
        "privacy.report.membership_inference",
        "privacy.report.shifted_copies",
        "fidelity.distances.wassersteins",
    ):
        monkeypatch.setattr(f"timegan.metrics.{name}", planted)
    card = measured(strict, runs=1, progress=False)
    scores = card["scores"]
    few = {"membership", "windows_to_tell"}
    assert reasons(scores).keys() - few == {"classifier_auc", "mmd", "wasserstein"}
    for name in ("classifier_auc", "mmd"):
        assert (scores[name]["reason"], scores[name]["baseline"]["reason"]) == (WHY, WHY)
    assert scores["classifier_auc"]["classifiers"]["recurrent"]["mean"] is not None
    assert scores["classifier_auc"]["classifiers"]["boosting"]["interval"] is None
    for score in scores.values():
        assert score["controls"]["bootstrap"] == {"mean": None, "reason": WHY}
        assert score["controls"].keys() >= {"copy", "gaussian", "shuffled"}
    assert card["copying"]["membership"]["reason"] == WHY
    assert card["copying"]["shifted"]["reason"] == WHY
    assert "planted" not in "".join(file.read_text() for file in cache.folder().glob("*.json"))


def test_an_interruption_ends_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any) -> float:
        raise KeyboardInterrupt

    plant(monkeypatch, "density", measure=interrupted)
    with pytest.raises(KeyboardInterrupt):
        measured(quick)


def test_in_python_a_failure_is_a_reason_and_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, "correlation")
    with pytest.warns(
        FailureWarning, match="score correlation of .* could not be computed: Zero"
    ) as told:
        card = timegan.evaluate(
            REAL, FAKE, UNSEEN, protocol="quick", classifiers=1, classifier_steps=2, workers=1
        )
    assert len(told) == 1
    assert card["scores"]["correlation"]["reason"] == WHY
    assert card["scores"]["density"]["mean"] is not None
