"""From noise to series: one seed a sequence, memory bounded however many are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from timegan.errors import InputError
from timegan.nn.networks import GeneratedBatch, HasNetworks, Networks
from timegan.seeds import generator

PART = 256
"""Windows that are made together. It is fixed, and parts are aligned to it and filled up: matrix
products of other sizes round differently, and sequence 17 should be the same to the last bit."""


def sample(
    model: Networks | HasNetworks,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
) -> np.ndarray:
    """The windows (N, T, C) alone, float32; the arguments are those of :func:`sample_parts`."""
    parts = sample_parts(model, count, seed=seed, start=start, context=context, exogenous=exogenous)
    windows = [part.x for part in parts]
    net = networks(model)
    return np.concatenate(windows or [np.empty((0, net.window, net.features), np.float32)])


def sample_parts(
    model: Networks | HasNetworks,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
) -> Iterator[GeneratedBatch[np.ndarray]]:
    """Sequences ``start`` to ``start + count``, in channels, at most ``PART`` at a time.

    Args:
        model: a trained model.
        count: N, how many.
        seed: sequence i is a function of the seed, of i and of what is given for it, alone.
        start: number of the first sequence.
        context: channels (N, S) that the sequences are to have; a row of NaN is left to the model.
        exogenous: channels of the exogenous columns (N, T, U); likewise a sequence of NaN. They
            need a context too, in a model that has one.

    Raises:
        InputError: the given channels do not fit the model or the count, or are known in part.
    """
    net = networks(model)
    check_given(net, count, context, exogenous)
    for first in range(start - start % PART, start + count, PART):
        noises = [net.draw_noise(1, generator(seed, "sequence", first + i)) for i in range(PART)]
        z, z_static = (torch.cat(n).to(net.sigma) for n in zip(*noises, strict=True))
        given = (part_of(channels, first - start) for channels in (context, exogenous))
        made = net.synthesise(z, z_static, *(None if g is None else g.to(z) for g in given))
        wanted = slice(max(start - first, 0), start + count - first)
        yield made.map(partial(as_array, wanted))


def static_parts(
    model: Networks | HasNetworks, count: int, *, seed: int = 0, start: int = 0
) -> Iterator[np.ndarray]:
    """The contexts alone of the same sequences, in channels (n, S), by the same noise."""
    net = networks(model)
    for first in range(start - start % PART, start + count, PART):
        noises = [net.draw_noise(1, generator(seed, "sequence", first + i))[1] for i in range(PART)]
        made = net.generate_contexts(torch.cat(noises).to(net.sigma))
        wanted = slice(max(start - first, 0), start + count - first)
        yield as_array(wanted, made)


def join(parts: Sequence[GeneratedBatch[np.ndarray]]) -> GeneratedBatch[np.ndarray]:
    """Several parts, at least one, as one."""
    others = (
        [getattr(part, name) for part in parts] for name in ("lengths", "context", "exogenous")
    )
    return GeneratedBatch(
        np.concatenate([part.x for part in parts]),
        *(None if values[0] is None else np.concatenate(values) for values in others),
    )


def part_of(channels: np.ndarray | None, first: int) -> Tensor | None:
    """Rows ``first`` to ``first + PART`` of what is given, NaN where that is before or after it."""
    if channels is None:
        return None
    part = np.full((PART, *channels.shape[1:]), np.nan, dtype=np.float32)
    rows = channels[max(first, 0) : max(first + PART, 0)]
    part[max(-first, 0) :][: len(rows)] = rows
    return torch.from_numpy(part)


def as_array(wanted: slice, values: Tensor) -> np.ndarray:
    """Some rows of a tensor, on the CPU; NumPy does not know every half precision."""
    half = values.dtype in (torch.bfloat16, torch.float16)
    return np.asarray((values.float() if half else values)[wanted].cpu().numpy())


def check_given(
    net: Networks, count: int, context: np.ndarray | None, exogenous: np.ndarray | None
) -> None:
    """Raise an InputError if what is given does not fit the model or the number of sequences."""
    for name, channels, shape in (
        ("context", context, (count, net.context)),
        ("exogenous", exogenous, (count, net.window, net.exogenous)),
    ):
        if channels is None:
            continue
        if channels.shape != shape or not shape[-1]:
            raise InputError(
                f"{name} of shape {channels.shape}: this model takes {shape[-1]} channels, and "
                f"{count} sequences were asked for. Give an array of shape {shape}."
            )
        missing = np.isnan(channels)
        axes = tuple(range(1, missing.ndim))
        in_part = missing.any(axes) & ~missing.all(axes)
        if in_part.any():
            raise InputError(
                f"{name} of sequence {in_part.argmax()} is known in part. Give all of its "
                "channels, or NaN in all to have them made."
            )
    if net.context and exogenous is not None:
        alone = ~np.isnan(exogenous).any((1, 2))
        if context is not None:
            alone &= np.isnan(context).any(1)
        if alone.any():
            raise InputError(
                f"Exogenous columns are given for sequence {alone.argmax()}, and no context: they "
                "were learned together. Give its context too."
            )


def networks(model: Networks | HasNetworks) -> Networks:
    """The networks of a model."""
    return model if isinstance(model, Networks) else model.net
