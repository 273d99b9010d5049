"""What was found, as rows for a terminal or a report."""

from collections.abc import Sequence

from timegan.transforms.base import Found, Kind

HEADER = ("column", "type", "reason", "channels")


def rows(found: Sequence[Found], kinds: Sequence[Kind]) -> list[tuple[str, str, str, int]]:
    """Column, type, reason and number of model channels, one row a column."""
    return [(f.name, f.kind, f.reason, k.width) for f, k in zip(found, kinds, strict=True)]


def text(found: Sequence[Found], kinds: Sequence[Kind]) -> str:
    """The same as lines of aligned text under a header."""
    cells = [HEADER, *([str(cell) for cell in row] for row in rows(found, kinds))]
    widths = [max(len(row[k]) for row in cells) for k in range(len(HEADER))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells)
    return "\n".join(lines)
