"""Small tables of every kind that a run can be stopped on, and the options that each needs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.seeds import rng

Made = tuple[pd.DataFrame, str]


def series(count: int = 160, seed: int = 0) -> pd.DataFrame:
    """Return one series of two correlated columns of numbers."""
    random = rng(seed, "series")
    wave = np.sin(np.arange(count) / 7) + 0.2 * random.normal(size=count)
    return pd.DataFrame(
        {"wave": wave, "load": (30 + 9 * wave + random.normal(size=count)).round(1)}
    )


def sequences(count: int = 16, *, longest: int = 9, variable: bool = False) -> pd.DataFrame:
    """Return sequences with a key, of equal or of different lengths."""
    random = rng(0, "sequences")
    lengths = random.integers(3, longest + 1, count) if variable else np.full(count, longest)
    frame = series(int(lengths.sum()))
    frame.insert(0, "who", np.repeat([f"p{i:02d}" for i in range(count)], lengths))
    return frame


def each(frame: pd.DataFrame, values: Any) -> np.ndarray:
    """Repeat one value per sequence for each of its rows."""
    return np.asarray(values)[pd.factorize(frame["who"])[0]]


def gaps(count: int, most: int = 50) -> np.ndarray:
    """Return irregular times."""
    return np.cumsum(rng(0, "gaps").integers(1, most, count))


def holed(column: "pd.Series[Any]", share: float = 0.25) -> "pd.Series[Any]":
    """Return the column with missing values, except in its first row."""
    holes = rng(0, "holes").random(len(column)) < share
    holes[0] = False
    return column.mask(holes)


def no_time() -> Made:
    """Return one series without times: numbers with missing values, exogenous labels, booleans."""
    frame, random = series(), rng(0, "no time")
    frame["load"] = holed(frame["load"])
    frame["word"] = random.choice(["calm", "gale", "storm"], len(frame), p=[0.7, 0.2, 0.1])
    frame["on"] = random.random(len(frame)) < 0.3
    return frame, ""


def hourly() -> Made:
    """Return one series with a row per hour, in a time zone."""
    frame = series()
    frame.insert(0, "time", pd.date_range("2024-03-28", periods=len(frame), freq="h", tz="CET"))
    return frame, ""


def irregular() -> Made:
    """Return one series with irregular timestamps."""
    frame = series()
    frame.insert(0, "time", pd.Timestamp("2024-01-01") + pd.to_timedelta(gaps(len(frame)), "min"))
    return frame, ""


def stopwatch() -> Made:
    """Return one series whose times are irregular numbers."""
    frame = series()
    frame["t"] = (gaps(len(frame)) / 16).round(2)
    return frame, "dataset.sequence_index=t"


def business() -> Made:
    """Return sequences on business days, with context."""
    frame = sequences()
    days = pd.bdate_range("2024-01-01", periods=9)
    frame["day"] = np.tile(days, 16)
    frame["site"] = each(frame, rng(0, "site").choice(["north", "south"], 16))
    frame["age"] = each(frame, rng(0, "age").integers(20, 90, 16))
    options = "dataset.sequence_key=who dataset.sequence_index=day"
    return frame, f"{options} dataset.context_columns=[site,age]"


def visits() -> Made:
    """Return sequences of different lengths: irregular dates, context, missing values."""
    frame = sequences(variable=True)
    frame["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(gaps(len(frame), 9), "D")
    frame["sex"] = each(frame, rng(0, "sex").choice(["f", "m"], 16))
    frame["load"] = holed(frame["load"])
    options = "dataset.sequence_key=who dataset.sequence_index=date"
    return frame, f"{options} dataset.context_columns=[sex]"


def labelled() -> Made:
    """Return sequences without times, with exogenous columns."""
    frame = sequences()
    frame["holiday"] = np.tile(np.arange(9) % 4 == 3, 16)
    return frame, "dataset.sequence_key=who dataset.exogenous=[holiday]"


def all_together() -> Made:
    """Return different lengths, months with gaps, missing context and exogenous columns."""
    frame = sequences(variable=True)
    months = pd.date_range("2000-01-01", periods=400, freq="MS")
    frame["month"] = months[gaps(len(frame), 4)]
    frame["site"] = holed(pd.Series(rng(0, "site").choice(["a", "b"], 16)))[
        pd.factorize(frame["who"])[0]
    ].to_numpy()
    frame["price"] = holed(pd.Series(rng(0, "price").integers(1, 5, len(frame)), dtype="Int64"))
    frame["rain"] = holed(frame["wave"].clip(lower=0))
    options = "dataset.sequence_key=who dataset.sequence_index=month dataset.exogenous=[price]"
    return frame, f"{options} dataset.context_columns=[site]"


def every_kind() -> Made:
    """Return a column of every type, and pandas types that no text file keeps."""
    from tests.test_plain import rows

    frame = rows(count=240).drop(columns="band")  # intervals are not for parquet
    frame["word"] = frame["word"].astype(pd.CategoricalDtype(["c", "b", "a", "d"], ordered=True))
    frame["integer"] = frame["integer"].astype("UInt16")
    frame["price"] = frame["price"].astype("float32")
    return frame, "dataset.column_types.noise=white_noise"


def constraints() -> Made:
    """Return a table with discovered and custom constraints, which sampling enforces."""
    frame, random = series(), rng(0, "constraints")
    frame["high"] = (frame["load"] + random.exponential(size=len(frame))).round(1)
    frame["low"] = (frame["load"] - random.exponential(size=len(frame))).round(1)
    frame["total"] = frame["high"] + frame["low"]
    return frame, "dataset.constraints=enforce 'dataset.custom_constraints=[\"high >= low\"]'"


def reference() -> Made:
    """Return options of the authors' preprocessing and networks."""
    return series(), "model=reference dataset.preprocessing=reference"


def patient() -> Made:
    """Return options with early stopping and the best weights."""
    return series(), (
        "model.schedule.patience=1 callbacks.sample_monitor.restore_best_weights=true "
        "model.schedule.joint=3 dataset.holdout=0.4"
    )


TABLES = {
    make.__name__: make
    for make in (
        *(no_time, irregular, business, visits, labelled, all_together, every_kind, constraints),
        *(hourly, stopwatch, reference, patient),
    )
}
"""Name -> how a table and its options are made."""
FEW = tuple(TABLES)[:8]
"""Tables of the default suite: every role of a column, every kind, and constraints."""

TYPED = ("hourly", "every_kind")
"""Tables whose types only a parquet file keeps."""


def write(name: str, folder: Path) -> str:
    """Write a table, and return the options that a run on it has."""
    frame, options = TABLES[name]()
    path = folder / f"{name}.{'parquet' if name in TYPED else 'csv'}"
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    return f"dataset=csv dataset.path={path} {options}"
