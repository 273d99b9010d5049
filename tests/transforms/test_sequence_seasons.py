"""Sequences that follow the calendar in different ways do so in samples, too."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule
from timegan.seeds import rng
from timegan.tables import Sequences
from timegan.transforms.seasonality import Seasonality
from timegan.transforms.sequence_seasons import SequenceSeasons, seasons_from_state
from timegan.transforms.table_transform import TableTransform


def noise(seed: int, count: int, memory: float = 0.6) -> np.ndarray:
    draw, level, found = rng(seed, "noise"), 0.0, []
    for step in draw.normal(0, 1, count):
        level = memory * level + step
        found.append(level)
    return np.array(found)


def stations(signs: Sequence[int], *, with_height: bool = False) -> pd.DataFrame:
    """Return four years of daily weather at stations of the northern (1) or other hemisphere."""
    day = pd.date_range("2019-01-01", periods=4 * 365, freq="D")
    parts = []
    for k, sign in enumerate(signs):
        year = np.cos(2 * np.pi * np.asarray(day.day_of_year) / 365)
        warm = 10 - 8 * sign * year + 1.5 * noise(k, len(day))
        frame = pd.DataFrame({"station": f"S{k}", "day": day, "warm": warm.round(1)})
        parts.append(frame.assign(height=137.5 * k) if with_height else frame)
    return pd.concat(parts, ignore_index=True)


def sensors(shifts: Sequence[int]) -> pd.DataFrame:
    """Return hourly sensors whose days begin at different hours."""
    time = pd.date_range("2023-01-02", periods=24 * 40, freq="h")
    parts = []
    for k, shift in enumerate(shifts):
        day = np.sin(2 * np.pi * (np.asarray(time.hour) - shift) / 24)
        value = 20 + 5 * day + noise(k, len(time))
        parts.append(pd.DataFrame({"sensor": k, "time": time, "value": value.round(2)}))
    return pd.concat(parts, ignore_index=True)


def module(frame: pd.DataFrame, **options: Any) -> WindowDataModule:
    data = WindowDataModule.from_frame(
        frame, sequence_key=str(frame.columns[0]), holdout=0.0, window=24, **options
    )
    data.setup()
    return data


def generated(data: WindowDataModule, count: int, steps: int, seed: int = 0) -> pd.DataFrame:
    """Return sequences of channels that are drawn at random, as an untrained model makes them."""
    transform = TableTransform.from_state(json.loads(json.dumps(data.transform.state())))
    x = rng(seed, "channels").normal(size=(count, steps, transform.widths["features"]))
    context = transform.draw_contexts(count, seed, 0)
    return transform.to_frame(transform.inverse_transform(x, context=context, seed=seed))


@pytest.mark.parametrize(
    ("frame", "is_own"),
    [
        (stations([1, 1, -1, 1]), True),
        (stations([1, 1, 1, 1]), False),
        (sensors([0, 0, 6, 0, 9]), True),
        (sensors([3, 3, 3, 3, 3]), False),
    ],
    ids=["hemispheres", "one hemisphere", "shifted", "alike"],
)
def test_seasons_are_shared_unless_they_differ(frame: pd.DataFrame, is_own: bool) -> None:
    data = module(frame)
    assert isinstance(data.transform.seasonality, SequenceSeasons if is_own else Seasonality)
    assert ("its own in each sequence" in data.summary()) == is_own


def test_samples_have_the_profile_of_one_real_sequence_as_strongly() -> None:
    shifts = [0, 0, 6, 0, 9]
    frame = sensors(shifts)
    made = generated(module(frame), 40, 24 * 20)
    kinds, shares = [], []
    for _, part in made.groupby("sensor"):
        hour = part["time"].dt.hour.to_numpy()
        means = part.groupby(hour)["value"].mean()
        shares.append(means.loc[hour].to_numpy().var() / part["value"].var())
        peak = int(means.to_numpy().argmax())
        kinds.append(min(shifts, key=lambda shift: abs((peak - 6 - shift + 12) % 24 - 12)))
    assert np.mean(shares) == pytest.approx(12.5 / (12.5 + 1 / 0.64), abs=0.05)
    found = np.bincount(kinds, minlength=10) / len(kinds)
    assert found[0] == pytest.approx(0.6, abs=0.25)
    assert found[6] > 0
    assert found[9] > 0


def test_a_context_brings_the_season_of_its_sequence() -> None:
    data = module(stations([1, 1, -1, 1], with_height=True))
    made = generated(data, 30, 365)
    assert set(made["height"].unique()) == {0.0, 137.5, 275.0, 412.5}
    for height, part in made.groupby("height"):
        month = part["day"].dt.month
        is_warm_in_july = part["warm"][month == 7].mean() > part["warm"][month == 1].mean()
        assert is_warm_in_july == (height != 275.0)


def test_real_rows_come_back_and_the_state_survives_json() -> None:
    data = module(sensors([0, 6, 9]))
    transform, table = data.transform, data.table
    seasons = transform.seasonality
    assert isinstance(seasons, SequenceSeasons)
    assert seasons_from_state(json.loads(json.dumps(seasons.state()))) == seasons
    assert table.time is not None
    x = transform.transform(table).x
    assert np.abs(x.mean()) < 0.1
    assert x.std() == pytest.approx(1, abs=0.1)
    lengths = table.lengths
    whole = x.reshape(len(lengths), lengths[0], -1)
    times = table.time.reshape(len(lengths), -1)
    back = seasons.add(whole, times, np.arange(len(lengths)))
    plain = transform.transform(table)
    np.testing.assert_array_equal(plain.x, x)
    values = Sequences(back, lengths, np.empty((3, 0)))
    assert values.values.shape == whole.shape
    again = seasons.remove(back.reshape(x.shape), table.time, np.repeat(np.arange(3), lengths))
    np.testing.assert_allclose(again, x, atol=1e-5)


def test_noise_rarely_has_seasons_of_its_own() -> None:
    time = pd.date_range("2023-01-02", periods=24 * 20, freq="h")
    found = 0
    for table in range(20):
        parts = [
            pd.DataFrame({"key": k, "time": time, "x": noise(100 * table + k, len(time), 0.9)})
            for k in range(4)
        ]
        data = module(pd.concat(parts, ignore_index=True))
        found += isinstance(data.transform.seasonality, SequenceSeasons)
    assert found <= 1
