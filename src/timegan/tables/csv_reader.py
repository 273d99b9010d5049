"""Reading of CSV files: separators, headers, and text that looks like numbers or empty cells."""

import csv
import mmap
import re
import warnings
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.date_formats import looks_like_date
from timegan.tables.dtypes import is_number, is_text

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""Separators besides the comma -> their names."""
PREVIEW_ROWS = 50
"""Rows in which a name of the header is looked for."""
MAX_LABELS = 100
"""Distinct numbers with leading zeros up to which they are labels, whatever their lengths."""
LEADING_ZERO = re.compile(rb"""(?m)(?:^|[,;\t|"])[ ]*0\d""")
MISSING_WORD = re.compile(
    rb"""(?m)(?:^|[,;\t|"])[ ]*"""
    rb"""(?:NA|N/A|n/a|NaN|nan|None|NULL|null|<NA>|#N/A)[ ]*(?:["\r,;\t|]|$)"""
)
MISSING_WORDS = ("NA", "N/A", "n/a", "NaN", "nan", "None", "NULL", "null", "<NA>", "#N/A")
"""Texts that pandas takes for empty cells."""
ZERO_PADDED = r"0\d+"
DECIMAL_COMMA = r"[+-]?\d+(?:,\d+)?"

UNREADABLE = (
    UnicodeDecodeError,
    csv.Error,
    pd.errors.EmptyDataError,
    pd.errors.ParserError,
    pd.errors.ParserWarning,
)
"""Errors and warnings of pandas and Python for a text that is not a table."""


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file with a header.

    - Columns are separated by commas. Where the header has none, semicolons, tabs or vertical bars
      separate them; with semicolons, numbers may have a decimal comma.
    - Whole numbers with leading zeros stay text where all have one length, or are 100 different
      ones at most.
    - NA, None, null and their like are labels in a column with other labels, where only empty
      cells are missing. They are missing in columns of numbers and dates.

    Raises:
        InputError: there is no header, columns are separated by blanks, names occur twice, or the
            file is not a table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(islice(file, PREVIEW_ROWS))
        separator = _separator(lines[0])
        header, *rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        _check_header(path, [name.strip() for name in header], rows)
        options: dict[str, Any] = {
            "sep": separator,
            "index_col": False,
            "skipinitialspace": True,
            "encoding": "utf-8-sig",
        }
        with warnings.catch_warnings():  # more cells in the rows than in the header
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(path, **options)
            if separator == ";" and _has_decimal_commas(frame):
                options["decimal"] = ","
                frame = pd.read_csv(path, **options)
            frame = _with_labels(path, frame, options)
    except UNREADABLE as error:
        raise InputError(
            f"{path} cannot be read as comma-separated text ({error}). "
            "Save it as UTF-8 with a header, commas and one record a line."
        ) from error
    frame = frame.rename(columns=lambda name: str(name).strip())
    if separator != ",":
        commas = ", numbers have a decimal comma" if options.get("decimal") else ""
        frame.attrs["notes"] = [
            f"Columns of the file are separated by {SEPARATORS[separator]}{commas}."
        ]
    return frame


def _separator(header: str) -> str:
    if "," in header:
        return ","
    return next((mark for mark in SEPARATORS if mark in header), ",")


def _check_header(path: Path, names: list[str], rows: list[list[str]]) -> None:
    """Refuse headers that pandas would rename or misread silently."""
    if not any(names):
        raise InputError(f"{path} has no header: its first line must hold the columns' names.")
    parts = names[0].split()
    below = rows[0][0].split() if rows and rows[0] else []
    if len(names) == 1 and len(parts) > 1 and len(parts) == len(below) and _is_row(below):
        missing = ", and a header with the columns' names is missing" if _is_row(parts) else ""
        raise InputError(
            f"{path} begins with {' '.join(parts[:3])!r}: columns must be separated by commas, not "
            f"by blanks{missing}. Save it as comma-separated text with a header."
        )
    values = [{row[i].strip() for row in rows if i < len(row)} for i in range(len(names))]
    repeats = [name in below for name, below in zip(names, values, strict=True)]
    are_values = [_is_number(name) or looks_like_date(name) for name in names]
    if any(are_values) and all(map(max, are_values, repeats)):
        raise InputError(
            f"{path} begins with {', '.join(names[:3])}, which are values, not names: its first "
            "line must hold the columns' names, separated by commas. Add a header."
        )
    repeated = next((name for name in names if name and names.count(name) > 1), None)
    if repeated is not None:
        raise InputError(
            f"{path} has the column {repeated!r} more than once: names must differ. Rename one."
        )


def _is_row(cells: list[str]) -> bool:
    """Check that most cells are numbers or dates."""
    return sum(_is_number(cell) or looks_like_date(cell) for cell in cells) > len(cells) / 2


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_decimal_commas(frame: pd.DataFrame) -> bool:
    """Check that a column of text holds numbers with a decimal comma only."""
    texts = (frame[name].dropna() for name in frame.columns if is_text(frame[name].dtype))
    return any(len(cells) > 0 and cells.str.fullmatch(DECIMAL_COMMA).all() for cells in texts)


def _with_labels(path: Path, frame: pd.DataFrame, options: dict[str, Any]) -> pd.DataFrame:
    """Return the table with text that pandas read as numbers or as empty cells."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        has_zeros = LEADING_ZERO.search(content) is not None
        has_words = MISSING_WORD.search(content) is not None
    numbers = [i for i, dtype in enumerate(frame.dtypes) if has_zeros and is_number(dtype)]
    texts = [i for i, dtype in enumerate(frame.dtypes) if has_words and is_text(dtype)]
    changed: dict[int, pd.Series[Any]] = {}
    if numbers:
        again = pd.read_csv(path, usecols=numbers, dtype=str, **options)
        columns = (again.iloc[:, i] for i in range(len(numbers)))
        changed |= {i: cells for i, cells in zip(numbers, columns, strict=True) if _is_code(cells)}
    if texts:
        empty: dict[str, Any] = {"keep_default_na": False, "na_values": [""]}
        again = pd.read_csv(path, usecols=texts, dtype=str, **empty, **options)
        columns = (again.iloc[:, i] for i in range(len(texts)))
        changed |= {i: cells for i, cells in zip(texts, columns, strict=True) if _has_labels(cells)}
    if not changed:
        return frame
    parts = {name: changed.get(i, frame[name]) for i, name in enumerate(frame.columns)}
    return pd.DataFrame(parts, columns=frame.columns)


def _is_code(cells: "pd.Series[Any]") -> bool:
    """Check that whole numbers with leading zeros are labels."""
    present = cells.dropna()
    if not present.str.fullmatch(ZERO_PADDED).any():
        return False
    return present.nunique() <= MAX_LABELS or present.str.len().nunique() == 1


def _has_labels(cells: "pd.Series[Any]") -> bool:
    """Check that most cells besides words such as NA are neither numbers nor dates."""
    present = cells.dropna()
    is_word = present.isin(MISSING_WORDS).to_numpy()
    others = present[~is_word]
    if not is_word.any() or others.empty or looks_like_date(str(others.iloc[0])):
        return False
    is_label = pd.to_numeric(others, errors="coerce").isna().to_numpy()
    return bool(np.mean(is_label) > 0.5)
