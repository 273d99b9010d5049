"""The description on PyPI: README.md, with links that lead to the repository."""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent


def description() -> str:
    """Return README.md with addresses in place of relative paths, which PyPI cannot follow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\((?!\w+:|#)", f"]({address}/blob/main/", text)
    return re.sub(r'\b(src|srcset)="(?!\w+:)', rf'\1="{address}/raw/main/', text)


if __name__ == "__main__":
    setup(long_description=description(), long_description_content_type="text/markdown")
