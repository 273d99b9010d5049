"""Commands as a shell runs them, but in this process."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from timegan.cli.app import run_app

SMOKE = "experiment=smoke threads=1"


@dataclass(frozen=True)
class Result:
    """Exit status and output of a command."""

    status: int
    out: str
    err: str


Shell = Callable[[str], Result]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Run ``train seed=1`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    for name in ("PL_GLOBAL_SEED", "PL_SEED_WORKERS"):  # Lightning sets them; put them back
        monkeypatch.setenv(name, "0")

    def run(line: str) -> Result:
        name, *arguments = shlex.split(line)
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        status = 0
        try:
            run_app(name)
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else 1
        finally:
            GlobalHydra.instance().clear()
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run, which tests must not change."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py", *SMOKE.split(), f"hydra.run.dir={folder}"])
        run_app("train")
        GlobalHydra.instance().clear()
    return folder
