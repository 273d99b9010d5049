"""`python train.py resume=RUN`: the same run, in its folder."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SMOKE, Shell
from timegan.cli.resume import rewritten
from timegan.errors import InputError

QUIET = f"{SMOKE} evaluation=none logger=none callbacks.progress=null"


@pytest.fixture
def stopped(shell: Shell, tmp_path: Path) -> Path:
    """A run as it is after the supervised phase, and one that went on to the end beside it."""
    assert shell(f"train {QUIET} model.hidden=8 hydra.run.dir=whole").status == 0
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


@pytest.mark.parametrize(
    ("change", "key", "old"),
    [
        ("model.hidden=16", "model.hidden=16", "8"),
        ("schedule=reference", "model.schedule.", ""),
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
    assert "give one of the two" in result.err


def test_the_command_line_is_rewritten_once(stopped: Path) -> None:
    once = rewritten([f"resume={stopped}", "evaluation=none"])
    assert sorted(rewritten(once)) == sorted(once)
    assert "model.hidden=8" in once
    assert rewritten(["seed=1"]) == ["seed=1"]
    with pytest.raises(InputError, match="leave -m out"):
        rewritten([f"resume={stopped}", "-m"])
