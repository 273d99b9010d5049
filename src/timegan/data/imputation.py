"""What becomes of missing values before anything is learned (``dataset.missing``)."""

from dataclasses import replace

import numpy as np

from timegan.errors import InputError
from timegan.tables import Table
from timegan.transforms.missing import filled

WAYS = ("learn", "interpolate", "drop", "error")


def treat(table: Table, way: str) -> Table:
    """The table as ``dataset.missing`` wants it.

    Args:
        table: NaN where a value is missing.
        way: ``learn`` leaves them; ``interpolate`` fills numbers on a line and all else by the
            value before, within each sequence; ``drop`` takes rows with a hole out and parts the
            sequence there; ``error`` refuses the table.

    Raises:
        InputError: there is a hole and ``error``, or nothing is left.
    """
    holes = np.isnan(table.values)
    static = np.isnan(table.context)
    if way == "learn" or not (holes.any() or static.any()):
        return table
    if way == "error":
        raise InputError(_first(table, holes, static))
    if way == "interpolate":
        return _interpolated(table)
    return _dropped(table, holes.any(axis=1), static.any(axis=1))


def _first(table: Table, holes: np.ndarray, static: np.ndarray) -> str:
    """Where the first one is."""
    remedy = "Fill it, or give dataset.missing=learn, interpolate or drop."
    if not holes.any():
        sequence, column = (int(i) for i in np.argwhere(static)[0])
        name = table.schema.context_fields[column].label
        return f"Static column {name!r} has no value in sequence {sequence + 1:,}. {remedy}"
    row, column = (int(i) for i in np.argwhere(holes)[0])
    name = table.schema.value_fields[column].label
    return (
        f"Column {name!r} has no value in row {row + 1:,} (rows in the order of sequences, the "
        f"first is 1), and {int(holes.sum()):,} values are missing in all. {remedy}"
    )


def _interpolated(table: Table) -> Table:
    """Holes of each column filled within its sequence, or by the column's middle value."""
    columns = [
        (table.values, table.schema.value_fields, table.bounds[:, 0]),
        (table.context, table.schema.context_fields, np.arange(len(table.context))),
    ]
    full = []
    for values, fields, breaks in columns:
        values = values.copy()
        for i, field in enumerate(fields):
            there = np.sort(values[:, i][~np.isnan(values[:, i])])
            middle = float(there[len(there) // 2]) if there.size else 0.0
            how = "hold" if field.type in ("category", "boolean") else "linear"
            values[:, i] = filled(values[:, i], breaks, how, middle)
        full.append(values)
    return replace(table, values=full[0], context=full[1])


def _dropped(table: Table, bad: np.ndarray, bad_sequences: np.ndarray) -> Table:
    """Rows and sequences with a hole taken out; what is on both sides are two sequences."""
    owner = np.repeat(np.arange(len(table.bounds)), table.lengths)
    kept = np.flatnonzero(~bad & ~bad_sequences[owner])
    if not kept.size:
        raise InputError(
            "Every row has a missing value: dataset.missing=drop leaves nothing. Take "
            "dataset.missing=learn, or leave out the column that is empty most often."
        )
    parted = (np.diff(kept) > 1) | (np.diff(owner[kept]) > 0)
    starts = np.concatenate([[0], np.flatnonzero(parted) + 1])
    bounds = np.stack([starts, np.append(starts[1:], kept.size)], axis=1)
    return replace(
        table,
        values=table.values[kept],
        bounds=bounds,
        context=table.context[owner[kept[starts]]],
        time=None if table.time is None else table.time[kept],
    )
