"""Year, month, day and hour in columns of their own are the time, and are written from it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import back, check_round_trip
from timegan.errors import InputError
from timegan.tables.table import Table

PARTS = ["year", "month", "day", "hour", "minute", "second"]


def frame(freq: str, count: int, rows: int = 60, dtype: str = "int64") -> pd.DataFrame:
    """Return a table with so many parts of its time."""
    times = pd.date_range("2019-12-30", periods=rows, freq=freq)
    parts = {part: getattr(times, part).astype(dtype) for part in PARTS[:count]}
    return pd.DataFrame({"x": np.sin(np.arange(rows))} | parts | {"y": np.arange(rows) % 7})


@pytest.mark.parametrize(
    ("freq", "count", "description"),
    [
        ("MS", 2, "every 1 x MS"),
        ("D", 3, "every 1 day"),
        ("h", 4, "every 1 h"),
        ("15min", 5, "every 15 min"),
        ("7s", 6, "every 7 s"),
    ],
)
@pytest.mark.parametrize("dtype", ["int64", "int16", "float64"])
def test_parts_of_the_time_are_the_time(
    freq: str, count: int, description: str, dtype: str
) -> None:
    table = check_round_trip(frame(freq, count, dtype=dtype))
    assert table.schema.features == ("x", "y")
    assert table.schema.time_axis is not None
    assert table.schema.time_axis.description == description
    assert "are taken for the time" in table.notes[0]


def test_parts_continue_beyond_the_table_and_start_again_in_sequences() -> None:
    table = Table.from_frame(frame("D", 3))
    made = table.schema.to_frame(np.zeros((1, 100, 2)))
    dates = pd.to_datetime(made[["year", "month", "day"]])
    assert (dates == pd.date_range("2019-12-30", periods=100)).all()
    two = pd.concat([frame("D", 3).assign(who=k) for k in "ab"], ignore_index=True)
    check_round_trip(two, sequence_key="who")
    with pytest.raises(InputError, match="sequence_key=who"):
        Table.from_frame(two)


WEEKS = pd.date_range("2019-12-02", periods=60, freq="7D")
DAYS = pd.date_range("2019-12-02", periods=60)
HOURS = pd.date_range("2019-12-30", periods=60, freq="h")
QUARTERS = pd.date_range("2000-01-01", periods=60, freq="QS")
OTHERS: dict[str, tuple[pd.DatetimeIndex, dict[str, Any]]] = {
    "weeks": (WEEKS, {"year": WEEKS.isocalendar().year, "week": WEEKS.isocalendar().week}),
    "Wochen": (WEEKS, {"Jahr": WEEKS.isocalendar().year, "KW": WEEKS.isocalendar().week}),
    "days of the year": (DAYS, {"year": DAYS.year, "doy": DAYS.day_of_year}),
    "quarters": (QUARTERS, {"year": QUARTERS.year, "quarter": QUARTERS.quarter}),
    "hours of dates": (HOURS, {"date": HOURS.strftime("%d.%m.%Y"), "hour": HOURS.hour}),
    "hours from 1": (HOURS, {"date": HOURS.strftime("%m/%d/%Y"), "HE": HOURS.hour + 1}),
    "hours from 1 of parts": (
        HOURS,
        {"year": HOURS.year, "month": HOURS.month, "day": HOURS.day, "hour": HOURS.hour + 1},
    ),
    "clocks without colons": (
        HOURS,
        {"date": HOURS.strftime("%Y-%m-%d"), "time": HOURS.strftime("%H%M")},
    ),
    "clocks in UTC": (
        HOURS,
        {"Data": HOURS.strftime("%Y/%m/%d"), "Hora": HOURS.strftime("%H%M UTC")},
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_weeks_days_of_the_year_quarters_and_hours_are_parts_too(name: str) -> None:
    times, parts = OTHERS[name]
    columns = {part: np.asarray(values) for part, values in parts.items()}
    table = check_round_trip(pd.DataFrame(columns | {"x": np.sin(np.arange(60))}))
    assert table.schema.features == ("x",)
    np.testing.assert_array_equal(table.time, times.as_unit("s").asi8)


def test_a_part_of_a_day_is_read_with_hours_from_1() -> None:
    parts = {"date": HOURS.strftime("%Y-%m-%d"), "hour": HOURS.hour + 1}
    table = pd.DataFrame(parts | {"x": np.sin(np.arange(60))})
    first = Table.from_frame(table)
    again = Table.from_frame(table.iloc[:9], like=first.schema)
    assert first.time is not None
    np.testing.assert_array_equal(again.time, first.time[:9])


def test_irregular_parts_have_a_gap_to_learn() -> None:
    rows = frame("D", 3).drop(index=[3, 4, 20]).reset_index(drop=True)
    assert check_round_trip(rows).schema.features == ("x", "y", "time gap")


def test_parts_are_features_where_they_are_not_dates_or_not_alone() -> None:
    parts = frame("D", 3)
    for other in (
        parts.assign(day=31),
        parts.assign(month=13),
        parts.drop(columns="month"),
        parts.sample(frac=1, random_state=0).reset_index(drop=True),
        parts.assign(day=parts["day"] + 0.5),
        parts.assign(when=pd.date_range("2020-01-01", periods=60)),
    ):
        assert not Table.from_frame(other).schema.of("part")
    assert not Table.from_frame(parts, columns=["x", "day"]).schema.of("part")


def test_another_table_is_read_with_the_same_parts() -> None:
    first = Table.from_frame(frame("h", 4))
    again = Table.from_frame(back(first).iloc[5:20], like=first.schema)
    assert first.time is not None
    np.testing.assert_array_equal(again.time, first.time[5:20])
    with pytest.raises(InputError, match="do not hold dates"):
        Table.from_frame(back(first).assign(month=13), like=first.schema)
