"""Tables in memory: arrays, lists of sequences and frames of other libraries."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables.frames import to_frame


def test_arrays_become_long_tables() -> None:
    windows = np.arange(12.0).reshape(2, 3, 2)
    frame = to_frame(windows)
    assert frame.columns.tolist() == ["sequence", "feature_1", "feature_2"]
    assert frame["sequence"].tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(frame.to_numpy()[:, 1:], windows.reshape(6, 2))
    assert to_frame(windows.tolist()).equals(frame)
    assert to_frame(windows[0]).columns.tolist() == ["feature_1", "feature_2"]
    assert to_frame(windows[0, :, 0]).shape == (3, 1)
    assert to_frame(windows.astype(int))["feature_1"].dtype == "int64"


def test_lists_keep_lengths_and_indexes() -> None:
    days = pd.date_range("2024-01-01", periods=3)
    parts = [pd.DataFrame({"x": [1, 2, 3]}, days), pd.DataFrame({"x": [4, 5]}, days[:2])]
    frame = to_frame(parts)
    assert frame["sequence"].tolist() == [0, 0, 0, 1, 1]
    assert frame.index.equals(days.append(days[:2]))
    assert to_frame([np.ones((2, 1)), np.ones((3, 1))])["sequence"].tolist() == [0, 0, 1, 1, 1]


def test_frames_of_polars_become_those_of_pandas() -> None:
    polars = pytest.importorskip("polars")
    frame = pd.DataFrame({"key": ["a", "a", "b"], "x": [1.5, 2.0, 3.0], "n": [1, 2, 3]})
    found = to_frame(polars.from_pandas(frame))
    pd.testing.assert_frame_equal(found, frame, check_dtype=False)
    with pytest.raises(InputError, match=r"is lazy.*collect\(\)"):
        to_frame(polars.from_pandas(frame).lazy())


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "table is None"),
        ({"a": [1]}, "is a dict"),
        ([], "empty list"),
        (np.zeros((1, 2, 3, 4)), r"shape \(1, 2, 3, 4\)"),
        (np.zeros((0, 2)), r"shape \(0, 2\)"),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})], r"table\[1\] has the columns b"),
        ([pd.DataFrame({"sequence": [1]})], "column 'sequence'"),
        ([1, "a"], "list with 1"),
    ],
)
def test_other_objects_are_refused(table: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        to_frame(table)
