"""Any table gives a synthetic table with its schema, the same for a seed, or a reasoned error."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from tests.tables.test_roundtrip import tables
from timegan import InputError, Synthesizer

TINY: dict[str, Any] = {
    "hidden": 4,
    "batch_size": 4,
    "steps_per_epoch": 1,
    "projections": 4,
    "progress": False,
    "schedule": {"autoencoder": 1, "supervised": 1, "joint": 1},
}


def with_plain_keys(frame: pd.DataFrame, key: Any) -> pd.DataFrame:
    """Return the table with a categorical key as objects, as its categories are fresh ones."""
    names = list(frame.index.names)
    if key in frame and isinstance(frame[key].dtype, pd.CategoricalDtype):
        return frame.astype({key: object})
    if key is None or key not in names:
        return frame
    levels = [frame.index.get_level_values(i) for i in range(len(names))]
    plain = [
        level.astype(object) if isinstance(level.dtype, pd.CategoricalDtype) else level
        for level in levels
    ]
    return frame.set_axis(plain[0] if len(plain) == 1 else pd.MultiIndex.from_arrays(plain))


def check(frame: pd.DataFrame, **options: Any) -> None:
    before = frame.copy(deep=True)
    try:
        model = Synthesizer(**TINY).fit(frame, **options)
    except InputError as error:
        assert len(str(error)) > 30  # noqa: PT017 - a message is what is promised
        return
    pd.testing.assert_frame_equal(frame, before)
    made = model.sample(3, seed=5)
    pd.testing.assert_frame_equal(made, model.sample(3, seed=5))
    key = "sequence" if len(made.columns) > len(frame.columns) else None
    like = made.drop(columns=str(key)) if key else made
    if isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(drop=True)
    frame, like = (with_plain_keys(table, options.get("sequence_key")) for table in (frame, like))
    pd.testing.assert_frame_equal(
        like.head(0), frame.head(0), check_index_type=False, check_freq=False
    )
    assert like.index.nlevels == frame.index.nlevels
    assert list(like.index.names) == list(frame.index.names)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        again = Synthesizer.load(Path(folder) / "model")
    pd.testing.assert_frame_equal(again.sample(3, seed=5), made)
    assert again.get_params().keys() >= {"window", "seed"}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_any_table_is_learned_and_made_again(made: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    frame, options = made
    check(frame, **options)


STEPS = np.tile(np.arange(6), 8)
NAMED: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {
    "our own words": (
        pd.DataFrame(
            {
                name: np.arange(48) * (i + 1) % 7
                for i, name in enumerate(("window", "mask", "time", "length", "gap", "present"))
            }
        ),
        {},
    ),
    "one column": (pd.DataFrame({"x": np.sin(np.arange(60.0))}), {}),
    "one column of noise": (pd.DataFrame({"x": np.random.default_rng(0).random(3_000)}), {}),
    "one column of text": (pd.DataFrame({"wörter": ["ja", "nein", "ja"] * 20}), {}),
    "sequences of one row": (
        pd.DataFrame({"id": range(40), "x": np.arange(40.0) % 7}),
        {"sequence_key": "id"},
    ),
    "a date index": (
        pd.DataFrame(
            {"x": np.arange(90.0) ** 0.5},
            index=pd.date_range("2024-01-01", periods=90, freq="B", tz="Europe/Berlin", name="day"),
        ),
        {},
    ),
    "all missing but some": (
        pd.DataFrame({"x": [np.nan, 1.0, 2.0, np.nan] * 15, "y": range(60)}),
        {},
    ),
    "constants beside a ramp": (pd.DataFrame({"a": 1, "b": "x", "c": range(50)}), {}),
    "context and labels": (
        pd.DataFrame(
            {
                "who": np.repeat(list("abcdefgh"), 6),
                "site": np.repeat(list("nnsseenn"), 6),
                "holiday": STEPS == 3,
                "x": STEPS * 1.5,
            }
        ),
        {"sequence_key": "who", "context_columns": ["site"], "exogenous": ["holiday"]},
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_odd_tables_are_learned_and_made_again(name: str) -> None:
    frame, options = NAMED[name]
    check(frame, **options)
