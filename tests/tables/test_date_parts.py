"""Year, month, day and hour in columns of their own are the time, and are written from it."""

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
        ("D", 3, "every 86400s"),
        ("h", 4, "every 3600s"),
        ("15min", 5, "every 900s"),
        ("7s", 6, "every 7s"),
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
