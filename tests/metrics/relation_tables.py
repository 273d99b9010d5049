"""Small tables with relations or with a calendar, for tests of what an evaluation sees of them."""

import numpy as np
import pandas as pd

from timegan.seeds import rng


def visits(patients: int = 80, rows: int = 8) -> pd.DataFrame:
    """Return visits of patients whose sex and year of birth never change."""
    draw = rng(0, "visits")
    n = patients * rows
    crp = np.exp(draw.normal(0, 0.5, (patients, rows)).cumsum(axis=1) / 2).round(1)
    return pd.DataFrame(
        {
            "patient": np.repeat(np.arange(patients), rows),
            "visit": np.tile(np.arange(rows), patients),
            "sex": np.repeat(draw.choice(["f", "m"], patients), rows),
            "birth_year": np.repeat(draw.integers(1930, 2005, patients), rows),
            "crp": crp.ravel(),
            "drugs": draw.poisson(2, n),
        }
    )


def stations(bikes: int = 60, rows: int = 8) -> pd.DataFrame:
    """Return trips: a station decides its place, and no trip ends before it begins."""
    draw = rng(0, "stations")
    n = bikes * rows
    station = draw.integers(0, 12, n)
    hours = draw.gamma(2, 3, (bikes, rows)).cumsum(axis=1).round(2).ravel()
    start = pd.Timestamp("2024-03-01") + pd.to_timedelta(np.rint(hours * 3_600), "s")
    place = draw.normal(40, 1, 12).round(4)
    return pd.DataFrame(
        {
            "bike": np.repeat(np.arange(bikes), rows),
            "start": start,
            "stop": start + pd.to_timedelta(draw.integers(60, 3_000, n), "s"),
            "station": 100 + 7 * station,
            "latitude": place[station],
            "riders": draw.integers(1, 3, n),
        }
    )


def labs(patients: int = 70, rows: int = 8) -> pd.DataFrame:
    """Return two labs that are missing together, and a dose in all other rows."""
    draw = rng(0, "labs")
    n = patients * rows
    missing = draw.random(n) < 0.4
    return pd.DataFrame(
        {
            "patient": np.repeat(np.arange(patients), rows),
            "pulse": draw.normal(75, 8, n).round(1),
            "sodium": np.where(missing, np.nan, draw.normal(140, 2, n).round(1)),
            "glucose": np.where(missing, np.nan, draw.normal(5, 0.5, n).round(2)),
            "dose": np.where(missing, 5.0 * draw.integers(1, 4, n), np.nan),
        }
    )


def cycles(units: int = 60, rows: int = 8) -> pd.DataFrame:
    """Return readings with a counter within each unit, and a total of two parts."""
    draw = rng(0, "cycles")
    parts = draw.integers(0, 50, (2, units * rows))
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), rows),
            "cycle": np.tile(np.arange(1, rows + 1), units),
            "heat": draw.normal(640, 1, (units, rows)).cumsum(axis=1).ravel().round(2),
            "inner": parts[0],
            "outer": parts[1],
            "total": parts.sum(axis=0),
        }
    )


def halves(frame: pd.DataFrame, key: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every other sequence, and the rest."""
    is_even = frame[key].astype("category").cat.codes % 2 == 0
    return frame[is_even], frame[~is_even]


def resampled(frame: pd.DataFrame, *kept: str) -> pd.DataFrame:
    """Return the table with each column in an order of its own, besides those that are kept."""
    draw = rng(0, "resampled")
    return frame.assign(
        **{c: draw.permutation(frame[c].to_numpy()) for c in frame.columns if c not in kept}
    )
