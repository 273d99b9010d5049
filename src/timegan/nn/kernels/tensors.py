"""Tensors for compiled kernels: checks of what they support, and pointers."""

from collections.abc import Sequence
from ctypes import c_void_p
from typing import Any

import torch
from torch import Tensor

CPP_TYPES = {torch.float32: "float", torch.float64: "double"}
"""Last parts of the names of functions, by the type of their numbers."""


def is_supported(x: Any, *others: Tensor) -> bool:
    """Return true for tensors (B, T, F) on a CPU, of one precision and without autocast.

    Tracing, compiling and exporting need torch's own operations.
    """
    if is_tracing() or type(x) is not Tensor or x.dim() != 3 or not x.numel():
        return False
    alike = all(t.device.type == "cpu" and t.dtype == x.dtype for t in (x, *others))
    return alike and x.dtype in CPP_TYPES and not torch.is_autocast_enabled("cpu")


def is_tracing() -> bool:
    """Return true while operations are recorded, and not only executed."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or torch.jit.is_scripting()  # type: ignore[attr-defined]
        or torch.onnx.is_in_onnx_export()
    )


def contiguous(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors, each contiguous."""
    return [tensor.contiguous() for tensor in tensors]


def data_pointer(tensor: Tensor | None) -> int | None:
    """Return the pointer to a contiguous tensor's numbers; None of None."""
    return None if tensor is None else tensor.data_ptr()


def data_pointers(tensors: Sequence[Tensor | None]) -> Any:
    """Return an array of the tensors' pointers; None for no tensors."""
    return (c_void_p * len(tensors))(*map(data_pointer, tensors)) if tensors else None
