"""Seasonal profiles of model channels: what the calendar explains, removed and added back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from scipy.special import ndtri

from timegan.transforms.base import ColumnTransformer
from timegan.transforms.calendar_phases import PERIODS, CalendarPhases
from timegan.transforms.categorical import Categorical
from timegan.transforms.encoding import channel_slices
from timegan.transforms.missing import Missing
from timegan.transforms.piecewise_constant import PiecewiseConstant
from timegan.transforms.quantile_maps import QuantileMap

CALIBRATION_NODES = 21  # of a calibration; more would change the size of steps


@dataclass(frozen=True)
class SeasonalProfile:
    """Mean and deviation of some channels by the phase in one period.

    Args:
        period: name in `PERIODS`.
        knots: phases from 0 to below 1, rising.
        is_step: whether a profile keeps its value up to the next knot; False: it is linear
            between knots, on a circle.
        only_weekends: whether it is added on Saturdays and Sundays only.
        mean: (K, C) by which channels differ from their level.
        log_std: (K, C) logarithm of the factor of their deviation.
        share: (C,) of the channels' variance that the profile explains; 0 where it is not used.
    """

    period: str
    knots: tuple[float, ...]
    is_step: bool
    only_weekends: bool
    mean: tuple[tuple[float, ...], ...]
    log_std: tuple[tuple[float, ...], ...]
    share: tuple[float, ...]

    @property
    def words(self) -> str:
        """The name of the phase for people."""
        return "time of day on weekends" if self.only_weekends else PERIODS[self.period]


@dataclass(frozen=True)
class PhaseQuantiles:
    """Distribution of one channel's residuals by phase, as quantiles of the standard normal.

    Zeros, categories and missing values have different proportions at different phases. They
    keep them, because the map from normal scores to residuals depends on the phase.

    Args:
        period: name in `PERIODS`.
        bins: equal parts of the period that are told apart.
        has_weekends: whether Saturdays and Sundays have parts of their own, behind the others.
        scores: quantiles of the standard normal for each part, rising.
        residuals: to which they go.
    """

    period: str
    bins: int
    has_weekends: bool
    scores: tuple[tuple[float, ...], ...]
    residuals: tuple[tuple[float, ...], ...]

    def to_scores(self, residuals: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Map residuals (R,) in the parts of a period (R,) to normal scores (R,)."""
        return self._map(residuals, places, self.residuals, self.scores)

    def from_scores(self, scores: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Map normal scores (R,) in the parts of a period (R,) to residuals (R,)."""
        return self._map(scores, places, self.scores, self.residuals)

    def places(self, phases: CalendarPhases) -> np.ndarray:
        """Return the part (R,) of the period that each time lies in."""
        place = np.minimum(phases.phase(self.period) * self.bins + 1e-6, self.bins - 1)
        place = place.astype(np.int64)
        return place + self.bins * phases.is_weekend if self.has_weekends else place

    @staticmethod
    def _map(
        values: np.ndarray,
        places: np.ndarray,
        nodes: Sequence[Sequence[float]],
        wanted: Sequence[Sequence[float]],
    ) -> np.ndarray:
        out = np.empty(len(values))
        order = np.argsort(places, kind="stable")
        ends = np.searchsorted(places[order], np.arange(len(nodes) + 1))
        for i, (first, after) in enumerate(pairwise(ends)):
            rows = order[first:after]
            out[rows] = np.interp(values[rows], nodes[i], wanted[i])
        return out


@dataclass(frozen=True)
class Seasonality:
    """Seasonal profiles of a table's feature channels.

    A residual is (channel - mean) / deviation, both at the row's phases. Models learn the normal
    scores of residuals, so that values follow the calendar however long a sequence is. A phase
    whose values never vary comes back exactly.

    Args:
        unit: of the ticks of times.
        zone: time zone of the calendar; empty where times are local.
        channels: numbers (C,) of the channels that have a season.
        profiles: whose sum is the mean, and whose product is the deviation.
        quantiles: distribution of each channel's residuals.
        calibrations: maps of what the model generates to normal scores, one for each channel;
            empty before calibration.
    """

    unit: str
    zone: str
    channels: tuple[int, ...]
    profiles: tuple[SeasonalProfile, ...]
    quantiles: tuple[PhaseQuantiles, ...]
    calibrations: tuple[QuantileMap, ...] = ()

    def remove(self, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return channels (R, M) at times (R,) with normal scores for those with a season."""
        phases = CalendarPhases.of(times, self.unit, self.zone)
        mean, std = self.mean_and_std(times)
        out = x.copy()
        for i, (channel, quantiles) in enumerate(zip(self.channels, self.quantiles, strict=True)):
            residuals = (x[:, channel] - mean[:, i]) / std[:, i]
            out[:, channel] = quantiles.to_scores(residuals, quantiles.places(phases))
        return out

    def add(self, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the channels (n, T, M) at times (n, T) of what a model generates."""
        phases = CalendarPhases.of(times.ravel(), self.unit, self.zone)
        mean, std = self.mean_and_std(times.ravel())
        out = x.astype(np.float64)
        for i, (channel, quantiles) in enumerate(zip(self.channels, self.quantiles, strict=True)):
            scores = out[..., channel].ravel()
            if self.calibrations:
                scores = self.calibrations[i](scores)
            residuals = quantiles.from_scores(scores, quantiles.places(phases))
            out[..., channel] = (residuals * std[:, i] + mean[:, i]).reshape(times.shape)
        return out

    def calibrated(self, x: np.ndarray) -> Self:
        """Return the seasonality that makes normal scores of what a model generates (m, M)."""
        if not len(x):
            return self
        maps = (
            QuantileMap.fit(x[:, c].astype(np.float64), ndtri, CALIBRATION_NODES)
            for c in self.channels
        )
        return replace(self, calibrations=tuple(maps))

    def shares(self) -> list[tuple[int, str, float]]:
        """Return the channel, the phase and the share of variance of each profile in use."""
        return [
            (channel, profile.words, share)
            for profile in self.profiles
            for channel, share in zip(self.channels, profile.share, strict=True)
            if share > 0
        ]

    def state(self) -> dict[str, Any]:
        """Return plain numbers, strings and lists."""
        state: dict[str, Any] = _with_lists(asdict(self))
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the seasonality that `state` describes.

        Raises:
            ValueError: its parts do not fit together.
        """
        found = cls(
            state["unit"],
            state["zone"],
            tuple(int(channel) for channel in state["channels"]),
            tuple(
                SeasonalProfile(**_with_tuples(profile, ("mean", "log_std"), ("knots", "share")))
                for profile in state["profiles"]
            ),
            tuple(
                PhaseQuantiles(**_with_tuples(part, ("scores", "residuals"), ()))
                for part in state["quantiles"]
            ),
            tuple(QuantileMap(**part) for part in state["calibrations"]),
        )
        found._check()
        return found

    def _check(self) -> None:
        """Raise a ValueError where numbers of channels, knots and parts differ."""
        count = len(self.channels)
        shapes = [
            np.shape(table) == (len(profile.knots), count) and len(profile.share) == count
            for profile in self.profiles
            for table in (profile.mean, profile.log_std)
        ]
        parts = [
            len(part.scores) == len(part.residuals) == part.bins * (1 + part.has_weekends)
            and all(map(np.size, part.scores))
            and [*map(len, part.scores)] == [*map(len, part.residuals)]
            for part in self.quantiles
        ]
        known = {profile.period for profile in self.profiles}
        known |= {part.period for part in self.quantiles}
        is_whole = len(parts) == count and len(self.calibrations) in (0, count)
        if not (is_whole and all(shapes) and all(parts) and known <= set(PERIODS)):
            raise ValueError(f"seasons of {count} channels whose parts do not fit together")

    def mean_and_std(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation (R, C) at times (R,)."""
        distinct, place = np.unique(times, return_inverse=True)
        phases = CalendarPhases.of(distinct, self.unit, self.zone)
        mean = np.zeros((len(distinct), len(self.channels)))
        log_std = np.zeros_like(mean)
        for profile in self.profiles:
            basis = Basis.at(phases, profile)
            mean += basis.interpolate(profile.mean)
            log_std += basis.interpolate(profile.log_std)
        return mean[place], np.exp(log_std)[place]


@dataclass(frozen=True)
class Basis:
    """Weights of two neighbouring knots at each time.

    Args:
        left: (R,) number of the knot before.
        right: (R,) number of the knot behind.
        weight: (R,) of the knot behind, from 0 to below 1.
        is_on: (R,) whether the profile is added.
        size: K, number of knots.
    """

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    is_on: np.ndarray
    size: int

    @classmethod
    def at(cls, phases: CalendarPhases, profile: "SeasonalProfile | Knots") -> Self:
        """Return the weights of a profile's knots at some times."""
        knots = np.asarray(profile.knots)
        phase = phases.phase(profile.period)
        left = np.searchsorted(knots, phase + 1e-7, side="right") - 1
        right = (left + 1) % len(knots)
        if profile.is_step or len(knots) == 1:
            weight = np.zeros(len(phase))
        else:
            weight = (phase - knots[left]) % 1 / _gaps(knots)[left]
            weight = np.where(weight < 1e-5, 0.0, np.minimum(weight, 1.0))
        is_on = phases.is_weekend if profile.only_weekends else np.ones(len(phase), dtype=bool)
        return cls(left % len(knots), right, weight, is_on, len(knots))

    def interpolate(self, values: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
        """Return values (R, C) at each time of those at the knots (K, C)."""
        knots, weight = np.asarray(values), self.weight[:, None]
        inside = knots[self.left] * (1 - weight) + knots[self.right] * weight
        return np.where(self.is_on[:, None], inside, 0.0)


@dataclass(frozen=True)
class Knots:
    """The places of a profile's knots before it is fitted, see `SeasonalProfile`."""

    period: str
    knots: tuple[float, ...]
    is_step: bool
    only_weekends: bool = False


def _gaps(knots: np.ndarray) -> np.ndarray:
    """Return the distance (K,) from each knot to the next on the circle."""
    gaps = np.diff(knots, append=knots[0] + 1)
    return np.where(gaps > 0, gaps, 1.0)


def without_seasonal_thresholds(
    fitted: Sequence[ColumnTransformer],
    calibrated: Sequence[ColumnTransformer],
    channels: Sequence[int],
) -> tuple[ColumnTransformer, ...]:
    """Return calibrated transformers, but fitted ones where a season sets the proportions.

    A season has the training proportions at each phase. A threshold for all phases together would
    move those at which a value never or always occurs.

    Args:
        fitted: transformers of all columns.
        calibrated: the same ones after calibration.
        channels: numbers of the channels that have a season.
    """

    def chosen(
        before: ColumnTransformer, after: ColumnTransformer, part: slice
    ) -> ColumnTransformer:
        if isinstance(before, Missing) and isinstance(after, Missing):
            flag = part.stop - 1
            code = before.code if flag in channels else after.code
            inner = chosen(before.inner, after.inner, slice(part.start, flag))
            return replace(after, inner=inner, code=code)
        is_shared = isinstance(before, PiecewiseConstant) or (
            isinstance(before, Categorical) and before.width > 1
        )
        has_season = before.width > 0 and set(range(part.start, part.stop)) <= set(channels)
        return before if has_season and not is_shared else after

    slices = channel_slices(fitted)
    return tuple(chosen(*parts) for parts in zip(fitted, calibrated, slices, strict=True))


def _with_tuples(
    state: dict[str, Any], tables: Sequence[str], vectors: Sequence[str]
) -> dict[str, Any]:
    """Return a state with tuples instead of the lists that JSON made of them."""
    return (
        state
        | {name: tuple(tuple(map(float, row)) for row in state[name]) for name in tables}
        | {name: tuple(map(float, state[name])) for name in vectors}
    )


def _with_lists(content: Any) -> Any:
    """Return nested plain data with lists instead of tuples."""
    if isinstance(content, dict):
        return {key: _with_lists(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_with_lists(part) for part in content]
    return content
