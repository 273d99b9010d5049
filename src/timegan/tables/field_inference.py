"""What a column is: its type, categories and offsets, read from all of its rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.categories import plain
from timegan.tables.date_formats import NOTHING, date_form, looks_like_date
from timegan.tables.dtypes import (
    clock,
    describe,
    is_moment,
    is_number,
    is_span,
    is_text,
    number_type,
)
from timegan.tables.fields import Field, Name, Role
from timegan.tables.ticks import DATE, MISSING, form_of, rescale, to_ticks
from timegan.tables.timestamps import measured

EXACT = 2**53
"""float64 holds every integer up to here."""
MOST_TEXTS = 100
"""Different texts that still are labels; more are free text."""
MOST_CATEGORIES = 1_000
"""The same where the table itself says that they are categories."""


class Refusal(InputError):
    """A column that cannot be learned."""


def learn(
    series: "pd.Series[Any]",
    name: Name,
    role: Role,
    *,
    index: bool = False,
    category: bool = False,
) -> Field:
    """Describe a column of values.

    Args:
        series: all its rows.
        name: as in the table.
        role: what it is for.
        index: whether it is a level of the index.
        category: take text for labels even where it reads like numbers or dates.

    Raises:
        Refusal: nothing in it, or something that cannot be learned; the message says what.
    """
    dtype: Any = series.dtype
    field = Field(name, role, "number", "", index)
    if types.is_complex_dtype(dtype):
        raise Refusal(_not_learned(series, field))
    field = replace(field, dtype=described(dtype, field))
    if series.isna().all():
        raise Refusal(f"Column {field.label!r} has no value in any row: nothing can be learned.")
    if isinstance(dtype, pd.CategoricalDtype):
        return _of_categories(series, field)
    if isinstance(dtype, pd.PeriodDtype):
        return field
    if is_moment(dtype) or is_span(dtype):
        return learn_moments(series, field, "")
    if is_boolean(dtype):
        return replace(field, type="boolean")
    if is_number(dtype):
        return _of_numbers(series, field)
    if is_text(dtype) or types.is_object_dtype(dtype):
        return _of_objects(series, field, category)
    raise Refusal(_not_learned(series, field))


def learn_moments(series: "pd.Series[Any]", field: Field, form: str) -> Field:
    """Describe a column of moments or lengths of time.

    Args:
        form: of dates that are kept as text or as Python's dates.
    """
    field = replace(
        field,
        type="timedelta" if is_span(series.dtype) else "datetime",
        missing=missing_mark(series),
        **form_of(series, form),
    )
    ticks = to_ticks(series, form)
    return measured(field, ticks[ticks != NOTHING])


def field_ticks(series: "pd.Series[Any]", field: Field) -> np.ndarray:
    """Ticks (R,) of a column in a field's unit, whatever way the column itself writes them."""
    if clock(str(series.dtype))[0]:
        return rescale(to_ticks(series, ""), series, "", field)
    if field.form and field.form != DATE and is_text(series.dtype):
        ticks = to_ticks(series, field.form)
        if not ((ticks == NOTHING) & series.notna().to_numpy()).any():
            return ticks
    form = text_form(series)
    return rescale(to_ticks(series, form), series, form, field)


def text_form(series: "pd.Series[Any]") -> str:
    """In which form a column of text or of Python's dates holds dates; empty where it does not."""
    if not is_text(series.dtype) and not types.is_object_dtype(series.dtype):
        return ""
    there = series[series.notna().to_numpy()]
    if there.empty:
        return ""
    if types.is_object_dtype(series.dtype):
        kind = types.infer_dtype(there, skipna=True)
        if kind != "string":
            return DATE if kind == "date" else ""
    if not looks_like_date(there.iloc[0]):
        return ""
    return date_form(np.asarray(pd.factorize(there)[1], dtype=object))


def described(dtype: Any, field: Field) -> str:
    """A column's type in words; a refusal names the column."""
    try:
        return describe(dtype)
    except InputError as error:
        raise Refusal(f"Column {field.label!r}: {error}") from error


def is_boolean(dtype: Any) -> bool:
    """Whether a type holds booleans and nothing else."""
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pyarrow.types.is_boolean(dtype.pyarrow_dtype))
    return types.is_bool_dtype(dtype)


