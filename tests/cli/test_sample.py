"""`python sample.py`: any count, in the table's units, without the data."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import SMOKE, Shell
from timegan.cli import sample
from timegan.sampling.sequences import generate_chunks


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
    assert list(csv["sequence"].unique()) == list(range(2_000, 2_300))
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


def test_samples_begin_when_asked(shell: Shell) -> None:
    time = pd.date_range("2024-01-01", periods=200, freq="h")
    frame = pd.DataFrame({"time": time, "x": np.random.default_rng(0).normal(size=200)})
    frame.to_csv("hours.csv", index=False)
    options = "dataset=csv dataset.path=hours.csv dataset.window=6 evaluation=none logger=none"
    assert shell(f"train {SMOKE} {options} hydra.run.dir=run").status == 0
    for key, expected in (
        ("'start=\"2026-01-05 07:00\"' count=2", ["2026-01-05 07:00:00"] * 2),
        ("start=[2026-01-05,2026-02-01] steps=20", ["2026-01-05 00:00:00", "2026-02-01 00:00:00"]),
    ):
        result = shell(f"sample run=run {key} overwrite=true")
        assert result.status == 0, result.err
        made = pd.read_csv("synthetic.csv")
        assert made.groupby("sequence")["time"].first().tolist() == expected
    result = shell("sample run=run start=noon out=other.csv")
    assert result.status != 0
    assert 'start="noon" cannot be read' in result.err


VISITS = "dataset=csv dataset.path=visits.csv dataset.window=8"


@pytest.fixture
def visits(shell: Shell, tmp_path: Path) -> bytes:
    """Write a table to the folder of the shell, and train the run ``run`` on it."""
    values = np.random.default_rng(0).normal(size=(200, 2)).round(3)
    pd.DataFrame(values, columns=["x", "y"]).to_csv("visits.csv", index=False)
    quiet = f"{SMOKE} evaluation=none logger=none callbacks.progress=null"
    assert shell(f"train {quiet} {VISITS} hydra.run.dir=run").status == 0
    return (tmp_path / "visits.csv").read_bytes()


def test_the_table_that_was_trained_on_is_never_overwritten(
    shell: Shell, visits: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.link("visits.csv", "hard.csv")
    Path("soft.csv").symlink_to("visits.csv")
    Path("copy.csv").write_bytes(visits)
    assert shell("export run=run out=given").status == 0
    for name in ("visits", "hard", "soft", "copy", "run/../visits"):
        for source in ("run", "run/model", "run/checkpoints/last.ckpt", "given"):
            result = shell(f"sample run={source} count=2 out={name}.csv overwrite=true")
            assert (result.status, "trained on" in result.err) == (2, True), (name, source)
            assert Path(f"{name}.csv").read_bytes() == visits
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for source in ("run", "given"):
        result = shell(f"sample run=../{source} count=2 out=../visits.csv overwrite=true")
        assert (result.status, "trained on" in result.err) == (2, True)
    assert Path("../visits.csv").read_bytes() == visits


@pytest.mark.parametrize("ending", ["csv", "parquet", "npz"])
def test_an_existing_file_is_refused_before_the_work(
    shell: Shell, run_folder: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(f"mine.{ending}")
    path.write_bytes(b"years of work")
    with monkeypatch.context() as patch:
        patch.setattr("timegan.cli.sample.generate_chunks", None)
        for shard in ("", " shard=1/2"):
            result = shell(f"sample run={run_folder} out={path}{shard}")
            assert result.status == 2
            assert f"out={path}: a file of this name exists" in result.err
            assert "set overwrite=true to replace it" in result.err
    assert path.read_bytes() == b"years of work"
    assert shell(f"sample run={run_folder} count=2 out={path} overwrite=true").status == 0
    assert path.read_bytes() != b"years of work"


def test_a_file_that_appears_meanwhile_survives(
    shell: Shell, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = generate_chunks

    def slowly(*arguments: Any, **options: Any) -> Any:
        Path("synthetic.csv").write_bytes(b"of somebody else")
        return make(*arguments, **options)

    monkeypatch.setattr(sample, "generate_chunks", slowly)
    result = shell(f"sample run={run_folder} count=2")
    assert (result.status, "synthetic.csv: a file of this name exists" in result.err) == (2, True)
    assert [path.name for path in Path().iterdir()] == ["synthetic.csv"]
    assert Path("synthetic.csv").read_bytes() == b"of somebody else"


def test_the_tables_that_a_command_reads_are_never_overwritten(
    shell: Shell, run_folder: Path
) -> None:
    Path("wanted.csv").write_text("site\nnorth\n")
    for key in ("context", "exogenous"):
        result = shell(f"sample run={run_folder} {key}=wanted.csv out=wanted.csv overwrite=true")
        assert result.status == 2
        assert f"this is the table that {key}=wanted.csv reads" in result.err
    assert Path("wanted.csv").read_text() == "site\nnorth\n"


def test_a_run_that_was_not_finished_says_so(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    for command in ("sample run=part count=2", "export run=part", "evaluate run=part samples=50"):
        (tmp_path / "part/checkpoints").mkdir(parents=True, exist_ok=True)
        shutil.copytree(run_folder / ".hydra", "part/.hydra", dirs_exist_ok=True)
        shutil.copy(run_folder / "checkpoints/supervised.ckpt", "part/checkpoints/last.ckpt")
        evaluation = " evaluation=none" if command.startswith("evaluate") else ""
        result = shell(command + evaluation)
        assert result.status == 0, result.err
        assert "Note      part was not finished: its newest checkpoint, which is used" in result.err
        assert "(supervised phase). `python train.py resume=part` finishes the run." in result.err
    assert "not finished" not in shell(f"sample run={run_folder} count=2 out=b.csv").err


def test_the_model_of_another_run_is_not_taken_for_a_run_s_own(
    shell: Shell, run_folder: Path, visits: bytes
) -> None:
    assert shell("sample run=run count=2 out=own.csv").status == 0
    shutil.move("run/model", "own-model")
    shutil.copytree(run_folder / "model", "run/model")  # copied by hand
    for name in ("model.json", "model.safetensors"):  # likewise, and besides the run's folders
        shutil.copy(run_folder / "model" / name, "run")
    result = shell("sample run=run count=2 out=again.csv")
    assert "run/model is the model of another run (different" in result.err
    assert "run was trained but left no model: its last checkpoint is used." in result.err
    assert Path("again.csv").read_bytes() == Path("own.csv").read_bytes()
