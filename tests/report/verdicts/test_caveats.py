"""Notes beside a score: blind spots, how repeatable it is, how often controls were measured."""

from dataclasses import replace

import pytest

from timegan.metrics.score import Score
from timegan.report.verdicts.caveats import blind_spots, is_uninformative, notes

BASELINE = Score(0.01, 0.002)


def score(better: str = "lower", **controls: float | None) -> Score:
    found = {name: Score(mean, 0.0) for name, mean in controls.items()}
    return Score(0.1, 0.0, better=better, baseline=BASELINE, controls=found)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (score(shuffled=0.3, gaussian=0.3), []),
        (score(shuffled=0.012), ["Does not see that time is shuffled."]),
        (score(copy=0.0, gaussian=0.3), []),
        (score("higher", gaussian=0.5), ["Does not tell a Gaussian mixture from real data."]),
        (score("higher", gaussian=0.001), []),
        (score(shuffled=None), []),
        (Score.unknown("few"), []),
        (Score(0.1, better="lower", baseline=Score()), []),
    ],
)
def test_what_a_score_does_not_see_is_said(found: Score, words: list[str]) -> None:
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
        (Score.unknown("few"), False),
    ],
)
def test_a_score_that_takes_all_controls_for_real_data_says_nothing(
    found: Score, nothing: bool
) -> None:
    assert is_uninformative(found) is nothing


@pytest.mark.parametrize(
    ("name", "compared_with", "told"),
    [
        ("classifier_auc", "training", True),
        ("tstr", "training", True),
        ("classifier_auc", "held-out", False),
        ("wasserstein", "training", False),  # it asks for likeness to what was learned
    ],
)
def test_a_test_on_learned_windows_says_so(name: str, compared_with: str, told: bool) -> None:
    found = replace(score(shuffled=0.3, gaussian=0.3), compared_with=compared_with)
    assert any("Nothing was held out" in note for note in notes(name, found)) is told


def test_the_number_of_classifiers_for_a_repeatable_mean_is_told() -> None:
    found = Score.of([0.02] * 10).with_details(standard_error=0.002)
    (few,) = notes("discriminative", found.with_details(classifiers_for_precision=70))
    assert few == (
        "The mean of 10 classifiers is good to ±0.004; 70 classifiers would make it repeatable to "
        "0.004."
    )
    (enough,) = notes("discriminative", found.with_details(classifiers_for_precision=8))
    assert enough.endswith("so it is repeatable to 0.004.")
    assert notes("discriminative", found.with_details(classifiers_for_precision=None)) == []


def test_controls_that_were_measured_less_often_are_said_to_be() -> None:
    found = replace(Score.of([0.2] * 10), controls={"copy": Score.of([0.1])})
    assert notes("predictive", found) == [
        "Each control was measured once, synthetic windows 10 times."
    ]
    assert notes("predictive", replace(found, runs=(0.2,))) == []
