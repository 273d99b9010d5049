"""Checks of a configuration against the signatures of the classes and functions it configures.

Keys, types and defaults stand in constructors alone. Reading them imports neither torch nor
Lightning, so a mistyped key is answered at once.
"""

import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

import hydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from timegan.errors import InputError, closest_match
from timegan.signatures import read_signature


def compose_config(config: str, overrides: list[str]) -> DictConfig:
    """Compose ``conf/<config>.yaml`` with overrides of a command line, outside a run."""
    with hydra.initialize_config_module("timegan.conf", version_base="1.3"):
        return hydra.compose(config, overrides)


def to_container(cfg: DictConfig, *, resolve: bool = True) -> dict[str, Any]:
    """Return a composed configuration as dicts, lists and scalars.

    Args:
        cfg: the configuration.
        resolve: replace references by the values that they lead to.

    Raises:
        InputError: a reference leads nowhere, or a value is missing.
    """
    try:
        content = OmegaConf.to_container(cfg, resolve=resolve, throw_on_missing=resolve)
    except OmegaConfBaseException as error:
        raise InputError(f"The configuration cannot be read: {error}") from error
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def validate_arguments(
    section: Mapping[str, Any],
    target: str,
    path: str,
    *,
    reserved: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the arguments that a section gives to a class or function, each of its type.

    Args:
        section: key to value.
        target: dotted name of the class or function, whose signature is the schema.
        path: where the section lies, for messages: ``model``, or an empty text at the top.
        reserved: arguments that a configuration must not set, each with the remedy.

    Raises:
        InputError: a key is unknown (the message names the nearest one), a value has another
            type, or an argument has neither value nor default.
    """
    reserved = reserved or {}
    signature = read_signature(target)
    if signature is None:  # not written in Python: its own error has to do
        return dict(section)
    known = {name: argument for name, argument in signature.items() if name not in reserved}
    values = {}
    for key, value in section.items():
        name = _join(path, key)
        if key in reserved:
            raise InputError(f"{name} cannot be set here. {reserved[key]}")
        if key not in known:
            raise unknown_key(name, [_join(path, other) for other in known])
        values[key] = known[key].convert(name, value)
    for key, argument in known.items():
        if argument.is_required and key not in values:
            raise InputError(f"{_join(path, key)} has no value. Set {_join(path, key)}=...")
    return values


def validate_target(
    node: Any, path: str, *, reserved: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a section that names its class or function by ``_target_``, with checked arguments.

    Raises:
        InputError: see :func:`validate_arguments`; or there is no such class or function.
    """
    if not node:
        return {}
    if not isinstance(node, Mapping) or not isinstance(node.get("_target_"), str):
        raise InputError(f"{path} names no class or function. Set {path}._target_=...")
    target = node["_target_"]
    if read_signature(target) is None:
        try:
            pkgutil.resolve_name(target)
        except (ImportError, AttributeError, ValueError) as error:
            raise InputError(
                f"{path}._target_={target}: there is nothing to import under this name ({error}). "
                "Set the dotted name of a class or function."
            ) from error
    own = {key: value for key, value in node.items() if not key.startswith("_")}
    special = {key: value for key, value in node.items() if key.startswith("_")}
    return special | validate_arguments(own, target, path, reserved=reserved)


def unknown_key(key: str, known: Iterable[str]) -> InputError:
    """Return the error for an unknown key, which names the key that was probably meant."""
    near = closest_match(key, known)
    remedy = f"Did you mean {near}?" if near else "Use `--cfg job` to list every key."
    return InputError(f"{key}: there is no such key. {remedy}")


def flatten_keys(content: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return the value of each key of a nested mapping by its full name, sections included.

    >>> flatten_keys({"seed": 0, "model": {"hidden": 24}})
    {'seed': 0, 'model': {'hidden': 24}, 'model.hidden': 24}
    """
    found = {}
    for key, value in content.items():
        name = _join(path, key)
        found[name] = value
        if isinstance(value, Mapping):
            found |= flatten_keys(value, name)
    return found


def _join(path: str, key: str) -> str:
    return f"{path}.{key}".strip(".")
