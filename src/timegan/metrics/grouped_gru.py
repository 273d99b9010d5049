"""Grouped GRUs: several small recurrent networks that train side by side as one.

Each is one GRU layer and a linear layer on its states. A network of a few units spends its
time starting operations, not computing, so R of them cost little more than one when every
operation has a leading group axis. Legend: R networks, B windows, T steps, C features, H units.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from ctypes import CDLL, c_ssize_t, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from timegan.metrics.windows import Array, Subset
from timegan.nn.kernels.compiler import KernelUnavailableError, load_library, warn_once
from timegan.seeds import derive

KERNEL = Path(__file__).with_suffix(".cpp")
CALL = 25
"""Updates of one call of the kernel, after each of which training can be interrupted."""
PIECE = 2_048
"""Windows that change their layout at once."""


class _Recurrence(torch.autograd.Function):
    """The states of a GRU with the reset gate applied before the recurrent product.

    The backward pass is written out: it takes half of autograd's operations, and gathers the
    gradients of the weights in two products over all steps.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, w_gates: Tensor, w_candidate: Tensor) -> Tensor:
        steps, groups, width, batch = a.shape
        units = width // 3
        h = a.new_zeros(steps + 1, groups, units, batch)
        g = a.new_empty(steps, groups, 2 * units, batch)
        c = a.new_empty(steps, groups, units, batch)
        a_gates, a_candidate = torch.split(a, [2 * units, units], dim=2)
        parts = (a_gates, a_candidate, g, *torch.split(g, units, dim=2), c, h[:-1], h[1:])
        # Views of every step at once: making them one by one costs as much as the arithmetic.
        for a_g, a_c, gates, r, u, new, before, after in _steps(*parts):
            torch.baddbmm(a_g, w_gates, before, out=gates).sigmoid_()
            torch.baddbmm(a_c, w_candidate, r * before, out=new).tanh_()
            torch.lerp(new, before, u, out=after)
        ctx.save_for_backward(h, g, c, w_gates, w_candidate)
        return h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h, g, c, w_gates, w_candidate = ctx.saved_tensors
        units = c.shape[2]
        before, (r, u) = h[:-1], torch.split(g, units, dim=2)
        slope = torch.addcmul(g, g, g, value=-1)
        slope_r, slope_u = torch.split(slope, units, dim=2)
        slope_r *= before
        slope_u *= before - c
        slope_c = torch.addcmul(c.new_ones(()), c, c, value=-1).mul_(1 - u)
        gates_t = w_gates.transpose(1, 2).contiguous()
        candidate_t = w_candidate.transpose(1, 2).contiguous()
        da = c.new_empty(*c.shape[:2], 3 * units, c.shape[3])
        da_gates, da_candidate = torch.split(da, [2 * units, units], dim=2)
        d_r_u = torch.split(da_gates, units, dim=2)
        parts = (gradients[0], slope_r, slope_u, slope_c, r, u, da_gates, *d_r_u, da_candidate)
        dh = torch.zeros_like(c[0])
        for d, s_r, s_u, s_c, r_t, u_t, d_gates, d_r, d_u, d_c in reversed(_steps(*parts)):
            dh += d
            torch.mul(dh, s_c, out=d_c)
            d_reset = torch.bmm(candidate_t, d_c)
            torch.mul(d_reset, s_r, out=d_r)
            torch.mul(dh, s_u, out=d_u)
            dh.mul_(u_t).addcmul_(d_reset, r_t).baddbmm_(gates_t, d_gates)
        d_w_gates = torch.matmul(da_gates, before.transpose(2, 3)).sum(0)
        d_w_candidate = torch.matmul(da_candidate, (r * before).transpose(2, 3)).sum(0)
        return da, d_w_gates, d_w_candidate


