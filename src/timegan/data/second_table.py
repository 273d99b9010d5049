"""A second table, cut into windows like the one that a data module holds."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from timegan.data.datamodule import WindowDataModule
from timegan.data.window_index import index_windows
from timegan.errors import InputError
from timegan.tables import Field, Schema, Sequences, Table
from timegan.tables.missing_marks import without_text_marks
from timegan.tables.readers import read_table
from timegan.transforms.table_transform import TableTransform


@dataclass(frozen=True)
class SecondTable:
    """A table like that of a data module, whole and in windows.

    Args:
        table: all rows, time running forwards.
        windows: as a data module cuts them, time as the model sees it.
    """

    table: Table
    windows: Sequences


def read_second_table(
    data: WindowDataModule, source: pd.DataFrame | str | Path, name: str
) -> SecondTable:
    """Read another table, and cut it into windows like those of ``data``, in its units.

    Args:
        data: set up, and an example of the windows.
        source: a DataFrame or a file.
        name: of the table, for messages.

    Raises:
        InputError: the table lacks a column, holds values that cannot be compared, or is too short.
    """
    frame = source if isinstance(source, pd.DataFrame) else read_table(source)
    what = name if isinstance(source, pd.DataFrame) else f"{name}={source}"
    schema = data.transform.schema
    if schema.key is not None and schema.key not in [*frame.columns, *frame.index.names]:
        raise InputError(
            f"{what}: there is no column {schema.key!r}, which identifies the sequences of the "
            "real table. Give every sequence such a key."
        )
    try:
        table = Table.from_frame(frame, like=_with_new_labels(schema, frame))
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
    _check_missing(table, data.transform, what)
    turned = table.reversed() if data.transform.reversed else table
    index = index_windows(turned.bounds, data.window, data.options.stride, data.transform.variable)
    if not len(index.starts):
        raise InputError(
            f"{what}: no sequence has the {data.window} rows of a window. "
            "Set a smaller dataset.window."
        )
    return SecondTable(table, data.windows_of_table(turned, index))


def _with_new_labels(schema: Schema, frame: pd.DataFrame) -> Schema:
    """Return the schema with labels of the frame that it lacks, so that they are measured."""

    def extended(field: Field) -> Field:
        if field.type != "category" or field.closed or field.name not in frame.columns:
            return field
        cells = without_text_marks(frame[field.name], field.na_values).dropna()
        known, kinds = set(field.categories), {type(label) for label in field.categories}
        new = [v for v in cells.unique().tolist() if v not in known and type(v) in kinds]
        return replace(field, categories=(*field.categories, *new))

    return replace(schema, fields=tuple(map(extended, schema.fields)))


def _check_missing(table: Table, transform: TableTransform, what: str) -> None:
    """Refuse missing values in columns that have none in the real table."""
    for columns, values, where in (
        (transform.value_columns, table.values, "row"),
        (transform.context_columns, table.context, "sequence"),
    ):
        for i, (field, transformer) in enumerate(columns):
            empty = np.flatnonzero(np.isnan(values[:, i]))
            if empty.size and not transformer.has_missing:
                raise InputError(
                    f"{what}: column {field.label!r} has no value (NaN) in {where} "
                    f"{empty[0] + 1:,} (the first is 1), and the real table has none missing. "
                    "Fill or drop such values first."
                )
