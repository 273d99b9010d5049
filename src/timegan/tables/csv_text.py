"""Tables as CSV text: dates in one format in every chunk of a file, index levels as columns."""

from typing import Any

import numpy as np
import pandas as pd

from timegan.tables.date_formats import NAT, render, unit_of
from timegan.tables.dtypes import TICKS_PER_SECOND
from timegan.tables.fields import Field
from timegan.tables.raw_columns import free_name, level_values
from timegan.tables.schema import Schema
from timegan.tables.timestamps import to_local, to_ticks

SECONDS_PER_DAY = 86_400
DEFAULT_LEVEL_NAMES = {"key": "sequence", "time": "time"}
"""Role -> name of an index level without a name."""


def format_frame(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return a frame ready for a CSV: index levels first, timestamps and durations as text.

    pandas writes dates without a time of day where all of them are midnights, and that would
    depend on the chunk.
    """
    names = list(frame.columns)
    columns: list[tuple[Any, Any]] = []
    for i, field in enumerate(f for f in schema.fields if f.index and f.role != "rows"):
        name = field.name
        if name is None:
            name = free_name(DEFAULT_LEVEL_NAMES.get(field.role, field.role), names)
            names.append(name)
        levels = level_values(frame.index, i)
        columns.append(
            (name, _format_column(pd.Series(levels.array, dtype=levels.dtype), field, schema))
        )
    known = {field.name: field for field in schema.fields if not field.index}
    for i, name in enumerate(frame.columns):
        rows = frame.iloc[:, i].reset_index(drop=True)
        field_of: Any = known.get(name)
        columns.append((name, _format_column(rows, field_of, schema) if field_of else rows))
    out = pd.DataFrame(dict(enumerate(rows for _, rows in columns)))
    out.columns = pd.Index([name for name, _ in columns])
    return out


def _format_column(rows: "pd.Series[Any]", field: Field, schema: Schema) -> "pd.Series[Any]":
    if field.type == "timedelta":
        codes, spans = pd.factorize(rows)
        texts = np.array([str(pd.Timedelta(span)) for span in spans] + [""], dtype=object)
        return pd.Series(texts[codes], dtype=object)
    if field.type != "datetime" or field.date_format or not field.unit:
        return rows
    codes, ticks = pd.factorize(to_ticks(rows, ""))
    there = ticks != NAT
    texts = np.full(len(ticks), "", dtype=object)
    texts[there] = _format_timestamps(ticks[there], field, _precision(field, schema))
    return pd.Series(texts[codes], dtype=object)


def _format_timestamps(ticks: np.ndarray, field: Field, precision: int) -> np.ndarray:
    """Return timestamps as ISO text, with the offset from UTC where there is a zone."""
    local = to_local(ticks, field.unit, field.zone) if field.zone else ticks
    date_format = "%Y-%m-%d" if precision < 0 and not field.zone else "%Y-%m-%d %H:%M:%S"
    date_format += f".%{precision}f" if precision > 0 else ""
    have, want = field.per_second, TICKS_PER_SECOND[unit_of(date_format)]
    texts = render(local * (want // have) if want > have else local // (have // want), date_format)
    if not field.zone:
        return texts
    minutes = (local - ticks) // (60 * field.per_second)
    kinds, places = np.unique(minutes, return_inverse=True)
    signs = [f"{'-' if m < 0 else '+'}{abs(m) // 60:02d}:{abs(m) % 60:02d}" for m in kinds]
    return np.asarray(texts + np.array(signs, dtype=object)[places])


def _precision(field: Field, schema: Schema) -> int:
    """Return the digits of a second's fraction that the real table needs; -1 for whole days."""
    step = field.step
    time_axis = schema.time_axis
    if field.role == "time" and time_axis is not None:
        starts = np.array(time_axis.starts, dtype=np.int64)
        step = SECONDS_PER_DAY * field.per_second if time_axis.freq else int(time_axis.step)
        step = int(np.gcd.reduce(np.append(starts, step)))
    elif field.role == "key" and schema.key_generator is not None:
        step = int(np.gcd(schema.key_generator.first, schema.key_generator.step))
    if step % (SECONDS_PER_DAY * field.per_second) == 0:
        return -1
    return next((d for d in (0, 3, 6) if step * 10**d % field.per_second == 0), 9)