class _Compiled(torch.autograd.Function):
    """The states of a GRU by a compiled kernel, the product with the inputs included.

    ``x`` (T, R, F, B) gets no gradient: nothing in front of a network learns.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, kernel: Tensor, gates: Tensor, candidate: Tensor, code: CDLL
    ) -> Tensor:
        steps, groups, inputs, batch = x.shape
        units, lanes = candidate.shape[1], int(code.lanes())
        states = x.new_empty(steps, groups, units, batch)
        kept = x.new_empty(groups * -(-batch // lanes) * lanes * (4 * steps + 1) * units)
        ctx.sizes = [steps, groups, inputs, units, batch, *x.stride()[:3]]
        ctx.code = code
        _run(code.forward, [x, kernel, gates, candidate, states, kept], ctx.sizes)
        ctx.save_for_backward(x, kernel, gates, candidate, kept)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, kernel, gates, candidate, kept = ctx.saved_tensors
        found = [torch.empty_like(weight) for weight in (kernel, gates, candidate)]
        given = [gradients[0].contiguous(), x, gates, candidate, kept]
        _run(ctx.code.backward, [*given, *found], ctx.sizes)
        return None, *found, None


def _run(function: Any, tensors: Sequence[Tensor], sizes: Sequence[int]) -> None:
    addresses = [c_void_p(tensor.data_ptr()) for tensor in tensors]
    function(*addresses, *map(c_ssize_t, sizes))


def _compiles(x: Tensor) -> bool:
    """Tell whether the kernel can read ``x``: single precision, and contiguous windows."""
    return x.dtype == torch.float32 and x.device.type == "cpu" and x.stride(-1) == 1


def _steps(*parts: Tensor) -> list[tuple[Tensor, ...]]:
    return list(zip(*(part.unbind(0) for part in parts), strict=True))


@dataclass(frozen=True)
class Task:
    """Work of one network.

    Args:
        first: windows (N, T, C).
        second: windows (M, T, C) in the same unit.
        seed: of initial values, split and batches.
    """

    first: Array | Subset
    second: Array | Subset
    seed: int


MAX_HIDDEN = 24
"""Units of a classifier or a forecaster at most: its cost is linear in wide tables."""


def usual_hidden(features: int) -> int:
    """Return the units of a published classifier: half as many as features, from 1 to 24.

    >>> usual_hidden(6), usual_hidden(300)
    (3, 24)
    """
    return min(max(features // 2, 1), MAX_HIDDEN)


class GroupedGRU(nn.Module):
    """R independent GRU layers, each with TensorFlow 1's cell and its initial values.

    ``r, u = sigmoid(W_g [x, h] + b_g)``, ``c = tanh(W_c [x, r h] + b_c)``,
    ``h' = u h + (1 - u) c``; kernels Glorot-uniform, ``b_g = 1``, ``b_c = 0``.
    ``torch.nn.GRU`` differs in all three points, and with two or three units it shows.

    Args:
        features: C, of the windows that the networks see.
        hidden: H, units of each network.
        generators: one for each network: its initial values depend on no other one.
        outputs: numbers that each network's linear layer makes of a state.
    """

    def __init__(
        self, features: int, hidden: int, generators: Sequence[torch.Generator], outputs: int = 1
    ) -> None:
        super().__init__()
        kernels = [
            (
                _glorot(features + hidden, 2 * hidden, generator),
                _glorot(features + hidden, hidden, generator),
                _glorot(hidden, outputs, generator),
            )
            for generator in generators
        ]
        gates, candidate, head = (torch.stack(k) for k in zip(*kernels, strict=True))
        groups = len(generators)
        bias = torch.cat((torch.ones(groups, 2 * hidden), torch.zeros(groups, hidden)), dim=1)
        kernel = torch.cat((gates[:, :, :features], candidate[:, :, :features]), dim=1)
        self.kernel = nn.Parameter(torch.cat((kernel, bias[:, :, None]), dim=2))  # (R, 3H, C + 1)
        self.gates = nn.Parameter(gates[:, :, features:].contiguous())  # (R, 2H, H)
        self.candidate = nn.Parameter(candidate[:, :, features:].contiguous())  # (R, H, H)
        self.head = nn.Parameter(head)  # (R, outputs, H)
        self.head_bias = nn.Parameter(torch.zeros(groups, outputs, 1))

    def states(self, x: Tensor) -> Tensor:
        """Return the states (T, R, H, B) after each step of ``x`` (T, R, C + 1, B), last 1."""
        code = compiled() if _compiles(x) else None
        states: Tensor
        if code is None:
            a = torch.matmul(self.kernel, x)
            states = _Recurrence.apply(a, self.gates, self.candidate)  # type: ignore[no-untyped-call]
        else:
            weights = (self.kernel, self.gates, self.candidate)
            states = _Compiled.apply(x, *weights, code)  # type: ignore[no-untyped-call]
        return states

    def forward(self, x: Tensor) -> Tensor:
        """Return one logit for each window, from the last state: (R, B)."""
        return torch.baddbmm(self.head_bias, self.head, self.states(x)[-1])[:, 0]


@cache
def compiled() -> CDLL | None:
    """Return the functions of grouped_gru.cpp, None where they are unavailable."""
    try:
        return load_library(KERNEL)
    except KernelUnavailableError as reason:
        warn_once(f"Classifiers run without native code, at half the speed: {reason}.")
        return None


def pooled(sets: Sequence[Array | Subset]) -> tuple[Tensor, list[Tensor]]:
    """Return all windows (T, C + 1, N), a constant last, and the numbers of each set's windows.

    An array that several sets are parts of is there once.
    """
    parts = [s if isinstance(s, Subset) else Subset(s) for s in sets]
    arrays = {id(part.windows): part.windows for part in parts}
    steps, features = parts[0].windows.shape[1:]
    pool = torch.ones(steps, features + 1, sum(len(array) for array in arrays.values()))
    first, count = {}, 0
    for key, array in arrays.items():
        first[key] = count
        for start in range(0, len(array), PIECE):
            piece = np.ascontiguousarray(array[start : start + PIECE], dtype=np.float32)
            at = count + start
            pool[:, :features, at : at + len(piece)] = torch.from_numpy(piece).permute(1, 2, 0)
        count += len(array)
    numbers = [np.arange(len(p)) if p.index is None else p.index for p in parts]
    return pool, [
        torch.from_numpy(index) + first[id(part.windows)]
        for index, part in zip(numbers, parts, strict=True)
    ]


def gather(pool: Tensor, chosen: Tensor) -> Tensor:
    """Return windows of ``pool`` (T, C, N) that networks have chosen (R, B), as (T, R, C, B)."""
    steps, features, count = pool.shape
    code = compiled() if _compiles(pool) and pool.is_contiguous() else None
    if code is not None:
        if not 0 <= int(chosen.min()) <= int(chosen.max()) < count:
            raise IndexError(f"There are {count} windows, from 0 on: {chosen}.")
        found = pool.new_empty(steps, len(chosen), features, chosen.shape[1])
        _run(
            code.choose, [pool, chosen.contiguous(), found], [steps, features, count, *chosen.shape]
        )
        return found
    flat = pool.view(steps * features, -1).index_select(1, chosen.reshape(-1))
    return flat.view(steps, features, *chosen.shape).permute(0, 2, 1, 3).contiguous()


def train(
    network: GroupedGRU,
    sets: Sequence[Sequence[Tensor]],
    seeds: Sequence[int],
    loss: Callable[[Tensor], Tensor],
    updates: Iterable[int],
    batch: int,
    lr: float,
) -> None:
    """Train all networks at once, each on windows that it draws by its own seed.

    Args:
        network: R of them.
        sets: for each network, the numbers of its windows, in one set or several.
        seeds: of the draws of each.
        loss: the sum of losses on the chosen windows (R, B), ``batch`` of each set.
        updates: to be made, whose numbers are not used.
        batch: windows of a set in an update.
        lr: Adam's step.
    """
    draws = [torch.Generator().manual_seed(derive(seed, "batches")) for seed in seeds]
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    for _ in updates:
        chosen = [
            windows[torch.randint(len(windows), (batch,), generator=generator)]
            for several, generator in zip(sets, draws, strict=True)
            for windows in several
        ]
        value = loss(torch.cat(chosen).view(len(sets), -1))
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@torch.no_grad()
def train_classifiers(
    network: GroupedGRU,
    pool: Tensor,
    sets: Sequence[Sequence[Tensor]],
    seeds: Sequence[int],
    updates: Iterable[int],
    batch: int,
    lr: float,
) -> None:
    """Train all networks at once to tell the windows of two sets apart, as :func:`train` does.

    A compiled kernel makes many updates in one call: operations of torch would take longer than the
    arithmetic of small networks.

    Args:
        network: R of them, with one output each.
        pool: windows (T, C, N), a constant last.
        sets: for each network, the numbers of its windows of either set.
        seeds: of the draws of each.
        updates: to be made, whose numbers are not used.
        batch: windows of a set in an update.
        lr: Adam's step.
    """
    code = compiled() if _compiles(pool) and pool.is_contiguous() else None
    if code is None:
        sign = torch.cat((torch.full((batch,), -1.0), torch.ones(batch)))

        def loss(chosen: Tensor) -> Tensor:
            # The sum over networks: no gradient sees another one's loss.
            logits = network(gather(pool, chosen))
            return torch.nn.functional.softplus(sign * logits).sum() / batch

        with torch.enable_grad():
            train(network, sets, seeds, loss, updates, batch, lr)
        return
    draws = [torch.Generator().manual_seed(derive(seed, "batches")) for seed in seeds]
    weights = [parameter.data for parameter in network.parameters()]
    moments = torch.zeros(2 * sum(weight.numel() for weight in weights))
    sizes = [*pool.shape, len(sets), network.candidate.shape[1], 2 * batch]
    waiting, done = list[Tensor](), 0

    def make() -> int:
        """Make the updates whose windows are drawn; return how many these are."""
        if waiting:
            chosen = torch.stack(waiting)
            _run(code.fit, [pool, chosen, *weights, moments, step], [*sizes, len(waiting), done])
        return len(waiting)

    step = torch.tensor(lr)
    for _ in updates:
        waiting.append(
            torch.cat(
                [
                    windows[torch.randint(len(windows), (batch,), generator=generator)]
                    for several, generator in zip(sets, draws, strict=True)
                    for windows in several
                ]
            )
        )
        if len(waiting) == CALL:
            done += make()
            waiting.clear()
    make()


def _glorot(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    limit = math.sqrt(6 / (inputs + outputs))
    return (torch.rand(outputs, inputs, generator=generator) * 2 - 1) * limit
