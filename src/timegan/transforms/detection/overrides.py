"""Checks of the column types that a user asks for."""

from collections.abc import Mapping, Sequence

from timegan.errors import InputError, closest_match
from timegan.tables import Field
from timegan.transforms.base import TRANSFORMERS, cells_of


def check_overrides(overrides: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    """Return the overrides without those that say ``auto``.

    Raises:
        InputError: there is no such column or type, or cells of this column cannot have it; the
            message names the nearest one.

    >>> fields = [Field(name, "feature", "number", "int64") for name in ("Open", "Volume")]
    >>> check_overrides({"Volume": "integer", "Open": "auto"}, fields)
    {'Volume': 'integer'}
    """
    known = {field.label: field for field in fields}
    for name, column_type in overrides.items():
        key = f"dataset.column_types.{name}"
        if name not in known:
            _refuse(f"{key}: the table has no feature {name!r}.", name, list(known))
        cells = cells_of(known[name])
        choices = sorted(c.name for c in TRANSFORMERS.values() if cells in c.cells)
        if column_type not in (*choices, "auto"):
            is_known = column_type in TRANSFORMERS
            what = f"a {cells} column cannot be" if is_known else "there is no type"
            message = f"{key}={column_type}: {what} {column_type!r}."
            _refuse(f"{message} Set one of {', '.join(choices)}, auto.", column_type, choices)
    return {name: found for name, found in overrides.items() if found != "auto"}


def _refuse(message: str, name: str, known: list[str]) -> None:
    near = closest_match(name, known)
    raise InputError(message + (f" Did you mean {near!r}?" if near else ""))
