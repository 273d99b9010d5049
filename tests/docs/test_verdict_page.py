"""The thresholds of docs/explanation/verdict.md are those of the code."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from timegan.metrics.score import Score
from timegan.report.verdicts import (
    changes,
    fidelity,
    patterns,
    relations,
    timing,
    utility_and_privacy,
)
from timegan.report.verdicts.completion import completion_verdict as verdict_on_completions
from timegan.report.verdicts.grades import Grade, Verdict

PAGE = Path(__file__).parents[2] / "docs/explanation/verdict.md"
GRADES = (Grade.EXCELLENT, Grade.GOOD, Grade.FAIR, Grade.POOR)
REAL = Score(0.0, 0.0)
SPOILT = {"shuffled": Score(9.0, 0.0), "gaussian": Score(9.0, 0.0), "copy": Score(0.0, 0.0)}


def score(mean: float, baseline: float = 0.0, **about: Any) -> Score:
    """Return a score that is better the lower it is, and sees what controls spoil."""
    return Score(mean, 0.0, better="lower", baseline=Score(baseline, 0.0), **about)


def size(error: float) -> Verdict:
    details = {
        "features": {"x": error},
        "baseline_features": {"x": 0.0},
        "sizes": [{"feature": "x", "lag": 1, "std": 1.0 + error, "median": None, "largest": None}],
    }
    return changes.change_verdict({"change_size": score(error, details=details)})


def pair(error: float) -> Verdict:
    row = {"features": ["x", "y"]} | {
        f"{side}_{kind}": value
        for kind in ("pearson", "spearman")
        for side, value in (("real", 0.0), ("synthetic", error))
    }
    details = {"pairs": [row], "baseline_worst": 0.0}
    return changes.co_change_verdict(score(error, details=details))


def correlation(error: float) -> Verdict:
    rows = [{"features": ["x", "y"], "real": 0.0, "synthetic": error}]
    return fidelity.correlation_verdict(score(error / 10, details={"pairs": rows}))


def dynamics(error: float, factor: float = 1.0) -> Verdict:
    about: dict[str, Any] = {"baseline": REAL, "better": "lower", "controls": SPOILT}
    overlap = Score(1 - error, 0.0, better="higher", baseline=Score(1.0, 0.0))
    scores = {
        "change_density": overlap,
        "autocorrelation": Score(error, 0.0, **about),
        "change_autocorrelation": Score(error, 0.0, **about),
        "spectrum": score(math.log10(factor)),
    }
    return fidelity.dynamics_verdict(scores)


def value(error: float) -> Verdict:
    return fidelity.value_verdict(Score(1 - error, 0.0, baseline=Score(1.0, 0.0)))


def relation(share: float) -> Verdict:
    row = {"kind": "inequality", "constraint": "A <= B", "real": 0.0, "synthetic": share}
    return relations.relation_verdict([], [row | {"held_out": 0.0}])


def season(difference: float) -> Verdict:
    row: dict[str, Any] = {
        "phase": "hour",
        "feature": "x",
        "real": 0.5,
        "synthetic": 0.5,
        "held_out": 0.5,
    }
    row |= {"by_sequence": False, "is_missing": False}
    return timing.timing_verdict([row | {"difference": difference, "agreement": 1.0}])


def pattern(difference: float) -> Verdict:
    row = {"pattern": "x is missing", "real": 0.5, "held_out": None, "synthetic": 0.5}
    return patterns.pattern_verdict([row | {"difference": difference}])


def coverage(missing: float) -> Verdict:
    return utility_and_privacy.coverage_verdict(
        {"scores": {"recall": Score(1 - missing, 0.0, baseline=Score(1.0, 0.0))}}
    )


def completion(coverage: float = 0.0, skill: float = -0.5, area: float = 0.0) -> Verdict:
    row = {"crps": 1.0, "coverage_50%": 0.5, "coverage_90%": 0.9 - coverage}
    rows = [
        {"task": task, "method": method} | row | {"crps": crps}
        for task, simple in (("forecast", "last value"), ("gap", "linear interpolation"))
        for method, crps in (
            ("model", 1.0 + skill),
            (simple, 1.0),
            ("draws for another window", 9.0),
        )
    ]
    return verdict_on_completions({"scores": rows, "auc": {"model": 0.5 + area}})


PROBES: list[tuple[str, Callable[[float], Verdict]]] = [
    (
        "real data? (`strict`)",
        lambda x: fidelity.classifier_verdict({"classifier_auc": score(0.5 + x, 0.5)}),
    ),
    (
        "real data? (other",
        lambda x: fidelity.discriminative_verdict({"discriminative": score(x)}),
    ),
    ("right values?", value),
    ("dynamics preserved? |", dynamics),
    ("dynamics preserved? (`strict`)", lambda x: dynamics(0.0, 1.0 + x)),
    ("correlations preserved?", correlation),
    ("right size?", size),
    ("change together?", pair),
    (
        "useful?",
        lambda x: utility_and_privacy.utility_verdict(
            {"tstr": Score(1 + x, 0.0, better="lower", baseline=Score(1.0, 0.0), controls=SPOILT)}
        ),
    ),
    ("cover everything?", coverage),
    ("relations kept?", relation),
    ("right time?", season),
    ("rows spaced", pattern),
    ("is given? | difference of the share", completion),
    ("is given? | CRPS", lambda x: completion(skill=x)),
    ("is given? | area", lambda x: completion(area=x)),
]
"""Part of a row of the table -> verdict of a figure."""


def thresholds(row: str) -> list[float]:
    """Return the numbers of the row of the table that has ``row`` in it."""
    (line,) = [line for line in PAGE.read_text().splitlines() if row in line and line[0] == "|"]
    return [float(cell) for cell in re.findall(r"\| ([\d.]+)(?= \|)", line)]


@pytest.mark.parametrize(("row", "verdict"), PROBES, ids=[row for row, _ in PROBES])
def test_a_grade_changes_where_the_page_says(row: str, verdict: Callable[[float], Verdict]) -> None:
    limits = thresholds(row)
    assert len(limits) == 3
    for limit, below, above in zip(limits, GRADES, GRADES[1:], strict=False):
        assert GRADES.index(verdict(limit * 0.999).grade) <= GRADES.index(below)
        assert GRADES.index(verdict(limit * 1.001 + 1e-9).grade) >= GRADES.index(above)


def test_every_row_of_the_table_is_probed() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if re.search(r"\| [\d.]+ \|$", line)]
    assert len(rows) == len(PROBES)
