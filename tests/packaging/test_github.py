"""Files for GitHub agree with the project: versions of Python, targets of make, addresses."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def steps(path: Path) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    return [step for job in jobs for step in job.get("steps", [])]


def test_each_python_of_the_classifiers_is_tested() -> None:
    tests = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())["jobs"]["tests"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert tests["strategy"]["matrix"]["python"] == named


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read_and_call_targets_that_exist(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    makefile = (ROOT / "Makefile").read_text()
    for step in steps(path):
        for target in re.findall(r"\bmake ([\w-]+)", step.get("run", "")):
            assert f"\n{target}: " in makefile


def test_pages_link_to_the_addresses_of_the_project_only() -> None:
    ours = PROJECT["urls"]["Repository"]
    assert all(url.startswith(ours) for url in PROJECT["urls"].values())
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.*")]
    texts = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"https://github\.com/[\w-]+/timegan-lightning", texts)) <= {ours}


def test_every_path_that_root_pages_link_to_exists() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            is_built = target.startswith("_generated/")  # by make docs
            assert is_built or (page.parent / target).exists(), f"{page.name}: {target}"


def test_a_copy_without_history_is_before_the_version_of_the_citation() -> None:
    fallback = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools_scm"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert fallback["fallback_version"] == f"{citation['version']}.dev0"
