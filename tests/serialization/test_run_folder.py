"""Checks before writing, and the layout of run folders."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.serialization.overwrite_checks import (
    check_export_folder,
    check_not_read,
    check_not_trained_on,
)
from timegan.serialization.run_folder import find_input_tables, find_run_folder, is_same_file
from timegan.tables import Table
from timegan.tables.readers import cached_path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a run that was started in ``there`` with a relative path."""
    hydra = tmp_path / "there/run/.hydra"
    hydra.mkdir(parents=True)
    (hydra / "config.yaml").write_text("dataset:\n  path: a.csv\n")
    (hydra / "hydra.yaml").write_text(f"hydra:\n  runtime:\n    cwd: {tmp_path / 'there'}\n")
    pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9.0) ** 2}).to_csv(
        tmp_path / "there/a.csv", index=False
    )
    return hydra.parent


@pytest.mark.parametrize("part", ["", "model", "checkpoints/last.ckpt"])
def test_the_table_of_a_run_is_found_from_another_folder(
    run: Path, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_run_folder(run / part) == run
    with pytest.raises(InputError, match=r"out=there/a\.csv: this is the table that the model"):
        check_not_trained_on("there/a.csv", "out", find_input_tables(run / part, {}))
    check_not_trained_on("a.csv.csv", "out", find_input_tables(run / part, {}))


def test_links_of_either_kind_and_names_to_come_are_the_table(run: Path, tmp_path: Path) -> None:
    table = run.parent / "a.csv"
    (tmp_path / "soft.csv").symlink_to(table)
    os.link(table, tmp_path / "hard.csv")
    assert all(is_same_file(tmp_path / name, table) for name in ("soft.csv", "hard.csv"))
    table.unlink()  # what is written there now would be read by the next run
    assert is_same_file(run / "../a.csv", table)
    assert not is_same_file(tmp_path / "hard.csv", table)


def test_a_copy_of_the_table_is_the_table(run: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(run.parent / "a.csv")
    table = Table.from_frame(frame)
    frame.to_parquet(tmp_path / "copy.parquet")
    with pytest.raises(InputError, match="this file holds the table"):
        check_not_trained_on(tmp_path / "copy.parquet", "out", (), table.fingerprint, table.schema)
    frame[:-1].to_parquet(tmp_path / "less.parquet")
    (tmp_path / "text.csv").write_text("no table")
    for name in ("less.parquet", "text.csv"):
        check_not_trained_on(tmp_path / name, "out", (), table.fingerprint, table.schema)


def test_the_settings_of_an_exported_model_name_its_table(tmp_path: Path) -> None:
    assert find_input_tables(tmp_path, {"dataset": {"path": "/a.csv"}}) == [Path("/a.csv")]
    url = "https://example.org/a.csv?x=1"
    found = find_input_tables(tmp_path, {"dataset": {"path": None, "url": url}})
    assert found == [cached_path(url)]
    assert cached_path(url) != cached_path("https://example.com/a.csv")
    evaluated = {"dataset": {"path": None}, "real": "a.csv", "synthetic": "b.csv", "holdout": None}
    assert find_input_tables(tmp_path, evaluated) == [Path("a.csv"), Path("b.csv")]


def test_a_table_that_the_command_reads_is_never_written(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    read = {"context": str(tmp_path / "a.csv"), "exogenous": None}
    with pytest.raises(InputError, match=r"this is the table that context=.*a\.csv reads"):
        check_not_read(tmp_path / "x/../a.csv", "out", read)
    check_not_read(tmp_path / "b.csv", "out", read)


@pytest.mark.parametrize("place", ["", "model", "checkpoints", "figures", ".hydra"])
def test_an_export_cannot_pass_for_a_run_s_own_model(run: Path, place: str) -> None:
    with pytest.raises(InputError, match="this folder belongs to a run"):
        check_export_folder(run / place, overwrite=True)
    check_export_folder(run / "given", overwrite=False)
