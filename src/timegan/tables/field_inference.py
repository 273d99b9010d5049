"""Inference of a column's type, categories and offsets from all of its rows."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.categories import plain_categories
from timegan.tables.date_formats import (
    NAT,
    PROBE_DATES,
    common_date_format,
    looks_like_date,
    odd_text,
    parse,
    possible_date_formats,
    unit_of,
)
from timegan.tables.dtypes import (
    dtype_name,
    is_datetime,
    is_number,
    is_text,
    is_timedelta,
    number_type,
    unit_and_zone,
)
from timegan.tables.epochs import EPOCH
from timegan.tables.fields import Field, Name, Role
from timegan.tables.missing_marks import is_mark, marks_in, without_text_marks
from timegan.tables.timestamps import (
    MISSING_VALUES,
    PYTHON_DATE,
    time_attributes,
    to_field_unit,
    to_ticks,
    with_exact_encoding,
)

MAX_EXACT_INTEGER = 2**53
"""Largest integer up to which float64 holds all."""
MAX_TEXT_LABELS = 100
"""Maximum of different texts of a column of labels; more have to come back, as codes do."""
MAX_TEXT_CODES = 10_000
"""Maximum of different texts of a column of codes, each in two rows on average."""
MIN_FREE_TEXTS = 10
"""Cells from which texts that nearly all differ are free text."""
FREE_TEXT_SHARE = 0.9
"""Share of different texts above which they nearly all differ."""
PATTERN_SHARE = 0.5
"""Share of different texts above which texts of one pattern with several numbers are no labels."""
NUMBERS = re.compile(r"\d+")
DURATION = re.compile(
    r"(\d+ days?,? )?\d{1,4}:\d{2}(:\d{2})?([.,]\d+)?|(\d+ ?(d|h|m|min|s)\b ?){1,4}"
)
"""A time of day, or a duration such as 5:41:00 or 6h 41m."""
MIN_NUMBERS = 10
"""Different numbers of a column from which most of its different texts are no labels."""
ZERO_PADDED = re.compile(r"0\d+")
"""A whole number with leading zeros: a label, such as the zip code 04110."""
MAX_CATEGORIES = 1_000
"""Maximum of categories of a pandas categorical."""


class UnsupportedColumn(InputError):
    """A column of a type or content that cannot be learned."""


def infer_field(
    series: "pd.Series[Any]",
    name: Name,
    role: Role,
    *,
    index: bool = False,
    category: bool = False,
    na_values: Sequence[float | str] = (),
    cells: int | None = None,
) -> Field:
    """Describe a column of values.

    Args:
        series: all its rows.
        name: as in the table.
        role: use of the column.
        index: is it a level of the index?
        category: take text for labels even where it reads like numbers or dates.
        na_values: numbers or texts that mark missing values.
        cells: number of values among which texts must repeat; None: as many as have one.

    Raises:
        UnsupportedColumn: the column is empty or cannot be learned; the message says why.
    """
    marks, na_mark = marks_in(series, na_values)
    series = without_text_marks(series, marks)
    dtype: Any = series.dtype
    field = Field(name, role, "number", "", index, na_values=marks, na_mark=na_mark)
    if types.is_complex_dtype(dtype):
        raise UnsupportedColumn(_not_learned(series, field))
    field = replace(field, dtype=checked_dtype_name(dtype, field))
    present = series[~is_mark(series, marks)] if marks else series
    if present.isna().all():
        raise UnsupportedColumn(
            f"Column {field.label!r} has no value in any row: nothing can be learned."
        )
    if isinstance(dtype, pd.CategoricalDtype):
        return _infer_categories(series, field)
    if isinstance(dtype, pd.PeriodDtype):
        return field
    if is_datetime(dtype) or is_timedelta(dtype):
        return infer_timestamps(series, field, "")
    if is_boolean(dtype):
        return replace(field, type="boolean")
    if is_number(dtype):
        return _infer_number(present, field)
    if is_text(dtype) or types.is_object_dtype(dtype):
        return _infer_objects(series, field, category, cells)
    raise UnsupportedColumn(_not_learned(series, field))


def infer_timestamps(series: "pd.Series[Any]", field: Field, date_format: str) -> Field:
    """Describe a column of timestamps or durations.

    Args:
        date_format: of dates that are kept as text or as `datetime.date`.
    """
    field = replace(
        field,
        type="timedelta" if is_timedelta(series.dtype) else "datetime",
        missing=missing_value_name(series),
        **time_attributes(series, date_format),
    )
    ticks = to_ticks(series, date_format)
    return with_exact_encoding(field, ticks[ticks != NAT])


def ticks_in_field_unit(series: "pd.Series[Any]", field: Field) -> np.ndarray:
    """Return ticks (R,) of a column in a field's unit, whatever format the column has."""
    if field.date_format.startswith(EPOCH) and is_number(series.dtype):
        return to_ticks(series, field.date_format)
    if unit_and_zone(str(series.dtype))[0]:
        return to_field_unit(to_ticks(series, ""), series, "", field)
    if field.date_format and field.date_format != PYTHON_DATE and is_text(series.dtype):
        ticks = to_ticks(series, field.date_format)
        if not ((ticks == NAT) & series.notna().to_numpy()).any():
            return ticks
    date_format = infer_date_format(series)
    return to_field_unit(to_ticks(series, date_format), series, date_format, field)


