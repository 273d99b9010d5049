"""Compiler of C++ kernels: on first use, in seconds, into the user's cache.

A kernel is one C++ file without headers of torch, called through ctypes with pointers to tensors.
It compiles ten times faster than a torch extension, needs no ninja, survives updates of torch and
Python, and lets other threads run meanwhile. Kernels are optional: without a working compiler their
callers use torch operations, and one warning says why.
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
from timegan.files import writing

ENABLE_VARIABLE = "TIMEGAN_NATIVE"
"""Environment variable that is 0 for no compiled kernels."""
CACHE_VARIABLE = "TIMEGAN_CACHE"
"""Environment variable that names another folder than the user's cache."""
COMPILERS = ("c++", "g++", "clang++")
COMPILER_FLAGS = (
    *("-O3", "-march=native", "-fno-math-errno", "-std=c++17"),
    *("-fPIC", "-shared", "-fvisibility=hidden"),
)
COMPILE_TIMEOUT = 300
"""Seconds that a compiler may take."""

log = logging.getLogger(__name__)
_warned: set[str] = set()
HEADERS = Path(__file__).parent
"""Folder of the headers that sources share."""


class KernelUnavailableError(Exception):
    """A kernel cannot be compiled or loaded. The message says why."""


class Library:
    """The functions of a C++ file, compiled when they are first needed.

    Args:
        source: the file.
        set_signatures: sets the argument and result types of the functions.
    """

    def __init__(self, source: Path, set_signatures: Callable[[CDLL], None]) -> None:
        self.source, self.set_signatures = source, set_signatures

    @cached_property
    def functions(self) -> CDLL:
        """The functions, compiled if need be and then kept.

        Raises:
            KernelUnavailableError: there is no compiler, or it fails.
        """
        return self.load()

    def load(self) -> CDLL:
        """Load the functions anew, compiled if need be.

        Raises:
            KernelUnavailableError: there is no compiler, or it fails.
        """
        library = load_library(self.source)
        self.set_signatures(library)
        return library

    def is_available(self, *, build: bool) -> bool:
        """Return true if the functions can be used, with ``build`` after compiling them.

        Raises:
            KernelUnavailableError: compiling failed.
        """
        if not build and not cached_path(self.source).exists():
            return False
        self.load()
        return True


def load_library(source: Path) -> CDLL:
    """Return the functions of a C++ file, compiled if they are not in the cache yet.

    Raises:
        KernelUnavailableError: kernels are disabled, there is no compiler, or it fails.
    """
    if os.environ.get(ENABLE_VARIABLE) == "0":
        raise KernelUnavailableError(f"{ENABLE_VARIABLE}=0")
    return _load(source, cached_path(source))


def cached_path(source: Path) -> Path:
    """Return the path of the compiled file for this kind of processor, whether it exists or not."""
    digest = hashlib.sha256(source.read_bytes())
    for header in sorted(HEADERS.glob("*.h")):
        digest.update(header.read_bytes())
    digest.update(repr((COMPILER_FLAGS, sys.platform, platform.machine(), cpu_features())).encode())
    return cache_folder() / f"{source.stem}-{digest.hexdigest()[:16]}.so"


def cache_folder() -> Path:
    """Return the folder of compiled files, in the user's cache or in ``TIMEGAN_CACHE``."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen) / "native"
    import pooch  # it knows where each system keeps caches

    return Path(pooch.os_cache("timegan")) / "native"


def warn_once(message: str) -> None:
    """Log a warning, but only once in a process."""
    if message not in _warned:
        _warned.add(message)
        log.warning(message)


@cache
def cpu_features() -> str:
    """Return the processor's features, as machines of several kinds may share a cache."""
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
        with file_lock(file.parent):
            if not file.exists():
                _compile(source, file)
    try:
        return CDLL(str(file))
    except OSError as error:
        file.unlink(missing_ok=True)  # the next run compiles it again
        raise KernelUnavailableError(f"{file} cannot be loaded: {error}") from error


def _compile(source: Path, file: Path) -> None:
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        raise KernelUnavailableError(
            "there is no C++ compiler (c++, g++ or clang++, or the variable CXX)"
        )
    try:
        with writing(file, overwrite=True) as target:
            command = [compiler, *COMPILER_FLAGS, f"-I{HEADERS}", str(source), "-o", str(target)]
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=COMPILE_TIMEOUT
            )
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if "error" in line] or ["no message"]
        raise KernelUnavailableError(f"{compiler} fails: {lines[0].strip()}") from error
    except (OSError, subprocess.SubprocessError, ValueError, InputError) as error:
        raise KernelUnavailableError(f"{compiler} cannot be run: {error}") from error


@contextmanager
def file_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time compile, and the others wait for its result."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise KernelUnavailableError(f"{folder} cannot be written to: {error}") from error
