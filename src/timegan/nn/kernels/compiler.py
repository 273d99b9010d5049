"""C++ kernels: compiled on first use, in seconds, kept in the user's cache, never required.

A kernel is one C++ file without any header of torch, called through ctypes with the addresses of
tensors: that builds ten times faster than a torch extension, needs no ninja, outlives updates of
torch and Python, and lets other threads run meanwhile. Where there is no compiler, or it fails, the
caller takes its own path in torch operations, and one line in the log says why.
"""

import fcntl
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CDLL
from functools import cache, cached_property
from pathlib import Path

from timegan.errors import InputError
from timegan.files import replacing

SWITCH = "TIMEGAN_NATIVE"
"""Environment variable: 0 for no compiled kernels."""
FOLDER = "TIMEGAN_CACHE"
"""Environment variable that names another folder than the user's cache."""
COMPILERS = ("c++", "g++", "clang++")
FLAGS = (
    *("-O3", "-march=native", "-fno-math-errno", "-std=c++17"),
    *("-fPIC", "-shared", "-fvisibility=hidden"),
)
PATIENCE = 300
"""Seconds that a compiler may take."""

log = logging.getLogger(__name__)
_explained: set[str] = set()
HEADERS = Path(__file__).parent
"""Where sources find the headers that they share."""


class Unavailable(Exception):
    """There is no compiled kernel, and why."""


class Library:
    """The functions of a C++ file, for those who call them often.

    Args:
        source: the file.
        declare: says what the functions take and return.
    """

    def __init__(self, source: Path, declare: Callable[[CDLL], None]) -> None:
        self.source, self.declare = source, declare

    @cached_property
    def functions(self) -> CDLL:
        """The functions, compiled if need be; what was found once stays found.

        Raises:
            Unavailable: there is no compiler, or it fails.
        """
        return self.load()

    def load(self) -> CDLL:
        """The same, looked for again.

        Raises:
            Unavailable: there is no compiler, or it fails.
        """
        library = load(self.source)
        self.declare(library)
        return library

    def ready(self, *, build: bool) -> bool:
        """Whether they can be used, at once or, with ``build``, after compiling them.

        Raises:
            Unavailable: compiling failed.
        """
        if not build and not kept(self.source).exists():
            return False
        self.load()
        return True


def load(source: Path) -> CDLL:
    """The functions of a C++ file, compiled if they are not in the cache yet.

    Raises:
        Unavailable: kernels are switched off, there is no compiler, or it fails.
    """
    if os.environ.get(SWITCH) == "0":
        raise Unavailable(f"{SWITCH}=0")
    return _load(source, kept(source))


def kept(source: Path) -> Path:
    """Where the compiled file is kept for this kind of processor, whether it is there or not."""
    digest = hashlib.sha256(source.read_bytes())
    for header in sorted(HEADERS.glob("*.h")):
        digest.update(header.read_bytes())
    digest.update(repr((FLAGS, sys.platform, platform.machine(), processor())).encode())
    return folder() / f"{source.stem}-{digest.hexdigest()[:16]}.so"


def folder() -> Path:
    """Where compiled files lie: in the user's cache, or below the variable TIMEGAN_CACHE."""
    chosen = os.environ.get(FOLDER)
    if chosen:
        return Path(chosen) / "native"
    import pooch  # it knows where each system keeps caches

    return Path(pooch.os_cache("timegan")) / "native"


def explain(message: str) -> None:
    """Say something once in a process."""
    if message not in _explained:
        _explained.add(message)
        log.warning(message)


@cache
def processor() -> str:
    """What the processor can do: a home folder may be shared by machines of several kinds."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (" ".join(sorted(x.split())) for x in lines if x.startswith(("flags", "Features"))), ""
    )


@cache
def _load(source: Path, file: Path) -> CDLL:
    if not file.exists():
        with _alone(file.parent):
            if not file.exists():
                _compile(source, file)
    try:
        return CDLL(str(file))
    except OSError as error:
        file.unlink(missing_ok=True)  # the next run compiles it again
        raise Unavailable(f"{file} cannot be loaded: {error}") from error


def _compile(source: Path, file: Path) -> None:
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        raise Unavailable("there is no C++ compiler (c++, g++ or clang++, or the variable CXX)")
    try:
        with replacing(file) as target:
            command = [compiler, *FLAGS, f"-I{HEADERS}", str(source), "-o", str(target)]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if "error" in line] or ["no message"]
        raise Unavailable(f"{compiler} fails: {lines[0].strip()}") from error
    except (OSError, subprocess.SubprocessError, ValueError, InputError) as error:
        raise Unavailable(f"{compiler} cannot be run: {error}") from error


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One process at a time compiles; the others wait for what it leaves."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        with (place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise Unavailable(f"{place} cannot be written to: {error}") from error
