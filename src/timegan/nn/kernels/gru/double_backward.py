"""Gradients of gradients of a GRU, which critics with a penalty need, by torch operations."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def differentiable_gru(x: Tensor, h0: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
    """Compute ``torch.nn.GRU``, (B, T, F) and (L, B, H) -> (B, T, H) and (L, B, H)."""
    out, last = torch.gru(x, h0, list(weights), True, len(weights) // 4, 0.0, False, False, True)
    return out, last


def differentiable_gru_with_head(squash: bool) -> Callable[..., tuple[Tensor]]:
    """Return a function that computes a GRU and a dense layer behind it, (B, T, O)."""

    def gru_with_head(
        x: Tensor, h0: Tensor, weight: Tensor, bias: Tensor, *weights: Tensor
    ) -> tuple[Tensor]:
        y = F.linear(differentiable_gru(x, h0, *weights)[0], weight, bias)
        return (y.sigmoid() if squash else y,)

    return gru_with_head


def recompute_gradients(
    function: Callable[..., tuple[Tensor, ...]],
    inputs: Sequence[Tensor],
    needs: Sequence[bool],
    grads: Sequence[Tensor | None],
) -> tuple[Tensor | None, ...]:
    """Return gradients that can be differentiated again, as ``create_graph`` asks for.

    The forward pass is computed again in torch operations, which is slow and exact.

    Args:
        function: of the inputs, in torch operations.
        inputs: x, h0 and the weights.
        needs: true for inputs that need a gradient.
        grads: gradients of the outputs.
    """
    with torch.enable_grad():
        outputs = function(*inputs)
    pairs = [(y, g) for y, g in zip(outputs, grads, strict=True) if g is not None]
    wanted = [value for value, need in zip(inputs, needs, strict=True) if need]
    found = iter(
        torch.autograd.grad([y for y, _ in pairs], wanted, [g for _, g in pairs], create_graph=True)
    )
    return tuple(next(found) if need else None for need in needs)
