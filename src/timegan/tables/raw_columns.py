"""The columns and index levels of a DataFrame, one by one, under names that can be kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError, closest_match
from timegan.tables.fields import Field, Name, Role


@dataclass(eq=False)
class Slot:
    """A column or an index level, with its rows and, once it is known, its role."""

    name: Name
    series: "pd.Series[Any]"
    index: bool
    role: Role | None = None
    field: Field | None = None  # where finding the role has told what it is

    @property
    def label(self) -> str:
        """Its name as text."""
        return "the index" if self.name is None else str(self.name)


@dataclass
class Roles:
    """Every column with its role, the sequences that the key makes, and what was decided."""

    slots: list[Slot]
    codes: np.ndarray | None = None  # (R,) the sequence of each row, in order of appearance
    notes: list[str] = field(default_factory=list)

    def of(self, role: Role) -> list[Slot]:
        """The slots of one role."""
        return [slot for slot in self.slots if slot.role == role]


def level_values(index: Any, place: int) -> Any:
    """The rows of an index level by its place; pandas would take the number for a name first."""
    if index.nlevels == 1:
        return index
    return index.rename([None] * index.nlevels).get_level_values(place)


def slots_of(frame: pd.DataFrame) -> list[Slot]:
    """Every index level and column, levels first; a plain index of row numbers is none.

    Raises:
        InputError: names that occur twice or cannot be kept.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(
            "The table's columns have names of several levels: one name a column is needed. "
            "Join them: frame.columns = ['_'.join(map(str, name)) for name in frame.columns]."
        )
    index = frame.index
    plain = isinstance(index, pd.RangeIndex) and index.name is None
    levels: list[Slot] = []
    if not plain:
        for i, name in enumerate(index.names):
            values = level_values(index, i)
            levels.append(Slot(_checked(name, "index level"), _plain(values), True))
    columns = [
        Slot(_checked(name, "column"), _plain(frame.iloc[:, i]), False)
        for i, name in enumerate(frame.columns)
    ]
    if any(slot.name is None for slot in columns):
        raise InputError("The table has a column without a name (None). Give it one.")
    slots = levels + columns
    seen: set[str] = set()
    for slot in slots:
        if slot.name is not None and slot.label in seen:
            raise InputError(
                f"The table has the column {slot.label!r} more than once: names must differ. "
                "Rename one."
            )
        seen.add(slot.label)
    return slots


def _plain(values: Any) -> "pd.Series[Any]":
    """The same rows without an index; the type is given, or pandas makes text of objects."""
    rows: pd.Series[Any] = pd.Series(values.array, dtype=values.dtype, copy=False)
    return rows


def _checked(name: Any, what: str) -> Name:
    """A name as a plain value that survives JSON."""
    if isinstance(name, np.integer | np.floating):
        name = name.item()
    if name is None or (isinstance(name, str | int | float) and name == name):
        if isinstance(name, bool) or name in (float("inf"), -float("inf")):
            pass
        else:
            return name
    raise InputError(
        f"A {what} is called {name!r} ({type(name).__name__}): names must be text or numbers. "
        "Rename it."
    )


def find(name: Name, slots: Sequence[Slot]) -> Slot:
    """The slot of a name, or of one that reads the same.

    Raises:
        InputError: there is none.
    """
    for slot in slots:
        if slot.name is not None and (slot.name == name or slot.label == str(name)):
            return slot
    labels = [slot.label for slot in slots if slot.name is not None]
    near = closest_match(str(name), labels)
    guess = f" Did you mean {near!r}?" if near else ""
    shown = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")
    raise InputError(f"The table has no column {str(name)!r}.{guess} It has: {shown}.")
