"""The discriminator and its critics.

Shapes: B windows, T steps, H latent channels, S context channels, U exogenous channels, V channels
of a critic's input. With sequences of different lengths the last of the V is the mask: 1 at the
steps of a sequence, 0 in its padding, where all other channels are zero.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from timegan.errors import choose
from timegan.nn.batch import Conditions
from timegan.nn.kernels.conv import pooled_conv
from timegan.nn.kernels.tensors import is_supported
from timegan.nn.layers import RecurrentNet
from timegan.nn.masking import masked_moments, variance

MIN_COMPONENT_STD = 0.003
"""Standard deviation of a principal component, of channels with 1, that whitening stops at."""


class ConvCritic(nn.Module):
    """A pooled convolutional critic that also sees the variety of its batch, (B, T, V) -> (B, 1).

    Padding changes neither the maps nor the pooled features of a sequence. With
    ``backend="native"`` one call of a compiled kernel computes these, if there is no padding.
    """

    backend: str = "torch"

    def __init__(self, channels: int, *, hidden: int, group: int = 16) -> None:
        super().__init__()
        self.group = group
        self.conv = nn.Sequential(
            nn.Conv1d(channels, hidden, 4, stride=2, padding=2),
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
        if self.backend == "native" and mask is None and self.supports_native(view):
            layers = [layer for layer in self.conv if isinstance(layer, nn.Conv1d)]
            pooled = pooled_conv(view, layers)
        else:
            pooled = self.pooled(view, mask)
        group = math.gcd(self.group, len(view) // parts)
        logit: Tensor = self.head(torch.cat([pooled, minibatch_std(pooled, group)], dim=-1))
        return logit

    def supports_native(self, view: Tensor) -> bool:
        """Return true if the kernel can compute this; torch explains wrong inputs better."""
        weights = list(self.conv.parameters())
        return is_supported(view, *weights) and view.shape[2] == weights[0].shape[1]

    def pooled(self, view: Tensor, mask: Tensor | None) -> Tensor:
        """Return means and maxima over the steps of the last layer's maps, (B, 4 hidden)."""
        maps = view.transpose(1, 2)
        lengths = None if mask is None else mask.sum(1).long()  # (B, 1)
        for layer in self.conv:
            maps = layer(maps)
            if lengths is not None and isinstance(layer, nn.Conv1d):
                lengths = conv_output_lengths(lengths, layer)
                maps = maps * (torch.arange(maps.shape[-1], device=maps.device) < lengths)[:, None]
        return torch.cat([mean_over_steps(maps, lengths), max_over_steps(maps, lengths)], dim=-1)


class DenseCritic(nn.Module):
    """A critic with separate weights for every step, (B, T, V) -> (B, 1)."""

    def __init__(self, channels: int, window: int, *, hidden: int) -> None:
        super().__init__()
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(window * channels, 4 * hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * hidden, 4 * hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * hidden, 1),
        )

    def forward(self, view: Tensor) -> Tensor:
        logit: Tensor = self.head(view)
        return logit


