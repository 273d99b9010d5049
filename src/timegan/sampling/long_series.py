"""Series longer than a window: windows that overlap, each chosen and bent to fit the one before.

Running the networks on past T steps leaves what was trained: after 2,400 steps the levels of the
stock table spread 18 times as wide as in the data. A window, on the other hand, can begin anywhere
in the data, so a series is continued by a window that begins as the series ends. Of a pool of the
model's own windows the nearest is taken (:class:`timegan.sampling.stitching.Joint` says what near
means); its noise is kept for the steps that overlap and drawn afresh for those to come, so that no
window comes twice; and what is left of the difference fades out.

What is longer than a window is not learned: the series has the levels that windows have, and no
drift beyond them. Only a feature whose windows all rise or fall far, like a person's age, goes on
to do so, if need be out of the range of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from timegan.errors import InputError
from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.stitching import Joint
from timegan.sampling.windows import PART, networks, sample_parts
from timegan.seeds import generator

POOL = 4096
"""Windows to choose from; a multiple of ``PART``."""

TOGETHER = 16
"""Series that are continued together, a divisor of ``PART``; like it fixed, aligned and filled
up, so that a series is the same in any company to the last bit."""

HELD = 2**24
"""Values (64 MB) that are held; where 16 series have more they are made one by one, in pieces."""

PIECE = 4096
"""Steps of such a piece, about."""

Progress = Callable[[int], None]
"""Told how many steps were made since it was last told, all series together."""


@dataclass(frozen=True)
class Part:
    """A piece of what was asked for: steps ``step`` to ``step + k`` of some series.

    Args:
        series: number of the first one.
        step: number of the first step.
        values: (n, k, C) float32, scaled; n is above 1 only where the series are whole.
    """

    series: int
    step: int
    values: np.ndarray


def continue_series(
    model: Networks | HasNetworks,
    count: int,
    steps: int,
    *,
    seed: int = 0,
    start: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Synthetic series ``start`` to ``start + count``, scaled, as long as you like.

    The first T steps are those of :func:`timegan.sampling.windows.sample`, and more steps only add
    to the end. Time runs as it does in the model.

    Args:
        model: a trained model.
        count: n, how many.
        steps: length of each.
        seed: series i is a function of the seed and i alone.
        start: number of the first series.
        progress: told how many steps were made since last time.

    Returns:
        (n, steps, C), float32.

    Raises:
        InputError: fewer than one step.
    """
    net = networks(model)
    whole = np.empty((count, steps, net.features), np.float32)
    for part in continue_parts(model, count, steps, seed=seed, start=start, progress=progress):
        number, (n, k, _) = part.series - start, part.values.shape
        whole[number : number + n, part.step : part.step + k] = part.values
    return whole


def continue_parts(
    model: Networks | HasNetworks,
    count: int,
    steps: int,
    *,
    seed: int = 0,
    start: int = 0,
    progress: Progress | None = None,
) -> Iterator[Part]:
    """The same in parts of bounded size: series by series, and within a series in time.

    Raises:
        InputError: fewer than one step.
    """
    if steps < 1:
        raise InputError(f"steps={steps}: a series has at least one step.")
    net = networks(model)
    tell = progress or (lambda made: None)
    pool = None
    first = start
    for part in sample_parts(model, count, seed=seed, start=start):
        windows = part.x
        if steps <= net.window:
            tell(len(windows) * steps)
            yield Part(first, 0, windows[:, :steps])
        else:
            pool = pool or Pool.draw(net, seed)
            for group, number in _groups(windows, first):
                yield from _continued(net, pool, group, number, steps, seed, tell)
        first += len(windows)


def seam_positions(window: int, steps: int) -> np.ndarray:
    """The first steps after a seam in a series of ``steps`` from a model of windows (T).

    >>> seam_positions(24, 60)
    array([24, 40, 56])
    """
    return np.arange(window, steps, window - overlap(window))


