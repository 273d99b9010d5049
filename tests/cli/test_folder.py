"""A folder that holds a run is continued or refused, never mixed."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SMOKE, Shell

QUIET = f"{SMOKE} evaluation=none logger=none callbacks.progress=null"


def content(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def run(run_folder: Path, tmp_path: Path) -> Path:
    """Copy a finished run into the folder of the shell."""
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


def test_a_run_survives_another_one_in_its_folder(shell: Shell, run: Path) -> None:
    before = content(run)
    result = shell(f"train {QUIET} seed=1 hydra.run.dir=run")
    assert result.status == 2
    assert "hydra.run.dir=run: the folder holds a run (.hydra/, checkpoints/" in result.err
    assert "`python train.py resume=run`" in result.err
    assert content(run) == before


@pytest.mark.parametrize(
    "name", ["samples.csv", "metrics.json", "report.html", "model/a", "figures/a", "checkpoints/a"]
)
def test_a_file_of_a_run_s_names_survives_training(shell: Shell, tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text("years of work")
    result = shell(f"train {QUIET} hydra.run.dir=mine")
    assert result.status == 2
    assert "hydra.run.dir=mine: the folder holds" in result.err
    assert "which a run would replace or mix with" in result.err
    assert content(tmp_path / "mine") == {name: b"years of work"}


def test_a_refused_command_leaves_a_run_that_saved_nothing_yet(shell: Shell, run: Path) -> None:
    for path in run.iterdir():
        if path.name != ".hydra":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = content(run)
    for line in (f"train {QUIET} hydra.run.dir=run", f"train {QUIET} threads=0 hydra.run.dir=run"):
        assert shell(line).status == 2
        assert content(run) == before


def test_a_refused_run_leaves_no_folder(shell: Shell, tmp_path: Path) -> None:
    line = f"train {QUIET} dataset=csv dataset.path=none.csv hydra.run.dir=new"
    assert "none.csv does not exist" in shell(line).err
    assert not list(tmp_path.iterdir())


def test_the_jobs_of_a_sweep_leave_earlier_ones_alone(shell: Shell, tmp_path: Path) -> None:
    line = f"train -m {QUIET} hydra.sweep.dir=sweep hydra.sweep.subdir=a"
    assert shell(f"{line} seed=0").status == 0
    before = content(tmp_path / "sweep/a")
    result = shell(f"{line} seed=1")
    assert result.status == 2
    assert "sweep/a: the folder holds a run" in result.err
    assert content(tmp_path / "sweep/a") == before


@pytest.mark.parametrize("variable", ["LOCAL_RANK", "RANK", "SLURM_PROCID", "NODE_RANK"])
def test_other_processes_of_a_run_leave_its_folder_to_the_first_one(
    shell: Shell, run: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    shutil.rmtree(run / "checkpoints")
    before = (run / ".hydra/config.yaml").read_bytes()
    monkeypatch.setenv(variable, "1")
    result = shell(f"train {QUIET} dataset=csv dataset.path=none.csv hydra.run.dir=run")
    assert "none.csv does not exist" in result.err  # it came as far as the data
    assert (run / ".hydra/config.yaml").read_bytes() == before


def test_a_cluster_s_job_that_had_saved_nothing_begins_again(
    shell: Shell, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")
    for path in run.iterdir():
        if path.name != ".hydra":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert "the folder holds a run" in shell(f"train {QUIET} hydra.run.dir=run seed=1").err
    begun = (run / ".hydra/overrides.yaml").read_text()
    line = " ".join(word.removeprefix("- ") for word in begun.splitlines())
    assert shell(f"train {line} hydra.run.dir=run").status == 0
    assert (run / "samples.csv").is_file()


def test_checkpoints_of_another_run_survive(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/joint.ckpt").write_bytes(b"years of work")
    result = shell(f"train {QUIET} +callbacks.checkpoints.folder=kept")
    assert result.status == 2
    assert "kept: the folder holds checkpoints of another run" in result.err
    assert content(tmp_path / "kept") == {"joint.ckpt": b"years of work"}


def test_an_evaluation_never_mixes_with_a_run(shell: Shell, run: Path) -> None:
    before = content(run)
    for line in ("run=run", "run=run overwrite=true", "run=run/model overwrite=true"):
        for folder in ("run", "run/model"):
            result = shell(f"evaluate {line} evaluation=none hydra.run.dir={folder}")
            assert result.status == 2
            assert f"hydra.run.dir={folder}: the folder holds a run or a model" in result.err
    assert content(run) == before


def test_an_evaluation_is_replaced_as_a_whole_or_not_at_all(shell: Shell, run: Path) -> None:
    line = f"evaluate run={run} samples=50 hydra.run.dir=score"
    assert shell(f"{line} evaluation=smoke").status == 0
    before = content(Path("score"))
    result = shell(f"{line} evaluation=none")
    assert "hydra.run.dir=score: the folder holds an evaluation" in result.err
    assert shell(f"{line} overwrite=true evaluation=none dataset.window=9").status == 2
    assert content(Path("score")) == before
    assert shell(f"{line} overwrite=true evaluation=none").status == 0
    names = {"metrics.json", *(f".hydra/{name}.yaml" for name in ("config", "hydra", "overrides"))}
    assert content(Path("score")).keys() == names
