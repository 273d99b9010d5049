"""Recurrent networks as one call of a compiled kernel, gru.cpp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from timegan.nn.kernels.gru.double_backward import (
    differentiable_gru,
    differentiable_gru_with_head,
    recompute_gradients,
)
from timegan.nn.kernels.gru.library import GRU_LIBRARY
from timegan.nn.kernels.tensors import (
    CPP_TYPES,
    contiguous,
    data_pointer,
    data_pointers,
)

Grad = Tensor | None


class NativeGRU(torch.autograd.Function):
    """A function of x (B, T, F), h0 (L, B, H), and w_ih, w_hh, b_ih, b_hh of each layer."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return states of the last layer (B, T, H), and last states of all layers (L, B, H)."""
        ctx.set_materialize_grads(False)
        out, last, work = KernelCall(x, h0, weights).forward(training=True)
        ctx.save_for_backward(x, h0, *weights, work)
        return out, last

    @staticmethod
    def backward(ctx: Any, *grads: Grad) -> tuple[Grad, ...]:
        """Return the gradients of those inputs that need one."""
        *inputs, work = ctx.saved_tensors
        if torch.is_grad_enabled():
            return recompute_gradients(differentiable_gru, inputs, ctx.needs_input_grad, grads)
        x, h0, *weights = inputs
        d_out, d_last = grads
        return KernelCall(x, h0, weights).backward(work, ctx.needs_input_grad, d_out, d_last)


class NativeGRUWithHead(torch.autograd.Function):
    """A function of squash, x, h0, weight (O, H) and bias (O) of a dense layer, and w_ih, ..."""

    @staticmethod
    def forward(
        ctx: Any, squash: bool, x: Tensor, h0: Tensor, weight: Tensor, bias: Tensor, *others: Tensor
    ) -> Tensor:
        """Return a dense layer of the last layer's states, through a sigmoid if ``squash``."""
        ctx.set_materialize_grads(False)
        y, _, work = KernelCall(x, h0, others, (weight, bias), squash).forward(training=True)
        ctx.squash = squash
        ctx.save_for_backward(x, h0, weight, bias, *others, work)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Grad) -> tuple[Grad, ...]:
        """Return the gradients of those inputs that need one."""
        *inputs, work = ctx.saved_tensors
        _, *needs = ctx.needs_input_grad
        if torch.is_grad_enabled():
            function = differentiable_gru_with_head(ctx.squash)
            return None, *recompute_gradients(function, inputs, needs, grads)
        x, h0, weight, bias, *weights = inputs
        call = KernelCall(x, h0, weights, (weight, bias), ctx.squash)
        needs = [*needs[:2], *needs[4:], *needs[2:4]]
        d_x, d_h0, *d_weights, d_weight, d_bias = call.backward(work, needs, grads[0], None)
        return None, d_x, d_h0, d_weight, d_bias, *d_weights


@dataclass(frozen=True)
class KernelCall:
    """The arguments of a call of the kernel.

    Args:
        x: (B, T, F).
        h0: (L, B, H).
        weights: w_ih, w_hh, b_ih, b_hh of each layer.
        head: weight (O, H) and bias (O) of a dense layer, or nothing.
        squash: end in a sigmoid.
    """

    x: Tensor
    h0: Tensor
    weights: Sequence[Tensor]
    head: Sequence[Tensor] = ()
    squash: bool = False

    @property
    def sizes(self) -> tuple[int, int, int, int, int, int]:
        """Batch, steps, inputs, hidden units, layers, outputs of the dense layer."""
        outputs = len(self.head[1]) if self.head else 0
        return *self.x.shape, self.h0.shape[2], self.h0.shape[0], outputs

    @property
    def double(self) -> bool:
        """True for double precision."""
        return self.x.dtype is torch.float64

    def function(self, name: str) -> Any:
        """Return the function ``forward`` or ``backward`` of this precision."""
        return getattr(GRU_LIBRARY.functions, f"gru_{name}_{CPP_TYPES[self.x.dtype]}")

    def forward(self, *, training: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return output, last states, and the memory of a backward pass that is to follow."""
        batch, steps, _, hidden, _, outputs = sizes = self.sizes
        work = self.x.new_empty(GRU_LIBRARY.functions.gru_work(*sizes, training, self.double))
        out = self.x.new_empty(batch, steps, outputs or hidden)
        last = torch.empty_like(self.h0).contiguous()
        x, h0 = self.x.contiguous(), self.h0.contiguous()
        weights, head = contiguous(self.weights), contiguous(self.head)
        self.function("forward")(
            *(*sizes, self.squash, training, x.data_ptr(), h0.data_ptr()),
            *(data_pointers(weights), data_pointers(head)),
            *(tensor.data_ptr() for tensor in (out, last, work)),
        )
        return out, last, work

    def backward(
        self, work: Tensor, needs: Sequence[bool], d_out: Grad, d_last: Grad
    ) -> tuple[Grad, ...]:
        """Return the gradients of x, h0, the weights and the head that are needed."""
        x, h0, count = self.x, self.h0, 2 + len(self.weights)
        d_out, d_last = (None if grad is None else grad.contiguous() for grad in (d_out, d_last))
        d_x, d_h0 = (
            torch.empty_like(v, memory_format=torch.contiguous_format) if need else None
            for v, need in zip((x, h0), needs, strict=False)
        )
        d_weights = [torch.zeros_like(w) for w in self.weights] if any(needs[2:count]) else []
        d_head = [torch.zeros_like(w) for w in self.head] if any(needs[count:]) else []
        _, steps, inputs, hidden, _, outputs = sizes = self.sizes
        workspace = x.new_empty(
            GRU_LIBRARY.functions.gru_scratch(steps, inputs, hidden, outputs, self.double)
        )
        weights, head = contiguous(self.weights), contiguous(self.head)
        self.function("backward")(
            *(*sizes, self.squash, data_pointers(weights), data_pointers(head), work.data_ptr()),
            *(data_pointer(tensor) for tensor in (d_out, d_last, d_x, d_h0)),
            *(data_pointers(d_weights), data_pointers(d_head), workspace.data_ptr()),
        )
        found: list[Grad] = [d_x, d_h0]
        found += d_weights or [None] * len(self.weights)
        found += d_head or [None] * len(self.head)
        return tuple(d if need else None for d, need in zip(found, needs, strict=True))
