"""The site is built without a warning, and every page of docs/ is in it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import generated
from timegan.cli.main import COMMANDS
from timegan.metrics.metric import all_metrics

ROOT = Path(__file__).parents[2]


def test_every_key_of_the_configuration_has_a_row_with_its_meaning() -> None:
    page = generated.configuration()
    for file in (ROOT / "conf").rglob("*.yaml"):
        rows = generated.key_rows(file.read_text())
        assert rows == [] or f"## {file.relative_to(ROOT / 'conf')}" in page
    for key in ("seed", "dataset.window", "model.schedule.joint", "hydra.sweeper.n_trials"):
        assert f"| `{key}` | " in page


def test_a_row_has_the_whole_key_its_default_and_its_comment() -> None:
    text = (
        "model:\n  hidden: 24 # width | of cells\n  schedule:\n    joint: null\nseed: 0 # of all\n"
    )
    assert generated.key_rows(text, "group.") == [
        "| `group.model.hidden` | `24` | width \\| of cells |",
        "| `group.model.schedule.joint` | `null` |  |",
        "| `group.seed` | `0` | of all |",
    ]


def test_every_metric_has_a_section_with_all_that_its_record_must_say() -> None:
    page = generated.metrics()
    for metric in all_metrics().values():
        assert f"\n## {metric.title}\n\n{metric.meaning}\n" in page
        assert all((metric.formula, metric.values, metric.source, metric.cannot_see)), metric.name


def test_fractions_indices_and_bars_of_formulas_are_where_they_belong() -> None:
    formulas = pytest.importorskip("docs.formulas", reason="pip install 'timegan-lightning[docs]'")
    found = re.sub(r"\s+", "", formulas.mathml(r"\overline{|\hat y_S - \frac12|}"))
    assert '<mrowclass="mean">' in found
    assert '<msub><moveraccent="true"><mi>y</mi>' in found
    assert "<mfrac><mn>1</mn><mn>2</mn></mfrac>" in found
    assert "<munderover>" not in found


def test_every_command_has_a_section() -> None:
    assert all(f"\n## timegan {command}\n" in generated.commands() for command in COMMANDS)


def test_the_picture_of_the_packages_has_all_of_them() -> None:
    picture = generated.packages()
    for module in (ROOT / "src/timegan").iterdir():
        if module.stem.isidentifier() and not module.stem.startswith("__"):
            is_code = module.suffix == ".py" or (module / "__init__.py").exists()
            assert not is_code or f">{module.stem}</text>" in picture


def test_every_message_on_the_page_of_errors_is_in_the_code() -> None:
    sources = (ROOT / "src/timegan").rglob("*.py")
    code = "".join(re.sub(r'"\s*f?"', "", file.read_text(encoding="utf-8")) for file in sources)
    page = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    for message in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE):
        parts = [part.strip() for part in re.split(r"'[^']*'|\.\.\.|[\d.]+|=\S+", message)]
        assert all(part in code for part in parts if len(part) > 8), message


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
        assert built.parts[0] == "_build" or (tmp_path / built).exists()
