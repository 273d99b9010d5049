"""Tensors as compiled kernels take them: which can be handed over, and where their numbers lie."""

from collections.abc import Sequence
from ctypes import c_void_p
from typing import Any

import torch
from torch import Tensor

NAMES = {torch.float32: "float", torch.float64: "double"}
"""What functions for numbers of a type end with."""


def suits(x: Any, *others: Tensor) -> bool:
    """Whether a kernel can take these: (B, T, F) on a CPU, in one precision, without autocast.

    What is being traced, compiled or exported needs torch's own operations.
    """
    if tracing() or type(x) is not Tensor or x.dim() != 3 or not x.numel():
        return False
    alike = all(t.device.type == "cpu" and t.dtype == x.dtype for t in (x, *others))
    return alike and x.dtype in NAMES and not torch.is_autocast_enabled("cpu")


def tracing() -> bool:
    """Whether the operations are being recorded rather than only carried out."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or torch.jit.is_scripting()  # type: ignore[attr-defined]
        or torch.onnx.is_in_onnx_export()
    )


def whole(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors, each in one piece."""
    return [tensor.contiguous() for tensor in tensors]


def address(tensor: Tensor | None) -> int | None:
    """Where the numbers of a contiguous tensor lie."""
    return None if tensor is None else tensor.data_ptr()


def addresses(tensors: Sequence[Tensor | None]) -> Any:
    """The same of several, as an array of pointers; nothing for none."""
    return (c_void_p * len(tensors))(*map(address, tensors)) if tensors else None
