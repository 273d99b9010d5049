"""Calendars of days: business days, month ends, quarters, counted off along pandas' frequencies."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import infer_freq, to_offset

from timegan.errors import InputError
from timegan.tables.dtypes import PER_SECOND

ENOUGH = 1_000
"""Rows of one sequence from which its frequency is read."""
SECONDS = 86_400


def split_days(ticks: np.ndarray, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970 and the ticks since midnight."""
    days, rest = np.divmod(ticks, SECONDS * PER_SECOND[unit])
    return days, rest


def known_grid(
    local: np.ndarray, inner: np.ndarray, bounds: np.ndarray, unit: str
) -> tuple[str, int | None] | None:
    """The frequency on whose days all times lie, and the steps from row to row, if always as many.

    Each sequence must keep to one time of day.

    Args:
        local: (R,) ticks of the wall's clock.
        inner: (R - 1,) which steps lie within a sequence.
        bounds: (S, 2) of the sequences.
        unit: of the ticks.

    Returns:
        ``("B", 1)`` for every business day, ``("B", None)`` for business days with holidays;
        None where there is no such frequency.
    """
    days, rest = split_days(local, unit)
    if np.diff(rest)[inner].any():
        return None
    longest = int(np.argmax(bounds[:, 1] - bounds[:, 0]))
    start, stop = bounds[longest]
    inferred = _inferred(days[start : min(stop, start + ENOUGH)])
    for freq in (inferred, *_candidates(days)):
        places = regular_grid(days, freq) if freq else None
        if places is None:
            continue
        steps = np.diff(places)[inner]
        if steps.size and steps.min() == steps.max():
            return freq, int(steps[0])
        if freq != inferred or freq in ("B", "MS", "ME"):
            return freq, None
    return None


def regular_grid(days: np.ndarray, freq: str) -> np.ndarray | None:
    """The place of each day (R,) on a frequency's days, or None where one lies beside them."""
    grid = _between(int(days.min()), int(days.max()), freq)
    if not len(grid):
        return None
    places = np.minimum(np.searchsorted(grid, days), len(grid) - 1)
    return places if np.array_equal(grid[places], days) else None


def advance(days: np.ndarray, moves: np.ndarray, freq: str) -> np.ndarray:
    """Days (n, T) that lie so many places after the days (n,) of a frequency.

    Raises:
        InputError: beyond the year 9999.
    """
    if not moves.size:
        return np.zeros(moves.shape, dtype=np.int64)
    known = _between(int(days.min()), int(days.max()), freq)
    most = len(known) + int(moves.max())
    try:
        start = pd.Timestamp(np.datetime64(int(known[0]), "D").astype("M8[s]"))
        grid: Any = pd.date_range(start, periods=most, freq=freq, unit="s")
    except (OverflowError, ValueError) as error:  # pandas' out-of-bounds error is a ValueError
        raise InputError(
            f"{most:,} dates of {freq!r} run beyond the calendar. Ask for fewer steps."
        ) from error
    places = np.searchsorted(known, days)[:, None] + moves
    return np.asarray((grid.asi8 // SECONDS)[places])


def _between(first: int, last: int, freq: str) -> np.ndarray:
    """All days of a frequency from one day to another, both included."""
    edges = [pd.Timestamp(np.datetime64(day, "D").astype("M8[s]")) for day in (first, last)]
    grid: Any = pd.date_range(edges[0], edges[1], freq=freq, unit="s")
    return np.asarray(grid.asi8 // SECONDS)


def _inferred(days: np.ndarray) -> str:
    """The frequency of one sequence's days for one step; empty where pandas knows none of days."""
    if len(days) < 3:
        return ""
    with warnings.catch_warnings():  # what it returns changes with pandas 4; both are read here
        warnings.simplefilter("ignore")
        try:
            found: Any = infer_freq(pd.DatetimeIndex(days.astype("M8[D]").astype("M8[s]")))
        except ValueError:
            return ""
    if found is None:
        return ""
    offset: Any = to_offset(found)
    if isinstance(offset, pd.offsets.Tick | pd.offsets.Day | pd.offsets.Week):
        return ""
    return str(offset.base.freqstr)


def _candidates(days: np.ndarray) -> list[str]:
    """Frequencies whose days may have been left out here and there."""
    dates = days.astype("M8[D]")
    months = dates.astype("M8[M]")
    if (months.astype("M8[D]") == dates).all():
        return ["MS"]
    if ((months + 1).astype("M8[D]") - 1 == dates).all():
        return ["ME"]
    return ["B"] if np.is_busday(dates).all() else []
