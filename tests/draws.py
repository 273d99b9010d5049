"""A search for draws from global random number generators in Python source."""

import ast
import doctest
from collections.abc import Iterator
from pathlib import Path

TORCH = {
    *("rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson"),
    *("rand_like", "randn_like", "randint_like"),
}
"""Functions of torch that draw from its global generator unless they are given another one."""
IN_PLACE = {
    *("normal_", "uniform_", "random_", "bernoulli_", "exponential_", "log_normal_"),
    *("cauchy_", "geometric_"),
}
"""Methods of tensors that do so."""
SEEDED = {"Generator", "SeedSequence", "PCG64", "Philox", "RandomState", "default_rng"}
"""Names in ``numpy.random`` that make generators, given a seed."""
STATE = {"seed", "getstate", "setstate", "get_state", "set_state"}
"""Functions that set or tell the state of a global generator, and draw nothing."""
SEEDING = {"manual_seed", "seed_everything"}
"""Functions that seed torch's global generator."""


def draws(source: str) -> Iterator[tuple[int, str]]:
    """Find draws that no seed fixes: their lines and what they call.

    A draw from torch's global generator is fixed where a function around it has seeded that
    generator on an earlier line.
    """
    tree = ast.parse(source)
    yield from _within(tree, seeded=None, modules=_modules(tree))


def doctest_draws(source: str) -> Iterator[tuple[int, str]]:
    """Find such draws in the examples of docstrings."""
    tree = ast.parse(source)
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        text = ast.get_docstring(node, clean=False) if isinstance(node, kinds) else None
        if not text or not isinstance(node, kinds):
            continue
        first = node.body[0].lineno
        examples = doctest.DocTestParser().get_examples(text)
        content = [""] * (text.count("\n") + 1)
        for example in examples:
            lines = example.source.splitlines()
            content[example.lineno : example.lineno + len(lines)] = lines
        for line, call in draws("\n".join(content)):
            yield first + line - 1, call


def found(files: Iterator[Path], root: Path, *, docs: bool = False) -> list[str]:
    """Return ``file:line: call`` for each draw in some files."""
    look = doctest_draws if docs else draws
    return [
        f"{file.relative_to(root)}:{line}: {call}"
        for file in sorted(files)
        for line, call in look(file.read_text(encoding="utf-8"))
    ]


def _modules(tree: ast.AST) -> dict[str, str]:
    """Return the random modules and functions that names in a file stand for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {
        name: full
        for name, full in names.items()
        if full.split(".")[0] in ("torch", "numpy", "random", "lightning")
    }


def _within(
    node: ast.AST, seeded: int | None, modules: dict[str, str]
) -> Iterator[tuple[int, str]]:
    """Yield draws inside a node; ``seeded`` is the line at which a function seeds torch."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        lines = [
            call.lineno
            for call in ast.walk(node)
            if isinstance(call, ast.Call) and _path(call.func, modules)[-1] in SEEDING
        ]
        own = [line for line in lines if not isinstance(node, ast.Module)]
        seeded = min([*own, *([seeded] if seeded is not None else [])], default=None)
    if isinstance(node, ast.Call):
        call = _unseeded(node, modules, seeded)
        if call:
            yield node.lineno, call
    for child in ast.iter_child_nodes(node):
        yield from _within(child, seeded, modules)


def _unseeded(call: ast.Call, modules: dict[str, str], seeded: int | None) -> str | None:
    """Return the name of an unseeded draw, or None."""
    path = _path(call.func, modules)
    name, given = ".".join(path), {keyword.arg for keyword in call.keywords}
    fixed = seeded is not None and seeded <= call.lineno
    if path[0] in ("random", "numpy") and path[-1] in STATE:
        return None
    if path[0] == "torch" and path[-1] in TORCH:
        return None if "generator" in given or fixed else name
    if path[0] == "random" and len(path) == 2:
        return None if path[1] == "Random" and call.args else name
    if path[:2] == ["numpy", "random"] and len(path) == 3:
        return None if path[2] in SEEDED and (call.args or call.keywords) else name
    if not isinstance(call.func, ast.Attribute):
        return None
    if path[-1] in IN_PLACE and path[0] != "numpy":
        return None if "generator" in given or fixed else name
    if path[-1] == "sample" and given & {"frac", "n"}:
        return None if "random_state" in given else name
    return None


def _path(function: ast.expr, modules: dict[str, str]) -> list[str]:
    """Return the dotted name of what is called, with full names of modules."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts += reversed(modules.get(function.id, f"?{function.id}").split("."))
    else:
        parts.append("?")
    return parts[::-1]
