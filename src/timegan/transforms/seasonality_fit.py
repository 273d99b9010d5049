"""Fit of seasonal profiles to the training rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy import sparse

from timegan.seeds import rng
from timegan.tables import Field
from timegan.transforms.calendar_phases import LEVELS, PERIODS, SECONDS, CalendarPhases
from timegan.transforms.detection.seasons import MARGIN, Cells, find_seasons, find_weekends
from timegan.transforms.seasonality import (
    Basis,
    Knots,
    PhaseQuantiles,
    Seasonality,
    SeasonalProfile,
)
from timegan.transforms.seasonality_quantiles import (
    KNOTS_OF_YEAR,
    MAX_KNOTS,
    MIN_CYCLES,
    phase_quantiles,
)
from timegan.transforms.sequence_seasons import SequenceSeasons
from timegan.variation import divisor

MAX_TEST_ROWS = 300_000
"""Rows on which periods are tested."""

MAX_FIT_ROWS = 100_000
"""Rows that profiles are fitted on."""

MAX_EXACT_KNOTS = 288
"""Phases of a day that can have a knot each: one in five minutes."""

MIN_SHARE = 0.02
"""Share of a channel's variance that a profile explains at least."""

MAX_OWN = 50
"""Sequences up to which each can have seasons of its own."""

MIN_OWN_SHARE = 0.05
"""Share of a sequence's variance that its own seasons explain beside the shared ones."""

MAX_TREND_KNOTS = 64
"""Knots of the trend that is fitted together with the profiles."""

STD_CYCLES = 2.0
"""Cycles with the mean deviation that are added to those of each phase."""

MIN_STD = 0.1
"""Smallest deviation of a phase, in the channel's unit."""

DECIMALS = 6
"""Decimals of profiles, which keep a saved model small."""

SWEEPS = 3
"""Rounds in which the deviations of several profiles are fitted in turn."""


@dataclass(frozen=True)
class TimedRows:
    """Channels of rows, and when they are.

    Args:
        x: (R, M) channels.
        times: (R,) ticks.
        sequences: (R,) number of each row's sequence.
    """

    x: np.ndarray
    times: np.ndarray
    sequences: np.ndarray

    def of(self, sequence: int) -> "TimedRows":
        """Return the rows of one sequence."""
        mine = self.sequences == sequence
        return TimedRows(self.x[mine], self.times[mine], self.sequences[mine])

    def thinned(self, limit: int) -> "TimedRows":
        """Return at most so many of the rows, in order."""
        if len(self.x) <= limit:
            return self
        kept = np.sort(rng(0, "seasons").choice(len(self.x), limit, replace=False))
        return TimedRows(self.x[kept], self.times[kept], self.sequences[kept])

    def centred(self, seconds: np.ndarray, period: float) -> np.ndarray:
        """Return channels less their mean, by sequence if most sequences have two cycles."""
        x = self.x.astype(np.float64)
        owner = np.unique(self.sequences, return_inverse=True)[1]
        counts = np.bincount(owner)
        span = np.zeros((2, len(counts)))
        np.maximum.at(span[0], owner, seconds)
        span[1] = np.inf
        np.minimum.at(span[1], owner, seconds)
        is_long = counts[span[0] - span[1] >= 2 * period].sum() > 0.5 * counts.sum()
        if not is_long:
            return np.asarray(x - x.mean(axis=0))
        means = np.stack([np.bincount(owner, weights=c) for c in x.T], axis=-1) / counts[:, None]
        return np.asarray(x - means[owner])


def fit_seasonality(
    rows: TimedRows,
    field: Field,
    allowed: np.ndarray | None = None,
    discrete: np.ndarray | None = None,
) -> Seasonality | SequenceSeasons | None:
    """Find the periods that explain the channels of training rows, and fit their profiles.

    Args:
        rows: of the table, with time running forwards.
        field: the time column, of datetimes.
        allowed: (M,) which channels may have a season; None: all.
        discrete: (M,) which channels tell frequent values from others; None: none of them.

    Returns:
        One seasonality for all sequences, or one for each of a few, if they differ; None where
        nothing is found.
    """
    if discrete is None:
        discrete = np.zeros(rows.x.shape[1], dtype=bool)
    shares = _Fitter.of(rows.thinned(MAX_TEST_ROWS), field).find()
    if allowed is not None:
        shares[:, ~allowed] = 0.0
    shared = _fit_shared(rows, field, shares, discrete)
    if not 2 <= len(np.unique(rows.sequences)) <= MAX_OWN:
        return shared
    return _fit_own(rows, field, shares, shared, allowed, discrete) or shared


