"""A known table in any dialect comes back as it is, or is refused; it never becomes another."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from timegan.errors import InputError
from timegan.tables.readers import read_table
from timegan.tables.table import Table

SEPARATORS = st.sampled_from([",", ";", "\t", "|", " "])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
LABELS = ["calm", "Sturm & Böen", "a,b", "c;d", 'a "b"', "NA", "None", "10%", "e|f", "x y", "-"]
DATES: list[Callable[[pd.Timestamp], str]] = [
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day:%d.%m.%Y}",
    lambda day: f"{day:%d/%m/%Y}",
    lambda day: f"{day:%m/%d/%Y}",
    lambda day: f"{day.month}/{day.day}/{day:%y}",
    lambda day: f"{day:%d %B %Y}",
    lambda day: f"{day:%b %d, %Y}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day:%Y-%m-%dT%H:%M:%S}",
    lambda day: f"{day:%d.%m.%Y %H:%M}",
    lambda day: f"{day:%m/%d/%Y %I:%M %p}",
    lambda day: str(int(day.timestamp())),
]
PREAMBLES = ["", "Exported by a logger\n\n", "# by hand\n", "Station: 5\nUnit: kW\n\n"]


@st.composite
def columns(draw: st.DrawFn) -> tuple[np.ndarray, list[str]]:
    """Return numbers and how they are written, without a decimal mark of a language."""
    decimals = draw(st.integers(0, 4))
    size = draw(st.sampled_from([1, 10, 1_000, 100_000]))
    rows = draw(st.integers(3, 25))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    numbers = np.round(random.normal(0, size, rows), decimals) + 0.0
    texts = [f"{number:,.{decimals}f}" for number in numbers]
    if decimals and draw(st.booleans()):
        texts = [text.rstrip("0").rstrip(".") for text in texts]
    sign = draw(st.sampled_from(["", "", "", "%", " kg"]))
    return np.array([float(t.replace(",", "")) for t in texts]), [t + sign for t in texts]


def localised(text: str, decimal: str, thousands: str) -> str:
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a table as text, and what it holds."""
    numbers = [draw(columns()) for _ in range(draw(st.integers(1, 3)))]
    rows = min(len(values) for values, _ in numbers)
    separator = draw(SEPARATORS)
    decimal = draw(st.sampled_from([".", ","]))
    marks = ["", "'", "\u00a0"]
    if decimal == "." or separator in (";", "\t"):  # elsewhere points begin decimals
        marks.append({".": ",", ",": "."}[decimal])
    thousands = draw(st.sampled_from(marks))
    cells: dict[str, list[str]] = {}
    truth: dict[str, Any] = {}
    if draw(st.booleans()):
        days = pd.date_range(
            "2023-11-20", periods=rows, freq=draw(st.sampled_from(["D", "6h", "MS"]))
        )
        cells["day"] = [draw(st.shared(st.sampled_from(DATES), key="date"))(day) for day in days]
        truth["day"] = days if len(set(cells["day"])) == rows else None
    for i, (values, texts) in enumerate(numbers):
        cells[f"n{i}"] = [localised(text, decimal, thousands) for text in texts[:rows]]
        truth[f"n{i}"] = values[:rows]
    if draw(st.booleans()):
        labels = draw(st.lists(st.sampled_from(LABELS), min_size=2, max_size=3, unique=True))
        cells["label"] = [labels[i % len(labels)] for i in range(rows)]
        truth["label"] = cells["label"]
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=separator, lineterminator=draw(st.sampled_from(["\n", "\r\n"]))
    )
    writer.writerow(cells)
    if draw(st.booleans()):
        writer.writerow(["-" if name == "label" else "[kW]" for name in cells])
    writer.writerows(zip(*cells.values(), strict=True))
    return draw(st.sampled_from(PREAMBLES)) + text.getvalue(), truth


@settings(max_examples=25, deadline=None)
@given(tables(), ENCODINGS)
def test_a_table_comes_back_or_is_refused(
    written: tuple[str, dict[str, Any]], encoding: str
) -> None:
    text, truth = written
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(text.encode(encoding))
        try:
            frame = read_table(path)
            table = Table.from_frame(frame, context_columns=[], na_values=[])
        except InputError:
            return
    assert list(frame.columns) == list(truth), text
    for name, expected in truth.items():
        if isinstance(expected, pd.DatetimeIndex):
            [field] = [f for f in table.schema.fields if f.name == name]
            assert field.type == "datetime", text
            if field.role == "time" and table.time is not None:
                ticks = expected.as_unit("us").asi8 // (10**6 // field.per_second)
                np.testing.assert_array_equal(np.sort(table.time), ticks, err_msg=text)
        elif isinstance(expected, list):
            assert frame[name].tolist() == expected, text
        elif expected is not None:
            values = frame[name].to_numpy(dtype=float)
            np.testing.assert_allclose(values, expected, rtol=1e-12, err_msg=text)
