"""Start times that a user asks for."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan import Synthesizer
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.sampling.start_times import parse_starts
from timegan.seeds import rng
from timegan.transforms.table_transform import TableTransform

STEPS = 400


def transform_of(time: Any, **options: Any) -> TableTransform:
    frame = pd.DataFrame({"time": time, "x": rng(0, "x").normal(size=len(time))})
    data = WindowDataModule.from_frame(frame, window=6, sequence_index="time", **options)
    data.setup()
    return data.transform


def hourly(**options: Any) -> Any:
    return pd.date_range("2024-01-01", periods=STEPS, freq="h", **options)


def written(transform: TableTransform, starts: np.ndarray) -> Any:
    """Return start times as the table writes them."""
    values = np.zeros((len(starts), 1, len(transform.features)))
    frame = transform.schema.to_frame(values, None, np.empty((len(starts), 0)), starts)
    return frame["time"].tolist()


@pytest.mark.parametrize(
    ("time", "start", "expected"),
    [
        (hourly(), "2026-01-05 07:00", pd.Timestamp("2026-01-05 07:00")),
        (hourly(), "2026-01-05T07:30:00", pd.Timestamp("2026-01-05 07:30")),
        (hourly(), datetime.datetime(2026, 1, 5, 7), pd.Timestamp("2026-01-05 07:00")),
        (hourly(), np.datetime64("2026-01-05T07"), pd.Timestamp("2026-01-05 07:00")),
        (hourly(unit="s"), "31.12.2500", pd.Timestamp("2500-12-31").as_unit("s")),
        (
            hourly(tz="Europe/Berlin"),
            "2026-07-05 07:00",
            pd.Timestamp("2026-07-05 07:00", tz="Europe/Berlin"),
        ),
        (
            hourly(tz="Europe/Berlin"),
            "2026-07-05 07:00Z",
            pd.Timestamp("2026-07-05 09:00", tz="Europe/Berlin"),
        ),
        (hourly().strftime("%Y-%m-%d %H:%M"), "2026-01-05 07:00", "2026-01-05 07:00"),
        (hourly().strftime("%d/%m/%Y %H:%M"), "03/02/2026 07:00", "03/02/2026 07:00"),
        (hourly().strftime("%d/%m/%Y %H:%M"), "2026-02-03", "03/02/2026 00:00"),
        (np.arange(STEPS), 1_000, 1_000),
        (np.arange(STEPS) / 4, 10, 10.0),
        (pd.to_timedelta(np.arange(STEPS), "h"), "2 days", pd.Timedelta("2 days")),
        (pd.period_range("2000-01", periods=STEPS, freq="M"), "2026-03", pd.Period("2026-03", "M")),
        (pd.bdate_range("2020-01-01", periods=STEPS), "2026-01-05", pd.Timestamp("2026-01-05")),
    ],
)
def test_a_start_is_read_as_a_time_of_the_column(time: Any, start: Any, expected: Any) -> None:
    transform = transform_of(time)
    assert written(transform, parse_starts(start, transform, 2)) == [expected, expected]


@pytest.mark.parametrize(
    ("time", "start", "message"),
    [
        (hourly(), "tomorrow", "cannot be read"),
        (hourly(), "01/02/2026", "dates are written as"),
        (hourly(), 12, "it is a number, and the column has dates"),
        (hourly(), "2026-01-05 07:00Z", "has a time zone, and the column has none"),
        (hourly(unit="s"), "2026-01-05 07:00:00.5", "cannot be read"),
        (hourly(tz="Europe/Berlin"), "2026-03-29 02:30", "skip this hour"),
        (hourly().strftime("%Y-%m-%d %H:%M"), "2026-01-05 07:00:30", "lies between the times"),
        (pd.bdate_range("2020-01-01", periods=STEPS), "2026-01-04", "frequency is 'B'"),
        (pd.date_range("1990-01", periods=STEPS, freq="MS"), "2026-01-04", "frequency is 'MS'"),
        (np.arange(STEPS), 0.5, "no whole number"),
        (np.arange(STEPS), "noon", "cannot be read"),
    ],
)
def test_a_start_that_the_column_cannot_hold_is_refused(
    time: Any, start: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parse_starts(start, transform_of(time), 1)


def test_a_start_needs_a_time_column_and_as_many_values_as_sequences() -> None:
    data = WindowDataModule.from_frame(pd.DataFrame({"x": np.arange(50.0) ** 2}), window=6)
    data.setup()
    with pytest.raises(InputError, match="no time column"):
        parse_starts("2026-01-05", data.transform, 1)
    with pytest.raises(InputError, match="2 times for 3 sequences"):
        parse_starts(["2026-01-05", "2026-01-06"], transform_of(hourly()), 3)


def test_samples_begin_at_the_start_and_follow_its_phase() -> None:
    time = pd.date_range("2024-01-01", periods=24 * 30, freq="h")
    noise = rng(0, "noise").normal(size=len(time))
    frame = pd.DataFrame({"time": time, "late": time.hour >= 12, "x": noise})
    schedule = {"autoencoder": 1, "supervised": 1, "joint": 1}
    model = Synthesizer(
        window=4, schedule=schedule, hidden=4, steps_per_epoch=2, progress=False
    ).fit(frame)
    made = model.sample(50, start="2026-01-05 10:00")
    first = made.groupby("sequence")["time"].first()
    assert (first == pd.Timestamp("2026-01-05 10:00")).all()
    np.testing.assert_array_equal(made["late"], made["time"].dt.hour >= 12)
    long = model.sample(2, steps=60, start=["2026-01-05 10:00", "2027-06-01 00:00"])
    assert long.groupby("sequence")["time"].first().tolist() == [
        pd.Timestamp("2026-01-05 10:00"),
        pd.Timestamp("2027-06-01"),
    ]
    np.testing.assert_array_equal(long["late"], long["time"].dt.hour >= 12)
    pd.testing.assert_frame_equal(
        long.head(60).drop(columns="sequence"),
        model.sample(1, steps=60, start="2026-01-05 10:00"),
    )
