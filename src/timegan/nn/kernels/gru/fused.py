"""A GRU in torch operations with a backward pass of its own, for machines without a compiler.

Products with the inputs are computed for all steps at once. A step takes six operations forward and
three backward. Gradients of the weights are one product each at the end. Equations and layout of
the weights are those of ``torch.nn.GRU``.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from timegan.nn.kernels.gru.double_backward import differentiable_gru, recompute_gradients

SavedTensors = tuple[Tensor, Tensor, Tensor, Tensor]
"""Inputs (T, B, F) of a layer, its r, z and n (T, B, 3H), W_hh h + b_hh (T, B, 3H), and its states
from the initial one on (T + 1, B, H)."""


class FusedGRU(torch.autograd.Function):
    """A function of x (B, T, F), h0 (L, B, H), and w_ih, w_hh, b_ih, b_hh of each layer."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return states of the last layer (B, T, H), and last states of all layers (L, B, H)."""
        ctx.set_materialize_grads(False)
        steps = x.transpose(0, 1).contiguous()
        saved: list[Tensor] = []
        for layer in range(len(weights) // 4):
            saved += forward_layer(steps, h0[layer], weights[4 * layer : 4 * layer + 4])
            steps = saved[-1][1:]
        ctx.save_for_backward(x, h0, *weights, *saved)
        last = torch.stack([states[-1] for states in saved[3::4]])
        return steps.transpose(0, 1).contiguous(), last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of those inputs that need one."""
        needs = ctx.needs_input_grad
        inputs, saved = ctx.saved_tensors[: len(needs)], ctx.saved_tensors[len(needs) :]
        if torch.is_grad_enabled():
            return recompute_gradients(differentiable_gru, inputs, needs, grads)
        d_out, d_last = grads
        states = saved[-1]
        d_steps = torch.zeros_like(states[1:]) if d_out is None else d_out.transpose(0, 1)
        d_h0: list[Tensor] = []
        d_weights: list[Tensor | None] = []
        for layer in reversed(range(len(saved) // 4)):
            w_ih, w_hh = inputs[2 + 4 * layer : 4 + 4 * layer]
            d_steps = d_steps.contiguous()
            if d_last is not None:
                d_steps = d_steps.clone()
                d_steps[-1] += d_last[layer]
            layer_saved = saved[4 * layer : 4 * layer + 4]
            d_input, d_hidden, d_start = backward_layer(d_steps, layer_saved, w_hh)
            d_h0.insert(0, d_start)
            wanted = needs[2 + 4 * layer : 6 + 4 * layer]
            d_weights = weight_gradients(d_input, d_hidden, layer_saved, wanted) + d_weights
            if layer or needs[0]:
                d_steps = d_input @ w_ih
        return (
            d_steps.transpose(0, 1) if needs[0] else None,
            torch.stack(d_h0) if needs[1] else None,
            *d_weights,
        )


def forward_layer(steps: Tensor, h0: Tensor, weights: Sequence[Tensor]) -> SavedTensors:
    """Compute one layer over inputs (T, B, F)."""
    w_ih, w_hh, b_ih, b_hh = weights
    count, batch, _ = steps.shape
    hidden = w_hh.shape[1]
    gates = torch.addmm(b_ih, steps.flatten(0, 1), w_ih.t()).view(count, batch, -1)
    products = torch.empty_like(gates)
    states = gates.new_empty(count + 1, batch, hidden)
    states[0] = h0
    w = w_hh.t()
    sizes = [2 * hidden, hidden]
    rz, n = (part.unbind() for part in torch.split(gates, sizes, -1))
    rz_h, n_h = (part.unbind() for part in torch.split(products, sizes, -1))
    r = gates[..., :hidden].unbind()
    z = gates[..., hidden : 2 * hidden].unbind()
    h, whole = states.unbind(), products.unbind()
    for t in range(count):
        torch.addmm(b_hh, h[t], w, out=whole[t])
        rz[t].add_(rz_h[t]).sigmoid_()
        n[t].addcmul_(r[t], n_h[t]).tanh_()
        torch.lerp(n[t], h[t], z[t], out=h[t + 1])
    return steps, gates, products, states


def backward_layer(
    d_out: Tensor, saved: Sequence[Tensor], w_hh: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return gradients before the gates, from those of the states (T, B, H).

    They are of ``W_ih x + b_ih`` and ``W_hh h + b_hh``, both (T, B, 3H), and of the initial state
    (B, H).
    """
    _, gates, products, states = saved
    count, batch, hidden = d_out.shape
    r, z, n = gates.chunk(3, -1)
    # Derivatives of a state by each gate, for all steps at once.
    at_n = (1 - z) * (1 - n * n)
    share = torch.stack(
        [
            at_n * products[..., 2 * hidden :] * r * (1 - r),
            (states[:-1] - n) * z * (1 - z),
            at_n * r,
        ],
        dim=2,
    )
    d_hidden, d_states = torch.empty_like(share), torch.empty_like(d_out)
    d_states[-1] = d_out[-1]
    rest = torch.empty_like(d_out[0])
    outs, ds, shares, zs = d_out.unbind(), d_states.unbind(), share.unbind(), z.unbind()
    d_gates, columns = d_hidden.unbind(), d_states.unsqueeze(2).unbind()
    flat = d_hidden.view(count, batch, -1).unbind()
    for t in range(count - 1, 0, -1):
        torch.mul(shares[t], columns[t], out=d_gates[t])
        torch.addcmul(outs[t - 1], ds[t], zs[t], out=rest)
        torch.addmm(rest, flat[t], w_hh, out=ds[t - 1])
    torch.mul(shares[0], columns[0], out=d_gates[0])
    d_start = torch.addmm(ds[0] * zs[0], flat[0], w_hh)
    d_input = torch.cat([d_hidden[:, :, :2].flatten(2), d_states * at_n], dim=-1)
    return d_input, d_hidden.flatten(2), d_start


def weight_gradients(
    d_input: Tensor, d_hidden: Tensor, saved: Sequence[Tensor], wanted: Sequence[bool]
) -> list[Tensor | None]:
    """Return the gradients of w_ih, w_hh, b_ih and b_hh that are wanted, None for others."""
    d_input, d_hidden = d_input.flatten(0, 1), d_hidden.flatten(0, 1)
    steps, states = saved[0].flatten(0, 1), saved[3][:-1].flatten(0, 1)
    return [
        d_input.t() @ steps if wanted[0] else None,
        d_hidden.t() @ states if wanted[1] else None,
        d_input.sum(0) if wanted[2] else None,
        d_hidden.sum(0) if wanted[3] else None,
    ]
