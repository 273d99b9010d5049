"""The site is built without a warning, and every page of docs/ is in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.conf import key_rows, key_tables

ROOT = Path(__file__).parents[2]


def test_every_key_of_the_configuration_has_a_row() -> None:
    page = key_tables(ROOT / "conf")
    for file in (ROOT / "conf").rglob("*.yaml"):
        assert (
            len(key_rows(file.read_text())) == 0 or f"## {file.relative_to(ROOT / 'conf')}" in page
        )
    assert "| `seed` |" in page


def test_a_row_has_the_whole_key_its_default_and_its_comment() -> None:
    text = (
        "model:\n  hidden: 24 # width | of cells\n  schedule:\n    joint: null\nseed: 0 # of all\n"
    )
    assert key_rows(text) == [
        "| `model.hidden` | `24` | width \\| of cells |",
        "| `model.schedule.joint` | `null` |  |",
        "| `seed` | `0` | of all |",
    ]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="pip install 'timegan-lightning[docs]'")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"TIMEGAN_NATIVE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in (ROOT / "docs").rglob("*.md"):
        built = page.relative_to(ROOT / "docs").with_suffix(".html")
        assert (tmp_path / built).exists()
