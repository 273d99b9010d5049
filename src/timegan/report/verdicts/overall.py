"""The overall verdict: uses of the data, what not to rely on, and what was not checked."""

from collections.abc import Mapping, Sequence
from typing import Any

from timegan.report.verdicts.grades import (
    CHANGES,
    CLASSIFIER,
    CO_CHANGES,
    COMPLETION,
    COPIES,
    CORRELATIONS,
    COVERAGE,
    DYNAMICS,
    OVERALL,
    PATTERNS,
    RELATIONS,
    TIMING,
    UTILITY,
    VALUES,
    Grade,
    Verdict,
    worst_grade,
)

SUBJECTS = {
    RELATIONS: "relations between columns",
    TIMING: "times of day, weekdays and seasons",
    PATTERNS: "missing values and steps in time",
    COPIES: "copies of training windows",
    VALUES: "distributions of single columns",
    CORRELATIONS: "correlations",
    DYNAMICS: "changes over time",
    CHANGES: "the size of changes",
    CO_CHANGES: "correlations of changes",
    UTILITY: "training of forecasters",
    COVERAGE: "variety",
    COMPLETION: "forecasts and filled gaps",
    CLASSIFIER: "realism of whole windows",
}
"""Question -> what its answer is about, the gravest first."""

COPIED = "The data hold copies of training windows: share them only where you may share these."


def overall_verdict(answers: Sequence[Verdict], metrics: Mapping[str, Any]) -> Verdict:
    """Return one verdict on all answers: the worst grade, and the worst finding first.

    Args:
        answers: the verdicts of `timegan.report.verdicts.verdicts.verdicts`.
        metrics: the content of ``metrics.json``.
    """
    by_question = {answer.question: answer for answer in answers}
    known = [by_question[question] for question in SUBJECTS if question in by_question]
    sentences = []
    if COPIES in by_question and by_question[COPIES].grade is Grade.POOR:
        sentences.append(COPIED)
    answered = [answer for answer in known if answer.question != COPIES]
    poor = [answer for answer in answered if answer.grade is Grade.POOR]
    if poor:
        findings = [
            SUBJECTS[answer.question] + (f": {answer.finding}" if answer.finding else "")
            for answer in poor
        ]
        sentences.append(f"Do not rely on {_listed(findings)}.")
    for grades, words in (
        ((Grade.FAIR,), "Use with care for "),
        ((Grade.EXCELLENT, Grade.GOOD), "Can be used for "),
    ):
        named = [SUBJECTS[answer.question] for answer in answered if answer.grade in grades]
        if named:
            sentences.append(f"{words}{_listed(named)}.")
    unknown = [SUBJECTS[a.question] for a in known if a.grade is Grade.UNKNOWN]
    unchecked = [*unknown, *_not_measured(by_question, metrics)]
    if unchecked:
        sentences.append(f"Not checked: {_listed(unchecked)}.")
    grade = worst_grade(answer.grade for answer in answers)
    return Verdict(OVERALL, grade, " ".join(sentences))


def _not_measured(answers: Mapping[str, Verdict], metrics: Mapping[str, Any]) -> list[str]:
    """Return what this evaluation has no answer to, and what would give one."""
    found = []
    if RELATIONS not in answers and "relations" not in metrics:
        found.append("relations between columns (compare tables, not arrays)")
    if UTILITY not in answers:
        found.append("training of forecasters (evaluation=strict)")
    copying = metrics.get("copying") or {}
    if copying and "membership" not in copying:
        found.append("membership inference (evaluation=strict)")
    if "training" in metrics:
        found.append("series longer than a window (steps=)")
    return found


def _listed(items: Sequence[str]) -> str:
    """Return items as one enumeration; semicolons where an item has commas."""
    separator = "; " if any("," in item or ":" in item for item in items) else ", "
    if len(items) == 1:
        return items[0]
    return f"{separator.join(items[:-1])}{separator if separator == '; ' else ' '}and {items[-1]}"
