"""Writing part by part: the file is what all parts together would have given."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import padded
from timegan.errors import InputError
from timegan.tables.readers import read_table
from timegan.tables.table import Sequences, Table
from timegan.tables.writers import write_table, writer


def table(**options: Any) -> Table:
    """Return five sequences of one to five rows: zoned dates, missing values, context."""
    owners = np.repeat(np.arange(5), np.arange(1, 6))
    n = len(owners)
    frame = pd.DataFrame(
        {
            "who": pd.Series([f"patient_{i}" for i in owners]),
            "when": pd.date_range("2024-03-29", periods=n, freq="D", tz="Europe/Berlin"),
            "x": np.arange(n) / 4,
            "count": pd.array([1, None, 3] * 5, dtype="Int16"),
            "word": pd.Series(["a", None, "b"] * 5),
            "seen": pd.to_datetime(["2024-01-01 00:00", "", "2024-01-01 12:30"] * 5),
            "span": pd.to_timedelta(["1D", None, "2h"] * 5),
            "ward": pd.Categorical(np.array(["n", "s"])[owners % 2]),
            "shift": pd.array([True, False, True] * 5, dtype="bool[pyarrow]"),
            "y": pd.array([1.5, None, 2.5] * 5, dtype="double[pyarrow]"),
        }
    )
    names: dict[str, Any] = {"sequence_key": "who", "context_columns": ["ward"]}
    index = options.pop("index", None)
    if index:
        frame = frame.set_index(index)
    return Table.from_frame(frame, **(names | {"exogenous": ["shift"]} | options))


def parts(real: Table, size: int) -> Iterator[Sequences]:
    windows = padded(real)
    for first in range(0, len(windows), size):
        cut = slice(first, first + size)
        assert real.starts is not None
        yield Sequences(windows[cut], real.lengths[cut], real.context[cut], real.starts[cut])


def full(values: np.ndarray) -> Sequences:
    """Return sequences without context that all have the full length."""
    count, steps, _ = values.shape
    return Sequences(values, np.full(count, steps), np.empty((count, 0)))


def whole(real: Table) -> pd.DataFrame:
    return real.schema.to_frame(padded(real), real.lengths, real.context, real.starts)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("index", [None, ["who", "when"], ["when"]])
def test_parquet_holds_the_same_table_whatever_the_parts(
    tmp_path: Path, size: int, index: list[str] | None
) -> None:
    real = table(index=index)
    write_table(tmp_path / "t.parquet", parts(real, size), 5, real.schema)
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), whole(real), check_freq=False)


@pytest.mark.parametrize("index", [None, ["who", "when"]])
def test_csv_is_the_same_text_whatever_the_parts(tmp_path: Path, index: list[str] | None) -> None:
    real = table(index=index)
    texts = set()
    for size in (1, 2, 5):
        path = tmp_path / f"{size}.csv"
        write_table(path, parts(real, size), 5, real.schema)
        texts.add(path.read_text(encoding="utf-8"))
    (text,) = texts
    rows = text.splitlines()
    assert rows[0].split(",")[:4] == ["who", "when", "x", "count"]
    assert rows[1].startswith("patient_5,2024-03-29 00:00:00+01:00,0.0,1,a,2024-01-01 00:00:00,")
    assert rows[4].startswith("patient_7,2024-04-01 00:00:00+02:00,0.75,1,a,2024-01-01 00:00:00,")
    assert ",2024-01-01 12:30:00,0 days 02:00:00," in rows[3]
    assert ",,,," in rows[2]


def test_whole_days_are_written_as_days(tmp_path: Path) -> None:
    days = pd.DataFrame({"x": range(9)}, index=pd.date_range("2024-01-01", periods=9))
    real = Table.from_frame(days)
    write_table(tmp_path / "t.csv", [full(padded(real))], 1, real.schema)
    frame = read_table(tmp_path / "t.csv")
    assert frame["time"].tolist()[:2] == ["2024-01-01", "2024-01-02"]
    again = Table.from_frame(frame).schema.time_axis
    assert again is not None
    assert again.description == "every 1 day"


def test_a_table_without_a_key_is_numbered_only_where_there_are_several(tmp_path: Path) -> None:
    real = Table.from_frame(pd.DataFrame({"x": np.arange(6)}))
    window = full(np.ones((1, 3, 1)))
    for ending in ("csv", "parquet"):
        write_table(tmp_path / f"one.{ending}", [window], 1, real.schema)
        write_table(tmp_path / f"two.{ending}", [window, window], 2, real.schema)
        assert read_table(tmp_path / f"one.{ending}").columns.tolist() == ["x"]
        two = read_table(tmp_path / f"two.{ending}")
        assert two["sequence"].tolist() == [0, 0, 0, 1, 1, 1]
        assert two.dtypes.map(str).tolist() == ["int64", "int64"]


def test_a_part_without_a_single_value_changes_no_type(tmp_path: Path) -> None:
    real = table()
    empty = np.full((1, 5, len(real.schema.value_fields)), np.nan)
    empty[..., [0, 5]] = 1  # numbers and booleans that cannot be missing
    some: list[Any] = [Sequences(empty, np.array([2]), real.context[:1])]
    fields = [field.label for field in real.schema.value_fields]
    assert [fields[i] for i in (0, 5)] == ["x", "y"]
    write_table(tmp_path / "t.parquet", [*some, *parts(real, 5)], 6, real.schema)
    assert (read_table(tmp_path / "t.parquet").dtypes == whole(real).dtypes).all()


def test_names_that_are_numbers_stay_numbers_in_parquet(tmp_path: Path) -> None:
    real = Table.from_frame(pd.DataFrame(np.arange(12.0).reshape(4, 3)))
    write_table(tmp_path / "t.parquet", [full(padded(real))], 1, real.schema)
    names: list[Any] = read_table(tmp_path / "t.parquet").columns.tolist()
    assert names == [0, 1, 2]


def test_an_archive_pads_with_nothing_and_says_the_lengths(tmp_path: Path) -> None:
    real = table()
    write_table(tmp_path / "t.npz", parts(real, 2), 5, real.schema)
    with np.load(tmp_path / "t.npz") as archive:
        np.testing.assert_array_equal(archive["windows"], padded(real))
        assert archive["lengths"].tolist() == [1, 2, 3, 4, 5]
        np.testing.assert_array_equal(archive["context"], real.context)
    frame = read_table(tmp_path / "t.npz")
    assert frame.columns.tolist()[:3] == ["sequence", "ward", "x"]
    assert frame["sequence"].value_counts().sort_index().tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(frame["x"], real.values[:, 0])


def test_an_archive_of_equal_lengths_has_none(tmp_path: Path) -> None:
    real = Table.from_frame(pd.DataFrame({"x": np.arange(6)}))
    write_table(tmp_path / "t.npz", [full(np.ones((2, 3, 1)))], 2, real.schema)
    with np.load(tmp_path / "t.npz") as archive:
        assert set(archive.files) == {"windows", "features"}


def test_lengths_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", windows=np.ones((2, 3, 1)), lengths=np.array([1, 4]))
    with pytest.raises(InputError, match=r"'lengths'.*2 of them, from 1 to 3"):
        read_table(tmp_path / "t.npz")
    np.savez(tmp_path / "t.npz", windows=np.ones((2, 3, 1)), context=np.ones((3, 1)))
    with pytest.raises(InputError, match=r"'context' of shape \(3, 1\).*2 sequences"):
        read_table(tmp_path / "t.npz")


def test_an_unknown_ending_is_refused_before_the_work() -> None:
    with pytest.raises(InputError, match=r"out=t\.xlsx.*\.csv, \.parquet, \.npz"):
        writer("t.xlsx")
