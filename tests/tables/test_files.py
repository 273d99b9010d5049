"""Files as people have them: each is read right, or refused with the cell and the remedy."""

import bz2
import gzip
import lzma
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables.csv_reader import TextOptions
from timegan.tables.readers import read_table
from timegan.tables.table import Table

ROWS = 12
DAYS = pd.date_range("2024-01-25", periods=ROWS)
LOAD = np.array(
    [1503.25, 998.5, 1210.75, 87.0, 1640.1, 2001.05, 7.5, 512.33, 940.0, 3.0, 44.4, 1e3]
)
COUNT = np.array([1200, 950, 1050, 12, 3, 1207, 88, 1999, 400, 1, 77, 2500])


def lines(
    day: Callable[[pd.Timestamp], str] = lambda day: f"{day:%Y-%m-%d}",
    load: Callable[[float], str] = lambda load: f"{load:.2f}",
    count: Callable[[int], str] = str,
    *,
    separator: str = ",",
    header: str | None = "day,load,count",
) -> str:
    """Return a table as text, with its cells written by the functions."""
    rows = [
        separator.join([day(d), load(x), count(int(n))])
        for d, x, n in zip(DAYS, LOAD, COUNT, strict=True)
    ]
    first = [] if header is None else [header.replace(",", separator)]
    return "\n".join([*first, *rows]) + "\n"


def german(number: float) -> str:
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def quoted(text: str) -> str:
    return f'"{text}"'


