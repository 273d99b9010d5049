"""SIGKILL at random moments, again and again: the end is that of a run that nothing happened to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from timegan.training.checkpoint_files import read_checkpoint

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")
@pytest.mark.parametrize(
    ("devices", "kills"),
    [
        pytest.param(1, 6, id="one process, 6 kills"),
        pytest.param(2, 3, id="two processes, 3 kills", marks=pytest.mark.ddp),
        pytest.param(1, 100, id="one process, 100 kills", marks=pytest.mark.slow),
        pytest.param(
            2, 20, id="two processes, 20 kills", marks=[pytest.mark.ddp, pytest.mark.slow]
        ),
    ],
)
def test_a_run_killed_at_random_moments_ends_as_the_uninterrupted_one(
    devices: int, kills: int, tmp_path: Path
) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.training.callbacks.kill_run",
            str(tmp_path),
            str(devices),
            str(kills),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1_200 + 120 * kills,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    saved = json.loads((tmp_path / "saved.json").read_text())
    assert len(saved) == kills
    assert {min(batches // 16, 2) for batches in saved} == {0, 1, 2}  # in each of the phases
    one, other = (
        read_checkpoint(tmp_path / which / "checkpoints/last.ckpt") for which in ("whole", "part")
    )
    for name, value in one["state_dict"].items():
        assert torch.equal(value, other["state_dict"][name]), name
    for states in zip(one["optimizer_states"], other["optimizer_states"], strict=True):
        for index, entries in states[0]["state"].items():
            for name, value in entries.items():
                assert torch.equal(value, states[1]["state"][index][name]), (index, name)
