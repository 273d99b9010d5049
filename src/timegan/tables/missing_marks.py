"""Marks for missing values, such as -9999: detection, reading and writing."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.tables.dtypes import holds_text, is_number, is_text
from timegan.tables.raw_columns import RawColumn

MIN_REPEATS = 3
"""Rows, in all columns together, in which a mark must occur."""
MIN_GAP = 1.0
"""Distance of a mark from the other values that it must exceed, as a multiple of their range."""
MIN_GAP_COMMON = 3.0
"""`MIN_GAP` of 99, -99 and round negative numbers (-200), which are common values."""
MIN_GAP_REPEATED = 0.25
"""`MIN_GAP` of a mark of another column."""
MAX_MARKS = 3
"""Marks of one column."""
MIN_FILL_VALUE = 1e20
"""Size from which numbers are fill values of file formats, such as 9.96921e36."""
INTEGER_LIMITS = (-(2**15), -(2**31), 2**31 - 1)
"""Integers that stand for a missing value in file formats."""
REPEATED_DIGIT = re.compile(r"9{2,}|8{3,}|7{3,}")
ROUND_NUMBER = re.compile(r"[1-9]0{2,}")

TEXT_MARKS = ("?", "-", "--", ".", "*", "n.a.", "N.A.", "missing", "Missing", "unknown", "Unknown")
"""Labels that may mark missing values, and are labels unless they are named."""

Test = Callable[[float, float, float], bool]
"""A test of a number, beside the smallest and the largest of the others."""


def find_marks(columns: Sequence[RawColumn]) -> dict[str, tuple[float, ...]]:
    """Return the numbers that mark missing values, by the label of their column.

    A mark is the smallest or the largest number of a column, and looks like a mark:

    - its digits are all 9, 8 or 7, as in -9999, 999 or 99.9;
    - it is negative and round, with one digit and at least two zeros, as in -200;
    - it is a limit of an integer type or above 1e20, as fill values of file formats are.

    It lies further from the other values than their range, and three times as far if it is 99, -99
    or round. A negative number of nines among numbers from 0 on needs no distance. It occurs in
    three rows or more. A mark of one column is a mark in another where it lies a quarter of the
    range from the other values, or is the only negative one.

    Args:
        columns: those of numbers are searched.
    """
    numbers = [column for column in columns if is_number(column.series.dtype)]
    rows: Counter[float] = Counter()
    for column in numbers:
        values = _values(column.series)
        for mark in _strip(values, _looks_like_mark, _is_far):
            rows[mark] += int((values == mark).sum())
    marks = {mark for mark, count in rows.items() if count >= MIN_REPEATS}
    if not marks:
        return {}
    found = {c.label: _strip(_values(c.series), marks.__contains__, _is_apart) for c in numbers}
    return {label: tuple(some) for label, some in found.items() if some}


def _values(series: "pd.Series[Any]") -> np.ndarray:
    values = np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    finite: np.ndarray = values[np.isfinite(values)]
    return finite


def _strip(values: np.ndarray, is_candidate: Callable[[float], bool], test: Test) -> list[float]:
    """Return the extreme values that are marks beside the others, one after another."""
    marks: list[float] = []
    while values.size and len(marks) < MAX_MARKS:
        for mark in (float(values.min()), float(values.max())):
            others = values[values != mark] if is_candidate(mark) else values[:0]
            if others.size and test(mark, float(others.min()), float(others.max())):
                marks.append(mark)
                values = others
                break
        else:
            break
    return marks


def _looks_like_mark(number: float) -> bool:
    text = _digits(number)
    return (
        (REPEATED_DIGIT.fullmatch(text) is not None and abs(number) >= 99)
        or (ROUND_NUMBER.fullmatch(text) is not None and number < 0)
        or number in INTEGER_LIMITS
        or abs(number) >= MIN_FILL_VALUE
    )


def _is_far(mark: float, low: float, high: float) -> bool:
    """Check the distance of a number that looks like a mark from at least two other values."""
    text = _digits(mark)
    is_repeated_digit = REPEATED_DIGIT.fullmatch(text) is not None
    if is_repeated_digit and len(text) > 2 and mark < 0 <= low < high:
        return True
    is_common = text == "99" or (mark < 0 and ROUND_NUMBER.fullmatch(text) is not None)
    factor = MIN_GAP_COMMON if is_common else MIN_GAP
    return low < high and _gap(mark, low, high) > factor * (high - low)


def _is_apart(mark: float, low: float, high: float) -> bool:
    """Check the distance of a mark of another column."""
    return mark < 0 <= low or _gap(mark, low, high) > MIN_GAP_REPEATED * (high - low)


def _gap(mark: float, low: float, high: float) -> float:
    return low - mark if mark < low else mark - high


def _digits(number: float) -> str:
    """Return the digits of a number without sign, decimal point and leading zeros."""
    return f"{abs(number):.10g}".replace(".", "").lstrip("0")


def find_text_marks(columns: Sequence[RawColumn]) -> dict[str, str]:
    """Return a text that looks like a mark for missing values, by the label of its column."""
    found = {}
    for column in columns:
        if holds_text(column.series):
            marks = [text for text in column.series.dropna().unique() if text in TEXT_MARKS]
            if marks and column.series.nunique() > len(marks) + 1:
                found[column.label] = marks[0]
    return found


def without_text_marks(series: "pd.Series[Any]", marks: Sequence[float | str]) -> "pd.Series[Any]":
    """Return a column whose text marks are missing; numbers where all other texts are numbers."""
    texts = [mark for mark in marks if isinstance(mark, str)]
    if not texts or not (is_text(series.dtype) or types.is_object_dtype(series.dtype)):
        return series
    cleaned = series.mask(series.isin(texts))
    try:
        numbers = pd.to_numeric(cleaned.astype(object))
    except (TypeError, ValueError):
        return cleaned
    if not is_number(numbers.dtype) or numbers.isna().all():
        return cleaned
    is_integer = bool((numbers.dropna() % 1 == 0).all())
    return numbers.astype("Int64") if is_integer else numbers.astype("float64")


def is_mark(series: "pd.Series[Any]", marks: Sequence[float | str]) -> np.ndarray:
    """Return which rows (R,) of a column of numbers hold a mark for missing values."""
    numbers = [mark for mark in marks if not isinstance(mark, str)]
    if not numbers or not is_number(series.dtype):
        return np.zeros(len(series), dtype=bool)
    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(np.isin(values, numbers))


def marks_in(
    series: "pd.Series[Any]", marks: Sequence[float | str]
) -> tuple[tuple[float | str, ...], float | str | None]:
    """Return the marks that occur in a column, and the one that stands for missing values.

    The most frequent mark stands for them; none where empty cells are more frequent, or where a
    text marks missing numbers.
    """
    rows = {mark: int(_is_equal(series, mark).sum()) for mark in marks}
    present = tuple(mark for mark, count in rows.items() if count)
    if not present:
        return (), None
    written = max(present, key=rows.__getitem__)
    is_converted = isinstance(written, str) and is_number(without_text_marks(series, marks).dtype)
    is_rare = rows[written] < int(series.isna().sum())
    return present, None if is_converted or is_rare else written


def _is_equal(series: "pd.Series[Any]", mark: float | str) -> np.ndarray:
    if not isinstance(mark, str):
        return is_mark(series, [mark])
    is_object = is_text(series.dtype) or types.is_object_dtype(series.dtype)
    return series.isin([mark]).to_numpy() if is_object else np.zeros(len(series), dtype=bool)