PLAIN = lines()
PREAMBLE = "Station: Berlin\nExported 2024-02-06 by the logger\n\n"
READ: dict[str, str | bytes] = {
    "semicolons": lines(separator=";"),
    "tabs": lines(separator="\t"),
    "bars": lines(separator="|"),
    "blanks": lines(separator=" "),
    "aligned blanks": "\n".join(
        "  ".join(cell.rjust(12) for cell in line.split(",")) for line in PLAIN.splitlines()
    ),
    "blanks after commas": lines(separator=", "),
    "decimal commas": lines(load=german, separator=";"),
    "decimal commas and tabs": lines(load=lambda x: f"{x:.2f}".replace(".", ","), separator="\t"),
    "decimal commas in quotes": lines(load=lambda x: quoted(f"{x:.2f}".replace(".", ","))),
    "thousands with commas": lines(load=lambda x: quoted(f"{x:,.2f}")),
    "counts with commas": lines(count=lambda n: quoted(f"{n:,}")),
    "counts with points": lines(
        load=german, count=lambda n: f"{n:,}".replace(",", "."), separator=";"
    ),
    "thousands with blanks": lines(
        load=lambda x: f"{x:,.2f}".replace(",", "\u00a0").replace(".", ","), separator=";"
    ),
    "thousands with apostrophes": lines(load=lambda x: f"{x:,.2f}".replace(",", "'")),
    "currency before": lines(load=lambda x: quoted(f"${x:,.2f}")),
    "currency behind": lines(load=lambda x: german(x) + " €", separator=";"),
    "percent": lines(load=lambda x: f"{x:.2f}%"),
    "units in cells": lines(load=lambda x: f"{x:.2f} kW"),
    "thousands as K": lines(load=lambda x: f"{x / 1e3:.5f}K"),
    "a byte order mark": "\ufeff" + PLAIN,
    "Windows lines": PLAIN.replace("\n", "\r\n"),
    "old Mac lines": PLAIN.replace("\n", "\r"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 with tabs": lines(separator="\t").encode("utf-16"),
    "all cells in quotes": "\n".join(
        ",".join(map(quoted, line.split(","))) for line in PLAIN.splitlines()
    ),
    "lines before the header": PREAMBLE + PLAIN,
    "comments": "# a logger\n# of 2024\n" + PLAIN,
    "a commented header": "# day load count\n" + lines(separator=" ", header=None),
    "padded lines before": "Report,,\n,,\n" + PLAIN,
    "blank lines": PLAIN.replace("\n", "\n\n"),
    "a row of units": PLAIN.replace("count\n", "count\n-,[kW],[1]\n"),
    "units without brackets": PLAIN.replace("count\n", "count\n,kW,\n"),
    "a row of units in words": PLAIN.replace("count\n", "count\nyyyy-mm-dd,Deg C,-\n"),
    "units and types of a logger": "Report,,\n"
    + PLAIN.replace("count\n", "count\nTS,Volts,RN\n,Avg,Smp\n"),
    "a repeated header": PLAIN + PLAIN.replace("2024-01", "2024-03").replace("2024-02", "2024-04"),
    "a total": PLAIN + f"Total,{LOAD.sum():.2f},{COUNT.sum()}\n",
    "a total and a source": PLAIN + "Total,9,9\n,,\n\nSource: the office for loads\n",
    "a source below": PLAIN + "\nSource: the office for loads\n",
    "commas at the end": "\n".join(line + "," for line in PLAIN.splitlines()),
    "empty columns": "\n".join(line + ",," for line in PLAIN.splitlines()),
    "row numbers": "\n".join(f"{i or ''},{line}" for i, line in enumerate(PLAIN.splitlines())),
    "newest first": "\n".join([PLAIN.splitlines()[0], *PLAIN.splitlines()[:0:-1]]),
    "minus signs": lines(load=lambda x: f"\u2212{x:.2f}"),
    "minus in brackets": lines(load=lambda x: quoted(f"({x:,.2f})")),
    "plus signs": lines(load=lambda x: f"+{x:.2f}"),
    "exponents": lines(load=lambda x: f"{x:.6E}"),
    "exponents with commas": lines(load=lambda x: f"{x:.6E}".replace(".", ","), separator=";"),
    "day first": lines(day=lambda d: f"{d:%d/%m/%Y}"),
    "month first": lines(day=lambda d: f"{d:%m/%d/%Y}"),
    "short years": lines(day=lambda d: f"{d:%d/%m/%y}"),
    "a compact time of day": lines(day=lambda d: f"{d:%Y%m%dT%H%M}"),
    "exponents of Fortran": lines(load=lambda x: f"{x:.6E}".replace("E", "D")),
    "units in comments": "# day load count\n# utc kW 1\n" + lines(separator=" ", header=None),
    "points in dates": lines(day=lambda d: f"{d:%d.%m.%Y}"),
    "points and decimal commas": lines(lambda d: f"{d:%d.%m.%Y}", german, separator=";"),
    "month names": lines(day=lambda d: f"{d:%d %B %Y}"),
    "short month names": lines(day=lambda d: quoted(f"{d:%b %d, %Y}")),
    "upper case months": lines(day=lambda d: f"{d:%d%b%Y}".upper()),
    "compact dates": lines(day=lambda d: f"{d:%Y%m%d}"),
    "compact dates and hours": lines(day=lambda d: f"{d:%Y%m%d} 06:00"),
    "unpadded dates": lines(day=lambda d: f"{d.year}-{d.month}-{d.day}"),
    "half days": lines(day=lambda d: f"{d:%m/%d/%Y} 11:00 PM"),
    "epoch seconds": lines(day=lambda d: str(int(d.timestamp()))),
    "epoch milliseconds": lines(day=lambda d: str(int(d.timestamp()) * 1000)),
    "a time zone": lines(day=lambda d: f"{d:%Y-%m-%d}T00:00:00Z"),
}
TABLE = [line.split(",") for line in PLAIN.splitlines()]
DRAWN = "+---------+---------+------+"
READ |= {
    "tildes": lines(separator="~"),
    "carets": lines(separator="^"),
    "blanks before commas": PLAIN.replace(",", " , "),
    "UTF-32": PLAIN.encode("utf-32"),
    "minus signs behind": lines(load=lambda x: f"{x:.2f}-"),
    "thousands of India": lines(
        load=lambda x: quoted(f"{x:.2f}"), count=lambda n: quoted(f"1,23,{n % 1000:03d}")
    ),
    "a table of Markdown": "\n".join(
        f"| {' | '.join(cells)} |" + "\n|---|:-:|---|" * (cells == TABLE[0]) for cells in TABLE
    ),
    "a table of psql": "\n".join(
        f" {' | '.join(cells)} " + "\n------+-----+----" * (cells == TABLE[0]) for cells in TABLE
    )
    + "\n(12 rows)\n\n",
    "a table of MySQL": "\n".join(
        [DRAWN, f"| {' | '.join(TABLE[0])} |", DRAWN]
        + [f"| {' | '.join(cells)} |" for cells in TABLE[1:]]
        + [DRAWN]
    ),
    "a rule and blanks": PLAIN.replace("count\n", "count\n--- ---- -----\n").replace(",", " "),
    "offsets without minutes": lines(day=lambda d: f"{d:%Y-%m-%d %H:%M}+00"),
    "months in German": lines(day=lambda d: f"{d.day}. {['Januar', 'Februar'][d.month - 1]} 2024"),
    "days of ISO weeks": lines(day=lambda d: f"{d:%G-W%V-%u}"),
    "serial numbers": lines(day=lambda d: str((d - pd.Timestamp("1899-12-30")).days)).replace(
        "day,", "date,"
    ),
}
FIXED = "day           load  count\n" + "".join(
    f"{d:%Y-%m-%d}{x:8.2f} {int(n):6d}\n" for d, x, n in zip(DAYS, LOAD, COUNT, strict=True)
)
READ |= {
    "fixed width and blank cells": FIXED.replace("load  count", "load  count note")
    .replace("1200\n", "1200 a new day\n")
    .replace("2500\n", "2500 last\n"),
    "comments with slashes": "// a logger\n// of 2024\n" + PLAIN,
    "comments with exclamation marks": "! a logger\n! of 2024\n" + lines(separator="\t"),
    "widths and types": "# provisional\n"
    + lines(separator="\t").replace("count\n", "count\n20d\t14n\t10n\n"),
    "losses in brackets": lines(load=lambda x: quoted(f"$({x:,.2f})")),
    "rupees": lines(load=lambda x: quoted(f"Rs. {x:,.2f}")),
    "fractions of a serial number": lines(
        day=lambda d: f"{(d - pd.Timestamp('1899-12-30')) / pd.Timedelta(days=1) + 0.25:.6f}"
    ).replace("day,", "date,"),
    "datenum of MATLAB": lines(
        day=lambda d: f"{(d - pd.Timestamp('1970-01-01')).days + 719529}.25"
    ).replace("day,", "date,"),
    "Julian days": lines(day=lambda d: f"{d.to_julian_date() + 0.25}").replace("day,", "date,"),
}
CHANGED = {
    "losses in brackets": -1,
    "minus signs behind": -1,
    "a repeated header": 2,
    "minus signs": -1,
    "minus in brackets": -1,
}
"""Files with twice the rows, and with negative loads."""


def features(table: Table) -> list[str]:
    return [field.label for field in table.schema.of("feature")]


def encoded(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_as_what_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(encoded(READ[name]))
    exclude = ["note"] if "note\n" in str(READ[name]) else []
    table = Table.from_frame(read_table(path), exclude=exclude)
    assert features(table) == ["load", "count"], table.notes
    [time] = table.schema.of("time")
    assert time.label in ("day", "date")
    copies = max(CHANGED.get(name, 1), 1)
    sign = min(CHANGED.get(name, 1), 1)
    load = np.round(LOAD / 1e3, 5) * 1e3 if "K" in name else LOAD
    np.testing.assert_allclose(table.values[:, 0], np.tile(sign * load, copies), rtol=1e-12)
    count = 123_000 + COUNT % 1000 if "India" in name else COUNT
    np.testing.assert_allclose(table.values[:, 1], np.tile(count, copies))
    ticks = {"s": 1, "ms": 1_000, "us": 10**6, "ns": 10**9}[time.unit]
    assert table.time is not None
    if copies == 1:
        days = (table.time // ticks // 86_400).astype("M8[D]")
        assert (days == DAYS.to_numpy().astype("M8[D]")).all()


PERIODS = {
    "2000Q1": lambda p: f"{p.year}Q{p.quarter}",
    "2000 Q1": lambda p: f"{p.year} Q{p.quarter}",
    "2000-Q1": lambda p: f"{p.year}-Q{p.quarter}",
    "Q1 2000": lambda p: f"Q{p.quarter} {p.year}",
    "Q1-2000": lambda p: f"Q{p.quarter}-{p.year}",
    "1Q2000": lambda p: f"{p.quarter}Q{p.year}",
    "1Q00": lambda p: f"{p.quarter}Q{p:%y}",
    "2000 Quarter 1": lambda p: f"{p.year} Quarter {p.quarter}",
    "FY2000 Q1": lambda p: f"FY{p.year} Q{p.quarter}",
    "Q1 '00": lambda p: f"Q{p.quarter} '{p:%y}",
    "2000-T1": lambda p: f"{p.year}-T{p.quarter}",
    "Jan. and July": lambda p: f"{['Jan.', 'April', 'July', 'Oct.'][p.quarter - 1]} {p.year}",
    "Mar 2000": lambda p: f"{p:%b %Y}",
    "Mar-00": lambda p: f"{p:%b-%y}",
    "March 2000": lambda p: f"{p:%B %Y}",
    "2000M03": lambda p: f"{p:%YM%m}",
    "2000/03": lambda p: f"{p:%Y/%m}",
    "03/2000": lambda p: f"{p:%m/%Y}",
    "200003": lambda p: f"{p:%Y%m}",
    "2000年3月": lambda p: f"{p.year}年{p.month}月",
    "mars 2000": lambda p: f"{['janvier', 'avril', 'juillet', 'octobre'][p.quarter - 1]} {p.year}",
}


@pytest.mark.parametrize("name", PERIODS)
def test_quarters_and_months_are_times_and_come_back(tmp_path: Path, name: str) -> None:
    periods = pd.date_range("2000-01-01", periods=40, freq="QS")
    texts = [PERIODS[name](period) for period in periods]
    path = tmp_path / "table.csv"
    path.write_text("when,x\n" + "".join(f"{t},{i * 0.5}\n" for i, t in enumerate(texts)))
    table = Table.from_frame(read_table(path))
    assert features(table) == ["x"]
    assert table.time is not None
    np.testing.assert_array_equal(table.time, periods.to_numpy().astype("M8[s]").astype(int))
    frame = table.schema.to_frame(table.values[None], starts=table.time[:1])
    assert frame["when"].astype(str).tolist() == texts


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def half(t: pd.Timestamp, noon: str) -> str:
    """Return a time of day of twelve hours, with a spelling of AM or PM."""
    return f"{t:%I:%M} {noon if t.hour < 12 else noon.replace('a', 'p').replace('A', 'P')}"


SPELLED: dict[str, tuple[str, Callable[[pd.Timestamp], str]]] = {
    "ctime": ("h", lambda t: f"{t:%a %b} {t.day:2d} {t:%H:%M:%S %Y}"),
    "date of Unix": ("h", lambda t: f"{t:%a %b} {t.day:2d} {t:%H:%M:%S} UTC {t:%Y}"),
    "log with offset before the year": ("h", lambda t: f"{t:%a %b %d %H:%M:%S} +0000 {t:%Y}"),
    "a.m.": ("h", lambda t: f"{t:%d/%m/%Y} {half(t, 'a.m.')}"),
    "A.M.": ("h", lambda t: f"{t:%Y-%m-%d} {half(t, 'A.M.')}"),
    "a. m.": ("h", lambda t: f"{t:%Y-%m-%d} {half(t, 'a. m.')}"),
    "CET": ("h", lambda t: f"{t:%Y-%m-%d %H:%M:%S} CET"),
    "EST and a.m.": ("h", lambda t: f"{t:%Y-%m-%d} {half(t, 'a.m.')} EST"),
    "GMT+1": ("h", lambda t: f"{t:%Y-%m-%d %H:%M} GMT+1"),
    "a region": ("h", lambda t: f"{t:%Y-%m-%d %H:%M} Europe/Berlin"),
    "an offset and a region": ("h", lambda t: f"{t:%Y-%m-%dT%H:%M}+01:00[Europe/Berlin]"),
    "5th January 2026": ("D", lambda t: f"{ordinal(t.day)} {t:%B %Y}"),
    "January 5th, 2026": ("D", lambda t: f"{t:%B} {ordinal(t.day)}, {t:%Y}"),
    "Monday, 5th of January 2026": ("D", lambda t: f"{t:%A}, {ordinal(t.day)} of {t:%B %Y}"),
    "5TH JAN 26": ("D", lambda t: f"{ordinal(t.day)} {t:%b %y}".upper()),
    "2000 H1": ("6MS", lambda t: f"{t.year} H{1 + t.month // 7}"),
    "H1-2000": ("6MS", lambda t: f"H{1 + t.month // 7}-{t.year}"),
    "1H00": ("6MS", lambda t: f"{1 + t.month // 7}H{t:%y}"),
    "2000-S1": ("6MS", lambda t: f"{t.year}-S{1 + t.month // 7}"),
}


@pytest.mark.parametrize("name", SPELLED)
def test_spelled_times_and_half_years_come_back(tmp_path: Path, name: str) -> None:
    freq, write = SPELLED[name]
    times = pd.date_range("1999-01-01", periods=60, freq=freq)
    texts = [write(time) for time in times]
    path = tmp_path / "table.csv"
    path.write_text("when;x\n" + "".join(f"{t};{i % 7 / 2}\n" for i, t in enumerate(texts)))
    table = Table.from_frame(read_table(path))
    assert features(table) == ["x"]
    assert table.time is not None
    np.testing.assert_array_equal(table.time, times.as_unit("s").asi8)
    frame = table.schema.to_frame(table.values[None], starts=table.time[:1])
    assert frame["when"].astype(str).tolist() == texts


PARTS: dict[str, tuple[str, Callable[[pd.Timestamp], str], str]] = {
    "month names": ("year,month", lambda t: f"{t.year},{t:%B}", "MS"),
    "short month names": ("Year,Mon", lambda t: f"{t.year},{t:%b}", "MS"),
    "quarters": ("Year,Quarter", lambda t: f"{t.year},Q{t.quarter}", "QS"),
    "periods": ("Year,Period", lambda t: f"{t.year},M{t.month:02d}", "MS"),
    "minutes beside months": (
        "#YY,MM,DD,hh,mm",
        lambda t: f"{t.year},{t:%m,%d,%H,%M}",
        "10min",
    ),
    "times of day with points": ("Datum,Uhrzeit", lambda t: f"{t:%d.%m.%Y,%H.%M}", "h"),
    "weeks": ("week", lambda t: f"{t:%G%V}", "W-MON"),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_a_time_are_the_time_and_come_back(tmp_path: Path, name: str) -> None:
    names, write, freq = PARTS[name]
    times = pd.date_range("2019-01-07", periods=60, freq=freq)
    path = tmp_path / "table.csv"
    rows = [f"{write(t)},{i % 7 / 2:.1f}" for i, t in enumerate(times)]
    path.write_text(f"{names},x\n" + "\n".join(rows) + "\n")
    frame = read_table(path)
    table = Table.from_frame(frame)
    assert features(table) == ["x"]
    assert table.time is not None
    np.testing.assert_array_equal(table.time, times.as_unit("s").asi8)
    made = table.schema.to_frame(table.values[None], starts=table.time[:1])
    pd.testing.assert_frame_equal(made, frame, check_dtype=False)


def test_names_may_be_types_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Report,,\n" + PLAIN.replace("day,load,count", "date,Avg,Max"))
    assert read_table(path).columns.tolist() == ["date", "Avg", "Max"]


def test_missing_words_are_missing_among_numbers_with_signs(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x,share\n" + "1.5,20%\n2.5,n/a\n4,30.5%\n" * 4)
    assert read_table(path)["share"].head(3).tolist()[::2] == [20, 30.5]
    assert read_table(path)["share"].isna().sum() == 4


def test_arrays_that_pandas_writes_have_names(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.arange(24).reshape(8, 3) * 0.5)
    frame.to_csv(tmp_path / "table.csv")
    assert read_table(tmp_path / "table.csv")["1"].tolist() == frame[1].tolist()


@pytest.mark.parametrize("clock", ["%H:%M", "%H.%M.%S", "%I:%M %p", "a.m."])
def test_a_date_and_a_time_of_day_are_one_time(tmp_path: Path, clock: str) -> None:
    times = pd.date_range("2024-01-25", periods=60, freq="h")
    clocks = [half(t, clock) if clock == "a.m." else t.strftime(clock) for t in times]
    rows = [
        f"{t:%d/%m/%Y};{c};{i % 7 / 2:.1f}"
        for i, (t, c) in enumerate(zip(times, clocks, strict=True))
    ]
    path = tmp_path / "table.csv"
    path.write_text("Date;Time;x\n" + "\n".join(rows) + "\n")
    frame = read_table(path)
    table = Table.from_frame(frame)
    assert features(table) == ["x"]
    assert table.time is not None
    np.testing.assert_array_equal(table.time, times.as_unit("s").asi8)
    made = table.schema.to_frame(table.values[None], starts=table.time[:1])
    pd.testing.assert_frame_equal(made, frame, check_dtype=False)
    again = Table.from_frame(frame, like=table.schema)
    np.testing.assert_array_equal(again.time, table.time)


def test_a_name_may_be_a_year_or_a_date(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    whole = "".join(f"{'ab'[i % 2]},{i},{i + 1}\n" for i in range(9))
    decimal = (
        whole.replace(",", ".5,").replace("a.5", "a").replace("b.5", "b").replace("\n", ".5\n")
    )
    for names, body in (
        ("place,1990,1991", decimal),
        ("place,2024-01-01,2024-01-02", decimal),
        ("time,0.5,0.9", whole),
    ):
        path.write_text(f"{names}\n{body}")
        assert read_table(path).columns.tolist() == names.split(",")


def test_versions_and_addresses_are_labels(tmp_path: Path) -> None:
    """Their points separate neither decimals nor thousands."""
    path = tmp_path / "table.csv"
    for label in ("2.1.7", "10.0.0.1"):
        path.write_text("x,firmware\n" + f"1.5,{label}\n2.5,{label}\n" * 9)
        assert set(read_table(path)["firmware"]) == {label}


def test_a_label_that_may_mark_missing_values_is_noted() -> None:
    frame = pd.DataFrame({"x": np.arange(30) % 7, "state": ["on", "off", "?"] * 10})
    [note] = [n for n in Table.from_frame(frame).notes if "'?'" in n]
    assert 'dataset.na_values=["?"]' in note


NOTED: dict[str, tuple[str, list[Any], str]] = {
    "numbers that rise evenly": (
        "no",
        list(range(1, 31)),
        r"'no' rises by 1 in each row.*sequence_index=no.*exclude=\[no\]",
    ),
    "labels that read alike": ("up", ["Yes", "no", "yes"] * 10, r"'Yes' and 'yes' in 'up'"),
    "dates that come back": (
        "day",
        [f"{day:%Y-%m-%d}" for day in pd.date_range("2024-01-01", periods=5).repeat(6)],
        r"'day' holds dates that come back.*exclude=\[day\]",
    ),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_may_mean_something_else_is_noted(name: str) -> None:
    label, cells, words = NOTED[name]
    frame = pd.DataFrame({"x": np.arange(30) % 7, label: cells})
    assert [note for note in Table.from_frame(frame).notes if re.search(words, note)]


def test_dates_of_sequences_that_cannot_be_read_are_noted() -> None:
    seasons = [f"{year}/{(year + 1) % 100:02d}" for year in range(1990, 2014)]
    frame = pd.DataFrame(
        {"site": np.repeat(["a", "b", "c"], 24), "when": seasons * 3, "x": np.arange(72) % 5}
    )
    [note] = [n for n in Table.from_frame(frame, sequence_key="site").notes if "1990/91" in n]
    assert "'when' has another label in each row of a sequence" in note


@pytest.mark.parametrize(
    ("encoding", "labels"),
    [
        ("utf-8", ["Zürich", "Łódź", "東京"]),
        ("utf-16", ["Zürich", "Łódź", "東京"]),
        ("utf-16-le", ["Zürich", "Genève", "Bern"]),
        ("cp1252", ["Zürich", "Genève", "Bern"]),
        ("cp1252", ["12 °C", "€", "–"]),
        ("cp1250", ["Łódź", "Gdańsk", "Białystok"]),
        ("cp1251", ["Москва", "Казань", "Омск"]),
        ("shift_jis", ["東京都", "大阪府", "京都府"]),
        ("gb18030", ["北京市", "上海市", "天津市"]),
    ],
)
def test_other_encodings_are_read_and_named(
    tmp_path: Path, encoding: str, labels: list[str]
) -> None:
    path = tmp_path / "table.csv"
    rows = [f"{labels[i % 3]},{i * 0.5}" for i in range(30)]
    path.write_bytes("\n".join(["place,x", *rows, ""]).encode(encoding))
    frame = read_table(path)
    assert frame["place"].tolist() == labels * 10
    if not encoding.startswith("utf"):
        assert "encoding" in frame.attrs["notes"][0]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_a_compressed_file_is_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    path = tmp_path / f"table.csv{suffix}"
    path.write_bytes(pack.compress(PLAIN.encode()))
    assert read_table(path)["count"].tolist() == COUNT.tolist()
    path.write_bytes(pack.compress(PLAIN.encode())[:-9])
    with pytest.raises(InputError, match="cannot be unpacked"):
        read_table(path)


def test_an_archive_of_one_file_is_read_and_of_two_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", PLAIN)
    assert read_table(path)["count"].tolist() == COUNT.tolist()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", PLAIN)
    with pytest.raises(InputError, match=r"2 files.*table\.csv, other\.csv.*Unpack"):
        read_table(path)


def split(folder: Path, parts: dict[str, str]) -> str:
    for name, content in parts.items():
        (folder / name).write_text(content)
    return str(folder / "*.csv")


def test_files_of_one_series_continue_it(tmp_path: Path) -> None:
    head, *rows = PLAIN.splitlines()
    parts = {f"log{i}.csv": "\n".join([head, *rows[i * 4 : i * 4 + 4]]) for i in range(3)}
    table = Table.from_frame(read_table(split(tmp_path, parts)))
    assert features(table) == ["load", "count"]
    assert len(table.bounds) == 1
    np.testing.assert_array_equal(table.values[:, 1], COUNT)
    assert any("3 files" in note for note in table.notes)


def test_files_whose_times_start_again_are_sequences(tmp_path: Path) -> None:
    parts = {"north.csv": PLAIN, "south.csv": PLAIN}
    table = Table.from_frame(read_table(split(tmp_path, parts)))
    assert [field.label for field in table.schema.of("key")] == ["file"]
    assert table.bounds.tolist() == [[0, ROWS], [ROWS, 2 * ROWS]]


def test_files_without_times_are_sequences(tmp_path: Path) -> None:
    parts = {f"{i}.csv": "x,y\n1,2\n3,5\n4,1\n" for i in range(3)}
    table = Table.from_frame(read_table(split(tmp_path, parts)))
    assert table.bounds.tolist() == [[0, 3], [3, 6], [6, 9]]


def test_columns_in_another_order_and_empty_files_are_read(tmp_path: Path) -> None:
    parts = {"a.csv": "x,y\n1,2\n3,5\n", "b.csv": "y,x\n6,4\n8,9\n", "c.csv": "x,y\n"}
    frame = read_table(split(tmp_path, parts))
    assert frame["x"].tolist() == [1, 3, 4, 9]
    assert any("c.csv has names and no rows" in note for note in frame.attrs["notes"])


def test_text_in_one_file_among_numbers_in_others_is_refused(tmp_path: Path) -> None:
    pattern = split(tmp_path, {"a.csv": "x,y\n1,2\n3,4\n", "b.csv": "x,y\nlow,2\nlow,4\n"})
    with pytest.raises(InputError, match=r"b\.csv has 'low' in 'x', and .*a\.csv has"):
        read_table(pattern)


def test_files_with_other_columns_and_no_files_are_refused(tmp_path: Path) -> None:
    pattern = split(tmp_path, {"a.csv": "x,y\n1,2\n3,4\n", "b.csv": "x,z\n1,2\n3,4\n"})
    with pytest.raises(InputError, match=r"b\.csv has the columns x, z.*a\.csv.* x, y"):
        read_table(pattern)
    with pytest.raises(InputError, match=r"\*\.txt: there is no file of this pattern"):
        read_table(tmp_path / "*.txt")


def test_a_sheet_is_read(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame({"day": DAYS, "load": LOAD, "count": COUNT, "zip": "04110"})
    path = tmp_path / "table.xlsx"
    with pd.ExcelWriter(path) as writer:
        frame.to_excel(writer, sheet_name="Data", index=False, startrow=2)
        frame.to_excel(writer, sheet_name="Other", index=False)
    found = read_table(path)
    assert found["load"].tolist() == LOAD.tolist()
    assert found["day"].tolist() == [f"{day:%Y-%m-%d}" for day in DAYS]
    assert set(found["zip"]) == {"04110"}
    assert any("'Data'" in note and "'Other'" in note for note in found.attrs["notes"])


def test_a_sheet_with_a_date_at_midnight_among_times_is_read(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    times = pd.date_range("2024-01-01", periods=30, freq="h")
    pd.DataFrame({"t": times, "x": np.arange(30) % 7}).to_excel(tmp_path / "t.xlsx", index=False)
    table = Table.from_frame(read_table(tmp_path / "t.xlsx"))
    np.testing.assert_array_equal(table.time, times.as_unit("s").asi8)


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "labels among as many numbers": (
        "day,x\n"
        + "".join(f"2024-01-{i:02d},{'low' if i % 2 else i * 1.5}\n" for i in range(1, 29)),
        r"'x' has the text 'low' in row 1.*na_values",
    ),
    "durations": (
        "day,length\n" + "".join(f"2024-01-{i:02d},0{i % 3}:{i:02d}:00\n" for i in range(1, 29)),
        r"'length'.*01:01:00.*Convert times of day and durations to numbers",
    ),
    "numbers with fractions": (
        "day,price\n" + "".join(f"2024-01-{i:02d},{i % 20} {i % 3}/4\n" for i in range(1, 29)),
        r"'price'.*'1 1/4'.*exclude",
    ),
    "dates with and without a time of day": (
        "t,x\n2024-01-01,1\n" + "".join(f"2024-01-01 {i:02d}:00,{i % 5}\n" for i in range(1, 24)),
        r"'t'.*'2024-01-01' in row 1.*one format",
    ),
    "names and values in each cell": (
        "".join(f"t=2024-01-{i:02d},load={i % 5}.50,n={i:02d}\n" for i in range(1, 29)),
        r"begins with t=2024-01-01, load=1\.50.*Add a header",
    ),
    "a column for each step": (
        "id,"
        + ",".join(f"t{i}" for i in range(12))
        + "\n"
        + "".join(
            f"s{i}," + ",".join(f"{i * j % 7}.5" for j in range(12)) + "\n" for i in range(9)
        ),
        r"t0, t1, t2 and 9 more have numbered names.*melt\(id_vars=\['id'\]",
    ),
    "ARFF": ("@relation loads\n@attribute x numeric\n@data\n1\n2\n", r"ARFF.*scipy"),
    "fixed width with a shifted cell": (
        FIXED.replace("2024-01-27 1210.75   1050", "2024-01-27       1050"),
        r"line 4 has 2 cells.*3 names",
    ),
    "no header": (lines(header=None), r"2024-01-25, 1503.25.*Add a header.*dataset\.header=0"),
    "blanks and no header": (lines(header=None, separator=" "), r"blanks.*header.*Add a header"),
    "a short row": (PLAIN + "2024-03-01,5\n", r"line 14 has 2 cells.*3 names"),
    "a long row": (PLAIN + "2024-03-01,5,6,7\n", r"line 14 has 4 cells.*3 names"),
    "commas in numbers": (lines(load=german), r"line 2 has 4 cells.*3 names"),
    "an odd cell": (PLAIN.replace("1210.75", "12l0.75"), r"'load' has the text '12l0.75' in row 3"),
    "a question mark": (
        PLAIN.replace("1210.75", "?"),
        r"'load' has the text '\?' in row 3.*na_values",
    ),
    "an odd cell among percents": (
        lines(load=lambda x: f"{x:.2f}%").replace("87.00%", "8x%"),
        r"'load' has the text '8x%' in row 4",
    ),
    "two currencies": (
        lines(load=lambda x: f"${x:.2f}").replace("$87.00", "€87.00"),
        r"'load'.*'\$1503.25'.*'€87.00' in row 4",
    ),
    "thousands or decimals": (
        lines(load=lambda x: f"{1 + x / 1e4:.3f}".replace(".", ","), separator=";"),
        r"'load'.*'1,150' in row 1.*1150.*1\.150.*dataset\.decimal",
    ),
    "points as thousands or decimals": (
        lines(load=lambda x: f"{1 + x / 1e4:.3f}", separator=";"),
        r"'load'.*'1\.150' in row 1.*1150.*1\.150.*dataset\.decimal",
    ),
    "commas and points": (
        lines(load=lambda x: quoted(f"{x:,.2f}")).replace("87.00", "87,00"),
        r"'load' has the text '87,00' in row 4",
    ),
    "an impossible date": (
        PLAIN.replace("2024-01-31", "2024-02-31"),
        r"'day'.*'2024-02-31' in row 7",
    ),
    "dates in two formats": (
        PLAIN.replace("2024-01-31", "31.01.2024"),
        r"'day'.*'31\.01\.2024' in row 7",
    ),
    "a date without a value": (PLAIN.replace("2024-01-31", ""), r"'day' is empty in row 7"),
    "ambiguous dates": (
        "day,x\n"
        + "".join(f"0{i}/0{j}/2024,{i}\n" for i, j in ((1, 2), (5, 4), (2, 9), (7, 1), (3, 3))),
        r"'day'.*01/02/2024.*2024-02-01.*2024-01-02",
    ),
    "an odd cell in the first row": (
        "day,x\n2024-01-01,1.5*\n" + "".join(f"2024-01-{i:02d},{i}\n" for i in range(2, 30)),
        r"'x' has the text '1\.5\*' in row 1",
    ),
    "a column for each year": (
        "country,"
        + ",".join(map(str, range(1990, 2000)))
        + "\nA,1.5,2.5,3,4,5,6,7.5,8,9,1.5\n" * 9,
        r"1990, 1991, 1992 and 7 more have names of times.*melt\(id_vars=\['country'\]",
    ),
    "merged cells": (
        "year,month,x\n" + "".join(f"{'2020' * (i == 1)},{i},{i % 5}\n" for i in range(1, 13)),
        r"'year' is empty in row 2.*merged.*Repeat",
    ),
    "two encodings": (
        b"place,x\n" + "Köln,1\n".encode() * 9 + "Köln,2\n".encode("cp1252"),
        r"line 11 is not UTF-8, and 9 other lines are",
    ),
    "names with blanks": (
        "day load count all\n" + lines(header=None, separator=" "),
        r"line 2 has 3 cells.*4 names.*a name holds the separator",
    ),
    "names in two lines": (
        "load,temp\nnorth,south\n1.5,2\n2.5,3\n3.5,4\n",
        r"lines 1 and 2.*dataset\.header",
    ),
    "names and long names": (
        PLAIN.replace("count\n", "count\nday of reading,mean load,number of readings\n"),
        r"line 1 \('day, load, count'\) or in line 2.*dataset\.header=1\.",
    ),
    "names below groups": (
        ",north,north\n" + PLAIN.replace("count", "load"),
        r"line 1 \('north, north'\) or in line 2.*after joining its names",
    ),
    "a page": ("<!DOCTYPE html>\n<html><body>404</body></html>\n", r"HTML"),
    "JSON": ('[{"a": 1, "b": 2},\n{"a": 2, "b": 3}]\n', r"JSON"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", r"not a text"),
    "Parquet": (b"PAR1\x15\x04\x15", r"Parquet.*\.parquet"),
    "free text": (
        PLAIN.replace("count", "note").replace("\n2", ",\n2"),
        "",
    ),
}
REFUSED.pop("free text")


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_with_the_cell_and_the_remedy(tmp_path: Path, name: str) -> None:
    content, words = REFUSED[name]
    path = tmp_path / "table.csv"
    path.write_bytes(encoded(content))
    with pytest.raises(InputError, match=words):
        Table.from_frame(read_table(path))


@pytest.mark.parametrize("rows", [12, 60, 400])
def test_texts_that_nearly_all_differ_are_no_category(rows: int) -> None:
    notes = [f"note {i * 7919 % 1009} by {i % 3}" for i in range(rows)]
    frame = pd.DataFrame({"x": np.arange(rows) * 0.5, "note": notes})
    with pytest.raises(InputError, match=r"'note'.*different.*dataset\.exclude=\[note\]"):
        Table.from_frame(frame)
    table = Table.from_frame(frame, exclude=["note"])
    assert features(table) == ["x"]


def test_a_text_for_each_sequence_is_no_category() -> None:
    person = np.repeat(np.arange(20), 5)
    names = np.array([f"{chr(97 + i)}. smith" for i in range(20)])
    frame = pd.DataFrame({"id": person, "name": names[person], "x": np.arange(100) % 7})
    with pytest.raises(InputError, match=r"'name'.*dataset\.exclude=\[name\]"):
        Table.from_frame(frame, sequence_key="id")


def test_options_settle_what_may_be_read_in_two_ways(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x;y\n1,150;1\n1,250;2\n1,350;3\n")
    assert read_table(path, TextOptions(decimal="comma"))["x"].tolist() == [1.15, 1.25, 1.35]
    assert read_table(path, TextOptions(decimal="point"))["x"].tolist() == [1150, 1250, 1350]
    with pytest.raises(InputError, match="begins with 1, 150;1"):
        read_table(path, TextOptions(separator="comma"))
    with pytest.raises(InputError, match="set point or comma"):
        TextOptions(decimal="dot")
    path.write_text("1,2\n3,4\n5,6\n")
    assert read_table(path, TextOptions(header=0)).columns.tolist() == ["column_1", "column_2"]
    path.write_text("load,temp\nnorth,south\n1.5,2\n2.5,3\n3.5,4\n")
    assert read_table(path, TextOptions(header=2)).columns.tolist() == ["north", "south"]
    assert read_table(path, TextOptions(header=1))["load"].tolist() == [1.5, 2.5, 3.5]


def test_whole_numbers_with_holes_are_nullable_integers(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('n,x,c\n1,1.0,"1,200"\n,,\n3,2.0,900\n4,3.0,"1,050"\n')
    frame = read_table(path)
    assert frame.dtypes.astype(str).to_dict() == {"n": "Int64", "x": "float64", "c": "Int64"}
    table = Table.from_frame(frame)
    made = table.schema.to_frame(table.values[None])
    pd.testing.assert_series_equal(made["n"], frame["n"])
