"""Plain data: the values that a checkpoint and a model's description may hold."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

BASES = (bool, int, float, str)
"""Types of single values; ``bool`` first, for it is an ``int`` too."""
KEPT = {*BASES, type(None), torch.Tensor, torch.nn.Parameter}


class NotPlainError(ValueError):
    """Data other than numbers, text, lists, dicts and tensors."""


def plain(content: Any, where: str = "", *, finite: bool = False) -> Any:
    """Return the content with NumPy's numbers and arrays as Python's numbers and lists.

    Parts that are plain already are returned themselves. Subclasses of numbers and text, such as
    members of an enumeration, become the number or the text.

    Args:
        content: numbers, text, None, tensors, and dicts, lists and tuples of these.
        where: name of the content, for the message.
        finite: refuse infinity and NaN, which JSON cannot hold.

    Raises:
        NotPlainError: names the place and the type of a value that is none of these.

    >>> plain({"step": np.int64(3), "starts": (np.float64(0.5), 1)})
    {'step': 3, 'starts': (0.5, 1)}
    >>> plain({"rule": [1, {2}]}, "columns")
    Traceback (most recent call last):
        ...
    timegan.plain.NotPlainError: columns.rule[1] is a set
    """
    kind = type(content)
    if kind in KEPT:
        if finite and kind is float and not math.isfinite(content):
            raise NotPlainError(f"{where or 'it'} is {content}")
        return content
    if isinstance(content, Mapping):
        return _mapping(content, where, finite)
    if isinstance(content, list | tuple):
        if kind in (list, tuple) and not finite and KEPT.issuperset(map(type, content)):
            return content  # lists of thousands of numbers are frequent
        parts = [plain(part, f"{where}[{i}]", finite=finite) for i, part in enumerate(content)]
        if kind in (list, tuple) and _same(parts, content):
            return content
        return tuple(parts) if isinstance(content, tuple) else parts
    if isinstance(content, np.ndarray):
        return plain(content.tolist(), where, finite=finite)
    value = content.item() if isinstance(content, np.generic) else content
    base = next((base for base in BASES if isinstance(value, base)), None)
    if base is None:
        raise NotPlainError(f"{where or 'it'} is a {_name(kind)}")
    made = str.__str__(value) if base is str else base(value)
    return plain(made, where, finite=finite)


def _mapping(content: Mapping[Any, Any], where: str, finite: bool) -> Mapping[Any, Any]:
    keys = [plain(key, f"a key of {where or 'it'}") for key in content]
    values = [
        plain(value, f"{where}.{key}".strip("."), finite=finite)
        for key, value in zip(keys, content.values(), strict=True)
    ]
    # A module's state is an OrderedDict with versions of its parts, which a copy would lose.
    kept = type(content) in (dict, OrderedDict)
    if kept and _same(keys, content) and _same(values, content.values()):
        return content
    return dict(zip(keys, values, strict=True))


def _same(parts: list[Any], content: Any) -> bool:
    return all(one is other for one, other in zip(parts, content, strict=True))


def _name(kind: type) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
