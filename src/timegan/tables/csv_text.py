"""Dates in text the same way in every part of a file, and an index among the columns."""

from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.date_formats import NOTHING, render, unit_of
from timegan.tables.dtypes import PER_SECOND
from timegan.tables.fields import Field
from timegan.tables.raw_columns import level_values
from timegan.tables.schema import Schema, free_name
from timegan.tables.ticks import to_local, to_ticks

DAY = 86_400
UNNAMED = {"key": "sequence", "time": "time"}
"""Role -> what to call an index level that has no name."""


def as_text(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """A frame that is ready for a csv: the index in front, moments and lengths of time as text.

    pandas itself writes a column of dates without the time of day where all of them are midnights,
    which would depend on the part.
    """
    names = list(frame.columns)
    columns: list[tuple[Any, Any]] = []
    for i, field in enumerate(f for f in schema.fields if f.index and f.role != "rows"):
        name = field.name
        if name is None:
            name = free_name(UNNAMED.get(field.role, field.role), names)
            names.append(name)
        levels = level_values(frame.index, i)
        columns.append((name, _written(pd.Series(levels.array, dtype=levels.dtype), field, schema)))
    known = {field.name: field for field in schema.fields if not field.index}
    for i, name in enumerate(frame.columns):
        rows = frame.iloc[:, i].reset_index(drop=True)
        field_of: Any = known.get(name)
        columns.append((name, _written(rows, field_of, schema) if field_of else rows))
    out = pd.DataFrame(dict(enumerate(rows for _, rows in columns)))
    out.columns = pd.Index([name for name, _ in columns])
    return out


def _written(rows: "pd.Series[Any]", field: Field, schema: Schema) -> "pd.Series[Any]":
    if field.type == "timedelta":
        codes, spans = pd.factorize(rows)
        texts = np.array([str(pd.Timedelta(span)) for span in spans] + [""], dtype=object)
        return pd.Series(texts[codes], dtype=object)
    if field.type != "datetime" or field.form or not field.unit:
        return rows
    codes, ticks = pd.factorize(to_ticks(rows, ""))
    there = ticks != NOTHING
    texts = np.full(len(ticks), "", dtype=object)
    texts[there] = _texts(ticks[there], field, _precision(field, schema))
    return pd.Series(texts[codes], dtype=object)


def _texts(ticks: np.ndarray, field: Field, precision: int) -> np.ndarray:
    """Moments as ISO text, with the offset from UTC where there is a zone."""
    local = to_local(ticks, field.unit, field.zone) if field.zone else ticks
    form = "%Y-%m-%d" if precision < 0 and not field.zone else "%Y-%m-%d %H:%M:%S"
    form += f".%{precision}f" if precision > 0 else ""
    have, want = field.per_second, PER_SECOND[unit_of(form)]
    texts = render(local * (want // have) if want > have else local // (have // want), form)
    if not field.zone:
        return texts
    minutes = (local - ticks) // (60 * field.per_second)
    kinds, places = np.unique(minutes, return_inverse=True)
    signs = [f"{'-' if m < 0 else '+'}{abs(m) // 60:02d}:{abs(m) % 60:02d}" for m in kinds]
    return np.asarray(texts + np.array(signs, dtype=object)[places])


def _precision(field: Field, schema: Schema) -> int:
    """Digits of a second's fraction that the real table needs: -1 where it has whole days only."""
    step = field.step
    calendar = schema.calendar
    if field.role == "time" and calendar is not None:
        starts = np.array(calendar.starts, dtype=np.int64)
        step = DAY * field.per_second if calendar.freq else int(calendar.step)
        step = int(np.gcd.reduce(np.append(starts, step)))
    elif field.role == "key" and schema.labels is not None:
        step = int(np.gcd(schema.labels.first, schema.labels.step))
    if step % (DAY * field.per_second) == 0:
        return -1
    return next((d for d in (0, 3, 6) if step * 10**d % field.per_second == 0), 9)
