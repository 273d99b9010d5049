"""Tables in which relations hold, for tests of their discovery and of their enforcement."""

import numpy as np
import pandas as pd

from timegan.seeds import rng


def panel(seed: int = 0, units: int = 40, rows: int = 30) -> pd.DataFrame:
    """Return hourly rows of units with a relation of every kind, and columns without any.

    ``sex`` never changes within a unit; ``code`` decides ``place``, ``latitude`` and ``name``;
    ``hour``, ``month`` and ``shift`` follow from ``time``; ``cycle`` counts; ``meter`` only rises;
    ``stop`` is never before ``time``; ``red``, ``green``, ``blue`` are one-hot; ``lab_a`` and
    ``lab_b`` are missing together and ``dose`` where they are not; ``late`` is missing in some of
    these rows. ``value`` and ``count`` are free.
    """
    draw = rng(seed, "panel")
    n = units * rows
    first = pd.Timestamp("2024-01-30") + pd.to_timedelta(draw.integers(0, 24 * 40, units), "h")
    time = np.concatenate([pd.date_range(t, periods=rows, freq="h").to_numpy() for t in first])
    code = draw.integers(0, 6, n)
    colour = draw.integers(0, 3, n)
    measured = draw.random(n) < 0.4
    late = ~measured | (draw.random(n) < 0.3)
    labs = draw.normal(5, 1, (n, 3)).round(2)
    series = pd.Series(time)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), rows),
            "time": time,
            "sex": np.repeat(draw.choice(["f", "m"], units), rows),
            "value": draw.normal(20, 3, n).round(1),
            "count": draw.poisson(3, n),
            "code": 100 + 7 * code,
            "place": np.array(["north", "south", "east"])[code % 3],
            "latitude": np.array([40.71, -3.2, 12.5, 55.01, 9.9, 31.25])[code],
            "name": np.array(["ash", "oak", "elm", "fir", "yew", "box"])[code],
            "hour": series.dt.hour.to_numpy(),
            "month": series.dt.month.to_numpy(),
            "shift": np.where(series.dt.hour.to_numpy() < 8, "night", "day"),
            "cycle": np.tile(np.arange(1, rows + 1), units),
            "meter": (draw.gamma(1, 2, (units, rows)).cumsum(axis=1)).round(1).ravel(),
            "stop": time + pd.to_timedelta(draw.integers(60, 3_000, n), "s").to_numpy(),
            "red": (colour == 0).astype(int),
            "green": (colour == 1).astype(int),
            "blue": (colour == 2).astype(int),
            "lab_a": np.where(measured, labs[:, 0], np.nan),
            "lab_b": np.where(measured, labs[:, 1], np.nan),
            "dose": np.where(measured, np.nan, 5.0 * draw.integers(1, 4, n)),
            "late": np.where(late, np.nan, labs[:, 2]),
        }
    )


def unrelated(seed: int, units: int = 30, rows: int = 30) -> pd.DataFrame:
    """Return columns of every type that have nothing to do with each other or with the time."""
    draw = rng(seed, "unrelated")
    n = units * rows
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), rows),
            "time": np.tile(pd.date_range("2024-01-01", periods=rows, freq="6h").to_numpy(), units),
            "walk": draw.normal(0, 1, (units, rows)).cumsum(axis=1).ravel().round(2),
            "noise": draw.normal(0, 1, n).round(1),
            "slow": np.repeat(draw.integers(0, 4, n // 6), 6),
            "label": draw.choice(["a", "b", "c"], n),
            "flag": draw.random(n) < 0.02,
            "rare": np.where(draw.random(n) < 0.03, draw.integers(1, 5, n), 0),
            "holes": np.where(draw.random(n) < 0.1, np.nan, draw.normal(0, 1, n)),
            "more": np.where(draw.random(n) < 0.8, np.nan, draw.normal(0, 1, n)),
        }
    )


def random_table(seed: int) -> pd.DataFrame:
    """Return independent columns of random types, rates and lengths, in 1 to 40 sequences."""
    draw = rng(seed, "random table")
    units, rows = int(draw.integers(1, 40)), int(draw.integers(4, 60))
    n = units * rows
    every = [size for size in (3, 7, 19) if size != rows]

    def walk() -> np.ndarray:
        steps = draw.normal(size=(units, rows))
        return steps.cumsum(axis=1).ravel().round(int(draw.integers(0, 4)))

    def letters() -> np.ndarray:
        return np.array(list("abcdefgh"))[draw.integers(0, int(draw.integers(2, 9)), n)]

    def regimes() -> np.ndarray:
        size = int(draw.choice(every))
        return np.repeat(draw.integers(0, int(draw.integers(2, 9)), n // size + 1), size)[:n]

    def flags() -> np.ndarray:
        values: np.ndarray = (draw.random(n) < draw.choice([0.002, 0.01, 0.05, 0.3])).astype(int)
        return values

    def holes() -> np.ndarray:
        share = draw.choice([0.002, 0.01, 0.1, 0.5, 0.9])
        return np.where(draw.random(n) < share, np.nan, draw.normal(size=n))

    def events() -> np.ndarray:
        return np.where(draw.random(n) < draw.choice([0.01, 0.05, 0.3]), draw.integers(1, 6, n), 0)

    def dates() -> np.ndarray:
        seconds = draw.integers(0, 10**7, n)
        return np.datetime64("2024-01-01", "s") + seconds.astype("timedelta64[s]")

    kinds = [walk, letters, regimes, flags, holes, events, dates]
    chosen = draw.integers(len(kinds), size=int(draw.integers(3, 12)))
    columns = {f"c{k}": kinds[kind]() for k, kind in enumerate(chosen)}
    every_so_often = str(draw.choice(["h", "D", "10min", "MS"]))
    time = pd.date_range("2024-01-01", periods=rows, freq=every_so_often)
    key = {"unit": np.repeat(np.arange(units), rows), "time": np.tile(time.to_numpy(), units)}
    return pd.DataFrame(key | columns).dropna(axis=1, how="all")
