"""The published tables' scores: complete, strict JSON, baselines beside scores, no NaN."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import published
from timegan.metrics.controls import CONTROLS, MEANING
from timegan.metrics.fidelity.correlation import correlation_draws, correlation_score
from timegan.metrics.windows import Array

NAMES = ["discriminative", "predictive", "predictive_all", "context_fid", "correlation"]
SMALL: dict[str, Any] = {
    "classifiers": 2,
    "classifier_steps": 3,
    "forecaster_steps": 3,
    "encoders": 1,
    "encoder_steps": 1,
    "cache": False,
    "progress": False,
}


def walks(count: int, seed: int, features: int = 2, steps: int = 8) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=(count, steps, features)).cumsum(axis=1)
    return found


def card(real: Array, synthetic: Array, **options: Any) -> dict[str, Any]:
    names = [f"f{c}" for c in range(real.shape[2])]
    return published(real, None, synthetic, names, **SMALL | options)


def test_every_published_score_stands_first_beside_its_baseline() -> None:
    found = card(walks(120, 0), walks(90, 1), encoders=2)
    assert {"scores", "statistics", "statistics_scaled", "copying"} <= set(found)
    assert list(found["scores"])[:3] == NAMES[:3]
    for name in NAMES:
        score = found["scores"][name]
        assert (score["better"], score["compared_with"]) == ("lower", "training")
        assert score["mean"] == pytest.approx(np.mean(score["runs"]))
        assert score["baseline"]["std"] >= 0
    assert [len(found["scores"][n]["runs"]) for n in NAMES] == [2, 2, 2, 2, 5]
    assert found["scores"]["context_fid"]["encoders"] == 2
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_every_score_has_the_controls_in_the_same_form() -> None:
    real, fake = walks(120, 0), walks(90, 1)
    scores = published(real, walks(60, 2), fake, ["a", "b"], **SMALL | {"encoders": 2})["scores"]
    for name, score in scores.items():
        assert set(score["controls"]) == set(MEANING) - {"real"}, name
        for control in score["controls"].values():
            assert control["mean"] == pytest.approx(np.mean(control["runs"]))
    runs = {name: len(scores[name]["controls"]["copy"]["runs"]) for name in NAMES}
    assert runs == dict(zip(NAMES, (2, 1, 1, 2, 5), strict=True))
    # The same windows in the same eyes: nothing but the share of them that is drawn differs.
    assert scores["context_fid"]["controls"]["copy"]["mean"] < scores["context_fid"]["mean"]


def test_a_second_evaluation_of_the_same_real_windows_pays_for_its_own_scores_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEGAN_CACHE", str(tmp_path / "figures"))
    real, fake, options = walks(120, 0), walks(90, 1), {"cache": True}
    first = card(real, fake, **options)
    assert first == card(real, fake)

    def never(*_: Any) -> Array:
        raise AssertionError("a control is made though its figures are known")

    for name in CONTROLS:
        monkeypatch.setitem(CONTROLS, name, never)
    assert card(real, fake, **options) == first
    other = card(real, walks(90, 3), **options)["scores"]
    for name in NAMES:
        assert other[name]["controls"] == first["scores"][name]["controls"]
        assert other[name]["runs"] != first["scores"][name]["runs"]


def test_the_number_of_classifiers_that_a_repeatable_score_needs_is_told() -> None:
    score = card(walks(60, 0), walks(60, 1))["scores"]["discriminative"]
    assert score["standard_error"] == pytest.approx(score["std"])  # of two judges
    assert score["classifiers_for_precision"] >= 2
    one = card(walks(60, 0), walks(60, 1), classifiers=1)["scores"]["discriminative"]
    assert (one["standard_error"], one["classifiers_for_precision"]) == (None, None)


def test_one_feature_is_forecast_from_its_own_past_and_has_no_correlation() -> None:
    scores = card(walks(40, 0, 1), walks(30, 1, 1))["scores"]
    assert scores["predictive_all"]["runs"] == scores["predictive"]["runs"]
    assert scores["predictive_all"]["controls"] == scores["predictive"]["controls"]
    assert scores["predictive"]["mean"] > 0
    assert scores["correlation"]["reason"].startswith("One feature")


@pytest.mark.parametrize(
    ("count", "steps", "absent"),
    [
        (6, 8, {"discriminative", "predictive", "predictive_all", "context_fid"}),
        (1, 8, {"discriminative", "predictive", "predictive_all", "context_fid"}),
        (30, 1, {"predictive", "predictive_all", "context_fid"}),
        (30, 2, set()),
    ],
)
def test_what_cannot_be_computed_is_null_with_its_reason(
    count: int, steps: int, absent: set[str]
) -> None:
    found = card(walks(count, 0, steps=steps), walks(40, 1, steps=steps))
    missing = {name for name in NAMES if found["scores"][name]["mean"] is None}
    assert missing == absent
    for name in missing:
        assert found["scores"][name]["reason"].endswith(".")
    json.dumps(found, allow_nan=False)


def test_constant_features_give_no_nan() -> None:
    real, fake = walks(40, 0), walks(40, 1)
    real[..., 1] = 3.0
    found = card(real, fake)
    json.dumps(found, allow_nan=False)
    assert found["scores"]["correlation"]["mean"] is None


def test_the_card_is_a_function_of_its_seed_and_not_of_the_threads() -> None:
    real, fake = walks(60, 0), walks(50, 1)
    first, again, other = (
        card(real, fake, seed=seed, workers=workers) for seed, workers in ((1, 1), (1, 2), (2, 2))
    )
    assert first == again
    for name in NAMES:
        assert first["scores"][name]["runs"] != other["scores"][name]["runs"]


def test_progress_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    card(walks(40, 0), walks(30, 1), progress=True)
    said = capsys.readouterr().out
    for part in ("Discriminative score", "last feature,", "all features", "Context-FID"):
        assert part in said


def test_the_correlational_score_is_diffusion_ts_s() -> None:
    """Typed from the formula: unit variance per feature, lower triangle with its diagonal."""
    real, fake = walks(50, 0, 4), walks(50, 1, 4)

    def moments(x: Array) -> Array:
        rows = x.reshape(-1, x.shape[2])
        z = (rows - rows.mean(axis=0)) / rows.std(axis=0, ddof=1)
        found: Array = (z[:, :, None] * z[:, None, :]).mean(axis=0)
        return found[np.tril_indices(x.shape[2])]

    expected = np.abs(moments(real) - moments(fake)).sum() / 10
    assert correlation_score(real, fake) == pytest.approx(expected, rel=3e-3)


def test_draws_of_fifths_centre_on_the_score_of_their_size() -> None:
    real, fake = walks(400, 0, 3), walks(300, 1, 3)
    draws = correlation_draws(real, fake, seed=0)
    assert draws is not None
    assert len(draws) == 5
    assert correlation_draws(real, fake, seed=0) == draws
    assert correlation_draws(real, real, draws=2) != [0.0, 0.0]  # other windows on either side
    assert correlation_draws(walks(9, 0, 1), walks(9, 1, 1)) is None
