"""Values that follow the calendar: found when there, and kept in what is decoded."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.seeds import rng
from timegan.tables.fields import Field
from timegan.transforms.seasonality import Seasonality
from timegan.transforms.seasonality_fit import TimedRows, fit_seasonality
from timegan.transforms.table_transform import TableTransform

TIME = Field("time", "time", "datetime", "datetime64[s]", unit="s")
WINDOWS = 400
LONG = 4_000


def autoregressive(shape: tuple[int, ...], seed: int = 0, memory: float = 0.8) -> np.ndarray:
    """Return noise of unit variance along the second last axis, as a model's channels are."""
    noise = rng(seed, "noise").normal(size=(shape[0], shape[1] + 100, *shape[2:]))
    path = lfilter([np.sqrt(1 - memory**2)], [1, -memory], noise, axis=1)
    return np.asarray(path[:, 100:], dtype=np.float32)


def dates(start: str, steps: int, freq: str) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=steps, freq=freq)


def module(frame: pd.DataFrame, **options: Any) -> WindowDataModule:
    data = WindowDataModule.from_frame(frame, **({"holdout": 0.0} | options))
    data.setup()
    return data


def samples(data: WindowDataModule) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return windows and long series that a model of unit variance would make."""
    transform = data.transform
    context = np.zeros((WINDOWS, len(transform.schema.context)))
    x = autoregressive((WINDOWS, data.window, transform.widths["features"]))
    starts = transform.starts(WINDOWS, 0, 0)
    transform = transform.calibrated(x, slice(None), None, starts)
    windows = transform.inverse_transform(x, context=context, starts=starts)
    x = autoregressive((2, LONG, x.shape[-1]), seed=1)
    begin = None if starts is None else starts[:2]
    series = transform.inverse_transform(x, context=context[:2], starts=begin)
    return transform.to_frame(windows), transform.to_frame(series)


def variance_by(values: pd.Series, phase: pd.Series) -> float:
    """Return the share of the variance of values that a phase explains."""
    means = values.astype(float).groupby(phase.to_numpy()).transform("mean")
    return float(means.var(ddof=0) / values.astype(float).var(ddof=0))


def information_by(values: pd.Series, phase: pd.Series) -> float:
    """Return the mutual information of categories and a phase, as a share of the entropy."""
    joint = pd.crosstab(values.to_numpy(), phase.to_numpy(), normalize=True).to_numpy()
    rows, columns = joint.sum(1), joint.sum(0)
    inside = joint > 0
    mutual = (joint[inside] * np.log(joint[inside] / np.outer(rows, columns)[inside])).sum()
    return float(mutual / -(rows * np.log(rows)).sum())


def hourly_load(days: int = 40) -> pd.DataFrame:
    time = dates("2023-01-02", 24 * days, "h")
    noise = autoregressive((1, len(time), 1))[0, :, 0]
    load = 50 + 20 * np.sin(2 * np.pi * (time.hour - 7) / 24) + 3 * noise
    return pd.DataFrame({"time": time, "load": load.round(1), "other": noise[::-1].round(3)})


def sunshine(days: int = 30) -> pd.DataFrame:
    time = dates("2023-06-01 00:00", 144 * days, "10min")
    height = np.sin(2 * np.pi * (time.hour + time.minute / 60 - 6) / 24)
    cloud = np.exp(0.3 * autoregressive((1, len(time), 1))[0, :, 0])
    return pd.DataFrame({"time": time, "sun": np.maximum(800 * height * cloud, 0).round(0)})


def weather() -> pd.DataFrame:
    time = dates("2021-03-10", 731, "D")
    frames = []
    for i, station in enumerate(["north", "south", "west"]):
        noise = autoregressive((1, len(time), 1), seed=i)[0, :, 0]
        warm = 10 + 3 * i - 12 * np.cos(2 * np.pi * (time.day_of_year - 20) / 365) + 3 * noise
        frames.append(pd.DataFrame({"time": time, "station": station, "warm": warm.round(1)}))
    return pd.concat(frames, ignore_index=True)


def wards(beds: int = 40) -> pd.DataFrame:
    """Return sequences of three days, which a window holds as wholes."""
    draw, frames = rng(0, "wards"), []
    noise = autoregressive((beds, 72, 1), seed=3)[..., 0]
    for bed in range(beds):
        first = pd.Timestamp("2023-01-02") + pd.Timedelta(int(draw.integers(0, 5_000)), "h")
        time = pd.date_range(first, periods=72, freq="h")
        pulse = 70 + 8 * np.sin(2 * np.pi * (time.hour - 9) / 24) + 4 * noise[bed]
        frames.append(pd.DataFrame({"time": time, "bed": bed, "pulse": pulse.round(1)}))
    return pd.concat(frames, ignore_index=True)


def visits(count: int = 3_000) -> pd.DataFrame:
    draw = rng(0, "visits")
    time = pd.Timestamp("2023-01-02") + pd.to_timedelta(draw.gamma(2, 1_500, count).cumsum(), "s")
    time = time.round("s")
    hour = time.hour + time.minute / 60
    level = 20 + 6 * np.cos(2 * np.pi * (hour - 15) / 24) + draw.normal(0, 1.5, count)
    return pd.DataFrame({"time": time, "level": level.round(2)})


def shop(weeks: int = 12) -> pd.DataFrame:
    time = dates("2023-01-02", 24 * 7 * weeks, "h")
    is_open = (time.hour >= 9) & (time.hour < 18) & (time.day_of_week < 5)
    draw = rng(0, "shop")
    is_open = np.where(draw.random(len(time)) < 0.02, ~is_open, is_open)
    sales = np.where(is_open, draw.gamma(5, 10, len(time)), 0).round(2)
    state = np.where(is_open, "open", "closed")
    reading = np.where(time.hour < 6, np.nan, draw.normal(size=len(time)))
    return pd.DataFrame({"time": time, "state": state, "sales": sales, "reading": reading})


def hours(frame: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(frame["time"]).dt.hour


def months(frame: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(frame["time"]).dt.month


def hours_of_week(frame: pd.DataFrame) -> pd.Series:
    time = pd.to_datetime(frame["time"])
    return time.dt.day_of_week * 24 + time.dt.hour


@pytest.mark.parametrize(
    ("frame", "column", "phase", "options"),
    [
        (hourly_load(), "load", hours, {}),
        (sunshine(), "sun", hours, {}),
        (weather(), "warm", months, {"sequence_key": "station"}),
        (visits(), "level", hours, {}),
        (wards(), "pulse", hours, {"sequence_key": "bed", "window": 72}),
        (shop(), "sales", hours, {}),
        (shop(), "sales", hours_of_week, {}),
    ],
)
def test_decoded_values_follow_the_phase_as_much_as_real_ones(
    frame: pd.DataFrame, column: str, phase: Any, options: dict[str, Any]
) -> None:
    real = variance_by(frame[column], phase(frame))
    for made in samples(module(frame, **options)):
        assert variance_by(made[column], phase(made)) == pytest.approx(real, abs=0.05)


def test_categories_and_missing_values_follow_the_phase_as_much_as_real_ones() -> None:
    frame = shop()
    for made in samples(module(frame)):
        for phase in (hours, hours_of_week):
            real = information_by(frame["state"], phase(frame))
            assert information_by(made["state"], phase(made)) == pytest.approx(real, abs=0.05)
        gone = made["reading"].isna()
        assert variance_by(gone, hours(made)) > 0.95
        assert (made["state"] == "open").mean() == pytest.approx(
            (frame["state"] == "open").mean(), abs=0.03
        )


def test_values_that_never_vary_at_a_phase_come_back_exactly() -> None:
    for made in samples(module(sunshine())):
        at_night = (hours(made) >= 20) | (hours(made) < 5)
        assert (made.loc[at_night, "sun"] == 0).all()
        assert (made.loc[~at_night, "sun"] > 0).mean() == pytest.approx(0.8, abs=0.05)


def test_the_autocorrelation_of_a_long_series_has_the_cycle() -> None:
    series = samples(module(hourly_load()))[1]
    load = series.loc[series["sequence"] == 0, "load"].to_numpy()
    assert np.corrcoef(load[: -7 * 24], load[7 * 24 :])[0, 1] > 0.9


def test_residuals_have_unit_variance_and_the_table_comes_back() -> None:
    frame = shop()
    data = module(frame)
    x = data.train.rows
    np.testing.assert_allclose(x.std(axis=0), 1.0, atol=0.1)
    made = data.transform.inverse_transform(data.train.all(), starts=data.train_series().starts)
    real = data.train_series()
    learned = [data.features.index(name) for name in ("state", "sales")]
    np.testing.assert_allclose(made.values[..., learned], real.values[..., learned], atol=1e-4)


def test_the_state_survives_json() -> None:
    data = module(shop())
    again = TableTransform.from_state(json.loads(json.dumps(data.transform.state())))
    assert again.seasonality == data.transform.seasonality
    assert json.dumps(again.state()) == json.dumps(data.transform.state())


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state["channels"].append(0),
        lambda state: state["profiles"][0].update(period="fortnight"),
        lambda state: state["profiles"][0]["mean"].pop(),
        lambda state: state["profiles"][0]["share"].pop(),
        lambda state: state["quantiles"].pop(),
        lambda state: state["quantiles"][0].update(bins=10**9),
        lambda state: state["quantiles"][0]["scores"][0].pop(),
        lambda state: state["calibrations"].append({"made": [0.0], "wanted": [0.0]}),
    ],
)
def test_a_damaged_state_is_refused(damage: Any) -> None:
    found = module(hourly_load()).transform.seasonality
    assert found is not None
    state = json.loads(json.dumps(found.state()))
    assert Seasonality.from_state(state) == found
    state["calibrations"] = [{"made": [0.0], "wanted": [0.0]}]
    damage(state)
    with pytest.raises((ValueError, TypeError)):
        Seasonality.from_state(state)


def test_a_checkpoint_of_a_table_with_seasons_is_not_continued_without() -> None:
    data = module(hourly_load())
    module(hourly_load()).load_state_dict(data.state_dict())
    with pytest.raises(InputError, match=r"dataset\.seasonality"):
        module(hourly_load(), seasonality="off").load_state_dict(data.state_dict())


def test_the_summary_names_seasons_and_cycles_longer_than_the_window() -> None:
    text = module(hourly_load(), window=12).summary()
    assert "Season    load: time of day (9" in text
    assert "% of its variance)" in text
    assert "A window is shorter than one day" in text
    assert "other: " not in text
    assert "A window is shorter" not in module(hourly_load(), window=48).summary()


def test_seasonality_off_and_tables_without_dates_have_none() -> None:
    frame = hourly_load()
    assert module(frame, seasonality="off").transform.seasonality is None
    numbered = frame.assign(time=np.arange(len(frame)))
    assert module(numbered, sequence_index="time").transform.seasonality is None
    assert module(frame, scaling="minmax").transform.seasonality is None
    assert module(frame, preprocessing="reference").transform.seasonality is None


def test_a_season_in_a_time_zone_is_that_of_the_local_clock() -> None:
    time = pd.date_range("2023-01-02", periods=24 * 200, freq="h", tz="Europe/Berlin")
    is_open = (time.hour >= 9) & (time.hour < 18)
    noise = autoregressive((1, len(time), 1))[0, :, 0]
    made = samples(module(pd.DataFrame({"time": time, "x": is_open + 0.01 * noise})))[0]
    local = made["time"].dt.hour
    assert ((made["x"] > 0.5) == ((local >= 9) & (local < 18))).mean() > 0.995


def test_weekdays_are_found_beside_the_time_of_day() -> None:
    time = dates("2023-01-02", 24 * 7 * 12, "h")
    noise = autoregressive((1, len(time), 1))[0, :, 0]
    busy = np.sin(2 * np.pi * time.hour / 24) - 0.8 * (time.day_of_week == 2) + 0.4 * noise
    frame = pd.DataFrame({"time": time, "busy": busy})
    data = module(frame)
    assert data.transform.seasonality is not None
    words = [words for _, words, _ in data.transform.seasonality.shares()]
    assert words == ["time of day", "weekday"]
    for made in samples(data):
        days = pd.to_datetime(made["time"]).dt.day_of_week
        real = variance_by(frame["busy"], frame["time"].dt.day_of_week)
        assert variance_by(made["busy"], days) == pytest.approx(real, abs=0.05)


@pytest.mark.parametrize("freq", ["10min", "h", "D", "MS"])
@pytest.mark.parametrize("memory", [0.0, 0.9, 0.99, 1.0])
def test_noise_and_random_walks_rarely_have_a_season(freq: str, memory: float) -> None:
    steps = {"10min": 6_000, "h": 1_400, "D": 900, "MS": 120}[freq]
    noise = rng(1, freq).normal(size=(steps, 60))
    x = lfilter([1], [1, -memory], noise, axis=0)
    ticks = dates("2020-03-05 07:00", steps, freq).as_unit("s").asi8
    rows = TimedRows((x - x.mean(0)) / x.std(0), ticks, np.zeros(steps, dtype=np.int64))
    found = fit_seasonality(rows, TIME)
    assert found is None or len(found.channels) <= 3


@pytest.mark.parametrize(("noise", "is_season"), [(0.05, True), (0.7, False)])
def test_of_two_cycles_the_phase_has_to_explain_nearly_all(noise: float, is_season: bool) -> None:
    time = dates("2023-01-02", 48, "h")
    x = np.sin(2 * np.pi * np.asarray(time.hour) / 24)[:, None]
    x = x + noise * rng(0, "noise").normal(size=(48, 20))
    rows = TimedRows(x, time.as_unit("s").asi8, np.zeros(48, dtype=np.int64))
    found = fit_seasonality(rows, TIME)
    assert (0 if found is None else len(found.channels)) == (20 if is_season else 0)


def test_one_cycle_is_not_a_season() -> None:
    assert module(hourly_load().head(40)).transform.seasonality is None