class Discriminator(nn.Module):
    """A discriminator of one critic, or of several without shared weights.

    Args:
        critics: names joined by ``+`` out of ``recurrent``, ``conv`` and ``dense``.
        increments: critics see first differences beside the latents, in units of their scale.
        per_step_normalization: critics see the latents of each step standardized by that step's
            mean and standard deviation. Windows that begin alike differ little in their first
            steps, and those small differences tell them apart.
        whitening: power of the correlations of latents that is removed from the critics' inputs,
            0 to 0.5, with ``per_step_normalization`` only. At 0.5 all directions count alike, even
            rounding errors. Below it, small differences of nearly collinear columns count for more
            than in the latents, and for less than other directions.
        context: S.
        exogenous: U. Critics see exogenous channels as they see latents.
        variable_length: sequences have different lengths.
    """

    sigma: Tensor
    step_mean: Tensor
    step_std: Tensor
    step_count: Tensor
    correlation: Tensor
    whitening_matrix: Tensor

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
        channels = (2 * paths if increments else paths) + context + variable_length
        build: dict[str, Callable[[], nn.Module]] = {
            "recurrent": lambda: RecurrentNet(
                channels, 1, hidden=hidden, layers=layers, cell=cell, squash=False
            ),
            "conv": lambda: ConvCritic(channels, hidden=hidden),
            "dense": lambda: DenseCritic(channels, window, hidden=hidden),
        }
        self.critics = nn.ModuleList(
            build[choose("model.critics", name, build)]() for name in critics.split("+")
        )
        self.register_buffer("sigma", torch.ones(paths))
        if per_step_normalization:
            self.register_buffer("step_mean", torch.zeros(window, paths))
            self.register_buffer("step_std", torch.ones(window, paths))
            self.register_buffer("step_count", torch.zeros(window, 1))
        if whitening:
            self.register_buffer("correlation", torch.zeros(paths, paths))
            self.register_buffer("whitening_matrix", torch.eye(paths))

    @torch.no_grad()
    def update_statistics(self, paths: Tensor, mask: Tensor | None = None) -> None:
        """Add real paths (B, T, H + U) to the statistics of steps and to the correlations."""
        if not self.per_step_normalization:
            return
        mask = torch.ones_like(paths[..., :1]) if mask is None else mask
        mean, std = masked_moments(paths, mask)
        # Variances are pooled over batches, as few sequences of a batch may reach a late step.
        count, shift = mask.sum(0), mean - self.step_mean
        total = (self.step_count + count).clamp_min(1)
        within = self.step_std.square() * self.step_count + std.square() * count
        between = shift.square() * self.step_count * count / total
        self.step_std.copy_(((within + between) / total).sqrt())
        self.step_mean += shift * count / total
        self.step_count += count
        if self.whitening:
            z = ((paths - mean) / std).where(mask > 0, 0).flatten(0, 1)
            now = (z.T @ z / mask.sum()).to(self.correlation)  # products may be in half precision
            self.correlation.lerp_(now, mask.sum() / self.step_count.sum())

    @torch.no_grad()
    def initialize_scales(self, sigma: Tensor) -> None:
        """Set the scale of increments (H + U,), the smallest one of steps, and the whitening."""
        self.sigma.copy_(sigma)
        if self.per_step_normalization and self.step_count.any():
            share = self.step_count / self.step_count.sum()
            shift = self.step_mean - (share * self.step_mean).sum(0)
            total_std = (share * (self.step_std.square() + shift.square())).sum(0).sqrt()
            # A lower bound keeps a constant step from being blown up.
            self.step_std.copy_(self.step_std.maximum(0.01 * total_std.clamp_min(1e-4)))
        if self.whitening and self.correlation.any():
            self.whitening_matrix.copy_(partial_whitening(self.correlation, self.whitening))

    def critic_input(self, h: Tensor, conditions: Conditions = Conditions()) -> Tensor:  # noqa: B008
        """Return the critics' input: latents and their conditions, (B, T, H) -> (B, T, V)."""
        paths, mask = conditions.with_exogenous(h), conditions.mask
        levels = paths
        if self.per_step_normalization:
            levels = (paths - self.step_mean) / self.step_std
        if self.whitening:
            levels = levels @ self.whitening_matrix
        view = conditions.with_context(levels)
        if self.increments:
            view = torch.cat([view, increments(paths) / self.sigma], dim=-1)
        if not self.variable_length:
            return view
        mask = torch.ones_like(h[..., :1]) if mask is None else mask
        return torch.cat([view.where(mask > 0, 0), mask], dim=-1)

    def mask(self, view: Tensor) -> Tensor | None:
        """Return the mask of a critic's input, (B, T, 1); None without padding."""
        return view[..., -1:].detach() if self.variable_length else None

    def forward(
        self, view: Tensor, parts: int = 1, *, double_backward: bool = False
    ) -> list[Tensor]:
        """Return each critic's logits, (B, 1) or one a step, which is zero in the padding.

        Args:
            view: inputs (B, T, V), of one batch or of several of one size, one after another.
            parts: number of these batches. Where a critic sees the variety of a batch, real and
                synthetic windows are not mixed.
            double_backward: gradients will be differentiated again.
        """
        mask = self.mask(view)
        logits: list[Tensor] = []
        for critic in self.critics:
            with differentiable_twice(critic, double_backward):
                y = critic(view, parts, mask) if isinstance(critic, ConvCritic) else critic(view)
            logits.append(y if mask is None or y.dim() < 3 else y * mask)
        return logits


def differentiable_twice(critic: nn.Module, needed: bool) -> AbstractContextManager[None]:
    """Switch cuDNN off for a recurrent critic, as its gradients have no gradients."""
    if not (needed and isinstance(critic, RecurrentNet)):
        return nullcontext()
    cudnn = torch.backends.cudnn
    return cudnn.flags(enabled=False, deterministic=cudnn.deterministic)


def partial_whitening(moments: Tensor, power: float) -> Tensor:
    """Return the symmetric matrix C^-power that removes a power of correlations, (P, P).

    Args:
        moments: second moments of channels (P, P), whose correlations are C.
        power: 0.5 leaves the channels uncorrelated, 0 as they are.
    """
    std = moments.diagonal().clamp_min(1e-6).sqrt()
    correlation = (moments / std / std[:, None]).fill_diagonal_(1)
    variances, axes = torch.linalg.eigh(correlation.double())
    scales = variances.clamp_min(MIN_COMPONENT_STD**2) ** -power
    matrix: Tensor = axes * scales @ axes.T
    return matrix.to(moments)


def conv_output_lengths(lengths: Tensor, layer: nn.Conv1d) -> Tensor:
    """Return the lengths of sequences behind a convolution."""
    size, stride, padding = layer.kernel_size[0], layer.stride[0], int(layer.padding[0])
    return (lengths + 2 * padding - size).div(stride, rounding_mode="floor") + 1


def mean_over_steps(maps: Tensor, lengths: Tensor | None) -> Tensor:
    """Return means over the first ``lengths`` steps of (B, F, T); the others are zero."""
    return maps.mean(-1) if lengths is None else maps.sum(-1) / lengths


def max_over_steps(maps: Tensor, lengths: Tensor | None) -> Tensor:
    """Return maxima over the first ``lengths`` steps of (B, F, T)."""
    if lengths is None:
        return maps.amax(-1)
    beyond = torch.arange(maps.shape[-1], device=maps.device) >= lengths
    return maps.masked_fill(beyond[:, None], -torch.inf).amax(-1)


def minibatch_std(features: Tensor, group: int) -> Tensor:
    """Return the mean standard deviation of each group of windows, (B, F) -> (B, 1).

    The idea is Karras et al.'s (2018). Groups are consecutive windows, so that they never span two
    processes, nor real and synthetic windows.
    """
    grouped = features.view(-1, group, features.shape[-1])
    std = (variance(grouped, 1) + 1e-8).sqrt().mean(-1, keepdim=True)
    return std.repeat_interleave(group, 0)


def increments(h: Tensor) -> Tensor:
    """Return first differences, with a zero at the first step to keep the length."""
    return F.pad(h[:, 1:] - h[:, :-1], (0, 0, 1, 0))
