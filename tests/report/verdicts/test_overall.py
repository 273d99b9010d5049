"""The overall verdict: the worst finding first, never better than a broken relation."""

from typing import Any

import pytest

from timegan.report.verdicts.grades import (
    CLASSIFIER,
    COPIES,
    CORRELATIONS,
    RELATIONS,
    TIMING,
    UTILITY,
    VALUES,
    Grade,
    Verdict,
)
from timegan.report.verdicts.overall import overall_verdict

METRICS: dict[str, Any] = {"relations": [], "copying": {"membership": {}}}
GOOD = [
    Verdict(VALUES, Grade.EXCELLENT, "Alike."),
    Verdict(CORRELATIONS, Grade.GOOD, "Alike."),
    Verdict(UTILITY, Grade.EXCELLENT, "Useful."),
]


@pytest.mark.parametrize("question", [RELATIONS, TIMING])
def test_it_is_no_better_than_relations_and_times(question: str) -> None:
    broken = Verdict(question, Grade.POOR, "A long sentence.", "“a decides b” holds in 4%")
    found = overall_verdict([*GOOD, broken], METRICS)
    assert found.grade is Grade.POOR
    assert found.sentence.startswith("Do not rely on ")
    assert found.sentence.index("“a decides b” holds in 4%. Can be used for distributions of") > 0


def test_the_gravest_finding_comes_first() -> None:
    poor = [Verdict(q, Grade.POOR, "") for q in (CLASSIFIER, TIMING, RELATIONS)]
    sentence = overall_verdict([*poor, Verdict(VALUES, Grade.FAIR, "")], METRICS).sentence
    places = [sentence.index(word) for word in ("relations", "times of", "realism", "with care")]
    assert places == sorted(places)


def test_what_was_not_measured_or_cannot_be_told_is_said() -> None:
    unsure = Verdict(CLASSIFIER, Grade.UNKNOWN, "")
    found = overall_verdict([GOOD[0], unsure], {"copying": {"warning": False}, "training": {}})
    assert found.grade is Grade.EXCELLENT
    _, _, unchecked = found.sentence.partition("Not checked: ")
    for words in ("realism", "relations", "forecasters", "membership", "series longer"):
        assert words in unchecked
    assert "Not checked" not in overall_verdict(GOOD, METRICS).sentence


def test_good_data_can_be_used_for_all_that_was_measured() -> None:
    copies = Verdict(COPIES, Grade.EXCELLENT, "No sign.")
    assert overall_verdict([*GOOD, copies], METRICS).sentence == (
        "Can be used for distributions of single columns, correlations and training of forecasters."
    )


def test_copies_are_said_first() -> None:
    found = overall_verdict([*GOOD, Verdict(COPIES, Grade.POOR, "")], METRICS)
    assert found.grade is Grade.POOR
    assert found.sentence.startswith("The data hold copies of training windows")
