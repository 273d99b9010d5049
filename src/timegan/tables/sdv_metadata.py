"""Roles and types of columns from the metadata of SDV (its version 1, of one or more tables)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timegan.errors import InputError, short_message

TYPES = {"categorical": "categorical", "boolean": "boolean"}
"""Types of SDV -> column types; those of numbers and dates are detected."""
LEARNED = ("numerical", "datetime", *TYPES)
"""Types of SDV whose columns are learned; others are ids, names, addresses and the like."""


def options_of_metadata(metadata: Any) -> dict[str, Any]:
    """Return options of a Synthesizer from the metadata of one table.

    Ids that are not the key, and personal data, are left out.

    Args:
        metadata: the path of a ``metadata.json``, its content, or an object with ``to_dict``.

    Raises:
        InputError: the metadata cannot be read, or describe no table or several ones.

    >>> columns = {"name": {"sdtype": "name"}, "sex": {"sdtype": "categorical"}}
    >>> options_of_metadata({"columns": columns})
    {'exclude': ['name'], 'column_types': {'sex': 'categorical'}}
    """
    content = _content(metadata)
    tables = content.get("tables", {"table": content})
    if not isinstance(tables, Mapping) or len(tables) != 1:
        names = ", ".join(map(repr, tables))
        raise InputError(
            f"The metadata describe {len(tables)} tables ({names}), and one is needed. Give the "
            "content of one: metadata['tables'][NAME]."
        )
    table = next(iter(tables.values()))
    columns = table.get("columns") if isinstance(table, Mapping) else None
    if not isinstance(columns, Mapping) or not columns:
        raise InputError("The metadata have no section 'columns'. Give a metadata.json of SDV.")
    roles = {role: table[role] for role in ("sequence_key", "sequence_index") if table.get(role)}
    kinds = {name: column.get("sdtype") for name, column in columns.items()}
    free = {name: kind for name, kind in kinds.items() if name not in roles.values()}
    exclude = [name for name, kind in free.items() if kind not in LEARNED]
    types = {name: TYPES[kind] for name, kind in free.items() if kind in TYPES}
    options = roles | {"exclude": exclude, "column_types": types}
    return {name: value for name, value in options.items() if value}


def _content(metadata: Any) -> Mapping[str, Any]:
    if hasattr(metadata, "to_dict"):
        metadata = metadata.to_dict()
    if isinstance(metadata, str | Path):
        try:
            metadata = json.loads(Path(metadata).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"The metadata {metadata} cannot be read ({short_message(error)}). Give the path "
                "of a metadata.json of SDV."
            ) from error
    if not isinstance(metadata, Mapping):
        raise InputError(
            f"The metadata are {type(metadata).__name__}. Give a metadata.json of SDV, its "
            "content, or its object."
        )
    return metadata
