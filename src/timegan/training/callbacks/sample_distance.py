"""A cheap distance between samples and real windows, measured while a model trains.

It is the sliced energy distance of a few hundred windows and their increments. Projections and
noise are fixed, so that only the weights change from one measurement to the next. The baseline is
the distance of training windows in place of samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
MAX_FEW = 50
"""Training windows below which samples are compared with each of them, to see copies."""
COPY_SAMPLES = 256
"""Samples that are compared so."""


@dataclass(frozen=True)
class SampleDistance:
    """A measurement of samples.

    Attributes:
        distance: energy distance between samples and real windows, 0 or more.
        diversity: mean distance between two samples, relative to that of two real windows.
        nearness: median distance of samples to the nearest training window, relative to that of
            training windows to each other; None where there are many.
    """

    distance: float
    diversity: float
    nearness: float | None = None


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
        own = data.train.batch(np.arange(len(data.train))) if len(data.train) < MAX_FEW else None
        self.own = None if own is None else self.paths(own)

    def measure(self, net: Networks) -> SampleDistance:
        """Compare samples of the averaged weights with real windows; use no global randomness."""
        found = self.compare(
            torch.cat([self.project(batch) for batch in self.samples(net, self.count)], dim=1)
        )
        if self.own is None:
            return found
        made = torch.cat([self.paths(batch) for batch in self.samples(net, COPY_SAMPLES)])
        return replace(found, nearness=nearness(made, self.own))

    def samples(self, net: Networks, count: int) -> Iterator[Batch]:
        """Generate ``count`` windows from the noise of all measurements."""
        noise = net.draw_noise(count, generator(self.seed, "yardstick", "noise"))
        z, z_static = (torch.split(n.to(net.sigma), CHUNK_SIZE) for n in noise)
        for batch in map(net.synthesise, z, z_static):
            samples = batch.map(lambda channels: channels.cpu())
            yield Batch(samples.x, samples.lengths, samples.context, samples.exogenous)

    def project(self, windows: Batch) -> Tensor:
        """Project windows (B, T, C) to (P, B)."""
        return (self.standardize(windows).flatten(1) @ self.directions).T.contiguous()

    def paths(self, windows: Batch) -> Tensor:
        """Return the standardized values of windows (B, T, C) without increments, (B, T C)."""
        return self.standardize(windows)[..., : windows.x.shape[2]].flatten(1)

    def standardize(self, windows: Batch) -> Tensor:
        """Return what is compared of windows (B, T, C) in units of its deviation, (B, T, V)."""
        return (monitored_features(windows) - self.mean) / self.scale

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


def nearness(samples: Tensor, windows: Tensor) -> float | None:
    """Return how near samples (n, D) are to windows (m, D), relative to windows among themselves.

    It is the ratio of the median distances to the nearest window, and None where windows are equal
    or there is only one.

    >>> windows = torch.tensor([[0.0], [1.0], [2.0]])
    >>> nearness(windows + 0.25, windows), nearness(windows, windows[:1])
    (0.25, None)
    """
    apart = torch.cdist(windows, windows).fill_diagonal_(torch.inf).amin(dim=1).median()
    near = torch.cdist(samples, windows).amin(dim=1).median()
    return float(near / apart) if 0 < apart < torch.inf else None


def monitored_features(windows: Batch) -> Tensor:
    """Return what is compared: values, exogenous, increments, mask and context, (B, T, V)."""
    mask, paths = windows.mask, windows.conditions.with_exogenous(windows.x).float()
    steps = F.pad(paths.diff(dim=1), (0, 0, 1, 0))
    parts = [paths, steps] if mask is None else [paths * mask, steps * mask, mask]
    if windows.context is not None:
        parts.append(windows.context[:, None].expand(-1, paths.shape[1], -1))
    # The real windows are float32, whatever the precision of the model.
    return torch.cat(parts, dim=-1).float()
