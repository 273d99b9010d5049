"""All columns at once: fitted, encoded as channels, decoded again, and kept as plain data."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from timegan.seeds import rng
from timegan.transforms.base import KINDS, WHOLE, Draws, Found, Kind, Setting, pack, unpack
from timegan.transforms.derived import Copy
from timegan.transforms.missing import Missing, filled
from timegan.transforms.piecewise_linear import Ramp
from timegan.transforms.scalers import JITTER

PIECE = 1_000_000  # rows that are encoded together, so that a long table needs little beside itself


def slices(kinds: Sequence[Kind]) -> list[slice]:
    """Where each column's channels are among all."""
    ends = np.cumsum([0, *(kind.width for kind in kinds)])
    return [slice(int(begin), int(end)) for begin, end in pairwise(ends)]


def encode(
    kinds: Sequence[Kind], values: np.ndarray, breaks: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Rows (R, C) in the table's units to channels (R, M), float32.

    Holes in a column that had none among its training rows are filled.

    Args:
        kinds: of the columns.
        values: NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        seed: where discrete values go within their stretches; each column has its own stream.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    parts = slices(kinds)
    channels = np.empty((len(values), parts[-1].stop if parts else 0), dtype=np.float32)
    streams = [rng(seed, "jitter", i) for i in range(len(kinds))]
    for first in range(0, len(values), PIECE):
        rows = slice(first, first + PIECE)
        inside = breaks[(breaks >= rows.start) & (breaks < rows.stop)] - first
        for i, (kind, part) in enumerate(zip(kinds, parts, strict=True)):
            if not kind.width:
                continue
            column = values[rows, i]
            if not isinstance(kind, Missing):
                column = filled(column, inside, kind.fill, 0.0)
            channels[rows, part] = kind.encode(column, inside, streams[i])
    return channels


def decode(
    kinds: Sequence[Kind],
    channels: np.ndarray,
    own: Callable[[int], np.ndarray],
) -> np.ndarray:
    """Channels (n, T, M) to the table's units (n, T, C); copies come last, from their sources.

    Args:
        kinds: of the columns.
        channels: as the model makes them.
        own: column -> (n, T) uniform; asked for noise only.
    """
    values = np.empty((*channels.shape[:2], len(kinds)))
    nothing = np.empty((*channels.shape[:2], 0))
    begins = _begins(kinds, channels)
    anywhere = np.zeros(len(channels))
    for i, (kind, part) in enumerate(zip(kinds, slices(kinds), strict=True)):
        if isinstance(kind, Copy):
            continue
        draws = Draws(begins.get(i, anywhere), own(i) if noisy(kind) else nothing)
        values[..., i] = kind.decode(np.asarray(channels[..., part], dtype=np.float64), draws)
    for i, kind in enumerate(kinds):
        if isinstance(kind, Copy):
            values[..., i] = kind.decode_from(values[..., kind.source])
    return values


def _begins(kinds: Sequence[Kind], channels: np.ndarray) -> dict[int, np.ndarray]:
    """For each ramp where in its period the sequences begin, (n,) from 0 to below 1.

    Columns that were read at the same rows begin alike: where the lines of all of them together
    are nearest to what the model made.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    misfits: dict[int, np.ndarray] = {}
    for i, (kind, part) in enumerate(zip(kinds, slices(kinds), strict=True)):
        ramp = _inner(kind)
        if isinstance(ramp, Ramp):
            column = np.asarray(channels[..., part.start : part.start + 1], dtype=np.float64)
            misfits[i] = ramp.misfit(column)
            groups.setdefault((ramp.period, ramp.phase, ramp.begins), []).append(i)
    found: dict[int, np.ndarray] = {}
    for members in groups.values():
        total = np.sum([misfits[i] for i in members], axis=0)
        place = (total.argmin(axis=1) + 0.5) / total.shape[1]
        found |= dict.fromkeys(members, place)
    return found


def noisy(kind: Kind) -> bool:
    """Whether a kind needs draws of its own."""
    return _inner(kind).name == "white_noise"


def lined(kind: Kind) -> bool:
    """Whether a kind draws lines through several steps."""
    return isinstance(_inner(kind), Ramp)


def _inner(kind: Kind) -> Kind:
    return kind.inner if isinstance(kind, Missing) else kind


def calibrate(
    kinds: Sequence[Kind], channels: np.ndarray, breaks: np.ndarray = WHOLE
) -> tuple[Kind, ...]:
    """Every kind with the training shares in what comes of the model's channels (m, M).

    ``breaks`` are the rows at which a sequence begins.
    """
    return tuple(
        kind.calibrate(np.asarray(channels[:, part], dtype=np.float64), breaks)
        if kind.width
        else kind
        for kind, part in zip(kinds, slices(kinds), strict=True)
    )


def fit(
    found: Sequence[Found],
    values: np.ndarray,
    breaks: np.ndarray,
    scaling: str = "auto",
    jitter: float = JITTER,
) -> tuple[Kind, ...]:
    """Fit every column's kind.

    Args:
        found: of `detect`, on the same rows.
        values: (R, C) training rows; NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        scaling: of numbers: ``minmax``, ``standard``, ``rank``, or ``auto``, which chooses between
            the latter two for each column.
        jitter: share of its stretch of quantiles over which a discrete value is spread.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    kinds: list[Kind] = []
    for i, column in enumerate(found):
        params = {**column.params, "kind": column.kind}
        setting = Setting(scaling, jitter, column.dtype, params)
        holes = column.kind != "affine_copy" and 0.0 < column.missing < 1.0
        kind = Missing if holes else KINDS[column.kind]
        kinds.append(kind.fit(values[:, i], breaks, setting))
    return tuple(kinds)


def state(kinds: Sequence[Kind]) -> list[dict[str, Any]]:
    """Fitted kinds as plain numbers, strings, lists and dicts."""
    return [pack(kind) for kind in kinds]


def restore(states: Sequence[dict[str, Any]]) -> tuple[Kind, ...]:
    """What `state` was given."""
    return tuple(unpack(packed) for packed in states)
