"""What to know of a score before it is believed, going by its own controls and repeats."""

from collections.abc import Mapping
from typing import Any

from timegan.metrics.protocols.strict_scores import UNSEEN
from timegan.report.verdicts.grades import mean_of

PRIVACY = {"authenticity", "membership"}
"""Scores that look for copies, and for nothing else."""
SPOILT = ("bootstrap", "shuffled", "gaussian")
"""Controls that no measure of likeness should take for real data."""
PRECISE = 0.004
"""What the mean of a judge's score should be repeatable to."""


def notes(name: str, score: Mapping[str, Any]) -> list[str]:
    """Sentences: what the score does not see, how repeatable it is, how its controls were made.

    >>> notes("discriminative", {"mean": 0.1, "std": 0.03, "runs": [0.1] * 10,
    ...                          "standard_error": 0.01, "judges_for_precision": 433})
    ['The mean of 10 judges is good to ±0.020; 433 judges would make it repeatable to 0.004.']
    """
    return [*blind_spots(name, score), *_learned(name, score), *_precision(score), *_repeats(score)]


def at_floor(score: Mapping[str, Any], control: str) -> bool | None:
    """Does a control do no worse than another real sample, as far as their deviations tell?

    ``None`` where that is not known.
    """
    floor = mean_of(score.get("floor"))
    found = (score.get("controls") or {}).get(control) or {}
    value = mean_of(found)
    if floor is None or value is None or score.get("better") not in ("lower", "higher"):
        return None
    room = 2 * (score["floor"].get("std") or 0.0) + (found.get("std") or 0.0) + 1e-12
    sign = 1 if score["better"] == "lower" else -1
    return bool(sign * (value - floor) <= room)


def sees_nothing(score: Mapping[str, Any]) -> bool:
    """Whether no spoilt control does worse than another real sample: then it says nothing.

    >>> floor = {"mean": 0.25, "std": 0.001}
    >>> sees_nothing({"better": "lower", "floor": floor, "controls": {"shuffled": floor}})
    True
    """
    known = [at_floor(score, control) for control in SPOILT]
    known = [answer for answer in known if answer is not None]
    return bool(known) and all(known)


def blind_spots(name: str, score: Mapping[str, Any]) -> list[str]:
    """What a score does not see.

    No measure of likeness sees a copy, which only those of copying are asked for. A score is
    blind to what a control spoils when that control does no worse than the floor.

    >>> floor = {"mean": 0.01, "std": 0.005}
    >>> blind_spots("density", {"mean": 0.1, "better": "lower", "floor": floor,
    ...                         "controls": {"shuffled": {"mean": 0.012, "std": 0.004}}})
    ['Does not see that time is shuffled.']
    """
    spoilt = {
        "shuffled": "Does not see that time is shuffled.",
        "gaussian": "Does not tell a Gaussian mixture from real data.",
    }
    if name in PRIVACY:
        spoilt = {"copy": "Does not see a copy."}
    return [note for control, note in spoilt.items() if at_floor(score, control)]


def _learned(name: str, score: Mapping[str, Any]) -> list[str]:
    """Where a test wants windows that nobody has learned from, and had none."""
    if name in UNSEEN and score.get("against") == "training" and mean_of(score) is not None:
        return ["Nothing was held out: the model has learned the windows of this test, too."]
    return []


def _precision(score: Mapping[str, Any]) -> list[str]:
    error, needed = score.get("standard_error"), score.get("judges_for_precision")
    if error is None or needed is None:
        return []
    count = len(score["runs"])
    sentence = f"The mean of {count} judges is good to ±{1.96 * error:.3f}"
    if needed <= count:
        return [f"{sentence}, so it is repeatable to {PRECISE}."]
    return [f"{sentence}; {needed:,} judges would make it repeatable to {PRECISE}."]


def _repeats(score: Mapping[str, Any]) -> list[str]:
    """Where controls were measured less often than the synthetic windows."""
    counts = {
        len(control["runs"])
        for name, control in (score.get("controls") or {}).items()
        if name != "real" and control.get("runs")
    }
    if not counts or len(score.get("runs") or []) <= max(counts):
        return []
    times = {1: "once", 2: "twice"}.get(max(counts), f"{max(counts)} times")
    return [f"Each control was measured {times}, synthetic windows {len(score['runs'])} times."]