def infer_date_format(series: "pd.Series[Any]") -> str:
    """Return the format of dates in a column of text or objects, or an empty text."""
    if not is_text(series.dtype) and not types.is_object_dtype(series.dtype):
        return ""
    there = series[series.notna().to_numpy()]
    if there.empty:
        return ""
    if types.is_object_dtype(series.dtype):
        kind = types.infer_dtype(there, skipna=True)
        if kind != "string":
            return PYTHON_DATE if kind == "date" else ""
    if not looks_like_date(there.iloc[0]):
        return ""
    return common_date_format(np.asarray(pd.factorize(there)[1], dtype=object))


def check_unambiguous(series: "pd.Series[Any]", label: str) -> None:
    """Refuse a column of dates in several formats, or with the day or the month first.

    Raises:
        UnsupportedColumn: names the first date in another format, or both readings.
    """
    there = series[series.notna().to_numpy()]
    texts = there.unique()
    if not all(isinstance(text, str) for text in texts):
        return
    first = next((text for text in texts[:PROBE_DATES] if looks_like_date(text)), None)
    if first is None:
        return
    formats = possible_date_formats(np.asarray(texts, dtype=object))
    if len(formats) > 1:
        example = np.array([first], dtype=object)
        days, months = (
            pd.Timestamp(int(parse(example, f)[0]), unit=unit_of(f)).strftime("%Y-%m-%d")
            for f in formats[:2]
        )
        raise UnsupportedColumn(
            f"Column {label!r} holds dates such as {first}: with the day first it is {days}, with "
            f"the month first {months}, and no date tells which. Write dates as {days}, or convert "
            "them with pandas.to_datetime(..., dayfirst=True)."
        )
    odd = odd_text(np.asarray(texts, dtype=object)) if not formats else None
    if odd is not None:
        row = int(np.argmax((series == odd[1]).to_numpy()))
        remedy = (
            f"Correct the cell. If it marks a missing value, set dataset.na_values=[{odd[1]!r}]."
        )
        if looks_like_date(odd[1]):
            remedy = "Write all of its dates in one format."
        raise UnsupportedColumn(
            f"Column {label!r} holds dates such as {odd[0]}, and {odd[1]!r} in row {row + 1:,} "
            f"(the first row is 1), which is no date of this format. {remedy}"
        )


def checked_dtype_name(dtype: Any, field: Field) -> str:
    """Return the name of a column's type; errors name the column."""
    try:
        return dtype_name(dtype)
    except InputError as error:
        raise UnsupportedColumn(f"Column {field.label!r}: {error}") from error


def is_boolean(dtype: Any) -> bool:
    """Check that a type holds booleans only."""
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pyarrow.types.is_boolean(dtype.pyarrow_dtype))
    return types.is_bool_dtype(dtype)


def missing_value_name(series: "pd.Series[Any]") -> str:
    """Return the name of the value that marks missing cells in a column of objects."""
    if not types.is_object_dtype(series.dtype):
        return ""
    empty = series[series.isna().to_numpy()]
    if empty.empty:
        return ""
    first = empty.iloc[0]
    return next((k for k, mark in MISSING_VALUES.items() if k and mark is first), "nan")


def _infer_number(series: "pd.Series[Any]", field: Field) -> Field:
    if number_type(series.dtype).kind == "f":
        return field
    low, high = int(series.min()), int(series.max())
    if max(abs(low), abs(high)) <= MAX_EXACT_INTEGER:
        return field
    if high - low > MAX_EXACT_INTEGER:
        raise UnsupportedColumn(
            f"Column {field.label!r} has whole numbers from {low} to {high}, further apart than "
            "float64 can tell them apart. If they are quantities, convert them to float64."
        )
    return replace(field, offset=low)


def _infer_categories(series: "pd.Series[Any]", field: Field) -> Field:
    categories = series.cat.categories
    used = int(series.cat.codes.nunique()) - int(series.isna().any())
    if used > MAX_CATEGORIES:
        raise UnsupportedColumn(
            _too_many(field, used, MAX_CATEGORIES, int(series.count()), series.dropna())
        )
    try:
        values, dtype, closed = plain_categories(categories)
    except InputError as error:
        raise UnsupportedColumn(f"Column {field.label!r}: {error}") from error
    return replace(
        field,
        type="category",
        categories=values,
        categories_dtype=dtype,
        closed=closed,
        ordered=bool(series.cat.ordered),
    )


