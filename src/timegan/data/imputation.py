"""Treatment of missing values before anything is learned (``dataset.missing``)."""

from dataclasses import replace

import numpy as np

from timegan.errors import InputError
from timegan.tables import Table
from timegan.transforms.missing import fill_missing

MISSING_OPTIONS = ("learn", "interpolate", "drop", "error")


def handle_missing(table: Table, option: str) -> Table:
    """Return the table as ``dataset.missing`` asks for it.

    Args:
        table: NaN where a value is missing.
        option: ``learn`` leaves missing values; ``interpolate`` fills numbers linearly and other
            columns by the value before, within each sequence; ``drop`` removes rows with a missing
            value and splits the sequence there; ``error`` refuses the table.

    Raises:
        InputError: a value is missing with ``error``, or nothing is left.
    """
    missing, missing_context = np.isnan(table.values), np.isnan(table.context)
    if option == "learn" or not (missing.any() or missing_context.any()):
        return table
    if option == "error":
        raise InputError(_describe_first(table, missing, missing_context))
    if option == "interpolate":
        return _interpolate(table)
    return _drop(table, missing.any(axis=1), missing_context.any(axis=1))


def _describe_first(table: Table, missing: np.ndarray, missing_context: np.ndarray) -> str:
    """Return a message about the first missing value."""
    remedy = "Fill it, or set dataset.missing=learn, interpolate or drop."
    if not missing.any():
        sequence, column = (int(i) for i in np.argwhere(missing_context)[0])
        name = table.schema.context_fields[column].label
        return f"Context column {name!r} has no value in sequence {sequence + 1:,}. {remedy}"
    row, column = (int(i) for i in np.argwhere(missing)[0])
    name = table.schema.value_fields[column].label
    return (
        f"Column {name!r} has no value in row {row + 1:,} (rows in the order of sequences, the "
        f"first is 1), and {int(missing.sum()):,} values are missing in all. {remedy}"
    )


def _interpolate(table: Table) -> Table:
    """Fill each column within its sequences, or by its median where a sequence has no value."""
    columns = [
        (table.values, table.schema.value_fields, table.bounds[:, 0]),
        (table.context, table.schema.context_fields, np.arange(len(table.context))),
    ]
    full = []
    for values, fields, breaks in columns:
        values = values.copy()
        for i, field in enumerate(fields):
            present = np.sort(values[:, i][~np.isnan(values[:, i])])
            median = float(present[len(present) // 2]) if present.size else 0.0
            how = "hold" if field.type in ("category", "boolean") else "linear"
            values[:, i] = fill_missing(values[:, i], breaks, how, median)
        full.append(values)
    return replace(table, values=full[0], context=full[1])


def _drop(table: Table, bad: np.ndarray, bad_sequences: np.ndarray) -> Table:
    """Remove rows and sequences with a missing value; the rows on both sides are two sequences."""
    owner = np.repeat(np.arange(len(table.bounds)), table.lengths)
    kept = np.flatnonzero(~bad & ~bad_sequences[owner])
    if not kept.size:
        raise InputError(
            "dataset.missing=drop leaves nothing, because every row has a missing value. Set "
            "dataset.missing=learn, or leave out the column that is empty most often."
        )
    is_cut = (np.diff(kept) > 1) | (np.diff(owner[kept]) > 0)
    starts = np.concatenate([[0], np.flatnonzero(is_cut) + 1])
    bounds = np.stack([starts, np.append(starts[1:], kept.size)], axis=1)
    return replace(
        table,
        values=table.values[kept],
        bounds=bounds,
        context=table.context[owner[kept[starts]]],
        time=None if table.time is None else table.time[kept],
    )
