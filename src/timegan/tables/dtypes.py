"""pandas types as plain words, and the types again: what a saved model keeps of a table's types."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pandas.api import types

from timegan.errors import InputError

ARROW = "[pyarrow]"
TEXT = re.compile(r"(str|string)\((\w+)\)")
CLOCK = re.compile(
    r"(?:timestamp|duration|datetime64|timedelta64)\[(s|ms|us|ns)(?:, (?:tz=)?(.+))?\]"
)

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Ticks of each unit in a second."""


def describe(dtype: Any) -> str:
    """A pandas type in words; `revive` makes the type again.

    Raises:
        InputError: a type that cannot be written down, such as one with parameters of its own.

    >>> describe(pd.Series([1]).dtype), describe(pd.StringDtype("python"))
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
        known = revive(name) == dtype
    except (TypeError, ValueError, KeyError):
        known = False
    if not known:
        raise InputError(
            f"the type {dtype} cannot be kept: no description of it leads back to it. "
            "Convert the column to a plain type first."
        )
    return name


def revive(name: str) -> Any:
    """The pandas type that `describe` put into words."""
    if name.endswith(ARROW):
        return pd.ArrowDtype(_arrow_type(name.removesuffix(ARROW)))
    text = TEXT.fullmatch(name)
    if text is None:
        return types.pandas_dtype(name)
    if text[1] == "string":
        return pd.StringDtype(text[2])
    try:
        return pd.StringDtype(text[2], na_value=np.nan)
    except TypeError:  # pandas 2.2 keeps such text as objects
        return np.dtype(object)


def clock(name: str) -> tuple[str, str]:
    """Unit and time zone of a type that counts ticks, from its name; empty where it has none.

    >>> clock("datetime64[ns, Europe/Berlin]"), clock("date32[day][pyarrow]"), clock("int64")
    (('ns', 'Europe/Berlin'), ('s', ''), ('', ''))
    """
    if name.startswith("date32"):
        return "s", ""
    if name.startswith("date64"):
        return "ms", ""
    found = CLOCK.fullmatch(name.removesuffix(ARROW))
    return (found[1], found[2] or "") if found else ("", "")


def is_text(dtype: Any) -> bool:
    """Whether a type holds text and nothing else (objects may, or may not)."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind))
    return isinstance(dtype, pd.StringDtype)


def is_moment(dtype: Any) -> bool:
    """Whether a type holds dates or times of a calendar; periods included."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind))
    return types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype)


def is_span(dtype: Any) -> bool:
    """Whether a type holds lengths of time."""
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pyarrow.types.is_duration(dtype.pyarrow_dtype))
    return types.is_timedelta64_dtype(dtype)


def is_number(dtype: Any) -> bool:
    """Whether a type holds numbers that float64 can stand for; booleans are none."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        return bool(pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind))
    return (
        types.is_numeric_dtype(dtype)
        and not types.is_complex_dtype(dtype)
        and not types.is_bool_dtype(dtype)
    )


def number_type(dtype: Any) -> np.dtype[Any]:
    """The numpy type of a column of numbers or booleans, whatever pandas wraps it in."""
    if isinstance(dtype, np.dtype):
        return dtype
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    numpy_type: np.dtype[Any] = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return numpy_type


def _arrow_type(name: str) -> Any:
    found = re.fullmatch(r"timestamp\[(\w+), tz=(.+)\]", name)
    return pyarrow.timestamp(found[1], found[2]) if found else pyarrow.type_for_alias(name)
