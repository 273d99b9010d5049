"""The scorecard: complete, strict JSON, floors beside scores, a function of its seed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from timegan.errors import InputError
from timegan.metrics.controls import CONTROLS, MEANING
from timegan.metrics.fidelity.discriminative import Contest, classify
from timegan.metrics.protocols import quick as scorecard
from timegan.metrics.protocols.quick import quick
from timegan.metrics.windows import Array

NAMES = {
    "discriminative",
    "density",
    "change_density",
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


def test_every_score_has_a_floor_and_a_direction() -> None:
    real, fake = walks(200, 0), walks(150, 1)
    card = quick(real, walks(60, 2), fake, names(real), iterations=20, judges=2)
    assert set(card) == {"scores", "statistics", "statistics_scaled", "spread", "copying"}
    assert set(card["scores"]) == NAMES
    for score in card["scores"].values():
        assert score["better"] in ("lower", "higher")
        assert score["against"] == "training"
        assert score["mean"] == pytest.approx(np.mean(score["runs"]))
        assert score["floor"]["std"] >= 0
    judged = card["scores"]["discriminative"]
    np.testing.assert_allclose(np.abs(judged["signed"]), judged["runs"])
    assert len(judged["runs"]) == len(judged["floor"]["runs"]) == 2
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_scores_can_be_taken_against_held_out_windows() -> None:
    real, held, fake = walks(100, 0), walks(60, 2), walks(80, 1)
    card = quick(real, held, fake, names(real), iterations=5, judges=1, against="held-out")
    assert {score["against"] for score in card["scores"].values()} == {"held-out"}
    card = quick(real, None, fake, names(real), iterations=5, judges=1, against="held-out")
    assert {score["against"] for score in card["scores"].values()} == {"training"}


def test_a_copy_of_the_data_beats_the_floor_and_noise_does_not() -> None:
    real = walks(300, 0)
    copy = quick(real, None, real.copy(), names(real), iterations=20, judges=1)
    noise = np.random.default_rng(1).uniform(-9, 9, real.shape)
    bad = quick(real, None, noise, names(real), iterations=20, judges=1)
    for name in NAMES - {"discriminative"}:
        sign = 1 if copy["scores"][name]["better"] == "lower" else -1
        floor = sign * copy["scores"][name]["floor"]["mean"]
        assert sign * copy["scores"][name]["mean"] <= floor
        if name != "correlation":
            assert sign * bad["scores"][name]["mean"] > floor
    assert copy["copying"]["warning"]
    assert not bad["copying"]["warning"]


@pytest.mark.parametrize(
    ("count", "features", "steps", "open_scores"),
    [
        (6, 2, 8, {"discriminative"}),
        (1, 2, 8, NAMES - {"density", "change_density", "correlation"}),
        (30, 1, 8, {"correlation"}),
        (30, 2, 1, {"change_density", "autocorrelation", "change_autocorrelation"}),
        (30, 2, 2, {"change_autocorrelation"}),
    ],
)
def test_what_cannot_be_computed_is_null_with_its_reason(
    count: int, features: int, steps: int, open_scores: set[str]
) -> None:
    real, fake = (walks(n, s, features, steps) for n, s in ((count, 0), (40, 1)))
    card = quick(real, None, fake, names(real), iterations=3, judges=1)
    assert {name for name, s in card["scores"].items() if s["mean"] is None} == open_scores
    for name in open_scores:
        assert card["scores"][name]["reason"].endswith(".")
    json.dumps(card, allow_nan=False)


def test_constant_features_give_no_nan() -> None:
    real, fake = walks(40, 0), walks(40, 1)
    real[..., 1] = 3.0
    card = quick(real, None, fake, names(real), iterations=3, judges=1)
    json.dumps(card, allow_nan=False)
    assert card["scores"]["correlation"]["mean"] is None


def test_the_card_is_a_function_of_its_seed() -> None:
    real, fake = walks(60, 0), walks(50, 1)
    first, again, other = (
        quick(real, None, fake, names(real), iterations=5, judges=1, seed=seed, cache=False)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first["scores"]["discriminative"] != other["scores"]["discriminative"]


def test_min_max_units_come_from_given_limits() -> None:
    real, fake = walks(30, 0), walks(30, 1)
    limits = (np.full(2, -10.0), np.full(2, 10.0))
    card = quick(real, None, fake, names(real), iterations=2, judges=1, limits=limits)
    mean = next(row for row in card["statistics_scaled"] if row["statistic"] == "mean")
    assert mean["real"] == pytest.approx((real[..., 0].mean() + 10) / 20)


def test_many_windows_are_thinned_and_few_judges_see_all() -> None:
    real, fake = walks(90, 0), walks(300, 1)
    card = quick(real, None, fake, names(real), iterations=2, judges=1, limit=50)
    rows = [row for row in card["statistics"] if row["statistic"] == "max"]
    assert rows[0]["synthetic"] == fake[..., 0].max()


def test_held_out_windows_of_another_shape_are_refused() -> None:
    real = walks(30, 0)
    with pytest.raises(InputError, match="steps"):
        quick(real, walks(30, 0, steps=5), real, names(real), iterations=1)


def test_every_score_has_the_controls_and_the_floor_is_one_of_them() -> None:
    real, held, fake = walks(200, 0), walks(60, 2), walks(150, 1)
    options: dict[str, Any] = {"iterations": 20, "judges": 2, "control_judges": 3}
    scores = quick(real, held, fake, names(real), **options)["scores"]
    for score in scores.values():
        assert set(score["controls"]) == set(MEANING)
        assert score["controls"]["real"] == score["floor"]
        for control in score["controls"].values():
            assert control["mean"] == pytest.approx(np.mean(control["runs"]))
    for control in MEANING.keys() - {"real"}:
        assert len(scores["discriminative"]["controls"][control]["signed"]) == 3
    without = quick(real, None, fake, names(real), **options)["scores"]
    assert set(without["density"]["controls"]) == {"real", *CONTROLS}


def test_controls_show_what_each_score_sees() -> None:
    real = walks(1_500, 0, steps=12)
    fake = walks(1_000, 1, steps=12)
    options: dict[str, Any] = {"iterations": 300, "judges": 1, "lr": 1e-2, "hidden": 4}
    scores = quick(real, walks(1_000, 2, steps=12), fake, names(real), **options)["scores"]
    controls = {
        name: {k: v["mean"] for k, v in score["controls"].items()} for name, score in scores.items()
    }
    judged = controls["discriminative"]
    assert max(judged[k] for k in ("real", "copy", "held_out")) < 0.1
    assert min(judged[k] for k in ("shuffled", "bootstrap")) > 0.15
    assert controls["density"]["shuffled"] > 0.95  # it does not look at time ...
    for name in ("autocorrelation", "change_autocorrelation"):  # ... and these do
        assert controls[name]["shuffled"] > 4 * controls[name]["held_out"]
    assert controls["change_density"]["shuffled"] < controls["change_density"]["held_out"] - 0.1


def test_floors_and_controls_are_measured_once_and_scores_do_not_depend_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEGAN_CACHE", str(tmp_path / "figures"))
    trained = []

    def counted(contests: Sequence[Contest], **options: Any) -> list[float]:
        trained.append(len(contests))
        return classify(contests, **options)

    monkeypatch.setattr(scorecard, "classify", counted)
    real, fake = walks(90, 0), walks(60, 1)

    def card(windows: Array, synthetic: Array = fake, **options: Any) -> dict[str, Any]:
        fast: dict[str, Any] = {"iterations": 5, "judges": 2, "workers": 1}
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
    changed: list[dict[str, Any]] = [{"windows": real + 1e-9}, {"iterations": 6}, {"seed": 1}]
    for options in changed:
        trained.clear()
        card(**{"windows": real} | options)
        assert trained == [2 + len(CONTROLS), 2]
