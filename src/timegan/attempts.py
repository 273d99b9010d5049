"""Attempts at results that a run can do without: scores, figures, sections of a report.

A result that fails costs itself and nothing else. It is replaced by the reason, and the failure is
told in one place: to whoever collects failures, or else as a warning.
"""

import os
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from timegan.errors import InputError

FAILED = "could not be"
"""Beginning of the reason of a failure. Scores that the data do not allow have other reasons."""
LONGEST = 300
"""Letters of an error's message that a reason repeats."""

Result = TypeVar("Result")

_collectors: list[list["Failure"]] = []
"""Those of the process: measurements run in several threads."""


class FailureWarning(UserWarning):
    """A result could not be made; the others are there."""


@dataclass(frozen=True)
class Failure:
    """A result that could not be made, and why."""

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} {self.reason}"


def attempt(
    what: str,
    make: Callable[[], Result],
    otherwise: Callable[[str], Result],
    done: str = "computed",
) -> Result:
    """Return what ``make`` gives or, where that fails, what ``otherwise`` makes of the reason.

    Bad input and interruptions are no failures: they pass through. HYDRA_FULL_ERROR=1 prints the
    traceback of a failure.

    Args:
        what: names the result in messages.
        make: computes it.
        otherwise: takes the reason, and gives what stands in the result's place.
        done: past participle of what is done to such a result.

    >>> with collecting() as failures:
    ...     attempt("ratio", lambda: 1 / 0, lambda reason: None)
    >>> print(*failures)
    ratio could not be computed: ZeroDivisionError: division by zero
    """
    try:
        return make()
    except InputError:
        raise
    except Exception as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            traceback.print_exception(error)
        failure = Failure(what, f"{FAILED} {done}: {_brief(error)}")
        for collector in _collectors:
            collector.append(failure)
        if not _collectors:
            warnings.warn(str(failure), FailureWarning, stacklevel=2)
        return otherwise(failure.reason)


@contextmanager
def collecting() -> Iterator[list[Failure]]:
    """Collect the failures of attempts inside the block, in any thread; they give no warning."""
    found: list[Failure] = []
    _collectors.append(found)
    try:
        yield found
    finally:
        _collectors[:] = [collector for collector in _collectors if collector is not found]


@contextmanager
def warning_once() -> Iterator[None]:
    """Give one warning at the end of the block for all failures inside it."""
    with collecting() as found:
        yield
    if found and not _collectors:
        warnings.warn(told(found), FailureWarning, stacklevel=2)


def told(failures: Sequence[Failure]) -> str:
    """Return one line about failures: the first with its reason, and what else they concern.

    >>> told([Failure("score density", "could not be computed: OSError"), Failure("diversity", "")])
    'score density could not be computed: OSError; also: diversity (HYDRA_FULL_ERROR=1 shows where)'
    """
    first, *others = dict.fromkeys(failures)
    rest = ", ".join(dict.fromkeys(failure.what for failure in others))
    return f"{first}{f'; also: {rest}' if rest else ''} (HYDRA_FULL_ERROR=1 shows where)"


def has_failed(part: Any) -> bool:
    """Return whether a part of a card holds the reason of a failure.

    >>> has_failed({"baseline": {"mean": None, "reason": "could not be computed: OSError"}})
    True
    """
    match part:
        case str():
            return part.startswith(FAILED)
        case Mapping():
            return any(has_failed(value) for value in part.values())
        case Sequence():
            return any(has_failed(value) for value in part)
        case _:
            return False


def _brief(error: Exception) -> str:
    """Return an error's type and message on one line."""
    message = " ".join(str(error).split())
    if len(message) > LONGEST:
        message = message[: LONGEST - 3] + "..."
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
