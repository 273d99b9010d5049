"""Encoding of columns of any type as float64, NaN where missing, and exact decoding."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.categories import category_codes, decode_category
from timegan.tables.date_formats import NAT
from timegan.tables.dtypes import is_text, number_type, parse_dtype
from timegan.tables.field_inference import ticks_in_field_unit
from timegan.tables.fields import Field
from timegan.tables.missing_marks import is_mark, without_text_marks
from timegan.tables.timestamps import (
    MISSING_VALUES,
    decode_timestamps,
    encode_timestamps,
    from_ticks,
    to_ticks,
)


def encode(series: "pd.Series[Any]", field: Field) -> np.ndarray:
    """Encode a column as float64 (R,), NaN where a value is missing.

    Numbers stay, less the field's offset. Booleans become 0 and 1, categories their codes,
    timestamps and durations seconds, periods their ordinals.

    Args:
        series: the rows, of the field's type or of one like it.
        field: description of the column.

    Raises:
        InputError: a value is infinite, a category unknown, or the type another one; the message
            names the row.
    """
    try:
        series = without_text_marks(series, field.na_values)
        if field.type == "category":
            return category_codes(series, field)
        if field.type in ("datetime", "timedelta"):
            return encode_timestamps(ticks_in_field_unit(series, field), field)
        if isinstance(series.dtype, pd.PeriodDtype):
            return _floats(to_ticks(series, ""))
        values = _encode_number(series, field)
        return np.where(is_mark(series, field.na_values), np.nan, values)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"Column {field.label!r} ({series.dtype}) cannot be read as {field.dtype} ({error}). "
            "Convert it first."
        ) from error


def decode(values: np.ndarray, field: Field) -> Any:
    """Decode float64 (R,) to a column of the field's pandas type.

    Numbers are rounded and clipped to the range of an integer type.

    Raises:
        ValueError: a value is missing, and the type cannot hold missing values.
    """
    if field.type == "category":
        return decode_category(values, field)
    if field.type in ("datetime", "timedelta"):
        return from_ticks(decode_timestamps(values, field), field)
    if field.type == "boolean":
        return _decode_boolean(values, field)
    empty = np.isnan(values)
    dtype = parse_dtype(field.dtype)
    if isinstance(dtype, pd.PeriodDtype):
        ordinals = np.where(empty, NAT, np.rint(np.where(empty, 0, values)).astype(np.int64))
        return from_ticks(ordinals, field)
    kind = number_type(dtype)
    if kind.kind == "f":
        if kind.itemsize < 8:  # beyond the range of the type lies infinity
            most = np.finfo(kind).max
            values = np.clip(values, -most, most)
        return _wrap(*_with_marks(values.astype(kind), empty, field), field)
    low, high = (int(n) - field.offset for n in (np.iinfo(kind).min, np.iinfo(kind).max))
    whole = np.clip(np.rint(np.where(empty, 0, values)), _inner_bound(low), _inner_bound(high))
    if kind == np.uint64:  # int64 has no room for the sum
        offset, size = np.uint64(field.offset), np.abs(whole).astype(np.uint64)
        unsigned = np.where(whole < 0, offset - size, offset + size)
        return _wrap(*_with_marks(unsigned, empty, field), field)
    integers = (whole.astype(np.int64) + field.offset).astype(kind)
    return _wrap(*_with_marks(integers, empty, field), field)


def decode_integers(numbers: np.ndarray, field: Field) -> Any:
    """Convert integers (int64) to the field's type, exactly.

    Raises:
        InputError: the type cannot hold one of them.
    """
    dtype = parse_dtype(field.dtype)
    if types.is_object_dtype(dtype):
        return numbers.astype(object)
    kind = number_type(dtype)
    cast = numbers.astype(kind)
    wrong = np.flatnonzero(cast.astype(np.int64) != numbers)
    if wrong.size:
        raise InputError(
            f"Column {field.label!r} would need the value {numbers[wrong[0]]}, which its type "
            f"{field.dtype} cannot hold. Convert it to a wider type before training, or sample "
            "fewer sequences or steps."
        )
    return _wrap(cast, np.zeros(len(numbers), dtype=bool), field)


def _encode_number(series: "pd.Series[Any]", field: Field) -> np.ndarray:
    if types.is_object_dtype(series.dtype) or is_text(series.dtype):
        cells = series.astype(object)
        if field.type != "boolean" or types.infer_dtype(cells, skipna=True) != "boolean":
            raise InputError(
                f"Column {field.label!r} holds {types.infer_dtype(cells, skipna=True)}, and "
                f"{field.type}s are needed. Convert it first."
            )
        values = np.array(cells.where(cells.notna(), np.nan).to_numpy(), dtype=np.float64)
    elif field.offset:
        empty = series.isna().to_numpy()
        whole = series.fillna(field.offset) if empty.any() else series
        kind = number_type(whole.dtype)
        differences = whole.to_numpy(dtype=kind) - np.array(field.offset).astype(kind)
        values = np.where(empty, np.nan, differences.astype(np.float64))
    elif isinstance(series.dtype, pd.SparseDtype):
        values = np.asarray(series, dtype=np.float64)
    else:
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(np.isinf(values))
    if bad.size:
        more = f" and {bad.size - 1:,} more like it" if bad.size > 1 else ""
        raise InputError(
            f"Column {field.label!r} has {values[bad[0]]} in row {bad[0] + 1:,} (the first row is "
            f"1){more}: a number must be finite or missing. Fill or drop such rows first."
        )
    return values


def _with_marks(
    values: np.ndarray, empty: np.ndarray, field: Field
) -> tuple[np.ndarray, np.ndarray]:
    """Write the field's mark for missing values; return the values and which stay empty."""
    if field.na_mark is None or not empty.any():
        return values, empty
    return np.where(empty, values.dtype.type(field.na_mark), values), np.zeros_like(empty)


