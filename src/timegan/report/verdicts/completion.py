"""The verdict on completions: whether they follow what is given, and spread as the truth does."""

from collections.abc import Mapping
from typing import Any

from timegan.metrics.completions import LEVELS, SIMPLE
from timegan.report.formatting import decimal, share
from timegan.report.verdicts.grades import (
    COMPLETION,
    Grade,
    Verdict,
    graded,
    not_measured,
    worst_grade,
)

COVERAGE = (0.05, 0.1, 0.2)
"""Errors of the coverage up to which it is excellent, good and fair."""
SKILL = (0.0, 0.1, 0.3)
"""Excess of the CRPS over that of the simple method, likewise."""
AREA = (0.1, 0.2, 0.3)
"""Excess of the area of the classifier of pairs over chance, likewise."""
FOLLOWS = 0.9
"""CRPS over that of draws for another window, above which draws do not follow what is given."""


def completion_verdict(completion: Mapping[str, Any]) -> Verdict:
    """Grade completions by the worst of coverage, CRPS and the classifier.

    Args:
        completion: the part of that name of ``metrics.json``.
    """
    rows = completion.get("scores")
    if not rows:
        return not_measured(COMPLETION, str(completion.get("reason", "It failed.")))
    crps = {(row["task"], row["method"]): row["crps"] for row in rows}
    own = {row["task"]: row for row in rows if row["method"] == "model"}
    grades, covered, errors = [], [], []
    for task, row in own.items():
        simple, other = crps[task, SIMPLE[task][0]], crps[task, "draws for another window"]
        inside = [row[f"coverage_{level:.0%}"] for level in LEVELS]
        off = max(abs(part - level) for part, level in zip(inside, LEVELS, strict=True))
        grades += [graded(off, *COVERAGE), graded(row["crps"] / simple - 1, *SKILL)]
        if row["crps"] > FOLLOWS * other > simple:
            grades.append(Grade.POOR)
        covered.append(f"{' and '.join(map(share, inside))} of held-out values in a {task}")
        errors.append(f"{decimal(row['crps'] / simple, 2)} times that of the {SIMPLE[task][0]}")
    levels = " and ".join(f"{level:.0%}" for level in LEVELS)
    sentence = f"Intervals of {levels} contain {', and '.join(covered)}. "
    sentence += f"The error of draws (CRPS) is {', and '.join(errors)}."
    if (area := completion["auc"]["model"]) is not None:
        grades.append(graded(area - 0.5, *AREA))
        sentence += " A classifier tells forecasts from the truth with an area of "
        sentence += f"{decimal(area, 2)} (0.5 is chance)."
    return Verdict(COMPLETION, worst_grade(grades), sentence)
