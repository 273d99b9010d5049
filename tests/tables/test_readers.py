"""Reading tables: what comes in, and what is refused with which words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables import readers
from timegan.tables.readers import download, read_table
from timegan.tables.table import Sequences, Table
from timegan.tables.writers import write_table

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.25, 2.0]})


def test_a_csv_comes_back_with_names_and_types(tmp_path: Path) -> None:
    path = tmp_path / "table.CSV"
    path.write_text("\ufeffa, b\n1,0.5\n2, 1.25\n3,2.0\n", encoding="utf-8")
    pd.testing.assert_frame_equal(read_table(path), FRAME)


def test_a_parquet_file_comes_back_with_names_and_types(tmp_path: Path) -> None:
    frame = FRAME.astype({"a": "int16", "b": "float32"})
    frame.to_parquet(tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.parquet"), frame)


def test_windows_become_a_long_table_with_a_key(tmp_path: Path) -> None:
    windows = np.arange(12.0).reshape(2, 3, 2)
    np.savez(tmp_path / "named.npz", windows=windows, features=["x", "y"])
    np.savez(tmp_path / "unnamed.npz", windows=windows)
    frame = read_table(tmp_path / "named.npz")
    assert frame.columns.tolist() == ["sequence", "x", "y"]
    assert frame["sequence"].tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(frame[["x", "y"]], windows.reshape(6, 2))
    assert read_table(tmp_path / "unnamed.npz").columns.tolist()[1:] == ["feature_1", "feature_2"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.doc", "a\n1\n", r"'\.doc'.*\.csv, \.parquet, \.npz"),
        ("t", "a\n1\n", "nothing"),
        ("t.csv", "", "is empty"),
        ("t.csv", "\n\n", "no header"),
        ("t.csv", "# a\n# b\n", "no header"),
        ("t.csv", "a,b,a\n1,2,3\n", "'a' more than once"),
        ("t.csv", "1.5,2\n1,2\n", "1.5, 2, .*Add a header"),
        ("t.csv", "1.0 2\n3 4.5\n", "1.0, 2, .*by blanks, and a header is missing"),
        ("t.csv", "AA,2024-01-01,5.5\nAA,2024-01-02,6\n", "AA, 2024-01-01, 5.5.*Add a header"),
        ("t.csv", "a,b\n1,2,3\n4,5,6\n", "line 2 has 3 cells .*2 names"),
        ("t.csv", "a,b\n1,2\n4,5,6\n", "line 3 has 3 cells .*2 names"),
        ("t.parquet", "not parquet", "Parquet"),
        ("t.npz", "not an archive", r"\.npz"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=words) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"data": np.zeros((2, 3, 1))}, "no array 'windows'"),
        ({"windows": np.zeros((2, 3))}, r"shape \(2, 3\)"),
        ({"windows": np.zeros((2, 3, 2)), "features": np.array(["x"])}, "2 different names"),
        ({"windows": np.zeros((2, 3, 2)), "features": np.array(["x", "x"])}, "2 different names"),
    ],
)
def test_an_archive_without_windows_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], words: str
) -> None:
    path = tmp_path / "windows.npz"
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    with pytest.raises(InputError, match=words):
        read_table(path)


def test_no_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.csv does not exist.*dataset\.path"):
        read_table(tmp_path / "missing.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path)


def offline(*args: object, **options: object) -> str:
    raise OSError("no route to host")


def tampered(*args: object, **options: object) -> str:
    raise ValueError("SHA256 hash of downloaded file does not match")


@pytest.mark.parametrize(("fetch", "words"), [(offline, "network"), (tampered, "checksum")])
def test_a_download_that_fails_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, fetch: Callable[..., str], words: str
) -> None:
    monkeypatch.setattr("pooch.retrieve", fetch)
    with pytest.raises(InputError, match=rf"{words}.*dataset\.path"):
        download("https://example.org/table.csv", "0" * 64)


def test_a_download_is_checked_and_kept_in_the_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fetch(url: str, known_hash: str, fname: str, path: Path) -> str:
        assert known_hash == "sha256:" + "0" * 64
        assert fname.endswith("-table.csv")
        FRAME.to_csv(tmp_path / fname, index=False)
        return str(tmp_path / fname)

    monkeypatch.setattr("pooch.retrieve", fetch)
    path = download("https://example.org/table.csv?download=1", "0" * 64)
    pd.testing.assert_frame_equal(readers.read_table(path), FRAME)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_read_and_noted(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "table.csv"
    FRAME.to_csv(path, index=False, sep=separator)
    frame = read_table(path)
    pd.testing.assert_frame_equal(frame, FRAME)
    assert "separated by" in Table.from_frame(frame).notes[0]


def test_a_decimal_comma_is_read_beside_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    FRAME.assign(c=["x", "y", "z"]).to_csv(path, index=False, sep=";", decimal=",")
    frame = read_table(path)
    pd.testing.assert_frame_equal(frame[["a", "b"]], FRAME)
    assert "decimal comma" in Table.from_frame(frame).notes[0]


def test_names_of_years_or_quantiles_are_a_header(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("time,0.5,0.9\na,1,2\nb,3,4\n")
    assert read_table(path).columns.tolist() == ["time", "0.5", "0.9"]


def test_numbers_with_leading_zeros_and_labels_like_none_come_back(tmp_path: Path) -> None:
    path, copy = tmp_path / "table.csv", tmp_path / "copy.csv"
    lines = ["who,zip,rain,grade,load,day,padded"]
    zips, rain = ["04110", "00501", "12345"], ["None", "Rain", "NA", "", "Snow", "null"]
    for i in range(36):
        load, day = ("NA", "NA") if i == 3 else (str(i * 0.5), f"2024-01-{i % 28 + 1:02d}")
        grade = ["nan", "1", "2"][i % 3]
        cells = [f"{i // 12 + 7:03d}", zips[i // 12], rain[i % 6], grade, load, day, f"{i}.0"]
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n")
    frame = read_table(path)
    assert frame["zip"].tolist()[::12] == zips
    assert frame["rain"].tolist()[:3] == ["None", "Rain", "NA"]
    assert frame.isna().sum().to_dict() == {
        "who": 0,
        "zip": 0,
        "rain": 6,
        "grade": 12,
        "load": 1,
        "day": 1,
        "padded": 0,
    }
    table = Table.from_frame(frame, sequence_key="who", context_columns=["zip"])
    schema = table.schema
    values = table.values.reshape(3, 12, -1)
    made = Sequences(values, table.lengths, table.context, table.starts)
    write_table(copy, [made], 3, schema)
    again = pd.read_csv(copy, dtype=str, keep_default_na=False)
    assert again["zip"].tolist() == [zips[i // 12] for i in range(36)]
    assert again["rain"].tolist() == [rain[i % 6] for i in range(36)]
    assert again["who"].tolist()[::12] == ["010", "011", "012"]


def test_many_padded_numbers_of_different_lengths_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("n\n" + "\n".join(f"{i:02d}" for i in range(150)) + "\n")
    assert read_table(path)["n"].dtype == "int64"
