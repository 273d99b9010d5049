"""Which backend computes a GRU: ``auto``, ``torch``, ``fused`` or ``native``.

``native`` is the quickest on a CPU and wants a C++ compiler once; ``fused`` is quicker than torch
where networks are narrow. A library that lies in the cache is always used by ``auto``; training
compiles one that is missing, in some seconds and once, so that runs round alike whatever lay there.
"""

from torch import nn

from timegan.native import Unavailable, explain
from timegan.recurrent.cell import GRU
from timegan.recurrent.library import ready

BACKENDS = ("auto", "torch", "fused", "native")

NARROW = 32
"""Hidden units up to which ``fused`` is quicker than torch."""


def settle(backend: str, *, build: bool = False) -> str:
    """The backend that is meant: ``torch``, ``fused`` or ``native``.

    Args:
        backend: one of ``BACKENDS``; where ``native`` cannot be had, one line says why, once.
        build: ``auto`` may compile the library too.
    """
    if backend not in ("auto", "native"):
        return backend
    try:
        return "native" if ready(build=build or backend == "native") else "fused"
    except Unavailable as reason:
        explain(f"GRUs run without native code: {reason}. model.backend=fused takes its place.")
    return "fused"


def use(module: nn.Module, backend: str, *, sizes: bool) -> None:
    """Let all GRUs in a module run by ``torch``, ``fused`` or ``native``.

    Args:
        sizes: leave wide GRUs to torch, where ``fused`` does not pay.
    """
    for gru in module.modules():
        if isinstance(gru, GRU):
            wide = sizes and backend == "fused" and gru.hidden_size > NARROW
            gru.backend = "torch" if wide else backend