def missing_mark(series: "pd.Series[Any]") -> str:
    """What a column of objects writes where a value is missing."""
    if not types.is_object_dtype(series.dtype):
        return ""
    empty = series[series.isna().to_numpy()]
    if empty.empty:
        return ""
    first = empty.iloc[0]
    return next((k for k, mark in MISSING.items() if k and mark is first), "nan")


def _of_numbers(series: "pd.Series[Any]", field: Field) -> Field:
    if number_type(series.dtype).kind == "f":
        return field
    low, high = int(series.min()), int(series.max())
    if max(abs(low), abs(high)) <= EXACT:
        return field
    if high - low > EXACT:
        raise Refusal(
            f"Column {field.label!r} has whole numbers from {low} to {high}, further apart than "
            "float64 can tell them apart. If they are quantities, convert them to float64."
        )
    return replace(field, offset=low)


def _of_categories(series: "pd.Series[Any]", field: Field) -> Field:
    categories = series.cat.categories
    used = int(series.cat.codes.nunique()) - int(series.isna().any())
    if used > MOST_CATEGORIES:
        raise Refusal(_too_many(field, used, MOST_CATEGORIES))
    try:
        values, dtype, closed = plain(categories)
    except InputError as error:
        raise Refusal(f"Column {field.label!r}: {error}") from error
    return replace(
        field,
        type="category",
        categories=values,
        categories_dtype=dtype,
        closed=closed,
        ordered=bool(series.cat.ordered),
    )


def _of_objects(series: "pd.Series[Any]", field: Field, category: bool) -> Field:
    """Text, Python's booleans or dates; numbers among them are a mistake to tell of."""
    there = series[series.notna().to_numpy()]
    kind = "string" if is_text(series.dtype) else types.infer_dtype(there, skipna=True)
    if kind == "boolean":
        return replace(field, type="boolean", missing=missing_mark(series))
    if kind not in ("string", "date"):
        if kind != "bytes":
            _refuse_numbers(series, field)
        raise Refusal(_not_learned(series, field, kind))
    form = "" if category else text_form(series)
    if form:
        return learn_moments(series, field, form)
    if kind == "date":
        raise Refusal(_not_learned(series, field, kind))
    texts = sorted(pd.unique(there).tolist())
    if not category:
        _refuse_numbers(series, field)
    if len(texts) > MOST_TEXTS:
        raise Refusal(_too_many(field, len(texts), MOST_TEXTS))
    return replace(field, type="category", categories=tuple(texts), missing=missing_mark(series))


def _refuse_numbers(series: "pd.Series[Any]", field: Field) -> None:
    """Name the cell that is text where most are numbers."""
    try:
        codes, cells = pd.factorize(series)
    except TypeError:  # lists and their like have no hash
        return
    counts = np.bincount(codes[codes >= 0], minlength=len(cells))
    numbers = pd.to_numeric(pd.Series(np.asarray(cells, dtype=object)), errors="coerce")
    text = numbers.isna().to_numpy()
    if text.any() and counts[text].sum() < counts.sum() / 2:
        row = int(np.argmax(np.append(text, False)[codes]))
        raise Refusal(
            f"Column {field.label!r} has the text {series.iloc[row]!r} in row {row + 1:,} (the "
            "first row is 1), and most of its cells are numbers: a column must be one or the "
            "other. Correct the cell, or make the column a category."
        )
    if not text.any():
        raise Refusal(
            f"Column {field.label!r} holds numbers stored as {series.dtype}: a number must have a "
            "numeric type. Convert it first, or make it a category if the numbers are labels."
        )


def _too_many(field: Field, count: int, most: int) -> str:
    return (
        f"Column {field.label!r} has {count:,} different texts, and at most {most:,} can be "
        "learned as categories. If they are dates, write them as 2024-01-31; if the column tells "
        f"sequences apart, give dataset.sequence_key={field.label}."
    )


def _not_learned(series: "pd.Series[Any]", field: Field, kind: str = "") -> str:
    what = f"{series.dtype}: {kind}" if kind else str(series.dtype)
    return (
        f"Column {field.label!r} ({what}) cannot be learned: a column must hold numbers, booleans, "
        "text labels, dates or lengths of time."
    )
