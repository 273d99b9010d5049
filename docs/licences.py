"""The licences of what this project asks for by name, from the installed packages' metadata.

`python docs/licences.py` prints the table of docs/reference/supply-chain.md.
"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def requirements() -> dict[str, str]:
    """Return each required package, and what requires it: the project or one of its extras."""
    asked = dict.fromkeys(map(package, PROJECT["dependencies"]), "always")
    for extra, lines in PROJECT["optional-dependencies"].items():
        for name in map(package, lines):
            if name != PROJECT["name"]:
                asked.setdefault(name, extra)
    return asked


def package(requirement: str) -> str:
    """Return the name in a requirement.

    >>> package("lightning>=2.6.4,<2.7")
    'lightning'
    """
    return re.split(r"[^\w-]", requirement)[0]


def licence(about: Any) -> str:
    """Return the licence in a package's metadata: SPDX expression, short text or classifiers."""
    text = about.get("License-Expression") or about.get("License") or ""
    if len(text) < 120 and "\n" not in text and text not in ("", "UNKNOWN"):
        return text
    found = [c.split(" :: ")[-1] for c in about.get_all("Classifier", []) if "License ::" in c]
    return ", ".join(found) or "not said"


def main() -> None:
    """Print the table."""
    print("| package | asked for | licence |", "| --- | --- | --- |", sep="\n")
    for name, extra in requirements().items():
        try:
            said = licence(metadata(name))
        except PackageNotFoundError:
            said = "(not installed)"
        print(f"| {name} | {extra} | {said} |")


if __name__ == "__main__":
    main()
