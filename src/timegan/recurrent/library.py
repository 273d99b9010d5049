"""The C++ library: compiled when it is first wanted, in seconds, and kept in the user's cache.

It is plain C++ without torch's headers, called through ctypes: that builds ten times faster than a
torch extension, needs no ninja, and outlives updates of torch and Python.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, c_int, c_int64, c_void_p
from functools import cache
from pathlib import Path

from timegan.io.files import replacing

SOURCE = Path(__file__).with_name("gru.cpp")
FLAGS = ("-std=c++17", "-O3", "-march=native", "-fPIC", "-shared", "-fvisibility=hidden")
COMPILERS = ("c++", "g++", "clang++")
PATIENCE = 300
"""Seconds that a compiler may take."""


class Unavailable(Exception):
    """There is no library, and why."""


def folder() -> Path:
    """Where libraries are kept: in the user's cache, or below the variable TIMEGAN_CACHE."""
    chosen = os.environ.get("TIMEGAN_CACHE")
    if chosen:
        return Path(chosen) / "native"
    import pooch  # it knows where each system keeps caches

    return Path(pooch.os_cache("timegan")) / "native"


def path() -> Path:
    """The library of this source on this kind of processor, whether it is there or not."""
    digest = hashlib.sha256(SOURCE.read_bytes())
    digest.update(repr((FLAGS, sys.platform, platform.machine(), processor())).encode())
    return folder() / f"gru-{digest.hexdigest()[:16]}.so"


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


def load() -> CDLL:
    """The library, compiled if it is not there yet.

    Raises:
        Unavailable: there is no compiler, or it fails.
    """
    return _load(path())


def ready(*, build: bool) -> bool:
    """Whether the library can be used, at once or, with ``build``, after compiling it.

    Raises:
        Unavailable: compiling failed.
    """
    if not build and not path().exists():
        return False
    load()
    return True


@cache
def _load(file: Path) -> CDLL:
    if not file.exists():
        with _alone(file.parent):
            if not file.exists():
                _compile(file)
    try:
        library = CDLL(str(file))
    except OSError as error:
        file.unlink(missing_ok=True)  # the next run compiles it again
        raise Unavailable(f"{file} cannot be loaded: {error}") from error
    for name in ("gru_work", "gru_scratch"):
        getattr(library, name).restype = c_int64
    pointers = {"forward": 6, "backward": 8}
    for kind in ("float", "double"):
        for way, count in pointers.items():
            integers = 6 if way == "forward" else 5
            function = getattr(library, f"gru_{way}_{kind}")
            function.argtypes = [c_int] * integers + [c_void_p] * count
            function.restype = None
    return library


def _compile(file: Path) -> None:
    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        raise Unavailable("there is no C++ compiler (c++, g++ or clang++, or the variable CXX)")
    try:
        with replacing(file) as target:
            command = [compiler, *FLAGS, str(SOURCE), "-o", str(target)]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if "error" in line] or ["no message"]
        raise Unavailable(f"{compiler} fails: {lines[0].strip()}") from error
    except (OSError, subprocess.SubprocessError, ValueError) as error:
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
