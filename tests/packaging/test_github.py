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
    ours, urls = PROJECT["urls"]["Repository"], PROJECT["urls"].values()
    owner, name = ours.split("/")[-2:]
    site = f"https://{owner}.github.io/{name}/"
    assert all(url.startswith(ours) or url == site for url in urls)
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.*")]
    texts = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"https://github\.com/[\w-]+/timegan-lightning", texts)) <= {ours}


def test_every_link_of_a_page_leads_to_a_page_and_a_heading() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *ROOT.glob("docs/**/*.md")]
    for page in pages:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
            other = page.parent / target if target else page
            if {"_generated", "_build"} & {*page.parts, *Path(target).parts}:
                continue  # made by make docs, which checks these links
            assert other.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in headings(other), f"{page.name}: {target}#{anchor}"


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST make them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def test_a_copy_without_history_is_before_the_version_of_the_citation() -> None:
    fallback = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools_scm"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert fallback["fallback_version"] == f"{citation['version']}.dev0"
