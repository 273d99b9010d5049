"""What computes the networks: ``auto``, ``torch``, ``fused`` or ``native``.

``native`` is the quickest on a CPU and wants a C++ compiler once: GRUs, and the convolutions of a
critic. ``fused`` is a GRU in torch operations, quicker than torch where networks are narrow.
Libraries that lie in the cache are always used by ``auto``; training compiles those that are
missing, in some seconds and once, so that runs round alike whatever lay there.
"""

from torch import nn

from timegan.nn.kernels.compiler import Unavailable, explain
from timegan.nn.kernels.conv import POOLED
from timegan.nn.kernels.gru import GRU
from timegan.nn.kernels.gru.library import GRUS

BACKENDS = ("auto", "torch", "fused", "native")
LIBRARIES = (GRUS, POOLED)

NARROW = 32
"""Hidden units up to which ``fused`` is quicker than torch."""


def settle(backend: str, *, build: bool = False) -> str:
    """The backend that is meant: ``torch``, ``fused`` or ``native``.

    Args:
        backend: one of ``BACKENDS``; where ``native`` cannot be had, one line says why, once.
        build: ``auto`` may compile the libraries too.
    """
    if backend not in ("auto", "native"):
        return backend
    build = build or backend == "native"
    try:
        return "native" if all(library.ready(build=build) for library in LIBRARIES) else "fused"
    except Unavailable as reason:
        explain(f"Networks run without native code: {reason}. model.backend=fused takes its place.")
    return "fused"


def use(module: nn.Module, backend: str, *, sizes: bool) -> None:
    """Let everything in a module that has a choice run by ``torch``, ``fused`` or ``native``.

    Args:
        sizes: leave wide GRUs to torch, where ``fused`` does not pay.
    """
    for part in module.modules():
        if hasattr(part, "backend"):
            narrow = isinstance(part, GRU) and part.hidden_size <= NARROW
            wide = sizes and backend == "fused" and not narrow
            part.backend = "torch" if wide else backend  # type: ignore[assignment]
