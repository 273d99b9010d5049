"""TS2Vec encoders: representations of windows in 320 dimensions, learned from real windows.

Yue, Wang, Duan et al., "TS2Vec: Towards Universal Representation of Time Series" (AAAI 2022), with
the settings that published Context-FID scores use. Dilated convolutions give every step a
representation; training asks that a step seen in two overlapping crops, each with half of its
steps hidden, is recognised among the batch's other windows and among the other steps, on every
scale of a pyramid of maxima over time (equations 1 to 3 and algorithm 1 of the paper). Several
encoders train side by side as one network.
Legend: R encoders, B windows, T steps, C features, D channels.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from timegan.errors import InputError
from timegan.metrics.parallel import track
from timegan.metrics.windows import Array
from timegan.seeds import generator

DIMENSIONS, CHANNELS, DEPTH = 320, 64, 10
SMALL = 100_000
"""Numbers (windows x steps x features) up to which 200 iterations are the published rule."""


class _Convolution(nn.Module):
    """R convolutions over time of three taps, ``dilation`` steps apart, each with its own weights.

    Beyond a window's ends there are zeros, so taps that reach beyond both are left out: of the
    dilations up to 1,024 most are one product of matrices when a window has 24 steps.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        generators: Sequence[torch.Generator],
        *,
        taps: int = 3,
        dilation: int = 1,
        steps: int = 1,
    ) -> None:
        super().__init__()
        limit = 1 / math.sqrt(inputs * taps)  # torch's own initial values, for all taps
        weights = [_uniform((outputs, taps, inputs), limit, g) for g in generators]
        biases = [_uniform((outputs, 1), limit, g) for g in generators]
        weight = torch.stack(weights)
        if taps == 3 and dilation >= steps:
            weight = weight[:, :, 1:2]
        self.inputs, self.dilation, self.taps = inputs, dilation, weight.shape[2]
        self.weight = nn.Parameter(weight.flatten(2).contiguous())  # (R, outputs, taps * inputs)
        self.bias = nn.Parameter(torch.stack(biases))  # (R, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (R, inputs, B, T) to (R, outputs, B, T)."""
        encoders, _, batch, steps = x.shape
        weight: Tensor = self.weight
        far = self.dilation
        if self.taps == 3 and far < steps:
            wide = functional.pad(x, (far, far))
            x = torch.cat([wide[..., k * far : k * far + steps] for k in range(3)], dim=1)
        elif self.taps == 3:
            weight = weight[:, :, self.inputs : 2 * self.inputs]
        return torch.baddbmm(self.bias, weight, x.flatten(2)).view(encoders, -1, batch, steps)


