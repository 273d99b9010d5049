"""Gradients of gradients, for critics with a penalty: by the operations of ``torch.nn.GRU``."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def plain(x: Tensor, h0: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
    """What ``torch.nn.GRU`` computes, (B, T, F) and (L, B, H) -> (B, T, H) and (L, B, H)."""
    out, last = torch.gru(x, h0, list(weights), True, len(weights) // 4, 0.0, False, False, True)
    return out, last


def headed(squash: bool) -> Callable[..., tuple[Tensor]]:
    """The same with a dense layer behind it, weight (O, H) and bias (O): -> (B, T, O) alone."""

    def network(
        x: Tensor, h0: Tensor, weight: Tensor, bias: Tensor, *weights: Tensor
    ) -> tuple[Tensor]:
        y = F.linear(plain(x, h0, *weights)[0], weight, bias)
        return (y.sigmoid() if squash else y,)

    return network


def differentiable(
    function: Callable[..., tuple[Tensor, ...]],
    inputs: Sequence[Tensor],
    needs: Sequence[bool],
    grads: Sequence[Tensor | None],
) -> tuple[Tensor | None, ...]:
    """The gradients of a backward pass that is itself to be differentiated (``create_graph``).

    It goes through the plain operations once more, which is slow and exact: autograd derives them
    as often as one likes.

    Args:
        function: of the inputs, in plain operations.
        inputs: x, h0 and the weights.
        needs: which of them want a gradient.
        grads: of the outputs.
    """
    with torch.enable_grad():
        outputs = function(*inputs)
    pairs = [(y, g) for y, g in zip(outputs, grads, strict=True) if g is not None]
    wanted = [value for value, need in zip(inputs, needs, strict=True) if need]
    found = iter(
        torch.autograd.grad([y for y, _ in pairs], wanted, [g for _, g in pairs], create_graph=True)
    )
    return tuple(next(found) if need else None for need in needs)
