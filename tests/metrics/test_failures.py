"""A score that fails is null with a reason, and all others come as they would have come."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timegan
from timegan.attempts import FailureWarning, collecting
from timegan.metrics import controls
from timegan.metrics.fidelity import classifier_tests
from timegan.metrics.protocols import cache, published, strict_measures
from timegan.metrics.protocols import quick as protocol
from timegan.metrics.protocols import strict as severe
from timegan.metrics.protocols.published import legacy
from timegan.metrics.protocols.quick import BETTER, MEASURES, quick
from timegan.metrics.protocols.splits import Ground
from timegan.metrics.protocols.strict import strict
from timegan.metrics.utility import tstr
from timegan.metrics.windows import Array

WHY = "could not be computed: ZeroDivisionError: planted"
NAMES = ["a", "b"]


def windows(count: int, seed: int) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=(count, 8, 2)).cumsum(axis=1)
    return found


REAL, UNSEEN, FAKE = windows(60, 0), windows(60, 1), windows(50, 2)


def planted(*args: Any, **options: Any) -> Any:
    raise ZeroDivisionError("planted")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))


def measured(measure: Callable[..., dict[str, Any]], **options: Any) -> dict[str, Any]:
    with collecting():
        card = measure(REAL, UNSEEN, FAKE, NAMES, judges=1, iterations=2, **options)
    json.dumps(card, allow_nan=False)
    return card


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return measured(quick, cache=False)


@pytest.mark.parametrize("name", BETTER)
def test_a_quick_score_that_fails_leaves_the_others(
    name: str, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "discriminative":
        monkeypatch.setattr(protocol, "classify", planted)
    else:
        monkeypatch.setitem(MEASURES, name, planted)
    card = measured(quick)
    score = card["scores"].pop(name)
    assert (score["mean"], score["reason"], score["better"]) == (None, WHY, BETTER[name])
    assert score["floor"] == {"mean": None, "reason": WHY}
    assert score["controls"]["gaussian"] == {"mean": None, "reason": WHY}
    assert card["scores"] == {k: v for k, v in whole["scores"].items() if k != name}
    assert {k: v for k, v in card.items() if k != "scores"} == {
        k: v for k, v in whole.items() if k != "scores"
    }
    monkeypatch.undo()
    assert measured(quick, cache=False)["scores"] == whole["scores"]


def test_a_failure_is_not_kept_in_the_cache(
    whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(MEASURES, "density", planted)
        measured(quick)
    assert measured(quick)["scores"] == whole["scores"]
    monkeypatch.setattr(protocol, "compared", planted)  # what is kept is not measured again
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
        ("statistics", "statistics", []),
        ("statistics", "statistics_scaled", []),
        ("spread", "spread", {"ratio": None, "least": None, "feature": None, "reason": WHY}),
        ("_reference", "statistics", None),
        ("overlaps", "statistics", None),
        ("_pairs", "statistics", None),
    ],
)
def test_other_parts_of_a_card_fail_alone(
    function: str,
    part: str,
    left: Any,
    whole: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, function, planted)
    with collecting() as failures:
        card = quick(REAL, UNSEEN, FAKE, NAMES, judges=1, iterations=2)
    assert {failure.reason for failure in failures} == {WHY}
    assert card[part] == (whole[part] if left is None else left)
    for name, score in card["scores"].items():
        assert score["mean"] == whole["scores"][name]["mean"]


def test_a_test_for_copies_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "copying", planted)
    found = measured(quick)["copying"]
    assert (found["warning"], found["reason"]) == (False, WHY)
    assert found["sentence"] == f"The test for copies {WHY}."


SMALL: dict[str, Any] = {"forecasts": 1, "encoders": 1, "encodings": 1, "progress": False}


@pytest.mark.parametrize(
    ("function", "failing"),
    [
        ("forecast", {"predictive", "predictive_all"}),
        ("fit", {"context_fid"}),
        ("frechet", {"context_fid"}),
        ("correlation_draws", {"correlation"}),
    ],
)
def test_a_published_score_that_fails_leaves_the_others(
    function: str, failing: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, function, planted)
    scores = measured(legacy, **SMALL)["scores"]
    assert {name for name, score in scores.items() if score["mean"] is None} == failing
    for name in failing:
        assert scores[name]["reason"] == WHY
        assert scores[name]["better"] == "lower"


SINGLE = {
    "marginal": {"marginal"},
    "cross_correlation": {"cross_correlation"},
    "spectral": {"spectrum"},
    "increments": {"increments"},
    "mmd": {"mmd"},
    "coverage": {"precision", "recall"},
    "authenticity": {"authenticity"},
    "membership": {"membership"},
}


def strict_scores(candidates: dict[str, Array]) -> dict[str, dict[str, Any]]:
    ground = Ground.of(REAL, UNSEEN, 0, 0, 1_000)
    with collecting():
        return strict_measures.measure(ground, candidates, 25, 0, 2)


@pytest.mark.parametrize("function", [*SINGLE, *classifier_tests.KINDS, "usefulness"])
def test_a_strict_score_that_fails_leaves_the_others(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = SINGLE.get(function, {"usefulness", "usefulness_ahead"})
    if function in classifier_tests.KINDS:
        monkeypatch.setitem(classifier_tests.KINDS, function, planted)
        expected = {"judges", f"auc_{function}", f"interval_{function}"}
    elif function == "usefulness":
        monkeypatch.setattr(tstr, "errors", planted)
    else:
        monkeypatch.setattr(strict_measures, function, planted)
    (found,) = strict_scores({"synthetic": FAKE}).values()
    assert {name for name, value in found.items() if value == WHY} == expected
    assert found.keys() == set(strict_measures.SCORES)


def test_a_strict_card_holds_the_reasons_of_its_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(classifier_tests.KINDS, "boosting", planted)
    monkeypatch.setattr(strict_measures, "mmd", planted)
    monkeypatch.setitem(controls.CONTROLS, "bootstrap", planted)
    for name in ("constraints", "betrayal", "shifted_copies", "wassersteins"):
        monkeypatch.setattr(severe, name, planted)
    card = measured(strict, runs=1, progress=False)
    scores = card["scores"]
    assert {name for name, s in scores.items() if s["mean"] is None} - {"membership"} == {
        "judges",
        "mmd",
    }
    for name in ("judges", "mmd"):
        assert (scores[name]["reason"], scores[name]["floor"]["reason"]) == (WHY, WHY)
    assert scores["judges"]["kinds"]["recurrent"]["mean"] is not None
    assert scores["judges"]["kinds"]["boosting"]["interval"] is None
    for score in scores.values():
        assert score["controls"]["bootstrap"] == {"mean": None, "reason": WHY}
        assert score["controls"].keys() >= {"copy", "gaussian", "shuffled"}
    assert card["constraints"] == []
    assert card["copying"]["membership"]["reason"] == WHY
    assert card["copying"]["shifted"]["reason"] == WHY
    assert "planted" not in "".join(file.read_text() for file in cache.folder().glob("*.json"))


def test_strict_without_its_grounds_still_has_the_quick_scores(
    whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(severe, "measure", planted)
    scores = measured(strict, runs=1, progress=False, cache=False)["scores"]
    assert scores["mmd"]["reason"] == WHY
    assert scores["density"]["mean"] == pytest.approx(whole["scores"]["density"]["mean"], rel=0.1)


def test_an_interruption_ends_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any) -> float:
        raise KeyboardInterrupt

    monkeypatch.setitem(MEASURES, "density", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measured(quick)


def test_in_python_a_failure_is_a_reason_and_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEASURES, "correlation", planted)
    with pytest.warns(FailureWarning, match="of correlation could not be computed: Zero") as told:
        card = timegan.evaluate(
            REAL, FAKE, UNSEEN, protocol="quick", judges=1, iterations=2, workers=1
        )
    assert len(told) == 1
    assert card["scores"]["correlation"]["reason"] == WHY
    assert card["scores"]["density"]["mean"] is not None
