"""Categories as plain values and as pandas types, and their codes."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError, closest_match
from timegan.tables.dtypes import dtype_name, parse_dtype
from timegan.tables.fields import Field
from timegan.tables.timestamps import MISSING_VALUES


def plain_categories(categories: "pd.Index[Any]") -> tuple[tuple[Any, ...], str, str]:
    """Return categories as plain values, the name of their type, and the closed side of intervals.

    Raises:
        InputError: a category is not text, a number, a boolean or an interval of numbers.
    """
    if isinstance(categories, pd.IntervalIndex):
        pairs = zip(categories.left.tolist(), categories.right.tolist(), strict=True)
        values: tuple[Any, ...] = tuple(pairs)
        name, closed = dtype_name(categories.left.dtype), str(categories.closed)
    else:
        values, name, closed = tuple(categories.tolist()), dtype_name(categories.dtype), ""
    flat = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    odd = next((part for part in flat if not isinstance(part, str | int | float)), None)
    if odd is not None:
        raise InputError(
            f"a category is {odd!r} ({type(odd).__name__}), and categories must be text, numbers "
            "or booleans. Convert them to text first."
        )
    return values, name, closed


def categorical_dtype(field: Field, more: tuple[Any, ...] = ()) -> pd.CategoricalDtype:
    """Return the categorical type of a field; ``more`` categories follow its own."""
    values = [*field.categories, *more]
    dtype = parse_dtype(field.categories_dtype)
    index: pd.Index[Any]
    if field.closed:
        left, right = (pd.Index([pair[i] for pair in values], dtype=dtype) for i in (0, 1))
        closed: Any = field.closed
        index = pd.IntervalIndex.from_arrays(left, right, closed=closed)
    else:
        index = pd.Index(values, dtype=dtype)
    return pd.CategoricalDtype(index, ordered=field.ordered)


def category_codes(series: "pd.Series[Any]", field: Field) -> np.ndarray:
    """Return the code of each row's category as float64, NaN where a value is missing.

    Raises:
        InputError: the field does not have a category of the column.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, present = series.cat.codes.to_numpy(), plain_categories(series.cat.categories)[0]
    else:
        codes, uniques = pd.factorize(series)
        present = tuple(uniques.tolist())
    known = {value: code for code, value in enumerate(field.categories)}
    places = np.array([known.get(value, -1) for value in present] + [-1], dtype=np.int64)
    found = places[codes]
    unknown = np.flatnonzero((found < 0) & (codes >= 0))
    if unknown.size:
        value = present[codes[unknown[0]]]
        near = closest_match(str(value), map(str, field.categories))
        guess = f" Did you mean {near!r}?" if near else ""
        more = ", ..." if len(field.categories) > 12 else ""
        shown = ", ".join(map(str, field.categories[:12])) + more
        raise InputError(
            f"Column {field.label!r} has {value!r} in row {unknown[0] + 1:,} (the first row is 1), "
            f"which the table that was learned does not have.{guess} It has: {shown}."
        )
    return np.where(found < 0, np.nan, found)


def decode_category(values: np.ndarray, field: Field, more: tuple[Any, ...] = ()) -> Any:
    """Return a column of categories or text from the closest_match codes (R,)."""
    empty = np.isnan(values)
    last = len(field.categories) + len(more) - 1
    codes = np.clip(np.rint(np.where(empty, 0, values)), 0, last).astype(np.int64)
    codes[empty] = -1
    if field.categories_dtype:
        return pd.Categorical.from_codes(codes, dtype=categorical_dtype(field, more))
    dtype = parse_dtype(field.dtype)
    if types.is_object_dtype(dtype):
        cells = np.empty(len(field.categories) + 1, dtype=object)
        cells[:-1] = field.categories
        cells[-1] = MISSING_VALUES[field.missing] if field.na_mark is None else field.na_mark
        return cells[codes]
    if field.na_mark is not None:
        return pd.Series([*field.categories, field.na_mark], dtype=dtype).array.take(codes)
    return pd.Series(list(field.categories), dtype=dtype).array.take(codes, allow_fill=True)
