"""The record of a score: what is written is read again, and a failing run makes it unknown."""

import pytest

from timegan.attempts import FAILED
from timegan.metrics.score import Score, merge_scores, read_scores

FULL = Score(
    0.2,
    0.1,
    (0.1, 0.3),
    better="lower",
    compared_with="held-out",
    baseline=Score.of([0.05]),
    controls={"copy": Score.of([0.0]), "gaussian": Score.unknown("Too few.")},
    details={"signed": [-0.1, 0.3]},
)


@pytest.mark.parametrize("score", [FULL, Score.unknown("Too few."), Score(1.5)])
def test_a_score_is_read_as_it_was_written(score: Score) -> None:
    assert read_scores({"any": score.to_dict()}) == {"any": score}


def test_scripts_find_the_parts_of_a_score_by_their_names() -> None:
    content = FULL.to_dict()
    assert (content["mean"], content["std"], content["runs"]) == (0.2, 0.1, [0.1, 0.3])
    assert content["baseline"] == {"mean": 0.05, "std": 0.0, "runs": [0.05]}
    assert content["controls"]["gaussian"] == {"mean": None, "reason": "Too few."}
    assert (content["better"], content["signed"]) == ("lower", [-0.1, 0.3])


def test_the_baseline_is_perfect_where_it_is_unknown() -> None:
    assert FULL.baseline_or(0.5) == 0.05
    assert Score(0.2, baseline=Score.unknown("Too few.")).baseline_or(0.5) == 0.5
    assert Score(0.2).baseline_std == 0.0


def test_runs_are_joined_unless_one_of_them_failed() -> None:
    joined = merge_scores([Score.of([1.0]), Score.unknown("Nothing varies."), Score.of([3.0])])
    assert joined.runs == (1.0, 3.0)
    failed = Score.unknown(f"{FAILED} computed: OSError")
    assert merge_scores([Score.of([1.0]), failed]) == failed
    assert merge_scores([Score.unknown("a"), Score.unknown("b")]).reason == "a"


def test_details_do_not_take_the_names_of_a_score() -> None:
    with pytest.raises(ValueError, match="cannot be called std"):
        Score(mean=1.0).with_details(std={"worst": 2.0})
