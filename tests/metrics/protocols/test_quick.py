"""The quick protocol: complete, strict JSON, baselines beside scores, a function of its seed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import quick
from timegan.errors import InputError
from timegan.metrics.controls import CONTROLS, MEANING
from timegan.metrics.fidelity.discriminative import classify
from timegan.metrics.grouped_gru import Task
from timegan.metrics.windows import Array

NAMES = {
    "discriminative",
    "density",
    "change_density",
    "change_size",
    "change_repeats",
    "change_spread",
    "change_correlation",
    "correlation",
    "autocorrelation",
    "change_autocorrelation",
}


def walks(count: int, seed: int, features: int = 2, steps: int = 8) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1)
    return found


def names(windows: Array) -> list[str]:
    return [f"f{c}" for c in range(windows.shape[2])]


def test_every_score_has_a_baseline_and_a_direction() -> None:
    real, fake = walks(200, 0), walks(150, 1)
    card = quick(real, walks(60, 2), fake, names(real), classifier_steps=20, classifiers=2)
    assert set(card) == {"scores", "statistics", "statistics_scaled", "diversity", "copying"}
    assert set(card["scores"]) == NAMES
    for score in card["scores"].values():
        assert score["better"] in ("lower", "higher")
        assert score["compared_with"] == "training"
        assert score["mean"] == pytest.approx(np.mean(score["runs"]))
        assert score["baseline"]["std"] >= 0
    judged = card["scores"]["discriminative"]
    np.testing.assert_allclose(np.abs(judged["signed"]), judged["runs"])
    assert len(judged["runs"]) == len(judged["baseline"]["runs"]) == 2
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_scores_can_be_taken_against_held_out_windows() -> None:
    real, held, fake = walks(100, 0), walks(60, 2), walks(80, 1)
    card = quick(
        real, held, fake, names(real), classifier_steps=5, classifiers=1, compared_with="held-out"
    )
    assert {score["compared_with"] for score in card["scores"].values()} == {"held-out"}
    card = quick(
        real, None, fake, names(real), classifier_steps=5, classifiers=1, compared_with="held-out"
    )
    assert {score["compared_with"] for score in card["scores"].values()} == {"training"}


def test_a_copy_of_the_data_beats_the_baseline_and_noise_does_not() -> None:
    real = walks(300, 0)
    copy = quick(real, None, real.copy(), names(real), classifier_steps=20, classifiers=1)
    noise = np.random.default_rng(1).uniform(-9, 9, real.shape)
    bad = quick(real, None, noise, names(real), classifier_steps=20, classifiers=1)
    for name in NAMES - {"discriminative"}:
        sign = 1 if copy["scores"][name]["better"] == "lower" else -1
        baseline = sign * copy["scores"][name]["baseline"]["mean"]
        assert sign * copy["scores"][name]["mean"] <= baseline
        if name in ("density", "change_density", "autocorrelation", "change_size"):
            assert sign * bad["scores"][name]["mean"] > baseline
    assert copy["copying"]["warning"]
    assert not bad["copying"]["warning"]


@pytest.mark.parametrize(
    ("count", "features", "steps", "open_scores"),
    [
        (6, 2, 8, {"discriminative", "change_spread"}),
        (1, 2, 8, NAMES - {"density", "change_density", "correlation"}),
        (30, 1, 8, {"correlation", "change_correlation"}),
        (30, 2, 1, {name for name in NAMES if "change" in name} | {"autocorrelation"}),
        (30, 2, 2, {"change_autocorrelation"}),
    ],
)
def test_what_cannot_be_computed_is_null_with_its_reason(
    count: int, features: int, steps: int, open_scores: set[str]
) -> None:
    real, fake = (walks(n, s, features, steps) for n, s in ((count, 0), (40, 1)))
    card = quick(real, None, fake, names(real), classifier_steps=3, classifiers=1)
    assert {name for name, s in card["scores"].items() if s["mean"] is None} == open_scores
    for name in open_scores:
        assert card["scores"][name]["reason"].endswith(".")
    json.dumps(card, allow_nan=False)


def test_constant_features_give_no_nan() -> None:
    real, fake = walks(40, 0), walks(40, 1)
    real[..., 1] = 3.0
    card = quick(real, None, fake, names(real), classifier_steps=3, classifiers=1)
    json.dumps(card, allow_nan=False)
    assert card["scores"]["correlation"]["mean"] is None


def test_the_card_is_a_function_of_its_seed() -> None:
    real, fake = walks(60, 0), walks(50, 1)
    first, again, other = (
        quick(
            real, None, fake, names(real), classifier_steps=5, classifiers=1, seed=seed, cache=False
        )
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first["scores"]["discriminative"] != other["scores"]["discriminative"]


def test_min_max_units_come_from_given_limits() -> None:
    real, fake = walks(30, 0), walks(30, 1)
    limits = (np.full(2, -10.0), np.full(2, 10.0))
    card = quick(real, None, fake, names(real), classifier_steps=2, classifiers=1, limits=limits)
    mean = next(row for row in card["statistics_scaled"] if row["statistic"] == "mean")
    assert mean["real"] == pytest.approx((real[..., 0].mean() + 10) / 20)


def test_many_windows_are_thinned_and_few_judges_see_all() -> None:
    real, fake = walks(90, 0), walks(300, 1)
    card = quick(real, None, fake, names(real), classifier_steps=2, classifiers=1, limit=50)
    rows = [row for row in card["statistics"] if row["statistic"] == "max"]
    assert rows[0]["synthetic"] == fake[..., 0].max()


def test_held_out_windows_of_another_shape_are_refused() -> None:
    real = walks(30, 0)
    with pytest.raises(InputError, match="steps"):
        quick(real, walks(30, 0, steps=5), real, names(real), classifier_steps=1)


def test_every_score_has_the_controls() -> None:
    real, held, fake = walks(200, 0), walks(60, 2), walks(150, 1)
    options: dict[str, Any] = {"classifier_steps": 20, "classifiers": 2, "control_classifiers": 3}
    scores = quick(real, held, fake, names(real), **options)["scores"]
    for score in scores.values():
        assert set(score["controls"]) == set(MEANING) - {"real"}
        for control in score["controls"].values():
            assert control["mean"] == pytest.approx(np.mean(control["runs"]))
    for control in MEANING.keys() - {"real"}:
        assert len(scores["discriminative"]["controls"][control]["signed"]) == 3
    without = quick(real, None, fake, names(real), **options)["scores"]
    assert set(without["density"]["controls"]) == set(CONTROLS)


def test_controls_show_what_each_score_sees() -> None:
    real = walks(1_500, 0, steps=12)
    fake = walks(1_000, 1, steps=12)
    options: dict[str, Any] = {"classifier_steps": 300, "classifiers": 1, "lr": 1e-2, "hidden": 4}
    scores = quick(real, walks(1_000, 2, steps=12), fake, names(real), **options)["scores"]
    controls = {
        name: {k: v["mean"] for k, v in score["controls"].items()} for name, score in scores.items()
    }
    judged = controls["discriminative"]
    assert scores["discriminative"]["baseline"]["mean"] < 0.1
    assert max(judged[k] for k in ("copy", "held_out")) < 0.1
    assert min(judged[k] for k in ("shuffled", "bootstrap")) > 0.15
    assert controls["density"]["shuffled"] > 0.95  # it does not look at time ...
    for name in ("autocorrelation", "change_autocorrelation"):  # ... and these do
        assert controls[name]["shuffled"] > 4 * controls[name]["held_out"]
    assert controls["change_density"]["shuffled"] < controls["change_density"]["held_out"] - 0.1


def test_baselines_and_controls_are_measured_once_and_scores_do_not_depend_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEGAN_CACHE", str(tmp_path / "figures"))
    trained = []

    def counted(tasks: Sequence[Task], **options: Any) -> list[float]:
        trained.append(len(tasks))
        return classify(tasks, **options)

    monkeypatch.setattr("timegan.metrics.fidelity.discriminative.classify", counted)
    real, fake = walks(90, 0), walks(60, 1)

    def card(windows: Array, synthetic: Array = fake, **options: Any) -> dict[str, Any]:
        fast: dict[str, Any] = {"classifier_steps": 5, "classifiers": 2, "workers": 1}
        return quick(windows, None, synthetic, names(windows), **fast | options)

    first, second = card(real), card(real)
    assert trained == [2 + len(CONTROLS), 2, 2]
    assert first == second == card(real, cache=False)
    trained.clear()
    other = card(real, walks(60, 5))
    assert trained == [2]
    assert (
        other["scores"]["discriminative"]["controls"]
        == (first["scores"]["discriminative"]["controls"])
    )
    changed: list[dict[str, Any]] = [{"windows": real + 1e-9}, {"classifier_steps": 6}, {"seed": 1}]
    for options in changed:
        trained.clear()
        card(**{"windows": real} | options)
        assert trained == [2 + len(CONTROLS), 2]
