"""Training holds on to nothing from one iteration to the next."""

from pathlib import Path

import pytest

from benchmarks.memory import train

STATM = Path("/proc/self/statm")


@pytest.mark.skipif(not STATM.exists(), reason=f"There is no {STATM}.")
def test_training_keeps_no_memory() -> None:
    held = train("timegan", "torch", 80, hidden=4, every=20)
    assert held[80] - held[20] < 3, held  # a batch an iteration would be 6 MB
