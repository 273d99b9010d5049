"""Packages import one way: the contracts in pyproject.toml hold, and a broken one is noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))
"""


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a process of its own on the package below ``source``."""
    return subprocess.run(
        [sys.executable, "-c", LINT, str(ROOT / "pyproject.toml")],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_packages_import_one_way() -> None:
    run = lint(ROOT / "src")
    assert run.returncode == 0, run.stdout + run.stderr


def test_an_import_upwards_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src")
    module = tmp_path / "src/timegan/tables/dtypes.py"
    module.write_text(module.read_text() + "\nimport timegan.cli.train\n")
    run = lint(tmp_path / "src")
    assert run.returncode == 1
    assert "timegan.tables.dtypes -> timegan.cli.train" in run.stdout
