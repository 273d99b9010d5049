"""A signal to one of two processes ends both, with a checkpoint that resumes exactly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.ports import reserve
from timegan.training.checkpoint_files import read_checkpoint

SCRIPT = str(Path(__file__).with_name("ddp_interrupt.py"))


@pytest.mark.ddp
def test_two_processes_stop_together_and_resume_to_the_same_end(tmp_path: Path) -> None:
    shared = {
        "OMP_NUM_THREADS": "1",
        "TORCHELASTIC_RUN_ID": "test",  # so that Lightning takes the processes as it finds them
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(reserve()),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "GROUP_RANK": "0",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, SCRIPT, str(tmp_path)],
            env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for rank in ("0", "1")
    ]
    errors = [process.communicate(timeout=1_200)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert [(tmp_path / f"status-{rank}").read_text() for rank in "01"] == ["143", "0"]
    assert [error.count("Stopped in epoch 3 of 4") for error in errors] == [1, 0]

    one, other = (
        read_checkpoint(tmp_path / w / "checkpoints/last.ckpt") for w in ("whole", "part")
    )
    for name, value in one["state_dict"].items():
        assert torch.equal(value, other["state_dict"][name]), name
    for states in zip(one["optimizer_states"], other["optimizer_states"], strict=True):
        for index, entries in states[0]["state"].items():
            for name, value in entries.items():
                assert torch.equal(value, states[1]["state"][index][name]), (index, name)


@pytest.mark.ddp
@pytest.mark.slow
def test_processes_that_lightning_started_end_with_the_status_of_the_signal(tmp_path: Path) -> None:
    stopped = subprocess.run(
        [sys.executable, SCRIPT, str(tmp_path), "stop"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MASTER_PORT": str(reserve())},
        capture_output=True,
        text=True,
        timeout=1_200,
        check=False,
    )
    assert stopped.returncode == 143, stopped.stderr[-3000:]
    assert stopped.stderr.count("Stopped in epoch 3 of 4") == 1
    assert read_checkpoint(tmp_path / "checkpoints/last.ckpt")["epoch"] == 2
