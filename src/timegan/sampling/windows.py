"""Windows from noise: a seed for each chunk, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from timegan.errors import InputError
from timegan.nn.networks import GeneratedBatch, HasNetworks, Networks
from timegan.seeds import generator

CHUNK_SIZE = 256
"""Windows that are generated together. Chunks are aligned to it and filled up: a chunk draws its
noise at once, and matrix products of other sizes round differently. So a sequence is the same in
every call, to the last bit."""


def sample(
    model: Networks | HasNetworks,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
) -> np.ndarray:
    """Return windows (N, T, C), float32; see :func:`sample_chunks` for the arguments."""
    chunks = sample_chunks(
        model, count, seed=seed, start=start, context=context, exogenous=exogenous
    )
    windows = [chunk.x for chunk in chunks]
    net = networks(model)
    return np.concatenate(windows or [np.empty((0, net.window, net.features), np.float32)])


def sample_chunks(
    model: Networks | HasNetworks,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
) -> Iterator[GeneratedBatch[np.ndarray]]:
    """Generate sequences ``start`` to ``start + count`` as channels, a chunk at a time.

    Args:
        model: a trained model.
        count: N, the number of sequences.
        seed: sequence i depends on the seed, on i and on its own conditions alone.
        start: number of the first sequence.
        context: channels (N, S) of the sequences; the model samples a row of NaN.
        exogenous: covariates of every step (N, T, U), in channels; the model samples a sequence
            of NaN. A model with a context needs the context too.

    Raises:
        InputError: conditions do not fit the model or the count, or are partly NaN.
    """
    net = networks(model)
    check_conditions(net, count, context, exogenous)
    for first in range(start - start % CHUNK_SIZE, start + count, CHUNK_SIZE):
        z, z_static = draw_noise(net, seed, first)
        given = (_chunk_rows(channels, first - start) for channels in (context, exogenous))
        batch = net.synthesise(z, z_static, *(None if g is None else g.to(z) for g in given))
        rows = slice(max(start - first, 0), start + count - first)
        yield batch.map(partial(_to_numpy, rows))


def context_chunks(
    model: Networks | HasNetworks, count: int, *, seed: int = 0, start: int = 0
) -> Iterator[np.ndarray]:
    """Generate only the context channels (n, S) of the sequences of :func:`sample_chunks`."""
    net = networks(model)
    for first in range(start - start % CHUNK_SIZE, start + count, CHUNK_SIZE):
        context = net.generate_contexts(draw_noise(net, seed, first)[1])
        yield _to_numpy(slice(max(start - first, 0), start + count - first), context)


def draw_noise(net: Networks, seed: int, first: int) -> tuple[Tensor, Tensor]:
    """Return the noise of the chunk whose first sequence has the number ``first``."""
    z, z_static = net.draw_noise(CHUNK_SIZE, generator(seed, "sequence", first))
    return z.to(net.sigma), z_static.to(net.sigma)


def concatenate(chunks: Sequence[GeneratedBatch[np.ndarray]]) -> GeneratedBatch[np.ndarray]:
    """Concatenate one or more chunks."""
    others = (
        [getattr(chunk, name) for chunk in chunks] for name in ("lengths", "context", "exogenous")
    )
    return GeneratedBatch(
        np.concatenate([chunk.x for chunk in chunks]),
        *(None if values[0] is None else np.concatenate(values) for values in others),
    )


def _chunk_rows(channels: np.ndarray | None, first: int) -> Tensor | None:
    """Return rows ``first`` to ``first + CHUNK_SIZE`` of conditions; rows outside are NaN."""
    if channels is None:
        return None
    chunk = np.full((CHUNK_SIZE, *channels.shape[1:]), np.nan, dtype=np.float32)
    rows = channels[max(first, 0) : max(first + CHUNK_SIZE, 0)]
    chunk[max(-first, 0) :][: len(rows)] = rows
    return torch.from_numpy(chunk)


def _to_numpy(rows: slice, values: Tensor) -> np.ndarray:
    """Return rows of a tensor as an array."""
    half = values.dtype in (torch.bfloat16, torch.float16)  # NumPy lacks bfloat16
    return np.asarray((values.float() if half else values)[rows].cpu().numpy())


def check_conditions(
    net: Networks, count: int, context: np.ndarray | None, exogenous: np.ndarray | None
) -> None:
    """Raise an InputError if conditions do not fit the model or the number of sequences."""
    for name, channels, shape in (
        ("context", context, (count, net.context)),
        ("exogenous", exogenous, (count, net.window, net.exogenous)),
    ):
        if channels is None:
            continue
        if channels.shape != shape or not shape[-1]:
            raise InputError(
                f"{name} has shape {channels.shape}, but this model takes {shape[-1]} channels, "
                f"and count={count}. Give an array of shape {shape}."
            )
        missing = np.isnan(channels)
        axes = tuple(range(1, missing.ndim))
        partly = missing.any(axes) & ~missing.all(axes)
        if partly.any():
            raise InputError(
                f"{name} of sequence {partly.argmax()} is NaN in some channels only. Give all of "
                "its channels, or NaN in all of them to have the model sample them."
            )
    if net.context and exogenous is not None:
        alone = ~np.isnan(exogenous).any((1, 2))
        if context is not None:
            alone &= np.isnan(context).any(1)
        if alone.any():
            raise InputError(
                f"exogenous is given for sequence {alone.argmax()} without its context, but the "
                "model learned both together. Give the context too."
            )


def networks(model: Networks | HasNetworks) -> Networks:
    """Return the networks of a model."""
    return model if isinstance(model, Networks) else model.net
