"""Rows of a text table: those that hold none are found, and odd ones refused."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from timegan.errors import InputError
from timegan.tables.text_cells import Row, is_comment, is_rule, is_value, split

TOTAL = re.compile(
    r"(grand |sub)?totals?|sums?|averages?|means?|summe|gesamt|insgesamt|mittelwert|durchschnitt"
    r"|total(e|es)?|moyenne|media|promedio|suma",
    re.IGNORECASE,
)
"""A cell that tells a row below the table from its rows."""
ROWS = re.compile(r"\(\d+ rows?\)")
"""The number of rows, as databases write it below a table."""


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


def scan(plain: Path, path: Path, layout: Layout) -> Layout:
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
        elif not cells or is_rule(row) or (is_comment(row) and len(cells) < count):
            skipped.append(record)
        elif footers or len(cells) < count or any(cells[count:]):
            footers.append(row)
            if len(cells) >= count or (is_value(cells[0]) and not ROWS.fullmatch(row.text[1:-1])):
                raise wrong_width(path, footers[0], names)
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
            mark = separator.encode()
            starts = (mark, names[0].encode(), b" ", b"#", b"--", b"==", b"+-")
            for i, text in enumerate(file):
                is_odd = text.count(mark) != count - 1 or text.startswith(starts)
                yield i, i + 1, text, is_odd
            return
    with plain.open(newline="", encoding="utf-8-sig") as lines:
        for i, (line, cells) in enumerate(split(lines, separator)):
            is_odd = len(cells) != count or cells[0] in ("", names[0])
            yield i, line, cells, is_odd or cells[0].startswith(("--", "=="))


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


def wrong_width(path: Path, row: Row, names: Sequence[str]) -> InputError:
    """Return the error for a row with more or fewer cells than there are names."""
    count = len(row.cells)
    cause = "a column has no name, or a name or a cell that holds the separator needs quotes"
    if count < len(names):
        cause = "a name holds the separator, or the row lacks one (empty cells need theirs, too)"
    return InputError(
        f"{path}: line {row.line} has {count} cell{'s' * (count != 1)} ({row.text}), and there are "
        f"{len(names)} names ({', '.join(names[:3])}{', ...' * (len(names) > 3)}): {cause}. "
        "Correct the line."
    )
