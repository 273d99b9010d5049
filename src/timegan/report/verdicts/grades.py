"""Grades, and how they follow from a figure and its baseline."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OVERALL = "Overall"
CLASSIFIER = "Can a classifier tell it from real data?"
VALUES = "Does it take the right values?"
DYNAMICS = "Are temporal dynamics preserved?"
CHANGES = "Do changes have the right size?"
CO_CHANGES = "Do features change together?"
CORRELATIONS = "Are correlations preserved?"
UTILITY = "Is it useful?"
COVERAGE = "Does it cover everything?"
COPIES = "Does it copy?"
RELATIONS = "Are relations kept?"
PATTERNS = "Are values missing, and rows spaced, as in real data?"
TIMING = "Does it happen at the right time?"
COMPLETION = "Do completions follow what is given?"


class Grade(StrEnum):
    """From as good as another real sample to plainly wrong; ``UNKNOWN`` where nobody can tell."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """The answer to one question.

    Args:
        question: that is answered.
        grade: the answer.
        sentence: with the figures that it comes from.
        finding: the worst of them in a few words, for the overall verdict.
    """

    question: str
    grade: Grade
    sentence: str
    finding: str = ""

    @property
    def label(self) -> str:
        """The grade in a word or two."""
        if self.grade is Grade.UNKNOWN:
            return "Cannot tell"
        if self.question == COPIES:
            return {Grade.POOR: "Yes", Grade.FAIR: "Hardly"}.get(self.grade, "No")
        return self.grade.capitalize()

    @property
    def heading(self) -> str:
        """The question as it stands before the sentence."""
        return self.question if self.question.endswith("?") else f"{self.question}:"


def not_measured(question: str, reason: str) -> Verdict:
    """Return the answer to a question whose score is not known."""
    return Verdict(question, Grade.UNKNOWN, f"Not measured. {reason[:1].upper()}{reason[1:]}")


def worst_grade(grades: Iterable[Grade]) -> Grade:
    """Return the worst of several grades, of which an unknown one is none.

    >>> worst_grade([Grade.GOOD, Grade.POOR, Grade.UNKNOWN])
    <Grade.POOR: 'poor'>
    """
    known = [grade for grade in grades if grade is not Grade.UNKNOWN]
    return max(known, key=list(Grade).index, default=Grade.UNKNOWN)


def graded(above: float, excellent: float, good: float, fair: float) -> Grade:
    """Return a grade by how far a score lies from its baseline, in the wrong direction."""
    if above <= excellent:
        return Grade.EXCELLENT
    if above <= good:
        return Grade.GOOD
    return Grade.FAIR if above <= fair else Grade.POOR


def against_baseline(value: float, baseline: float) -> Grade:
    """Return a grade by how far an error, a share of one, lies above that of real data."""
    above = value - baseline
    if value <= 1.5 * baseline or above <= 0.01:
        return Grade.EXCELLENT
    if above <= 0.05:
        return Grade.GOOD
    return Grade.FAIR if above <= 0.15 else Grade.POOR
