"""The verdict on patterns: where values are missing, and how far rows are apart in time."""

from collections.abc import Mapping, Sequence
from typing import Any

from timegan.report.formatting import share
from timegan.report.verdicts.grades import PATTERNS, Verdict, graded

EXCELLENT, GOOD, FAIR = 0.05, 0.1, 0.2
"""Differences of a share of rows up to which a pattern has this grade."""

MAX_NAMED = 3
"""Findings that a sentence names."""


def pattern_verdict(rows: Sequence[Mapping[str, Any]]) -> Verdict:
    """Grade the pattern that differs most.

    Args:
        rows: of `timegan.metrics.patterns.patterns`, at least one.
    """
    worst = rows[0]["difference"]
    grade = graded(worst, EXCELLENT, GOOD, FAIR)
    told = [_told(row) for row in rows if row["difference"] > GOOD][:MAX_NAMED] or [_told(rows[0])]
    sentence = "; ".join(told)
    more = sum(row["difference"] > GOOD for row in rows) - len(told)
    sentence += f"; and {more} more" if more > 0 else ""
    return Verdict(PATTERNS, grade, f"{sentence[:1].upper()}{sentence[1:]}.", told[0])


def _told(row: Mapping[str, Any]) -> str:
    return (
        f"{row['pattern']} in {share(row['synthetic'])} of such synthetic rows, and in "
        f"{share(row['real'])} of real ones"
    )
