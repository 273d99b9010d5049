"""Tables to test with, and the way through `Table` and back for the very same sequences."""

from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.schema import Schema
from timegan.tables.table import Table


def padded(table: Table) -> np.ndarray:
    """A table's sequences (S, T, C), NaN behind the end."""
    lengths = table.lengths
    windows = np.full((len(lengths), lengths.max(), table.values.shape[1]), np.nan)
    windows[np.arange(lengths.max()) < lengths[:, None]] = table.values
    return windows


def back(table: Table) -> pd.DataFrame:
    """The table's own sequences as a frame, by a schema that went through its state."""
    import json

    schema = Schema.from_state(json.loads(json.dumps(table.schema.state(), allow_nan=False)))
    assert schema == table.schema
    return schema.to_frame(padded(table), table.lengths, table.context, table.starts)


def check_round_trip(frame: pd.DataFrame, **options: Any) -> Table:
    """Rows as they were, but for the labels of the key and row numbers, in the key's order."""
    table = Table.from_frame(frame, **options)
    made = back(table)
    key = table.schema.of("key")
    expected = frame
    if key and not key[0].index:
        expected = frame.copy()
        expected[key[0].name] = made[key[0].name].array
    if key and key[0].index:
        expected = frame.set_axis(made.index)
        if isinstance(frame.index, pd.MultiIndex):
            names: list[Any] = [level.name for level in table.schema.of("time")]
            for name in names:
                left, right = (f.index.get_level_values(name) for f in (frame, made))
                pd.testing.assert_index_equal(left, right)
    if table.schema.of("rows"):
        expected = frame.set_axis(made.index)
    pd.testing.assert_frame_equal(made, expected)
    return table
