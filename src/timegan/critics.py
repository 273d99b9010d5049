"""The discriminator and the critics that it is made of.

Shapes: B windows, T steps, H latent channels, V channels of what a critic looks at.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from timegan.networks import Recurrent, choose


class ConvCritic(nn.Module):
    """A pooled convolutional critic that also sees how varied its batch is, (B, T, V) -> (B, 1)."""

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

    def forward(self, view: Tensor, parts: int = 1) -> Tensor:
        maps = self.conv(view.transpose(1, 2))  # (B, 2 hidden, T / 4)
        pooled = torch.cat([maps.mean(-1), maps.amax(-1)], dim=-1)
        group = math.gcd(self.group, len(view) // parts)
        logit: Tensor = self.head(torch.cat([pooled, batch_deviation(pooled, group)], dim=-1))
        return logit


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
    """

    sigma: Tensor

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
    ) -> None:
        super().__init__()
        self.increments = increments
        views = 2 * latent if increments else latent
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
        self.register_buffer("sigma", torch.ones(latent))

    @torch.no_grad()
    def calibrate(self, sigma: Tensor) -> None:
        """Set the scale of increments, (H,)."""
        self.sigma.copy_(sigma)

    def view(self, h: Tensor) -> Tensor:
        """What the critics look at: (B, T, H) -> (B, T, V)."""
        return torch.cat([h, increments(h) / self.sigma], dim=-1) if self.increments else h

    def forward(self, view: Tensor, parts: int = 1) -> list[Tensor]:
        """Each critic's logits, (B, 1) or a logit a step.

        Args:
            view: what to look at, (B, T, V); several batches of one size may lie one after another.
            parts: how many batches these are: real and synthetic windows are never mixed where a
                critic looks at the variety of a batch.
        """
        return [
            critic(view, parts) if isinstance(critic, ConvCritic) else critic(view)
            for critic in self.critics
        ]


def batch_deviation(features: Tensor, group: int) -> Tensor:
    """How much each group of windows varies (B, F) -> (B, 1) (Karras et al. 2018).

    Groups are consecutive windows, so that they span neither two processes nor real and synthetic.
    """
    grouped = features.view(-1, group, features.shape[-1])
    deviation = (grouped.var(1, unbiased=False) + 1e-8).sqrt().mean(-1, keepdim=True)
    return deviation.repeat_interleave(group, 0)


def increments(h: Tensor) -> Tensor:
    """First differences with a zero at the first step, so that the length stays."""
    return F.pad(h[:, 1:] - h[:, :-1], (0, 0, 1, 0))
