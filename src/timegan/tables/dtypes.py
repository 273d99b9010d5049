"""Names of pandas types, as a saved model keeps them, and the types of these names."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pandas.api import types

from timegan.errors import InputError

ARROW_SUFFIX = "[pyarrow]"
TEXT_DTYPE = re.compile(r"(str|string)\((\w+)\)")
TIME_DTYPE = re.compile(
    r"(?:timestamp|duration|datetime64|timedelta64)\[(s|ms|us|ns)(?:, (?:tz=)?(.+))?\]"
)

TICKS_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Ticks of each unit in a second."""


def dtype_name(dtype: Any) -> str:
    """Return the name of a pandas type, which `parse_dtype` reads.

    Raises:
        InputError: no name leads back to the type, such as one with parameters of its own.

    >>> dtype_name(pd.Series([1]).dtype), dtype_name(pd.StringDtype("python"))
    ('int64', 'string(python)')
    """
    if isinstance(dtype, pd.StringDtype):
        missing: Any = getattr(dtype, "na_value", pd.NA)
        name = f"{'string' if missing is pd.NA else 'str'}({dtype.storage})"
    elif isinstance(dtype, pd.CategoricalDtype):
        return "category"
    else:
        name = str(dtype)
    try:
        known = parse_dtype(name) == dtype
    except (TypeError, ValueError, KeyError):
        known = False
    if not known:
        raise InputError(
            f"the type {dtype} cannot be kept: no description of it leads back to it. "
            "Convert the column to a plain type first."
        )
    return name


def parse_dtype(name: str) -> Any:
    """Return the pandas type that `dtype_name` gave a name."""
    if name.endswith(ARROW_SUFFIX):
        return pd.ArrowDtype(_arrow_type(name.removesuffix(ARROW_SUFFIX)))
    text = TEXT_DTYPE.fullmatch(name)
    if text is None:
        return types.pandas_dtype(name)
    if text[1] == "string":
        return pd.StringDtype(text[2])
    try:
        return pd.StringDtype(text[2], na_value=np.nan)
    except TypeError:  # pandas 2.2 keeps such text as objects
        return np.dtype(object)


def unit_and_zone(name: str) -> tuple[str, str]:
    """Return unit and time zone of a type that counts ticks, or empty texts.

    Args:
        name: of the type, as `dtype_name` returns it.

    >>> unit_and_zone("datetime64[ns, Europe/Berlin]"), unit_and_zone("int64")
    (('ns', 'Europe/Berlin'), ('', ''))
    """
    if name.startswith("date32"):
        return "s", ""
    if name.startswith("date64"):
        return "ms", ""
    found = TIME_DTYPE.fullmatch(name.removesuffix(ARROW_SUFFIX))
    return (found[1], found[2] or "") if found else ("", "")


def is_text(dtype: Any) -> bool:
    """Check that a type holds text only; a column of objects may hold anything."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind))
    return isinstance(dtype, pd.StringDtype)


def holds_text(series: "pd.Series[Any]") -> bool:
    """Check that all cells with a value are text; before pandas 3 such columns are of objects."""
    if is_text(series.dtype):
        return True
    is_object = types.is_object_dtype(series.dtype)
    return is_object and types.infer_dtype(series, skipna=True) == "string"


def is_datetime(dtype: Any) -> bool:
    """Check that a type holds dates, timestamps or periods."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind))
    return types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype)


def is_timedelta(dtype: Any) -> bool:
    """Check that a type holds durations."""
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pyarrow.types.is_duration(dtype.pyarrow_dtype))
    return types.is_timedelta64_dtype(dtype)


def is_number(dtype: Any) -> bool:
    """Check that a type holds real numbers; booleans do not count."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind))
    return (
        types.is_numeric_dtype(dtype)
        and not types.is_complex_dtype(dtype)
        and not types.is_bool_dtype(dtype)
    )


def number_type(dtype: Any) -> np.dtype[Any]:
    """Return the NumPy type inside the pandas type of a column of numbers or booleans."""
    if isinstance(dtype, np.dtype):
        return dtype
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    numpy_type: np.dtype[Any] = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return numpy_type


def _arrow_type(name: str) -> Any:
    found = re.fullmatch(r"timestamp\[(\w+), tz=(.+)\]", name)
    return pyarrow.timestamp(found[1], found[2]) if found else pyarrow.type_for_alias(name)
