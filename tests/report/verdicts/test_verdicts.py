"""The verdict in words: figure and baseline in every sentence, and a copy is said first."""

from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import quick_records as quick
from timegan.metrics.score import Score
from timegan.metrics.windows import Array
from timegan.report.verdicts.verdicts import Grade, Verdict, verdicts


def score(mean: float | None, baseline: float | None = 0.01, **more: Any) -> Score:
    found = {"mean": mean, "std": 0.004, "baseline": {"mean": baseline, "std": 0.002}}
    return Score.from_dict(found | more)


def metrics(**scores: Any) -> dict[str, Any]:
    copying = {
        "warning": False,
        "too_few": False,
        "distance_ratio": 1.0,
        "sentence": "No sign of copying.",
    }
    base = {
        "discriminative": score(0.011),
        "density": score(0.97, 0.98, features={"a": 0.95, "b": 0.99}),
        "change_density": score(0.97, 0.98),
        "autocorrelation": score(0.01),
        "change_autocorrelation": score(0.02),
        "correlation": score(
            0.02, 0.001, pairs=[{"features": ["a", "b"], "real": 0.9, "synthetic": 0.7}]
        ),
    }
    return {"scores": base | scores, "copying": copying}


def about(found: list[Verdict], word: str) -> Verdict:
    return next(verdict for verdict in found if word in verdict.question)


@pytest.mark.parametrize(
    ("mean", "grade", "words"),
    [
        (0.011, Grade.EXCELLENT, "can only guess: it is right in 51% of cases"),
        (0.04, Grade.GOOD, "hardly does better than guessing"),
        (0.12, Grade.FAIR, "often sees the difference: it is right in 62%"),
        (0.45, Grade.POOR, "tells real from synthetic: it is right in 95%"),
    ],
)
def test_the_classifiers_score_in_words(mean: float, grade: Grade, words: str) -> None:
    found = about(verdicts(metrics(discriminative=score(mean))), "classifier")
    assert found.grade is grade
    assert words in found.sentence
    assert f"{mean:.3f} ± 0.004" in found.sentence
    assert "0.010 ± 0.002" in found.sentence


def test_a_score_at_its_ceiling_or_on_a_high_baseline_says_so() -> None:
    found = about(verdicts(metrics(discriminative=score(0.495))), "classifier")
    assert "at its ceiling" in found.sentence
    found = about(verdicts(metrics(discriminative=score(0.2, 0.14))), "classifier")
    assert "says little here" in found.sentence


def test_a_baseline_that_nobody_knows_is_not_told() -> None:
    pairs = [{"features": ["a", "b"], "real": 0.9, "synthetic": 0.7}]
    found = about(verdicts(metrics(correlation=score(0.02, None, pairs=pairs))), "correlations")
    assert "wo samples" not in found.sentence


def controls(**means: float) -> dict[str, Any]:
    return {"better": "lower", "controls": {k: {"mean": v, "std": 0.0} for k, v in means.items()}}


def test_the_classifiers_score_stands_beside_a_copy_and_shuffled_rows() -> None:
    seen = score(0.011, **controls(copy=0.02, shuffled=0.4, gaussian=0.3, bootstrap=0.3))
    found = about(verdicts(metrics(discriminative=seen)), "classifier")
    assert found.grade is Grade.EXCELLENT
    assert "a verbatim copy 0.020, real rows shuffled in time 0.400." in found.sentence


SHUFFLED_PASSES = controls(copy=0.02, shuffled=0.012, gaussian=0.3, bootstrap=0.4)


def test_a_classifier_that_takes_shuffled_steps_for_real_cannot_tell() -> None:
    half = score(0.011, **SHUFFLED_PASSES)
    found = about(verdicts(metrics(discriminative=half)), "classifier")
    assert found.grade is Grade.UNKNOWN
    assert "Real windows with shuffled steps pass as well." in found.sentence
    bad = about(verdicts(metrics(discriminative=score(0.4, **SHUFFLED_PASSES))), "classifier")
    assert bad.grade is Grade.POOR


