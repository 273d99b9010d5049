"""Round trip of tables through `Table` and back to a frame of the very same sequences."""

import json
from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.ingestion import TableReader
from timegan.tables.raw_columns import level_values
from timegan.tables.schema import Schema
from timegan.tables.table import Table


def padded(table: Table) -> np.ndarray:
    """Return a table's sequences (S, T, C), with NaN behind the end."""
    lengths = table.lengths
    windows = np.full((len(lengths), lengths.max(), table.values.shape[1]), np.nan)
    windows[np.arange(lengths.max()) < lengths[:, None]] = table.values
    return windows


def back(table: Table) -> pd.DataFrame:
    """Return the table's sequences as a frame, by a schema restored from its state."""
    schema = Schema.from_state(json.loads(json.dumps(table.schema.state(), allow_nan=False)))
    assert schema == table.schema
    hash(schema)
    return schema.to_frame(padded(table), table.lengths, table.context, table.starts)


def in_order(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Return the rows of a frame in the order of a `Table`."""
    order = TableReader(
        frame,
        options.get("columns"),
        options.get("sequence_key"),
        options.get("sequence_index"),
        options.get("context_columns"),
        options.get("exogenous", ()),
        options.get("categories", ()),
        options.get("na_values"),
        None,
    ).order
    return frame if order is None else frame.iloc[order]


def key_type(dtype: Any) -> Any:
    """Return a type of keys, without the keys that a pandas categorical names."""
    if not isinstance(dtype, pd.CategoricalDtype):
        return dtype
    return dtype.categories.dtype, dtype.ordered


def check_round_trip(frame: pd.DataFrame, **options: Any) -> Table:
    """Check that all rows come back, apart from labels of the key and row numbers."""
    table = Table.from_frame(frame, **options)
    made, expected = back(table), in_order(frame, **options)
    for field in table.schema.of("key"):
        name: Any = field.name
        if not field.index:
            assert key_type(made[name].dtype) == key_type(expected[name].dtype)
            expected = expected.copy()
            place = list(expected.columns).index(name)
            expected.isetitem(place, made[name].set_axis(expected.index))
    if table.schema.of("rows") or not any(field.index for field in table.schema.fields):
        expected = expected.set_axis(made.index)
        assert made.index.dtype == frame.index.dtype
        assert made.index.names == frame.index.names
    elif any(field.index for field in table.schema.of("key")):
        assert made.index.names == expected.index.names
        for i, field in enumerate(f for f in table.schema.fields if f.index):
            levels = [level_values(f.index, i) for f in (made, expected)]
            if field.role == "key":
                assert key_type(levels[0].dtype) == key_type(levels[1].dtype)
            else:
                ours, real = (pd.Index(level) for level in levels)
                pd.testing.assert_index_equal(ours, real)
        expected = expected.set_axis(made.index)
    check_freq = bool((np.diff(table.bounds) == len(frame)).all())
    pd.testing.assert_frame_equal(made, expected, check_freq=check_freq)
    return table
