"""Backends that compute the networks: ``torch``, ``fused``, ``native``, or ``auto``.

``native`` is the fastest on a CPU: compiled kernels for GRUs and for the convolutions of a critic.
``fused`` is a GRU in torch operations, faster than torch for narrow networks. ``auto`` uses kernels
that are in the cache. Training compiles missing ones, once and in seconds, so that its results do
not depend on the cache.
"""

from torch import nn

from timegan.nn.kernels.compiler import KernelUnavailableError, warn_once
from timegan.nn.kernels.conv import CONV_LIBRARY
from timegan.nn.kernels.gru import GRU
from timegan.nn.kernels.gru.library import GRU_LIBRARY

BACKENDS = ("auto", "torch", "fused", "native")
LIBRARIES = (GRU_LIBRARY, CONV_LIBRARY)

FUSED_MAX_UNITS = 32
"""Hidden units up to which ``fused`` is faster than torch."""


def resolve_backend(backend: str, *, build: bool = False) -> str:
    """Return ``torch``, ``fused`` or ``native`` for one of ``BACKENDS``.

    Args:
        backend: one of ``BACKENDS``. If ``native`` is not available, one warning says why.
        build: compile missing kernels for ``auto`` too.
    """
    if backend not in ("auto", "native"):
        return backend
    build = build or backend == "native"
    try:
        available = all(library.is_available(build=build) for library in LIBRARIES)
        return "native" if available else "fused"
    except KernelUnavailableError as reason:
        warn_once(
            f"Networks run without compiled kernels: {reason}. model.backend=fused replaces them."
        )
    return "fused"


def set_backend(module: nn.Module, backend: str, *, by_size: bool) -> None:
    """Let ``torch``, ``fused`` or ``native`` compute every part of a module that has a choice.

    Args:
        module: of which parts are set.
        backend: one of the three.
        by_size: leave wide GRUs to torch, where ``fused`` is slower.
    """
    for part in module.modules():
        if hasattr(part, "backend"):
            narrow = isinstance(part, GRU) and part.hidden_size <= FUSED_MAX_UNITS
            wide = by_size and backend == "fused" and not narrow
            part.backend = "torch" if wide else backend  # type: ignore[assignment]
