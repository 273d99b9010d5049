"""Time goes on as it does in the table: steps, business days, months, time zones, gaps."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import back
from timegan.errors import InputError
from timegan.tables.table import Table
from timegan.tables.time_axis import MAX_STARTS


def series(index: Any, **options: Any) -> Table:
    return Table.from_frame(
        pd.DataFrame({"x": np.arange(float(len(index)))}, index=index), **options
    )


def continued(table: Table, steps: int, **options: Any) -> pd.Index:
    values = np.full((1, steps, table.values.shape[1]), 1.0)
    return table.schema.to_frame(values, **options).index


@pytest.mark.parametrize(
    "freq", ["D", "h", "10min", "W-SUN", "MS", "ME", "B", "QE", "2QE", "BME", "YS"]
)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["s", "ns"])
def test_a_regular_index_goes_on_with_its_frequency(freq: str, zone: str | None, unit: Any) -> None:
    long = pd.date_range("2021-01-31", periods=200, freq=freq, tz=zone, unit=unit)
    table = series(long[:50])
    assert table.schema.time_axis is not None
    assert table.schema.time_axis.is_regular
    pd.testing.assert_index_equal(continued(table, 200), long)


def test_summer_time_moves_neither_midnights_nor_hours() -> None:
    for freq in ("D", "h"):
        long = pd.date_range("2024-03-25", periods=200, freq=freq, tz="America/New_York")
        pd.testing.assert_index_equal(continued(series(long[:9]), 200), long)


def test_periods_numbers_and_lengths_of_time_go_on() -> None:
    for long in (
        pd.period_range("2020-01", periods=90, freq="M"),
        pd.Index(np.arange(90) * 5 + 3, name="t"),
        pd.Index(np.round(np.arange(90) * 0.1, 1), name="t"),
        pd.timedelta_range("1h", periods=90, freq="15min"),
    ):
        table = series(long[:30])
        assert table.schema.features == ("x",)
        pd.testing.assert_index_equal(continued(table, 90), long, exact=True, check_exact=True)


def trading_days(count: int) -> pd.DatetimeIndex:
    holidays = ["2020-01-20", "2020-02-17", "2020-04-10", "2020-05-25", "2020-07-03"]
    days = pd.date_range("2020-01-02", periods=count + 5, freq="B", name="Date")
    return days.drop(pd.DatetimeIndex(holidays).intersection(days))[:count]


def test_business_days_with_holidays_stay_business_days() -> None:
    table = series(trading_days(200))
    assert table.schema.features == ("x", "Date gap")
    gaps = table.values[:, 1]
    assert (np.bincount(gaps.astype(int))[1:] == [195, 5]).all()
    pd.testing.assert_frame_equal(
        back(table), pd.DataFrame({"x": np.arange(200.0)}, index=trading_days(200))
    )
    values = np.random.default_rng(0).uniform(0.6, 2.4, (50, 60, 2))
    made = table.schema.to_frame(values).index
    assert np.is_busday(made.to_numpy().astype("M8[D]")).all()


def test_days_with_holes_stay_midnights_in_their_zone() -> None:
    days = pd.date_range("2024-01-01", periods=200, tz="Europe/Berlin").delete([5, 6, 40, 99])
    table = series(days)
    assert table.values[:4, 1].tolist() == [86_400] * 4
    values = np.random.default_rng(0).uniform(40_000, 300_000, (9, 100, 2))
    made: Any = table.schema.to_frame(values).index
    assert (made == made.normalize()).all()
    assert made.tz == days.tz


def test_gaps_are_learned_in_seconds_and_time_only_rises() -> None:
    ticks = np.cumsum(np.random.default_rng(0).integers(1, 5000, 300))
    table = series(pd.DatetimeIndex((ticks + 1_600_000_000).view("M8[s]"), name="when"))
    field = table.schema.value_fields[1]
    assert (field.role, field.name) == ("gap", "when gap")
    np.testing.assert_array_equal(table.values[1:, 1], np.diff(ticks))
    assert table.values[0, 1] == np.median(np.diff(ticks))
    values = np.random.default_rng(0).normal(0, 900, (3, 50, 2))
    made = table.schema.to_frame(values).index.to_numpy().reshape(3, 50)
    assert (np.diff(made, axis=1) > np.timedelta64(0)).all()


def test_times_may_repeat_where_the_real_ones_do() -> None:
    index = pd.DatetimeIndex(["2024-01-01 09:00", "2024-01-01 09:00", "2024-01-01 09:07"])
    table = series(index)
    pd.testing.assert_index_equal(back(table).index, index)
    made = continued(table, 20)
    assert len(made) == 20
    zero = table.schema.to_frame(np.zeros((1, 5, 2))).index
    assert zero.nunique() == 1


def panel(days: int = 4, sequences: int = 3) -> pd.DataFrame:
    first = pd.date_range("2024-01-01", periods=sequences, freq="MS")
    return pd.DataFrame(
        {
            "who": np.repeat(np.arange(sequences), days),
            "when": np.concatenate([pd.date_range(f, periods=days) for f in first]),
            "x": 1.0,
        }
    )


def test_sequences_start_where_real_ones_do() -> None:
    table = Table.from_frame(panel(), sequence_key="who", sequence_index="when")
    assert table.notes == ()
    time_axis = table.schema.time_axis
    assert time_axis is not None
    assert table.starts is not None
    drawn = np.random.default_rng(0).choice(table.starts, 400)
    made = table.schema.to_frame(np.zeros((400, 4, 1)), starts=drawn)
    firsts = made.groupby("who")["when"].first().to_numpy()
    np.testing.assert_array_equal(firsts, drawn.view(made["when"].to_numpy().dtype))


def test_sequences_that_run_side_by_side_have_their_time_found_and_stay_in_place() -> None:
    frame = panel().assign(when=np.tile(pd.date_range("2024-01-01", periods=4).to_numpy(), 3))
    table = Table.from_frame(frame, sequence_key="who")
    assert table.notes == (
        "'when' is taken for the time: its dates increase within each sequence.",
    )
    interleaved = Table.from_frame(frame.sort_values("when", kind="stable"), sequence_key="who")
    assert interleaved.time is not None
    np.testing.assert_array_equal(interleaved.time, table.time)


def test_a_long_series_may_start_anywhere_but_a_thousand_starts_are_enough() -> None:
    table = series(pd.date_range("2020-01-01", periods=5000, freq="h"))
    time_axis = table.schema.time_axis
    assert time_axis is not None
    assert len(time_axis.starts) == MAX_STARTS
    assert table.time is not None
    assert (time_axis.starts[0], time_axis.starts[-1]) == (table.time[0], table.time[-1])
    assert continued(table, 3)[0] == pd.Timestamp("2020-01-01")


def test_rows_are_put_in_order_within_their_sequence() -> None:
    frame = panel()
    table = Table.from_frame(
        frame[::-1].reset_index(drop=True), sequence_key="who", sequence_index="when"
    )
    assert table.schema.time_axis is not None
    assert table.schema.time_axis.description == "every 1 day"
    assert table.time is not None
    assert (np.diff(table.time.reshape(3, 4)) > 0).all()
    assert any("order of time" in note for note in table.notes)


def test_text_that_holds_dates_is_the_time_and_comes_back_as_text() -> None:
    frame = pd.DataFrame({"Date": ["2024-02-28", "2024-02-29", "2024-03-01"], "x": [1.0, 3.0, 2.0]})
    table = Table.from_frame(frame)
    assert table.notes == (
        "'Date' is taken for the time: its dates increase within each sequence.",
    )
    pd.testing.assert_frame_equal(back(table), frame)
    longer = table.schema.to_frame(np.ones((1, 4, 1)))["Date"]
    assert longer.tolist()[-1] == "2024-03-02"


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (["2024-01-01", None, "2024-01-03"], "empty in row 2"),
        (["01/02/2024", "02/02/2024", "03/02/2024"], "with the day first"),
        (["soon", "later", "now"], "neither dates nor numbers"),
        ([0.0, np.inf, 1.0], "infinite"),
        ([True, False, True], "neither dates nor numbers"),
    ],
)
def test_what_is_no_time_is_named(times: list[Any], words: str) -> None:
    frame = pd.DataFrame({"when": times, "x": [1.0, 2.0, 4.0]})
    with pytest.raises(InputError, match=f"'when'.*{words}"):
        Table.from_frame(frame, sequence_index="when")


@pytest.mark.parametrize("order", [["start", "end"], ["end", "start"]])
def test_of_two_increasing_dates_the_one_that_comes_first_is_the_time(order: list[str]) -> None:
    hours = pd.to_timedelta(np.arange(40) * 5 % 7 + 1, "h")
    start = pd.date_range("2024-01-01", periods=40, freq="D")
    frame = pd.DataFrame({"start": start, "end": start + hours, "x": np.arange(40) % 7})
    table = Table.from_frame(frame[[*order, "x"]])
    assert table.schema.time is not None
    assert table.schema.time.name == "start"
    assert any("'start' is taken" in note and "before all others" in note for note in table.notes)
    mixed = frame.assign(end=start + hours - pd.Timedelta("3h"))
    table = Table.from_frame(mixed)
    assert table.schema.time is None
    assert any("none is taken for the time" in note for note in table.notes)


def test_time_cannot_run_beyond_its_calendar() -> None:
    for index in (
        pd.date_range("2020-01-01", periods=9, freq="YS", unit="s"),
        pd.date_range("2020-01-01", periods=9, freq="YS", unit="ns"),
        pd.date_range("2020-01-01", periods=9, freq="3650D", unit="ns"),
        pd.date_range("2020-01-01", periods=9, freq="3650D", unit="s"),
        pd.Index(np.arange(9, dtype="int8") * 10, name="t"),
        pd.Index(np.arange(9) * 2**59, name="t"),
    ):
        with pytest.raises(InputError, match=r"fewer (sequences or )?steps"):
            continued(series(index), 9000)
