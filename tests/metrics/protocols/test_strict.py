"""The strict protocol: complete, strict JSON, floors and controls, kept for a second evaluation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import strict
from timegan.attempts import FailureWarning
from timegan.errors import InputError
from timegan.metrics import cache, controls
from timegan.metrics.metric import metrics_of
from timegan.metrics.protocols import PROTOCOLS
from timegan.metrics.windows import Array

NEEDS_CONTEXT = "context_dependence"
NAMES = ["a", "b"]
FAST: dict[str, Any] = {
    "classifier_steps": 20,
    "runs": 1,
    "classifiers": 1,
    "cache": False,
    "progress": False,
}


def walks(count: int, seed: int, steps: int = 8, features: int = 2) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1)
    return found


TRAIN, HOLDOUT, OTHER = walks(220, 0), walks(90, 1), walks(140, 2)


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return strict(TRAIN, HOLDOUT, OTHER, NAMES, **FAST)


def test_every_score_has_a_baseline_and_the_controls(card: dict[str, Any]) -> None:
    for metric in metrics_of("blocks"):
        score = card["scores"][metric.name]
        assert score["better"] == metric.better
        assert score["mean"] == pytest.approx(np.mean(score["runs"]))
        assert set(score["controls"]) == set(controls.MEANING) - {"real"}
        assert score["baseline"]["mean"] is not None
        assert score["compared_with"] in ("held-out", "training")
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_it_has_all_that_quick_has(card: dict[str, Any]) -> None:
    assert {"discriminative", "density", "correlation"} <= set(card["scores"])
    assert {"statistics", "statistics_scaled"} <= set(card)
    assert card["scores"]["correlation"]["pairs"]


def test_the_strongest_classifier_is_reported_with_its_interval(card: dict[str, Any]) -> None:
    score = card["scores"]["classifier_auc"]
    areas = {kind: found["mean"] for kind, found in score["classifiers"].items()}
    assert set(areas) == {"recurrent", "convolutional", "boosting"}
    assert areas[score["strongest"]] == max(areas.values())
    low, high = score["interval"]
    assert low <= areas[score["strongest"]] <= high


def test_another_sample_is_no_copy_and_a_copy_is(card: dict[str, Any]) -> None:
    assert not card["copying"]["warning"]
    found = strict(TRAIN, HOLDOUT, TRAIN.copy(), NAMES, **FAST)
    assert found["copying"]["warning"]
    assert found["copying"]["shifted"]["exact_share"] == 1
    assert found["scores"]["membership"]["mean"] > 0.9
    assert found["scores"]["authenticity"]["mean"] < 0.1
    assert found["scores"]["classifier_auc"]["classifiers"]["boosting"]["mean"] < 0.6


def test_it_is_a_function_of_its_seed(card: dict[str, Any]) -> None:
    assert strict(TRAIN, HOLDOUT, OTHER, NAMES, **FAST) == card
    other = strict(TRAIN, HOLDOUT, OTHER, NAMES, **FAST | {"seed": 1, "classifier_steps": 4})
    assert other["scores"]["classifier_auc"]["runs"] != card["scores"]["classifier_auc"]["runs"]


def test_without_held_out_windows_blocks_stand_in() -> None:
    found = strict(TRAIN, None, OTHER, NAMES, **FAST | {"classifier_steps": 4})
    for score in found["scores"].values():
        assert score["compared_with"] == "training"
        assert "held_out" not in score.get("controls", {})
    assert found["scores"]["classifier_auc"]["mean"] is not None


def test_membership_is_not_asked_where_nothing_was_held_out() -> None:
    """A copy of all windows is as near to one half of them as to the other: no sign of anything."""
    found = strict(TRAIN, None, TRAIN.copy(), NAMES, **FAST | {"classifier_steps": 4})
    score = found["scores"]["membership"]
    assert score["mean"] is None
    assert "held-out windows" in score["reason"]
    assert score["controls"]["copy"]["mean"] > 0.9
    assert found["copying"]["membership"]["reason"] == score["reason"]
    assert found["copying"]["warning"]


def test_a_generator_that_makes_one_window_only_is_told() -> None:
    same = np.repeat(np.ones_like(TRAIN[:1]), 120, axis=0)
    found = strict(TRAIN, HOLDOUT, same, NAMES, **FAST)["scores"]
    assert found["classifier_auc"]["mean"] > 0.9
    assert found["recall"]["mean"] < 0.1


def test_a_short_series_of_overlapping_windows_has_a_card() -> None:
    series = np.random.default_rng(0).normal(size=(400, 2)).cumsum(axis=0)
    windows = np.stack([series[t : t + 8] for t in range(393)])
    found = strict(windows, None, OTHER, NAMES, **FAST)["scores"]
    assert found["classifier_auc"]["mean"] is not None


def test_a_second_evaluation_reads_the_controls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path))
    options = FAST | {"cache": True, "classifier_steps": 4}
    first = strict(TRAIN, HOLDOUT, OTHER, NAMES, **options)
    kept = {file: file.read_bytes() for file in tmp_path.glob("*.json")}
    assert len(kept) == len([m for m in PROTOCOLS["strict"].metrics if m.name != NEEDS_CONTEXT])

    def never(*_: object) -> Any:
        raise AssertionError("the controls were measured again")

    monkeypatch.setattr("timegan.metrics.protocols.runner._control", never)
    assert strict(TRAIN, HOLDOUT, OTHER, NAMES, **options) == first
    again = strict(TRAIN, HOLDOUT, OTHER + 1, NAMES, **options)
    assert again["scores"]["mmd"]["controls"] == first["scores"]["mmd"]["controls"]
    assert {file: file.read_bytes() for file in tmp_path.glob("*.json")} == kept
    with pytest.warns(FailureWarning, match="measured again"):
        strict(TRAIN + 1, HOLDOUT, OTHER, NAMES, **options)


@pytest.mark.parametrize("content", ["", "[]", '{"fingerprint": "other"}', "{"])
def test_a_damaged_cache_is_computed_again(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path))
    (tmp_path / "name.json").write_text(content)
    assert cache.cached("name", lambda: {"a": [1.5]}) == {"a": [1.5]}
    assert cache.cached("name", dict) == {"a": [1.5]}


def test_a_cache_that_cannot_be_written_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "file"))
    assert cache.cached("name", lambda: {"a": 1}) == {"a": 1}


def test_the_fingerprint_is_that_of_data_and_settings() -> None:
    names = {
        cache.fingerprint(*arguments)
        for arguments in (
            ({"train": TRAIN, "holdout": None}, {"seed": 0}),
            ({"train": TRAIN, "holdout": HOLDOUT}, {"seed": 0}),
            ({"train": TRAIN, "holdout": None}, {"seed": 1}),
            ({"train": TRAIN + 1e-9, "holdout": None}, {"seed": 0}),
        )
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    ("count", "steps", "features"), [(1, 8, 2), (6, 8, 2), (100, 8, 1), (100, 1, 2), (100, 2, 1)]
)
def test_what_cannot_be_measured_is_null_with_its_reason(
    count: int, steps: int, features: int
) -> None:
    real, fake = walks(count, 0, steps, features), walks(50, 1, steps, features)
    found = strict(real, None, fake, NAMES[:features], **FAST | {"classifier_steps": 4})
    for score in found["scores"].values():
        assert (score["mean"] is None) == ("reason" in score)
        assert score["better"] in ("lower", "higher")
    json.dumps(found, allow_nan=False)
    assert (found["scores"]["classifier_auc"]["mean"] is None) == (count < 20)


def test_features_that_never_change_give_no_nan() -> None:
    real, fake = TRAIN.copy(), OTHER.copy()
    real[..., 1] = 3.0
    json.dumps(strict(real, None, fake, NAMES, **FAST | {"classifier_steps": 4}), allow_nan=False)
    json.dumps(
        strict(np.ones((60, 8, 2)), None, fake, NAMES, **FAST | {"classifier_steps": 4}),
        allow_nan=False,
    )


def test_sets_that_do_not_compare_are_refused() -> None:
    with pytest.raises(InputError, match="steps"):
        strict(TRAIN, None, OTHER[:, :5], NAMES, **FAST)
    with pytest.raises(InputError, match="steps"):
        strict(TRAIN, HOLDOUT[:, :5], OTHER, NAMES, **FAST)
    with pytest.raises(InputError, match="shape"):
        strict(TRAIN, None, OTHER[:0], NAMES, **FAST)
