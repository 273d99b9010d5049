"""Any table through `Table` and back: the same columns, order, types, index and values."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tables.round_trip import check_round_trip

NAMES = ["sequence", "window", "time", "gap", "mask", "time gap", "größe", "数", "a b", 0, 17, "x"]
WHOLE = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
NULLABLE = ["Int8", "UInt16", "Int64", "int64[pyarrow]", "uint8[pyarrow]"]
REAL = ["float16", "float32", "float64", "Float32", "Float64", "double[pyarrow]", "float[pyarrow]"]
ZONES = [None, "UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]
UNITS = ["s", "ms", "us", "ns"]


def choose(draw: st.DrawFn, options: list[Any]) -> Any:
    return options[draw(st.integers(0, len(options) - 1))]


def holed(values: list[Any], holes: np.ndarray) -> list[Any]:
    return [None if hole else value for value, hole in zip(values, holes, strict=True)]


def numbers(draw: st.DrawFn, r: np.random.Generator, n: int, holes: np.ndarray) -> Any:
    whole = r.integers(0, 100, n).tolist()
    kind = draw(st.integers(0, 4))
    if kind == 0:
        offset = choose(draw, [0, -50, 2**62])
        return np.array(whole) + offset if offset else pd.array(whole, dtype=choose(draw, WHOLE))
    if kind == 1:
        return pd.array(holed(whole, holes), dtype=choose(draw, NULLABLE))
    if kind == 2:
        real = r.normal(size=n).astype("float32").tolist()
        return pd.Series(holed(real, holes), dtype=float).astype(choose(draw, REAL)).array
    truths = (r.random(n) < 0.5).tolist()
    if kind == 3:
        return pd.array(holed(truths, holes), dtype=choose(draw, ["boolean", "bool[pyarrow]"]))
    return np.array(truths)


def words(draw: st.DrawFn, r: np.random.Generator, n: int, holes: np.ndarray) -> Any:
    texts = holed(r.choice(["ja", "nein", "β", ""], n).tolist(), holes)
    kind = draw(st.integers(0, 3))
    if kind == 0:
        types = ["str", "object", "string[python]", "string[pyarrow]"]
        return pd.Series(texts, dtype=choose(draw, types)).array
    if kind == 1:
        types = ["β", "zu viel", "nein", "", "ja"]
        return pd.Categorical(texts, categories=types, ordered=draw(st.booleans()))
    if kind == 2:
        return pd.Categorical(holed(r.choice([3, 1, 2], n).tolist(), holes))
    return pd.cut(r.random(n), [0, 0.25, 0.5, 1])


def timestamps(draw: st.DrawFn, r: np.random.Generator, n: int, holes: np.ndarray) -> Any:
    seconds = r.integers(-(10**9), 10**9, n)
    kind = draw(st.integers(0, 5))
    if kind == 5:
        texts = pd.DatetimeIndex(seconds.view("M8[s]")).strftime(
            choose(draw, ["%Y-%m-%d", "%FT%TZ"])
        )
        return pd.Series(holed(texts.tolist(), holes), dtype="str").array
    if kind == 4:
        days = seconds.view("M8[s]").astype("M8[D]").tolist()
        return pd.Series(holed(days, holes), dtype=object).array
    if kind == 3:
        periods: Any = pd.PeriodIndex
        return periods.from_ordinals(r.integers(0, 999, n), freq=choose(draw, ["M", "D"]))
    unit = choose(draw, UNITS)
    finer = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
    ticks = seconds * finer + (r.integers(0, 10, n) * finer // 10 if draw(st.booleans()) else 0)
    ticks[holes] = np.iinfo(np.int64).min
    if kind == 2:
        return pd.Series(ticks.view(f"m8[{unit}]")).array
    zone = choose(draw, ZONES)
    index = pd.DatetimeIndex(ticks.view(f"M8[{unit}]"))
    index = index.tz_localize("UTC").tz_convert(zone) if zone else index
    if kind == 1:
        within = f", tz={zone}" if zone else ""
        dtype: Any = f"timestamp[{unit}{within}][pyarrow]"
        return pd.Series(index).astype(dtype).array
    return index.array


def column(draw: st.DrawFn, r: np.random.Generator, n: int) -> Any:
    holes = r.random(n) < (0.3 if draw(st.booleans()) else 0)
    holes[0] = False
    return choose(draw, [numbers, words, timestamps])(draw, r, n, holes)


def times(draw: st.DrawFn, r: np.random.Generator, lengths: np.ndarray) -> Any:
    """Draw increasing times for each sequence: regular, on a calendar, or irregular."""
    longest, n = int(lengths.max()), int(lengths.sum())
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return pd.Series(np.concatenate([np.arange(k) * 3 for k in lengths]) + 5)
    if kind == 1:
        return pd.Series(np.concatenate([np.cumsum(r.random(k)).round(3) for k in lengths]))
    if kind == 2:
        months = pd.period_range("2020-01", periods=longest, freq="M")
        return pd.Series(months[np.concatenate([np.arange(k) for k in lengths])])
    if kind == 3:
        gaps = r.integers(1, 10**6, n)
        made = pd.Series(np.cumsum(gaps).view("M8[s]"))
    else:
        freq = choose(draw, ["D", "h", "10min", "MS", "ME", "B", "W-SUN", "QE", "2MS"])
        grid = pd.date_range("2020-02-20", periods=longest + 9, freq=freq)
        left = np.sort(r.choice(longest + 9, longest, replace=False)) if kind == 5 else slice(None)
        made = pd.Series(grid[left][np.concatenate([np.arange(k) for k in lengths])])
    made = made.dt.as_unit(choose(draw, UNITS))
    zone = choose(draw, ZONES)
    if zone:
        made = made.dt.tz_localize(zone, nonexistent="shift_forward", ambiguous=np.ones(n, bool))
    elif draw(st.booleans()):
        made = made.dt.strftime("%Y-%m-%d %H:%M:%S")
    return made


def keys(draw: st.DrawFn, count: int) -> Any:
    labels = [
        np.arange(count, dtype="int16") + 40,
        pd.array(np.arange(count), dtype="UInt32"),
        pd.Series([f"patient_{i + 8}" for i in range(count)], dtype="str"),
        pd.Series([f"n{i:03d}" for i in range(count)], dtype=object),
        pd.Series(list("qwertz")[:count], dtype="string[python]"),
        pd.Categorical(list("qwertz")[:count], categories=list("zqwerty")),
        pd.Categorical(np.arange(count) * 7),
        pd.date_range("2021-05-01", periods=count, tz="Asia/Tokyo"),
    ]
    return pd.Series(choose(draw, labels))


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any]]:
    r = np.random.default_rng(draw(st.integers(0, 10**6)))
    count = draw(st.integers(1, 4))
    lengths = r.integers(1, 7, count) + (count == 1)
    lengths[0] += 1
    owners, n = np.repeat(np.arange(count), lengths), int(lengths.sum())
    names = draw(st.permutations(NAMES))
    keyed = count > 1 or draw(st.booleans())
    timed = draw(st.booleans())
    if not keyed:
        names.remove("sequence")
    data: dict[Any, Any] = {names.pop(): column(draw, r, n) for _ in range(draw(st.integers(1, 5)))}
    options: dict[str, Any] = {}
    if draw(st.booleans()):
        options["context_columns"] = [name := names.pop()]
        data[name] = pd.Series(column(draw, r, count)).take(owners).array
    if draw(st.booleans()):
        options["exogenous"] = [name := names.pop()]
        data[name] = column(draw, r, n)
    levels: list[Any] = []
    if keyed:
        options["sequence_key"] = name = names.pop()
        data[name] = keys(draw, count).take(owners).array
        levels.append(name)
    if timed:
        options["sequence_index"] = name = names.pop()
        data[name] = times(draw, r, lengths).array
        levels.append(name)
    order: list[Any] = draw(st.permutations(list(data)))
    frame = pd.DataFrame({n: pd.Series(data[n], dtype=data[n].dtype) for n in order})
    shuffled = draw(st.booleans())
    if shuffled:
        frame = frame.sample(frac=1, random_state=0)
    else:
        frame.index = pd.RangeIndex(n)
    if bool(levels) and draw(st.booleans()):
        frame = frame.set_index(levels)
        dtype = pd.Series(data[levels[0]]).dtype
        numbered = len(levels) == 1 and pd.api.types.is_numeric_dtype(dtype)
        dated = keyed and pd.api.types.is_datetime64_any_dtype(dtype)
        # Texts in any order could be anything: dates of that type have to rise to be the time.
        texts = shuffled and timed and frame.index.get_level_values(-1).dtype == "str"
        nameless = not (numbered or dated or texts)  # the index says what it is without names
        if nameless and draw(st.booleans()):
            frame = frame.rename_axis([None] * len(levels))
            roles = ("sequence_key", "sequence_index")
            options = {k: v for k, v in options.items() if k not in roles}
    elif bool(levels) and draw(st.booleans()):
        frame = frame.set_index(levels[-1])
    return frame, options


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_any_table_comes_back_as_it_was(made: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    frame, options = made
    check_round_trip(frame, **options)


MATTERS: list[tuple[Any, dict[str, Any]]] = [
    (pd.DataFrame({"x": [1.0, 2.0]}), {}),
    (pd.DataFrame({0: [1, 2], 1: [True, False]}), {}),
    (pd.DataFrame({"x": [1.0, 2.0], "key": ["a", "b"]}), {"sequence_key": "key"}),
    (pd.DataFrame({"x": [1.0, 5.0, 2.0]}, index=[7, 3, 9]), {}),
    (pd.DataFrame({"x": [1.0, 5.0, 2.0]}, index=pd.Index([7, 3, 9], dtype="int8", name="n")), {}),
    (pd.DataFrame({"x": [1.0, 2.0]}, index=pd.date_range("2024", periods=2, name="x2")), {}),
    (pd.DataFrame({"zip": ["01", "02", "01"]}), {"categories": ["zip"]}),
    (pd.DataFrame({"x": pd.arrays.SparseArray([0.0, 0, 3])}), {}),
    (
        pd.DataFrame({"x": np.array([1, 2, 4], dtype=">i4"), "y": np.array([1, 2, 3], "float32")}),
        {},
    ),
    (
        pd.DataFrame(
            {
                "x": pd.DatetimeIndex(
                    ["2024-01-01 00:00:00.123456789", "2024-02-28 00:00:00.000000001"]
                )
            }
        ),
        {},
    ),
    (pd.DataFrame([[1, 2], [3, 4]], columns=pd.Index(["a", "b"], name="what")), {}),
    (pd.DataFrame([[1, 2], [3, 4]], columns=pd.Index(["a", "b"], dtype=object)), {}),
    (
        pd.DataFrame({"t": ["2024-01-01T08:00:00.250Z", "2024-01-01T08:00:00.500Z"], "x": [1, 2]}),
        {},
    ),
    (pd.DataFrame({"Date": ["31.01.2024", "01.02.2024"], "x": [1, 2]}), {}),
    (pd.DataFrame({"x": pd.Series(["a", np.nan, "b"], dtype=object)}), {}),
    (pd.DataFrame({"x": pd.Series([True, pd.NA, False], dtype=object)}), {}),
    (pd.DataFrame({"x": pd.Series([True, np.nan, False], dtype=object)}), {}),
    (
        pd.DataFrame(
            {"x": [1, 2, 4, 3]},
            index=pd.MultiIndex.from_arrays([list("aabb"), [1, 2, 1, 2]], names=["who", 0]),
        ),
        {},
    ),
]


@pytest.mark.parametrize(("frame", "options"), MATTERS)
def test_odd_tables_come_back_as_they_were(frame: pd.DataFrame, options: dict[str, Any]) -> None:
    check_round_trip(frame, **options)
