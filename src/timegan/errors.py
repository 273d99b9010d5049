"""Errors for the person at the keyboard, helps to word them, and notices beside the output."""

import difflib
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path


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


def choose(key: str, name: str, options: Iterable[str]) -> str:
    """``name``, if it is one of the options.

    Raises:
        InputError: it is not.
    """
    if name not in (names := list(options)):
        raise InputError(f"{key}={name}: there is no such choice. Choose from {', '.join(names)}.")
    return name


def brief(error: Exception) -> str:
    """What an error says, in a line that fits into another message."""
    return (str(error) or type(error).__name__).partition("\n")[0][:200]


def quote_argument(key: str, path: str | Path) -> str:
    """Return ``key=path`` for a shell and Hydra's grammar; sweeps make folders named ``a=1``.

    >>> quote_argument("resume", "outputs/run")
    'resume=outputs/run'
    """
    path = str(path)
    if all(character.isalnum() or character in "/._-+%" for character in path):
        return f"{key}={path}"
    return shlex.quote(f'{key}="{path}"')


def tell(*lines: str) -> None:
    """Write lines to the standard error; a bar on the terminal makes room for them."""
    for line in lines:
        sys.stderr.write(line + "\n")
    sys.stderr.flush()
