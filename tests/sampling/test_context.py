"""Sequences have the context that is asked for, and contexts are those of the table."""

import json

import numpy as np
import pandas as pd
import pytest

from timegan import Synthesizer
from timegan.data import WindowDataModule
from timegan.sampling.calibration import calibrate_thresholds
from timegan.sampling.sequences import generate
from timegan.seeds import rng
from timegan.training.factory import build_model
from timegan.transforms.table_transform import TableTransform

STEPS = 20


def panel(sequences: int = 1_500) -> pd.DataFrame:
    """Return waves whose frequency and level depend on the context."""
    draw = rng(0, "panel")
    frequency = draw.uniform(0.05, 0.2, sequences)
    high = draw.random(sequences) < 0.2 + 0.6 * (frequency > 0.125)
    phase = draw.uniform(0, 2 * np.pi, (sequences, 1))
    angle = 2 * np.pi * frequency[:, None] * np.arange(STEPS) + phase
    wave = np.sin(angle) + np.where(high, 2.0, -2.0)[:, None]
    wave += draw.normal(0, 0.05, wave.shape)
    return pd.DataFrame(
        {
            "sequence": np.repeat(np.arange(sequences), STEPS),
            "frequency": np.repeat(frequency.round(3), STEPS),
            "level": np.repeat(np.where(high, "high", "low"), STEPS),
            "x": wave.ravel().round(3),
        }
    )


def frequencies(waves: np.ndarray) -> np.ndarray:
    """Return the frequency (n,) of each wave (n, T), by the best of many sines."""
    grid = np.linspace(0.03, 0.25, 221)
    angle = 2 * np.pi * grid[:, None] * np.arange(waves.shape[1])
    basis = np.stack([np.sin(angle), np.cos(angle), np.ones_like(angle)], axis=-1)  # (G, T, 3)
    fits = basis @ np.linalg.pinv(basis)
    errors = np.square(waves[:, None] - np.einsum("gts,ns->ngt", fits, waves)).sum(axis=-1)
    return np.asarray(grid[errors.argmin(axis=1)])


@pytest.mark.slow
def test_sequences_have_the_context_that_is_asked_for() -> None:
    table = panel()
    model = Synthesizer(
        context_columns=["frequency", "level"],
        progress=False,
        schedule={"autoencoder": 8, "supervised": 3, "joint": 20},
    ).fit(table)
    asked = pd.DataFrame(
        {"frequency": np.tile([0.07, 0.12, 0.18], 60), "level": np.repeat(["high", "low"], 90)}
    )
    made = model.sample(context=asked, seed=1)
    waves = made["x"].to_numpy().reshape(-1, STEPS)
    given = made.groupby("sequence").first()
    assert (given["level"].to_numpy() == asked["level"].to_numpy()).all()
    np.testing.assert_allclose(given["frequency"], asked["frequency"], atol=1e-9)
    found = frequencies(waves)
    assert np.median(np.abs(found - asked["frequency"])) < 0.012
    assert np.corrcoef(found, asked["frequency"])[0, 1] > 0.9
    assert ((waves.mean(axis=1) > 0) == (asked["level"] == "high")).mean() > 0.97

    free = model.sample(1_000, seed=2)
    first = free.groupby("sequence").first()
    real = table.groupby("sequence").first()
    for high in (True, False):  # the joint distribution of the context
        share, expected = (
            (frame["level"][(frame["frequency"] > 0.125) == high] == "high").mean()
            for frame in (first, real)
        )
        assert share == pytest.approx(expected, abs=0.12)
    own = frequencies(free["x"].to_numpy().reshape(-1, STEPS))
    assert np.corrcoef(own, first["frequency"])[0, 1] > 0.9


def stations(count: int, rows: int = 60) -> pd.DataFrame:
    """Return stations, each with a height and a zone of its own, of different lengths."""
    draw = rng(0, "stations")
    parts = []
    for number in range(count):
        steps = rows - number % 4
        parts.append(
            pd.DataFrame(
                {
                    "station": f"S{number}",
                    "day": pd.date_range("2024-01-01", periods=steps, freq="D"),
                    "height": float(137 * number % 911) / 7,
                    "zone": "coast" if number % 3 else "hills",
                    "x": draw.normal(number, 1, steps).round(2),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("window", [None, 12])
def test_contexts_of_few_sequences_are_those_of_real_ones(window: int | None) -> None:
    table = stations(4)
    data = WindowDataModule.from_frame(table, sequence_key="station", window=window, holdout=0.0)
    data.setup()
    assert data.transform.schema.context == ("height", "zone")
    model = build_model(data, {"autoencoder": 1, "supervised": 1, "joint": 1}, hidden=4)
    transform = calibrate_thresholds(model, data.transform, count=256)
    transform = TableTransform.from_state(json.loads(json.dumps(transform.state())))
    known = set(table.groupby("station")[["height", "zone"]].first().itertuples(index=False))
    for steps in (None, 200):
        made = generate(model, transform, 40 if steps is None else 4, seed=3, steps=steps)
        frame = transform.to_frame(made)
        first = frame.groupby("station")[["height", "zone"]].agg(["first", "nunique"])
        assert (first.xs("nunique", axis=1, level=1) == 1).all().all()
        assert set(first.xs("first", axis=1, level=1).itertuples(index=False)) <= known
    assert len(first) > 1
    part = generate(model, transform, 7, seed=3, start=20)
    whole = generate(model, transform, 40, seed=3)
    np.testing.assert_array_equal(part.context, whole.context[20:27])
    np.testing.assert_array_equal(part.values, whole.values[20:27])


def test_contexts_of_many_sequences_are_learned() -> None:
    data = WindowDataModule.from_frame(stations(60, 12), sequence_key="station", holdout=0.0)
    data.setup()
    assert data.transform.draw_contexts(3, 0, 0) is None
