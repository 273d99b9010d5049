"""Compiled functions of gru.cpp."""

from ctypes import CDLL, c_int, c_int64, c_void_p
from pathlib import Path

from timegan.nn.kernels.compiler import Library


def set_signatures(library: CDLL) -> None:
    """Set the argument and result types of the functions."""
    for name in ("gru_work", "gru_scratch"):
        getattr(library, name).restype = c_int64
    pointers = {"forward": 7, "backward": 10}
    for kind in ("float", "double"):
        for way, count in pointers.items():
            integers = 8 if way == "forward" else 7
            function = getattr(library, f"gru_{way}_{kind}")
            function.argtypes = [c_int] * integers + [c_void_p] * count
            function.restype = None


GRU_LIBRARY = Library(Path(__file__).with_name("gru.cpp"), set_signatures)
