"""A table as a terminal shows it before training: column types, seasons, relations, constraints."""

from collections.abc import Sequence

import numpy as np

from timegan.data.windows import Windows
from timegan.relations import ConstantInSequence, Relation
from timegan.tables import Table
from timegan.transforms.base import DetectedType
from timegan.transforms.detection.summary import season_lines, summary_text
from timegan.transforms.table_transform import TableTransform

MAX_CONSTRAINT_LINES = 10


def table_summary(
    table: Table,
    transform: TableTransform,
    detected: Sequence[DetectedType],
    relations: Sequence[Relation],
    train: Windows,
) -> str:
    """Return what was found in a table as text.

    Args:
        table: with notes on how it was read.
        transform: fitted to it.
        detected: type of each column.
        relations: between columns.
        train: windows to learn from.
    """
    fields, transformers = zip(*transform.columns, strict=True)
    labels, count = [field.label for field in fields], len(transform.feature_transformers)
    seconds = _window_seconds(table, transform, train)
    names = labels[:count], transformers[:count]
    return "\n".join(
        [
            *table.notes,
            *_length_lines(table, transform, train.window),
            summary_text(labels, detected, transformers),
            *season_lines(transform.seasonality, *names, seconds),
            *_relation_lines(transform, relations),
            *_constraint_lines(transform),
        ]
    )


def _length_lines(table: Table, transform: TableTransform, window: int) -> list[str]:
    """Return what becomes of sequences that are longer than a window, if there are any."""
    low, high = int(table.lengths.min()), int(table.lengths.max())
    if len(table.lengths) == 1 or high <= window:
        return []
    rows = f"{high:,} rows" if low == high else f"{low:,} to {high:,} rows"
    if not transform.longest:
        return [
            f"Sequences have {rows}, and samples are windows of {window:,}: tables with exogenous "
            "columns, and preprocessing=reference, have no longer ones. Set dataset.window to "
            "learn whole sequences."
        ]
    return [
        f"Sequences have {rows}, and so have samples: windows of {window:,} that follow upon each "
        "other."
    ]


def _relation_lines(transform: TableTransform, relations: Sequence[Relation]) -> list[str]:
    """Return a line for each relation."""
    enforced = {relation.describe() for relation in transform.reduction.relations}
    context = {field.label for field in transform.schema.context_fields}
    lines = []
    for relation in relations:
        words = relation.describe()
        is_context = relation.kind == ConstantInSequence.kind and relation.columns[0] in context
        use = "enforced" if words in enforced or is_context else "reported"
        lines.append(f"Relation  {words} ({use}; {relation.reason})")
    return lines


def _constraint_lines(transform: TableTransform) -> list[str]:
    """Return a line for each constraint between columns, and for declared ones."""
    use = "enforced" if transform.enforced else "reported"
    texts = transform.constraints.describe()
    lines = [f"Constraint  {text} ({use})" for text in texts[:MAX_CONSTRAINT_LINES]]
    more = len(texts) - MAX_CONSTRAINT_LINES
    return [*lines, f"Constraint  {more:,} more ({use})"] if more > 0 else lines


def _window_seconds(table: Table, transform: TableTransform, train: Windows) -> float:
    """Return the median time that training windows cover, the step behind them included."""
    time, field = table.time, transform.schema.time
    if time is None or field is None:
        return 0.0
    steps = np.full(len(train), train.window) if train.lengths is None else train.lengths
    spans = time[train.starts + steps - 1] - time[train.starts]
    return float(np.median(spans * steps / np.maximum(steps - 1, 1))) / field.per_second
