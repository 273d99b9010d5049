"""Cells of a text table: rows, and whether a cell is a value, a unit or a comment."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from timegan.tables.date_formats import NOON, looks_like_date

MAX_SHOWN = 60
"""Characters of a line in messages."""

NUMBER = (
    r"(?:\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?"
    r"|\d+(?:[.,]\d*)?|[.,]\d+)"
)
VALUE = re.compile(
    rf"[(]?[-+\u2212]?\s?[^\w\s.,]?\s?[-+\u2212]?{NUMBER}(?:[eE][-+]?\d+)?"
    r"(?:\s?[%‰KMBkTμ$€£¥°]|[ \u00a0](?P<unit>[^\W\d_]\S{0,5}))?[-\u2212]?[)]?"
    rf"|\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:{NOON})?"
    r"|[-–?.*]+|N/?A|n[./]?a\.?|N\.A\.|NaN|nan|None|none|NULL|null|<NA>|#N/A|[Ii]nf(?:inity)?"
    r"|True|true|TRUE|False|false|FALSE"
)
"""A number with its signs, a time of day, a mark for a missing value, or a boolean."""
RULE = re.compile(r"[\s|+:=-]*(?:-{3,}|={3,})[\s|+:=-]*")
"""A line that is drawn between rows."""
UNIT = re.compile(
    r"\[.*\]|\(.*\)|.*[°%/²³^µμ].*|-"
    r"|([munpkMGTh]?(m|g|s|W|Wh|V|A|Hz|Pa|J|l|L|K|C|F|N|bar|eV|Ah|var))"
    r"|[Dd]eg(rees)?\.?(?: ?[CFK]| Celsius)?|[Vv]olts|(?i:[ymdhs]{1,4}([-/.: T]?[ymdhs]{1,4}){2,})"
    r"|mm|min|h|hr|hours?|days?|sec(onds?)?|utc|UTC|[A-Z]{3}|ppm|ppb|bpm|mmHg|knots|kn"
    r"|\d+[sdn]"  # width and type, in files of the USGS
    r"|TS|RN|Smp|Avg|Min|Max|Std|Tot"  # of data loggers
    r"|mph|km\w|inch(es)?|ft|lbs?|gal|psi|dB|count|rpm|datetime|date|time|string|float|int(eger)?"
)
"""A unit or a type below a name."""


COMMENTS = ("#", "//", "!")
"""Starts of lines of comments."""


@dataclass(frozen=True)
class Row:
    """A row of cells with its place in the file.

    Args:
        record: number of rows and blank lines before it.
        line: its number in the file, from 1 on.
        cells: without blanks around them.
    """

    record: int
    line: int
    cells: list[str]

    @property
    def text(self) -> str:
        """Return the cells in quotes, for messages."""
        text = ", ".join(filter(None, self.cells))
        return repr(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "...")


def records(lines: Iterable[str], separator: str) -> Iterator[Row]:
    """Yield the rows of lines, blank ones among them."""
    for i, (line, cells) in enumerate(split(lines, separator)):
        yield Row(i, line, [cell.strip() for cell in cells])


def split(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line at which each record ends, and its cells."""
    if separator == " ":
        lines = (line.strip().replace("\t", " ") + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=separator or "\x1f", skipinitialspace=True)
    for cells in reader:
        yield reader.line_num, cells


def is_value(cell: str) -> bool:
    """Check for a number, a date, a time of day, a boolean or a mark for a missing value."""
    return VALUE.fullmatch(cell) is not None or looks_like_date(cell)


def unit(cell: str) -> str:
    """Return the unit behind a number; empty where there is none."""
    value = VALUE.fullmatch(cell)
    return "" if value is None else value["unit"] or ""


def is_comment(row: Row) -> bool:
    """Check for a line of comments, or a rule between rows."""
    return row.cells[0].startswith(COMMENTS) or is_rule(row)


def is_rule(row: Row) -> bool:
    """Check for a line that is drawn between rows, such as ``---+---``."""
    return RULE.fullmatch(" ".join(row.cells)) is not None


def kind(cell: str) -> str:
    """Return whether a value is a date, or a number with or without decimals."""
    return "date" if looks_like_date(cell) else "decimal" if re.search("[.,]", cell) else "whole"


def shape(cell: str) -> str:
    """Return the pattern of a label with digits, such as A000 for P001; the label of others."""
    if not any(map(str.isdigit, cell)):
        return cell
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", cell))


def is_units(row: Row, valued: Sequence[int]) -> bool:
    """Check that a row holds units in the columns of values."""
    cells = [row.cells[i] for i in valued if row.cells[i]]
    return bool(cells) and all(UNIT.fullmatch(cell) for cell in cells)