def test_shuffled_steps_are_no_fault_where_values_do_not_depend_on_time() -> None:
    unordered = {
        name: score(0.02, 0.02, **controls(shuffled=0.02))
        for name in ("autocorrelation", "change_autocorrelation")
    }
    found = verdicts(metrics(discriminative=score(0.011, **SHUFFLED_PASSES), **unordered))
    assert about(found, "classifier").grade is Grade.GOOD
    change = score(0.98, 0.98, better="higher", controls={"shuffled": {"mean": 0.98, "std": 0}})
    moves = about(verdicts(metrics(change_density=change, **unordered)), "dynamics")
    assert moves.grade is Grade.UNKNOWN
    assert "shuffled steps do as well" in moves.sentence


def test_a_classifier_for_which_a_copy_does_worse_than_the_model_cannot_tell() -> None:
    told = {"shuffled": 0.4, "gaussian": 0.3, "bootstrap": 0.4}
    found = about(verdicts(metrics(discriminative=score(0.02, **controls(copy=0.1, **told)))), "cl")
    assert found.grade is Grade.UNKNOWN
    assert "A verbatim copy of the training windows does worse." in found.sentence
    near = score(0.02, **controls(copy=0.025, **told))  # as good, within its deviation
    assert about(verdicts(metrics(discriminative=near)), "classifier").grade is Grade.GOOD
    strict = score(0.55, 0.52, **controls(copy=0.7, **told))
    assert about(verdicts(metrics(classifier_auc=strict)), "classifier").grade is Grade.UNKNOWN


def test_a_forecast_that_shuffled_steps_do_not_spoil_says_little() -> None:
    blind = controls(shuffled=1.0, gaussian=1.5)
    found = verdicts(metrics(tstr=score(1.01, 1.01, **blind), tstr_horizon=score(None)))
    assert about(found, "useful").grade is Grade.UNKNOWN
    seen = score(1.01, 1.01, **controls(shuffled=1.6))
    found = verdicts(metrics(tstr=score(1.01, 1.01, **blind), tstr_horizon=seen))
    assert about(found, "useful").grade is Grade.EXCELLENT


def test_a_classifier_or_a_forecast_that_no_control_fails_is_not_believed() -> None:
    blind = controls(copy=0.01, shuffled=0.012, gaussian=0.011, bootstrap=0.013)
    found = about(verdicts(metrics(discriminative=score(0.011, **blind))), "classifier")
    assert found.grade is Grade.UNKNOWN
    assert "none of the controls" in found.sentence
    bad = about(verdicts(metrics(discriminative=score(0.4, **blind))), "classifier")
    assert bad.grade is Grade.POOR
    blind = controls(shuffled=0.2501, gaussian=0.2499)
    useful = score(0.2502, 0.25, **blind)
    found = about(verdicts(metrics(predictive=useful)), "useful")
    assert found.grade is Grade.UNKNOWN
    assert "it says little" in found.sentence
    every = score(0.12, 0.12, **controls(shuffled=0.3))
    found = about(verdicts(metrics(predictive=useful, predictive_all=every)), "useful")
    assert found.grade is Grade.EXCELLENT


STRICT = {
    "classifier_auc": score(
        0.62,
        0.55,
        strongest="boosting",
        interval=[0.58, 0.66],
        controls={"held_out": {"mean": 0.57}},
    ),
    "tstr": score(1.04, 1.01),
    "tstr_horizon": score(1.2, 1.02),
    "recall": score(0.9, 0.95),
    "precision": score(0.97, 0.98),
    "spectrum": score(0.3, 0.02),
}


def test_the_strict_protocols_scores_in_words() -> None:
    found = verdicts(metrics(**STRICT))
    alike, useful, covers = (about(found, word) for word in ("classifier", "useful", "cover"))
    moves = about(found, "dynamics")
    assert moves.grade is Grade.FAIR
    assert "off by a factor of 2.00 (between two real samples: 1.05)" in moves.sentence
    assert alike.grade is Grade.GOOD
    assert "(boosting)" in alike.sentence
    assert "in 62% of pairs (95%: 58% to 66%)" in alike.sentence
    assert "is told in 55%. Held-out real windows are told from others in 57%" in alike.sentence
    assert useful.grade is Grade.FAIR
    assert "1.04 times" in useful.sentence
    assert "1.20 times several steps ahead; another real sample gives 1.01" in useful.sentence
    assert covers.grade is Grade.EXCELLENT
    assert "recall of 0.90; another real sample reaches 0.95" in covers.sentence


def row(kind: str, text: str, synthetic: float, held_out: float | None = 0.0) -> dict[str, Any]:
    rates = {"real": 0.0, "held_out": held_out, "synthetic": synthetic}
    return {"kind": kind, "constraint": text} | rates


