"""Notes of one line on what a table may mean beside how it is read."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from timegan.tables.dtypes import is_number
from timegan.tables.fields import Field
from timegan.tables.raw_columns import ColumnRoles, RawColumn

YEAR = 365.25 * 86_400
MIN_RETURN = 50
"""Gap after which a key comes back, as a multiple of the usual gap; it is a year at least."""
MIN_STEPS = 5
"""Rows of a sequence, in the mean, from which labels that all differ in it may be times."""
MAX_ROUNDING = 1e-6
"""Largest difference of equal steps, relative to a step."""


def note_return(
    roles: ColumnRoles, time: np.ndarray, bounds: np.ndarray, order: np.ndarray | None, second: int
) -> None:
    """Note a key that comes back after years: it may name another one then.

    Args:
        roles: with a key.
        time: (R,) ticks in the order of sequences and time.
        bounds: (S, 2) of the sequences.
        order: (R,) of the rows; None where they are in order.
        second: ticks of a second.
    """
    gaps = np.diff(time)
    gaps[bounds[1:, 0] - 1] = 0
    usual = np.median(gaps[gaps > 0]) if (gaps > 0).any() else 0
    longest = int(np.argmax(gaps)) if gaps.size else 0
    years = float(gaps[longest]) / (YEAR * second) if gaps.size else 0.0
    if years < 1 or gaps[longest] < MIN_RETURN * usual:
        return
    row = longest + 1 if order is None else int(order[longest + 1])
    [key] = roles.of("key")
    roles.notes.append(
        f"{key.label!r} {key.series.iloc[row]} comes back in row {row + 1:,} (the first row is 1) "
        f"after {years:.1f} years. If it names another one then, give it a key of its own."
    )


def note_even_numbers(roles: ColumnRoles, bounds: np.ndarray, order: np.ndarray | None) -> None:
    """Note numbers that rise by the same in each row: they may be the time, or count rows.

    Args:
        roles: of all columns.
        bounds: (S, 2) of the sequences.
        order: (R,) of the rows; None where they are in order.
    """
    has_time = bool(roles.of("time"))
    for column in roles.of("feature"):
        if not is_number(column.series.dtype) or column.series.isna().any():
            continue
        numbers = column.series.to_numpy(dtype=np.float64)
        steps = np.diff(numbers if order is None else numbers[order])
        inside = np.ones(len(steps), dtype=bool)
        inside[bounds[1:, 0] - 1] = False
        steps = steps[inside]
        if len(steps) < MIN_STEPS or steps[0] <= 0 or not np.isfinite(steps).all():
            continue
        if np.ptp(steps) > MAX_ROUNDING * max(steps[0], np.abs(numbers).max() * MAX_ROUNDING):
            continue
        remedy = f"If it counts rows, set dataset.exclude=[{column.label}]."
        if not has_time:
            remedy = f"If it is the time, set dataset.sequence_index={column.label}. {remedy}"
        roles.notes.append(
            f"{column.label!r} rises by {steps[0]:.6g} in each row"
            f"{' of a sequence' * (len(bounds) > 1)}, and is learned as a feature. {remedy}"
        )


def note_labels(
    roles: ColumnRoles, fields: Sequence[tuple[RawColumn, Field]], bounds: np.ndarray
) -> None:
    """Note labels that may be dates in an unknown form, and labels that differ in case only.

    Args:
        roles: with a time, or without.
        fields: columns and what they hold.
        bounds: (S, 2) of the sequences.
    """
    for column, field in fields:
        labels = [label for label in field.categories if isinstance(label, str)]
        if not labels or field.role not in ("feature", "context", "exogenous"):
            continue
        forms: dict[str, str] = {}
        for label in labels:
            other = forms.setdefault(label.strip().casefold(), label)
            if other != label:
                roles.notes.append(
                    f"{other!r} and {label!r} in {column.label!r} are two labels, and read alike. "
                    "Write them alike if they mean the same."
                )
                break
        has_digits = any(character.isdigit() for character in labels[0])
        if roles.of("time") or roles.codes is None or not has_digits or field.role == "context":
            continue
        pairs = pd.DataFrame({"key": roles.codes, "label": column.series})
        if len(pairs) >= MIN_STEPS * len(bounds) and not pairs.duplicated().any():
            roles.notes.append(
                f"{column.label!r} has another label in each row of a sequence, such as "
                f"{column.series.iloc[0]!r}, and is learned as a category. If they are dates, "
                "write them as 2024-01-31."
            )
