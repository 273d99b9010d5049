"""Files, output and exit status of `python train.py`."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.cli.conftest import SMOKE, Shell
from tests.ports import reserve
from timegan.cli.app import folder_name, run_app, run_command
from timegan.cli.artifacts import objective
from timegan.errors import InputError
from timegan.training.module import TimeGAN

ROOT = Path(__file__).parents[2]
QUIET = f"{SMOKE} evaluation=none logger=none callbacks.progress=null"


def run_of(folder: Path) -> Path:
    (only,) = folder.glob("outputs/2*/*")
    return only


def test_the_documented_command_leaves_every_file_of_the_contract(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "train.py", *SMOKE.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    run = run_of(tmp_path)
    for name in (
        "checkpoints/last.ckpt",
        "checkpoints/autoencoder.ckpt",
        "checkpoints/supervised.ckpt",
        "checkpoints/joint.ckpt",
        "model/model.safetensors",
        "model/model.json",
        "samples.csv",
        "metrics.json",
        "report.html",
        ".hydra/config.yaml",
    ):
        assert (run / name).stat().st_size > 0, name
    assert list(run.glob("figures/*.png"))
    assert list(run.glob("events.out.tfevents.*"))
    *_, report, samples, more = done.stdout.splitlines()
    folder = run.relative_to(tmp_path)
    assert report == f"Report    {folder}/report.html"
    assert samples == f"Samples   {folder}/samples.csv"
    assert more == f"More      python sample.py run={folder} count=1000 out=synthetic.csv"


def test_the_metrics_have_the_contract_s_parts(run_folder: Path) -> None:
    metrics = json.loads((run_folder / "metrics.json").read_text())
    assert set(metrics) >= {"scores", "statistics", "copying", "training", "data", "protocol"}
    assert set(metrics["scores"]["discriminative"]) >= {"mean", "std", "runs", "baseline", "better"}
    assert metrics["training"]["iterations"] == {"autoencoder": 5, "supervised": 5, "joint": 5}
    assert metrics["data"]["features"] == ["YearsExperience", "Salary"]
    assert metrics["protocol"] == {"evaluation": "smoke", "seed": 0}


def test_the_samples_look_like_the_table(run_folder: Path) -> None:
    samples = pd.read_csv(run_folder / "samples.csv")
    assert list(samples) == ["sequence", "YearsExperience", "Salary"]
    assert samples["sequence"].nunique() == 200
    assert samples.notna().all(axis=None)


def test_tensorboard_has_the_losses_and_the_final_scores(run_folder: Path) -> None:
    tags: set[str] = set()
    for file in run_folder.glob("events.out.tfevents.*"):
        events = EventAccumulator(str(file)).Reload()
        tags |= set(events.Tags()["scalars"])
    assert {"autoencoder/reconstruction", "joint/generator", "score/discriminative"} <= tags


def test_checkpoints_load_without_running_code(run_folder: Path) -> None:
    for file in run_folder.glob("checkpoints/*.ckpt"):
        torch.load(file, weights_only=True)


def test_a_resumed_run_ends_where_the_uninterrupted_one_does(shell: Shell, tmp_path: Path) -> None:
    assert shell(f"train {QUIET} hydra.run.dir=whole").status == 0
    line = f"train {QUIET} hydra.run.dir=rest ckpt_path=whole/checkpoints/supervised.ckpt"
    assert shell(line).status == 0
    whole, rest = (tmp_path / name / "samples.csv" for name in ("whole", "rest"))
    assert whole.read_bytes() == rest.read_bytes()


def test_a_checkpoint_of_another_model_is_refused(shell: Shell, run_folder: Path) -> None:
    last = run_folder / "checkpoints" / "last.ckpt"
    result = shell(f"train {QUIET} model.hidden=8 ckpt_path={last}")
    assert result.status == 2
    assert "the checkpoint is of another model" in result.err
    assert "model.hidden=48" in result.err


def test_a_checkpoint_of_other_data_is_refused(shell: Shell, run_folder: Path) -> None:
    last = run_folder / "checkpoints" / "last.ckpt"
    result = shell(f"train {QUIET} dataset.holdout=0.3 ckpt_path={last}")
    assert result.status == 2
    assert "The checkpoint was trained on" in result.err


def test_without_an_evaluation_there_is_no_report_and_no_objective(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", *QUIET.split()])
    returned: list[float | None] = []
    run_app("train", lambda cfg: returned.append(run_command("train", cfg)))
    assert returned == [None]
    run = run_of(tmp_path)
    assert json.loads((run / "metrics.json").read_text())["scores"] == {}
    assert not (run / "report.html").exists()


SCORES = {"scores": {"discriminative": {"mean": 0.2, "std": 0.1}, "predictive": {"mean": None}}}


def test_the_objective_is_a_score_or_a_part_of_one() -> None:
    assert objective(SCORES, "discriminative") == 0.2
    assert objective(SCORES, "discriminative.std") == 0.1
    assert math.isnan(objective(SCORES, "predictive") or 0.0)
    assert objective({"scores": {}}, "discriminative") is None
    with pytest.raises(InputError, match="Did you mean discriminative"):
        objective(SCORES, "discriminativ")


def test_a_search_in_the_wrong_direction_is_refused() -> None:
    scores = {"scores": {"density": {"mean": 0.9, "better": "higher"}, "other": {"mean": 1.0}}}
    assert objective(scores, "density", "maximize") == 0.9
    assert objective(scores, "density") == 0.9
    assert objective(scores, "other", "minimize") == 1.0
    with pytest.raises(InputError, match=r"direction=minimize.*higher.*direction=maximize"):
        objective(scores, "density", "minimize")


def test_a_sweep_names_its_folders_by_their_overrides(shell: Shell, tmp_path: Path) -> None:
    result = shell(f"train -m {QUIET} model.hidden=4,8")
    assert result.status == 0, result.err
    names = sorted(path.name for path in tmp_path.glob("outputs/sweeps/*/*/*/") if path.is_dir())
    assert len(names) == 2
    assert "model.hidden=4" in names[0]
    assert "model.hidden=8" in names[1]


def test_a_sweep_s_bad_job_does_not_cost_the_others(shell: Shell, tmp_path: Path) -> None:
    result = shell(f"train -m {QUIET} model.cell=gro,gru")
    assert result.status == 2
    assert "Error: model.cell=gro: there is no such choice" in result.err
    assert "Traceback" not in result.err
    assert len(list(tmp_path.glob("outputs/sweeps/*/*/*/samples.csv"))) == 1


def test_the_jobs_of_a_sweep_run_side_by_side_under_joblib_as_they_do_alone(
    shell: Shell, tmp_path: Path
) -> None:
    line = f"-m {QUIET} hydra/launcher=joblib hydra.launcher.n_jobs=2 seed=0,1"
    done = subprocess.run(
        [sys.executable, ROOT / "train.py", *line.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = sorted(tmp_path.glob("outputs/sweeps/*/*/*/samples.csv"))
    assert first.read_bytes() != second.read_bytes()
    assert shell(f"train {QUIET} seed=1 hydra.run.dir=alone").status == 0
    assert second.read_bytes() == (tmp_path / "alone/samples.csv").read_bytes()


def test_several_processes_in_a_sweep_are_refused(shell: Shell) -> None:
    result = shell(f"train -m {QUIET} trainer=ddp seed=0,1")
    assert result.status == 2
    assert "hydra/launcher=joblib" in result.err


@pytest.mark.ddp
def test_two_processes_and_two_nodes_end_where_one_process_does(tmp_path: Path) -> None:
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(reserve())}
    nodes = [meeting | {"NODE_RANK": rank} for rank in ("0", "1")]
    for folder, trainer, environments in (
        ("one", "trainer=default", [{}]),
        ("two", "trainer=ddp", [{"MASTER_PORT": str(reserve())}]),
        ("nodes", "trainer.num_nodes=2", nodes),  # of one process each
    ):
        line = [*QUIET.split(), trainer, "trainer.precision=64-true", f"hydra.run.dir={folder}"]
        processes = [
            subprocess.Popen(
                [sys.executable, ROOT / "train.py", *line],
                cwd=tmp_path,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for environment in environments
        ]
        said = [process.communicate(timeout=1_200) for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes), said
        assert [err for _, err in said] == [""] * len(processes)
        assert [out.count("Samples ") for out, _ in said] == [1, 0][: len(processes)]
    one, *others = (
        pd.read_csv(tmp_path / name / "samples.csv") for name in ("one", "two", "nodes")
    )
    for other in others:
        pd.testing.assert_frame_equal(one, other, rtol=1e-4)


def test_ctrl_c_before_the_first_batch_ends_as_it_does_elsewhere(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TimeGAN, "configure_optimizers", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    try:
        result = shell(f"train {QUIET}")
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning leaves it ignored
    assert result.status == 130
    assert result.err.endswith("Interrupted.\n")


def test_a_signal_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, ROOT / "train.py", *QUIET.split(), "model.schedule.supervised=100000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    with process:
        assert process.stdout is not None
        while not list(tmp_path.glob("outputs/2*/*/checkpoints/last.ckpt")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=600)
    assert process.returncode == 143
    run = run_of(tmp_path)
    assert f"\npython train.py resume={run.relative_to(tmp_path)}\n" in err
    assert "Traceback" not in err
    assert not (run / "samples.csv").exists()


def test_a_folder_s_name_stays_within_a_file_system_s_limits() -> None:
    long = ",".join(f"model.key{i}={i}" for i in range(100))
    assert len(folder_name(long)) < 200
    assert folder_name(long) != folder_name(long + "0")
