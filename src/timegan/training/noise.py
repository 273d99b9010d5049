"""What a step draws anew: noise and directions, the same however many processes there are.

Shapes: B windows of this process, T steps, C features, H latent channels.
"""

from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor

from timegan.nn import losses
from timegan.nn.distributed import share, world
from timegan.nn.networks import Networks
from timegan.seeds import generator
from timegan.training.cuda_graphs import Feed


class Fresh(LightningModule):
    """The part of :class:`timegan.TimeGAN` that draws, on the host and through its feed."""

    net: Networks

    def __init__(self) -> None:
        super().__init__()
        self.weight: Any = self.hparams
        self.batch_idx = 0
        self.feed = Feed()

    def stream(self, *path: int | str) -> torch.Generator:
        """Random numbers that belong to this place in the run, the same in every process."""
        return generator(self.weight.seed, *path, self.current_epoch, self.batch_idx)

    def shape(self, local: Tensor) -> tuple[int, ...]:
        """The shape of the global batch of which ``local`` is this process's share."""
        return (len(local) * world()[1], *local.shape[1:])

    def noise(self, x: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        """Fresh z (B, T, Z) and static noise (B, G) for the windows ``x``."""

        def make() -> list[Tensor]:
            return list(map(share, self.net.noise(count, self.stream("noise", draw))))

        count = self.shape(x)[0]
        z, z_static = self.feed.tensors(make, x)
        return z, z_static

    def eps(self, h: Tensor) -> Tensor:
        """Fresh noise like the latents ``h``."""
        shape = self.shape(h)

        def make() -> list[Tensor]:
            return [share(torch.randn(shape, generator=self.stream("latent")))]

        return self.feed.tensors(make, h)[0]

    def directions(self, view: Tensor, draw: int) -> Tensor:
        """Fresh directions for the sliced energy distance."""
        steps, views, count = *view.shape[1:], self.weight.projections

        def make() -> list[Tensor]:
            return [losses.directions(steps, views, count, self.stream("directions", draw))]

        return self.feed.tensors(make, view)[0]

    def places(self, x: Tensor) -> Tensor:
        """The places of the windows ``x`` in the global batch, (B,)."""
        return share(torch.arange(self.shape(x)[0], device=x.device))
