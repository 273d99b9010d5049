"""Random tensors of a training step, the same for any number of processes.

Shapes: B windows of this process, T steps, C features, H latent channels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from timegan.nn.completion import Completer, draw_given
from timegan.nn.distributed import global_shape, local_shard
from timegan.nn.losses import random_projections
from timegan.nn.networks import Networks
from timegan.seeds import generator


@dataclass(frozen=True)
class NoiseSource:
    """Noise of one training step: a function of the seed, the epoch and the batch alone.

    It is drawn on the host for the global batch, of which every process takes its share.

    Args:
        seed: of the run.
        epoch: number of the epoch.
        batch_idx: number of the batch in its epoch.
    """

    seed: int
    epoch: int = 0
    batch_idx: int = 0

    def generator(self, *path: int | str) -> torch.Generator:
        """Return a generator for one purpose in this step."""
        return generator(self.seed, *path, self.epoch, self.batch_idx)

    def window_noise(self, net: Networks, x: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        """Return z (B, T, Z) and static noise (B, G) for windows ``x``."""
        z, z_static = net.draw_noise(global_shape(x)[0], self.generator("noise", draw))
        return local_shard(z).to(x), local_shard(z_static).to(x)

    def latent_noise(self, h: Tensor) -> Tensor:
        """Return standard normal noise of the shape of the latents ``h``."""
        noise = torch.randn(global_shape(h), generator=self.generator("latent"))
        return local_shard(noise).to(h)

    def completion(
        self, completer: Completer, x: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return a mask of given cells (B, T, D) and noise (2 B, T, 2 Z) for windows ``x``."""
        shape, generator = global_shape(x), self.generator("completion")
        given = local_shard(draw_given(shape, generator)).to(x)
        count, steps, _ = shape
        noises = [local_shard(completer.draw_noise(count, steps, generator)) for _ in range(2)]
        given = given if mask is None else given * mask
        return given, torch.cat(noises).to(x)

    def projections(self, inputs: Tensor, count: int, draw: int) -> Tensor:
        """Return random projections of critic inputs (B, T, V), see :func:`random_projections`."""
        _, steps, channels = inputs.shape
        generator = self.generator("directions", draw)
        return random_projections(steps, channels, count, generator).to(inputs)
