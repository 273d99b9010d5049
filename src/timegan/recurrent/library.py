"""The compiled functions of gru.cpp."""

from ctypes import CDLL, c_int, c_int64, c_void_p
from functools import cache
from pathlib import Path

from timegan import native

SOURCE = Path(__file__).with_name("gru.cpp")


def load() -> CDLL:
    """The functions, compiled if need be.

    Raises:
        Unavailable: there is no compiler, or it fails.
    """
    return _typed(native.load(SOURCE))


@cache
def loaded() -> CDLL:
    """The same for the hot path: what is looked for and found once stays found."""
    return load()


def ready(*, build: bool) -> bool:
    """Whether they can be used, at once or, with ``build``, after compiling them.

    Raises:
        Unavailable: compiling failed.
    """
    if not build and not native.kept(SOURCE).exists():
        return False
    load()
    return True


@cache
def _typed(library: CDLL) -> CDLL:
    for name in ("gru_work", "gru_scratch"):
        getattr(library, name).restype = c_int64
    pointers = {"forward": 7, "backward": 10}
    for kind in ("float", "double"):
        for way, count in pointers.items():
            integers = 8 if way == "forward" else 7
            function = getattr(library, f"gru_{way}_{kind}")
            function.argtypes = [c_int] * integers + [c_void_p] * count
            function.restype = None
    return library
