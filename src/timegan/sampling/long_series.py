"""Series longer than a window, made of overlapping windows.

Running the networks on past T steps leaves what was trained: after 2,400 steps the levels of the
stock table spread 18 times as wide as in the data. A window, however, can begin anywhere in the
data. So a series is continued by a window that begins as the series ends.

Windows of a pool get the means and spreads of training windows at each step, see
:class:`timegan.sampling.step_calibration.StepCalibration`. The nearest of them continues a series,
see :class:`timegan.sampling.stitching.WindowStitcher`. Its noise is kept for the overlapping steps
and drawn afresh for the others, so that no window is repeated. The remaining difference fades out.

Dynamics beyond a window are not learned: levels are those of windows, without further drift. Only
a feature whose windows all rise or fall far, such as a person's age, continues to do so, possibly
beyond the range of the data.

A model with a context generates all windows of a series for the series' own context. Where lengths
differ, windows have their full length.
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
from timegan.sampling.step_calibration import StepCalibration
from timegan.sampling.stitching import WindowStitcher
from timegan.sampling.windows import CHUNK_SIZE, context_chunks, networks, sample_chunks
from timegan.seeds import generator

POOL_SIZE = 4096
"""Windows of the pool; a multiple of ``CHUNK_SIZE``."""

GROUP_SIZE = 16
"""Series that are continued together, a divisor of ``CHUNK_SIZE``. Groups are aligned to it and
filled up, so that a series does not depend on the others to the last bit."""

MAX_HELD_VALUES = 2**24
"""Values (64 MB) of a group in memory; larger groups are generated series by series, in blocks."""

BLOCK_STEPS = 4096
"""Approximate steps of such a block."""

Progress = Callable[[int], None]
"""A function that is called with the number of new steps of all series."""


@dataclass(frozen=True)
class SeriesChunk:
    """A chunk of series: their steps ``step`` to ``step + k``.

    Attributes:
        series: number of the first series.
        step: number of the first step.
        values: (n, k, C) float32, scaled; n is above 1 for whole series only.
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
    context: np.ndarray | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return series ``start`` to ``start + count``, scaled and of any length.

    The first T steps are those of :func:`timegan.sampling.windows.sample`, or of a window of full
    length where lengths differ. More steps only add to the end. Time runs as it does in the model.

    Args:
        model: a trained model.
        count: n, the number of series.
        steps: length of each series.
        seed: series i depends on the seed, on i and on its own context alone.
        start: number of the first series.
        context: channels (n, S) of the series; None: the model samples them.
        progress: called with the number of new steps.

    Returns:
        (n, steps, C), float32.

    Raises:
        InputError: fewer than one step, or no training sequence was as long as a window.
    """
    net = networks(model)
    series = np.empty((count, steps, net.features), np.float32)
    for chunk in continue_chunks(
        model, count, steps, seed=seed, start=start, context=context, progress=progress
    ):
        number, (n, k, _) = chunk.series - start, chunk.values.shape
        series[number : number + n, chunk.step : chunk.step + k] = chunk.values
    return series


def continue_chunks(
    model: Networks | HasNetworks,
    count: int,
    steps: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Iterator[SeriesChunk]:
    """Generate series in chunks of bounded size, ordered by series and then by time.

    See :func:`continue_series` for the arguments.

    Raises:
        InputError: fewer than one step, or no training sequence was as long as a window.
    """
    if steps < 1:
        raise InputError(f"steps={steps} is below 1. Set at least 1.")
    net = networks(model)
    on_progress = progress or (lambda steps: None)
    if net.context and context is None and count:
        context = np.concatenate(list(context_chunks(model, count, seed=seed, start=start)))
    if context is not None:
        context = with_full_length(net, context)
    pool = None
    first = start
    for chunk in sample_chunks(model, count, seed=seed, start=start, context=context):
        windows = chunk.x
        if steps <= net.window:
            on_progress(len(windows) * steps)
            yield SeriesChunk(first, 0, windows[:, :steps])
        else:
            pool = pool or WindowPool.draw(net, seed)
            for group, number in _groups(windows, first):
                rows = slice(number - start, number - start + len(group))
                own = None if context is None else context[rows]
                yield from _continue_group(net, pool, group, own, number, steps, seed, on_progress)
        first += len(windows)


def continue_windows(
    net: Networks,
    pool: WindowPool | None,
    windows: np.ndarray,
    context: np.ndarray | None,
    first: int,
    steps: int,
    seed: int,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return series (n, steps, C) that begin with windows (n, T, C) of one group.

    Args:
        net: the networks.
        pool: drawn for the same seed; None: no series is longer than a window.
        windows: scaled windows of series that belong to one aligned group of `GROUP_SIZE`.
        context: channels (n, S) of the series.
        first: number of the first series.
        steps: length of the series.
        seed: of the series.
        progress: called with the number of new steps.
    """
    on_progress = progress or (lambda steps: None)
    if steps <= net.window or pool is None:
        on_progress(len(windows) * steps)
        return windows[:, :steps]
    series = np.empty((len(windows), steps, windows.shape[2]), np.float32)
    for chunk in _continue_group(net, pool, windows, context, first, steps, seed, on_progress):
        number, (n, k, _) = chunk.series - first, chunk.values.shape
        series[number : number + n, chunk.step : chunk.step + k] = chunk.values
    return series


