"""Layout of a text table: the separator, the line of names, and lines that hold no row."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any

from timegan.errors import InputError
from timegan.tables.date_formats import looks_like_date

SEPARATORS = {
    **{",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"},
    **{"": "nothing", " ": "blanks"},
}
"""Separators -> their names; "" stands for a single column. Of equal ones the first is taken."""
PREVIEW_LINES = 500
"""First lines, which tell the layout."""
VALUE_SHARE = 0.8
"""Share of its cells that are values in a column of values."""
MAX_SHOWN = 60
"""Characters of a line in messages."""

NUMBER = r"(?:\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)"
VALUE = re.compile(
    rf"[(]?[-+\u2212]?\s?[^\w\s.,]?\s?[-+\u2212]?{NUMBER}(?:[eE][-+]?\d+)?"
    r"(?:\s?[%‰KMBkTμ$€£¥°]|[ \u00a0](?P<unit>[^\W\d_]\S{0,5}))?[)]?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp][Mm])?"
    r"|[-–?.*]+|N/?A|n[./]?a\.?|N\.A\.|NaN|nan|None|none|NULL|null|<NA>|#N/A|[Ii]nf(?:inity)?"
    r"|True|true|TRUE|False|false|FALSE"
)
"""A number with its signs, a time of day, a mark for a missing value, or a boolean."""
UNIT = re.compile(
    r"\[.*\]|\(.*\)|.*[°%/²³^µμ].*|-"
    r"|([munpkMGTh]?(m|g|s|W|Wh|V|A|Hz|Pa|J|l|L|K|C|F|N|bar|eV|Ah|var))"
    r"|deg\.?[CFK]?|mm|min|h|hr|hours?|days?|sec(onds?)?|utc|UTC|[A-Z]{3}|ppm|ppb|bpm|mmHg|knots|kn"
    r"|mph|km\w|inch(es)?|ft|lbs?|gal|psi|dB|count|rpm|datetime|date|time|string|float|int(eger)?"
)
"""A unit or a type below a name."""
TOTAL = re.compile(
    r"(grand |sub)?totals?|sums?|averages?|means?|summe|gesamt|insgesamt|mittelwert|durchschnitt"
    r"|total(e|es)?|moyenne|media|promedio|suma",
    re.IGNORECASE,
)
"""A cell that tells a row below the table from its rows."""
TIME_NAME = re.compile(r"\W*(date|time|day|month|year|index|id|name)", re.IGNORECASE)


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


@dataclass(frozen=True)
class Layout:
    """Where the rows of a text table are, and what its columns are called.

    Args:
        separator: of the cells; "" where there is a single column.
        names: of the columns; empty where there is none.
        first: record of the first row.
        notes: on lines that hold no row, as sentences.
        skipped: records that hold no row, behind the first one.
        width: most cells of a row.
    """

    separator: str
    names: list[str]
    first: int
    notes: list[str] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    width: int = 0

    @property
    def pandas_options(self) -> dict[str, Any]:
        """Return the options with which pandas reads the rows."""
        blank = [f"Unnamed: {i}" for i in range(self.width)]
        names = [*self.names, *[""] * (self.width - len(self.names))]
        return {
            "sep": {"": "\x1f", " ": r"\s+"}.get(self.separator, self.separator),
            "header": None,
            "names": [name or other for name, other in zip(names, blank, strict=True)],
            "skiprows": {*range(self.first), *self.skipped},
            "index_col": False,
            "skipinitialspace": True,
            "encoding": "utf-8-sig",
        }


def find_layout(
    plain: Path, path: Path, separator: str | None = None, header: int | None = None
) -> Layout:
    """Return the layout of a text table.

    The separator is the one by which most lines have as many cells, and most cells are values.
    Names stand in the last line before the values, above a line of units. Lines before them, a
    repetition of the names, and lines below the table are left out.

    Args:
        plain: the table as UTF-8.
        path: of the user's file, for messages.
        separator: of its cells; None finds it.
        header: line of the names; 0: there are none; None finds it.

    Raises:
        InputError: names are missing or cannot be told from values, or a row has more or fewer
            cells than there are names.
    """
    with plain.open(newline="", encoding="utf-8-sig") as file:
        preview = list(islice(file, PREVIEW_LINES))
    if separator is None:
        separator = max(SEPARATORS, key=lambda mark: _score(preview, mark))
    records = list(_records(preview, separator))
    rows = [row for row in records if any(row.cells)]
    if not rows:
        raise InputError(f"{path} has no header: its first line must hold the columns' names.")
    block = _block(rows)
    if header is None:
        layout = _with_names(path, rows, block, separator)
    else:
        layout = _named_by(path, rows, block, separator, header)
    repeated = next((name for name in layout.names if layout.names.count(name) > 1 and name), None)
    if repeated is not None:
        raise InputError(
            f"{path} has the column {repeated!r} more than once: names must differ. Rename one."
        )
    return _scan(plain, path, layout)


def _records(lines: Iterable[str], separator: str) -> Iterator[Row]:
    for i, (line, cells) in enumerate(_split(lines, separator)):
        yield Row(i, line, [cell.strip() for cell in cells])


def _split(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line at which each record ends, and its cells."""
    if separator == " ":
        lines = (line.strip().replace("\t", " ") + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=separator or "\x1f", skipinitialspace=True)
    for cells in reader:
        yield reader.line_num, cells