def _fit_shared(
    rows: TimedRows, field: Field, shares: np.ndarray, discrete: np.ndarray
) -> Seasonality | None:
    """Fit one seasonality to all rows; ``shares`` (P, M) as of `_Fitter.find`."""
    chosen = np.flatnonzero(shares.any(axis=0))
    if not len(chosen):
        return None
    fitter = _Fitter.of(rows.thinned(MAX_FIT_ROWS), field)
    profiles = fitter.fit(chosen, shares[:, chosen])
    by_profile = np.array([profile.share for profile in profiles]).reshape(-1, len(chosen))
    used = by_profile.sum(axis=0) > 0
    if not used.any():
        return None
    profiles = [_columns(profile, used) for profile in profiles]
    profiles = [profile for profile in profiles if any(profile.share)]
    numbers = tuple(int(channel) for channel in chosen[used])
    seasonality = Seasonality(field.unit, field.zone, numbers, tuple(profiles), ())
    return replace(seasonality, quantiles=fitter.quantiles(seasonality, discrete))


def _fit_own(
    rows: TimedRows,
    field: Field,
    shares: np.ndarray,
    shared: Seasonality | None,
    allowed: np.ndarray | None,
    discrete: np.ndarray,
) -> SequenceSeasons | None:
    """Fit a seasonality to each sequence, if one of them has seasons beside the shared ones.

    What the shared seasons leave over must have a season by the same rule, with a margin that
    grows with the number of sequences. It explains 5 % of the sequence's variance or more.
    """
    parts = [rows.of(number).thinned(MAX_FIT_ROWS) for number in np.unique(rows.sequences)]
    margin = MARGIN * (1 + np.log2(len(parts)))
    own = np.zeros(shares.shape, dtype=bool)
    for part in parts:
        rest = part.x.astype(np.float64)
        if shared is not None:
            rest[:, list(shared.channels)] -= shared.mean_and_std(part.times)[0]
        total = np.array([divisor(v) for v in part.x.var(axis=0)])
        found = _Fitter.of(replace(part, x=rest), field).find(margin)
        own |= found * rest.var(axis=0) / total >= MIN_OWN_SHARE
    if allowed is not None:
        own[:, ~allowed] = False
    if not own.any():
        return None
    used = own.any(axis=0) | (shares > 0).any(axis=0)
    channels, periods = np.flatnonzero(used), (own | (shares > 0))[:, used]
    members = []
    for part in parts:
        fitter = _Fitter.of(part, field)
        if not all(fitter.covers(int(p)) for p in np.flatnonzero(periods.any(axis=1))):
            return None
        explained = np.where(periods, np.maximum(fitter.find()[:, used], MIN_SHARE), 0.0)
        profiles = fitter.fit(channels, explained, is_fixed=True)
        numbers = tuple(int(channel) for channel in channels)
        member = Seasonality(field.unit, field.zone, numbers, tuple(profiles), ())
        members.append(replace(member, quantiles=fitter.quantiles(member, discrete)))
    return SequenceSeasons(tuple(members))


