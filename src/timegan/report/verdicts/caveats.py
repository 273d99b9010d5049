"""Caveats of a score, from its own controls and repeats."""

from collections.abc import Mapping

from timegan.metrics.metric import all_metrics
from timegan.metrics.score import Score

SPOILT = ("bootstrap", "shuffled", "gaussian")
"""Controls that no measure of likeness should take for real data."""
MIN_ROOM = 0.005
"""Deviation below which repeats of a score are not expected to stay."""
PRECISION = 0.004
"""Difference of two means that a repeated discriminative score should stay below."""


def notes(name: str, score: Score) -> list[str]:
    """Return sentences on what the score does not see, and how repeatable it is.

    >>> details = {"standard_error": 0.01, "classifiers_for_precision": 433}
    >>> notes("discriminative", Score(0.1, 0.03, (0.1,) * 10, details=details))[0][:47]
    'The mean of 10 classifiers is good to ±0.020; 4'
    """
    return [
        *blind_spots(name, score),
        *_training_windows_note(name, score),
        *columns_note(score),
        *_precision(score),
        *_repeats(score),
    ]


def matches_baseline(score: Score, control: str) -> bool | None:
    """Tell whether a control does no worse than another real sample, within their deviations.

    None where one of the two is unknown.
    """
    value = score.control_mean(control)
    if score.baseline_mean is None or value is None or score.better not in ("lower", "higher"):
        return None
    room = 2 * score.baseline_std + (score.controls[control].std or 0.0) + 1e-12
    sign = 1 if score.better == "lower" else -1
    return bool(sign * (value - score.baseline_mean) <= room)


def is_uninformative(score: Score) -> bool:
    """Tell whether no spoilt control does worse than another real sample.

    >>> real = Score(0.25, 0.001)
    >>> is_uninformative(Score(better="lower", baseline=real, controls={"shuffled": real}))
    True
    """
    known = [matches_baseline(score, control) for control in SPOILT]
    known = [answer for answer in known if answer is not None]
    return bool(known) and all(known)


def lacks_power(score: Score, scores: Mapping[str, Score]) -> list[str]:
    """Return sentences on why a score cannot rank the controls; empty where it can.

    A score has no power on a table where no spoilt control does worse than real data, where
    shuffled steps pass although values depend on time, or where a verbatim copy of the training
    windows does worse than the synthetic ones.

    Args:
        score: a score that tells synthetic windows from real ones.
        scores: all scores of the evaluation, which show whether values depend on time.
    """
    if is_uninformative(score):
        return ["It tells none of the controls from real data."]
    found = []
    if matches_baseline(score, "shuffled") and time_matters(scores):
        found.append("Real windows with shuffled steps pass as well.")
    copy = score.control_mean("copy")
    if copy is not None and score.mean is not None and score.better in ("lower", "higher"):
        sign = 1 if score.better == "lower" else -1
        room = 2 * max(score.std or 0.0, score.baseline_std, MIN_ROOM)
        if sign * (copy - score.mean) > room:
            found.append("A verbatim copy of the training windows does worse.")
    return found


def time_matters(scores: Mapping[str, Score]) -> bool:
    """Tell whether shuffled steps change how values depend on earlier ones; True if unknown."""
    known = [
        matches_baseline(scores[name], "shuffled")
        for name in ("autocorrelation", "change_autocorrelation")
        if name in scores
    ]
    known = [answer for answer in known if answer is not None]
    return not (known and all(known))


def blind_spots(name: str, score: Score) -> list[str]:
    """Return what a score does not see.

    No measure of fidelity sees a copy, which only those of privacy are asked for. A score is
    blind to what a control spoils when that control does no worse than the baseline.

    >>> controls = {"shuffled": Score(0.012, 0.004)}
    >>> baseline = Score(0.01, 0.005)
    >>> blind_spots("density", Score(0.1, better="lower", baseline=baseline, controls=controls))
    ['Does not see that time is shuffled.']
    """
    spoilt = {
        "shuffled": "Does not see that time is shuffled.",
        "gaussian": "Does not tell a Gaussian mixture from real data.",
    }
    metric = all_metrics().get(name)
    if metric is not None and metric.is_privacy:
        spoilt = {"copy": "Does not see a copy."}
    return [note for control, note in spoilt.items() if matches_baseline(score, control)]


def _training_windows_note(name: str, score: Score) -> list[str]:
    """Return a note where a test wants windows that no model has learned from, and had none."""
    metric = all_metrics().get(name)
    if metric is None or not metric.uses_unseen or score.mean is None:
        return []
    if score.compared_with != "training":
        return []
    return ["Nothing was held out: the model has learned the windows of this test, too."]


def columns_note(score: Score) -> list[str]:
    """Return a note where each classifier sees a part of the columns.

    >>> columns_note(Score(0.1, details={"columns": 6, "of_columns": 100}))[0][:40]
    'Each classifier sees 6 of 100 columns, d'
    """
    seen, columns = score.details.get("columns"), score.details.get("of_columns")
    if seen is None or columns is None or seen == columns:
        return []
    return [
        f"Each classifier sees {seen} of {columns} columns, drawn at random: the deviation is also "
        "that between choices of columns, and errors of few columns may be missed."
    ]


def _precision(score: Score) -> list[str]:
    error = score.details.get("standard_error")
    needed = score.details.get("classifiers_for_precision")
    if error is None or needed is None:
        return []
    count = len(score.runs)
    sentence = f"The mean of {count} classifiers is good to ±{1.96 * error:.3f}"
    if needed <= count:
        return [f"{sentence}, so it is repeatable to {PRECISION}."]
    return [f"{sentence}; {needed:,} classifiers would make it repeatable to {PRECISION}."]


def _repeats(score: Score) -> list[str]:
    """Return a note where controls were measured less often than the synthetic windows."""
    counts = {len(control.runs) for control in score.controls.values() if control.runs}
    if not counts or len(score.runs) <= max(counts):
        return []
    times = {1: "once", 2: "twice"}.get(max(counts), f"{max(counts)} times")
    return [f"Each control was measured {times}, synthetic windows {len(score.runs)} times."]
