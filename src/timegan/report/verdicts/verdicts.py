"""Verdicts in words: a grade for each question, with the score and its baseline."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from timegan.attempts import attempt
from timegan.metrics.score import Score
from timegan.report.verdicts import fidelity, utility_and_privacy
from timegan.report.verdicts.changes import change_verdict, co_change_verdict
from timegan.report.verdicts.completion import completion_verdict
from timegan.report.verdicts.grades import (
    COPIES,
    PATTERNS,
    RELATIONS,
    TIMING,
    Grade,
    Verdict,
)
from timegan.report.verdicts.patterns import pattern_verdict
from timegan.report.verdicts.relations import relation_verdict
from timegan.report.verdicts.timing import timing_verdict

DECISIVE = (RELATIONS, TIMING, PATTERNS)
"""Questions whose poor answers no other one makes good."""

__all__ = ["Grade", "Verdict", "verdicts"]


def verdicts(metrics: Mapping[str, Any]) -> list[Verdict]:
    """Return answers from the content of ``metrics.json``, the gravest first."""
    scores: Mapping[str, Score] = metrics.get("scores", {})
    ways: dict[str, Callable[[], Verdict]] = {}
    if "classifier_auc" in scores:
        ways["likeness"] = lambda: fidelity.classifier_verdict(scores)
    elif "discriminative" in scores:
        ways["likeness"] = lambda: fidelity.discriminative_verdict(scores)
    if "density" in scores:
        ways["values"] = lambda: fidelity.value_verdict(scores["density"])
    if "change_autocorrelation" in scores:
        ways["motion"] = lambda: fidelity.dynamics_verdict(scores)
    if "change_size" in scores:
        ways["changes"] = lambda: change_verdict(scores)
    if scores.get("change_correlation", Score()).details.get("pairs"):
        ways["joint changes"] = lambda: co_change_verdict(scores["change_correlation"])
    if "correlation" in scores and scores["correlation"].details.get("pairs"):
        ways["pairs of features"] = lambda: fidelity.correlation_verdict(scores["correlation"])
    if "tstr" in scores:
        ways["usefulness"] = lambda: utility_and_privacy.utility_verdict(scores)
    elif "predictive" in scores:
        ways["usefulness"] = lambda: utility_and_privacy.predictive_verdict(scores)
    if "recall" in scores or "diversity" in metrics:
        ways["coverage"] = lambda: utility_and_privacy.coverage_verdict(metrics)
    relations, constraints = metrics.get("relations", []), metrics.get("constraints") or []
    if relations or constraints or relations is None:
        ways["relations"] = lambda: relation_verdict(relations, constraints)
    seasons, lags = metrics.get("timing", []), metrics.get("period_autocorrelation") or []
    phases = metrics.get("timing_phases") or []
    if seasons or seasons is None or phases:
        ways["timing"] = lambda: timing_verdict(seasons, lags, phases)
    if metrics.get("patterns"):
        ways["patterns"] = lambda: pattern_verdict(metrics["patterns"])
    if metrics.get("completion"):
        ways["completions"] = lambda: completion_verdict(metrics["completion"])
    if metrics.get("copying"):
        ways["copies"] = lambda: utility_and_privacy.copy_verdict(metrics["copying"])
    answers = [attempt(f"verdict on {n}", way, partial(_none, n)) for n, way in ways.items()]
    return sorted(answers, key=_rank)


def _none(subject: str, reason: str) -> Verdict:
    """Return the verdict in place of one that failed."""
    return Verdict(subject.capitalize(), Grade.UNKNOWN, f"The verdict {reason}.")


def _rank(answer: Verdict) -> int:
    """Return a place: what makes the other answers worthless, other poor grades, the rest."""
    if answer.question == COPIES and answer.grade in (Grade.POOR, Grade.UNKNOWN):
        return 0
    if answer.grade is not Grade.POOR:
        return 3
    return 1 if answer.question in DECISIVE else 2