@dataclass(frozen=True)
class _Fitter:
    """Rows and their phases."""

    rows: TimedRows
    phases: CalendarPhases

    @classmethod
    def of(cls, rows: TimedRows, field: Field) -> Self:
        """Return the fitter of some rows, whose phases follow from the time column's field."""
        return cls(rows, CalendarPhases.of(rows.times, field.unit, field.zone))

    @property
    def seconds(self) -> np.ndarray:
        """Time (R,) of each row in seconds."""
        return np.asarray(self.phases.days * 86_400.0 + self.phases.seconds)

    def covers(self, period: int) -> bool:
        """Decide whether the rows hold two cycles of a period or more, by its number."""
        nothing = np.zeros((len(self.rows.x), 1))
        return Cells.of(self.phases, nothing, list(PERIODS)[period]) is not None

    def find(self, margin: float = MARGIN) -> np.ndarray:
        """Return the share (P, M) of variance by the phase in each period, 0 without a season."""
        found = np.zeros((len(PERIODS), self.rows.x.shape[1]))
        for p, period in enumerate(PERIODS):
            x = self.rows.centred(self.seconds, SECONDS[period])
            cells = Cells.of(self.phases, x, period)
            if cells is not None:
                share, blocks = find_seasons(cells, period, margin), len(cells.filled)
                unbiased = (share - 1 / blocks) / (1 - 1 / blocks)
                found[p] = np.where(share > 0, np.maximum(unbiased, 1e-3), 0.0)
        return found

    def knots(self, period: str) -> Knots:
        """Return where the knots of a period are."""
        if period in LEVELS:
            size = LEVELS[period]
            return Knots(period, tuple((np.arange(size) / size).tolist()), is_step=True)
        distinct, counts = np.unique(self.phases.phase(period), return_counts=True)
        cycles = np.ptp(self.phases.cycles(period))
        most = KNOTS_OF_YEAR if period == "year" else MAX_KNOTS
        is_full = len(distinct) <= MAX_EXACT_KNOTS and counts.min() >= MIN_CYCLES
        if len(distinct) <= most or (is_full and cycles >= MIN_CYCLES and period == "day"):
            return Knots(period, tuple(distinct.tolist()), is_step=False)
        return Knots(period, tuple(((np.arange(most) + 0.5) / most).tolist()), is_step=False)

    def fit(
        self, channels: np.ndarray, shares: np.ndarray, *, is_fixed: bool = False
    ) -> list[SeasonalProfile]:
        """Fit the profiles of some channels; a profile that explains too little is left out.

        Args:
            channels: (C,) numbers of the channels.
            shares: (P, C) as of `find`.
            is_fixed: whether profiles are kept that explain little.
        """
        knots = [self.knots(period) for period in PERIODS]
        hour, day = (list(PERIODS).index(name) for name in ("hour", "day"))
        if len(knots[day].knots) > MAX_KNOTS:  # they tell minutes apart, too
            shares[hour, shares[day] > 0] = 0.0
        knots.append(replace(self.knots("day"), only_weekends=True))
        if len(knots[-1].knots) > MAX_KNOTS:
            even = tuple(((np.arange(MAX_KNOTS) + 0.5) / MAX_KNOTS).tolist())
            knots[-1] = replace(knots[-1], knots=even)
        shares = np.vstack([shares, np.zeros(len(channels))])
        means = self._means(channels, shares, knots)
        weak = self._explained(means, knots, channels) < self._min_shares(knots)[:, None]
        shares[weak & (not is_fixed)] = 0.0
        means = self._means(channels, shares, knots)
        with_day = np.flatnonzero(shares[day] > 0)
        if len(with_day):
            rest = self._rest(means, knots, channels)[:, with_day]
            other = with_day[find_weekends(self.phases, rest)]
            shares[-1, other] = shares[day, other]
            means = self._means(channels, shares, knots)
        weak = self._explained(means, knots, channels)[-1] < 0.5 * MIN_SHARE
        if weak[shares[-1] > 0].any():
            shares[-1, weak] = 0.0
            means = self._means(channels, shares, knots)
        explained = np.maximum(self._explained(means, knots, channels), 10.0**-DECIMALS)
        explained = np.where(shares > 0, explained, 0.0)
        kept = [p for p in range(len(knots)) if shares[p].any()]
        if not kept:
            return []
        return self._profiles(
            [knots[p] for p in kept], [means[p] for p in kept], explained[kept], channels
        )

    def _min_shares(self, knots: Sequence[Knots]) -> np.ndarray:
        """Return the share of variance that each profile has to explain; more of few cycles."""
        cycles = np.array([np.ptp(self.seconds) / SECONDS[part.period] for part in knots])
        return np.asarray(np.maximum(MIN_SHARE, 2 / np.maximum(cycles, 1.0) ** 2))

    def _means(
        self, channels: np.ndarray, shares: np.ndarray, knots: Sequence[Knots]
    ) -> list[np.ndarray]:
        """Return the mean (K, C) of each profile: ridge regression together with a trend."""
        means = [np.zeros((len(part.knots), len(channels))) for part in knots]
        sets = np.unique(shares.T > 0, axis=0)
        for used in sets[sets.any(axis=1)]:
            mine = np.flatnonzero(((shares.T > 0) == used).all(axis=1))
            parts = [int(p) for p in np.flatnonzero(used)]
            longest = max(SECONDS[knots[p].period] for p in parts)
            y = self.rows.centred(self.seconds, longest)[:, channels[mine]]
            bases = [Basis.at(self.phases, knots[p]) for p in parts]
            design = sparse.hstack([*(_matrix(b) for b in bases), self._trend(longest)]).tocsr()
            gram, right = (design.T @ design).toarray(), design.T @ y
            weights = gram.diagonal()
            for place, c in enumerate(mine):
                ridge = np.full(len(gram), 1e-6 * weights.mean() + 1e-9)
                first = 0
                for p, basis in zip(parts, bases, strict=True):
                    rows = slice(first, first + basis.size)
                    cycles = max(np.ptp(self.seconds) / SECONDS[knots[p].period], 1.0)
                    noise = (1 - shares[p, c]) / shares[p, c]
                    ridge[rows] += np.maximum(weights[rows], 1.0) / cycles * noise
                    first += basis.size
                solution = np.linalg.solve(gram + np.diag(ridge), right[:, place])
                first = 0
                for p, basis in zip(parts, bases, strict=True):
                    means[p][:, c] = solution[first : first + basis.size]
                    first += basis.size
        for p, part in enumerate(knots):
            if not part.only_weekends:
                means[p] -= Basis.at(self.phases, part).interpolate(means[p]).mean(axis=0)
            means[p] = np.round(means[p], DECIMALS)
        return means

    def _trend(self, longest: float) -> Any:
        """Return a basis of piecewise linear trends, with a knot for each of the longest cycles."""
        seconds = self.seconds - self.seconds.min()
        span = max(float(seconds.max()), 1.0)
        count = int(np.clip(span // longest, 1, MAX_TREND_KNOTS))
        place = seconds / span * count
        left = np.minimum(place.astype(np.int64), count - 1)
        basis = Basis(left, left + 1, place - left, np.ones(len(left), dtype=bool), count + 1)
        return _matrix(basis)

    def _explained(
        self, means: Sequence[np.ndarray], knots: Sequence[Knots], channels: np.ndarray
    ) -> np.ndarray:
        """Return the share (P, C) of the channels' variance that each profile has."""
        total = np.array([divisor(v) for v in self.rows.x[:, channels].var(axis=0)])
        parts = [Basis.at(self.phases, k).interpolate(m) for k, m in zip(knots, means, strict=True)]
        return np.asarray(np.stack([part.var(axis=0) for part in parts]) / total)

    def _rest(
        self, means: Sequence[np.ndarray], knots: Sequence[Knots], channels: np.ndarray
    ) -> np.ndarray:
        """Return the channels (R, C) less their profiles."""
        rest = self.rows.x[:, channels].astype(np.float64)
        for part, mean in zip(knots, means, strict=True):
            rest -= Basis.at(self.phases, part).interpolate(mean)
        return rest

    def _profiles(
        self,
        knots: Sequence[Knots],
        means: Sequence[np.ndarray],
        shares: np.ndarray,
        channels: np.ndarray,
    ) -> list[SeasonalProfile]:
        """Fit deviations and ranges by phase to what remains beside the means."""
        rest = self._rest(means, knots, channels)
        bases = [Basis.at(self.phases, part) for part in knots]
        log_stds = [np.zeros_like(mean) for mean in means]
        counts = [self._cycles(b, part) for b, part in zip(bases, knots, strict=True)]
        for sweep in range(SWEEPS):
            for p, basis in enumerate(bases):
                scale = sum(b.interpolate(s) for b, s in zip(bases, log_stds, strict=True))
                square = np.square((rest - rest.mean(axis=0) * (sweep == 0)) / np.exp(scale))
                weights = _matrix(basis)
                rows = np.asarray(weights.sum(axis=0)).ravel()[:, None]
                ratio = (weights.T @ square) / np.maximum(rows, 1e-9)
                ratio = np.where(rows > 0, ratio, 1.0)
                trust = (counts[p] / (counts[p] + STD_CYCLES))[:, None]
                change = 0.5 * np.log(np.maximum(ratio, MIN_STD**2)) * trust
                log_stds[p] += np.where(shares[p] > 0, change, 0.0)
                log_stds[p] = np.clip(log_stds[p], np.log(MIN_STD), -np.log(MIN_STD))
        scale = sum(b.interpolate(s) for b, s in zip(bases, log_stds, strict=True))
        spread = np.array([divisor(v) for v in (rest / np.exp(scale)).std(axis=0)])
        log_stds = [np.round(s, DECIMALS) for s in log_stds]
        # The first profile in use of each channel takes the factor that makes the variance one.
        first = np.argmax(shares > 0, axis=0)
        for p in range(len(knots)):
            log_stds[p][:, first == p] += np.round(np.log(spread[first == p]), DECIMALS)
        return [
            SeasonalProfile(
                part.period,
                part.knots,
                part.is_step,
                part.only_weekends,
                _table(means[p]),
                _table(log_stds[p]),
                tuple(np.round(shares[p], DECIMALS).tolist()),
            )
            for p, part in enumerate(knots)
        ]

    def quantiles(
        self, seasonality: Seasonality, discrete: np.ndarray
    ) -> tuple[PhaseQuantiles, ...]:
        """Return the distribution of each channel's residuals by the phase that explains most.

        Phases of discrete channels have distributions of their own, for these hold the proportions
        of rare values. Phases of the others have one if it is unlike that of all phases.
        """
        mean, std = seasonality.mean_and_std(self.rows.times)
        found = []
        for i, channel in enumerate(seasonality.channels):
            residuals = (self.rows.x[:, channel] - mean[:, i]) / std[:, i]
            used = [profile for profile in seasonality.profiles if profile.share[i] > 0]
            main = max(used, key=lambda profile: 0 if profile.only_weekends else profile.share[i])
            has_weekends = main.period == "day" and any(p.only_weekends for p in used)
            is_discrete = bool(discrete[channel])
            found.append(phase_quantiles(residuals, self.phases, main, has_weekends, is_discrete))
        return tuple(found)

    def _cycles(self, basis: Basis, part: Knots) -> np.ndarray:
        """Return the cycles (K,) with rows between each knot and the next."""
        cycle = np.floor(self.phases.cycles(part.period)[basis.is_on]).astype(np.int64)
        if not len(cycle):
            return np.zeros(basis.size)
        cycle -= cycle.min()
        pairs = np.unique(basis.left[basis.is_on] * (cycle.max() + 1) + cycle)
        return np.bincount(pairs // (cycle.max() + 1), minlength=basis.size)


def _matrix(basis: Basis) -> Any:
    """Return the weights of a basis as a sparse matrix (R, K)."""
    rows = np.arange(len(basis.left))
    left = np.where(basis.is_on, 1 - basis.weight, 0.0)
    right = np.where(basis.is_on, basis.weight, 0.0)
    index = (np.concatenate([rows, rows]), np.concatenate([basis.left, basis.right]))
    return sparse.csr_matrix((np.concatenate([left, right]), index), shape=(len(rows), basis.size))


def _table(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.tolist())


def _columns(profile: SeasonalProfile, used: np.ndarray) -> SeasonalProfile:
    """Return a profile of some of its channels."""
    return replace(
        profile,
        mean=_table(np.asarray(profile.mean)[:, used]),
        log_std=_table(np.asarray(profile.log_std)[:, used]),
        share=tuple(np.asarray(profile.share)[used].tolist()),
    )
