"""Notes beside a score: blind spots, how repeatable it is, how often controls were measured."""

from typing import Any

import pytest

from timegan.report.verdicts.caveats import blind_spots, notes, sees_nothing

FLOOR = {"mean": 0.01, "std": 0.002}


def score(better: str = "lower", **controls: float | None) -> dict[str, Any]:
    return {
        "mean": 0.1,
        "std": 0.0,
        "floor": FLOOR,
        "better": better,
        "controls": {name: {"mean": mean, "std": 0.0} for name, mean in controls.items()},
    }


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (score(shuffled=0.3, gaussian=0.3), []),
        (score(shuffled=0.012), ["Does not see that time is shuffled."]),
        (score(copy=0.0, gaussian=0.3), []),
        (score("higher", gaussian=0.5), ["Does not tell a Gaussian mixture from real data."]),
        (score("higher", gaussian=0.001), []),
        (score(shuffled=None), []),
        ({"mean": None, "reason": "few"}, []),
        ({"mean": 0.1, "floor": {"mean": None}, "better": "lower"}, []),
    ],
)
def test_what_a_score_does_not_see_is_said(found: dict[str, Any], words: list[str]) -> None:
    assert blind_spots("any", found) == words


def test_what_looks_for_copies_is_asked_for_copies_alone() -> None:
    assert blind_spots("membership", score(gaussian=0.01, copy=0.4)) == []
    assert blind_spots("membership", score(copy=0.01)) == ["Does not see a copy."]


@pytest.mark.parametrize(
    ("found", "nothing"),
    [
        (score(shuffled=0.012, gaussian=0.013, bootstrap=0.009), True),
        (score(shuffled=0.012, gaussian=0.3, bootstrap=0.009), False),
        (score("higher", shuffled=0.012), True),
        (score("higher", shuffled=0.001), False),
        (score(copy=0.01), False),  # a copy is like real data: no fault of the score
        (score(), False),
        ({"mean": None, "reason": "few"}, False),
    ],
)
def test_a_score_that_takes_all_controls_for_real_data_says_nothing(
    found: dict[str, Any], nothing: bool
) -> None:
    assert sees_nothing(found) is nothing


@pytest.mark.parametrize(
    ("name", "against", "told"),
    [
        ("judges", "training", True),
        ("usefulness", "training", True),
        ("judges", "held-out", False),
        ("marginal", "training", False),  # it asks for likeness to what was learned
    ],
)
def test_a_test_on_learned_windows_says_so(name: str, against: str, told: bool) -> None:
    found = score(shuffled=0.3, gaussian=0.3) | {"against": against}
    assert any("Nothing was held out" in note for note in notes(name, found)) is told


def test_the_number_of_judges_for_a_repeatable_mean_is_told() -> None:
    judged = {"mean": 0.02, "runs": [0.02] * 10, "standard_error": 0.002}
    (few,) = notes("discriminative", judged | {"judges_for_precision": 70})
    assert (
        few
        == "The mean of 10 judges is good to ±0.004; 70 judges would make it repeatable to 0.004."
    )
    (enough,) = notes("discriminative", judged | {"judges_for_precision": 8})
    assert enough.endswith("so it is repeatable to 0.004.")
    assert notes("discriminative", judged | {"judges_for_precision": None}) == []


def test_controls_that_were_measured_less_often_are_said_to_be() -> None:
    found: dict[str, Any] = {"mean": 0.2, "runs": [0.2] * 10}
    found["controls"] = {"copy": {"runs": [0.1]}, "real": {"runs": [0.1] * 5}}
    assert notes("predictive", found) == [
        "Each control was measured once, synthetic windows 10 times."
    ]
    assert notes("predictive", found | {"runs": [0.2]}) == []
