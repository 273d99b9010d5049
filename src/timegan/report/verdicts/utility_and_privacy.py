"""Verdicts on utility, coverage and privacy."""

from collections.abc import Mapping, Sequence
from typing import Any

from timegan.metrics.score import Score
from timegan.report.verdicts.caveats import is_uninformative, matches_baseline, time_matters
from timegan.report.verdicts.grades import (
    COPIES,
    COVERAGE,
    UTILITY,
    Grade,
    Verdict,
    graded,
    not_measured,
)

COLLAPSE = 0.3
"""Spread below which a model makes but a few windows, as a share of that of real ones."""


def utility_verdict(scores: Mapping[str, Score]) -> Verdict:
    """Grade what a forecaster loses that learned from synthetic windows."""
    near, far = scores["tstr"], scores.get("tstr_horizon") or Score()
    if near.mean is None:
        return not_measured(UTILITY, near.reason)
    worst = near.mean - near.baseline_or(1.0)
    sentence = (
        f"Forecasters that learned from synthetic windows err {near.mean:.2f} times as much on "
        f"unseen real ones as those that learned from real windows"
    )
    if far.mean is not None:
        worst = max(worst, far.mean - far.baseline_or(1.0))
        sentence += f", and {far.mean:.2f} times several steps ahead"
    sentence += f"; another real sample gives {near.baseline_or(1.0):.2f}."
    return _with_power(graded(worst, 0.03, 0.1, 0.3), sentence, (near, far), scores)


def _with_power(
    grade: Grade,
    sentence: str,
    used: Sequence[Score],
    scores: Mapping[str, Score],
) -> Verdict:
    """Return a verdict, unknown where spoilt real data do as well in all scores that it used."""
    depends_on_time = time_matters(scores)
    blind = [
        is_uninformative(s) or bool(depends_on_time and matches_baseline(s, "shuffled"))
        for s in used
        if s.mean is not None
    ]
    if all(blind):
        grade = grade if grade is Grade.POOR else Grade.UNKNOWN
        sentence += " Spoilt real data, such as rows shuffled in time, do as well: it says little."
    return Verdict(UTILITY, grade, sentence)


def predictive_verdict(scores: Mapping[str, Score]) -> Verdict:
    """Grade the published predictive scores as a share of what real data reach."""
    score = scores["predictive"]
    if score.mean is None or not score.baseline_or(0.0):
        reason = score.reason or "Real data leave no error to compare with."
        return not_measured(UTILITY, reason)
    mean, baseline = score.mean, score.baseline_or(0.0)
    worst = mean / baseline - 1
    sentence = (
        f"A forecaster of the last feature that learned from synthetic windows errs by {mean:.4f} "
        f"on real ones; one that learned from other real windows by {baseline:.4f}."
    )
    every = scores.get("predictive_all") or Score()
    if every.mean is not None and every.baseline_or(0.0) and every.mean != mean:
        worst = max(worst, every.mean / every.baseline_or(0.0) - 1)
        sentence += f" For all features: {every.mean:.4f} and {every.baseline_or(0.0):.4f}."
    noise = 3 * ((score.std or 0.0) + score.baseline_std)
    if mean < baseline - max(noise, 0.01 * baseline):
        sentence += " It is lower than real data allow: what was to be forecast may have leaked."
    return _with_power(graded(worst, 0.03, 0.1, 0.3), sentence, (score, every), scores)


def coverage_verdict(metrics: Mapping[str, Any]) -> Verdict:
    """Grade recall, if measured, and how much windows differ from each other."""
    diversity = metrics.get("diversity") or {"ratio": None}
    recall = metrics.get("scores", {}).get("recall") or Score()
    if diversity["ratio"] is not None and diversity["ratio"] < COLLAPSE:
        sentence = (
            "The model has collapsed: synthetic windows differ from each other "
            f"{diversity['ratio']:.2f} times as much as real ones do."
        )
        return Verdict(COVERAGE, Grade.POOR, sentence)
    parts = []
    grade = Grade.UNKNOWN
    if recall.mean is not None:
        baseline = recall.baseline_or(1.0)
        grade = graded(baseline - recall.mean, 0.05, 0.15, 0.35)
        parts.append(
            f"Synthetic windows reach real ones with a recall of {recall.mean:.2f}; another "
            f"real sample reaches {baseline:.2f}"
        )
        precision = metrics["scores"].get("precision") or Score()
        if precision.mean is not None:
            parts.append(
                f"their precision is {precision.mean:.2f}, that of real ones "
                f"{precision.baseline_or(1.0):.2f}"
            )
    if diversity["ratio"] is not None:
        least = diversity["least"]
        parts.append(
            f"synthetic windows differ from each other {diversity['ratio']:.2f} times as much as "
            f"real ones do ({diversity['feature']}: {least:.2f})"
        )
        if recall.mean is None:
            # As much variety need not be the same variety: no more than good.
            grade = Grade.GOOD if least >= 0.85 else Grade.FAIR if least >= 0.6 else Grade.POOR
        elif least < COLLAPSE:
            grade = Grade.POOR
    if not parts:
        reason = recall.reason or diversity.get("reason") or "Nothing varies."
        return not_measured(COVERAGE, reason)
    sentence = "; ".join(parts)
    if recall.mean is None:
        sentence += ". Whether they miss a rarer kind is for evaluation=strict to say"
    return Verdict(COVERAGE, grade, f"{sentence[0].upper()}{sentence[1:]}.")


def copy_verdict(figures: Mapping[str, Any]) -> Verdict:
    """Return the answer of the tests for copies, and its meaning for the other answers."""
    if figures["warning"]:
        praise = " A copy does well in all other scores, so they say little."
        return Verdict(COPIES, Grade.POOR, figures["sentence"] + praise)
    if figures["too_few"] or figures.get("reason"):
        return Verdict(COPIES, Grade.UNKNOWN, figures["sentence"])
    near = figures["distance_ratio"] < 0.7
    return Verdict(COPIES, Grade.FAIR if near else Grade.EXCELLENT, figures["sentence"])
