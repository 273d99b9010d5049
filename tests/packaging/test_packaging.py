"""Files and requirements of an installation."""

import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_list_of_packages_is_complete() -> None:
    source = ROOT / "src"
    found = {
        ".".join(file.parent.relative_to(source).parts) for file in source.rglob("__init__.py")
    }
    found |= {"timegan.conf"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


def test_every_requirement_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {line.partition("==")[0].lower() for line in lines if "==" in line}
    wanted = {re.split(r"[^\w-]", line)[0].lower() for line in requires("timegan-lightning") or []}
    assert wanted - {"timegan-lightning"} <= pins
    assert not [line for line in lines if "+" in line]


@pytest.mark.parametrize("name", ["train", "sample", "complete", "evaluate", "export"])
def test_a_door_at_the_root_and_a_console_script_lead_to_the_same_place(name: str) -> None:
    assert PROJECT["project"]["scripts"][f"timegan-{name}"] == f"timegan.cli.app:{name}"
    assert f"from timegan.cli.app import {name}" in (ROOT / f"{name}.py").read_text()


def test_the_library_does_without_hydra() -> None:
    code = "import sys, timegan, timegan.training.module; sys.exit('hydra' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_file_names_a_place_on_somebody_s_machine() -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    texts = [ROOT / name for name in files if name.endswith((".py", ".yaml", ".md", ".toml"))]
    assert [
        path for path in texts if re.search(r"/(work|tmp|root|home)/\w", path.read_text())
    ] == []


def test_links_of_the_description_on_pypi_lead_to_files_of_the_repository() -> None:
    ours = PROJECT["project"]["urls"]["Repository"]
    text = runpy.run_path(str(ROOT / "setup.py"))["description"]()
    links = re.findall(r'(?:\]\(|src="|srcset=")([^)"]+)', text)
    assert all(link.startswith("https://") for link in links)
    paths = re.findall(rf"^{ours}/(?:blob|raw)/main/(.+)$", "\n".join(links), re.MULTILINE)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.slow
def test_a_wheel_carries_the_configuration_and_the_templates(tmp_path: Path) -> None:
    tree = tmp_path / "tree"  # a build leaves files beside the sources
    left_out = shutil.ignore_patterns(".*", "outputs", "build", "*.egg-info")
    shutil.copytree(ROOT, tree, ignore=left_out)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path), "."]
    subprocess.run(pip, cwd=tree, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for file in (
        "timegan/conf/train.yaml",
        "timegan/conf/model/reference.yaml",
        "timegan/conf/hydra/sweeper/optuna.yaml",
        "hydra_plugins/timegan_optuna/__init__.py",
        "timegan/report/templates/page.html",
        "timegan/py.typed",
    ):
        assert file in names
