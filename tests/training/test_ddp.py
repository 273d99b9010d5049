"""Two processes learn what one learns from the same global batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.ports import reserve

ROOT = Path(__file__).parents[2]


@pytest.mark.ddp
@pytest.mark.parametrize(
    ("preset", "table"),
    [
        ("timegan", "panel"),
        ("reference", "plain"),
        pytest.param("timegan", "plain", marks=pytest.mark.slow),
        pytest.param("reference", "panel", marks=pytest.mark.slow),
    ],
)
def test_two_processes_learn_what_one_learns(preset: str, table: str, tmp_path: Path) -> None:
    weights = []
    for devices in (1, 2):
        out = tmp_path / f"{devices}.pt"
        run = subprocess.run(
            [sys.executable, "-m", "tests.training.ddp_run", preset, table, str(devices), str(out)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "MASTER_PORT": str(reserve())},
            capture_output=True,
            text=True,
            timeout=1_200,
            check=False,
        )
        assert run.returncode == 0, run.stderr[-3000:]
        weights.append(torch.load(out))
    one, two = weights
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-7, atol=1e-9, msg=name)
