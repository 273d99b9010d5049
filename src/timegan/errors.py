"""Errors that the user can correct, helpers for their messages, and notices on stderr."""

import difflib
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path


class InputError(ValueError):
    """Bad input: the message names the value, the rule that it breaks, and the remedy."""


class TrainingError(InputError):
    """Training that cannot continue: the message names the update, the step and what to try."""


class UnreadableError(TrainingError):
    """A file that timegan wrote but cannot read: a bug of timegan, named in the message."""


def closest_match(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that is most similar to ``key``; None if none is similar.

    A right name in a wrong section counts as similar.

    >>> closest_match("model.hiden", ["model.hidden", "model.layers"])
    'model.hidden'
    >>> closest_match("window", ["dataset.window", "model.hidden"])
    'dataset.window'
    """

    def similarity(candidate: str) -> float:
        whole = difflib.SequenceMatcher(None, key, candidate).ratio()
        last = difflib.SequenceMatcher(None, key.split(".")[-1], candidate.split(".")[-1]).ratio()
        return max(whole, last) + 0.1 * min(whole, last)

    best = max(known, key=similarity, default=None)
    return best if best is not None and similarity(best) >= 0.7 else None


def choose(key: str, name: str, options: Iterable[str]) -> str:
    """Return ``name`` after checking that it is one of the options.

    Raises:
        InputError: there is no such option.
    """
    if name not in (names := list(options)):
        raise InputError(f"{key}={name}: there is no such choice. Choose from {', '.join(names)}.")
    return name


def short_message(error: Exception) -> str:
    """Return the first line of an error, at most 200 characters of it."""
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
    """Write lines to the standard error, which a progress bar on the terminal makes room for."""
    for line in lines:
        sys.stderr.write(line + "\n")
    sys.stderr.flush()
