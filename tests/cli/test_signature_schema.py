"""A configuration is checked against the signatures that it is handed to."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import hydra
import pytest
from omegaconf import OmegaConf

from timegan.cli.signature_schema import validate_arguments, validate_target
from timegan.errors import InputError
from timegan.training.module import TimeGAN


def brush(
    width: int,
    *,
    soft: bool = True,
    load: float = 1.0,
    colour: str | None = None,
    names: Sequence[str] | None = None,
    more: Mapping[str, int] | None = None,
    tip: Literal["round", "flat"] = "round",
) -> None:
    """Configure nothing."""


BRUSH = f"{__name__}.brush"


def test_values_of_the_right_type_pass_unchanged() -> None:
    section: dict[str, Any] = {
        "width": 3,
        "soft": False,
        "load": 0.5,
        "colour": None,
        "names": ["a"],
        "more": {},
    }
    assert validate_arguments(section, BRUSH, "brush") == section


@pytest.mark.parametrize(
    ("key", "value", "becomes"), [("width", 3.0, 3), ("load", 2, 2.0), ("colour", 2024, "2024")]
)
def test_numbers_become_what_is_asked_for(key: str, value: Any, becomes: Any) -> None:
    values = validate_arguments({"width": 1, key: value}, BRUSH, "brush")
    assert values[key] == becomes
    assert type(values[key]) is type(becomes)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("widht", 1, "brush.widht: there is no such key. Did you mean brush.width?"),
        ("xyzzy", 1, "brush.xyzzy: there is no such key. Use `--cfg job` to list every key"),
        ("width", 1.5, "brush.width=1.5: this has to be a whole number, not a number."),
        ("width", True, "brush.width=True: this has to be a whole number, not true or false."),
        ("width", None, "brush.width=None: this has to be a whole number, not null."),
        ("soft", 1, "brush.soft=1: this has to be true or false, not a whole number."),
        ("load", "much", "brush.load=much: this has to be a number, not text."),
        ("names", "a", "brush.names=a: this has to be a list or null, not text."),
        ("tip", "pointed", "brush.tip=pointed: there is no such choice. Choose from round, flat."),
    ],
)
def test_a_wrong_entry_is_refused_by_name_rule_and_remedy(
    key: str, value: Any, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        validate_arguments({"width": 1, key: value}, BRUSH, "brush")
    assert str(caught.value).startswith(message)


def test_an_argument_without_value_and_default_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"brush\.width has no value"):
        validate_arguments({}, BRUSH, "brush")


def test_what_the_run_sets_itself_cannot_be_set() -> None:
    with pytest.raises(InputError, match=r"brush\.width cannot be set here\. Measure it\."):
        validate_arguments({"width": 1}, BRUSH, "brush", reserved={"width": "Measure it."})


def test_a_target_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="there is nothing to import under this name"):
        validate_target({"_target_": "timegan.training.callbacks.Fireworks"}, "callbacks.fireworks")
    with pytest.raises(InputError, match="names no class or function"):
        validate_target({"width": 1}, "callbacks.brush")


def test_a_target_s_arguments_are_checked() -> None:
    node = {"_target_": "timegan.training.callbacks.PhaseCheckpoint", "minuets": 3}
    with pytest.raises(InputError, match=r"Did you mean callbacks\.checkpoints\.minutes"):
        validate_target(node, "callbacks.checkpoints")


def test_the_default_preset_is_what_the_class_does_by_itself() -> None:
    with hydra.initialize_config_module("timegan.conf", version_base="1.3"):
        preset: Any = OmegaConf.to_container(hydra.compose("train").model)
    known = inspect.signature(TimeGAN).parameters
    own = {name: value for name, value in preset.items() if name != "schedule"}
    assert own == {name: known[name].default for name in own}
