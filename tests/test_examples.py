"""Every script of examples/ runs, is short, and does what it says."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from timegan.transforms.base import TRANSFORMERS

FOLDER = Path(__file__).parents[1] / "examples"
SHORT = {"autoencoder": 1, "supervised": 1, "joint": 1}


def main(name: str) -> Callable[..., Any]:
    """Return the function that a script calls."""
    spec = spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Any] = module.main
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_scripts_have_40_lines_at_most(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40


def test_the_plain_loop_makes_finite_windows_of_the_wanted_shape() -> None:
    windows = main("plain_pytorch")(steps=2, window=6)
    assert windows.shape == (10, 6, 5)
    assert windows.isfinite().all()


def test_a_trainer_of_one_s_own_makes_careers() -> None:
    made = main("lightning_by_hand")(people=30, joint=1)
    assert list(made.columns) == ["sequence", "YearsExperience", "Salary"]
    assert made["sequence"].nunique() == 10


def test_a_reloaded_model_samples_the_context_that_is_asked_for() -> None:
    made = main("synthesizer")(people=30, schedule=SHORT)
    assert made["sequence"].nunique() == 10
    assert set(made["branch"]) == {"law"}


def test_scores_tell_a_good_table_from_a_shuffled_one() -> None:
    found = main("evaluate_two_tables")(people=60, classifiers=1, classifier_steps=1)
    good, bad = (found[name]["autocorrelation"]["mean"] for name in ("good", "bad"))
    assert good < bad


def test_bearings_return_from_the_circle_and_stay_below_360() -> None:
    made = main("custom_column_type")(ships=30, schedule=SHORT)
    assert made["course"].between(0, 359.95).all()
    bearing = TRANSFORMERS.pop("bearing").from_state({})  # other tests go through all types
    degrees = np.array([0.0, 90.0, 359.9])
    channels = bearing.transform(degrees, np.array([0]), np.random.default_rng(0))
    noise: Any = None
    np.testing.assert_allclose(bearing.inverse_transform(channels[None], noise)[0], degrees)
