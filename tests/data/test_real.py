"""The tables of the published results, where they are at hand: they are not part of the project."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data"


def module(name: str, **options: Any) -> WindowDataModule:
    path = FOLDER / f"{name}_data.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    data = WindowDataModule(name, path=str(path), **options)
    data.setup()
    return data


def test_salary_has_six_windows_with_the_known_statistics() -> None:
    data = module("salary", preprocessing="reference", scaling="minmax")
    assert len(data.train) == 6
    windows = data.transform.to_unit_range(data.train_windows()).reshape(-1, 2)
    np.testing.assert_allclose(windows.mean(axis=0), [0.454418, 0.458199], atol=5e-7)
    np.testing.assert_allclose(windows.std(axis=0), [0.244355, 0.276379], atol=5e-7)
    np.testing.assert_allclose(data.train.all().reshape(-1, 2), windows, atol=1e-7)
    assert np.corrcoef(windows.T)[0, 1] == pytest.approx(0.9687, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "rows", "features"), [("stock", 3_685, 6), ("energy", 19_734, 28)]
)
def test_published_tables_come_back_from_their_windows(name: str, rows: int, features: int) -> None:
    data = module(name)
    described = data.describe()
    assert (described["rows"], len(described["features"])) == (rows, features)
    assert described["windows"] > 0.8 * rows
    assert 0.05 * rows < described["holdout_windows"] <= 0.1 * rows
    x = data.transform.transform(data.table).x
    made = data.transform.inverse_transform(x[None])
    known = data.train.covered()
    span = data.transform.high - data.transform.low
    error = np.abs(made.values[0] - data.table.values) / span
    # Independent noise is drawn anew. Held-out rows may lie beyond the training range.
    learned = [name not in ("rv1", "rv2") for name in data.features]
    assert np.quantile(error[known][:, learned], 0.99, axis=0).max() <= 5e-6
    original = pd.read_csv(FOLDER / f"{name}_data.csv")
    pd.testing.assert_frame_equal(data.transform.to_frame(made).head(0), original.head(0))


@pytest.mark.parametrize("preprocessing", ["default", "reference"])
def test_hourly_weather_is_seen_whether_or_not_a_part_is_held_out(preprocessing: str) -> None:
    data = module("energy", preprocessing=preprocessing)
    weather = ["T_out", "Press_mm_hg", "RH_out", "Windspeed", "Visibility", "Tdewpoint"]
    assert [n for n, t in data.column_types.items() if t == "piecewise_linear"] == weather


def test_the_reference_counts_windows_as_the_authors_do() -> None:
    assert len(module("stock", preprocessing="reference").train) == 3_685 - 24
