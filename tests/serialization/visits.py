"""A table with columns of many types, for tests of the files that a model is saved in."""

import numpy as np
import pandas as pd

from timegan.data import WindowDataModule


def visits_frame() -> pd.DataFrame:
    """Return visits of patients: keys, dates, text, integers, missing values, 3 to 6 rows each."""
    patients = np.repeat(np.arange(12), 3 + np.arange(12) % 4)
    random, n = np.random.default_rng(0), len(patients)
    low = random.normal(80, 5, n).round(1)
    return pd.DataFrame(
        {
            "patient": pd.Series([f"p{i:03d}" for i in patients]),
            "day": pd.date_range("2024-01-01", periods=n, freq="D"),
            "low": low,
            "high": low + random.integers(0, 50, n),
            "mood": np.array(["good", "bad", "so-so"])[random.integers(0, 3, n)],
            "pain": np.where(random.random(n) < 0.3, np.nan, random.random(n).round(2)),
            "site": np.array(["north", "east"])[patients % 2],
            "dose": random.integers(0, 2, n).astype(float),
        }
    )


def visits_data() -> WindowDataModule:
    """Return the data module of the visits after its setup."""
    data = WindowDataModule.from_frame(
        visits_frame(),
        sequence_key="patient",
        sequence_index="day",
        context_columns=["site"],
        exogenous=["dose"],
        constraints="enforce",
    )
    data.setup()
    return data
