"""Another table, cut into windows like the one that a data module holds."""

from pathlib import Path

import numpy as np
import pandas as pd

from timegan.data.datamodule import WindowDataModule
from timegan.data.window_index import windows_of
from timegan.errors import InputError
from timegan.tables import Sequences, Table
from timegan.tables.readers import read_table
from timegan.transforms.table_transform import TableTransform


def sequences_like(
    data: WindowDataModule, source: pd.DataFrame | str | Path, name: str
) -> Sequences:
    """Another table cut into windows as ``data``'s is, in the same units, time as there.

    Args:
        data: what the windows are to resemble.
        source: a DataFrame or a file.
        name: what to call it in messages.

    Raises:
        InputError: the table lacks a column, holds what cannot be compared, or is too short.
    """
    frame = source if isinstance(source, pd.DataFrame) else read_table(source)
    what = name if isinstance(source, pd.DataFrame) else f"{name}={source}"
    schema = data.transform.schema
    if schema.key is not None and schema.key not in [*frame.columns, *frame.index.names]:
        raise InputError(
            f"{what}: there is no column {schema.key!r}, which tells the real table's sequences "
            "apart. Give the synthetic sequences such numbers, too."
        )
    try:
        table = Table.from_frame(frame, like=schema)
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
    _check_holes(table, data.transform, what)
    if data.transform.reversed:
        table = table.reversed()
    places = windows_of(table.bounds, data.window, data.options.stride, data.transform.variable)
    if not len(places.starts):
        raise InputError(
            f"{what}: no sequence has the {data.window} rows of a window. "
            "Give a smaller dataset.window."
        )
    return data.cut(table, places)


def _check_holes(table: Table, transform: TableTransform, what: str) -> None:
    """Refuse missing values in columns that have none in the real table."""
    for facets, values, where in zip(
        transform.facets(), (table.values, table.context), ("row", "sequence"), strict=True
    ):
        for i, facet in enumerate(facets):
            empty = np.flatnonzero(np.isnan(values[:, i]))
            if empty.size and not facet.holes:
                raise InputError(
                    f"{what}: column {facet.name!r} has no value (NaN) in {where} "
                    f"{empty[0] + 1:,} (the first is 1), and the real table has none missing. "
                    "Fill or drop such values first."
                )
