"""Reading of text tables: their layout, their numbers, and labels that look like numbers."""

import csv
import mmap
import re
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.date_formats import looks_like_date
from timegan.tables.date_parts import is_part_name
from timegan.tables.dtypes import holds_text, is_number, is_text
from timegan.tables.fixed_width import as_commas
from timegan.tables.number_texts import (
    MISSING_WORDS,
    OTHER_MARK,
    NumberColumn,
    is_integer,
    number_column,
)
from timegan.tables.text_files import as_utf8
from timegan.tables.text_layout import SEPARATORS, find_layout
from timegan.tables.text_rows import Layout

MAX_LABELS = 100
"""Distinct numbers with leading zeros up to which they are labels, whatever their lengths."""
LEADING_ZERO = rb"""[\n%b"][ ]*0\d"""
MISSING_WORD = rb"""[\n%b"][ ]*(?:NA|N/A|n/a|NaN|nan|None|NULL|null|<NA>|#N/A)[ ]*["\r\n%b]"""
ZERO_PADDED = r"0\d+"
CLOCK_NAME = re.compile(r"time|clock|zeit|uhr|hora|heure|godz|klokke", re.IGNORECASE)
POINT_CLOCK = r"(?:[01]\d|2[0-3])\.[0-5]\d"
"""A time of day such as 07.30, which pandas reads as a number."""
MARKS = {"comma": ",", "point": ".", "semicolon": ";", "tab": "\t", "blank": " ", "bar": "|"}
"""Names of marks that are hard to write on a command line."""

UNREADABLE = (
    UnicodeDecodeError,
    csv.Error,
    pd.errors.EmptyDataError,
    pd.errors.ParserError,
    pd.errors.ParserWarning,
)
"""Errors and warnings of pandas and Python for a text that is not a table."""


