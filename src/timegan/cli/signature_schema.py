"""What a configuration may say: the signatures that it is handed to are its schema.

Keys, types and defaults live in one place, the constructors; nothing here can drift from them.
"""

import inspect
import pkgutil
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import hydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from timegan.errors import InputError, nearest

WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a section with keys of its own",
    type(None): "null",
}

CONTAINERS: dict[Any, type] = {list: list, Sequence: list, dict: dict, Mapping: dict}


def composed(config: str, overrides: list[str]) -> DictConfig:
    """The configuration that the command line ``overrides`` makes, outside a run."""
    with hydra.initialize_config_module("timegan.conf", version_base="1.3"):
        return hydra.compose(config, overrides)


def plain(cfg: DictConfig) -> dict[str, Any]:
    """A composed configuration as dicts, lists and scalars, every reference resolved.

    Raises:
        InputError: a reference leads nowhere, or a value is still missing.
    """
    try:
        content = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise InputError(f"The configuration cannot be read: {error}") from error
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def conform(
    section: Mapping[str, Any],
    target: Callable[..., Any],
    path: str,
    *,
    given: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The arguments that ``section`` gives to ``target``, each of the type that it asks for.

    Args:
        section: key to value, as a configuration has it.
        target: a class or function; its signature is the schema.
        path: where the section lies, for messages: ``model``, or an empty text at the top.
        given: arguments that are not a configuration's to set, with the remedy for who tries.

    Raises:
        InputError: a key that ``target`` does not know (the nearest one is named), a value of
            another type, or an argument without a value.

    >>> def paint(width: int, colour: str = "red") -> None: ...
    >>> conform({"width": 3.0}, paint, "brush")
    {'width': 3}
    """
    given = given or {}
    parameters = _parameters(target)
    known = [name for name in parameters if name not in given]
    values = {}
    for key, value in section.items():
        full = f"{path}.{key}".strip(".")
        if key in given:
            raise InputError(f"{full} cannot be set here. {given[key]}")
        if key not in parameters:
            raise unknown_key(full, [f"{path}.{name}".strip(".") for name in known])
        values[key] = _value(full, value, parameters[key][0])
    for name in known:
        if parameters[name][1] is inspect.Parameter.empty and name not in values:
            full = f"{path}.{name}".strip(".")
            raise InputError(f"{full} has no value, and no default. Give one: {full}=...")
    return values


def conform_target(
    node: Any, path: str, *, given: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A section that names the class or function it is for by ``_target_``, its arguments checked.

    An empty section stays empty.

    Raises:
        InputError: as :func:`conform`, or there is no such target.
    """
    if not node:
        return {}
    if not isinstance(node, Mapping) or "_target_" not in node:
        raise InputError(f"{path} has no _target_: name the class or function that it is for.")
    try:
        target = pkgutil.resolve_name(node["_target_"])
    except (ImportError, AttributeError, ValueError) as error:
        name = f"{path}._target_={node['_target_']}"
        raise InputError(
            f"{name}: there is nothing to import under this name ({error})."
        ) from error
    own = {key: value for key, value in node.items() if not key.startswith("_")}
    special = {key: value for key, value in node.items() if key.startswith("_")}
    return special | conform(own, target, path, given=given)


def unknown_key(key: str, known: Iterable[str]) -> InputError:
    """The error for a key that does not exist, naming the one that was probably meant."""
    near = nearest(key, known)
    remedy = f"Did you mean {near}?" if near else "`--cfg job` shows every key and its value."
    return InputError(f"{key}: there is no such key. {remedy}")


def leaves(content: Any, path: str = "") -> list[str]:
    """The full names of all keys of a nested mapping.

    >>> leaves({"seed": 0, "model": {"hidden": 24}})
    ['seed', 'model', 'model.hidden']
    """
    names = []
    for key, value in content.items():
        name = f"{path}.{key}".strip(".")
        names.append(name)
        if isinstance(value, Mapping):
            names += leaves(value, name)
    return names


def _parameters(target: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    """Each argument's type and default."""
    function = target.__init__ if inspect.isclass(target) else target
    hints = get_type_hints(inspect.unwrap(function))
    return {
        name: (hints.get(name, Any), parameter.default)
        for name, parameter in inspect.signature(target).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }


def _value(key: str, value: Any, hint: Any) -> Any:
    options = _options(hint)
    choices = [choice for option in options for choice in _choices(option)]
    if choices and value is not None and value not in choices and all(map(_simple, options)):
        names = ", ".join(str(choice) for choice in choices)
        raise InputError(f"{key}={value}: there is no such choice. Choose from {names}.")
    if not all(option in WORDS for option in options):
        return value  # a type that only the target itself can judge
    kinds = set(options)
    if type(value) in kinds:
        return value
    if float in kinds and type(value) is int:
        return float(value)
    if int in kinds and type(value) is float and value.is_integer():
        return int(value)
    if str in kinds and type(value) in (int, float):
        return str(value)
    words = " or ".join(WORDS[option] for option in options)
    raise InputError(f"{key}={value}: this has to be {words}, not {WORDS[type(value)]}.")


def _options(hint: Any) -> tuple[Any, ...]:
    """The members of a union, containers without what they contain."""
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return tuple(CONTAINERS.get(get_origin(member), member) for member in members)


def _choices(option: Any) -> tuple[Any, ...]:
    return get_args(option) if get_origin(option) is Literal else ()


def _simple(option: Any) -> bool:
    return option is type(None) or bool(_choices(option))