def relation(text: str, synthetic: float | None, *, broken: bool = False) -> dict[str, Any]:
    shares = {"real": 1.0, "held_out": 1.0, "synthetic": synthetic, "broken": broken}
    about = {"kind": "lookup", "text": text, "reason": "in all rows", "columns": ["a", "b"]}
    return about | {"unit": "rows"} | shares


def relations(*rows: dict[str, Any], **more: Any) -> Verdict:
    found = {"relations": [r for r in rows if "text" in r]}
    found["constraints"] = [r for r in rows if "constraint" in r]
    return about(verdicts(metrics() | found | more), "Are relations")


BOUNDS = row("range", "1 ≤ a ≤ 9", 0.02, 0.015)


def test_one_broken_relation_is_poor_however_many_are_kept() -> None:
    kept = [relation(f"a decides {n}", 1.0) for n in range(20)]
    for broken in (relation("a decides b", 0.9, broken=True), row("equality", "a = b", 0.1)):
        verdict = relations(*kept, broken, BOUNDS)
        assert verdict.grade is Grade.POOR
        assert verdict.sentence.startswith("1 of 22 relations are broken: “a ")
        assert "holds in 90.0% of synthetic rows, held-out real rows: 100%" in verdict.sentence
        assert verdicts(metrics() | {"relations": [relation("x", 0.9, broken=True)]})[0] == (
            relations(relation("x", 0.9, broken=True))
        )


def test_of_many_broken_relations_the_worst_are_named() -> None:
    broken = [relation(f"a decides {n}", n / 10, broken=True) for n in range(6)]
    sentence = relations(*broken[::-1], relation("kept", 1.0)).sentence
    assert sentence.startswith("6 of 7 relations are broken: “a decides 0” holds in 0% of")
    assert sentence.endswith("; and 3 more.")


def test_kept_relations_are_excellent_and_ranges_of_a_sample_are_not_broken() -> None:
    verdict = relations(relation("a decides b", 1.0), BOUNDS)
    assert verdict.grade is Grade.GOOD
    assert "keep all of them, except that “1 ≤ a ≤ 9” holds in 98.0%" in verdict.sentence
    assert relations(relation("a decides b", 1.0)).grade is Grade.EXCELLENT
    assert relations(relation("a decides b", 0.997)).grade is Grade.GOOD
    assert relations(row("equality", "a = b", 0.0, None)).sentence.startswith("One relation holds")


def test_relations_that_cannot_be_checked_have_no_grade() -> None:
    assert relations(relation("a decides b", None)).grade is Grade.UNKNOWN
    failed = about(verdicts(metrics() | {"relations": None}), "Are relations")
    assert failed.grade is Grade.UNKNOWN
    assert not any("Are relations" in v.question for v in verdicts(metrics() | {"relations": []}))


def test_a_feature_is_compared_with_its_own_overlap_of_two_real_samples() -> None:
    """Few patients have few years of birth, in another sample, too."""
    found = {"features": {"a": 0.84, "b": 0.97}, "baseline_features": {"a": 0.86, "b": 0.99}}
    verdict = about(verdicts(metrics(density=score(0.97, 0.98, **found))), "right values")
    assert verdict.grade is Grade.EXCELLENT
    assert verdict.sentence.endswith(
        "the least alike is a with 84.0%. Two samples of real data share 86.0% there."
    )
    found["features"]["b"] = 0.75
    assert about(verdicts(metrics(density=score(0.9, 0.98, **found))), "values").grade is Grade.POOR


def test_a_saturated_classifier_says_so() -> None:
    hopeless = about(verdicts(metrics(classifier_auc=score(0.995, 0.98))), "classifier")
    assert hopeless.grade is Grade.UNKNOWN
    found = about(verdicts(metrics(classifier_auc=score(0.995, 0.7))), "classifier")
    assert found.grade is Grade.POOR
    assert "at its ceiling" in found.sentence
    assert "says little here" in found.sentence


@pytest.mark.parametrize(
    ("mean", "every", "grade", "words"),
    [
        (0.0375, 0.05, Grade.EXCELLENT, "errs by 0.0375 on real ones"),
        (0.0375, 0.07, Grade.POOR, "For all features: 0.0700 and 0.0500"),
        (0.030, 0.05, Grade.EXCELLENT, "may have leaked"),
    ],
)
def test_the_published_predictive_score_in_words(
    mean: float, every: float, grade: Grade, words: str
) -> None:
    scores = {
        "predictive": Score(mean, 0.0001, baseline=Score(0.0367, 0.0001)),
        "predictive_all": score(every, 0.05),
    }
    found = about(verdicts(metrics(**scores)), "useful")
    assert found.grade is grade
    assert words in found.sentence


