"""The detected types as text: a row for each column."""

from collections.abc import Sequence

from timegan.transforms.base import ColumnTransformer, DetectedType

HEADER = ("column", "type", "reason", "channels")


def summary_rows(
    labels: Sequence[str],
    detected: Sequence[DetectedType],
    transformers: Sequence[ColumnTransformer],
) -> list[tuple[str, str, str, int]]:
    """Return column, type, reason and number of model channels, a row for each column."""
    columns = zip(labels, detected, transformers, strict=True)
    return [(label, d.column_type, d.reason, t.width) for label, d, t in columns]


def summary_text(
    labels: Sequence[str],
    detected: Sequence[DetectedType],
    transformers: Sequence[ColumnTransformer],
) -> str:
    """Return `summary_rows` as lines of aligned text under a header."""
    rows = summary_rows(labels, detected, transformers)
    cells = [HEADER, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(HEADER))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells)
    return "\n".join(lines)
