"""Labels of synthetic sequences: of the real keys' type, in their manner, no two alike."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables.table import Table


def made_for(keys: Any, count: int, start: int = 0, total: int | None = None) -> Any:
    rows = pd.Series(keys)
    frame = pd.DataFrame({"x": np.arange(2.0 * len(rows)), "who": pd.concat([rows, rows])})
    table = Table.from_frame(frame.reset_index(drop=True), sequence_key="who")
    made = table.schema.to_frame(np.ones((count, 1, 1)), sequence_start=start, total=total)
    assert made.columns.tolist() == ["x", "who"]
    return made["who"]


@pytest.mark.parametrize(
    ("keys", "labels"),
    [
        (pd.Series([7, 3, 90], dtype="uint16"), [5, 6, 7]),
        (pd.Series([7, 3, 90], dtype="Int32"), [5, 6, 7]),
        (pd.Series([7, 3, 90], dtype="int64[pyarrow]"), [5, 6, 7]),
        (pd.Series([7, 3, 90], dtype=object), [5, 6, 7]),
        (pd.Series([7.0, 3.0, 90.0]), [5.0, 6.0, 7.0]),
        (["anna", "ben"], ["5", "6", "7"]),
        (["patient_8", "patient_12"], ["patient_5", "patient_6", "patient_7"]),
        (["p-001", "p-020"], ["p-005", "p-006", "p-007"]),
        (["p01", "p100"], ["p5", "p6", "p7"]),
        (["a1", "b2"], ["5", "6", "7"]),
        (["01", "20"], ["05", "06", "07"]),
        (["2024-01-30", "2024-02-01"], ["2024-02-09", "2024-02-11", "2024-02-13"]),
    ],
)
def test_labels_count_on_in_the_manner_of_the_real_ones(keys: Any, labels: list[Any]) -> None:
    texts = [None] if isinstance(keys, pd.Series) else ["str", "object", "string[python]"]
    for dtype in texts:
        rows = pd.Series(keys, dtype=dtype)
        made = made_for(rows, 3, start=5)
        pd.testing.assert_series_equal(made, pd.Series(labels, dtype=rows.dtype), check_names=False)


def test_days_that_are_keys_go_on_by_the_smallest_step() -> None:
    days = pd.Series(pd.to_datetime(["2024-01-05", "2024-01-09", "2024-01-07"]).as_unit("ms"))
    made = made_for(days, 4)
    assert made.dtype == days.dtype
    assert made.dt.day.tolist() == [5, 7, 9, 11]


def test_categories_are_used_first_so_that_the_type_stays_and_further_ones_are_new() -> None:
    keys = pd.Categorical(["s2", "s9"], categories=["s9", "s4", "s2"])
    assert made_for(keys, 3).dtype == keys.dtype
    made = made_for(keys, 2, start=2, total=5)
    assert made.tolist() == ["s2", "s10"]
    assert made.cat.categories.tolist() == ["s9", "s4", "s2", "s10", "s11"]
    assert made_for(pd.Categorical(["a", "b"]), 4).tolist() == [
        "a",
        "b",
        "sequence_0",
        "sequence_1",
    ]
    assert made_for(pd.Categorical([4, 2]), 4).tolist() == [2, 4, 5, 6]


def test_a_key_type_without_room_is_told_of() -> None:
    assert made_for(pd.Series([1, 2], dtype="int8"), 128).is_unique
    with pytest.raises(InputError, match=r"'who' would need the value 128.*int8.*wider"):
        made_for(pd.Series([1, 2], dtype="int8"), 129)


@pytest.mark.parametrize("keys", [[True, False], [(1, 2), (2, 3)], pd.Categorical([1.5, 2.5])])
def test_keys_of_which_no_more_can_be_made_are_refused(keys: Any) -> None:
    with pytest.raises(InputError, match=r"'who'.*astype\(str\)"):
        made_for(keys, 2)
