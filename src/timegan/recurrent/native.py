"""A GRU stack as one call of a C++ library: gru.cpp, built by :mod:`timegan.recurrent.library`."""

from collections.abc import Sequence
from ctypes import c_void_p
from typing import Any

import torch
from torch import Tensor

from timegan.recurrent.library import load
from timegan.recurrent.plain import differentiable

NAMES = {torch.float32: "float", torch.float64: "double"}


class NativeGRU(torch.autograd.Function):
    """x (B, T, F), h0 (L, B, H), then w_ih, w_hh, b_ih, b_hh of each layer -> (out, last)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """The states of the last layer (B, T, H), and the last ones of all layers (L, B, H)."""
        ctx.set_materialize_grads(False)
        out, last, work = run(x, h0, weights, training=True)
        ctx.save_for_backward(x, h0, *weights, work)
        return out, last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradients of those inputs that need one."""
        needs = ctx.needs_input_grad
        *inputs, work = ctx.saved_tensors
        if torch.is_grad_enabled():
            return differentiable(inputs, needs, grads)
        x, h0, *weights = inputs
        grads = tuple(None if grad is None else grad.contiguous() for grad in grads)
        d_x = torch.empty_like(x, memory_format=torch.contiguous_format) if needs[0] else None
        d_h0 = torch.empty_like(h0, memory_format=torch.contiguous_format) if needs[1] else None
        d_weights = [torch.zeros_like(w) for w in weights] if any(needs[2:]) else []
        sizes = sizes_of(x, h0)
        _, steps, inputs_, hidden, _ = sizes
        library, double = load(), x.dtype is torch.float64
        scratch = x.new_empty(library.gru_scratch(steps, inputs_, hidden, double))
        whole = [w.contiguous() for w in weights]
        getattr(library, f"gru_backward_{NAMES[x.dtype]}")(
            *sizes,
            addresses(whole),
            work.data_ptr(),
            *(address(tensor) for tensor in (*grads, d_x, d_h0)),
            addresses(d_weights) if d_weights else None,
            scratch.data_ptr(),
        )
        found: list[Tensor | None] = [*d_weights] or [None] * len(weights)
        return d_x, d_h0, *(d if need else None for d, need in zip(found, needs[2:], strict=True))


def run(
    x: Tensor, h0: Tensor, weights: Sequence[Tensor], *, training: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The output, the last states, and what a backward pass needs if one is to follow."""
    sizes = batch, steps, _, hidden, _ = sizes_of(x, h0)
    library = load()
    work = x.new_empty(library.gru_work(*sizes, training, x.dtype is torch.float64))
    out, last = x.new_empty(batch, steps, hidden), torch.empty_like(h0).contiguous()
    x, h0, whole = x.contiguous(), h0.contiguous(), [w.contiguous() for w in weights]
    getattr(library, f"gru_forward_{NAMES[x.dtype]}")(
        *sizes,
        training,
        x.data_ptr(),
        h0.data_ptr(),
        addresses(whole),
        *(tensor.data_ptr() for tensor in (out, last, work)),
    )
    return out, last, work


def sizes_of(x: Tensor, h0: Tensor) -> tuple[int, int, int, int, int]:
    """Batch, steps, inputs, hidden units, layers."""
    return *x.shape, h0.shape[2], h0.shape[0]


def address(tensor: Tensor | None) -> int | None:
    """Where the numbers of a contiguous tensor lie."""
    return None if tensor is None else tensor.data_ptr()


def addresses(tensors: Sequence[Tensor]) -> Any:
    """The same of several, as an array of pointers."""
    return (c_void_p * len(tensors))(*(tensor.data_ptr() for tensor in tensors))