class _Block(nn.Module):
    """Two convolutions with GELU before each, and a way around them."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        generators: Sequence[torch.Generator],
        dilation: int,
        t: int,
    ) -> None:
        super().__init__()
        size = {"dilation": dilation, "steps": t}
        self.first = _Convolution(inputs, outputs, generators, **size)
        self.second = _Convolution(outputs, outputs, generators, **size)
        self.around = (
            nn.Identity()
            if inputs == outputs
            else _Convolution(inputs, outputs, generators, taps=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.second(functional.gelu(self.first(functional.gelu(x))))
        around: Tensor = self.around(x)
        return inner + around


class Encoders(nn.Module):
    """R independent TS2Vec encoders for windows of up to ``steps`` steps.

    Args:
        features: C.
        steps: T, of the longest window.
        generators: one an encoder: its initial values depend on no other encoder.
        dimensions: numbers a representation has.
        channels: D, within the network.
        depth: blocks before the last one; block ``i`` has the dilation ``2 ** i``.
    """

    def __init__(
        self,
        features: int,
        steps: int,
        generators: Sequence[torch.Generator],
        *,
        dimensions: int = DIMENSIONS,
        channels: int = CHANNELS,
        depth: int = DEPTH,
    ) -> None:
        super().__init__()
        self.enter = _Convolution(features, channels, generators, taps=1)
        widths = [channels] * (depth + 1) + [dimensions]
        self.blocks = nn.Sequential(
            *(_Block(widths[i], widths[i + 1], generators, 2**i, steps) for i in range(depth + 1))
        )

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """Return representations (R, dimensions, B, T) of windows (R, C, B, T).

        Args:
            x: the windows.
            seen: 1 where a step is shown and 0 where it is hidden (R, 1, B, T); default: all.
        """
        h = self.enter(x)
        found: Tensor = self.blocks(h if seen is None else h * seen)
        return found


def fit(
    windows: Array,
    *,
    seed: int = 0,
    encoders: int = 3,
    iterations: int | None = None,
    batch: int = 8,
    lr: float = 1e-3,
    dropout: float = 0.1,
) -> nn.Module:
    """Train encoders on ``windows`` (N, T, C), in min-max units.

    The encoders differ in their initial values, batches and hidden steps, and share the lengths
    of their crops. What is returned is the mean of each encoder's weights over its training.

    Args:
        windows: real windows of at least two steps.
        seed: of everything random.
        encoders: R.
        iterations: updates; by the published rule 200 up to 100,000 numbers, and 600 above.
        batch: windows of an update.
        lr: AdamW's step.
        dropout: share of a representation that an update leaves out.

    Raises:
        InputError: windows of one step.
    """
    count, steps, features = windows.shape
    if steps < 2:
        raise InputError("An encoder needs windows of at least two steps.")
    iterations = iterations or (200 if windows.size <= SMALL else 600)
    names = [f"encoder {number}" for number in range(encoders)]
    network = Encoders(features, steps, [generator(seed, name, "weights") for name in names])
    mean = AveragedModel(network)
    mean.update_parameters(network)  # the first of the weights that it is a mean of
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, fused=True)
    pool = torch.from_numpy(np.ascontiguousarray(windows, dtype=np.float32))
    batches = [
        _batches(count, min(batch, count), generator(seed, name, "batches")) for name in names
    ]
    hidden = [generator(seed, name, "hidden") for name in names]
    crops = generator(seed, "crops")
    for _ in track(range(iterations), f"Context-FID, {encoders} encoders", iterations):
        chosen = torch.stack([next(order) for order in batches])  # (R, B)
        x = pool[chosen]  # (R, B, T, C)
        (left, begin), (end, right) = _crops(steps, crops)
        # Both crops of a window move by the same number of steps, each window by its own.
        shift = _integers(-left, steps - right, chosen.shape, hidden)
        a = _view(network, _take(x, shift + left, end - left), hidden, dropout)
        b = _view(network, _take(x, shift + begin, right - begin), hidden, dropout)
        optimizer.zero_grad()
        common = end - begin
        loss = contrast(a[..., -common:], b[..., :common]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        mean.update_parameters(network)
    return mean.eval()


@torch.no_grad()
def encode(network: nn.Module, windows: Array, part: int = 32) -> Array:
    """Return representations (R, N, dimensions) of windows (N, T, C): maxima over time.

    Of ``part`` windows at a time, few enough for what they become to stay in a core's cache: 32 at
    a time take two thirds of the time of 256.
    """
    weight = next(iter(network.parameters()))
    found = []
    for start in range(0, len(windows), part):
        some = np.ascontiguousarray(windows[start : start + part], dtype=np.float32)
        x = torch.from_numpy(some).permute(2, 0, 1).contiguous()
        found.append(network(x.expand(len(weight), *x.shape)).amax(dim=-1).transpose(1, 2))
    joined: Array = torch.cat(found, dim=1).numpy()
    return joined


def contrast(a: Tensor, b: Tensor) -> Tensor:
    """Return the hierarchical contrastive loss of two views (R, D, B, T) by encoder (R,).

    On every scale the mean of two cross-entropies: the same window among the others at one step,
    and the same step among the others of one window. From scale to scale the time halves, by
    maxima of pairs. One step is compared among windows only.
    """
    losses = []
    while True:
        among_windows = _cross_entropy(a.permute(0, 3, 2, 1), b.permute(0, 3, 2, 1))
        if a.shape[-1] == 1:
            losses.append(among_windows / 2)
            return torch.stack(losses).mean(dim=0)
        among_steps = _cross_entropy(a.permute(0, 2, 3, 1), b.permute(0, 2, 3, 1))
        losses.append((among_windows + among_steps) / 2)
        a, b = (_halve(view) for view in (a, b))


def _halve(view: Tensor) -> Tensor:
    """Return the maxima of pairs of steps; an odd step at the end is left out."""
    even = view.shape[-1] // 2 * 2
    return torch.maximum(view[..., 0:even:2], view[..., 1:even:2])


def _cross_entropy(a: Tensor, b: Tensor) -> Tensor:
    """Return the cross-entropy of matching ``a`` and ``b`` (R, G, n, D) by encoder (R,).

    Each looks among all others of both views but itself, by the product of representations.
    """
    count = a.shape[-2]
    if count == 1:
        return a.new_zeros(len(a))
    both = torch.cat((a, b), dim=-2)
    likeness = both @ both.transpose(-1, -2)
    itself = torch.eye(2 * count, dtype=torch.bool)
    chances = functional.log_softmax(likeness.masked_fill(itself, -math.inf), dim=-1)
    there = chances.diagonal(count, -2, -1).mean(dim=(1, 2))
    back = chances.diagonal(-count, -2, -1).mean(dim=(1, 2))
    return -(there + back) / 2


def _view(
    network: nn.Module, x: Tensor, hidden: Sequence[torch.Generator], dropout: float
) -> Tensor:
    """Return representations of windows of which half of the steps are masked."""
    shape = (1, *x.shape[2:])
    seen = torch.stack([(torch.rand(shape, generator=g) < 0.5).float() for g in hidden])
    found: Tensor = network(x, seen)
    kept = [torch.rand(found.shape[1:], generator=g) >= dropout for g in hidden]
    return found * torch.stack(kept) / (1 - dropout)


def _crops(steps: int, g: torch.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """Draw two overlapping crops: ``left <= begin < end <= right``.

    One reaches from ``left`` to ``end``, the other from ``begin`` to ``right``.
    """
    common = _integer(2, steps, g)
    begin = _integer(0, steps - common, g)
    end = begin + common
    return (_integer(0, begin, g), begin), (end, _integer(end, steps, g))


def _integer(low: int, high: int, g: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), generator=g))


def _integers(
    low: int, high: int, shape: Sequence[int], generators: Sequence[torch.Generator]
) -> Tensor:
    rows = [torch.randint(low, high + 1, tuple(shape[1:]), generator=g) for g in generators]
    return torch.stack(rows)


def _take(x: Tensor, start: Tensor, length: int) -> Tensor:
    """Cut ``length`` steps from each window (R, B, T, C) at its start (R, B): (R, C, B, length)."""
    index = start[..., None] + torch.arange(length)
    steps = index[..., None].expand(*index.shape, x.shape[-1])
    return x.gather(2, steps).permute(0, 3, 1, 2).contiguous()


def _batches(count: int, batch: int, g: torch.Generator) -> Iterator[Tensor]:
    """Yield batches without end, in a new random order for each pass."""
    while True:
        order = torch.randperm(count, generator=g)
        yield from order[: count // batch * batch].view(-1, batch)


def _uniform(shape: tuple[int, ...], limit: float, g: torch.Generator) -> Tensor:
    return (torch.rand(shape, generator=g) * 2 - 1) * limit