def overlap(window: int) -> int:
    """Steps that a window shares with the one before: a third, and none of a single step."""
    return min(max(window // 3, 1), window - 1)


@dataclass(frozen=True)
class Pool:
    """Windows of the model to choose from, as noise, and what they tell of joining.

    Args:
        joint: fitted on these windows; None where windows are single steps.
        keys: (N, C) what each is to be found by.
        z: (N, p, Z) noise of the steps that overlap.
        static: (N, G) static noise.
    """

    joint: Joint | None
    keys: np.ndarray
    z: Tensor
    static: Tensor

    @classmethod
    def draw(cls, net: Networks, seed: int) -> Self:
        """``POOL`` windows that depend on the seed alone."""
        shared = overlap(net.window)
        pasts, zs, statics = [], [], []

        def parts() -> Iterator[np.ndarray]:
            for first in range(0, POOL, PART):
                z, static = net.draw_noise(PART, generator(seed, "pool", first))
                windows = scaled_windows(net, z, static)
                pasts.append(windows[:, :shared])
                zs.append(z[:, :shared])
                statics.append(static)
                yield windows

        if shared == 0:
            nothing = torch.empty(0)
            return cls(None, np.empty(0), nothing, nothing)
        joint = Joint.fit(parts(), shared)
        keys = np.concatenate([joint.key(past) for past in pasts])
        return cls(joint, keys, torch.cat(zs), torch.cat(statics))

    def follow(self, net: Networks, past: np.ndarray, z: Tensor, static: Tensor) -> np.ndarray:
        """The next steps (n, T - p, C) of series whose last ones are ``past`` (n, p, C).

        Args:
            net: the networks.
            past: the last steps.
            z: (n, T, Z) fresh noise, of which the steps to come use theirs.
            static: (n, G) fresh static noise, where windows do not overlap.
        """
        if self.joint is None:
            return scaled_windows(net, z, static)
        wanted = self.joint.wanted(past)
        distance = (self.keys**2).sum(axis=1) - 2 * wanted @ self.keys.T
        chosen = torch.from_numpy(distance.argmin(axis=1))
        z = torch.cat([self.z[chosen], z[:, self.joint.overlap :]], dim=1)
        return self.joint.follow(past, scaled_windows(net, z, self.static[chosen]))


def scaled_windows(net: Networks, z: Tensor, static: Tensor) -> np.ndarray:
    """The one place where noise (n, T, Z), (n, G) becomes scaled windows (n, T, C)."""
    windows: np.ndarray = net.synthesise(z.to(net.sigma), static.to(net.sigma)).x.cpu().numpy()
    return windows


def _groups(windows: np.ndarray, first: int) -> Iterator[tuple[np.ndarray, int]]:
    """Windows by the aligned groups that their numbers fall into, with the first number."""
    at = 0
    while at < len(windows):
        size = TOGETHER - (first + at) % TOGETHER
        yield windows[at : at + size], first + at
        at += size


def _continued(
    net: Networks,
    pool: Pool,
    windows: np.ndarray,
    first: int,
    steps: int,
    seed: int,
    tell: Progress,
) -> Iterator[Part]:
    """The series that begin with ``windows``, which belong to one group."""
    count, _, channels = windows.shape
    if count * steps * channels <= HELD:
        pieces = list(_pieces(net, pool, windows, first, steps, seed, tell))
        yield Part(first, 0, np.concatenate(pieces, axis=1)[:, :steps])
        return
    for i in range(count):
        step, held, size = 0, [], 0
        for piece in _pieces(net, pool, windows[i : i + 1], first + i, steps, seed, tell):
            held.append(piece)
            size += piece.shape[1]
            if size >= PIECE or step + size >= steps:
                values = np.concatenate(held, axis=1)[:, : steps - step]
                yield Part(first + i, step, values)
                step, held, size = step + size, [], 0


def _pieces(
    net: Networks,
    pool: Pool,
    windows: np.ndarray,
    first: int,
    steps: int,
    seed: int,
    tell: Progress,
) -> Iterator[np.ndarray]:
    """(n, k, C) after (n, k, C): the windows, then what follows, until there are enough steps."""
    count, made, channels = windows.shape
    places = slice(first % TOGETHER, first % TOGETHER + count)
    randoms = [generator(seed, "continued", first + i) for i in range(count)]
    shared = overlap(net.window)
    past = np.zeros((TOGETHER, shared, channels), np.float32)
    z = torch.zeros(TOGETHER, net.window, net.noise_width)
    static = torch.zeros(TOGETHER, net.static_noise_width)
    tell(count * made)
    yield windows
    past[places] = windows[:, made - shared :]
    while made < steps:
        noises = [net.draw_noise(1, random) for random in randoms]
        z[places], static[places] = (torch.cat(noise) for noise in zip(*noises, strict=True))
        future = pool.follow(net, past, z, static).astype(np.float32)
        past = np.concatenate([past, future], axis=1)[:, -shared:] if shared else past
        made += future.shape[1]
        tell(count * (min(made, steps) - made + future.shape[1]))
        yield future[places]
