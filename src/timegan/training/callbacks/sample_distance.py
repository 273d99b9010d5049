"""A cheap distance between samples and real windows, measured while a model trains.

It is the sliced energy distance of a few hundred windows and their increments. Projections and
noise are fixed, so that only the weights change from one measurement to the next. The baseline is
the distance of training windows in place of samples.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from timegan.data.datamodule import WindowDataModule
from timegan.nn.batch import Batch
from timegan.nn.losses import random_projections
from timegan.nn.networks import Networks
from timegan.sampling.windows import CHUNK_SIZE
from timegan.seeds import generator, rng
from timegan.variation import divisor, negligible

PROJECTIONS = 128


@dataclass(frozen=True)
class SampleDistance:
    """A measurement of samples.

    Attributes:
        distance: energy distance between samples and real windows, 0 or more.
        diversity: mean distance between two samples, relative to that of two real windows.
    """

    distance: float
    diversity: float


class EnergyDistanceMonitor:
    """Projected real windows, with which samples are compared.

    The windows are held out. If none are, they are one half of the training windows, and the
    baseline is the distance of the other half.

    Args:
        data: a data module that has been set up.
        count: samples of a measurement, and real windows, at most.
        seed: of the selected windows, the projections and the noise.
    """

    def __init__(self, data: WindowDataModule, count: int = 2_048, seed: int = 0) -> None:
        self.seed = seed
        if data.validation is None:
            chosen = rng(seed, "halves").permutation(
                data.window_subset(data.train, 2 * count, seed)
            )
            half = max(1, len(chosen) // 2)
            real, train = data.train.batch(chosen[:half]), data.train.batch(chosen[-half:])
        else:
            real = data.validation.batch(data.window_subset(data.validation, count, seed))
            train = data.train.batch(data.window_subset(data.train, count, seed))
        features = monitored_features(train)
        self.mean, scale = features.mean((0, 1)), features.std((0, 1))
        # Channels have a deviation of 1, and so increments the rounding of such values.
        scale[torch.from_numpy(negligible(scale.numpy(), 1.0, np.float32))] = 0.0
        self.scale = torch.from_numpy(divisor(scale.numpy()))
        stream = generator(seed, "yardstick")
        self.directions = random_projections(
            features.shape[1], features.shape[2], PROJECTIONS, stream
        )
        self.real = self.project(real)
        self.count = len(train.x)
        self.baseline = self.compare(self.project(train)).distance

    def measure(self, net: Networks) -> SampleDistance:
        """Compare samples of the averaged weights with real windows; use no global randomness."""
        noise = net.draw_noise(self.count, generator(self.seed, "yardstick", "noise"))
        z, z_static = (torch.split(n.to(net.sigma), CHUNK_SIZE) for n in noise)
        projected = []
        for batch in map(net.synthesise, z, z_static):
            samples = batch.map(lambda channels: channels.cpu())
            windows = Batch(samples.x, samples.lengths, samples.context, samples.exogenous)
            projected.append(self.project(windows))
        return self.compare(torch.cat(projected, dim=1))

    def project(self, windows: Batch) -> Tensor:
        """Project windows (B, T, C) to (P, B)."""
        features = (monitored_features(windows) - self.mean) / self.scale
        return (features.flatten(1) @ self.directions).T.contiguous()

    def compare(self, values: Tensor) -> SampleDistance:
        """Compare projected samples (P, B) with the projected real windows."""
        n, m = values.shape[1], self.real.shape[1]
        within, real = mean_pairwise_distance(values), mean_pairwise_distance(self.real)
        pooled = mean_pairwise_distance(torch.cat([values, self.real], dim=1))
        # Pairs of the pooled values are those within each set and, twice, those between the two.
        between = ((n + m) ** 2 * pooled - n**2 * within - m**2 * real) / (2 * n * m)
        distance = float((2 * between - within - real).mean())
        return SampleDistance(distance, float(within.mean() / real.mean().clamp_min(1e-12)))


def mean_pairwise_distance(values: Tensor) -> Tensor:
    """Return the mean |v_i - v_j| over ordered pairs of each row, (P, n) to (P,), in float64."""
    n = values.shape[1]
    weights = 2.0 * (2 * torch.arange(n, dtype=torch.float64) - (n - 1)) / n**2
    return values.sort(dim=1).values.double() @ weights


def monitored_features(windows: Batch) -> Tensor:
    """Return what is compared: values, exogenous, increments, mask and context, (B, T, V)."""
    mask, paths = windows.mask, windows.conditions.with_exogenous(windows.x).float()
    steps = F.pad(paths.diff(dim=1), (0, 0, 1, 0))
    parts = [paths, steps] if mask is None else [paths * mask, steps * mask, mask]
    if windows.context is not None:
        parts.append(windows.context[:, None].expand(-1, paths.shape[1], -1))
    # The real windows are float32, whatever the precision of the model.
    return torch.cat(parts, dim=-1).float()
