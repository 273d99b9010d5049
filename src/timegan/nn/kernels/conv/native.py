"""Autograd for pooled_conv.cpp, twice differentiable where gradient penalties need it."""

from collections.abc import Sequence
from ctypes import c_int
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from timegan.nn.kernels.conv.library import POOLED
from timegan.nn.kernels.tensors import NAMES, address, addresses, whole

Grad = Tensor | None
Numbers = tuple[int, ...]
"""Of each layer: channels before and behind it, steps of its kernel, stride and padding."""


def pooled(view: Tensor, convolutions: Sequence[nn.Conv1d]) -> Tensor:
    """(B, T, V) through convolutions, each with a leaky ReLU of slope .2, to (B, 2 F).

    The F features of the last one as means over its steps, then as maxima.
    """
    numbers: list[int] = []
    for conv in convolutions:
        steps = (conv.kernel_size[0], conv.stride[0], int(conv.padding[0]))
        numbers += (conv.in_channels, conv.out_channels, *steps)
    weights = [w for conv in convolutions for w in conv.parameters()]
    if torch.is_grad_enabled():
        found: Tensor = Pooled.apply(tuple(numbers), view, *weights)  # type: ignore[no-untyped-call]
        return found
    return Call(tuple(numbers), len(view), view.shape[1], whole(weights)).forward(view)[0]


class Pooled(torch.autograd.Function):
    """numbers, view (B, T, V), then weight and bias of each layer -> (B, 2 F)."""

    @staticmethod
    def forward(ctx: Any, numbers: Numbers, view: Tensor, *weights: Tensor) -> Tensor:
        """Means and maxima of the features."""
        call = Call(numbers, len(view), view.shape[1], whole(weights))
        out, work = call.forward(view, training=True)
        ctx.numbers, ctx.steps = numbers, view.shape[1]
        ctx.save_for_backward(work, *weights)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Grad, ...]:
        """The gradients of those inputs that need one."""
        work, *weights = ctx.saved_tensors
        _, view, *others = ctx.needs_input_grad
        about = (ctx.numbers, ctx.steps, view, any(others))
        d_view, *d_weights = Slope.apply(about, grads[0], work, *weights)  # type: ignore[no-untyped-call]
        return (
            None,
            d_view,
            *(d if need else None for d, need in zip(d_weights, others, strict=True)),
        )


class Slope(torch.autograd.Function):
    """What is wanted, d (B, 2 F), what was kept, weights -> gradients of view and weights."""

    @staticmethod
    def forward(
        ctx: Any, about: tuple[Numbers, int, bool, bool], d: Tensor, work: Tensor, *weights: Tensor
    ) -> tuple[Grad, ...]:
        """The gradients of the view (B, T, V) and of the weights, as far as they are wanted."""
        numbers, steps, wants_view, wants_weights = about
        call = Call(numbers, len(d), steps, whole(weights))
        d_view, d_weights, deltas = call.backward(work, d, wants_view, wants_weights)
        ctx.set_materialize_grads(False)
        ctx.call = numbers, steps
        ctx.save_for_backward(work, deltas, *weights)
        return (d_view, *d_weights) if d_weights else (d_view, *[None] * len(weights))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, u: Grad, *others: Grad) -> tuple[Grad, ...]:
        """From a gradient of the view's gradient to those of d and of the weights."""
        if any(other is not None for other in others):
            raise NotImplementedError(
                "Gradients of the gradients of a convolution's weights: use model.backend=torch."
            )
        work, deltas, *weights = ctx.saved_tensors
        if u is None:
            return (None,) * (3 + len(weights))
        numbers, steps = ctx.call
        wanted = any(ctx.needs_input_grad[3:])
        d_d, d_weights = Call(numbers, len(u), steps, whole(weights)).again(work, deltas, u, wanted)
        return None, d_d, None, *(d_weights or [None] * len(weights))


@dataclass(frozen=True)
class Call:
    """What the library is called with.

    Args:
        numbers: see :data:`Numbers`.
        batch: B.
        steps: T.
        weights: (F, C, K) and (F,) of each layer, each in one piece.
    """

    numbers: Numbers
    batch: int
    steps: int
    weights: Sequence[Tensor]

    @property
    def shape(self) -> tuple[Any, ...]:
        """The first arguments of every function."""
        layers = len(self.numbers) // 5
        return self.batch, self.steps, layers, (c_int * len(self.numbers))(*self.numbers)

    @property
    def double(self) -> bool:
        """Whether numbers are of double precision."""
        return self.weights[0].dtype is torch.float64

    @property
    def pooled(self) -> tuple[int, int]:
        """The shape of what is pooled."""
        return self.batch, 2 * self.numbers[-4]

    def new(self, *sizes: int) -> Tensor:
        """Room for numbers."""
        return self.weights[0].new_empty(sizes)

    def function(self, way: str) -> Any:
        """The library's function for a way and this precision."""
        return getattr(POOLED.functions, f"pooled_{way}_{NAMES[self.weights[0].dtype]}")

    def maps(self, *, every: bool = True) -> Tensor:
        """Room for the maps of all windows, or of one block."""
        return self.new(POOLED.functions.pooled_work(*self.shape, every, self.double))

    def scratch(self) -> Tensor:
        """Room for what is not kept."""
        return self.new(POOLED.functions.pooled_scratch(*self.shape, self.double))

    def forward(self, view: Tensor, *, training: bool = False) -> tuple[Tensor, Tensor]:
        """What is pooled, and the maps if a backward pass is to follow."""
        view, out, work = view.contiguous(), self.new(*self.pooled), self.maps(every=training)
        scratch = self.scratch()
        self.function("forward")(
            *(*self.shape, training, view.data_ptr(), addresses(self.weights)),
            *(tensor.data_ptr() for tensor in (out, work, scratch)),
        )
        return out, work

    def backward(
        self, work: Tensor, d: Tensor, wants_view: bool, wants_weights: bool
    ) -> tuple[Grad, list[Tensor], Tensor]:
        """Gradients of view and weights, and of all maps."""
        d, deltas, scratch = d.contiguous(), self.maps(), self.scratch()
        d_view = self.new(self.batch, self.steps, self.numbers[0]) if wants_view else None
        d_weights = [torch.zeros_like(w) for w in self.weights] if wants_weights else []
        self.function("backward")(
            *(*self.shape, addresses(self.weights), work.data_ptr(), d.data_ptr()),
            *(address(d_view), addresses(d_weights)),
            *(deltas.data_ptr(), scratch.data_ptr()),
        )
        return d_view, d_weights, deltas

    def again(
        self, work: Tensor, deltas: Tensor, u: Tensor, wants_weights: bool
    ) -> tuple[Tensor, list[Grad]]:
        """Gradients of d and of the weights from those of the view's gradient; biases have none."""
        u, d_d = u.contiguous(), self.new(*self.pooled)
        tangents, scratch = self.maps(), self.scratch()
        d_weights: list[Grad] = []
        if wants_weights:
            d_weights = [torch.zeros_like(w) if w.dim() > 1 else None for w in self.weights]
        self.function("again")(
            *(*self.shape, addresses(self.weights), work.data_ptr(), deltas.data_ptr()),
            *(u.data_ptr(), d_d.data_ptr(), addresses(d_weights)),
            *(tangents.data_ptr(), scratch.data_ptr()),
        )
        return d_d, d_weights
