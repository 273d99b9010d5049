"""Compiled functions of pooled_conv.cpp."""

from ctypes import CDLL, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any

from timegan.nn.kernels.compiler import Library


def set_signatures(library: CDLL) -> None:
    """Set the argument and result types of the functions."""
    shape: list[Any] = [c_int, c_int, c_int, c_void_p]
    for name, integers in {"pooled_work": 2, "pooled_scratch": 1}.items():
        function = getattr(library, name)
        function.argtypes = shape + [c_int] * integers
        function.restype = c_int64
    for kind in ("float", "double"):
        for way, pointers in {"forward": 5, "backward": 7, "again": 8}.items():
            training = [c_int] * (way == "forward")
            function = getattr(library, f"pooled_{way}_{kind}")
            function.argtypes = [*shape, *training, *[c_void_p] * pointers]
            function.restype = None


CONV_LIBRARY = Library(Path(__file__).with_name("pooled_conv.cpp"), set_signatures)
