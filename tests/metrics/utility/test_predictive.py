"""The predictive score: what it sees, what it asks for, and what it makes of good and bad data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.metrics.grouped_gru import GroupedGRU, Task
from timegan.metrics.utility.predictive import _errors, _pool, forecast, predictive
from timegan.metrics.windows import Array

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data"
FAST: dict[str, Any] = {"iterations": 250, "lr": 2e-2, "hidden": 4, "forecasters": 2}


def noise(count: int, features: int = 3, seed: int = 0, steps: int = 8) -> Array:
    found: Array = np.random.default_rng(seed).random((count, steps, features))
    return found


def followed(count: int, seed: int = 0) -> Array:
    """Return windows whose last feature is the negated first one, a step later."""
    x = noise(count, seed=seed)
    x[:, 1:, -1] = 1 - x[:, :-1, 0]
    return x


def levels(count: int, features: int, seed: int = 0) -> Array:
    """Return windows whose features each keep a constant level."""
    level = np.random.default_rng(seed).random((count, 1, features))
    found: Array = np.repeat(level, 8, axis=1)
    return found


def test_forecasters_learn_from_synthetic_windows_what_holds_in_real_ones() -> None:
    good = np.mean(predictive(followed(200), followed(300, 1), **FAST))
    bad = np.mean(predictive(followed(200), noise(300, seed=1), **FAST))
    assert good < 0.12
    assert bad > 0.23  # a median guess at uniform noise is off by 1/4


def test_the_last_feature_s_own_past_is_no_input_unless_it_is_alone() -> None:
    real, synthetic = levels(200, 3), levels(200, 3, seed=1)
    assert np.mean(predictive(real, synthetic, **FAST)) > 0.2
    assert np.mean(predictive(real, synthetic, target="all", **FAST)) < 0.15
    assert np.mean(predictive(real[..., :1], synthetic[..., :1], **FAST)) < 0.08


def test_with_one_feature_both_targets_are_the_same() -> None:
    a, b = noise(30, 1), noise(40, 1, seed=1)
    assert predictive(a, b, iterations=5) == predictive(a, b, iterations=5, target="all")


def test_the_error_is_the_mean_over_windows_steps_and_features() -> None:
    x = noise(11).astype(np.float32)
    tasks = [Task(x, x, seed) for seed in range(2)]
    network = GroupedGRU(3, 2, [torch.Generator().manual_seed(s) for s in range(2)], outputs=3)
    pool, counts, places = _pool([x], "all", None)
    found = _errors(network, pool, counts, places * 2)
    inputs = np.concatenate((x[:, :-1], np.ones((11, 7, 1), np.float32)), axis=2)
    with torch.no_grad():
        shown = torch.from_numpy(inputs).permute(1, 2, 0)[:, None].expand(-1, 2, -1, -1)
        h = network.states(shown).numpy()  # (T - 1, R, H, B)
        head, bias = network.head.numpy(), network.head_bias.numpy()
    for number in range(len(tasks)):
        logits = np.einsum("oh,thb->bto", head[number], h[:, number]) + bias[number, :, 0]
        expected = np.abs(1 / (1 + np.exp(-logits)) - x[:, 1:]).mean()
        assert found[number] == pytest.approx(expected, abs=1e-6)


def test_tests_in_parts_and_sets_of_unlike_size_change_nothing() -> None:
    a, b = noise(11), noise(23, seed=1)
    network = GroupedGRU(2, 2, [torch.Generator().manual_seed(s) for s in range(2)])
    pool, counts, sets = _pool([a, b], "last", None)
    whole = _errors(network, pool, counts, sets)
    np.testing.assert_allclose(_errors(network, pool, counts, sets, part=4), whole, rtol=1e-6)


def test_forecasters_together_equal_those_alone() -> None:
    a, b, c = noise(40), noise(50, seed=1), noise(30, seed=2)
    tasks = [Task(a, c, 0), Task(b, c, 1), Task(b, a, 2)]
    together = forecast(tasks, iterations=30, lr=1e-2)
    alone = [forecast([task], iterations=30, lr=1e-2)[0] for task in tasks]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert len(set(together)) == 3


def test_the_score_is_a_function_of_its_seed_and_not_of_the_unit() -> None:
    a, b = noise(30), noise(20, seed=1)
    first = predictive(a, b, iterations=5, seed=3)
    assert predictive(a, b, iterations=5, seed=3) == first
    assert predictive(a * 4, b * 4, iterations=5, seed=3) == first
    assert predictive(a, b, iterations=5, seed=4) != first


def test_min_max_units_come_from_given_limits() -> None:
    a, b = noise(30), noise(20, seed=1)
    limits = (np.full(3, -5.0), np.full(3, 5.0))
    wide = predictive(a, b, iterations=0, limits=limits)
    scaled = predictive((a + 5) / 10, (b + 5) / 10, iterations=0, limits=(np.zeros(3), np.ones(3)))
    np.testing.assert_allclose(wide, scaled)


def test_what_cannot_be_forecast_is_refused() -> None:
    with pytest.raises(InputError, match="two steps"):
        predictive(noise(5, steps=1), noise(5, steps=1))
    with pytest.raises(InputError, match="target='first' is none of last, all"):
        predictive(noise(5), noise(5), target="first")
    with pytest.raises(InputError, match="at least one"):
        predictive(noise(5), noise(5)[:0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "low", "high"), [("stock", 0.0362, 0.0372), ("energy", 0.249, 0.252)]
)
def test_real_on_real_is_at_the_published_floor(name: str, low: float, high: float) -> None:
    path = FOLDER / f"{name}_data.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    data = WindowDataModule(name, path=str(path), preprocessing="reference", scaling="minmax")
    data.setup()
    windows = data.train_windows()
    errors = predictive(windows, windows, limits=(data.transform.low, data.transform.high))
    assert low < np.mean(errors) < high
