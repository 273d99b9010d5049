"""Sizes of changes: how far values move over several steps, how often they stay, and how evenly.

Changes lie within a window, and never across a missing value or the end of a sequence. Their
figures are compared as ratios, synthetic to real, so that units and scales do not matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from timegan.metrics.comparison import Candidate, SetComparison
from timegan.metrics.metric import Metric, Needs, for_each, register
from timegan.metrics.score import MIN_WINDOWS, Score
from timegan.metrics.windows import Array, subset
from timegan.seeds import rng
from timegan.variation import ROUNDING, divisor, known_mean, largest_known

LAGS = (1, 2, 4, 8)
"""Steps from a value to the one that it is compared with."""
SIZES = ("std", "median", "largest")
"""Figures whose ratios make the score: deviation, and 50 % and 99 % quantiles of magnitudes.

Quantiles are of changes that are not zero. Otherwise those of a column that often stays the same
would tell how often it does, and say nothing of its steps.
"""
QUANTILES = (0.5, 0.99)
"""Shares of magnitudes below the figures ``median`` and ``largest``."""
MIN_CHANGES = 20
"""Changes of a column without which its figures would be noise."""
MAX_LOG_RATIO = float(np.log(100))
"""Logarithm of a ratio that larger ones count as: synthetic values may not move at all."""
STILL = 1e-3
"""Size of a window's changes, in shares of the real deviation, below which windows are alike."""
LIMIT = 2_000
"""Windows on a side that are looked at, at most."""
MIN_LIMIT = 200
"""Windows on a side that are looked at in the widest tables."""
MAX_BASELINES = 2
"""Pairs of real samples that a baseline is the mean of."""

Measured = TypeVar("Measured")


@dataclass(frozen=True)
class ChangeSizes:
    """Figures of the changes of one set of windows; each array is (lags, C), NaN where unknown.

    Args:
        std: standard deviation.
        median: of the magnitudes of changes that are not zero.
        largest: 99 % quantile of these.
        kurtosis: fourth standardized moment, 3 of a normal distribution.
        repeats: share of changes that are exactly zero.
        windows: root mean square of the changes of each window (lags, N, C).
    """

    std: Array
    median: Array
    largest: Array
    kurtosis: Array
    repeats: Array
    windows: Array

    @classmethod
    def of(cls, windows: Array) -> "ChangeSizes":
        """Measure windows (N, T, C), NaN where there is no value.

        >>> ramps = np.arange(40.0).reshape(1, 40, 1)
        >>> ChangeSizes.of(ramps).median.ravel().tolist()
        [1.0, 2.0, 4.0, 8.0]
        """
        lags = [lag for lag in LAGS if lag < windows.shape[1]]
        found = [_figures(changes_over(windows, lag)) for lag in lags]
        count, _, features = windows.shape
        if not lags:
            nothing = np.empty((0, features))
            empty = (nothing, nothing, nothing, nothing, nothing)
            return cls(*empty, np.empty((0, count, features)))
        return cls(*map(np.stack, zip(*found, strict=True)))

    def spread(self, still: Array) -> Array:
        """Return how much windows differ in the size of their changes (lags, C).

        The standard deviation of the logarithm of each window's size; NaN for fewer than 20.

        Args:
            still: (lags, C) size that smaller ones count as.
        """
        floor = divisor(np.nan_to_num(still))[:, None]
        sizes = np.log(np.maximum(self.windows, floor))
        away = sizes - known_mean(sizes, 1)[:, None]
        enough = (~np.isnan(sizes)).sum(axis=1) >= MIN_WINDOWS
        return np.where(enough, np.sqrt(known_mean(np.square(away), 1)), np.nan)


def changes_over(windows: Array, lag: int) -> Array:
    """Return changes (N, T - lag, C) over ``lag`` steps; NaN where a value on the way is missing.

    >>> x = np.array([1.0, 2.0, np.nan, 4.0, 6.0, 8.0]).reshape(1, 6, 1)
    >>> changes_over(x, 1).ravel().tolist(), changes_over(x, 2).ravel().tolist()
    ([1.0, nan, nan, 2.0, 2.0], [nan, nan, nan, 4.0])
    """
    difference: Array = windows[:, lag:] - windows[:, :-lag]
    largest = np.nan_to_num(largest_known(windows, (0, 1)))
    # Equal up to rounding is equal; by a power of two a division is exact.
    unit = 2.0 ** np.ceil(np.log2(divisor(ROUNDING * np.finfo(np.float64).eps * largest)))
    difference = np.round(difference / unit) * unit
    missing = np.isnan(windows)
    if lag > 1 and missing.any():
        passed = np.cumsum(missing, axis=1)
        difference[passed[:, lag:] > passed[:, :-lag]] = np.nan
    return difference


