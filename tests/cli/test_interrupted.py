"""SIGKILL and Ctrl-C at any moment of `train.py`, on every kind of table: nothing is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.interrupted_tables import FEW, TABLES

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("interrupted_run.py")

Stopped = dict[str, dict[str, Any]]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")


def stop(folder: Path, count: int, names: Iterable[str]) -> Stopped:
    """Stop a run on each of these tables so often; what happened, by the table's name."""
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), str(count), *names],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found: Stopped = json.loads((folder / "stopped.json").read_text())
    return found


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """Return runs that were stopped twice each."""
    return stop(tmp_path_factory.mktemp("stopped"), 2, FEW)


@pytest.mark.parametrize("name", FEW)
def test_a_run_that_is_stopped_at_random_moments_ends_as_the_uninterrupted_one(
    stopped: Stopped, name: str
) -> None:
    assert not stopped[name]["error"], stopped[name]["error"]


@pytest.mark.slow
def test_runs_that_are_stopped_again_and_again_end_as_the_uninterrupted_ones(
    tmp_path: Path,
) -> None:
    found = stop(tmp_path / "stopped", 12, TABLES)
    errors = [run["error"] for run in found.values() if run["error"]]
    assert not errors, "\n\n".join(errors)
    # Ctrl-C saves at the end of a batch: moments of this batch that were drawn too are left out.
    assert sum(len(run["struck"]) for run in found.values()) >= 100


def test_runs_were_stopped_before_and_after_their_first_checkpoint_and_at_the_end(
    stopped: Stopped,
) -> None:
    struck = [stop for run in stopped.values() for stop in run["struck"]]
    assert len(struck) > len(FEW)  # a moment of a batch that was done already is left out
    kinds: dict[str, Callable[[int], bool]] = {
        "before the first checkpoint": lambda batch: batch < 3,
        "in training": lambda batch: 3 <= batch < 100,
        "at the end": lambda batch: batch >= 100,
    }
    for kind, belongs in kinds.items():
        for by in (2, 9):
            assert any(belongs(stop["moment"][0]) and stop["by"] == by for stop in struck), (
                kind,
                by,
            )
