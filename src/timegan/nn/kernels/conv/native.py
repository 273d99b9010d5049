"""Autograd for pooled_conv.cpp, twice differentiable where gradient penalties need it."""

from collections.abc import Sequence
from ctypes import c_int
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from timegan.nn.kernels.conv.library import CONV_LIBRARY
from timegan.nn.kernels.tensors import (
    CPP_TYPES,
    contiguous,
    data_pointer,
    data_pointers,
)

Grad = Tensor | None
LayerSizes = tuple[int, ...]
"""Input and output channels, kernel size, stride and padding of each layer."""


def pooled_conv(view: Tensor, convolutions: Sequence[nn.Conv1d]) -> Tensor:
    """Map (B, T, V) through convolutions, each with a leaky ReLU of slope 0.2, to (B, 2 F).

    The result has means over the steps of the last F features, then maxima.
    """
    sizes: list[int] = []
    for conv in convolutions:
        steps = (conv.kernel_size[0], conv.stride[0], int(conv.padding[0]))
        sizes += (conv.in_channels, conv.out_channels, *steps)
    weights = [w for conv in convolutions for w in conv.parameters()]
    if torch.is_grad_enabled():
        found: Tensor = PooledConv.apply(tuple(sizes), view, *weights)  # type: ignore[no-untyped-call]
        return found
    return KernelCall(tuple(sizes), len(view), view.shape[1], contiguous(weights)).forward(view)[0]


class PooledConv(torch.autograd.Function):
    """A function of sizes, view (B, T, V), and weight and bias of each layer, (B, 2 F)."""

    @staticmethod
    def forward(ctx: Any, sizes: LayerSizes, view: Tensor, *weights: Tensor) -> Tensor:
        """Return means and maxima of the features."""
        call = KernelCall(sizes, len(view), view.shape[1], contiguous(weights))
        out, work = call.forward(view, training=True)
        ctx.sizes, ctx.steps = sizes, view.shape[1]
        ctx.save_for_backward(work, *weights)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Grad, ...]:
        """Return the gradients of those inputs that need one."""
        work, *weights = ctx.saved_tensors
        _, view, *others = ctx.needs_input_grad
        about = (ctx.sizes, ctx.steps, view, any(others))
        d_view, *d_weights = PooledBackward.apply(about, grads[0], work, *weights)  # type: ignore[no-untyped-call]
        return (
            None,
            d_view,
            *(d if need else None for d, need in zip(d_weights, others, strict=True)),
        )


class PooledBackward(torch.autograd.Function):
    """A function of the gradient d (B, 2 F) and the weights: gradients of view and weights."""

    @staticmethod
    def forward(
        ctx: Any,
        about: tuple[LayerSizes, int, bool, bool],
        d: Tensor,
        work: Tensor,
        *weights: Tensor,
    ) -> tuple[Grad, ...]:
        """Return the gradients of the view (B, T, V) and of the weights that are wanted."""
        sizes, steps, wants_view, wants_weights = about
        call = KernelCall(sizes, len(d), steps, contiguous(weights))
        d_view, d_weights, deltas = call.backward(work, d, wants_view, wants_weights)
        ctx.set_materialize_grads(False)
        ctx.call = sizes, steps
        ctx.save_for_backward(work, deltas, *weights)
        return (d_view, *d_weights) if d_weights else (d_view, *[None] * len(weights))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, u: Grad, *others: Grad) -> tuple[Grad, ...]:
        """Return gradients of d and the weights, from that of the view's gradient."""
        if any(other is not None for other in others):
            raise NotImplementedError(
                "Gradients of the gradients of a convolution's weights are not supported. "
                "Set model.backend=torch."
            )
        work, deltas, *weights = ctx.saved_tensors
        if u is None:
            return (None,) * (3 + len(weights))
        sizes, steps = ctx.call
        wanted = any(ctx.needs_input_grad[3:])
        d_d, d_weights = KernelCall(sizes, len(u), steps, contiguous(weights)).double_backward(
            work, deltas, u, wanted
        )
        return None, d_d, None, *(d_weights or [None] * len(weights))


