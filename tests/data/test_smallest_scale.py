"""The smallest scale measures how little nearly equal features differ."""

import numpy as np
import pytest

from timegan.data import WindowDataModule
from timegan.data.smallest_scale import SAMPLE_ROWS, smallest_component_std
from timegan.data.windows import Windows
from timegan.seeds import rng
from timegan.training.factory import build_model
from timegan.training.schedule import Schedule


def windows(rows: np.ndarray) -> Windows:
    return Windows(rows.astype(np.float32), np.arange(len(rows) - 3), 4)


@pytest.mark.parametrize("spread", [0.5, 0.05, 0.005])
def test_the_finest_direction_is_the_difference_of_features_that_are_nearly_one(
    spread: float,
) -> None:
    level, other = rng(0).standard_normal((2, 20_000))
    # Units do not matter, nor do features that know nothing of the two.
    rows = np.stack([level, 100 + 7 * (level + spread * other), rng(1).random(20_000)], axis=1)
    found = smallest_component_std(windows(rows))
    assert found == pytest.approx(np.sqrt(1 - 1 / np.sqrt(1 + spread**2)), rel=0.03)


def test_features_that_know_nothing_of_each_other_have_about_one() -> None:
    rows = rng(0).standard_normal((5_000, 4))
    assert 0.95 < smallest_component_std(windows(rows)) < 1


def test_copies_constants_and_single_features_are_not_fine() -> None:
    level = rng(0).standard_normal((5_000, 1))
    for rows in (level, np.hstack([level, 3 * level]), np.hstack([level, np.ones_like(level)])):
        assert smallest_component_std(windows(rows)) == pytest.approx(1, rel=0.5)
    assert smallest_component_std(windows(np.ones((5, 6)))) == 1


def test_only_rows_of_windows_count() -> None:
    level, other = rng(0).standard_normal((2, 3_000))
    rows = np.stack([level, level + 0.01 * other], axis=1)
    rows[2_000:, 1] = other[2_000:]
    part = Windows(rows, np.arange(1_990), 4)
    assert smallest_component_std(part) < 0.02 < 0.3 < smallest_component_std(windows(rows))


def test_a_long_table_is_thinned_and_says_the_same() -> None:
    level, other = rng(0).standard_normal((2, 3 * SAMPLE_ROWS))
    rows = np.stack([level, level + 0.1 * other], axis=1)
    assert smallest_component_std(windows(rows)) == pytest.approx(
        smallest_component_std(windows(rows[:SAMPLE_ROWS])), rel=0.02
    )


def test_a_model_is_built_with_what_its_table_has() -> None:
    data = WindowDataModule(generate="sines", window=6)
    data.setup()
    assert build_model(data, Schedule(1, 1, 1), hidden=4).hparams[
        "smallest_component_std"
    ] == smallest_component_std(data.train)
