"""Numbers and texts that mark missing values are found, learned as missing, and written back."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import check_round_trip
from timegan.errors import InputError
from timegan.tables.table import Table

ROWS = 200


def marked(values: Any, mark: float, every: int = 10) -> np.ndarray:
    """Return values with a mark in every so many rows."""
    changed: np.ndarray = np.array(values, dtype=float)
    changed[::every] = mark
    return changed


def sensors(mark: float = -9999.0, **more: Any) -> pd.DataFrame:
    random = np.random.default_rng(0)
    temperature = marked(random.normal(12, 4, ROWS).round(1), mark)
    return pd.DataFrame({"temp": temperature, "wind": random.gamma(2, 3, ROWS).round(2)} | more)


def marks(frame: pd.DataFrame, **options: Any) -> dict[str, tuple[float | str, ...]]:
    """Return the marks of each column of a table that comes back as it was."""
    fields = check_round_trip(frame, **options).schema.fields
    return {field.label: field.na_values for field in fields if field.na_values}


@pytest.mark.parametrize("mark", [-9999, 9999, -999.9, 999, 99999, -888, -200, 1e20, -(2**31)])
def test_a_far_number_that_looks_like_a_mark_is_missing(mark: float) -> None:
    frame = sensors(mark)
    assert marks(frame) == {"temp": (mark,)}
    table = Table.from_frame(frame)
    np.testing.assert_array_equal(np.isnan(table.values[:, 0]), frame["temp"] == mark)
    assert any(note.startswith(f"{mark:.10g} looks like a mark") for note in table.notes)


@pytest.mark.parametrize("dtype", ["int16", "int64", "Int32", "float32", "int64[pyarrow]"])
def test_a_mark_comes_back_in_every_type(dtype: str) -> None:
    values = marked(np.arange(ROWS), -999)
    rows: Any = pd.Series(values.astype(int))
    assert marks(pd.DataFrame({"n": rows.astype(dtype)})) == {"n": (-999,)}


@pytest.mark.parametrize(
    "values",
    [
        marked(np.arange(50, 50 + ROWS), 0),
        marked(np.arange(50, 50 + ROWS), -1),
        marked(np.arange(ROWS) % 100, 100),
        np.minimum(np.arange(ROWS) * 10, 999),
        marked(np.arange(ROWS) * 5, 999),
        marked(np.arange(-600, -600 + 6 * ROWS, 6), -999),
        marked(np.arange(ROWS) % 40 + 20, 3000),
        marked(np.arange(ROWS) % 90 + 10, 99),
        np.where(np.arange(ROWS) % 2, 999.0, 0.0),
        marked(np.arange(ROWS), -9999, every=150),
    ],
    ids=[
        "zero",
        "minus-one",
        "cap",
        "near-cap",
        "close",
        "near-negative",
        "3000",
        "age",
        "two-values",
        "twice",
    ],
)
def test_counts_caps_and_near_numbers_are_no_marks(values: np.ndarray) -> None:
    assert marks(pd.DataFrame({"n": values})) == {}


def test_a_mark_of_one_column_is_a_mark_in_others() -> None:
    wide = marked(np.geomspace(2, 1500, ROWS).round(), -200)
    rare = np.append(np.arange(ROWS - 1.0), -200)
    frame = sensors(-200, nox=wide, rare=rare, cost=np.linspace(-300, 300, ROWS).round())
    assert marks(frame) == {"temp": (-200,), "nox": (-200,), "rare": (-200,)}
    assert marks(frame[["rare"]]) == {}


def test_both_ends_may_hold_marks_and_empty_cells_stay_apart() -> None:
    values = marked(np.arange(ROWS), -999)
    values[3::20] = 9999
    values[4] = np.nan
    table = Table.from_frame(pd.DataFrame({"n": values}))
    field = table.schema.fields[0]
    assert set(field.na_values) == {-999, 9999}
    assert field.na_mark == -999
    assert int(np.isnan(table.values).sum()) == 20 + 10 + 1
    values[4:9] = np.nan
    values[20:] = np.arange(20, ROWS)
    assert (
        Table.from_frame(pd.DataFrame({"n": np.append(values, [-999] * 2)}))
        .schema.fields[0]
        .na_mark
        is None
    )


def test_context_and_exogenous_columns_have_marks_too() -> None:
    owner = np.repeat(np.arange(20), 10)
    age = np.where(owner % 5 == 0, 999, owner + 30)
    dose = marked(np.random.default_rng(0).integers(1, 9, ROWS), -99)
    frame = pd.DataFrame({"who": owner, "age": age, "dose": dose, "x": np.arange(ROWS) * 0.5})
    table = Table.from_frame(frame, sequence_key="who", exogenous=["dose"])
    assert table.schema.context == ("age",)
    assert np.isnan(table.context[::5]).all()
    assert marks(frame, sequence_key="who", exogenous=["dose"]) == {"age": (999,), "dose": (-99,)}


def test_detection_can_be_switched_off_and_replaced() -> None:
    assert marks(sensors(), na_values=[]) == {}
    assert marks(sensors(-1), na_values=[-1]) == {"temp": (-1,)}
    assert Table.from_frame(sensors(), na_values=[]).notes == ()


def test_texts_that_mark_missing_values_are_named_by_hand() -> None:
    frame = pd.DataFrame(
        {
            "grade": ["a", "b", "?", "a", "b", "?"],
            "day": ["2024-01-05", "never", "2024-01-02", "2024-03-01", "never", "2024-02-01"],
        }
    )
    assert marks(frame, na_values=["?", "never"]) == {"grade": ("?",), "day": ("never",)}
    numbers = pd.DataFrame({"n": ["1", "?", "3", "4", "?", "6"], "x": [1.5, 2, 3, 5, 1, 2]})
    with pytest.raises(InputError, match=r"text '\?' in row 2.*dataset\.na_values=\['\?'\]"):
        Table.from_frame(numbers)
    table = Table.from_frame(numbers, na_values=["?"])
    np.testing.assert_array_equal(table.values[:, 0], [1, np.nan, 3, 4, np.nan, 6])
    assert table.schema.to_frame(table.values[None])["n"].dtype == "Int64"


def test_another_table_is_read_with_the_marks_of_the_first() -> None:
    schema = Table.from_frame(sensors()).schema
    other = Table.from_frame(sensors().iloc[:2], like=schema)
    assert np.isnan(other.values[0, 0])
    assert not np.isnan(other.values[1, 0])
