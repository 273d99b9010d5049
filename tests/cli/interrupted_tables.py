"""Small tables of every kind that a run can be stopped on, and the options that each needs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.seeds import rng

Made = tuple[pd.DataFrame, str]


def series(count: int = 160, seed: int = 0) -> pd.DataFrame:
    """One series of two numbers that move together."""
    random = rng(seed, "series")
    wave = np.sin(np.arange(count) / 7) + 0.2 * random.normal(size=count)
    return pd.DataFrame(
        {"wave": wave, "load": (30 + 9 * wave + random.normal(size=count)).round(1)}
    )


def sequences(count: int = 16, *, longest: int = 9, variable: bool = False) -> pd.DataFrame:
    """Sequences with a key, all of the longest length or of 3 and more steps."""
    random = rng(0, "sequences")
    lengths = random.integers(3, longest + 1, count) if variable else np.full(count, longest)
    frame = series(int(lengths.sum()))
    frame.insert(0, "who", np.repeat([f"p{i:02d}" for i in range(count)], lengths))
    return frame


def each(frame: pd.DataFrame, values: Any) -> np.ndarray:
    """One value a sequence as one a row."""
    return np.asarray(values)[pd.factorize(frame["who"])[0]]


def gaps(count: int, most: int = 50) -> np.ndarray:
    """Times without a step."""
    return np.cumsum(rng(0, "gaps").integers(1, most, count))


def holed(column: "pd.Series[Any]", share: float = 0.25) -> "pd.Series[Any]":
    """The column with holes, but for its first row."""
    holes = rng(0, "holes").random(len(column)) < share
    holes[0] = False
    return column.mask(holes)


def no_time() -> Made:
    """One series without a time: numbers with holes, labels, booleans."""
    frame, random = series(), rng(0, "no time")
    frame["load"] = holed(frame["load"])
    frame["word"] = random.choice(["calm", "gale", "storm"], len(frame), p=[0.7, 0.2, 0.1])
    frame["on"] = random.random(len(frame)) < 0.3
    return frame, ""


def hourly() -> Made:
    """One series with a row an hour, on the clock of a time zone."""
    frame = series()
    frame.insert(0, "time", pd.date_range("2024-03-28", periods=len(frame), freq="h", tz="CET"))
    return frame, ""


def irregular() -> Made:
    """One series whose moments have no step."""
    frame = series()
    frame.insert(0, "time", pd.Timestamp("2024-01-01") + pd.to_timedelta(gaps(len(frame)), "min"))
    return frame, ""


def stopwatch() -> Made:
    """One series whose times are numbers without a step."""
    frame = series()
    frame["t"] = (gaps(len(frame)) / 16).round(2)
    return frame, "dataset.sequence_index=t"


def business() -> Made:
    """Sequences on business days, with context."""
    frame = sequences()
    days = pd.bdate_range("2024-01-01", periods=9)
    frame["day"] = np.tile(days, 16)
    frame["site"] = each(frame, rng(0, "site").choice(["north", "south"], 16))
    frame["age"] = each(frame, rng(0, "age").integers(20, 90, 16))
    options = "dataset.sequence_key=who dataset.sequence_index=day"
    return frame, f"{options} dataset.context_columns=[site,age]"


def visits() -> Made:
    """Sequences of different lengths with irregular dates, context and holes."""
    frame = sequences(variable=True)
    frame["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(gaps(len(frame), 9), "D")
    frame["sex"] = each(frame, rng(0, "sex").choice(["f", "m"], 16))
    frame["load"] = holed(frame["load"])
    options = "dataset.sequence_key=who dataset.sequence_index=date"
    return frame, f"{options} dataset.context_columns=[sex]"


def labelled() -> Made:
    """Sequences without a time, with labels of single steps."""
    frame = sequences()
    frame["holiday"] = np.tile(np.arange(9) % 4 == 3, 16)
    return frame, "dataset.sequence_key=who dataset.exogenous=[holiday]"


def all_together() -> Made:
    """Different lengths, months with gaps, context with holes, and labels of single steps."""
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
    """A column of every kind, and types of pandas that no text file keeps."""
    from tests.test_plain import rows

    frame = rows(count=240).drop(columns="band")  # intervals are not for parquet
    frame["word"] = frame["word"].astype(pd.CategoricalDtype(["c", "b", "a", "d"], ordered=True))
    frame["integer"] = frame["integer"].astype("UInt16")
    frame["price"] = frame["price"].astype("float32")
    return frame, "dataset.column_types.noise=white_noise"


def constraints() -> Made:
    """Constraints between columns, found and declared, that samples are changed to keep."""
    frame, random = series(), rng(0, "constraints")
    frame["high"] = (frame["load"] + random.exponential(size=len(frame))).round(1)
    frame["low"] = (frame["load"] - random.exponential(size=len(frame))).round(1)
    frame["total"] = frame["high"] + frame["low"]
    return frame, "dataset.constraints=enforce 'dataset.custom_constraints=[\"high >= low\"]'"


def reference() -> Made:
    """The authors' preparation and networks: time reversed, ranges of 0 to 1."""
    return series(), "model=reference dataset.preprocessing=reference"


def patient() -> Made:
    """Phases that end by themselves, and the best weights instead of the last."""
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
