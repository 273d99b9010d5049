"""Signatures are read from source text as Python itself sees them, without importing them."""

import inspect
import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import pytest

from timegan.signatures import read_signature

CONF = Path(__file__).parents[1] / "conf"
TARGETS = sorted(
    {
        line.split()[1]
        for file in CONF.rglob("*.yaml")
        for line in file.read_text().splitlines()
        if line.strip().startswith("_target_: ") and "hydra" not in str(file)
    }
    | {"timegan.TimeGAN", "timegan.Synthesizer", "timegan.WindowDataModule", "lightning.Trainer"}
)


class Base:
    """A class with a constructor."""

    def __init__(self, width: "int | None", *names: str, soft: bool | str = True) -> None:
        pass


class Derived(Base):
    """A class that takes its base class's constructor."""


@dataclass(frozen=True)
class Fields:
    """A dataclass."""

    width: Optional[int]  # noqa: UP045
    load: Annotated[float, "of the beam"] | None = 1.0


@pytest.mark.parametrize("target", TARGETS)
def test_a_signature_has_the_arguments_and_defaults_that_python_sees(target: str) -> None:
    signature = read_signature(target)
    assert signature is not None
    seen = inspect.signature(pkgutil.resolve_name(target)).parameters
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    assert {name: argument.is_required for name, argument in signature.items()} == {
        name: parameter.default is inspect.Parameter.empty
        for name, parameter in seen.items()
        if parameter.kind in kinds
    }


def test_types_are_read_in_every_spelling() -> None:
    for name in ("Base", "Derived"):
        signature = read_signature(f"{__name__}.{name}")
        assert signature is not None
        assert signature["width"].types == {int, type(None)}
        assert signature["soft"].types == {bool, str}
    fields = read_signature(f"{__name__}.Fields")
    assert fields is not None
    assert fields["width"].types == {int, type(None)}
    assert fields["load"].types == {float, type(None)}
    assert (fields["width"].is_required, fields["load"].is_required) == (True, False)
    trainer = read_signature("lightning.Trainer")
    assert trainer is not None
    assert "bf16-mixed" in trainer["precision"].choices  # through two other modules
    assert object in trainer["strategy"].types  # a class that only the Trainer can check


@pytest.mark.parametrize("target", ["timegan.Nothing", "timegan.nothing.x", "math.floor", "x", ""])
def test_what_has_no_source_has_no_signature(target: str) -> None:
    assert read_signature(target) is None


def test_reading_a_signature_imports_nothing_heavy() -> None:
    code = (
        "import sys; from timegan.signatures import read_signature as read;"
        f"assert None not in map(read, {TARGETS});"
        "sys.exit(bool({'torch', 'lightning', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
