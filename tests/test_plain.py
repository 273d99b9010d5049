"""Checkpoints of any table hold plain data, which is enough to continue."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from tests.tables.test_roundtrip import tables
from timegan import Synthesizer
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.seeds import rng
from timegan.transforms import TRANSFORMERS
from timegan.transforms.table_transform import TableTransform

PLAIN = {bool, int, float, str, type(None), list, dict}
"""Types that JSON, torch's reader and `Columns.from_state` give back as they were."""


def odd(content: Any, where: str = "state") -> Iterator[str]:
    """Yield the paths of values that are not plain."""
    if type(content) not in PLAIN:
        yield f"{where}: {type(content)}"
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from odd(key, f"a key of {where}")
            yield from odd(value, f"{where}.{key}")
    elif isinstance(content, list):
        for i, value in enumerate(content):
            yield from odd(value, f"{where}[{i}]")


def calibrated(data: WindowDataModule) -> TableTransform:
    """Return calibrated columns of a model with noise."""
    columns, random = data.transform, rng(0, "channels")
    x, labels, static = (
        random.normal(size=(20, *shape, columns.widths[name]))
        for name, shape in (("features", (6,)), ("exogenous", (6,)), ("context", ()))
    )
    lengths = np.arange(20) % 6 + 1
    mask = np.arange(6) < lengths[:, None] if columns.variable else slice(None)
    if columns.widths["context"]:
        columns = columns.calibrated_static(static)
    return columns.calibrated(x, mask, labels if columns.widths["exogenous"] else None)


def check(data: WindowDataModule) -> set[str]:
    """Look at what is remembered before and after calibration; the kinds that were met."""
    data.setup()
    met = set()
    for columns in (data.transform, calibrated(data)):
        data.transform = columns
        state = data.state_dict()
        assert not list(odd(state))
        assert json.loads(json.dumps(state, allow_nan=False)) == state
        again = TableTransform.from_state(state["columns"])
        assert again.state() == state["columns"]
        assert again.schema == columns.schema
        met |= {transformer.name for _, transformer in columns.columns}
    return met


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_what_is_remembered_of_any_table_is_plain(
    made: tuple[pd.DataFrame, dict[str, Any]],
) -> None:
    frame, options = made
    try:
        check(WindowDataModule.from_frame(frame, **options))
    except InputError:
        return


def rows(seed: int = 0, count: int = 400) -> pd.DataFrame:
    """Return a table with a column of every type."""
    random = rng(seed, "rows")
    steps = np.arange(count)
    wave = np.sin(steps / 9) + 0.1 * random.normal(size=count)
    frame = pd.DataFrame({"wave": wave})
    frame["copy"] = wave
    frame["line"] = (2 * wave + 1).round(3)
    frame["constant"] = 3
    frame["noise"] = random.random(count)
    frame["integer"] = random.poisson(40 + 9 * wave)
    frame["step"] = np.rint(wave * 20) * 0.25
    frame["rain"] = np.where(random.random(count) < 0.6, 0.0, random.exponential(size=count))
    frame["price"] = np.exp(np.cumsum(random.normal(size=count)) / 4)
    frame["held"] = np.repeat(random.normal(size=count // 8 + 1), 8)[:count]
    frame["ramp"] = np.interp(steps, steps[::6], np.round(random.normal(size=len(steps[::6])), 1))
    frame["bounded"] = np.clip(wave, -0.6, 0.6)
    frame["flag"] = wave > 0.3
    frame["word"] = random.choice(["a", "b", "c"], count)
    frame["band"] = pd.cut(wave, [-np.inf, -0.5, 0.5, np.inf])
    frame["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 99, count), "D")
    frame["holed"] = np.where(random.random(count) < 0.2, np.nan, wave)
    return frame


def test_what_is_remembered_of_every_kind_of_column_is_plain() -> None:
    types = {"noise": "white_noise"}
    # Relations would write some of the columns from others.
    options = {"column_types": types, "constraints": "report"}
    data = WindowDataModule.from_frame(rows(), window=6, **options)
    assert check(data) == set(TRANSFORMERS)
    check(WindowDataModule.from_frame(rows(), window=6))


def irregular(count: int = 400) -> dict[str, Any]:
    """Return irregular times in each type that a time can have."""
    gaps = np.cumsum(rng(0, "gaps").integers(1, 50, count))
    periods: Any = pd.PeriodIndex
    days = pd.bdate_range("2020-01-01", periods=3 * count)
    return {
        "float": gaps / 7,
        "integer": gaps,
        "moment": pd.Timestamp("2024-01-01") + pd.to_timedelta(gaps, "min"),
        "zone": (pd.Timestamp("2024-01-01", tz="Europe/Berlin") + pd.to_timedelta(gaps, "min")),
        "length": pd.to_timedelta(gaps, "s"),
        "business days": days[np.sort(rng(1, "gaps").choice(3 * count, count, replace=False))],
        "period": periods.from_ordinals(gaps, freq="M"),
        "text": (pd.Timestamp("2024-01-01") + pd.to_timedelta(gaps, "h")).strftime("%F %H:%M"),
    }


@pytest.mark.parametrize("name", irregular(2))
def test_what_is_remembered_of_irregular_times_is_plain(name: str) -> None:
    frame = rows()[["wave"]].assign(time=irregular()[name])
    data = WindowDataModule.from_frame(frame, window=6, sequence_index="time")
    check(data)
    assert data.transform.schema.of("gap")


def test_options_given_as_numbers_of_numpy_are_saved(tmp_path: Path) -> None:
    options: dict[str, Any] = {"window": np.int64(6), "seed": np.int32(1), "lr": np.float32(1e-3)}
    schedule = {"autoencoder": 1, "supervised": 1, "joint": 1}
    model = Synthesizer(
        schedule=schedule, hidden=4, steps_per_epoch=1, progress=False, **options
    ).fit(rows(count=60)[["wave"]])
    again = Synthesizer.load(model.save(tmp_path / "model"))
    assert again.get_params()["window"] == 6
    pd.testing.assert_frame_equal(model.sample(2), again.sample(2))
