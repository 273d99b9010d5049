"""The discriminator and the critics that it is made of.

Shapes: B windows, T steps, H latent channels, S context channels, U labels a step, V channels of
what a critic looks at. With sequences of different lengths the last of the V is the mask: 1 at the
steps of a sequence, 0 in the padding behind it, where all other channels are zero.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from timegan.errors import choose
from timegan.nn.batch import Conditions
from timegan.nn.kernels.conv import pooled as native_pooled
from timegan.nn.kernels.tensors import suits
from timegan.nn.layers import Recurrent
from timegan.nn.masking import masked_moments, variance

FINEST = 0.003
"""Deviation of a direction, where channels have 1, below which it is whitened no further."""


class ConvCritic(nn.Module):
    """A pooled convolutional critic that also sees how varied its batch is, (B, T, V) -> (B, 1).

    A padded sequence gets the maps and the pooled features that it would get without its padding.
    ``backend="native"`` computes these by one call of a library, where there is no padding.
    """

    backend: str = "torch"

    def __init__(self, views: int, *, hidden: int, group: int = 16) -> None:
        super().__init__()
        self.group = group
        self.conv = nn.Sequential(
            nn.Conv1d(views, hidden, 4, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(hidden, 2 * hidden, 4, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(2 * hidden, 2 * hidden, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Sequential(
            nn.Linear(4 * hidden + 1, 2 * hidden), nn.LeakyReLU(0.2), nn.Linear(2 * hidden, 1)
        )

    def forward(self, view: Tensor, parts: int = 1, mask: Tensor | None = None) -> Tensor:
        if self.backend == "native" and mask is None and self.takes(view):
            layers = [layer for layer in self.conv if isinstance(layer, nn.Conv1d)]
            pooled = native_pooled(view, layers)
        else:
            pooled = self.pooled(view, mask)
        group = math.gcd(self.group, len(view) // parts)
        logit: Tensor = self.head(torch.cat([pooled, batch_deviation(pooled, group)], dim=-1))
        return logit

    def takes(self, view: Tensor) -> bool:
        """Whether the library can do this; what is wrong torch explains best."""
        weights = list(self.conv.parameters())
        return suits(view, *weights) and view.shape[2] == weights[0].shape[1]

    def pooled(self, view: Tensor, mask: Tensor | None) -> Tensor:
        """Means and maxima over the steps of the last layer's maps, (B, 4 hidden)."""
        maps = view.transpose(1, 2)
        lengths = None if mask is None else mask.sum(1).long()  # (B, 1)
        for layer in self.conv:
            maps = layer(maps)
            if lengths is not None and isinstance(layer, nn.Conv1d):
                lengths = convolved(lengths, layer)
                maps = maps * (torch.arange(maps.shape[-1], device=maps.device) < lengths)[:, None]
        return torch.cat([masked_mean(maps, lengths), masked_max(maps, lengths)], dim=-1)


class DenseCritic(nn.Module):
    """A critic that sees every step at its place, (B, T, V) -> (B, 1)."""

    def __init__(self, views: int, window: int, *, hidden: int) -> None:
        super().__init__()
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(window * views, 4 * hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * hidden, 4 * hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * hidden, 1),
        )

    def forward(self, view: Tensor) -> Tensor:
        logit: Tensor = self.head(view)
        return logit


