"""`python sample.py`: any count, in the table's units, without the data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Shell


def test_all_formats_hold_the_same_sequences(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    for ending in ("csv", "parquet", "npz"):
        result = shell(f"sample run={run_folder} count=300 out=new/a.{ending}")
        assert result.status == 0, result.err
        assert (
            f"300 sequences of 24 steps (YearsExperience, Salary) in new/a.{ending}" in result.out
        )
    csv, parquet = pd.read_csv("new/a.csv"), pd.read_parquet("new/a.parquet")
    pd.testing.assert_frame_equal(csv, parquet)
    assert list(csv["sequence"].unique()) == list(range(300))
    with np.load("new/a.npz") as archive:
        assert list(archive["features"]) == ["YearsExperience", "Salary"]
        windows = archive["windows"]
    assert windows.shape == (300, 24, 2)
    np.testing.assert_allclose(windows.reshape(-1, 2), csv.iloc[:, 1:])
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("what", ["", "model", "checkpoints/last.ckpt"])
def test_a_run_is_its_folder_or_model_or_checkpoint(
    shell: Shell, run_folder: Path, what: str
) -> None:
    assert shell(f"sample run={run_folder / what} count=20").status == 0
    samples = pd.read_csv("synthetic.csv")
    reference = pd.read_csv(run_folder / "samples.csv")
    pd.testing.assert_frame_equal(samples, reference[: len(samples)])


def test_another_seed_makes_other_sequences(shell: Shell, run_folder: Path) -> None:
    shell(f"sample run={run_folder} count=2 out=a.csv")
    shell(f"sample run={run_folder} count=2 out=b.csv seed=1")
    assert Path("a.csv").read_bytes() != Path("b.csv").read_bytes()


def test_only_the_file_that_was_asked_for_is_left(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    shell(f"sample run={run_folder} count=2")
    assert [path.name for path in tmp_path.iterdir()] == ["synthetic.csv"]