def _infer_objects(
    series: "pd.Series[Any]", field: Field, category: bool, cells: int | None
) -> Field:
    """Describe a column of text, booleans or dates; refuse numbers among text."""
    there = series[series.notna().to_numpy()]
    kind = "string" if is_text(series.dtype) else types.infer_dtype(there, skipna=True)
    if kind == "boolean":
        return replace(field, type="boolean", missing=missing_value_name(series))
    if kind not in ("string", "date"):
        if kind != "bytes":
            _refuse_numbers(series, field)
        raise UnsupportedColumn(_not_learned(series, field, kind))
    date_format = "" if category else infer_date_format(series)
    if date_format:
        return infer_timestamps(series, field, date_format)
    if not category:
        check_unambiguous(series, field.label)
    if kind == "date":
        raise UnsupportedColumn(_not_learned(series, field, kind))
    texts = sorted(pd.unique(there).tolist())
    if not category:
        _refuse_numbers(series, field)
    count = cells or len(there)
    share = PATTERN_SHARE if _have_one_pattern(texts) else FREE_TEXT_SHARE
    nearly_all = len(texts) > share * count and not category
    most = max(MAX_TEXT_LABELS, min(MAX_TEXT_CODES, count // 2))
    if (nearly_all and count >= MIN_FREE_TEXTS) or len(texts) > most:
        raise UnsupportedColumn(_too_many(field, len(texts), MAX_TEXT_LABELS, count, there))
    return replace(
        field, type="category", categories=tuple(texts), missing=missing_value_name(series)
    )


def _refuse_numbers(series: "pd.Series[Any]", field: Field) -> None:
    """Refuse text among numbers, naming the cell."""
    try:
        codes, cells = pd.factorize(series)
    except TypeError:  # lists and their like have no hash
        return
    counts = np.bincount(codes[codes >= 0], minlength=len(cells))
    numbers = pd.to_numeric(pd.Series(np.asarray(cells, dtype=object)), errors="coerce")
    text = numbers.isna().to_numpy()
    if any(ZERO_PADDED.fullmatch(str(cell)) for cell in cells):
        return
    numeric = int((~text).sum())
    is_common = numeric >= MIN_NUMBERS and numeric > len(cells) / 2
    if text.any() and (counts[text].sum() < counts.sum() / 2 or is_common):
        row = int(np.argmax(np.append(text, False)[codes]))
        raise UnsupportedColumn(
            f"Column {field.label!r} has the text {series.iloc[row]!r} in row {row + 1:,} (the "
            "first row is 1), and most others are numbers: a column must be one or the "
            f"other. Correct the cell. If it marks a missing value, set dataset.na_values="
            f"[{series.iloc[row]!r}]."
        )
    if not text.any():
        raise UnsupportedColumn(
            f"Column {field.label!r} holds numbers stored as {series.dtype}: a number must have a "
            "numeric type. Convert it first, or make it a category if the numbers are labels."
        )


def _have_one_pattern(texts: Sequence[str]) -> bool:
    """Check for texts with several numbers that differ in these only, such as 20 3/4."""
    pattern = NUMBERS.sub("0", texts[0])
    return pattern.count("0") > 1 and all(NUMBERS.sub("0", text) == pattern for text in texts)


def _too_many(field: Field, count: int, most: int, cells: int, there: "pd.Series[Any]") -> str:
    places = "sequences" if field.role == "context" else "cells"
    which = f"{count:,} different texts in {cells:,} {places}, the first is {there.iloc[0]!r}"
    rule = f"at most {most:,} can be learned as categories"
    if count <= most:
        rule = "texts that nearly all differ cannot be learned as categories"
        if count <= FREE_TEXT_SHARE * cells:
            rule = "texts that differ in several numbers cannot be learned as categories"
    if DURATION.fullmatch(str(there.iloc[0]).strip()):
        remedy = "Convert times of day and durations to numbers, such as minutes."
    else:
        remedy = (
            "If they are dates, write them as 2024-01-31; if the column tells sequences apart, "
            f"set dataset.sequence_key={field.label}."
        )
    return f"Column {field.label!r} has {which}: {rule}. {remedy}"


def _not_learned(series: "pd.Series[Any]", field: Field, kind: str = "") -> str:
    what = f"{series.dtype}: {kind}" if kind else str(series.dtype)
    return (
        f"Column {field.label!r} ({what}) cannot be learned: a column must hold numbers, booleans, "
        "text labels, dates or durations."
    )
