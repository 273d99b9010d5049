"""Phases of times in the periods of the calendar: hour, day, week, month and year."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np

from timegan.tables.dtypes import TICKS_PER_SECOND
from timegan.tables.timestamps import to_local

PERIODS: Mapping[str, str] = MappingProxyType(
    {
        "hour": "minute of the hour",
        "day": "time of day",
        "week": "weekday",
        "month": "day of the month",
        "year": "time of the year",
    }
)
"""Periods of the calendar, shortest first, and what a phase in each of them is called."""

SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "hour": 3_600.0,
        "day": 86_400.0,
        "week": 604_800.0,
        "month": 2_629_746.0,
        "year": 31_556_952.0,
    }
)
"""Mean length of each period in seconds."""

LEVELS: Mapping[str, int] = MappingProxyType({"week": 7, "month": 31})
"""Number of whole days in the periods whose phase is a day."""

SATURDAY = 5
SECONDS_PER_DAY = 86_400
MONDAY_OFFSET = 3  # 1 January 1970 was a Thursday


@dataclass(frozen=True)
class CalendarPhases:
    """Times of the wall clock, as whole days and as seconds since midnight.

    Args:
        days: since 1970-01-01, of any shape.
        seconds: since midnight, of the same shape.
    """

    days: np.ndarray
    seconds: np.ndarray

    @classmethod
    def of(cls, ticks: np.ndarray, unit: str, zone: str) -> Self:
        """Return the phases of UTC ticks of any shape in a time zone; empty: ticks are local."""
        local = to_local(ticks.ravel(), unit, zone).reshape(ticks.shape) if zone else ticks
        days, rest = np.divmod(local, SECONDS_PER_DAY * TICKS_PER_SECOND[unit])
        return cls(days, rest / TICKS_PER_SECOND[unit])

    @property
    def weekday(self) -> np.ndarray:
        """Day of the week, 0 on Mondays."""
        return (self.days + MONDAY_OFFSET) % 7

    @property
    def is_weekend(self) -> np.ndarray:
        """True if a time is on a Saturday or Sunday."""
        return self.weekday >= SATURDAY

    def cycles(self, period: str) -> np.ndarray:
        """Return the number of cycles of a period since 1970; the fraction is the phase."""
        day = self.seconds / SECONDS_PER_DAY
        if period == "hour":
            return np.asarray(self.days * 24 + self.seconds / 3_600)
        if period == "day":
            return np.asarray(self.days + day)
        if period == "week":
            return np.asarray((self.days + MONDAY_OFFSET + day) / 7)
        dates = self.days.astype("M8[D]")
        months = dates.astype("M8[M]")
        of_month = (dates - months.astype("M8[D]")).astype(np.int64) + day
        if period == "month":
            return np.asarray(months.astype(np.int64) + of_month / LEVELS["month"])
        month_days = (months + 1).astype("M8[D]") - months.astype("M8[D]")
        # Equal months, so that rows on the first of each month have twelve phases.
        return np.asarray((months.astype(np.int64) + of_month / month_days.astype(np.int64)) / 12)

    def phase(self, period: str) -> np.ndarray:
        """Return the place in a period, from 0 to below 1."""
        if period in LEVELS:
            day = np.floor(self.cycles(period) % 1 * LEVELS[period] + 1e-6)
            return np.asarray(day / LEVELS[period])
        return np.asarray(np.round(self.cycles(period) % 1, 9) % 1)