@dataclass(frozen=True)
class KernelCall:
    """The arguments of a call of the kernel.

    Args:
        sizes: see :data:`LayerSizes`.
        batch: B.
        steps: T.
        weights: (F, C, K) and (F,) of each layer, contiguous.
    """

    sizes: LayerSizes
    batch: int
    steps: int
    weights: Sequence[Tensor]

    @property
    def shape(self) -> tuple[Any, ...]:
        """First arguments of every function."""
        layers = len(self.sizes) // 5
        return self.batch, self.steps, layers, (c_int * len(self.sizes))(*self.sizes)

    @property
    def double(self) -> bool:
        """True for double precision."""
        return self.weights[0].dtype is torch.float64

    @property
    def pooled(self) -> tuple[int, int]:
        """Shape of the pooled features."""
        return self.batch, 2 * self.sizes[-4]

    def empty(self, *shape: int) -> Tensor:
        """Return an empty tensor."""
        return self.weights[0].new_empty(shape)

    def function(self, name: str) -> Any:
        """Return the function of a name and this precision."""
        return getattr(CONV_LIBRARY.functions, f"pooled_{name}_{CPP_TYPES[self.weights[0].dtype]}")

    def maps(self, *, every: bool = True) -> Tensor:
        """Return empty memory for the maps of all windows, or of one block."""
        return self.empty(CONV_LIBRARY.functions.pooled_work(*self.shape, every, self.double))

    def workspace(self) -> Tensor:
        """Return empty memory that one call needs."""
        return self.empty(CONV_LIBRARY.functions.pooled_scratch(*self.shape, self.double))

    def forward(self, view: Tensor, *, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return the pooled features, and the maps if a backward pass is to follow."""
        view, out, work = view.contiguous(), self.empty(*self.pooled), self.maps(every=training)
        workspace = self.workspace()
        self.function("forward")(
            *(*self.shape, training, view.data_ptr(), data_pointers(self.weights)),
            *(tensor.data_ptr() for tensor in (out, work, workspace)),
        )
        return out, work

    def backward(
        self, work: Tensor, d: Tensor, wants_view: bool, wants_weights: bool
    ) -> tuple[Grad, list[Tensor], Tensor]:
        """Return the gradients of view and weights, and of all maps."""
        d, deltas, workspace = d.contiguous(), self.maps(), self.workspace()
        d_view = self.empty(self.batch, self.steps, self.sizes[0]) if wants_view else None
        d_weights = [torch.zeros_like(w) for w in self.weights] if wants_weights else []
        self.function("backward")(
            *(*self.shape, data_pointers(self.weights), work.data_ptr(), d.data_ptr()),
            *(data_pointer(d_view), data_pointers(d_weights)),
            *(deltas.data_ptr(), workspace.data_ptr()),
        )
        return d_view, d_weights, deltas

    def double_backward(
        self, work: Tensor, deltas: Tensor, u: Tensor, wants_weights: bool
    ) -> tuple[Tensor, list[Grad]]:
        """Return gradients of d and the weights, from that of the view's gradient."""
        u, d_d = u.contiguous(), self.empty(*self.pooled)
        tangents, workspace = self.maps(), self.workspace()
        d_weights: list[Grad] = []
        if wants_weights:
            d_weights = [torch.zeros_like(w) if w.dim() > 1 else None for w in self.weights]
        self.function("again")(
            *(*self.shape, data_pointers(self.weights), work.data_ptr(), deltas.data_ptr()),
            *(u.data_ptr(), d_d.data_ptr(), data_pointers(d_weights)),
            *(tangents.data_ptr(), workspace.data_ptr()),
        )
        return d_d, d_weights
