"""From noise to series: one seed a sequence, memory bounded however many are asked for."""

from collections.abc import Iterator

import numpy as np
import torch

from timegan.model import Networks
from timegan.module import TimeGAN
from timegan.seeds import generator

PART = 256
"""Windows that are made together. It is fixed, and parts are aligned to it and filled up: matrix
products of other sizes round differently, and sequence 17 should be the same to the last bit."""


def sample(model: TimeGAN | Networks, count: int, *, seed: int = 0, start: int = 0) -> np.ndarray:
    """Synthetic windows ``start`` to ``start + count``, scaled as the training data were.

    Args:
        model: a trained model.
        count: N, how many.
        seed: sequence i is a function of the seed and i alone.
        start: number of the first sequence.

    Returns:
        (N, T, C), float32.
    """
    parts = list(sample_parts(model, count, seed=seed, start=start))
    net = networks(model)
    return np.concatenate(parts) if parts else np.empty((0, net.window, net.features), np.float32)


def sample_parts(
    model: TimeGAN | Networks, count: int, *, seed: int = 0, start: int = 0
) -> Iterator[np.ndarray]:
    """The same windows, at most ``PART`` at a time."""
    net = networks(model)
    device = net.sigma.device
    for first in range(start - start % PART, start + count, PART):
        noises = [net.noise(1, generator(seed, "sequence", first + i)) for i in range(PART)]
        z, z_static = (torch.cat(n).to(device) for n in zip(*noises, strict=True))
        windows = net.synthesise(z, z_static).cpu().numpy()
        yield windows[max(start - first, 0) : start + count - first]


def networks(model: TimeGAN | Networks) -> Networks:
    """The networks of a model."""
    return model.net if isinstance(model, TimeGAN) else model
