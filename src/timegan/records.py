"""Frozen dataclasses as plain data, and back: what models and checkpoints keep of a table."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Self, get_args, get_origin, get_type_hints


class Record:
    """A dataclass of numbers, text, lists, tuples and other records.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Ends(Record):
    ...     values: tuple[float, ...]
    >>> Ends((0.0, 1.0)).state()
    {'values': [0.0, 1.0]}
    >>> Ends.from_state({"values": [0.0, 1.0]})
    Ends(values=(0.0, 1.0))
    """

    def state(self) -> dict[str, Any]:
        """Return the fields as numbers, text, lists and dicts, for JSON and `torch.save`."""
        own: Any = self
        return {field.name: _packed(getattr(self, field.name)) for field in fields(own)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the record that `state` describes; parts may be records already."""
        hints = get_type_hints(cls)
        return cls(**{name: _unpacked(value, hints.get(name)) for name, value in state.items()})


def _packed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_packed(part) for part in value]
    return value.state() if hasattr(value, "state") else value


def _unpacked(value: Any, hint: Any) -> Any:
    """Return a value of a type: dicts become records, and lists tuples, unless it has lists."""
    parts = list(_parts(hint))
    origins = {get_origin(part) for part in parts}
    if isinstance(value, dict):
        for part in parts:
            if hasattr(part, "from_state"):
                return part.from_state(value)
    elif isinstance(value, list | tuple) and origins & {list, tuple}:
        made = [_unpacked(part, hint) for part in value]
        return made if list in origins else tuple(made)
    if float in parts and str not in parts and value is not None:
        float(value)  # or its error: files may come from anywhere
    if isinstance(value, dict | list):
        raise TypeError(f"{value!r} is no {hint}")
    return value


def _parts(hint: Any) -> Iterator[Any]:
    """Yield a type and those that it is made of."""
    yield hint
    for part in get_args(hint):
        yield from _parts(part)