@dataclass(frozen=True)
class TextOptions:
    """Layout of a text table as the user knows it; None finds it.

    Args:
        separator: of its cells: a character or its name (``comma``, ``semicolon``, ``tab``,
            ``blank``, ``bar``).
        decimal: mark of its decimals, ``point`` or ``comma``; the other one separates thousands.
        header: number of the line with the columns' names, from 1 on; 0: there is none.
        encoding: of the text, such as ``cp1252``.
        na_texts: texts that mark missing values.
    """

    separator: str | None = None
    decimal: str | None = None
    header: int | None = None
    encoding: str | None = None
    na_texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            InputError: an option is out of its range.
        """
        for name in ("separator", "decimal"):
            object.__setattr__(self, name, MARKS.get(getattr(self, name), getattr(self, name)))
        if self.separator is not None and len(self.separator) != 1:
            raise InputError(
                f"dataset.separator={self.separator}: there is no such mark. Set one character, or "
                f"{', '.join(MARKS)}."
            )
        if self.decimal not in (None, *OTHER_MARK):
            raise InputError(f"dataset.decimal={self.decimal}: set point or comma.")
        if self.header is not None and self.header < 0:
            raise InputError(
                f"dataset.header={self.header}: this is the number of the line with the names, "
                "from 1 on. Set 0 if there is none."
            )


def read_csv(path: Path, options: TextOptions | None = None) -> pd.DataFrame:
    """Read a table from a text file.

    - Commas, semicolons, tabs, vertical bars or blanks separate columns
      (`timegan.tables.text_layout`).
    - Numbers may have decimal commas, separators of thousands, signs and units
      (`timegan.tables.number_texts`). Whole numbers among empty cells are nullable integers.
    - Whole numbers with leading zeros stay text where all have one length, or are 100 different
      ones at most.
    - NA, None, null and their like are labels in a column with other labels, where only empty
      cells are missing. They are missing in columns of numbers and dates.

    Raises:
        InputError: the file is not a table, or can be read in several ways.
    """
    options = options or TextOptions()
    with as_utf8(path, options.encoding) as text, ExitStack() as stack:
        try:
            plain = as_commas(text.path, stack) if options.separator is None else text.path
            layout = find_layout(plain, path, options.separator, options.header)
            source = _Source(plain, layout)
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                frame = source.read()
                frame = _with_labels(source, frame)
                frame, note = _with_numbers(source, frame, options)
                frame = _with_whole_numbers(source, frame)
        except UNREADABLE as error:
            raise InputError(
                f"{path} cannot be read as comma-separated text ({error}). "
                "Save it as UTF-8 with a header, commas and one record a line."
            ) from error
    notes = list(note)
    if plain != text.path:
        notes.append("Columns of the file are read by their places in the lines: cells are empty.")
    if layout.separator not in (",", ""):
        named = SEPARATORS.get(layout.separator, repr(layout.separator))
        notes.append(f"Columns of the file are separated by {named}.")
    notes += layout.notes
    if text.encoding != "utf-8":
        notes.append(f"The encoding of the file is {text.encoding}. dataset.encoding sets another.")
    frame = _without_row_numbers(_without_empty(frame), notes)
    if notes:
        frame.attrs["notes"] = notes
    return frame


@dataclass(frozen=True)
class _Source:
    """A text table that can be read again as text, column by column."""

    path: Path
    layout: Layout

    def read(self, **options: Any) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # such columns are read again
            frame: pd.DataFrame = pd.read_csv(self.path, **self.layout.pandas_options, **options)
        if not self.is_padded:
            return frame
        for name in [name for name in frame.columns if holds_text(frame[name])]:
            cells = frame[name].str.rstrip()
            frame[name] = cells.mask(cells == "")
        return frame

    @cached_property
    def is_padded(self) -> bool:
        """Whether cells have blanks behind them, which pandas keeps."""
        mark = re.escape(self.layout.separator.encode())
        with self.path.open("rb") as file:
            chunks = iter(partial(file.read, 2**20), b"")
            return any(re.search(rb" [\r\n%b]" % mark, chunk) for chunk in chunks)

    def texts(self, places: Sequence[int], **options: Any) -> "dict[int, pd.Series[Any]]":
        """Return columns as text by their places."""
        if not places:
            return {}
        again = self.read(usecols=list(places), dtype=str, **options)
        return {place: again.iloc[:, i] for i, place in enumerate(sorted(places))}


def _with_labels(source: _Source, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text that pandas read as numbers or as empty cells."""
    with (
        source.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        mark = re.escape(source.layout.separator.encode())
        has_zeros = re.search(LEADING_ZERO % mark, content) is not None
        has_words = re.search(MISSING_WORD % (mark, mark), content) is not None
    dtypes = list(enumerate(frame.dtypes))
    mixed = [i for i, dtype in dtypes if str(dtype) == "object"]
    numbers = [i for i, dtype in dtypes if has_zeros and is_number(dtype)]
    changed = source.texts(mixed)
    numbers = [i for i in numbers if not is_part_name(str(frame.columns[i]))]
    padded = source.texts(numbers)
    changed |= {i: cells for i, cells in padded.items() if _is_code(cells) or _is_clock(cells)}
    texts = [i for i, dtype in dtypes if has_words and (is_text(dtype) or i in mixed)]
    again = source.texts(texts, keep_default_na=False, na_values=[""])
    changed |= {i: cells for i, cells in again.items() if _has_labels(cells)}
    return _replaced(frame, changed)


def _replaced(frame: pd.DataFrame, changed: "dict[int, pd.Series[Any]]") -> pd.DataFrame:
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


def _is_clock(cells: "pd.Series[Any]") -> bool:
    """Check that numbers with two digits before and behind a point are times of day."""
    if not CLOCK_NAME.search(str(cells.name)):
        return False
    return bool(cells.dropna().astype(str).str.fullmatch(POINT_CLOCK).all())


def _has_labels(cells: "pd.Series[Any]") -> bool:
    """Check that most cells besides words such as NA are neither numbers nor dates."""
    present = cells.dropna()
    is_word = present.isin(MISSING_WORDS).to_numpy()
    others = present[~is_word]
    if not is_word.any() or others.empty or looks_like_date(str(others.iloc[0])):
        return False
    is_label = pd.to_numeric(others, errors="coerce").isna().to_numpy()
    return bool(np.mean(is_label) > 0.5)


def _with_numbers(
    source: _Source, frame: pd.DataFrame, options: TextOptions
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table with the numbers that pandas left as text, and a note on them.

    The decimal mark of a column is the one that its cells prove, or else the one that the other
    columns prove.

    Raises:
        InputError: a mark may separate decimals or thousands, and nothing tells which.
    """
    found: dict[int, NumberColumn] = {}
    for i, dtype in enumerate(frame.dtypes):
        # pandas 2 has no other type for text than object.
        is_textual = is_text(dtype) or pd.api.types.is_object_dtype(dtype)
        if is_textual and not _is_clock(frame.iloc[:, i]):
            column = number_column(frame.iloc[:, i], str(frame.columns[i]), options.na_texts)
            if column is not None:
                found[i] = column
    proven = {column.decimal for column in found.values()} - {""}
    floats = [i for i, dtype in enumerate(frame.dtypes) if str(dtype) == "float64"]
    may_group = source.layout.separator in (";", "\t") or "," in {*proven, options.decimal}
    unclear = [i for i in floats if may_group and _may_be_grouped(frame.iloc[:, i])]
    if len(unclear) < len(floats):
        proven.add(".")
    for i, cells in source.texts(unclear).items():
        column = number_column(cells, str(frame.columns[i]))
        if column is not None:
            found[i] = column
            proven |= {column.decimal} - {""}
    changed, has_commas = {}, False
    for i, column in found.items():
        decimal = options.decimal or column.decimal
        if not decimal and column.ambiguous:
            decimal = next(iter(proven)) if len(proven) == 1 else ""
            decimal = decimal or OTHER_MARK.get(column.thousands(), "")
            if not decimal:
                raise InputError(_ambiguous(column))
        changed[i] = column.numbers(decimal or ".")
        has_commas = has_commas or decimal == ","
    if not changed:
        return frame, []
    i = next(iter(changed))
    text, row = found[i].first([True] * len(found[i].texts))
    note = f"{text!r} in {found[i].label!r} is read as {changed[i].iloc[row - 1]:.15g}."
    note += " Numbers have a decimal comma." * has_commas
    if options.decimal is None and any(column.ambiguous for column in found.values()):
        note += " dataset.decimal sets the decimal mark."
    return _replaced(frame, changed), [note]


def _may_be_grouped(series: "pd.Series[Any]") -> bool:
    """Check that numbers with a decimal point may be thousands: 1.5 would not be, 1.503 may."""
    values = np.abs(series.dropna().to_numpy())
    if not values.size or not ((values >= 1) | (values == 0)).all() or (values >= 1_000).any():
        return False
    return bool((np.abs(values * 1_000 - np.rint(values * 1_000)) < 1e-6).all())


def _ambiguous(column: NumberColumn) -> str:
    text, row = column.first(bool(mark) for mark in column.decimals)
    mark = column.ambiguous
    readings = text.replace(mark, ""), text.replace(mark, ".")
    names = {sign: name for name, sign in MARKS.items()}
    return (
        f"Column {column.label!r} has {text!r} in row {row:,} (the first row is 1), which may be "
        f"{readings[0]} or {readings[1]}, and no other number tells. Set dataset.decimal="
        f"{names[mark]} if {mark!r} begins the decimals, dataset.decimal={names[OTHER_MARK[mark]]} "
        "if it separates thousands."
    )


def _with_whole_numbers(source: _Source, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with nullable integers where whole numbers have empty cells."""
    floats = [i for i, dtype in enumerate(frame.dtypes) if str(dtype) == "float64"]
    holed = [i for i in floats if frame.iloc[:, i].isna().any() and _is_whole(frame.iloc[:, i])]
    whole = [i for i, cells in source.texts(holed).items() if _is_spelled_whole(cells)]
    return _replaced(frame, {i: frame.iloc[:, i].astype("Int64") for i in whole})


def _is_whole(series: "pd.Series[Any]") -> bool:
    present = series.dropna().to_numpy()
    return bool(present.size and (np.abs(present) < 2**53).all() and (present % 1 == 0).all())


def _is_spelled_whole(cells: "pd.Series[Any]") -> bool:
    return bool(cells.dropna().str.fullmatch(r"[-+]?\d+").all())


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table without columns that have neither a name nor a value."""
    unnamed = [name for name in frame.columns if name.startswith("Unnamed: ")]
    return frame.drop(columns=[name for name in unnamed if frame[name].isna().all()])


def _without_row_numbers(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return the table without a first column that has no name and counts rows."""
    name = frame.columns[0]
    if not name.startswith("Unnamed: ") or not is_integer(frame[name]) or frame.shape[1] == 1:
        return frame
    numbers = frame[name].to_numpy()
    if not np.array_equal(numbers, np.arange(len(frame)) + numbers[0]) or numbers[0] not in (0, 1):
        return frame
    notes.append("The first column has no name and counts rows: it is left out.")
    return frame.drop(columns=name)
