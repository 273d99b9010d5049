"""Calibration of levels: whole windows are shifted, so that changes keep their size."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np

from timegan.records import Record
from timegan.transforms.base import ColumnTransformer
from timegan.transforms.encoding import channel_slices
from timegan.transforms.missing import Missing
from timegan.transforms.numeric import Continuous
from timegan.transforms.quantile_maps import QuantileMap
from timegan.transforms.scalers import MinMaxScaler, QuantileNormalizer
from timegan.variation import centred, deviation, divisor

MIN_WINDOWS = 100  # below, the levels of few windows would be copied
WINDOWS_PER_NODE = 20
MAX_NODES = 50
MAX_VARIANCE_WITHIN = 0.1  # share of a slow channel's variance that is within windows
MIN_CORRELATION = 0.99  # of the levels of channels that are shifted together


@dataclass(frozen=True)
class LevelCalibration(Record):
    """Shifts that give the windows of a model the training distribution of levels.

    The level of a channel is its mean over a window. A map of single values with many nodes
    restores their distribution too, but it stretches the changes of a slow series wherever real
    values lingered. A shift of the whole window leaves its changes as they are. Channels that
    rise and fall together are shifted by the same amount, which keeps their differences too.

    Args:
        window: T, steps over which a level is the mean.
        groups: numbers of channels that are shifted together.
        maps: of the mean level of each group.
    """

    window: int
    groups: tuple[tuple[int, ...], ...]
    maps: tuple[QuantileMap, ...]

    @classmethod
    def fit(
        cls,
        made: tuple[np.ndarray, np.ndarray],
        real: tuple[np.ndarray, np.ndarray],
        channels: Sequence[int],
    ) -> Self:
        """Learn shifts of the slow channels, which vary little within a window.

        Args:
            made: windows (m, T, M) of a model, and steps that each has (m,).
            real: training windows (n, T, M) in the model's channels, and steps likewise.
            channels: numbers of the channels that may be shifted.
        """
        window = made[0].shape[1]
        fitted: list[tuple[tuple[int, ...], QuantileMap]] = []
        nodes = min(MAX_NODES, len(real[0]) // WINDOWS_PER_NODE, len(made[0]) // WINDOWS_PER_NODE)
        if min(len(made[0]), len(real[0])) < MIN_WINDOWS:
            return cls(window, (), ())
        here, there = (np.arange(window) < lengths[:, None] for _, lengths in (made, real))
        for group in _alike(real[0], there, channels):
            values, wanted = (np.asarray(x[..., group], np.float64) for x in (made[0], real[0]))
            level, real_level = _levels(values, here), _levels(wanted, there)
            within = (wanted - real_level[:, None, None])[there]
            if deviation(within) ** 2 < MAX_VARIANCE_WITHIN * deviation(wanted[there]) ** 2:
                found = QuantileMap.fit(level, partial(np.quantile, real_level), nodes)
                fitted.append((tuple(group), found))
        return cls(window, tuple(c for c, _ in fitted), tuple(m for _, m in fitted))

    def __call__(self, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Shift channels (n, T, M), of which each sequence has the first ``lengths`` (n,) steps.

        Where a series is longer than a window, its level at a step is the mean of the window
        around the step.
        """
        if not self.groups:
            return x
        out, count = x.astype(np.float64), x.shape[1]
        mask = np.arange(count) < lengths[:, None]
        for group, shift in zip(self.groups, self.maps, strict=True):
            values = out[..., list(group)]
            if count <= self.window:
                level = _levels(values, mask)[:, None]
            else:
                sums = np.pad(values.mean(axis=2).cumsum(axis=1), ((0, 0), (1, 0)))
                first = np.clip(np.arange(count) - self.window // 2, 0, count - self.window)
                level = (sums[:, first + self.window] - sums[:, first]) / self.window
            out[..., list(group)] = values + (shift(level) - level)[..., None]
        return out

    @property
    def channels(self) -> set[int]:
        """Numbers of the shifted channels."""
        return {channel for group in self.groups for channel in group}


def smooth_channels(transformers: Sequence[ColumnTransformer]) -> list[int]:
    """Return the channels of numbers without a bound scale and without frequent values."""
    found = []
    for transformer, part in zip(transformers, channel_slices(transformers), strict=True):
        inner = transformer.inner if isinstance(transformer, Missing) else transformer
        if not isinstance(inner, Continuous) or isinstance(inner.scaler, MinMaxScaler):
            continue
        if not (isinstance(inner.scaler, QuantileNormalizer) and inner.scaler.atoms):
            found.append(part.start)
    return found


def without_maps(
    transformers: Sequence[ColumnTransformer], channels: Collection[int]
) -> tuple[ColumnTransformer, ...]:
    """Return calibrated transformers without the maps of single values of shifted channels."""
    kept = []
    for transformer, part in zip(transformers, channel_slices(transformers), strict=True):
        if part.start in channels and transformer.width:
            if isinstance(transformer, Missing) and isinstance(transformer.inner, Continuous):
                transformer = replace(
                    transformer, inner=replace(transformer.inner, calibration=None)
                )
            elif isinstance(transformer, Continuous):
                transformer = replace(transformer, calibration=None)
        kept.append(transformer)
    return tuple(kept)


def _alike(real: np.ndarray, mask: np.ndarray, channels: Sequence[int]) -> list[list[int]]:
    """Return groups of channels whose levels are those of their first member, up to little."""
    groups: list[list[int]] = []
    rows = {c: np.asarray(real[..., [c]], dtype=np.float64) for c in channels}
    levels = {c: centred(_levels(row, mask)) for c, row in rows.items()}
    levels = {c: level / divisor(deviation(level)) for c, level in levels.items()}
    for channel in channels:
        for group in groups:
            if float((levels[group[0]] * levels[channel]).mean()) > MIN_CORRELATION:
                group.append(channel)
                break
        else:
            groups.append([channel])
    return groups


def _levels(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the mean (n,) over the channels and steps (n, T, C) that each sequence has."""
    rows = np.where(mask, values.mean(axis=2), 0.0)
    means: np.ndarray = rows.sum(axis=1) / mask.sum(axis=1)
    return means
