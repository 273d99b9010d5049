"""Settings of Sphinx: `make docs` builds docs/_build/html, which opens from a file."""

import re
import shutil
from pathlib import Path
from typing import Any

from timegan import __version__

DOCS = Path(__file__).parent
GENERATED = DOCS / "_generated"

project, author, version = "timegan-lightning", "The timegan-lightning maintainers", __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "timegan-lightning"
html_show_copyright = False
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "exclude-members": "prepare_data_per_node"}


def key_tables(folder: Path) -> str:
    """Return a page with a table of keys for each YAML file, from the comments in the files."""
    page = ["# Configuration keys", "", "Each file of `conf/`, with its defaults.", ""]
    for file in sorted(folder.rglob("*.yaml")):
        rows = key_rows(file.read_text(encoding="utf-8"))
        if rows:
            page += [f"## {file.relative_to(folder)}", "", "| key | default | meaning |"]
            page += ["| --- | --- | --- |", *rows, ""]
    return "\n".join(page)


def key_rows(text: str) -> list[str]:
    """Return a row for each key of a YAML text that has a value or a comment.

    >>> key_rows("a: # outer\\n  b: 1 # inner")
    ['| `a` |  | outer |', '| `a.b` | `1` | inner |']
    """
    path: list[tuple[int, str]] = []
    rows = []
    for line in text.splitlines():
        match = re.match(r"( *)([\w./@]+):(?: +([^#\s].*?))?(?: +# (.*))?$", line)
        if match is None or match[2] == "defaults":
            continue
        path = [*((depth, name) for depth, name in path if depth < len(match[1]))]
        path.append((len(match[1]), match[2]))
        if match[3] or match[4]:
            value = f"`{match[3]}`" if match[3] else ""
            cells = (f"`{'.'.join(name for _, name in path)}`", value, match[4] or "")
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return rows


def generate(app: Any) -> None:
    """Write the pages that follow from the repository."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    (GENERATED / "config.md").write_text(key_tables(DOCS.parent / "conf"), encoding="utf-8")
    changes = (DOCS.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    (GENERATED / "changelog.md").write_text(changes, encoding="utf-8")


def setup(app: Any) -> None:
    """Let the pages be generated before they are read."""
    app.connect("config-inited", lambda app, _: generate(app))
