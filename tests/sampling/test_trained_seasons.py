"""Samples of a trained model follow the hour as much as the table does."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from timegan import Synthesizer
from timegan.seeds import rng

QUICK: dict[str, Any] = {
    "schedule": {"autoencoder": 2, "supervised": 1, "joint": 2},
    "steps_per_epoch": 15,
    "hidden": 8,
    "progress": False,
}


def profile(time: pd.Series, seed: int) -> np.ndarray:
    """Return a load that follows the hour, with noise that has a memory of a few hours."""
    noise = lfilter([1], [1, -0.8], rng(seed, "load").normal(0, 1, len(time)))
    hour = time.dt.hour + time.dt.minute / 60
    return np.asarray(30 + 6 * np.sin(2 * np.pi * (hour - 5) / 24) + noise).round(2)


def one_series() -> pd.DataFrame:
    time = pd.Series(pd.date_range("2024-01-01", periods=24 * 120, freq="h"))
    return pd.DataFrame({"time": time, "load": profile(time, 0)})


def with_trend() -> pd.DataFrame:
    """Return a load that rises by a deviation of its noise within four months."""
    table = one_series()
    return table.assign(load=(table["load"] + np.linspace(0, 2, len(table))).round(2))


def many_sequences() -> pd.DataFrame:
    """Return sixty meters of two days and a half to three, which begin at different hours."""
    frames = []
    for meter in range(60):
        first = pd.Timestamp("2024-01-01") + pd.Timedelta(7 * meter, "h")
        time = pd.Series(pd.date_range(first, periods=72 - meter % 13, freq="h"))
        frames.append(pd.DataFrame({"meter": meter, "time": time, "load": profile(time, meter)}))
    return pd.concat(frames, ignore_index=True)


def share_by_hour(frame: pd.DataFrame) -> float:
    """Return the share of the load's variance that the hour explains."""
    means = frame.groupby(frame["time"].dt.hour)["load"].transform("mean")
    return float(means.var(ddof=0) / frame["load"].var(ddof=0))


def test_windows_follow_the_hour() -> None:
    real = one_series()
    made = Synthesizer(window=24, **QUICK).fit(real).sample(200, seed=1)
    assert share_by_hour(made) == pytest.approx(share_by_hour(real), abs=0.05)
    first, second = (
        frame.groupby(frame["time"].dt.hour)["load"].mean().to_numpy() for frame in (real, made)
    )
    assert np.corrcoef(first, second)[0, 1] > 0.98


@pytest.mark.parametrize("real", [one_series(), with_trend()])
def test_long_series_follow_the_hour_after_hardly_any_training(real: pd.DataFrame) -> None:
    made = Synthesizer(window=24, **QUICK).fit(real).sample(4, seed=1, steps=1500)
    assert share_by_hour(made) == pytest.approx(share_by_hour(real), abs=0.08)
    assert made["load"].mean() == pytest.approx(real["load"].mean(), abs=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("real", [one_series(), with_trend()])
def test_long_series_follow_the_hour_after_some_training(real: pd.DataFrame) -> None:
    schedule = {"autoencoder": 5, "supervised": 3, "joint": 10}
    options = QUICK | {"schedule": schedule, "steps_per_epoch": 30, "hidden": 12}
    made = Synthesizer(window=24, **options).fit(real).sample(4, seed=1, steps=3000)
    assert share_by_hour(made) == pytest.approx(share_by_hour(real), abs=0.05)


def test_whole_sequences_follow_the_hour() -> None:
    real = many_sequences()
    made = Synthesizer(**QUICK).fit(real, sequence_key="meter").sample(100, seed=1)
    assert made.groupby("meter").size().max() > 60
    assert share_by_hour(made) == pytest.approx(share_by_hour(real), abs=0.05)
