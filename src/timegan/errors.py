"""Errors that the user can correct, helpers for their messages, and notices on stderr."""

import difflib
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


def program(command: str) -> str:
    """Return how a command is called here: by its script, or as it is installed."""
    script = Path(sys.argv[0] if sys.argv else "").name
    is_script = script in (
        f"{name}.py" for name in ("train", "sample", "complete", "evaluate", "export")
    )
    is_beside = not script.startswith("timegan") and Path(f"{command}.py").is_file()
    return f"python {command}.py" if is_script or is_beside else f"timegan {command}"


def quote_argument(key: str, path: str | Path) -> str:
    """Return ``key=path`` for a shell and Hydra's grammar; sweeps make folders named ``a=1``.

    >>> quote_argument("resume", "outputs/run")
    'resume=outputs/run'
    """
    path = str(path)
    if all(character.isalnum() or character in "/._-+%" for character in path):
        return f"{key}={path}"
    return shlex.quote(f'{key}="{path}"')


def where_to_continue(where: str, run: Path) -> tuple[str, str]:
    """Return the lines that say where a run stopped, and the command to continue it, to paste."""
    relative = os.path.relpath(run)
    path = run if relative.startswith("..") else relative
    command = f"{program('train')} {quote_argument('resume', path)}"
    return f"{where} Nothing is lost. This line continues the run:", command


ENDINGS = "csv|gz|json|md|npz|onnx|parquet|pt|safetensors|tsv|txt|xlsx|yaml|zip"
"""Endings of file names such as ``model.json``, which look like keys."""
KEY = re.compile(
    rf"(?<![/\\\w.-])(?:dataset|model|trainer)\.(?!(?:{ENDINGS})\b)(?:schedule\.)?(\w+)"
    r"""(?:=(\[[^\]]*\]|'[^']*'|"[^"]*"|[^\s,;:()]*[^\s,;:().]))?"""
)
"""A key of the configuration, with its value if it has one."""
CONSTANTS = {"true": "True", "false": "False", "null": "None", "...": "..."}


def python_words(message: str) -> str:
    """Return a message about keys of the configuration in terms of arguments of Python.

    >>> python_words("Set dataset.sequence_key=ticker, or leave it out: dataset.exclude=[a,b].")
    "Set sequence_key='ticker', or leave it out: exclude=['a', 'b']."
    >>> python_words("folder/model.json: damaged. Copy model.safetensors, too.")
    'folder/model.json: damaged. Copy model.safetensors, too.'
    """

    def literal(value: str) -> str:
        value = value.strip()
        if value.startswith("["):
            return f"[{', '.join(literal(part) for part in value[1:-1].split(',') if part)}]"
        is_plain = re.fullmatch(r"""['"].*['"]|-?[\d.]+(e-?\d+)?""", value)
        return value if is_plain else CONSTANTS.get(value, repr(value))

    def argument(key: re.Match[str]) -> str:
        if key[1] == "path":
            return "the path"
        return key[1] if key[2] is None else f"{key[1]}={literal(key[2])}"

    return KEY.sub(argument, message)


@contextmanager
def errors_for_python() -> Iterator[None]:
    """Word errors within a block, or of a function, for people who write Python."""
    try:
        yield
    except InputError as error:
        error.args = (python_words(str(error)),)
        raise


def tell(*lines: str) -> None:
    """Write lines to the standard error, which a progress bar on the terminal makes room for."""
    for line in lines:
        sys.stderr.write(line + "\n")
    sys.stderr.flush()