@pytest.mark.parametrize(
    ("ratio", "least", "grade", "words"),
    [
        (0.05, 0.01, Grade.POOR, "has collapsed"),
        (1.0, 0.2, Grade.POOR, "(pay: 0.20)"),
        (0.98, 0.95, Grade.GOOD, "evaluation=strict"),
        (None, None, Grade.UNKNOWN, "Nothing varies"),
    ],
)
def test_a_collapse_is_said(
    ratio: float | None, least: float | None, grade: Grade, words: str
) -> None:
    card = metrics() | {"diversity": {"ratio": ratio, "least": least, "feature": "pay"}}
    found = about(verdicts(card), "cover")
    assert found.grade is grade
    assert words in found.sentence


def test_a_score_at_a_high_baseline_is_excellent() -> None:
    found = about(verdicts(metrics(discriminative=score(0.06, 0.07))), "classifier")
    assert found.grade is Grade.EXCELLENT


def test_every_sentence_names_the_baseline() -> None:
    found = verdicts(metrics())
    assert "Two samples of real data share 98.0%" in about(found, "values").sentence
    assert "a with 95.0%" in about(found, "values").sentence
    assert "between two real samples: 98.0%" in about(found, "dynamics").sentence
    together = about(found, "correlations")
    assert "0.700 where real data have 0.900" in together.sentence
    assert "differ by 0.010" in together.sentence
    assert together.grade is Grade.POOR


def test_a_copy_comes_first_and_devalues_the_rest() -> None:
    found = metrics()
    found["copying"] |= {"warning": True, "sentence": "The model copies."}
    first = verdicts(found)[0]
    assert (first.question, first.grade, first.label) == ("Does it copy?", Grade.POOR, "Yes")
    assert first.sentence.startswith("The model copies.")
    assert "say little" in first.sentence


def test_no_copy_comes_last() -> None:
    last = verdicts(metrics())[-1]
    assert (last.question, last.label) == ("Does it copy?", "No")


def test_what_was_not_measured_is_said_with_its_reason() -> None:
    absent = Score.unknown("Too few.")
    found = verdicts(
        metrics(
            discriminative=absent,
            density=absent,
            change_density=absent,
            autocorrelation=absent,
            change_autocorrelation=absent,
            correlation=absent.with_details(
                pairs=[{"features": "ab", "real": None, "synthetic": 0.1}]
            ),
        )
    )
    for verdict in found[:-1]:
        assert verdict.label == "Cannot tell"
        assert verdict.sentence == "Not measured. Too few."


def test_nothing_measured_is_no_verdict() -> None:
    assert verdicts({}) == []


@pytest.mark.parametrize(("count", "features", "steps"), [(1, 1, 1), (6, 2, 5), (60, 3, 4)])
def test_every_scorecard_has_a_verdict(count: int, features: int, steps: int) -> None:
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(size=(n, steps, features)) for n in (count, 30))
    names = [f"f{c}" for c in range(features)]
    card = quick(real, None, fake, names, classifier_steps=2, classifiers=1)
    found = verdicts(card)
    assert all("None" not in verdict.sentence for verdict in found)
    assert len(found) == (6 if features == 1 else 8)


def test_real_data_are_excellent_and_noise_is_poor() -> None:
    def walk(seed: int) -> Array:
        rng = np.random.default_rng(seed)
        found: Array = rng.normal(size=(500, 8, 2)).cumsum(axis=1)
        return found

    noise = np.random.default_rng(9).normal(size=(500, 8, 2)) * 5
    able: dict[str, Any] = {"classifier_steps": 200, "classifiers": 2, "hidden": 4, "lr": 1e-2}
    good, bad = (
        verdicts(quick(walk(0), None, fake, ["a", "b"], **able)) for fake in (walk(1), noise)
    )
    assert {verdict.grade for verdict in good} <= {Grade.EXCELLENT, Grade.GOOD}
    assert about(bad, "classifier").grade in (Grade.FAIR, Grade.POOR)
    assert about(bad, "dynamics").grade is Grade.POOR