def _decode_boolean(values: np.ndarray, field: Field) -> Any:
    empty = np.isnan(values)
    truths = values >= 0.5
    if types.is_object_dtype(parse_dtype(field.dtype)):
        cells = truths.astype(object)
        cells[empty] = MISSING_VALUES[field.missing]
        return cells
    return _wrap(truths, empty, field)


def _wrap(values: np.ndarray, empty: np.ndarray, field: Field) -> Any:
    """Wrap values of a NumPy type in the field's pandas type."""
    dtype = parse_dtype(field.dtype)
    if isinstance(dtype, pd.ArrowDtype):
        column = pyarrow.array(values, mask=empty).cast(dtype.pyarrow_dtype)
        return pd.arrays.ArrowExtensionArray(column)
    if isinstance(dtype, np.dtype):
        if dtype.kind != "f" and empty.any():
            raise ValueError(
                f"Column {field.label!r}: {int(empty.sum())} missing values in a column of "
                f"{dtype}, which cannot hold any."
            )
        return values.astype(dtype, copy=False)
    if isinstance(dtype, pd.SparseDtype):
        return pd.Series(values).astype(dtype).array
    array: Any = {
        "b": pd.arrays.BooleanArray,
        "i": pd.arrays.IntegerArray,
        "u": pd.arrays.IntegerArray,
        "f": pd.arrays.FloatingArray,
    }[values.dtype.kind]
    blank = np.where(empty, values.dtype.type(1), values) if empty.any() else values
    return array(blank, empty.copy())


def _floats(ticks: np.ndarray) -> np.ndarray:
    return np.where(ticks == NAT, np.nan, ticks.astype(np.float64))


def _inner_bound(bound: int) -> float:
    """Return the float64 nearest to a bound, not beyond it."""
    near = float(bound)
    return near if abs(int(near)) <= abs(bound) else float(np.nextafter(near, 0))
