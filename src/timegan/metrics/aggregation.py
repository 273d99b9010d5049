"""How a score is written down: mean, deviation and runs, or ``None`` and the reason why."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.variation import deviation

FEWEST = 20
"""Windows without which a score would be noise."""

Score = dict[str, Any]


def unknown(reason: str) -> Score:
    """Return a score that is not known, and why."""
    return {"mean": None, "reason": reason}


def scored(name: str, measure: Callable[[], Score]) -> Score:
    """Return what ``measure`` finds, or the reason why it fails; see `timegan.attempts`."""
    return attempt(f"score {name}", measure, unknown)


def summary(
    runs: Iterable[float | str | None], reason: str = "It cannot be measured on this."
) -> Score:
    """Mean and deviation of the runs that gave a value; ``reason`` where none did.

    A text among the runs is the reason why one failed: then there is no figure.

    >>> summary([1.0, None, 3.0])
    {'mean': 2.0, 'std': 1.0, 'runs': [1.0, 3.0]}
    >>> summary([None], "Nothing varies.")
    {'mean': None, 'reason': 'Nothing varies.'}
    >>> summary([0.1] * 3)["std"]  # repeats that agree
    0.0
    """
    runs = list(runs)
    for run in runs:
        if isinstance(run, str):
            return unknown(run)
    known = [float(run) for run in runs if run is not None]
    if not known:
        return unknown(reason)
    return {"mean": float(np.mean(known)), "std": deviation(known), "runs": known}


def too_few(count: int, what: str = "it", least: int = FEWEST) -> str:
    """The reason why so few windows give no score.

    >>> too_few(1, "a judge")
    'One window is too few: a judge needs 20.'
    """
    words = {0: "No window is left", 1: "One window is too few"}
    return f"{words.get(count, f'{count} windows are too few')}: {what} needs {least}."


def strict_json(value: Any) -> Any:
    """``value`` with plain numbers and lists only, and ``None`` for what is not finite.

    >>> strict_json({"a": np.float32("nan"), "b": np.arange(2)})
    {'a': None, 'b': [0, 1]}
    """
    match value:
        case dict():
            return {str(key): strict_json(item) for key, item in value.items()}
        case list() | tuple():
            return [strict_json(item) for item in value]
        case np.ndarray() | np.generic():
            return strict_json(value.tolist())
        case float():
            return value if math.isfinite(value) else None
        case _:
            return value
