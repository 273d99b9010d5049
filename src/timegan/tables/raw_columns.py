"""Columns and index levels of a DataFrame under names that a saved model can keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError, closest_match
from timegan.tables.fields import Field, Name, Role


@dataclass(eq=False)
class RawColumn:
    """A column or an index level with its rows and, once inferred, its role."""

    name: Name
    series: "pd.Series[Any]"
    index: bool
    role: Role | None = None
    is_hidden: bool = False  # the time of a table that has only its parts
    field: Field | None = None  # where inferring the role has described the column
    wall_format: str = ""  # how local times are written that were read in a time zone

    @property
    def label(self) -> str:
        """Return the name as text."""
        return "the index" if self.name is None else str(self.name)


@dataclass
class ColumnRoles:
    """Every column with its role, the sequences that the key makes, and notes on decisions."""

    columns: list[RawColumn]
    codes: np.ndarray | None = None  # (R,) the sequence of each row, in order of appearance
    notes: list[str] = field(default_factory=list)
    parts: dict[str, RawColumn] = field(default_factory=dict)  # year, month ... of the time

    def of(self, role: Role) -> list[RawColumn]:
        """Return the columns of one role."""
        return [column for column in self.columns if column.role == role]


def level_values(index: Any, place: int) -> Any:
    """Return the rows of an index level by its place: pandas takes a number for a name first."""
    if index.nlevels == 1:
        return index
    return index.rename([None] * index.nlevels).get_level_values(place)


def raw_columns(frame: pd.DataFrame) -> list[RawColumn]:
    """Return every index level and column, levels first, without a default index.

    Raises:
        InputError: names occur twice or cannot be kept.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(
            "The table's columns have names of several levels: one name a column is needed. "
            "Join them: frame.columns = ['_'.join(map(str, name)) for name in frame.columns]."
        )
    index = frame.index
    plain = isinstance(index, pd.RangeIndex) and index.name is None
    levels: list[RawColumn] = []
    if not plain:
        for i, name in enumerate(index.names):
            values = level_values(index, i)
            levels.append(RawColumn(_checked(name, "index level"), _plain(values), True))
    columns = [
        RawColumn(_checked(name, "column"), _plain(frame.iloc[:, i]), False)
        for i, name in enumerate(frame.columns)
    ]
    if any(column.name is None for column in columns):
        raise InputError("The table has a column without a name (None). Give it one.")
    columns = levels + columns
    seen: set[str] = set()
    for column in columns:
        if column.name is not None and column.label in seen:
            raise InputError(
                f"The table has the column {column.label!r} more than once: names must differ. "
                "Rename one."
            )
        seen.add(column.label)
    return columns


def _plain(values: Any) -> "pd.Series[Any]":
    """Return the rows without an index, of the type given: pandas would make text of objects."""
    rows: pd.Series[Any] = pd.Series(values.array, dtype=values.dtype, copy=False)
    return rows


def _checked(name: Any, what: str) -> Name:
    """Return a name as a plain value that survives JSON."""
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


def find(name: Name, columns: Sequence[RawColumn]) -> RawColumn:
    """Return the column of a name, or of a name that reads alike.

    Raises:
        InputError: there is none.
    """
    for column in columns:
        if column.name is not None and (column.name == name or column.label == str(name)):
            return column
    labels = [column.label for column in columns if column.name is not None]
    near = closest_match(str(name), labels)
    guess = f" Did you mean {near!r}?" if near else ""
    shown = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")
    raise InputError(f"The table has no column {str(name)!r}.{guess} It has: {shown}.")


def free_name(wanted: str, taken: Iterable[Any]) -> str:
    """Return a name that no column has: the wanted one, with underscores if needed."""
    names = {str(name) for name in taken}
    while wanted in names:
        wanted += "_"
    return wanted
