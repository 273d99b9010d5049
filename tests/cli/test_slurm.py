"""`hydra/launcher=slurm`: jobs that are queued again when their time is up lose nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import hydra
import pytest

from tests.cli.conftest import SMOKE

pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs the extra slurm")

ROOT = Path(__file__).parents[2]
QUIET = f"{SMOKE} evaluation=none logger=none callbacks.progress=null"


def test_jobs_are_queued_again_when_their_time_is_up() -> None:
    with hydra.initialize_config_module("timegan.conf", version_base="1.3"):
        cfg = hydra.compose("train", ["hydra/launcher=slurm"], return_hydra_config=True)
    launcher = cfg.hydra.launcher
    assert launcher._target_.endswith(".SlurmLauncher")
    assert launcher.max_num_timeout > 1
    assert launcher.signal_delay_s >= 60


@pytest.mark.slow
def test_a_job_that_is_queued_again_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")

    def train(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "train.py"), *arguments, *QUIET.split()]
        return subprocess.Popen(
            [*command, "model.schedule.joint=20"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    with train("hydra.run.dir=whole") as whole:
        assert whole.wait() == 0, whole.communicate()
    with train("-m", "hydra/launcher=submitit_local", "hydra.sweep.dir=sweep", "seed=0") as sweep:
        while not list(tmp_path.glob("sweep/*/checkpoints/supervised.ckpt")):
            assert sweep.poll() is None, sweep.communicate()
            time.sleep(0.05)
        (job,) = (
            process
            for process in psutil.Process(sweep.pid).children(recursive=True)
            if "submitit.core._submit" in process.cmdline()
        )
        job.send_signal(signal.SIGUSR2)  # as SLURM does before the time is up
        assert sweep.wait() == 0, sweep.communicate()
    (log,) = (path.read_text() for path in tmp_path.glob("sweep/.submitit/*/*_log.out"))
    assert "Resumed   from" in log
    (run,) = (path.parent for path in tmp_path.glob("sweep/*/samples.csv"))
    for name in ("samples.csv", "model/model.safetensors"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
