"""Layout of a text table: the separator, and the line of names."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice, pairwise, takewhile
from pathlib import Path

import numpy as np

from timegan.errors import InputError
from timegan.tables.date_formats import looks_like_date
from timegan.tables.text_cells import (
    Row,
    is_comment,
    is_units,
    is_value,
    kind,
    records,
    shape,
    unit,
)
from timegan.tables.text_rows import Layout, scan, wrong_width

SEPARATORS = {
    **{",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"},
    **{"~": "tildes", "^": "carets", "": "nothing", " ": "blanks"},
}
"""Separators -> their names; "" stands for a single column. Of equal ones the first is taken."""
PREVIEW_LINES = 500
"""First lines, which tell the layout."""
YEAR = re.compile(r"(19|20)\d\d")
VALUE_SHARE = 0.8
"""Share of its cells that are values in a column of values."""


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
    rows = [row for row in records(preview, separator) if any(row.cells)]
    block = _block(rows)
    if not block:
        raise InputError(f"{path} has no header: its first line must hold the columns' names.")
    if header is None:
        layout = _with_names(path, rows, block, separator)
    else:
        layout = _named_by(path, rows, block, separator, header)
    repeated = next((name for name in layout.names if layout.names.count(name) > 1 and name), None)
    if repeated is not None:
        raise InputError(
            f"{path} has the column {repeated!r} more than once: names must differ. Rename one."
        )
    return scan(plain, path, layout)


def _block(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the table among others: those with the most common number of cells.

    Cells at the end that are empty in all of them are cut off.
    """
    tail = rows[len(rows) // 4 :]
    width = Counter(len(row.cells) for row in tail if not is_comment(row)).most_common(1)
    if not width:
        return []
    block = [row for row in rows if len(row.cells) == width[0][0] and not is_comment(row)]
    used = max(max(i for i, cell in enumerate(row.cells) if cell) for row in block) + 1
    starts = [row for row in rows if len(row.cells) >= used and not any(row.cells[used:])]
    return [Row(row.record, row.line, row.cells[:used]) for row in starts if not is_comment(row)]


def _score(preview: Sequence[str], separator: str) -> float:
    """Return how well a separator divides lines into a table: equal widths, and values."""
    rows = [row for row in records(preview, separator) if any(row.cells) and not is_comment(row)]
    block = _block(rows)
    if not block or (len(block[0].cells) == 1) == bool(separator):
        return 0.0
    cells = [cell for row in block for cell in row.cells if cell]
    typed = sum(map(is_value, cells)) / len(cells)
    is_doubtful = rows[0].record != block[0].record
    if not separator:
        is_doubtful = any(mark in block[0].cells[0] for mark in ",;\t|")
        if len({unit(cell) for cell in cells[len(cells) // 3 :]}) > 1:
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
    if not valued and block and _repeats_shape(block):
        above = []
    if not above:
        comment = _commented_names(rows, block[0], separator)
        if comment is not None:
            return Layout(separator, comment.cells, block[0].record, _left_out(rows, comment))
        before = [row for row in rows if row.record < block[0].record and not is_comment(row)]
        if before and len(before[-1].cells) > 1 and not any(map(is_value, before[-1].cells)):
            raise wrong_width(path, block[0], before[-1].cells)
        _check_names(path, block, valued, separator)
        return Layout(separator, block[0].cells, block[0].record + 1, _left_out(rows, block[0]))
    below = list(
        takewhile(
            lambda row: is_units(row, valued) and all(_above(above, row).cells[i] for i in valued),
            reversed(above[1:]),
        )
    )
    names = above[-1 - len(below)]
    others = [row for row in above if row.record < names.record]
    is_full = all(names.cells[i] for i in valued) or len(above) == 1
    if not is_full or any(sum(map(bool, row.cells)) > len(row.cells) / 2 for row in others):
        whole = [row for row in above if all(row.cells) and len({*row.cells}) == len(row.cells)]
        whole = [row for row in whole if not is_units(row, valued)]
        best = whole[0].line if whole else above[-1].line
        joined = "" if whole else ", after joining its names to one line"
        raise InputError(
            f"{path} may have its names in line {above[0].line} ({above[0].text}) or in line "
            f"{above[-1].line} ({above[-1].text}): lines {above[0].line} and {above[-1].line} hold "
            f"text above the values. Set the line of the names, such as dataset.header={best}"
            f"{joined}."
        )
    notes = _left_out(rows, names)
    for units in reversed(below):
        notes.append(f"Line {units.line} is left out: it holds units ({units.text}).")
    return Layout(separator, names.cells, above[-1].record + 1, notes)


def _above(rows: Sequence[Row], row: Row) -> Row:
    """Return the row above one of several rows."""
    return rows[rows.index(row) - 1]


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
        if cells and sum(map(is_value, cells)) >= VALUE_SHARE * len(cells):
            valued.append(i)
    return valued


def _is_data(row: Row, valued: Sequence[int]) -> bool:
    cells = [row.cells[i] for i in valued if row.cells[i]]
    count = sum(map(is_value, cells))
    return count > len(cells) / 2 or (2 * count == len(cells) and any(map(looks_like_date, cells)))


def _repeats_shape(block: Sequence[Row]) -> bool:
    """Check that the first row reads like the rows below, as in ``time=2024-01-31,load=1.5``."""
    first, *others = (row.cells for row in block)
    shapes = [{shape(cells[i]) for cells in others} for i in range(len(first))]
    digits = sum(character.isdigit() for cell in first for character in cell)
    return digits >= 2 * len(first) and all(
        any(map(str.isdigit, cell)) and shape(cell) in seen
        for cell, seen in zip(first, shapes, strict=True)
    )


def _commented_names(rows: Sequence[Row], first: Row, separator: str) -> Row | None:
    """Return names in the comment above the first row, as NumPy writes them."""
    found = None
    for row in reversed([row for row in rows if row.record < first.record]):
        cells = [cell for cell in (row.cells[0].lstrip("# "), *row.cells[1:]) if cell]
        if not is_comment(row) or len(cells) != len(first.cells) or len(cells) == 1:
            break
        if not any(map(is_value, cells)):
            found = Row(row.record, row.line, cells)  # the first of them, above units
    return found


def _check_names(path: Path, block: Sequence[Row], valued: Sequence[int], separator: str) -> None:
    """Refuse a first row of values, unless they are names of another kind than the values below."""
    first, *others = block
    below = [{row.cells[i] for row in others} for i in range(len(first.cells))]
    are_values = [
        is_value(cell) or cell in cells or shape(cell) in {shape(c) for c in cells}
        for cell, cells in zip(first.cells, below, strict=True)
    ]
    is_other = [kind(first.cells[i]) not in {kind(cell) for cell in below[i]} for i in valued]
    if first.cells == ["", *map(str, range(len(first.cells) - 1))] and len(first.cells) > 1:
        return  # pandas writes the names of an array so, behind row numbers
    years = [int(first.cells[i]) for i in valued if YEAR.fullmatch(first.cells[i])]
    are_years = len(years) == len(valued) > 2 and set(np.diff(years)) == {1}
    if not all(are_values) and ((len(valued) > 1 and all(is_other)) or are_years):
        return
    shown = ", ".join(first.cells[:3])
    blanks = (
        ", columns are separated by blanks, and a header is missing" if separator == " " else ""
    )
    raise InputError(
        f"{path} begins with {shown}, which are values, not names{blanks}. Add a header with the "
        "columns' names, or set dataset.header=0 to number the columns."
    )


def _left_out(rows: Sequence[Row], names: Row) -> list[str]:
    """Return a note on lines before the names."""
    above = [row for row in rows if row.record < names.record]
    if not above:
        return []
    return [f"Lines before line {names.line} with the names are left out: {above[0].text}."]