def _is_value(cell: str) -> bool:
    return VALUE.fullmatch(cell) is not None or looks_like_date(cell)


def _unit(cell: str) -> str:
    value = VALUE.fullmatch(cell)
    return "" if value is None else value["unit"] or ""


def _is_comment(row: Row) -> bool:
    return row.cells[0].startswith("#")


def _block(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the table among others: those with the most common number of cells.

    Cells at the end that are empty in all of them are cut off.
    """
    tail = rows[len(rows) // 4 :]
    width = Counter(len(row.cells) for row in tail if not _is_comment(row)).most_common(1)
    if not width:
        return []
    block = [row for row in rows if len(row.cells) == width[0][0] and not _is_comment(row)]
    used = max(max(i for i, cell in enumerate(row.cells) if cell) for row in block) + 1
    starts = [row for row in rows if len(row.cells) >= used and not any(row.cells[used:])]
    return [Row(row.record, row.line, row.cells[:used]) for row in starts if not _is_comment(row)]


def _score(preview: Sequence[str], separator: str) -> float:
    """Return how well a separator divides lines into a table: equal widths, and values."""
    rows = [row for row in _records(preview, separator) if any(row.cells) and not _is_comment(row)]
    block = _block(rows)
    if not block or (len(block[0].cells) == 1) == bool(separator):
        return 0.0
    cells = [cell for row in block for cell in row.cells if cell]
    typed = sum(map(_is_value, cells)) / len(cells)
    is_doubtful = rows[0].record != block[0].record
    if not separator:
        is_doubtful = any(mark in block[0].cells[0] for mark in ",;\t|")
        if len({_unit(cell) for cell in cells[len(cells) // 3 :]}) > 1:
            typed = 0.0  # labels behind a blank, not one unit
    return len(block) / len(rows) * (0.1 + typed) * (0.5 if is_doubtful else 1.0)


def _with_names(path: Path, rows: Sequence[Row], block: list[Row], separator: str) -> Layout:
    """Find the names: the last full line before the values."""
    valued = _valued_columns(block)
    at = next((i for i, row in enumerate(block) if _is_data(row, valued)), 0) if valued else 1
    is_start = block[:at] if valued else block[: len(block) // 2 + 1]
    gaps = [i for i, (row, below) in enumerate(pairwise(is_start)) if below.record > row.record + 1]
    if gaps and len(gaps) < len(is_start) - 1:  # blank lines before the names
        at -= 0 if not valued else gaps[-1] + 1
        block = block[gaps[-1] + 1 :]
    above = block[:at]
    if not above:
        comment = _commented_names(rows, block[0], separator)
        if comment is not None:
            return Layout(separator, comment.cells, block[0].record, _left_out(rows, comment))
        before = [row for row in rows if row.record < block[0].record and not _is_comment(row)]
        if before and len(before[-1].cells) > 1 and not any(map(_is_value, before[-1].cells)):
            raise _wrong_width(path, block[0], before[-1].cells)
        _check_names(path, block, valued, separator)
        return Layout(separator, block[0].cells, block[0].record + 1, _left_out(rows, block[0]))
    names, units = above[-1], None
    if len(above) > 1 and _is_units(names, valued):
        names, units = above[-2], names
    others = [row for row in above if row.record < names.record]
    is_full = all(names.cells[i] for i in valued) or len(above) == 1
    if not is_full or any(sum(map(bool, row.cells)) > len(row.cells) / 2 for row in others):
        raise InputError(
            f"{path} may have its names in line {above[0].line} ({above[0].text}) or in line "
            f"{above[-1].line} ({above[-1].text}): lines {above[0].line} and {above[-1].line} hold "
            f"text above the values. Set the line of the names, such as "
            f"dataset.header={above[0].line}."
        )
    notes = _left_out(rows, names)
    if units is not None:
        notes.append(f"Line {units.line} is left out: it holds units ({units.text}).")
    return Layout(separator, names.cells, above[-1].record + 1, notes)


def _named_by(
    path: Path, rows: Sequence[Row], block: list[Row], separator: str, header: int
) -> Layout:
    """Return the layout with the names in a given line, or with numbered names for line 0."""
    if header == 0:
        names = [f"column_{i + 1}" for i in range(len(block[0].cells))]
        return Layout(separator, names, block[0].record)
    names_row = next((row for row in rows if row.line == header), None)
    if names_row is None:
        raise InputError(
            f"dataset.header={header}: line {header} of {path} holds no names. Set the number of "
            "the line with the columns' names, or 0 if there is none."
        )
    below = [row for row in block if row.record > names_row.record]
    valued = _valued_columns(below)
    first = next((row for row in below if not valued or _is_data(row, valued)), names_row)
    notes = _left_out(rows, names_row)
    if first.record > names_row.record + 1:
        notes.append(f"Lines {names_row.line + 1} to {first.line - 1} below it are left out, too.")
    used = max((i for i, cell in enumerate(names_row.cells) if cell), default=0) + 1
    return Layout(separator, names_row.cells[:used], first.record, notes)


def _valued_columns(block: Sequence[Row]) -> list[int]:
    """Return the columns whose cells are values in the last third of the rows."""
    body = [row.cells for row in block[len(block) * 2 // 3 :]]
    valued = []
    for i in range(len(body[0]) if body else 0):
        cells = [cells[i] for cells in body if cells[i]]
        if cells and sum(map(_is_value, cells)) >= VALUE_SHARE * len(cells):
            valued.append(i)
    return valued


def _is_data(row: Row, valued: Sequence[int]) -> bool:
    cells = [row.cells[i] for i in valued if row.cells[i]]
    return sum(map(_is_value, cells)) > len(cells) / 2


def _is_units(row: Row, valued: Sequence[int]) -> bool:
    cells = [row.cells[i] for i in valued if row.cells[i]]
    return bool(cells) and all(UNIT.fullmatch(cell) for cell in cells)


def _commented_names(rows: Sequence[Row], first: Row, separator: str) -> Row | None:
    """Return names in the comment above the first row, as NumPy writes them."""
    comments = [row for row in rows if row.record < first.record and _is_comment(row)]
    if not comments or len(first.cells) == 1:
        return None
    last = comments[-1]
    cells = [cell for cell in (last.cells[0].lstrip("# "), *last.cells[1:]) if cell]
    is_named = len(cells) == len(first.cells) and not any(map(_is_value, cells))
    return Row(last.record, last.line, cells) if is_named else None


def _check_names(path: Path, block: Sequence[Row], valued: Sequence[int], separator: str) -> None:
    """Refuse a first row of values, unless its numbers are names, as of years or quantiles."""
    first, *others = block
    below = [{row.cells[i] for row in others} for i in range(len(first.cells))]
    are_values = [
        _is_value(cell) or cell in cells or _shape(cell) in {_shape(c) for c in cells}
        for cell, cells in zip(first.cells, below, strict=True)
    ]
    numbers = [float(first.cells[i]) for i in valued if _is_number(first.cells[i])]
    is_rising = len(numbers) > 1 and all(a < b for a, b in pairwise(numbers))
    free = [cell for cell, is_value in zip(first.cells, are_values, strict=True) if not is_value]
    if is_rising and len(numbers) == len(valued) and any(map(TIME_NAME.match, free)):
        return
    shown = ", ".join(first.cells[:3])
    blanks = (
        ", columns are separated by blanks, and a header is missing" if separator == " " else ""
    )
    raise InputError(
        f"{path} begins with {shown}, which are values, not names{blanks}. Add a header with the "
        "columns' names, or set dataset.header=0 to number the columns."
    )


def _shape(cell: str) -> str:
    """Return the pattern of a label with digits, such as A000 for P001; the label of others."""
    if not any(map(str.isdigit, cell)):
        return cell
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", cell))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _left_out(rows: Sequence[Row], names: Row) -> list[str]:
    """Return a note on lines before the names."""
    above = [row for row in rows if row.record < names.record]
    if not above:
        return []
    return [f"Lines before line {names.line} with the names are left out: {above[0].text}."]


def _scan(plain: Path, path: Path, layout: Layout) -> Layout:
    """Check the cells of all rows, and find those that repeat the names or follow the table.

    Raises:
        InputError: names the first row with more or fewer cells than names.
    """
    names, count, width = layout.names, len(layout.names), len(layout.names)
    notes, skipped = list(layout.notes), list[int]()
    footers, blank = list[Row](), list[int]()
    last = Row(layout.first, 0, names)
    for row in _suspects(plain, layout):
        record, line, cells = row.record, row.line, row.cells
        if cells[:count] == names:
            notes.append(f"Line {line} is left out: it repeats the names.")
            skipped.append(record)
        elif cells and not any(cells):
            blank.append(record)  # values that are missing, unless no row follows
        elif not cells or (_is_comment(row) and len(cells) < count):
            skipped.append(record)
        elif footers or len(cells) < count or any(cells[count:]):
            footers.append(row)
            if len(cells) >= count or _is_value(cells[0]):
                raise _wrong_width(path, footers[0], names)
        else:
            width = max(width, len(cells))
            last, blank = row, []
    skipped += blank
    if any(TOTAL.fullmatch(cell.strip(" :")) for cell in last.cells) and last.cells != names:
        footers.insert(0, last)
    if footers:
        skipped += [row.record for row in footers]
        notes.append(
            f"Lines below the table are left out, from line {footers[0].line}: {footers[0].text}."
        )
    return replace(layout, notes=notes, skipped=skipped, width=width)


def _suspects(plain: Path, layout: Layout) -> Iterator[Row]:
    """Yield rows that may be no row of the table, those before one, and the last."""
    before: tuple[int, int, Any] | None = None
    for record, line, cells, is_odd in _marked_lines(plain, layout):
        if record < layout.first:
            continue
        if is_odd and before is not None:
            yield Row(*before[:2], _cells(before[2], layout.separator))
        before = None if is_odd else (record, line, cells)
        if is_odd:
            yield Row(record, line, _cells(cells, layout.separator))
    if before is not None:
        yield Row(*before[:2], _cells(before[2], layout.separator))


def _marked_lines(plain: Path, layout: Layout) -> Iterator[tuple[int, int, Any, bool]]:
    """Yield record, line and cells of each row, and if it may be no row of the table.

    Counting separators is many times faster than to split lines, where no quotes hide any.
    """
    separator, names, count = layout.separator, layout.names, len(layout.names)
    with plain.open("rb") as file:
        if separator not in ("", " ") and _is_simple(file):
            mark, starts = separator.encode(), (separator.encode(), names[0].encode(), b" ", b"#")
            for i, text in enumerate(file):
                is_odd = text.count(mark) != count - 1 or text.startswith(starts)
                yield i, i + 1, text, is_odd
            return
    with plain.open(newline="", encoding="utf-8-sig") as lines:
        for i, (line, cells) in enumerate(_split(lines, separator)):
            yield i, line, cells, len(cells) != count or cells[0] in ("", names[0])


def _is_simple(file: IO[bytes]) -> bool:
    """Check for quotes, and for lines that end otherwise than with a line feed."""
    while chunk := file.read(2**20):
        if chunk.count(b'"') or chunk.count(b"\r") != chunk.count(b"\r\n"):
            return False
    file.seek(0)
    return True


def _cells(row: bytes | list[str], separator: str) -> list[str]:
    cells = row.decode().rstrip("\r\n").split(separator) if isinstance(row, bytes) else row
    return [cell.strip() for cell in cells] if cells != [""] else []


def _wrong_width(path: Path, row: Row, names: Sequence[str]) -> InputError:
    count = len(row.cells)
    cause = "a column has no name, or a cell that holds the separator needs quotes"
    if count < len(names):
        cause = "a row needs all its separators, also for empty cells"
    return InputError(
        f"{path}: line {row.line} has {count} cell{'s' * (count != 1)} ({row.text}), and there are "
        f"{len(names)} names ({', '.join(names[:3])}{', ...' * (len(names) > 3)}): {cause}. "
        "Correct the line."
    )
