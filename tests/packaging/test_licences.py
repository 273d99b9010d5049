"""docs/reference/supply-chain.md says under which licence every direct dependency comes."""

from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from docs.licences import licence, requirements

TABLE = (Path(__file__).parents[2] / "docs/reference/supply-chain.md").read_text()


def test_every_direct_dependency_is_in_the_table() -> None:
    for name, extra in requirements().items():
        assert f"| {name} | {extra} | " in TABLE


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([("License-Expression", "MIT"), ("License", "other")], "MIT"),
        ([("License", "BSD"), ("Classifier", "License :: OSI Approved :: MIT License")], "BSD"),
        ([("License", "UNKNOWN"), ("Classifier", "License :: OSI Approved :: X")], "X"),
        ([("License", "A text\nof many lines")], "not said"),
        ([], "not said"),
    ],
)
def test_a_licence_is_an_expression_a_short_text_or_classifiers(
    fields: list[tuple[str, str]], said: str
) -> None:
    about: Any = Message()
    for name, value in fields:
        about.add_header(name, value)
    assert licence(about) == said