def boundary_positions(window: int, steps: int) -> np.ndarray:
    """Return the first step after each window boundary in a series of ``steps`` steps.

    >>> boundary_positions(24, 60)
    array([24, 40, 56])
    """
    return np.arange(window, steps, window - overlap(window))


def overlap(window: int) -> int:
    """Return the steps that two windows share: a third of a window, none of a single step."""
    return min(max(window // 3, 1), window - 1)


@dataclass(frozen=True)
class WindowPool:
    """A pool of windows that can continue a series, kept as noise.

    Attributes:
        stitcher: a stitcher that was fitted on these windows; None if windows are single steps.
        calibration: of the windows' levels and spreads at each step; None: unknown.
        keys: (N, 2 C + S) search keys of the windows, their weighted context included.
        z: (N, p, Z) noise of the overlapping steps.
        static: (N, G) static noise.
        context_weight: of context channels in the search keys.
    """

    stitcher: WindowStitcher | None
    calibration: StepCalibration | None
    keys: np.ndarray
    z: Tensor
    static: Tensor
    context_weight: float = 0.0

    @classmethod
    def draw(cls, net: Networks, seed: int) -> Self:
        """Draw ``POOL_SIZE`` windows that depend on the seed alone."""
        shared = overlap(net.window)
        if shared == 0:
            empty = torch.empty(0)
            return cls(None, None, np.empty(0), empty, empty)
        means, stds = (part.cpu().numpy() for part in (net.step_means, net.step_stds))
        calibration = None
        if stds.any():
            made = (windows for *_, windows in _pool_chunks(net, seed))
            calibration = StepCalibration.fit(made, means, stds)
        pasts, zs, static_noises, contexts = [], [], [], []

        def chunks() -> Iterator[np.ndarray]:
            for z, static, context, made in _pool_chunks(net, seed):
                windows = made if calibration is None else calibration(made)
                pasts.append(windows[:, :shared])
                zs.append(z[:, :shared])
                static_noises.append(static)
                contexts.extend([] if context is None else [context])
                yield windows

        stitcher = WindowStitcher.fit(chunks(), shared)
        keys = np.concatenate([stitcher.key(past) for past in pasts])
        weight = 0.0
        if contexts:
            # The context counts as much as all that is known of the steps.
            known = np.concatenate(contexts)
            weight = float(np.sqrt(keys.var(axis=0).sum() / max(known.var(axis=0).sum(), 1e-12)))
            keys = np.hstack([keys, weight * known])
        zs_static = torch.cat(zs), torch.cat(static_noises)
        return cls(stitcher, calibration, keys, *zs_static, weight)

    def next_steps(
        self,
        net: Networks,
        past: np.ndarray,
        z: Tensor,
        static: Tensor,
        context: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the next steps (n, T - p, C) of series that end with ``past`` (n, p, C).

        Args:
            net: the networks.
            past: the last p steps.
            z: (n, T, Z) fresh noise, used by the steps after the overlap.
            static: (n, G) fresh static noise, used if windows do not overlap.
            context: channels (n, S) of the series; None: the model has no context.
        """
        if self.stitcher is None:
            return generate_windows(net, z, static, context)
        target = self.stitcher.target_key(past)
        if context is not None:
            target = np.hstack([target, self.context_weight * context])
        distance = (self.keys**2).sum(axis=1) - 2 * target @ self.keys.T
        chosen = torch.from_numpy(distance.argmin(axis=1))
        z = torch.cat([self.z[chosen], z[:, self.stitcher.overlap :]], dim=1)
        windows = generate_windows(net, z, self.static[chosen], context)
        if self.calibration is not None:
            windows = self.calibration(windows)
        return self.stitcher.extend(past, windows)


def _pool_chunks(
    net: Networks, seed: int
) -> Iterator[tuple[Tensor, Tensor, np.ndarray | None, np.ndarray]]:
    """Yield noise, static noise, contexts and windows of a pool, chunk by chunk."""
    for first in range(0, POOL_SIZE, CHUNK_SIZE):
        z, static = net.draw_noise(CHUNK_SIZE, generator(seed, "pool", first))
        context = None
        if net.context:
            made = net.generate_contexts(static.to(net.sigma)).cpu().numpy()
            context = with_full_length(net, made)
        yield z, static, context, generate_windows(net, z, static, context)


def generate_windows(
    net: Networks, z: Tensor, static: Tensor, context: np.ndarray | None = None
) -> np.ndarray:
    """Generate scaled windows (n, T, C) from noise (n, T, Z), static noise and context (n, S)."""
    given = None if context is None else torch.from_numpy(context).to(net.sigma)
    made = net.synthesise(z.to(net.sigma), static.to(net.sigma), given)
    windows: np.ndarray = made.x.cpu().numpy()
    return windows


def with_full_length(
    net: Networks, context: np.ndarray, steps: np.ndarray | None = None
) -> np.ndarray:
    """Return context channels (n, S) with the length of a window, for series that go beyond it.

    Args:
        net: the networks.
        context: channels (n, S).
        steps: length of each series (n,); None: all are longer than a window.

    Raises:
        InputError: no training sequence had this length.
    """
    if not net.variable_length:
        return context
    longer = np.ones(len(context), bool) if steps is None else steps > net.window
    if not longer.any():
        return context
    code = float(net.length_thresholds[-1])
    if code == np.inf:
        raise InputError(
            f"steps: no training sequence has the {net.window} rows of a window, and long series "
            "are made of whole windows. Remove steps, or train with a smaller dataset.window."
        )
    full = context.copy()
    full[longer, -1] = np.maximum(full[longer, -1], code)
    return full


def _groups(windows: np.ndarray, first: int) -> Iterator[tuple[np.ndarray, int]]:
    """Split windows into aligned groups; yield each with the number of its first window."""
    position = 0
    while position < len(windows):
        size = GROUP_SIZE - (first + position) % GROUP_SIZE
        yield windows[position : position + size], first + position
        position += size


def _continue_group(
    net: Networks,
    pool: WindowPool,
    windows: np.ndarray,
    context: np.ndarray | None,
    first: int,
    steps: int,
    seed: int,
    on_progress: Progress,
) -> Iterator[SeriesChunk]:
    """Generate the series that begin with ``windows``, which belong to one group."""
    count, _, channels = windows.shape
    if count * steps * channels <= MAX_HELD_VALUES:
        blocks = list(_blocks(net, pool, windows, context, first, steps, seed, on_progress))
        yield SeriesChunk(first, 0, np.concatenate(blocks, axis=1)[:, :steps])
        return
    for i in range(count):
        step, held, size = 0, [], 0
        one = slice(i, i + 1)
        own = None if context is None else context[one]
        for block in _blocks(net, pool, windows[one], own, first + i, steps, seed, on_progress):
            held.append(block)
            size += block.shape[1]
            if size >= BLOCK_STEPS or step + size >= steps:
                values = np.concatenate(held, axis=1)[:, : steps - step]
                yield SeriesChunk(first + i, step, values)
                step, held, size = step + size, [], 0


def _blocks(
    net: Networks,
    pool: WindowPool,
    windows: np.ndarray,
    context: np.ndarray | None,
    first: int,
    steps: int,
    seed: int,
    on_progress: Progress,
) -> Iterator[np.ndarray]:
    """Yield the windows, and then block after block (n, k, C) until there are enough steps."""
    count, done, channels = windows.shape
    rows = slice(first % GROUP_SIZE, first % GROUP_SIZE + count)
    randoms = [generator(seed, "continued", first + i) for i in range(count)]
    shared = overlap(net.window)
    past = np.zeros((GROUP_SIZE, shared, channels), np.float32)
    z = torch.zeros(GROUP_SIZE, net.window, net.noise_width)
    static = torch.zeros(GROUP_SIZE, net.static_noise_width + net.context_noise_width)
    known = None
    if context is not None:
        known = np.zeros((GROUP_SIZE, net.context), np.float32)
        known[rows] = context
    on_progress(count * done)
    yield windows
    past[rows] = windows[:, done - shared :]
    while done < steps:
        noises = [net.draw_noise(1, random) for random in randoms]
        z[rows], static[rows] = (torch.cat(noise) for noise in zip(*noises, strict=True))
        future = pool.next_steps(net, past, z, static, known).astype(np.float32)
        past = np.concatenate([past, future], axis=1)[:, -shared:] if shared else past
        done += future.shape[1]
        on_progress(count * (min(done, steps) - done + future.shape[1]))
        yield future[rows]
