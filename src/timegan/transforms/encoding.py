"""All columns together: rows to channels, and channels to rows."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from timegan.seeds import rng
from timegan.transforms.base import ONE_SEQUENCE, ColumnTransformer, DecodingNoise
from timegan.transforms.missing import Missing, fill_missing
from timegan.transforms.piecewise_linear import PiecewiseLinear, choose_phases

CHUNK_ROWS = 1_000_000  # encoded together, so that a long table needs little memory beside itself


def channel_slices(transformers: Sequence[ColumnTransformer]) -> list[slice]:
    """Return where the channels of each column are among all."""
    ends = np.cumsum([0, *(transformer.width for transformer in transformers)])
    return [slice(int(begin), int(end)) for begin, end in pairwise(ends)]


def to_channels(
    transformers: Sequence[ColumnTransformer],
    values: np.ndarray,
    breaks: np.ndarray,
    seed: int = 0,
) -> np.ndarray:
    """Map rows (R, C) in the table's units to channels (R, M), float32.

    Missing values in a column that had none among its training rows are filled.

    Args:
        transformers: of the columns.
        values: NaN where missing.
        breaks: rows that do not follow upon the one before.
        seed: of the jitter of discrete values; each column has a stream of its own.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    slices = channel_slices(transformers)
    channels = np.empty((len(values), slices[-1].stop if slices else 0), dtype=np.float32)
    streams = [rng(seed, "jitter", i) for i in range(len(transformers))]
    for first in range(0, len(values), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        inside = breaks[(breaks >= rows.start) & (breaks < rows.stop)] - first
        for i, (transformer, part) in enumerate(zip(transformers, slices, strict=True)):
            if not transformer.width:
                continue
            column = values[rows, i]
            if not isinstance(transformer, Missing):
                column = fill_missing(column, inside, transformer.fill, 0.0)
            channels[rows, part] = transformer.transform(column, inside, streams[i])
    return channels


def from_channels(
    transformers: Sequence[ColumnTransformer],
    channels: np.ndarray,
    uniform: Callable[[int], np.ndarray],
) -> np.ndarray:
    """Map channels (n, T, M) to the table's units (n, T, C).

    Args:
        transformers: of the columns.
        channels: as the model generates them.
        uniform: returns random numbers (n, T) for a column; called for those that need them.
    """
    values = np.empty((*channels.shape[:2], len(transformers)))
    none = np.empty((*channels.shape[:2], 0))
    slices = channel_slices(transformers)
    lines = [
        (i, inner, channels[..., part.start : part.start + 1])
        for i, (transformer, part) in enumerate(zip(transformers, slices, strict=True))
        if isinstance(inner := _inner(transformer), PiecewiseLinear)
    ]
    phases, anywhere = choose_phases(lines), np.zeros(len(channels))
    for i, (transformer, part) in enumerate(zip(transformers, slices, strict=True)):
        if transformer.source_column is None:
            noise = DecodingNoise(
                phases.get(i, anywhere), uniform(i) if transformer.needs_noise else none
            )
            made = np.asarray(channels[..., part], dtype=np.float64)
            values[..., i] = transformer.inverse_transform(made, noise)
    for i, transformer in enumerate(transformers):  # last, because their sources are known now
        if (source := transformer.source_column) is not None:
            values[..., i] = transformer.inverse_transform_from(values[..., source])
    return values


def calibrate(
    transformers: Sequence[ColumnTransformer],
    channels: np.ndarray,
    breaks: np.ndarray = ONE_SEQUENCE,
) -> tuple[ColumnTransformer, ...]:
    """Return transformers whose output has the training proportions, see `ColumnTransformer`.

    Args:
        transformers: of the columns.
        channels: (m, M) as the model generates them.
        breaks: rows at which a sequence begins.
    """
    return tuple(
        transformer.calibrate(np.asarray(channels[:, part], dtype=np.float64), breaks)
        if transformer.width
        else transformer
        for transformer, part in zip(transformers, channel_slices(transformers), strict=True)
    )


def _inner(transformer: ColumnTransformer) -> ColumnTransformer:
    return transformer.inner if isinstance(transformer, Missing) else transformer
