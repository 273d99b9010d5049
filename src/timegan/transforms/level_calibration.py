"""Calibration of windows: their levels are shifted, and their changes get the training size."""

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
LAGS = (1, 2, 4, 8)  # over which changes get their size
MAX_GAIN = 1.5


@dataclass(frozen=True)
class LevelCalibration(Record):
    """Shifts that give the windows of a model the training distribution of levels.

    The level of a channel is its mean over a window. A map of single values with many nodes
    restores their distribution too, but it stretches the changes of a slow series wherever real
    values lingered. A shift of the whole window leaves its changes as they are. Channels that
    rise and fall together are shifted by the same amount, which keeps their differences too.
    Before the shift, deviations from the level are stretched by a factor, so that changes have the
    size of real ones.

    Args:
        window: T, steps over which a level is the mean.
        groups: numbers of channels that are shifted together.
        maps: of the mean level of each group.
        gains: factor of each group's deviations from the level.
    """

    window: int
    groups: tuple[tuple[int, ...], ...]
    maps: tuple[QuantileMap, ...]
    gains: tuple[float, ...]

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
        fitted: list[tuple[tuple[int, ...], QuantileMap, float]] = []
        nodes = min(MAX_NODES, len(real[0]) // WINDOWS_PER_NODE, len(made[0]) // WINDOWS_PER_NODE)
        if min(len(made[0]), len(real[0])) < MIN_WINDOWS:
            return cls(window, (), (), ())
        here, there = (np.arange(window) < lengths[:, None] for _, lengths in (made, real))
        for group in _alike(real[0], there, channels):
            values, wanted = (np.asarray(x[..., group], np.float64) for x in (made[0], real[0]))
            level, real_level = _levels(values, here), _levels(wanted, there)
            within = (wanted - real_level[:, None, None])[there]
            if deviation(within) ** 2 < MAX_VARIANCE_WITHIN * deviation(wanted[there]) ** 2:
                found = QuantileMap.fit(level, partial(np.quantile, real_level), nodes)
                fitted.append((tuple(group), found, _gain(values, here, wanted, there)))
        groups, maps, gains = zip(*fitted, strict=True) if fitted else ((), (), ())
        return cls(window, groups, maps, gains)

    def __call__(self, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Shift channels (n, T, M), of which each sequence has the first ``lengths`` (n,) steps.

        Where a series is longer than a window, its level at a step is the mean of the window
        around the step.
        """
        if not self.groups:
            return x
        out, count = x.astype(np.float64), x.shape[1]
        mask = np.arange(count) < lengths[:, None]
        for group, shift, gain in zip(self.groups, self.maps, self.gains, strict=True):
            values = out[..., list(group)]
            own = np.stack(
                [self._around(values[..., [c]], mask) for c in range(len(group))], axis=2
            )
            level = own.mean(axis=2)
            out[..., list(group)] = own + gain * (values - own) + (shift(level) - level)[..., None]
        return out

    def _around(self, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return the level (n, 1 or T) of a channel (n, T, 1) at each step."""
        count = values.shape[1]
        if count <= self.window:
            return _levels(values, mask)[:, None]
        sums = np.pad(values[..., 0].cumsum(axis=1), ((0, 0), (1, 0)))
        first = np.clip(np.arange(count) - self.window // 2, 0, count - self.window)
        level: np.ndarray = (sums[:, first + self.window] - sums[:, first]) / self.window
        return level

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


def _gain(made: np.ndarray, here: np.ndarray, real: np.ndarray, there: np.ndarray) -> float:
    """Return the factor between the sizes of changes of channels (n, T, C), over all lags."""
    ratios = []
    for lag in (lag for lag in LAGS if lag < made.shape[1]):
        sizes = []
        for values, mask in ((real, there), (made, here)):
            steps = (values[:, lag:] - values[:, :-lag])[mask[:, lag:]]
            sizes.append(np.sqrt(np.square(steps).mean(axis=0)) if len(steps) else np.zeros(1))
        ratios.append(sizes[0] / divisor(sizes[1]))
    ratio = np.array(ratios)
    known = ratio[np.isfinite(ratio) & (ratio > 0)]
    middle = float(np.exp(np.log(known).mean())) if known.size else 1.0
    return float(np.clip(middle, 1 / MAX_GAIN, MAX_GAIN))


def _levels(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the mean (n,) over the channels and steps (n, T, C) that each sequence has."""
    rows = np.where(mask, values.mean(axis=2), 0.0)
    means: np.ndarray = rows.sum(axis=1) / mask.sum(axis=1)
    return means
