"""Autocorrelation of long series after whole periods of the calendar."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from timegan.relations import Rows

DAY = 86_400

PERIODS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"hour": ("day", DAY), "weekday": ("week", 7 * DAY), "month": ("year", 365 * DAY)}
)
"""Part of the time -> name and seconds of the period in which it comes back."""

REPEATS = (1, 2, 3, 7)
"""Periods after which values are compared."""

MIN_REPEATS = 3
"""Multiples of its lag that a series needs."""


def period_autocorrelations(
    real: Rows, synthetic: Rows, seasons: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the autocorrelation of long series at lags of whole periods.

    Args:
        real: all real rows.
        synthetic: generated rows.
        seasons: rows of `timegan.metrics.timing.timing`, which tell columns with their periods.

    Returns:
        A row for each column, period and lag that both have long enough series for, with
        ``feature``, ``lag`` in words, ``steps``, ``real``, ``synthetic`` and ``difference``, by
        how much more than chance the two differ. It is empty where rows lie at irregular
        distances, or where series are too short.
    """
    step = _step(real)
    if step is None or step != _step(synthetic):
        return []
    rows = []
    longest = min(int(side.lengths.max()) for side in (real, synthetic))
    for season in seasons:
        column, part = season["feature"], season["part"]
        if column not in real.columns or part not in PERIODS:
            continue
        name, seconds = PERIODS[part]
        for repeat in REPEATS:
            lag = round(repeat * seconds / step)
            if lag < 1 or longest < MIN_REPEATS * lag:
                break
            a, b = (_autocorrelation(side, column, lag) for side in (real, synthetic))
            if a is None or b is None:
                continue
            error = np.sqrt(sum(lag / repeat / len(side) for side in (real, synthetic)))
            row: dict[str, Any] = {
                "feature": column,
                "lag": f"{repeat} {name}{'s' if repeat > 1 else ''}",
                "steps": lag,
                "real": a,
                "synthetic": b,
                "difference": max(abs(a - b) - 2 * float(error), 0.0),
            }
            rows.append(row)
    return sorted(rows, key=lambda row: -row["difference"])


def _step(rows: Rows) -> float | None:
    """Return the seconds from row to row; None where they are not regular."""
    if rows.time is None:
        return None
    steps = np.diff(rows.time)[rows.follows[1:]]
    if not steps.size or np.median(steps) <= 0:
        return None
    usual = float(np.median(steps))
    # Local clocks are set forward and back, and some rows may be missing.
    return usual if np.mean(np.abs(steps - usual) <= 0.01 * usual) > 0.98 else None


def _autocorrelation(rows: Rows, column: str, lag: int) -> float | None:
    """Return the mean product of values so many rows apart, relative to their variance."""
    if column not in rows.columns:
        return None
    products, variance = [], []
    for begin, end in rows.bounds:
        if end - begin <= lag:
            continue
        values = rows.columns[column][begin:end]
        if np.isnan(values).all():
            continue
        away = values - np.nanmean(values)
        both = away[lag:] * away[:-lag]
        products.append(both[~np.isnan(both)])
        variance.append(np.square(away[~np.isnan(away)]))
    if not products or not any(p.size for p in products):
        return None
    spread = float(np.concatenate(variance).mean())
    return float(np.concatenate(products).mean()) / spread if spread > 0 else None
