"""Local times of a clock that is set forward and back keep their phase and their form."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.sampling.start_times import parse_starts
from timegan.tables import Sequences, Table
from timegan.transforms.calendar_phases import CalendarPhases

AUTUMN = pd.date_range("2023-10-20", "2023-11-10", freq="h", tz="UTC")
SPRING = pd.date_range("2024-03-05", "2024-04-05", freq="h", tz="UTC")


def written(times: pd.DatetimeIndex, form: str) -> Any:
    """Return local times without a zone: as text, as timestamps, or with their offset."""
    if form == "offset":
        return [time.isoformat() for time in times]
    if form == "timestamp":
        return times.tz_localize(None)
    return times.strftime(form)


def table_of(times: Any, **options: Any) -> tuple[pd.DataFrame, Table]:
    frame = pd.DataFrame({"time": times, "x": np.arange(len(times)) % 7 / 2})
    return frame, Table.from_frame(frame, **options)


FORMS = ["%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "timestamp", "offset", "%Y-%m-%d %H:%M %Z"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney"])
@pytest.mark.parametrize("form", FORMS)
def test_times_with_an_hour_that_comes_twice_are_regular_and_come_back(
    zone: str, form: str
) -> None:
    for utc in (AUTUMN, SPRING):
        frame, table = table_of(written(utc.tz_convert(zone), form))
        axis = table.schema.time_axis
        assert axis is not None
        assert axis.is_regular
        assert table.time is not None
        assert (np.diff(table.time) == np.diff(table.time)[0]).all()
        made = table.schema.to_frame(table.values[None], starts=table.starts)
        pd.testing.assert_frame_equal(made, frame)
        again = Table.from_frame(frame, like=table.schema)
        np.testing.assert_array_equal(again.time, table.time)


def test_a_clock_that_goes_back_by_minutes_and_sequences_side_by_side_are_read() -> None:
    utc = pd.date_range("2023-10-28", "2023-10-31", freq="10min", tz="UTC")
    _, table = table_of(written(utc.tz_convert("Europe/Berlin"), "timestamp"))
    assert table.schema.time is not None
    assert table.schema.time.zone == "Europe/Berlin"
    one = pd.DataFrame(
        {"at": written(AUTUMN.tz_convert("Europe/Berlin"), FORMS[0]), "x": np.arange(len(AUTUMN))}
    )
    both = pd.concat([one.assign(who="a"), one.assign(who="b")])
    mixed = both.iloc[np.argsort(np.tile(np.arange(len(one)), 2), kind="stable")]
    table = Table.from_frame(mixed.reset_index(drop=True), sequence_key="who")
    assert table.time is not None
    assert (np.diff(table.time.reshape(2, -1)) == 3_600).all()


def test_the_season_is_that_of_the_local_clock() -> None:
    utc = pd.date_range("2023-09-01", "2023-12-15", freq="h", tz="UTC")
    local = utc.tz_convert("Europe/Berlin")
    load = 10 + 5 * np.sin(2 * np.pi * np.asarray(local.hour) / 24)
    load += np.random.default_rng(0).normal(0, 0.5, len(load))
    frame = pd.DataFrame({"time": written(local, FORMS[0]), "load": load.round(2)})
    data = WindowDataModule.from_frame(frame, window=24)
    data.setup()
    season, time = data.transform.seasonality, data.table.time
    assert season is not None
    assert time is not None
    assert season.shares()[0][2] > 0.88
    phases = CalendarPhases.of(time, season.unit, season.zone)
    np.testing.assert_array_equal(phases.seconds // 3_600, local.hour)
    starts = parse_starts("2024-07-01 07:00", data.transform, 1)
    values = data.table.values[None, :24]
    made = data.transform.to_frame(Sequences(values, np.array([24]), np.empty((1, 0)), starts))
    assert made["time"].iloc[[0, -1]].tolist() == ["2024-07-01 07:00", "2024-07-02 06:00"]


def test_a_named_zone_is_taken_and_utc_reads_times_as_they_are() -> None:
    times = pd.date_range("2024-06-01", periods=100, freq="h").strftime(FORMS[0])
    for zone, shift in (("Europe/Berlin", 7_200), ("UTC", 0)):
        _, plain = table_of(times)
        _, table = table_of(times, time_zone=zone)
        assert plain.schema.time is not None
        assert plain.schema.time.zone == ""
        assert plain.time is not None
        assert table.time is not None
        assert plain.time[0] - table.time[0] == shift
    gap = pd.date_range("2024-03-31", periods=30, freq="h").strftime(FORMS[0])
    with pytest.raises(InputError, match=r"2024-03-31 02:00 in row 3 .*does not exist in Europe"):
        table_of(gap, time_zone="Europe/Berlin")
    with pytest.raises(InputError, match=r"dataset\.time_zone=Europe/Berln"):
        WindowDataModule(time_zone="Europe/Berln")


def test_offsets_of_no_known_zone_are_refused_with_the_remedy() -> None:
    texts = [f"2024-01-01T{h:02d}:00:00{'+03:30' if h % 2 else '+01:00'}" for h in range(20)]
    with pytest.raises(InputError, match=r"offsets from UTC.*dataset\.time_zone"):
        table_of(texts)
