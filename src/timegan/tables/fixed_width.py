"""Tables of fixed width: their columns stand at the same places in all lines."""

import csv
import re
import tempfile
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np

from timegan.tables.text_cells import RULE

MIN_LINES = 4
"""Lines from which places tell columns."""
PREVIEW_LINES = 500
"""First lines, which tell whether the table is of fixed width."""
OTHER_SEPARATORS = re.compile(r"[,;\t|]")
WORD = re.compile(r"\S+")


def as_commas(plain: Path, stack: ExitStack) -> Path:
    """Return a copy of a table of fixed width with commas, where blanks do not tell its cells.

    Blanks do not where cells are empty or hold blanks. Columns are then the places that are not
    blank in all lines; the names above them show which belong together.

    Args:
        plain: a table as UTF-8.
        stack: its end removes the copy.

    Returns:
        The file itself where blanks tell its cells, or where columns do not stand below names.
    """
    with plain.open(encoding="utf-8-sig") as text:
        first = [line.rstrip() for line in islice(text, PREVIEW_LINES)]
        rows = [line for line in first if line and not _is_outside(line)]
        widths = {len(line.split()) for line in rows}
        has_others = any(OTHER_SEPARATORS.search(line) for line in rows)
        is_padded = sum("  " in line for line in rows) > len(rows) / 2
        if len(rows) < MIN_LINES or len(widths) == 1 or has_others or not is_padded:
            return plain
        rows += [line for line in map(str.rstrip, text) if line and not _is_outside(line)]
    starts, names = _starts(rows)
    if len(starts) < 2:
        return plain
    file = tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="")  # noqa: SIM115
    copy = stack.enter_context(file)
    writer = csv.writer(copy)
    stops = [*starts[1:], None]
    with plain.open(encoding="utf-8-sig") as lines:
        for line in map(str.rstrip, lines):
            if _is_outside(line):
                copy.write(line + "\n")
                continue
            cells = [line[a:b].strip() for a, b in zip(starts, stops, strict=True)]
            writer.writerow(names if line == rows[0] else cells if line else [])
    copy.flush()
    return Path(copy.name)


def _is_outside(line: str) -> bool:
    """Check for comments and for rules below the names."""
    return line.startswith("#") or RULE.fullmatch(line) is not None


def _starts(rows: list[str]) -> tuple[list[int], list[str]]:
    """Return where columns begin, and their names; nothing where they do not stand below names.

    There are as many columns as names, or each name stands above one or more of them.
    """
    used = np.zeros(max(map(len, rows)) + 1, dtype=bool)
    for row in rows[1:]:
        used[: len(row)] |= np.array([character != " " for character in row], dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used]).astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    words = list(WORD.finditer(rows[0]))
    names = [word[0] for word in words]
    if len(runs) == len(words):
        return [start for start, _ in runs], names
    starts, last = list[int](), -1
    for start, stop in runs:
        above = [i for i, word in enumerate(words) if word.start() < stop and start < word.end()]
        if len(above) > 1 or (above and above[0] not in (last, last + 1)):
            return [], []
        if above and above[0] != last:
            last = above[0]
            starts.append(start)
    return (starts, names) if last + 1 == len(words) else ([], [])
