"""Settings of Sphinx: `make docs` builds docs/_build/html, which opens from a file."""

import shutil
import sys
from pathlib import Path
from typing import Any

from docutils import nodes

from timegan import __version__

DOCS = Path(__file__).parent
GENERATED = DOCS / "_generated"
sys.path.insert(0, str(DOCS.parent))

from docs.formulas import mathml  # noqa: E402  (found at the root of the repository)
from docs.generated import PAGES  # noqa: E402

project, author, version = "timegan-lightning", "The timegan-lightning maintainers", __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "timegan-lightning"
html_math_renderer = "mathml"  # MathJax would come from a server
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"  # a tutorial runs again when its code has changed
nb_execution_cache_path = str(DOCS / "_build" / "notebooks")
nb_execution_timeout = 900  # seconds of a cell, on a busy machine
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"  # notes of libraries
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "exclude-members": "prepare_data_per_node"}


def generate(app: Any) -> None:
    """Write the pages that follow from the code."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    for name, content in PAGES.items():
        (GENERATED / name).write_text(content(), encoding="utf-8")


def write_formula(translator: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML."""
    is_block = isinstance(node, nodes.math_block)
    translator.body.append(mathml(node.astext(), is_block=is_block))
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Let the pages be generated before they are read, and show formulas without a server."""
    app.connect("config-inited", lambda app, _: generate(app))
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
