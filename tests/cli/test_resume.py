"""`python train.py resume=RUN`: the same run, in its folder."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from tests.cli.conftest import SMOKE, Shell
from timegan.cli.app import run_app

QUIET = f"{SMOKE} evaluation=none logger=none callbacks.progress=null"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        line = f"{QUIET} model.hidden=8 hydra.run.dir=whole"
        patch.setattr(sys, "argv", ["train.py", *line.split()])
        run_app("train")
        GlobalHydra.instance().clear()
    return folder / "whole"


@pytest.fixture
def stopped(shell: Shell, trained: Path, tmp_path: Path) -> Path:
    """Return a run that stopped after the supervised phase, and a finished one."""
    shutil.copytree(trained, tmp_path / "whole")
    checkpoints = tmp_path / "a=1,part" / "checkpoints"
    checkpoints.mkdir(parents=True)
    shutil.copytree(tmp_path / "whole/.hydra", tmp_path / "a=1,part/.hydra")
    shutil.copy(tmp_path / "whole/checkpoints/supervised.ckpt", checkpoints / "last.ckpt")
    shutil.copy(tmp_path / "whole/checkpoints/autoencoder.ckpt", checkpoints / "previous.ckpt")
    return tmp_path / "a=1,part"


def test_a_run_goes_on_in_its_folder_as_it_was_begun(
    shell: Shell, stopped: Path, tmp_path: Path
) -> None:
    config = (stopped / ".hydra/config.yaml").read_bytes()
    result = shell("train resume=a=1,part")
    assert result.status == 0, result.err
    assert "from a=1,part/checkpoints/last.ckpt" in result.out
    assert (stopped / "samples.csv").read_bytes() == (tmp_path / "whole/samples.csv").read_bytes()
    assert (stopped / ".hydra/config.yaml").read_bytes() == config
    assert not (tmp_path / "outputs").exists()


def test_a_cluster_s_job_goes_on_in_its_folder(
    shell: Shell, stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")
    again = f"train {QUIET} model.hidden=8 'hydra.run.dir=\"a=1,part\"'"
    result = shell(again)
    assert result.status == 0, result.err
    assert "from a=1,part/checkpoints/last.ckpt" in result.out
    assert (stopped / "samples.csv").read_bytes() == (tmp_path / "whole/samples.csv").read_bytes()
    assert "nothing is missing" in shell(again).out


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_taken(
    shell: Shell, stopped: Path, tmp_path: Path
) -> None:
    last = stopped / "checkpoints/last.ckpt"
    last.write_bytes(last.read_bytes()[:-100])
    result = shell("train resume=a=1,part")
    assert result.status == 0, result.err
    assert "last.ckpt: the checkpoint is damaged" in result.err
    assert "Going on from a=1,part/checkpoints/previous.ckpt" in result.err
    assert (stopped / "samples.csv").read_bytes() == (tmp_path / "whole/samples.csv").read_bytes()


def test_a_run_without_a_checkpoint_begins_anew_as_it_was_configured(
    shell: Shell, stopped: Path, tmp_path: Path
) -> None:
    shutil.rmtree(stopped / "checkpoints")
    result = shell("train resume=a=1,part")
    assert result.status == 0, result.err
    (line,) = (line for line in result.out.splitlines() if line.startswith("Resumed"))
    assert line == "Resumed   from the beginning: the run had not saved a checkpoint yet"
    assert (stopped / "samples.csv").read_bytes() == (tmp_path / "whole/samples.csv").read_bytes()


def test_a_run_that_began_from_another_one_s_checkpoint_begins_anew_from_there(
    shell: Shell, stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = "ckpt_path=whole/checkpoints/supervised.ckpt hydra.run.dir=next"
    assert shell(f"train {QUIET} model.hidden=8 {start}").status == 0
    samples = (tmp_path / "next/samples.csv").read_bytes()
    for path in (tmp_path / "next").iterdir():
        if path.name != ".hydra":
            (shutil.rmtree if path.is_dir() else Path.unlink)(path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = shell("train resume=../next")
    assert result.status == 0, result.err
    assert "had not saved a checkpoint yet" in result.out
    assert (tmp_path / "next/samples.csv").read_bytes() == samples
    assert not (tmp_path / "next/checkpoints/supervised.ckpt").exists()  # it began behind it


def test_a_run_whose_checkpoints_are_all_damaged_is_refused_and_they_stay(
    shell: Shell, stopped: Path
) -> None:
    for path in (stopped / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    before = {path: path.read_bytes() for path in (stopped / "checkpoints").iterdir()}
    result = shell("train resume=a=1,part")
    assert result.status == 2
    assert "last.ckpt: the checkpoint is damaged" in result.err
    assert "previous.ckpt: the checkpoint is damaged" in result.err
    assert {path: path.read_bytes() for path in (stopped / "checkpoints").iterdir()} == before


def test_a_damaged_checkpoint_is_put_aside(shell: Shell, stopped: Path) -> None:
    last = stopped / "checkpoints/last.ckpt"
    damaged = last.read_bytes()[:-100]
    last.write_bytes(damaged)
    assert shell("train resume=a=1,part").status == 0
    assert last.with_suffix(".damaged").read_bytes() == damaged


def test_a_trained_run_whose_checkpoints_were_removed_is_not_trained_again(
    shell: Shell, stopped: Path, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "whole/checkpoints")
    samples = (tmp_path / "whole/samples.csv").read_bytes()
    result = shell("train resume=whole")
    assert result.status == 2
    assert "the run has no checkpoints, and training is over (whole/samples.csv" in result.err
    assert (tmp_path / "whole/samples.csv").read_bytes() == samples


def test_checkpoints_in_a_folder_of_their_own_are_found(
    shell: Shell, stopped: Path, tmp_path: Path
) -> None:
    own = f"train {QUIET} model.hidden=8 +callbacks.checkpoints.folder=kept hydra.run.dir=own"
    assert shell(f"{own} seed=1").status == 0
    samples = (tmp_path / "own/samples.csv").read_bytes()
    (tmp_path / "own/samples.csv").unlink()
    result = shell("train resume=own")
    assert "from kept/last.ckpt" in result.out
    assert (tmp_path / "own/samples.csv").read_bytes() == samples


@pytest.mark.parametrize("name", ["config", "hydra", "overrides"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_run_stopped_while_its_configuration_was_written_says_so(
    shell: Shell, tmp_path: Path, name: str, empty: bool
) -> None:
    folder = tmp_path / "run/.hydra"
    folder.mkdir(parents=True)
    for other in ("config", "hydra", "overrides"):
        (folder / f"{other}.yaml").write_text("[]")
    path = folder / f"{name}.yaml"
    path.unlink()
    if empty:
        path.touch()
    result = shell("train resume=run")
    assert result.status == 2
    assert f"resume=run: run/.hydra/{name}.yaml is missing or empty" in result.err
    (tmp_path / "run/checkpoints").mkdir()
    (tmp_path / "run/checkpoints/last.ckpt").touch()
    assert "with ckpt_path=FILE for its newest checkpoint" in shell("train resume=run").err


def test_a_refused_resume_leaves_the_folder(shell: Shell, stopped: Path) -> None:
    shutil.rmtree(stopped / "checkpoints")
    assert shell("train resume=a=1,part model.hidden=16").status == 2
    assert (stopped / ".hydra/config.yaml").is_file()


@pytest.mark.parametrize(
    ("change", "key", "old"),
    [
        ("model.hidden=16", "model.hidden=16", "8"),
        ("schedule=reference", "schedule=reference", "another choice"),
        ("model=reference", "model=reference", "another choice"),
        ("dataset.batch_size=32", "dataset.batch_size=32", "64"),
        ("trainer.precision=bf16-mixed", "trainer.precision=bf16-mixed", "32-true"),
        ("seed=1", "seed=1", "0"),
    ],
)
def test_what_must_not_change_is_named_with_both_values(
    shell: Shell, stopped: Path, change: str, key: str, old: str
) -> None:
    result = shell(f"train resume=a=1,part {change}")
    assert result.status == 2
    assert f"Error: {key}" in result.err
    assert f"the run was begun with {old}" in result.err
    assert not (stopped / "samples.csv").exists()


def test_a_finished_run_gets_what_is_missing_alone(
    shell: Shell, stopped: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    assert "nothing is missing" in shell("train resume=whole").out
    samples, weights = (whole / "samples.csv").read_bytes(), whole / "checkpoints/last.ckpt"
    before = weights.read_bytes()
    (whole / "samples.csv").unlink()
    result = shell("train resume=whole trainer.detect_anomaly=true")
    assert "Trained already; making samples.csv" in result.out
    assert (whole / "samples.csv").read_bytes() == samples
    assert weights.read_bytes() == before
    result = shell("train resume=whole evaluation=smoke")
    assert result.status == 0, result.err
    assert (whole / "report.html").is_file()


def test_no_run_and_two_points_to_begin_at_are_refused(shell: Shell, stopped: Path) -> None:
    assert "no run lies there" in shell("train resume=typo").err
    result = shell("train resume=a=1,part ckpt_path=whole/checkpoints/last.ckpt")
    assert "ckpt_path=whole/checkpoints/last.ckpt: the run was begun with null" in result.err


def test_a_sweep_does_not_resume(shell: Shell, stopped: Path) -> None:
    assert "Remove -m" in shell("train -m resume=a=1,part").err
    assert not (stopped / "samples.csv").exists()


def test_the_report_of_a_resumed_run_names_the_overrides_it_was_begun_with(
    shell: Shell, stopped: Path
) -> None:
    assert shell("train resume=a=1,part evaluation=smoke").status == 0
    assert "train.py experiment=smoke" in (stopped / "report.html").read_text()
    assert json.loads((stopped / "metrics.json").read_text())["protocol"]["evaluation"] == "smoke"
