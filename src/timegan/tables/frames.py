"""Tables in memory as DataFrames: arrays, lists of sequences, and frames of other libraries."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.detection import SEQUENCE
from timegan.tables.readers import read_table

KNOWN = (
    "a DataFrame (of pandas, polars or any library with to_pandas), an array (N, T, C) or (T, C), "
    "a list of such tables, or the path of a file"
)
"""Objects that can be learned from, for messages."""


def to_frame(table: Any, name: str = "table") -> pd.DataFrame:
    """Return a table of any kind as a DataFrame, one row a step.

    Args:
        table: a DataFrame; an array of one series (T, C) or of sequences (N, T, C); a list with a
            table for each sequence; a frame with ``to_pandas``; or a file or pattern.
        name: of the argument, for messages.

    Raises:
        InputError: there is no such kind, or tables of a list have different columns.

    >>> to_frame(np.zeros((2, 3, 1))).columns.tolist()
    ['sequence', 'feature_1']
    """
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, str | Path):
        return read_table(table)
    if isinstance(table, pd.Series):
        return table.to_frame("feature_1" if table.name is None else table.name)
    if hasattr(table, "collect") and not hasattr(table, "to_pandas"):
        raise InputError(f"{name} is lazy ({_kind(table)}). Give {name}.collect().")
    if hasattr(table, "to_pandas"):
        frame = table.to_pandas()
        return to_frame(frame, name)
    if isinstance(table, Mapping):
        raise InputError(f"{name} is a dict. Give pandas.DataFrame({name}), or a list of tables.")
    if isinstance(table, list | tuple):
        return _joined(table, name)
    if hasattr(table, "detach"):  # a tensor of torch
        table = table.detach().cpu()
    if hasattr(table, "__array__"):
        return _of_array(np.asarray(table), name)
    raise InputError(f"{name} is {table!r:.60} ({_kind(table)}). Give {KNOWN}.")


def _kind(table: Any) -> str:
    kind = type(table)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _of_array(array: np.ndarray, name: str) -> pd.DataFrame:
    if array.dtype.names is not None:
        return pd.DataFrame(array)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise InputError(
            f"{name} has the shape {array.shape}. Give an array (N, T, C) of sequences, or (T, C) "
            "of one series."
        )
    names = [f"feature_{i + 1}" for i in range(array.shape[-1])]
    if array.ndim == 2:
        return pd.DataFrame(array, columns=names).infer_objects()
    count, steps, channels = array.shape
    frame = pd.DataFrame(array.reshape(-1, channels), columns=names).infer_objects()
    frame.insert(0, SEQUENCE, np.repeat(np.arange(count), steps))
    return frame


def _joined(tables: Sequence[Any], name: str) -> pd.DataFrame:
    """Return tables as one, each a sequence."""
    if not tables:
        raise InputError(f"{name} is an empty list. Give one table for each sequence.")
    if not all(_is_table(table) for table in tables):
        array = _array_of(tables)
        if array is not None:
            return _of_array(array, name)
        odd = next(table for table in tables if not _is_table(table))
        raise InputError(f"{name} is a list with {odd!r:.60} ({_kind(odd)}). Give {KNOWN}.")
    frames = [to_frame(table, f"{name}[{i}]") for i, table in enumerate(tables)]
    first = list(map(str, frames[0].columns))
    for i, frame in enumerate(frames):
        columns = list(map(str, frame.columns))
        if columns != first:
            raise InputError(
                f"{name}[{i}] has the columns {', '.join(columns)}, and {name}[0] has "
                f"{', '.join(first)}: all sequences need the same."
            )
        if SEQUENCE in columns:
            raise InputError(
                f"{name}[{i}] has a column {SEQUENCE!r}, which would number the tables. Join them "
                "by pandas.concat, and name their key by sequence_key."
            )
    indexes = [frame.index for frame in frames]
    has_index = any(not isinstance(index, pd.RangeIndex) for index in indexes)
    joined = pd.concat(frames, ignore_index=not has_index)
    joined.insert(0, SEQUENCE, np.repeat(np.arange(len(frames)), [len(frame) for frame in frames]))
    return joined


def _is_table(value: Any) -> bool:
    is_array = hasattr(value, "__array__") and np.ndim(value) > 0
    return isinstance(value, str | Path) or hasattr(value, "to_pandas") or is_array


def _array_of(rows: Sequence[Any]) -> np.ndarray | None:
    """Return nested lists of numbers as an array; None where they are none."""
    try:
        array = np.asarray(rows)
    except ValueError:  # lists of several lengths
        return None
    return array if array.ndim > 1 and array.dtype.kind in "biuf" else None
