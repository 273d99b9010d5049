"""Values of every type, context, columns that are chosen, and tables read as another was."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables.table import Table


def test_some_columns_and_the_way_they_are_chosen() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": list("xy"), "sequence": [4, 4], "c": [0.5, 1]})
    table = Table.from_frame(frame, columns=["c", "a"])
    assert table.schema.features == ("a", "c")
    made = table.schema.to_frame(table.values[None], total=2)
    assert made.columns.tolist() == ["a", "sequence", "c"]


def test_values_are_what_their_types_say() -> None:
    frame = pd.DataFrame(
        {
            "truth": pd.array([True, None, False], dtype="boolean"),
            "word": pd.Series(["b", None, "a"]),
            "grade": pd.Categorical(["low", "high", None], categories=["low", "mid", "high"]),
            "at": pd.DatetimeIndex(["1970-01-01 00:01", None, "1970-01-02"]),
            "span": pd.to_timedelta(["1h", "-2s", None]),
            "month": pd.PeriodIndex(["1970-03", "1970-01", None], freq="M"),
        }
    )
    table = Table.from_frame(frame)
    nan = np.nan
    expected = [
        [1, nan, 0],
        [1, nan, 0],
        [0, 2, nan],
        [60, nan, 86_400],
        [3600, -2, nan],
        [2, 0, nan],
    ]
    np.testing.assert_array_equal(table.values.T, expected)
    types = [field.type for field in table.schema.fields]
    assert types == ["boolean", "category", "category", "datetime", "timedelta", "number"]


def test_what_a_model_makes_is_brought_into_the_types_range() -> None:
    frame = pd.DataFrame(
        {
            "small": np.array([1, 2], dtype="int8"),
            "far": np.array([2**63, 2**63 + 5], dtype="uint64"),
            "half": np.array([1, 2], dtype="float16"),
            "word": ["a", "b"],
            "yes": [True, False],
        }
    )
    schema = Table.from_frame(frame).schema
    made = schema.to_frame(np.array([[[300, 2.0**70, 1e9, 7, 0.6], [-300, -5.4, -1e9, -3, 0.4]]]))
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    assert made["small"].tolist() == [127, -128]
    assert made["far"].tolist()[1] == 2**63 - 5
    assert made["far"].tolist()[0] > 2**64 - 2**12
    assert np.isfinite(made["half"]).all()
    assert made["word"].tolist() == ["b", "a"]
    assert made["yes"].tolist() == [True, False]


def test_a_value_that_cannot_be_missing_is_never_made_up() -> None:
    schema = Table.from_frame(pd.DataFrame({"n": [1, 2]})).schema
    with pytest.raises(ValueError, match="'n': 1 missing values in a column of int64"):
        schema.to_frame(np.array([[[np.nan], [1.0]]]))


def test_context_must_be_constant_within_a_sequence() -> None:
    frame = pd.DataFrame({"who": [2, 2, 1, 1], "ward": ["n", "s", "n", "n"], "x": [1, 2, 3, 4]})
    with pytest.raises(InputError, match=r"'ward' is 'n' and then 's' within sequence 2 \(row 2"):
        Table.from_frame(frame, sequence_key="who", context_columns=["ward"])
    frame["ward"] = ["n", "n", None, None]
    table = Table.from_frame(frame, sequence_key="who", context_columns=["ward"])
    np.testing.assert_array_equal(table.context, [[0], [np.nan]])


def test_another_table_is_read_as_the_first_was() -> None:
    days = pd.date_range("2024-01-01", periods=4)
    real = pd.DataFrame({"day": days, "word": list("abca"), "at": days.as_unit("s"), "n": range(4)})
    first = Table.from_frame(real, sequence_index="day")
    other = real.iloc[[3, 1]].assign(day=["2025-03-01", "2025-03-02"], n=[1.5, 2.5])
    second = Table.from_frame(other, like=first.schema)
    assert second.schema == first.schema
    np.testing.assert_array_equal(second.values[:, 0], [0, 1])
    np.testing.assert_array_equal(second.values[:, 1], first.values[[3, 1], 1])
    with pytest.raises(InputError, match=r"'word' has 'z' in row 2.*It has: a, b, c\."):
        Table.from_frame(other.assign(word=["a", "z"]), like=first.schema)


def test_the_fingerprint_sees_values_types_roles_and_time() -> None:
    frame = pd.DataFrame({"day": pd.date_range("2024", periods=3), "k": [1, 1, 1], "x": [1, 2, 4]})
    later = frame.assign(day=frame["day"] + pd.Timedelta("1D"))
    tables = [
        Table.from_frame(frame),
        Table.from_frame(later),
        Table.from_frame(frame.astype({"x": "int32"})),
        Table.from_frame(frame.assign(x=[1, 2, 5])),
        Table.from_frame(frame, context_columns=["k"]),
        Table.from_frame(frame, exogenous=["x"]),
    ]
    assert len({table.fingerprint for table in tables}) == len(tables)
    assert Table.from_frame(frame.copy()).fingerprint == tables[0].fingerprint


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (pd.DataFrame({("a", 1): [1, 2]}), {}, "several levels.*Join them"),
        (pd.DataFrame({None: [1, 2]}), {}, "without a name"),
        (pd.DataFrame({pd.Timestamp("2024"): [1, 2]}), {}, "names must be text or numbers"),
        (pd.DataFrame({1: [1, 2], "1": [1, 2]}), {}, "'1' more than once"),
        (
            pd.DataFrame({"x": [1, 2]}, index=["a", "b"]),
            {},
            r"neither the time nor a key.*reset_index",
        ),
        (
            pd.DataFrame({"x": [1, 2], "k": [1, 1]}),
            {"sequence_key": "k", "columns": ["x"], "context_columns": ["k"]},
            "'k' is given by dataset.sequence_key and by dataset.context_col",
        ),
        (pd.DataFrame({"x": [f"text {i}" for i in range(101)]}), {}, "'x' has 101 different texts"),
    ],
)
def test_tables_that_cannot_be_kept_are_refused(
    frame: pd.DataFrame, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Table.from_frame(frame, **options)
