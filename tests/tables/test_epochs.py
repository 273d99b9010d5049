"""Numbers that count time since 1970 are the time, and come back as numbers of their type."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import check_round_trip
from timegan.tables.table import Table

ROWS = 40
START = 1_704_067_237
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def frame(times: Any, name: str = "x", **more: Any) -> pd.DataFrame:
    return pd.DataFrame({name: times, "y": np.sin(np.arange(len(times))), **more})


def irregular(unit: int = 1) -> np.ndarray:
    """Return times that increase by 1 to 49 seconds."""
    steps = np.random.default_rng(0).integers(1, 50, ROWS)
    return np.asarray((START + np.cumsum(steps)) * unit)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_numbers_in_every_unit_are_the_time(unit: str, dtype: str) -> None:
    times = pd.Series(irregular(UNITS[unit])).astype(dtype)  # type: ignore[call-overload]
    table = check_round_trip(frame(times, "timestamp"))
    time = table.schema.time
    assert time is not None
    assert (time.type, time.unit) == ("datetime", unit)
    assert any("count time" in note for note in table.notes)


def test_seconds_with_fractions_are_the_time() -> None:
    times = np.round(irregular() + 0.25, 3)
    assert check_round_trip(frame(times, "event_time")).schema.time is not None


def test_regular_numbers_need_no_name() -> None:
    table = check_round_trip(frame(START * 1000 + np.arange(ROWS) * 60_000))
    assert table.schema.time_axis is not None
    assert table.schema.time_axis.description == "every 1 min"
    assert check_round_trip(frame(irregular() // 60 * 60 + np.arange(ROWS) * 60)).schema.time


@pytest.mark.parametrize(
    ("name", "numbers", "first", "last"),
    [
        ("year", np.arange(1850, 1850 + ROWS), "1850-01-01", "1889-01-01"),
        ("date", 44_223 + np.arange(ROWS), "2021-01-27", "2021-03-07"),
        ("day", 2_021_027 + np.arange(ROWS), "2021-01-27", "2021-03-07"),
    ],
)
def test_years_serial_numbers_and_days_of_the_year_are_the_time(
    name: str, numbers: np.ndarray, first: str, last: str
) -> None:
    table = check_round_trip(frame(numbers, name))
    assert table.time is not None
    ends = np.array([first, last], dtype="M8[s]").astype(np.int64)
    np.testing.assert_array_equal(table.time[[0, -1]], ends)


def test_numbers_may_start_again_in_each_sequence() -> None:
    times = np.tile(irregular(), 3)
    who = np.repeat([1, 2, 3], ROWS)
    table = check_round_trip(frame(times, "ts", who=who), sequence_key="who")
    assert table.schema.time is not None


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("x", irregular()),  # neither name nor steps tell
        ("time", irregular()[::-1] + np.arange(ROWS) % 2 * 99),  # not rising
        ("time", np.arange(ROWS)),  # 1970
        ("time", irregular() * 10.5),  # between two units
        ("step", np.arange(ROWS) * 60),
        ("year", 2_000 + np.arange(ROWS) // 12),  # years of months
        ("level", 1_990 + np.arange(ROWS)),
        ("id", 2_000_001 + np.arange(ROWS)),
        ("price", 44_223 + np.arange(ROWS)),
        ("lat", np.linspace(10, 20, ROWS)),
    ],
)
def test_other_numbers_are_no_time(name: str, times: np.ndarray) -> None:
    assert Table.from_frame(frame(times, name)).schema.time is None


def test_dates_go_before_numbers_and_two_columns_are_named() -> None:
    days = pd.date_range("2024-01-01", periods=ROWS).strftime("%Y-%m-%d")
    time = Table.from_frame(frame(irregular(), "time", day=days)).schema.time
    assert time is not None
    assert time.name == "day"
    later = Table.from_frame(frame(irregular(), "start_time", stop_time=irregular() + 5))
    assert later.schema.time is not None
    assert later.schema.time.name == "start_time"
    # Neither of two is first in every row.
    crossing = irregular() + np.where(np.arange(ROWS) < ROWS // 2, -1, 1)
    both = Table.from_frame(frame(irregular(), "first_time", second_time=crossing))
    assert both.schema.time is None
    assert any("'first_time', 'second_time'" in note for note in both.notes)
