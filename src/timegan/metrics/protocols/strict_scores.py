"""The scores of the strict protocol as ``metrics.json`` has them, each with floor and controls."""

from typing import Any

import numpy as np

from timegan.metrics.aggregation import summary
from timegan.metrics.fidelity import classifier_tests as kinds

BETTER = {
    "judges": "lower",
    "usefulness": "lower",
    "usefulness_ahead": "lower",
    "marginal": "lower",
    "cross_correlation": "lower",
    "spectrum": "lower",
    "increments": "lower",
    "mmd": "lower",
    "precision": "higher",
    "recall": "higher",
    "authenticity": "higher",
    "membership": "lower",
}
"""The scores that the strict protocol adds, and which way is better."""

UNSEEN = {"judges", "usefulness", "usefulness_ahead", "membership"}
"""Those that test on windows which nobody has learned from."""

PERFECT = {"judges": 0.5, "usefulness": 1.0, "usefulness_ahead": 1.0, "membership": 0.5}
"""What a perfect generator would get, where that is neither 0 nor, of shares, 1."""


def scores_of(
    ours: dict[str, Any], controls: dict[str, Any], against: str
) -> dict[str, dict[str, Any]]:
    """Of the runs of the synthetic windows and of each control: figures by the name of a score.

    ``against`` says what the unseen windows are.
    """
    scores = {}
    for name, better in BETTER.items():
        score = summary(ours.get(name, [])) | {"better": better}
        score["controls"] = {key: summary(found.get(name, [])) for key, found in controls.items()}
        score["floor"] = score["controls"].get("real") or summary([])
        score["against"] = against if name in UNSEEN else "training"
        if name in PERFECT:
            score["perfect"] = PERFECT[name]
        scores[name] = score
    _add_kinds(scores["judges"], ours, controls)
    return scores


def _add_kinds(score: dict[str, Any], ours: dict[str, Any], controls: dict[str, Any]) -> None:
    """What each kind of judge says, and an interval for the strongest."""
    score["kinds"] = {
        kind: summary(ours.get(f"auc_{kind}", []))
        | {
            "interval": _interval(ours.get(f"interval_{kind}", [])),
            "controls": {
                key: summary(found.get(f"auc_{kind}", [])) for key, found in controls.items()
            },
        }
        for kind in kinds.KINDS
    }
    if score["mean"] is None:
        return
    strongest = max(kinds.KINDS, key=lambda kind: score["kinds"][kind]["mean"])
    score["strongest"] = strongest
    score["interval"] = score["kinds"][strongest]["interval"]


def _interval(runs: list[Any]) -> list[float] | None:
    """The mean interval of all runs; None where one of them failed."""
    if not runs or any(isinstance(run, str) for run in runs):
        return None
    found: list[float] = np.mean(runs, axis=0).tolist()
    return found


def explained(scores: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """Better reasons: the shape of the windows, or that none was held out."""
    _, steps, features = shape
    reasons = {
        "cross_correlation": (features < 2, "One feature has no other to be correlated with."),
        "usefulness": (steps < 2, "It needs windows of at least 2 steps."),
        "usefulness_ahead": (steps < 8, "It needs windows of at least 8 steps."),
        "spectrum": (steps < 4, "It needs windows of at least 4 steps."),
        "increments": (steps < 2, "It needs windows of at least 2 steps."),
        "membership": (
            scores["membership"].get("against") == "training",
            "It needs held-out windows: all others were trained on.",
        ),
    }
    for name, (so, reason) in reasons.items():
        if so and scores[name]["mean"] is None:
            scores[name]["reason"] = reason
    return scores
