"""The image runs as a user without rights, and copies what a build needs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().splitlines()


def test_the_last_stage_runs_as_an_ordinary_user() -> None:
    users = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("0", "root")


def test_every_file_that_is_copied_exists_and_is_not_ignored() -> None:
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    copies = [line.split()[1:-1] for line in LINES if re.match(r"COPY (?!--from)", line)]
    assert copies
    for name in (name for names in copies for name in names):
        assert (ROOT / name).exists()
        assert name in allowed
