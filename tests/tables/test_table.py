"""Checking a table: the numbers are taken, and what is wrong is named with row and column."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables.table import Table


def frame(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame({"Open": [1.0, 2.0, 3.0, 4.0], "Volume": [7, 5, 6, 8]} | changes)


def test_all_columns_of_numbers_are_features() -> None:
    table = Table.from_frame(frame(Up=[True, False, True, True]))
    assert table.schema.features == ("Open", "Volume", "Up")
    assert table.schema.dtypes == ("float64", "int64", "bool")
    assert [field.type for field in table.schema.fields] == ["number", "number", "boolean"]
    np.testing.assert_array_equal(table.values[:, 2], [1, 0, 1, 1])
    np.testing.assert_array_equal(table.bounds, [[0, 4]])


def test_chosen_columns_keep_the_order_of_the_table() -> None:
    table = Table.from_frame(frame(Close=[1.0, 2.0, 2.0, 1.0]), columns=["Close", "Open"])
    assert table.schema.features == ("Open", "Close")


def test_a_key_groups_rows_and_keeps_their_order() -> None:
    table = Table.from_frame(frame(who=["b", "a", "b", "a"]), sequence_key="who")
    np.testing.assert_array_equal(table.values[:, 0], [1.0, 3.0, 2.0, 4.0])
    np.testing.assert_array_equal(table.bounds, [[0, 2], [2, 4]])
    assert table.schema.key == "who"


def test_a_column_called_sequence_is_the_key_unless_it_is_asked_for() -> None:
    numbered = frame(sequence=[0, 0, 1, 1])
    assert Table.from_frame(numbered).schema.key == "sequence"
    asked = Table.from_frame(numbered, columns=["Open", "sequence"]).schema
    assert (asked.key, asked.features) == (None, ("Open", "sequence"))


def test_reversing_turns_time_within_each_sequence() -> None:
    table = Table.from_frame(frame(sequence=[0, 0, 0, 1])).reversed()
    np.testing.assert_array_equal(table.values[:, 0], [3.0, 2.0, 1.0, 4.0])


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (frame(), {"columns": ["open"]}, "no column 'open'. Did you mean 'Open'.*Open, Volume"),
        (frame(), {"sequence_key": "zzz"}, "no column 'zzz'. It has"),
        (
            frame(Open=[1, "n/a", 3, 4]),
            {},
            r"'Open' has the text 'n/a' in row 2.*dataset\.exclude=\[Open\]\.$",
        ),
        (frame(Open=["1", "n/a", "3", "4"]), {}, "'Open' has the text 'n/a' in row 2"),
        (frame(Open=["1", "2", "3", "4"]), {}, "'Open' holds numbers stored as"),
        (frame(z=[b"1", b"2", b"3", b"4"]), {}, r"'z' \(object: bytes\).*exclude=\[z\]"),
        (frame(z=[[1], [2], [3], [4]]), {}, r"'z' \(object: mixed\)"),
        (frame(z=pd.Categorical([b"1", 2, 3, 4])), {}, "'z': a category is b'1'"),
        (frame(z=[None, np.nan, None, None]), {}, "'z' has no value in any row"),
        (frame(z=[0, 2**60, 5, 6]), {}, "'z' has whole numbers from 0 to 1152921504606846976"),
        (frame(z=[1j, 2, 3, 4]), {}, r"'z' \(complex128\)"),
        (frame(Open=[1, 2, 3, -np.inf]), {}, "'Open' has -inf in row 4"),
        (frame(who=["a", None, "a", "b"]), {"sequence_key": "who"}, "'who' is empty in row 2"),
        (frame()[["Open"]], {"sequence_key": "Open"}, "no feature column"),
        (frame()[:1], {}, "has 1 row:"),
        (frame()[:0], {}, "has 0 rows:"),
        (frame().set_axis(["x", "x"], axis=1), {}, "'x' more than once"),
        (frame().rename(columns={"Open": "Unnamed: 0"}), {}, "without a name.*exclude"),
    ],
)
def test_bad_tables_are_refused(table: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Table.from_frame(table, **options)


def test_a_column_of_text_that_is_not_asked_for_does_no_harm() -> None:
    table = Table.from_frame(frame(day=list("abcd")), columns=["Open"])
    assert table.schema.features == ("Open",)