def change_sizes(
    real: Array, synthetic: Array, features: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return a table of the sizes of changes, with a row for each feature and lag.

    Args:
        real: windows (N, T, C), NaN where there is no value.
        synthetic: windows (M, T, C).
        features: names of the C features; by default their numbers.

    Returns:
        Rows of ``feature`` and ``lag``; the ratios synthetic to real ``std``, ``median``,
        ``largest`` (99 % quantile) and ``kurtosis``; and of both sides ``real_std``,
        ``synthetic_std``, ``real_repeats``, ``synthetic_repeats`` (share of changes that are
        zero), ``real_spread`` and ``synthetic_spread`` (deviation of the logarithm of the
        windows' own sizes of changes). None where it is unknown.

    >>> steps = np.random.default_rng(0).normal(size=(50, 24, 1)).cumsum(axis=1)
    >>> round(change_sizes(steps, 1.25 * steps)[0]["std"], 6)
    1.25
    """
    names = [str(c) for c in range(real.shape[2])] if features is None else features
    return _rows(ChangeSizes.of(real), ChangeSizes.of(synthetic), names)


def _rows(real: ChangeSizes, made: ChangeSizes, names: Sequence[str]) -> list[dict[str, Any]]:
    ratios = {name: _ratio(real, made, name) for name in (*SIZES, "kurtosis")}
    still = STILL * real.std
    sides = {
        f"{side}_{name}": values
        for side, sizes in (("real", real), ("synthetic", made))
        for name, values in (
            ("std", sizes.std),
            ("repeats", sizes.repeats),
            ("spread", sizes.spread(still)),
        )
    }
    return [
        {"feature": feature, "lag": lag}
        | {name: _plain(values[i, c]) for name, values in (ratios | sides).items()}
        for c, feature in enumerate(names)
        for i, lag in enumerate(LAGS[: len(real.std)])
    ]


def size_errors(real: ChangeSizes, made: ChangeSizes) -> Array:
    """Return for each feature (C,) how far the ratios of `SIZES` are from 1, at the worst lag.

    The mean size of their logarithms: 0.1 where changes are 10 % too large or too small.
    """
    logs = [np.abs(_log_ratio(_ratio(real, made, name))) for name in SIZES]
    by_lag = known_mean(np.stack(logs), 0)
    worst: Array = np.fmax.reduce(by_lag, axis=0, initial=-np.inf)
    return np.where(np.isfinite(worst), worst, np.nan)


def repeat_errors(real: ChangeSizes, made: ChangeSizes) -> Array:
    """Return for each feature (C,) the difference of the shares of repeated values."""
    difference: Array = np.abs(real.repeats - made.repeats)[0]
    return difference


def spread_errors(real: ChangeSizes, made: ChangeSizes) -> Array:
    """Return for each feature (C,) the difference of the spreads of windows' own sizes."""
    still = STILL * real.std
    difference = np.abs(real.spread(still) - made.spread(still))[0]
    return np.where(real.std[0] > 0, difference, np.nan)


Errors = Callable[[ChangeSizes, ChangeSizes], Array]


def _measure(errors: Errors, comparison: SetComparison, candidate: Candidate) -> Score:
    """Return the mean error over features, of each pair of a candidate."""
    found = [errors(*sides) for sides in sides_of(ChangeSizes.of, comparison, candidate)]
    return Score.of(
        [_plain(known_mean(e)) for e in found], "No feature varies, or windows are too few."
    )


def sides_of(
    measure: Callable[[Array], Measured], comparison: SetComparison, candidate: Candidate
) -> list[tuple[Measured, Measured]]:
    """Return figures of both sides of each pair; each is measured once for all metrics.

    Args:
        measure: takes windows (N, T, C) in the table's units, NaN where there is no value.
        comparison: of the candidate.
        candidate: at most two pairs of it are looked at, and 2,000 windows of a side, or fewer of
            wide tables.
    """
    limit = comparison.options.thinned(LIMIT, MIN_LIMIT)

    def measured(windows: Array, *path: str | int) -> Measured:
        draw = rng(comparison.seed, "changes", *path)
        return comparison.once(
            (measure, *path),
            lambda: measure(comparison.cells_in_table_units(subset(windows, limit, draw))),
        )

    name = candidate.name
    return [
        (
            measured(real.values(), *(("half", number) if name == "real" else ("all",))),
            measured(made.values(), name, number),
        )
        for number, (real, made) in enumerate(candidate.pairs[:MAX_BASELINES])
        if len(real) and len(made)
    ]


def _details(errors: Errors, comparison: SetComparison) -> dict[str, Any]:
    """Return the error of each feature, and that between two real samples."""
    if comparison.real.shape[1] <= LAGS[0]:
        return {}
    names = comparison.data.cell_features
    sides = {
        "features": sides_of(ChangeSizes.of, comparison, comparison.synthetic()),
        "baseline_features": sides_of(ChangeSizes.of, comparison, comparison.baseline()),
    }
    found = {
        key: np.mean([errors(*pair) for pair in pairs], axis=0).tolist()
        for key, pairs in sides.items()
        if pairs
    }
    return {
        key: {n: v for n, v in zip(names, values, strict=True) if np.isfinite(v)}
        for key, values in found.items()
    }


def _size_details(comparison: SetComparison) -> dict[str, Any]:
    """Return the errors, the table of all figures, and the ratio of deviations at lag 1."""
    found = _details(size_errors, comparison)
    if not found:
        return found
    ((real, made),) = sides_of(ChangeSizes.of, comparison, comparison.synthetic())
    names = comparison.data.cell_features
    logs = np.abs(_log_ratio(_ratio(real, made, "std")))[0]
    if np.isfinite(logs).any():
        worst = int(np.nanargmax(logs))
        found["std_ratio"] = {
            "mean": float(np.nanmean(logs)),
            "worst": float(logs[worst]),
            "feature": names[worst],
        }
    return found | {"sizes": _rows(real, made, names)}


def _register(
    name: str, title: str, meaning: str, order: int, errors: Errors, **about: Any
) -> None:
    register(
        Metric(
            name,
            title=title,
            meaning=meaning,
            better="lower",
            measure=for_each(name, partial(_measure, errors)),
            needs=Needs(windows=2, steps=2),
            order=order,
            **{"details": partial(_details, errors)} | about,
        )
    )


_register(
    "change_size",
    "Size of changes",
    "Logarithm of the ratio of sizes of changes, over those of 1, 2, 4 and 8 steps that are worst, "
    "as a mean over features: 0.1 where changes are 10% too large or too small.",
    72,
    size_errors,
    formula=r"\overline{\max_l \overline{|\log (q_S(l) / q_R(l))|}}",
    values="0 and more",
    cannot_see="Levels, the order of changes, and which features change together.",
    details=_size_details,
)
_register(
    "change_repeats",
    "Repeated values",
    "Difference of the shares of steps at which a value stays exactly the same, as a mean over "
    "features.",
    74,
    repeat_errors,
    formula=r"\overline{|P_S(\Delta = 0) - P_R(\Delta = 0)|}",
    values="0 to 1",
    cannot_see="Everything but steps without a change.",
)
_register(
    "change_spread",
    "Quiet and lively windows",
    "Difference in how much windows differ in the size of their own changes (deviation of its "
    "logarithm), as a mean over features.",
    76,
    spread_errors,
    formula=r"\overline{|s_S - s_R|},\ s = \mathrm{std}(\log\,\mathrm{rms}\,\Delta_n)",
    values="0 and more",
    cannot_see="Levels, the size of changes, and which features are quiet together.",
)


def _figures(changes: Array) -> tuple[Array, ...]:
    """Return the fields of `ChangeSizes` for changes (N, T, C)."""
    columns = np.ascontiguousarray(changes.reshape(-1, changes.shape[2]).T)
    known = ~np.isnan(columns)
    found = np.transpose([_of_column(c[here]) for c, here in zip(columns, known, strict=True)])
    return (*found, np.sqrt(known_mean(np.square(changes), 1)))


def _of_column(changes: Array) -> list[float]:
    """Return deviation, median, 99 % quantile, kurtosis and share of zeros of changes (n,)."""
    if len(changes) < MIN_CHANGES:
        return [np.nan] * 5
    away = changes - changes.mean()
    square = np.square(away)
    variance = float(square.mean())
    sizes = np.abs(changes[changes != 0])
    quantiles = [np.nan] * len(QUANTILES)
    if len(sizes) >= MIN_CHANGES:
        # Moved to their places among the ordered sizes: a third of the time of a full sort.
        sizes.partition([int(share * len(sizes)) for share in QUANTILES])
        quantiles = [_mid_quantile(sizes, share) for share in QUANTILES]
    return [
        np.sqrt(variance),
        *quantiles,
        float(np.square(square).mean()) / variance**2 if variance > 0 else np.nan,
        1 - len(sizes) / len(changes),
    ]


def _mid_quantile(values: Array, share: float) -> float:
    """Return a quantile of values (n,) by the mid-distribution function.

    Between equal values a usual quantile stands still and then jumps. This one moves evenly with
    their numbers; of values that all differ it is nearly the usual one (Ma, Genton, Parzen, Annals
    of the Institute of Statistical Mathematics 2011).

    Args:
        values: of which the one at ``share`` is in its place.
        share: below the quantile.
    """
    value = values[int(share * len(values))]
    below, equal = values < value, values == value
    place = (below.sum() + equal.sum() / 2) / len(values)
    beyond = values[below] if place > share else values[~below & ~equal]
    if place == share or not beyond.size:
        return float(value)
    other = beyond.max() if place > share else beyond.min()
    step = (equal.sum() + (values == other).sum()) / (2 * len(values))
    return float(value + (other - value) * abs(share - place) / step)


def _ratio(real: ChangeSizes, made: ChangeSizes, name: str) -> Array:
    """Return the ratios (lags, C) of one figure, NaN where the real one is zero or unknown."""
    a, b = getattr(real, name), getattr(made, name)
    return np.where(a > 0, b / np.where(a > 0, a, 1.0), np.nan)


def _log_ratio(ratio: Array) -> Array:
    least = np.exp(-MAX_LOG_RATIO)
    found: Array = np.log(np.clip(ratio, least, 1 / least))
    return found


def _plain(value: float | Array) -> float | None:
    return float(value) if np.isfinite(value) else None
