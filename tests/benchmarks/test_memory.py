"""Training holds on to nothing from one iteration to the next."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.memory import train

STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not STATM.exists(), reason=f"There is no {STATM}.")
def test_training_keeps_no_memory() -> None:
    held = train("timegan", "torch", 160, hidden=4, every=10)
    # What a process warms up with is there by then; other threads may hold something for a while.
    early, late = ([held[i] for i in range(*part, 10)] for part in ((70, 100), (140, 170)))
    assert min(late) - max(early) < 3, held


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux says it there")
def test_the_peak_of_a_process_is_not_that_of_its_parent() -> None:
    ballast = np.ones(2**27)  # 1 GiB
    code = "from timegan.cli.train import peak_memory; print(peak_memory())"
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert float(child.stdout) < ballast.nbytes / 2**20
