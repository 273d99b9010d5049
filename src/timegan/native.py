"""C++ kernels: compiled on first use in a second or two, kept in the user's cache, never required.

A kernel is one C++ file without any header of torch, called through ctypes with the addresses of
tensors; ctypes lets other threads run meanwhile. Where there is no compiler, or it fails, the
caller takes its own path in torch operations, and one line in the log says why.
"""

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

SWITCH = "TIMEGAN_NATIVE"
"""Environment variable: 0 for no compiled kernels."""
FOLDER = "TIMEGAN_CACHE"
"""Environment variable that names another folder than the user's cache."""
COMPILERS = ("c++", "g++", "clang++")
FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-std=c++17", "-fPIC", "-shared")
PATIENCE = 120
"""Seconds after which a compiler is given up."""

log = logging.getLogger(__name__)


@cache
def library(source: Path) -> ctypes.CDLL | None:
    """The compiled functions of a C++ file; ``None`` where they cannot be had.

    The result is kept under a name made of the source, the compiler and the instruction set that
    it compiles for, so machines that share a home do not run each other's instructions.
    """
    if os.environ.get(SWITCH) == "0":
        return None
    named = os.environ.get("CXX")
    compiler = next(filter(None, map(shutil.which, [named] if named else COMPILERS)), None)
    if compiler is None:
        log.warning("%s: no C++ compiler; torch's own operations are used.", source.name)
        return None
    try:
        # All macros that the compiler defines: its version and the instruction set.
        target = _call(compiler, *FLAGS, "-dM", "-E", "-x", "c++", os.devnull)
        key = hashlib.sha256(source.read_bytes() + " ".join(FLAGS).encode() + target).hexdigest()
        kept = _folder() / f"{source.stem}-{key[:24]}.so"
        if not kept.exists():
            _compile(compiler, source, kept)
        return ctypes.CDLL(str(kept))
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", None) or str(error).encode()
        reason = why.decode(errors="replace").strip().splitlines() or [type(error).__name__]
        log.warning(
            "%s: no compiled kernel (%s); torch's own operations are used.", source.name, reason[0]
        )
        return None


def _compile(compiler: str, source: Path, target: Path) -> None:
    """Compile beside the target and move it there whole: several processes may do so at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / target.name
        _call(compiler, *FLAGS, "-o", str(made), str(source))
        made.replace(target)


def _call(*command: str) -> bytes:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=PATIENCE
    )
    return done.stdout


def _folder() -> Path:
    chosen = os.environ.get(FOLDER)
    if chosen:
        return Path(chosen) / "native"
    import pooch  # it knows where each system keeps caches

    return Path(pooch.os_cache("timegan")) / "native"
