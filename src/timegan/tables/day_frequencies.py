"""Frequencies of days in pandas: business days, month ends, quarters."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import infer_freq, to_offset

from timegan.errors import InputError
from timegan.tables.dtypes import TICKS_PER_SECOND

MAX_INFERENCE_ROWS = 1_000
"""Rows of one sequence from which its frequency is inferred."""
SECONDS_PER_DAY = 86_400


def split_days(ticks: np.ndarray, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970 and ticks since midnight."""
    days, rest = np.divmod(ticks, SECONDS_PER_DAY * TICKS_PER_SECOND[unit])
    return days, rest


def infer_day_frequency(
    local: np.ndarray, inner: np.ndarray, bounds: np.ndarray, unit: str
) -> tuple[str, int | None] | None:
    """Return the frequency on whose days all times lie, and the steps from row to row if constant.

    Each sequence must keep to one time of day.

    Args:
        local: (R,) ticks in local time.
        inner: (R - 1,) True where a step lies within a sequence.
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
    inferred = _inferred(days[start : min(stop, start + MAX_INFERENCE_ROWS)])
    for freq in (inferred, *_candidates(days)):
        places = positions_on(days, freq) if freq else None
        if places is None:
            continue
        steps = np.diff(places)[inner]
        if steps.size and steps.min() == steps.max():
            return freq, int(steps[0])
        if freq != inferred or freq in ("B", "MS", "ME"):
            return freq, None
    return None


def positions_on(days: np.ndarray, freq: str) -> np.ndarray | None:
    """Return the position of each day (R,) on a frequency, or None where one is not on it."""
    grid = _between(int(days.min()), int(days.max()), freq)
    if not len(grid):
        return None
    places = np.minimum(np.searchsorted(grid, days), len(grid) - 1)
    return places if np.array_equal(grid[places], days) else None


def advance_days(days: np.ndarray, moves: np.ndarray, freq: str) -> np.ndarray:
    """Return days (n, T) so many positions of a frequency after days (n,).

    Raises:
        InputError: a day lies beyond the year 9999.
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
    return np.asarray((grid.asi8 // SECONDS_PER_DAY)[places])


def _between(first: int, last: int, freq: str) -> np.ndarray:
    """Return all days of a frequency from one day to another, both included."""
    edges = [pd.Timestamp(np.datetime64(day, "D").astype("M8[s]")) for day in (first, last)]
    grid: Any = pd.date_range(edges[0], edges[1], freq=freq, unit="s")
    return np.asarray(grid.asi8 // SECONDS_PER_DAY)


def _inferred(days: np.ndarray) -> str:
    """Infer the frequency of one sequence's days, or return an empty text."""
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
    """Return frequencies of which some days may be missing."""
    dates = days.astype("M8[D]")
    months = dates.astype("M8[M]")
    if (months.astype("M8[D]") == dates).all():
        return ["MS"]
    if ((months + 1).astype("M8[D]") - 1 == dates).all():
        return ["ME"]
    return ["B"] if np.is_busday(dates).all() else []