class Discriminator(nn.Module):
    """One critic, or several without shared weights, each with an opinion of its own.

    Args:
        critics: names joined by ``+`` out of ``recurrent``, ``conv`` and ``dense``.
        increments: the critics see first differences beside the latents, in units of their scale.
        per_step_normalization: critics see the latents of each step standardized by that step's
            mean and standard deviation. Windows that begin alike differ little in their first
            steps, and those small differences tell them apart.
        whitening: power of the correlations of latents that is removed from the critics' inputs,
            0 to 0.5, with ``per_step_normalization`` only. At 0.5 all directions count alike, even
            rounding errors. Below it, small differences of nearly collinear columns count for more
            than in the latents, and for less than other directions.
        context: S.
        exogenous: U; labels are looked at as latents are.
        variable_length: sequences have different lengths.
    """

    sigma: Tensor
    centre: Tensor
    spread: Tensor
    seen: Tensor
    correlation: Tensor
    mixing: Tensor

    def __init__(
        self,
        latent: int,
        window: int,
        *,
        critics: str,
        increments: bool,
        hidden: int,
        layers: int,
        cell: str,
        context: int = 0,
        exogenous: int = 0,
        per_step_normalization: bool = False,
        whitening: float = 0.0,
        variable_length: bool = False,
    ) -> None:
        super().__init__()
        self.increments, self.per_step_normalization, self.variable_length = (
            increments,
            per_step_normalization,
            variable_length,
        )
        self.whitening = whitening
        paths = latent + exogenous
        views = (2 * paths if increments else paths) + context + variable_length
        build: dict[str, Callable[[], nn.Module]] = {
            "recurrent": lambda: Recurrent(
                views, 1, hidden=hidden, layers=layers, cell=cell, squash=False
            ),
            "conv": lambda: ConvCritic(views, hidden=hidden),
            "dense": lambda: DenseCritic(views, window, hidden=hidden),
        }
        self.critics = nn.ModuleList(
            build[choose("model.critics", name, build)]() for name in critics.split("+")
        )
        self.register_buffer("sigma", torch.ones(paths))
        if per_step_normalization:
            self.register_buffer("centre", torch.zeros(window, paths))
            self.register_buffer("spread", torch.ones(window, paths))
            self.register_buffer("seen", torch.zeros(window, 1))
        if whitening:
            self.register_buffer("correlation", torch.zeros(paths, paths))
            self.register_buffer("mixing", torch.eye(paths))

    @torch.no_grad()
    def follow(self, paths: Tensor, mask: Tensor | None = None) -> None:
        """Count more real paths (B, T, H + U): each step's mean and deviation, correlations."""
        if not self.per_step_normalization:
            return
        mask = torch.ones_like(paths[..., :1]) if mask is None else mask
        centre, spread = masked_moments(paths, mask)
        # Pooled, and not a mean of deviations: a step that few sequences reach has few in a batch.
        count, move = mask.sum(0), centre - self.centre
        total = (self.seen + count).clamp_min(1)
        known = self.spread.square() * self.seen + spread.square() * count
        self.spread.copy_(((known + move.square() * self.seen * count / total) / total).sqrt())
        self.centre += move * count / total
        self.seen += count
        if self.whitening:
            z = ((paths - centre) / spread).where(mask > 0, 0).flatten(0, 1)
            now = (z.T @ z / mask.sum()).to(self.correlation)  # autocast halves products
            self.correlation.lerp_(now, mask.sum() / self.seen.sum())

    @torch.no_grad()
    def calibrate(self, sigma: Tensor) -> None:
        """Set the scale of increments, (H + U,); settle that of each step, and the whitening."""
        self.sigma.copy_(sigma)
        if self.per_step_normalization and self.seen.any():
            share = self.seen / self.seen.sum()
            away = self.centre - (share * self.centre).sum(0)
            whole = (share * (self.spread.square() + away.square())).sum(0).sqrt()
            # A step that is always the same has nothing to show.
            self.spread.copy_(self.spread.maximum(0.01 * whole.clamp_min(1e-4)))
        if self.whitening and self.correlation.any():
            self.mixing.copy_(whitener(self.correlation, self.whitening))

    def view(self, h: Tensor, conditions: Conditions = Conditions()) -> Tensor:  # noqa: B008
        """What the critics look at: latents and what goes with them, (B, T, H) -> (B, T, V)."""
        paths, mask = conditions.paths(h), conditions.mask
        levels = (paths - self.centre) / self.spread if self.per_step_normalization else paths
        if self.whitening:
            levels = levels @ self.mixing
        view = conditions.around(levels)
        if self.increments:
            view = torch.cat([view, increments(paths) / self.sigma], dim=-1)
        if not self.variable_length:
            return view
        mask = torch.ones_like(h[..., :1]) if mask is None else mask
        return torch.cat([view.where(mask > 0, 0), mask], dim=-1)

    def mask(self, view: Tensor) -> Tensor | None:
        """The mask of a view, (B, T, 1); None where all sequences fill their windows."""
        return view[..., -1:].detach() if self.variable_length else None

    def forward(self, view: Tensor, parts: int = 1, *, twice: bool = False) -> list[Tensor]:
        """Each critic's logits, (B, 1) or a logit a step, zero in the padding.

        Args:
            view: what to look at, (B, T, V); several batches of one size may lie one after another.
            parts: how many batches these are: real and synthetic windows are never mixed where a
                critic looks at the variety of a batch.
            twice: gradients will be differentiated again.
        """
        mask = self.mask(view)
        logits: list[Tensor] = []
        for critic in self.critics:
            with differentiable(critic, twice):
                y = critic(view, parts, mask) if isinstance(critic, ConvCritic) else critic(view)
            logits.append(y if mask is None or y.dim() < 3 else y * mask)
        return logits


