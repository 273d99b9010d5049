"""The transform of a table: its inverse, and its state in checkpoints."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule
from timegan.seeds import rng
from timegan.tables import Sequences
from timegan.transforms.table_transform import TableTransform


def mixed(sequences: int = 40, seed: int = 0) -> pd.DataFrame:
    """Return visits of people: key, dates, context, exogenous, missing values, lengths."""
    draw = rng(seed, "mixed")
    frames = []
    for person in range(sequences):
        steps = int(draw.integers(4, 13))
        level = draw.normal(70, 8)
        frames.append(
            pd.DataFrame(
                {
                    "person": f"p{person:02d}",
                    "date": pd.date_range("2024-01-01", periods=steps, freq="D"),
                    "sex": str(draw.choice(["f", "m"])),
                    "age": int(draw.integers(20, 90)),
                    "weight": (level + draw.normal(0, 1, steps).cumsum()).round(1),
                    "state": draw.choice(["good", "fair", "bad"], size=steps),
                    "crp": np.where(draw.random(steps) < 0.4, np.nan, draw.gamma(2, 3, steps)),
                    "drug": draw.choice([0, 0, 0, 5, 10], size=steps),
                    "weekend": draw.random(steps) < 0.3,
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(double=2 * frame["weight"] + 1, unit="kg")


ROLES: dict[str, Any] = {
    "sequence_key": "person",
    "context_columns": ["sex", "age"],
    "exogenous": ["weekend"],
}


def module(frame: pd.DataFrame, **options: Any) -> WindowDataModule:
    data = WindowDataModule.from_frame(frame, **({"holdout": 0.0} | options))
    data.setup()
    return data


def decoded(data: WindowDataModule, columns: TableTransform | None = None) -> Sequences:
    """Return the training windows after the transform and its inverse."""
    columns = columns or data.transform
    everything = data.train.batch(np.arange(len(data.train)))
    series = data.train_series()
    labels = None if everything.exogenous is None else everything.exogenous.numpy()
    return columns.inverse_transform(everything.x.numpy(), series.lengths, series.context, labels)


@pytest.mark.parametrize("scaling", ["auto", "minmax", "standard", "rank"])
def test_a_table_comes_back_from_the_model_as_it_was(scaling: str) -> None:
    frame = mixed()
    data = module(frame, scaling=scaling, **ROLES)
    made, real = decoded(data), data.train_series()
    np.testing.assert_allclose(made.values, real.values, rtol=0, atol=1e-4)
    exact = [data.features.index(n) for n in ("weight", "state", "drug", "weekend", "double")]
    np.testing.assert_array_equal(made.values[..., exact], real.values[..., exact])
    np.testing.assert_array_equal(made.lengths, real.lengths)
    again = data.transform.to_frame(made)
    pd.testing.assert_frame_equal(again.head(0), frame.head(0))
    pd.testing.assert_series_equal(again["weight"], frame["weight"])
    pd.testing.assert_series_equal(again["sex"], frame["sex"])


def test_static_columns_and_lengths_come_back_from_their_channels() -> None:
    data = module(mixed(), **ROLES)
    real = data.train_series()
    assert data.train.context is not None
    context, lengths = data.transform.inverse_transform_static(data.train.context)
    np.testing.assert_array_equal(context, real.context)
    np.testing.assert_array_equal(lengths, real.lengths)


def test_channels_of_minmax_lie_between_0_and_1_whatever_the_column() -> None:
    data = module(mixed(), scaling="minmax", **ROLES)
    x = data.train.rows
    assert 0 <= x.min() <= x.max() <= 1


def test_the_state_survives_json() -> None:
    data = module(mixed(), constraints="enforce", custom_constraints=["weight >= 18"], **ROLES)
    again = TableTransform.from_state(json.loads(json.dumps(data.transform.state())))
    made, expected = decoded(data, again), decoded(data)
    np.testing.assert_array_equal(made.values, expected.values)
    pd.testing.assert_frame_equal(again.to_frame(made), data.transform.to_frame(expected))
    assert again.state() == data.transform.state()


def test_windows_of_the_reference_run_backwards_and_tables_forwards() -> None:
    frame = mixed(1).drop(columns=["person"]).head(4)
    data = module(frame, preprocessing="reference", window=3, context_columns=["sex", "age"])
    table = data.transform.to_frame(decoded(data))
    pd.testing.assert_series_equal(
        table["weight"].tail(3), frame["weight"].tail(3).reset_index(drop=True)
    )


def test_forwards_turns_each_sequence_within_its_own_length() -> None:
    data = module(mixed(), preprocessing="reference", **ROLES)
    real = data.train_series()
    turned = data.transform.restore_time_order(real.values, real.lengths)
    for one, other, length in zip(real.values, turned, real.lengths, strict=True):
        np.testing.assert_array_equal(other[:length], one[:length][::-1])
        assert np.isnan(other[length:]).all()


def test_noise_is_drawn_anew_for_each_seed_and_sequence_and_copies_follow() -> None:
    draw = rng(3, "noise")
    frame = pd.DataFrame(
        {"walk": draw.normal(size=4_000).cumsum(), "noise": draw.random(4_000).round(6)}
    ).assign(twin=lambda f: f["noise"])
    data = module(frame, window=12)
    assert data.describe()["column_types"] == {"walk": "continuous", "noise": "white_noise"}
    x = data.train.take(np.arange(8))
    one, same = (data.transform.inverse_transform(x, seed=0, start=4) for _ in range(2))
    np.testing.assert_array_equal(one.values, same.values)
    np.testing.assert_array_equal(one.values[..., 1], one.values[..., 2])
    tail = data.transform.inverse_transform(x[3:], seed=0, start=7)
    np.testing.assert_array_equal(one.values[3:], tail.values)
    assert not np.array_equal(
        one.values, data.transform.inverse_transform(x, seed=1, start=4).values
    )


def test_constraints_are_enforced_by_default_on_whatever_the_model_makes() -> None:
    draw = rng(1, "prices")
    low = 50 + draw.normal(size=600).cumsum()
    frame = pd.DataFrame({"low": low, "high": low + draw.gamma(2, 0.3, size=600)}).round(2)
    wild = draw.normal(size=(20, 12, 2)).astype(np.float32)
    broken = {
        way: (made[..., 1] < made[..., 0]).mean()
        for way, options in {"report": {"constraints": "report"}, "default": {}}.items()
        for made in [module(frame, window=12, **options).transform.inverse_transform(wild).values]
    }
    assert broken["report"] > 0.2
    assert broken["default"] == 0


def test_the_summary_lists_the_constraints_between_columns() -> None:
    draw = rng(3, "prices")
    lows = 50 + draw.normal(size=(300, 1)) + draw.exponential(size=(300, 6)).cumsum(axis=1)
    frame = pd.DataFrame(lows.round(2), columns=list("abcdef"))
    text = module(frame, window=12).summary()
    assert "Constraint  b ≥ a (enforced)" in text.splitlines()
    assert (
        "Constraint  b ≥ a (reported)" in module(frame, window=12, constraints="report").summary()
    )
    assert "Constraint" not in module(frame, window=12, constraints="off").summary()
    wide = pd.DataFrame(np.sort(draw.random((300, 24)), axis=1).round(3)).add_prefix("c")
    assert text.count("Constraint") == 5
    assert "Constraint  13 more (enforced)" in module(wide, window=12).summary()


def test_dates_stay_in_order() -> None:
    draw = rng(2, "dates")
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 10**6, size=400), "s")
    stop = start + pd.to_timedelta(draw.integers(60, 10**5, size=400), "s")
    frame = pd.DataFrame({"start": start, "load": draw.normal(size=400), "stop": stop})
    data = module(frame, window=24)
    assert "stop ≥ start" in data.transform.constraints.describe()
    channels = draw.normal(size=(20, 24, data.transform.channels))
    made = data.transform.to_frame(data.transform.inverse_transform(channels.astype(np.float32)))
    assert (made["stop"] >= made["start"]).all()
    assert (made["stop"] == made["start"]).mean() < 0.9


def test_comparisons_use_the_training_range() -> None:
    data = module(pd.DataFrame({"a": [2.0, 4.0, 3.5], "b": [10.0, 30.0, 11.0]}), window=2)
    np.testing.assert_allclose(
        data.transform.to_unit_range(np.array([[3.0, 15.0]])), [[0.5, 0.25]], atol=1e-6
    )


def hourly(units: int = 3, rows: int = 60) -> pd.DataFrame:
    """Return hourly rows of units, each of which begins at midnight."""
    times = pd.date_range("2024-01-01", periods=rows, freq="h")
    frames = [
        pd.DataFrame(
            {"unit": u, "time": times + pd.Timedelta(days=30 * u), "load": np.arange(rows)}
        )
        for u in range(units)
    ]
    return pd.concat(frames, ignore_index=True).astype({"load": float})


def test_samples_start_at_times_of_any_training_window() -> None:
    frame = hourly()
    data = module(frame, sequence_key="unit", sequence_index="time", window=12)
    drawn = data.transform.starts(400, 0, 0)
    assert drawn is not None
    assert data.table.time is not None
    assert set(drawn) <= set(data.table.time[data.train.starts])
    assert data.transform.schema.time is not None
    hours = drawn // (3_600 * data.transform.schema.time.per_second) % 24
    assert len(np.unique(hours)) == 24
    again = data.transform.starts(100, 0, 300)
    np.testing.assert_array_equal(again, drawn[300:])


def test_real_windows_carry_their_times() -> None:
    frame = hourly()
    data = module(frame, sequence_key="unit", sequence_index="time", window=12)
    series = data.train_series()
    written = data.transform.to_frame(series)
    expected = np.concatenate([frame["time"].to_numpy()[s : s + 12] for s in data.train.starts])
    np.testing.assert_array_equal(written["time"].to_numpy(), expected)
