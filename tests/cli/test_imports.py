"""Commands import what they need, and no more: torch and Lightning take seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys
from timegan.cli.app import run_app
name, *sys.argv[1:] = sys.argv[1:]
try:
    run_app(name)
except SystemExit as exit:
    print("status", exit.code)
print("imported", *sorted({"torch", "lightning", "pandas", "matplotlib"} & set(sys.modules)))
"""


def imported(folder: Path, *line: str) -> tuple[str, str]:
    """Run a command, and return its errors and what it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *line], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stderr, done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train model.hiden=3", "Did you mean model.hidden?"),
        ("train +model.hiden=3", "Did you mean model.hidden?"),
        ("train model.hidden=wide", "this has to be a whole number or null"),
        ("train +trainer.precison=64", "Did you mean trainer.precision?"),
        ("evaluate", "There is nothing to evaluate"),
        ("sample cuont=3", "Did you mean count?"),
        ("export format=onxx run=a", "there is no such choice"),
    ],
)
def test_wrong_input_is_answered_before_torch_is_imported(
    tmp_path: Path, line: str, message: str
) -> None:
    error, modules = imported(tmp_path, *line.split())
    assert message in error
    assert modules == "imported"


def test_the_help_imports_no_torch(tmp_path: Path) -> None:
    assert imported(tmp_path, "train", "--help") == ("", "imported")


def test_sampling_does_without_lightning(run_folder: Path, tmp_path: Path) -> None:
    error, modules = imported(tmp_path, "sample", f"run={run_folder}", "count=2")
    assert error == ""
    assert modules == "imported pandas torch"
    assert (tmp_path / "synthetic.csv").is_file()


def test_a_synthesizer_without_a_table_needs_no_lightning() -> None:
    code = (
        "import sys; from timegan import Synthesizer; Synthesizer(24, hidden=8);"
        "sys.exit(','.join({'lightning', 'scipy.stats', 'sklearn'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