def differentiable(critic: nn.Module, twice: bool) -> AbstractContextManager[None]:
    """Recurrent networks by operations that can be differentiated twice: cuDNN's cannot."""
    if not (twice and isinstance(critic, Recurrent)):
        return nullcontext()
    cudnn = torch.backends.cudnn
    return cudnn.flags(enabled=False, deterministic=cudnn.deterministic)


def whitener(moments: Tensor, power: float) -> Tensor:
    """The symmetric matrix that takes correlations off by a power: C^-power, (P, P).

    Args:
        moments: second moments of channels, (P, P), of which C are the correlations.
        power: .5 leaves the channels uncorrelated, 0 as they are.
    """
    deviation = moments.diagonal().clamp_min(1e-6).sqrt()
    correlation = (moments / deviation / deviation[:, None]).fill_diagonal_(1)
    variances, axes = torch.linalg.eigh(correlation.double())
    scales = variances.clamp_min(FINEST**2) ** -power
    whole: Tensor = axes * scales @ axes.T
    return whole.to(moments)


def convolved(lengths: Tensor, layer: nn.Conv1d) -> Tensor:
    """How long sequences of these lengths are behind a convolution."""
    size, stride, padding = layer.kernel_size[0], layer.stride[0], int(layer.padding[0])
    return (lengths + 2 * padding - size).div(stride, rounding_mode="floor") + 1


def masked_mean(maps: Tensor, lengths: Tensor | None) -> Tensor:
    """Means over the steps of (B, F, T) that count; the others are zero."""
    return maps.mean(-1) if lengths is None else maps.sum(-1) / lengths


def masked_max(maps: Tensor, lengths: Tensor | None) -> Tensor:
    """The largest of the steps of (B, F, T) that count."""
    if lengths is None:
        return maps.amax(-1)
    beyond = torch.arange(maps.shape[-1], device=maps.device) >= lengths
    return maps.masked_fill(beyond[:, None], -torch.inf).amax(-1)


def batch_deviation(features: Tensor, group: int) -> Tensor:
    """How much each group of windows varies (B, F) -> (B, 1) (Karras et al. 2018).

    Groups are consecutive windows, so that they span neither two processes nor real and synthetic.
    """
    grouped = features.view(-1, group, features.shape[-1])
    deviation = (variance(grouped, 1) + 1e-8).sqrt().mean(-1, keepdim=True)
    return deviation.repeat_interleave(group, 0)


def increments(h: Tensor) -> Tensor:
    """First differences with a zero at the first step, so that the length stays."""
    return F.pad(h[:, 1:] - h[:, :-1], (0, 0, 1, 0))
