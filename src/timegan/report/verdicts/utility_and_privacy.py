"""Verdicts on worth: is it useful, does it cover everything, keep the rules, copy?"""

from collections.abc import Mapping, Sequence
from typing import Any

from timegan.report.verdicts.caveats import sees_nothing
from timegan.report.verdicts.grades import (
    COPIES,
    Grade,
    Verdict,
    floor_deviation,
    floor_of,
    graded,
    not_measured,
)

COLLAPSE = 0.3
"""Spread below which a model makes but a few windows, as a share of that of real ones."""


def useful(scores: Mapping[str, Any]) -> Verdict:
    """What a forecaster loses that learned from synthetic windows."""
    question = "Is it useful?"
    near, far = scores["usefulness"], scores.get("usefulness_ahead") or {"mean": None}
    if near["mean"] is None:
        return not_measured(question, near["reason"])
    worst = near["mean"] - floor_of(near, 1.0)
    sentence = (
        f"Forecasters that learned from synthetic windows err {near['mean']:.2f} times as much on "
        f"unseen real ones as those that learned from real windows"
    )
    if far["mean"] is not None:
        worst = max(worst, far["mean"] - floor_of(far, 1.0))
        sentence += f", and {far['mean']:.2f} times several steps ahead"
    sentence += f"; another real sample gives {floor_of(near, 1.0):.2f}."
    return Verdict(question, graded(worst, 0.03, 0.1, 0.3), sentence)


def predictive(scores: Mapping[str, Any]) -> Verdict:
    """The published predictive scores, as a share of what real data reach."""
    question = "Is it useful?"
    score = scores["predictive"]
    if score["mean"] is None or not floor_of(score, 0.0):
        reason = score.get("reason") or "Real data leave no error to compare with."
        return not_measured(question, reason)
    mean, floor = score["mean"], floor_of(score, 0.0)
    worst = mean / floor - 1
    sentence = (
        f"A forecaster of the last feature that learned from synthetic windows errs by {mean:.4f} "
        f"on real ones; one that learned from other real windows by {floor:.4f}."
    )
    every = scores.get("predictive_all") or {"mean": None}
    if every["mean"] is not None and floor_of(every, 0.0) and every["mean"] != mean:
        worst = max(worst, every["mean"] / floor_of(every, 0.0) - 1)
        sentence += f" For all features: {every['mean']:.4f} and {floor_of(every, 0.0):.4f}."
    noise = 3 * ((score.get("std") or 0.0) + floor_deviation(score))
    if mean < floor - max(noise, 0.01 * floor):
        sentence += " It is lower than real data allow: what was to be forecast may have leaked."
    grade = graded(worst, 0.03, 0.1, 0.3)
    if all(sees_nothing(s) for s in (score, every) if s["mean"] is not None):
        if grade is not Grade.POOR:
            grade = Grade.UNKNOWN
        sentence += " Spoilt real data, such as rows shuffled in time, do as well: it says little."
    return Verdict(question, grade, sentence)


def covers(metrics: Mapping[str, Any]) -> Verdict:
    """Recall where it was measured, and whether the windows differ from each other at all."""
    question = "Does it cover everything?"
    spread = metrics.get("spread") or {"ratio": None}
    recall = metrics.get("scores", {}).get("recall") or {"mean": None}
    if spread["ratio"] is not None and spread["ratio"] < COLLAPSE:
        sentence = (
            "The model has collapsed: synthetic windows differ from each other "
            f"{spread['ratio']:.2f} times as much as real ones do."
        )
        return Verdict(question, Grade.POOR, sentence)
    parts = []
    grade = Grade.UNKNOWN
    if recall["mean"] is not None:
        floor = floor_of(recall, 1.0)
        grade = graded(floor - recall["mean"], 0.05, 0.15, 0.35)
        parts.append(
            f"Synthetic windows reach real ones with a recall of {recall['mean']:.2f}; another "
            f"real sample reaches {floor:.2f}"
        )
        precision = metrics["scores"].get("precision") or {"mean": None}
        if precision["mean"] is not None:
            parts.append(
                f"their precision is {precision['mean']:.2f}, that of real ones "
                f"{floor_of(precision, 1.0):.2f}"
            )
    if spread["ratio"] is not None:
        least = spread["least"]
        parts.append(
            f"synthetic windows differ from each other {spread['ratio']:.2f} times as much as real "
            f"ones do ({spread['feature']}: {least:.2f})"
        )
        if recall["mean"] is None:
            # As much variety need not be the same variety: no more than good.
            grade = Grade.GOOD if least >= 0.85 else Grade.FAIR if least >= 0.6 else Grade.POOR
        elif least < COLLAPSE:
            grade = Grade.POOR
    if not parts:
        reason = recall.get("reason") or spread.get("reason") or "Nothing varies."
        return not_measured(question, reason)
    sentence = "; ".join(parts)
    if recall["mean"] is None:
        sentence += ". Whether they miss a rarer kind is for evaluation=strict to say"
    return Verdict(question, grade, f"{sentence[0].upper()}{sentence[1:]}.")


def keeps(rules: Sequence[Mapping[str, Any]]) -> Verdict:
    """The rule that is broken most often, as far as unseen real data keep it."""
    question = "Does it keep the table's rules?"

    def above(rule: Mapping[str, Any]) -> float:
        return float(rule["synthetic"]) - float(rule.get("held_out") or rule.get("real") or 0.0)

    worst = max(rules, key=above)
    broken = sum(above(rule) > 0.001 for rule in rules)
    count = f"{len(rules)} rules hold" if len(rules) > 1 else "One rule holds"
    if not broken:
        sentence = f"{count} on all training data, and synthetic rows keep to them."
        return Verdict(question, Grade.EXCELLENT, sentence)
    sentence = (
        f"{count} on all training data. Synthetic rows break {broken}; most often "
        f"{worst['rule']}, in {worst['synthetic']:.1%} of rows"
    )
    if worst.get("held_out") is not None:
        sentence += f" (held-out real rows: {worst['held_out']:.1%})"
    return Verdict(question, graded(above(worst), 0.001, 0.01, 0.1), f"{sentence}.")


def copies(figures: Mapping[str, Any]) -> Verdict:
    """What the copy test says, and what that means for the other answers."""
    if figures["warning"]:
        praise = " A copy does well in all other scores, so they say little."
        return Verdict(COPIES, Grade.POOR, figures["sentence"] + praise)
    if figures["too_few"] or figures.get("reason"):
        return Verdict(COPIES, Grade.UNKNOWN, figures["sentence"])
    near = figures["distance_ratio"] < 0.7
    return Verdict(COPIES, Grade.FAIR if near else Grade.EXCELLENT, figures["sentence"])
