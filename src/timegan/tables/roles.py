"""Which column is what: the key, the time, what is constant in a sequence, and the features."""

from collections.abc import Sequence

import pandas as pd

from timegan.errors import InputError
from timegan.tables.detection import find_key, find_time, finish_index
from timegan.tables.fields import Name, Role
from timegan.tables.slots import Roles, Slot, find, slots_of


def find_roles(
    frame: pd.DataFrame,
    columns: Sequence[Name] | None,
    sequence_key: Name,
    sequence_index: Name,
    context: Sequence[Name],
    exogenous: Sequence[Name],
) -> Roles:
    """Give every column and index level its role; columns that nobody asked for are left out.

    Args:
        frame: any table.
        columns: the features; None takes all columns that are nothing else.
        sequence_key: what tells sequences apart; None looks for it.
        sequence_index: the time; None looks for it.
        context: what is constant within a sequence.
        exogenous: what is given from outside at each step.

    Raises:
        InputError: names that do not exist, occur twice or cannot be kept; two roles for one
            column; an index that fits no role.
    """
    slots = slots_of(frame)
    asked: list[tuple[Role, Sequence[Name]]] = [
        ("key", [sequence_key] if sequence_key is not None else []),
        ("time", [sequence_index] if sequence_index is not None else []),
        ("context", context),
        ("exogenous", exogenous),
        ("feature", columns or []),
    ]
    for role, names in asked:
        for name in names:
            _give(find(name, slots), role)
    roles = Roles(slots)
    find_key(roles)
    find_time(roles)
    finish_index(roles)
    for slot in slots:
        if slot.role is None and columns is None:
            slot.role = "feature"
    roles.slots = [slot for slot in slots if slot.role is not None]
    return roles


KEYS = {
    "key": "sequence_key",
    "time": "sequence_index",
    "context": "context_columns",
    "exogenous": "exogenous",
    "feature": "columns",
}
"""Role -> the option that gives it."""


def _give(slot: Slot, role: Role) -> None:
    if slot.role is not None and slot.role != role:
        if role == "feature":
            return  # it may stand among the columns that are kept
        raise InputError(
            f"Column {slot.label!r} is given by dataset.{KEYS[slot.role]} and by "
            f"dataset.{KEYS[role]}: a column has one role. Take it out of one."
        )
    slot.role = role
