"""The one exception that is meant for the person at the keyboard, and a help to word it."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input. The message names the value, the rule that it breaks, and the remedy."""


class TrainingError(InputError):
    """Training cannot go on. The message names the update, the step, and what to try."""


class UnreadableError(TrainingError):
    """A file that timegan could not read again: a fault of the program. The message names it."""


def nearest(key: str, known: Iterable[str]) -> str | None:
    """The known key that reads most like ``key``; a right name in a wrong place counts as near.

    >>> nearest("model.hiden", ["model.hidden", "model.layers"])
    'model.hidden'
    >>> nearest("window", ["dataset.window", "model.hidden"])
    'dataset.window'
    """

    def likeness(candidate: str) -> float:
        whole = difflib.SequenceMatcher(None, key, candidate).ratio()
        last = difflib.SequenceMatcher(None, key.split(".")[-1], candidate.split(".")[-1]).ratio()
        return max(whole, last) + 0.1 * min(whole, last)

    best = max(known, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.7 else None
