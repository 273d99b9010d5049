"""Sequences have the context that is asked for, and contexts are those of the table."""

import numpy as np
import pandas as pd
import pytest

from timegan import Synthesizer
from timegan.seeds import rng

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
