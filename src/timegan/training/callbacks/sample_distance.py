"""How far samples are from real windows, cheaply: what a run is watched by as it trains.

The sliced energy distance of a few hundred windows and their increments, along fixed directions and
with fixed noise, so that a change between two looks is one of the weights. It stands beside its
floor: the same distance for training windows in place of samples.
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
from timegan.sampling.windows import PART
from timegan.seeds import generator, rng
from timegan.variation import divisor, negligible

PROJECTIONS = 128


@dataclass(frozen=True)
class SampleDistance:
    """What was seen.

    Attributes:
        distance: of samples from real windows, 0 or more.
        diversity: mean distance between two samples, over that between two real windows.
    """

    distance: float
    diversity: float


class EnergyDistanceMonitor:
    """Real windows, turned into numbers once, that samples are held against.

    They are held-out windows; where nothing is held out, one half of the training windows, and the
    floor is the distance of the other half.

    Args:
        data: set up.
        count: samples in a look, and real windows, at most.
        seed: of the choice of windows, of the directions and of the noise.
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
        paths = view(train)
        self.centre, scale = paths.mean((0, 1)), paths.std((0, 1))
        # Channels have deviation 1, and so increments the rounding of such values.
        scale[torch.from_numpy(negligible(scale.numpy(), 1.0, np.float32))] = 0.0
        self.scale = torch.from_numpy(divisor(scale.numpy()))
        stream = generator(seed, "yardstick")
        self.directions = random_projections(paths.shape[1], paths.shape[2], PROJECTIONS, stream)
        self.real = self.project(real)
        self.count = len(train.x)
        self.floor = self.compare(self.project(train)).distance

    def look(self, net: Networks) -> SampleDistance:
        """Samples of the averaged weights beside the real windows; no random stream is touched."""
        noise = net.draw_noise(self.count, generator(self.seed, "yardstick", "noise"))
        z, z_static = (torch.split(n.to(net.sigma), PART) for n in noise)
        made = []
        for part in map(net.synthesise, z, z_static):
            here = part.map(lambda channels: channels.cpu())
            windows = Batch(here.x, here.lengths, here.context, here.exogenous)
            made.append(self.project(windows))
        return self.compare(torch.cat(made, dim=1))

    def project(self, windows: Batch) -> Tensor:
        """Windows (B, T, C) along the directions, (P, B)."""
        paths = (view(windows) - self.centre) / self.scale
        return (paths.flatten(1) @ self.directions).T.contiguous()

    def compare(self, values: Tensor) -> SampleDistance:
        """Projected samples (P, B) beside the projected real windows."""
        n, m = values.shape[1], self.real.shape[1]
        inside, real = spread(values), spread(self.real)
        both = spread(torch.cat([values, self.real], dim=1))
        # All pairs of the two together are those inside each and, twice, those across.
        across = ((n + m) ** 2 * both - n**2 * inside - m**2 * real) / (2 * n * m)
        distance = float((2 * across - inside - real).mean())
        return SampleDistance(distance, float(inside.mean() / real.mean().clamp_min(1e-12)))


def spread(values: Tensor) -> Tensor:
    """Mean |v_i - v_j| over all ordered pairs of a row, (P, n) -> (P,), in double precision."""
    n = values.shape[1]
    weights = 2.0 * (2 * torch.arange(n, dtype=torch.float64) - (n - 1)) / n**2
    return values.sort(dim=1).values.double() @ weights


def view(windows: Batch) -> Tensor:
    """Return what is compared of windows, (B, T, V): channels, increments, context, mask."""
    mask, paths = windows.mask, windows.conditions.with_exogenous(windows.x).float()
    steps = F.pad(paths.diff(dim=1), (0, 0, 1, 0))
    parts = [paths, steps] if mask is None else [paths * mask, steps * mask, mask]
    if windows.context is not None:
        parts.append(windows.context[:, None].expand(-1, paths.shape[1], -1))
    return torch.cat(parts, dim=-1)
