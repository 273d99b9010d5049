"""Signatures of classes and functions as schemas, read from source text without an import.

A configuration is checked against the signatures of what it configures, so a key, its type and its
default stand in one place. Importing torch and Lightning takes seconds; parsing a signature takes
milliseconds.
"""

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from timegan.errors import InputError, short_message

TYPE_NAMES: dict[str, type] = {
    **{kind.__name__: kind for kind in (bool, int, float, str, list, dict)},
    **{"List": list, "Sequence": list, "Dict": dict, "Mapping": dict},
}
DESCRIPTIONS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a section with keys of its own",
    type(None): "null",
}

Definition = ast.AST | tuple[str, str]
"""A statement, or the module and the name that are imported."""


@dataclass(frozen=True)
class Argument:
    """An argument of a class or a function.

    Args:
        types: accepted types; ``object`` stands for one that only the target can check.
        choices: accepted values besides, where the annotation lists them.
        is_required: True if there is no default.
    """

    types: frozenset[type]
    choices: tuple[Any, ...]
    is_required: bool

    def convert(self, key: str, value: Any) -> Any:
        """Return a value as the type that the argument has.

        Args:
            key: full name of the argument, for messages.
            value: from a configuration or a file.

        Raises:
            InputError: the value has another type, or is none of the choices.
        """
        if type(value) in self.types or object in self.types or value in self.choices:
            return value
        if self.choices and self.types <= {type(None)}:
            names = ", ".join(str(choice) for choice in self.choices)
            raise InputError(f"{key}={value}: there is no such choice. Choose from {names}.")
        if float in self.types and type(value) is int:
            return float(value)
        if int in self.types and type(value) is float and value.is_integer():
            return int(value)
        if str in self.types and type(value) in (int, float):
            return str(value)
        accepted = " or ".join(text for kind, text in DESCRIPTIONS.items() if kind in self.types)
        given = DESCRIPTIONS.get(type(value), type(value).__name__)
        raise InputError(f"{key}={value}: this has to be {accepted}, not {given}.")


@cache
def read_signature(target: str) -> Mapping[str, Argument] | None:
    """Return the arguments of a class or function by name; None if its source is not found.

    Args:
        target: dotted name, as in ``timegan.Synthesizer``. Imported names are followed.

    >>> read_signature("timegan.signatures.read_signature")["target"].is_required
    True
    """
    module, node = _find(*target.rpartition(".")[::2])
    if isinstance(node, ast.ClassDef):
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                return dict(list(_arguments(module, statement.args))[1:])
        fields = [s for s in node.body if isinstance(s, ast.AnnAssign)]
        if node.decorator_list and fields:  # a dataclass
            return {ast.unparse(f.target): _argument(module, f.annotation, f.value) for f in fields}
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        return read_signature(f"{module}.{bases[0]}") if bases else {}
    return dict(_arguments(module, node.args)) if isinstance(node, ast.FunctionDef) else None


def check_arguments(target: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check values from a file against the arguments of a class or function, and return them.

    Other names than those of arguments stay as they are.

    Args:
        target: dotted name of the class or function.
        given: argument to value.

    Raises:
        ValueError: a value has another type.

    >>> check_arguments("timegan.Synthesizer", {"window": 24, "threads": True})
    Traceback (most recent call last):
    ValueError: threads=True: this has to be a whole number, not true or false.
    """
    signature = read_signature(target) or {}
    checked = dict(given)
    for name, value in given.items():
        if name not in signature:
            continue
        try:
            checked[name] = signature[name].convert(name, value)
        except InputError as error:  # the value may be long
            raise ValueError(short_message(error)) from error
        if type(value) not in (type(checked[name]), int):
            raise ValueError(f"{name}={value}: {type(checked[name]).__name__} is needed")
    return checked


def _arguments(module: str, given: ast.arguments) -> Iterator[tuple[str, Argument]]:
    missing = [None] * (len(given.args) - len(given.defaults))
    defaults = [*missing, *given.defaults, *given.kw_defaults]
    for argument, default in zip([*given.args, *given.kwonlyargs], defaults, strict=True):
        yield argument.arg, _argument(module, argument.annotation, default)


def _argument(module: str, annotation: ast.expr | None, default: ast.expr | None) -> Argument:
    types, choices = set(), []
    for kind, value in _members(module, annotation):
        if kind is None:
            choices.append(value)
        else:
            types.add(kind)
    return Argument(frozenset(types), tuple(choices), default is None)


def _members(module: str, node: Any) -> Iterator[tuple[type | None, Any]]:
    """Yield the types of a union, or None and the value for each choice of a ``Literal``."""
    match node:
        case ast.Constant(value=None):
            yield type(None), None
        case ast.Constant(value=str(text)):
            yield from _members(module, ast.parse(text, mode="eval").body)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _members(module, left)
            yield from _members(module, right)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            yield type(None), None
            yield from _members(module, inner)
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=members)):
            for member in members:
                yield from _members(module, member)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
            yield from _members(module, inner)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            choices = ast.literal_eval(inner)
            for choice in choices if isinstance(choices, tuple) else (choices,):
                yield None, choice
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name) if name in TYPE_NAMES:
            yield TYPE_NAMES[name], None
        case ast.Name(id=name):
            home, found = _find(module, name)
            if isinstance(found, ast.Assign):
                yield from _members(home, found.value)
            else:
                yield object, None
        case _:
            yield object, None


def _find(module: str, name: str) -> tuple[str, ast.AST | None]:
    """Return the definition of a name and the module that it stands in."""
    found = _definitions(module).get(name)
    return _find(*found) if isinstance(found, tuple) else (module, found)


@cache
def _definitions(module: str) -> dict[str, Definition]:
    """Return what a module defines or imports, by name."""
    spec = _spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return {}
    package = module if spec.submodule_search_locations else module.rpartition(".")[0]
    found: dict[str, Definition] = {}
    statements = list(ast.parse(Path(spec.origin).read_bytes()).body)
    while statements:
        match statement := statements.pop():
            case ast.If() | ast.Try():
                statements += [*statement.body, *statement.orelse]
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)]):
                found[name] = statement
            case ast.ImportFrom(names=names):
                path = "." * statement.level + (statement.module or "")
                home = importlib.util.resolve_name(path, package)
                found |= {alias.asname or alias.name: (home, alias.name) for alias in names}
    return found


def _spec(module: str) -> ModuleSpec | None:
    """Return where a module lies; the packages around it are not imported."""
    package = module.rpartition(".")[0]
    if not package:
        return importlib.util.find_spec(module) if module else None
    parent = _spec(package)
    return PathFinder.find_spec(module, (parent and parent.submodule_search_locations) or [])
