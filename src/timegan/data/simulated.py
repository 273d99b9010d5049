"""Simulated tables, which need neither a file nor a network."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from timegan.seeds import rng
from timegan.tables.table import SEQUENCE

STARTING_SALARY = 25_800.0  # USD a year without experience, in the regression of salary on years
RAISE = 9_450.0  # USD a year more for each year of experience
STEP = 0.5  # years from one record to the next
PROMOTIONS = 0.03  # expected number per half year
PROMOTION = 6_500.0  # USD a year that a promotion brings on average
PHASING = 6  # half years over which a promotion reaches its full amount


def salary(people: int = 2_000, records: int = 24, seed: int = 0) -> pd.DataFrame:
    """Simulate careers: half-yearly records of years of experience and salary.

    The numbers belong to no real person. A regression of ``Salary`` on ``YearsExperience`` over all
    records gives about 25,800 + 9,450 USD a year, with a residual deviation of about 5,800 USD. A
    public table of 30 real salaries has the same line. A person enters with 0.5 to 8.5 years of
    experience, more often few than many. The salary differs from the regression line by

    - a constant level (negotiation, trade, town),
    - an individual growth,
    - promotions, which increase the raises of the following three years. Their average is
      subtracted, so that the line stays where it is,
    - a small shock that fades within about two years.

    Args:
        people: number of sequences.
        records: half-yearly records of each of them.
        seed: the same seed gives the same table.

    Returns:
        A long table, one row a record: ``sequence`` (the person), ``YearsExperience`` in tenths of
        a year, ``Salary`` in whole USD a year.

    >>> salary(people=1, records=3).columns.tolist()
    ['sequence', 'YearsExperience', 'Salary']
    """
    draw = rng(seed, "salary")
    entry = np.round(0.5 + 8.0 * draw.beta(1.2, 1.6, size=(people, 1)), 1)
    years = entry + STEP * np.arange(records)
    level = 4_300.0 * np.clip(draw.standard_normal((people, 1)), -2.5, 2.5)
    growth = 240.0 * np.clip(draw.standard_normal((people, 1)), -2.5, 2.5)
    centred = STEP * (np.arange(records) - (records - 1) / 2)
    deviation = level + growth * centred + _promotions(draw, people, records)
    deviation += _fading(draw.normal(0.0, 100.0, size=(people, records)), keep=0.8)
    return _long(
        {
            "YearsExperience": np.round(years, 1),
            "Salary": np.round(STARTING_SALARY + RAISE * years + deviation).astype(np.int64),
        }
    )


def sines(count: int = 10_000, window: int = 24, features: int = 5, seed: int = 0) -> pd.DataFrame:
    """Simulate independent sine waves, the published toy data (Yoon et al. 2019, section 5.1).

    The waves are ``(sin(f j + p) + 1) / 2`` at steps j = 0, 1, ... Each sequence and feature has
    its own f and p, which are uniform on (0, 0.1).

    Args:
        count: number of sequences.
        window: steps of each of them.
        features: number of waves.
        seed: the same seed gives the same table.

    Returns:
        A long table, one row a step: ``sequence``, then ``sine_1``, ``sine_2``, ...
    """
    draw = rng(seed, "sines")
    frequency, shift = draw.uniform(0.0, 0.1, size=(2, count, 1, features))
    waves = (np.sin(frequency * np.arange(window)[:, None] + shift) + 1.0) / 2.0
    return _long({f"sine_{i + 1}": waves[..., i] for i in range(features)})


def arma(steps: int = 5_000, seed: int = 0) -> pd.DataFrame:
    """Simulate one long series of one feature, an ARMA(2, 1) process.

    ``x_t = 1.2 x_{t-1} - .4 x_{t-2} + e_t + .5 e_{t-1}``, e standard normal, after 200 steps that
    are left out.

    Args:
        steps: length of the series.
        seed: the same seed gives the same table.

    Returns:
        A table with the column ``value``.
    """
    shocks = rng(seed, "arma").standard_normal(200 + steps)
    values = lfilter([1.0, 0.5], [1.0, -1.2, 0.4], shocks)[200:]
    return pd.DataFrame({"value": values})


GENERATORS: dict[str, Callable[[int], pd.DataFrame]] = {
    "salary": lambda window: salary(),
    "sines": lambda window: sines(window=window),
    "arma": lambda window: arma(),
}
"""Name in the configuration -> function that returns the table, given the window's length."""

UNITS = {"sines": (0.0, 1.0)}
"""Name -> range that published scores scale to 0 and 1, where it is not the columns' own."""


def _promotions(draw: np.random.Generator, people: int, records: int) -> np.ndarray:
    """Return what promotions since the first record add, less what they add on average."""
    begun = np.arange(-PHASING, records)  # what began earlier is complete, and part of the level
    age = np.arange(records)[:, None] - begun
    share = np.clip(age / PHASING, 0.0, 1.0)
    reached = 3 * share**2 - 2 * share**3
    happens = draw.random((people, begun.size)) < PROMOTIONS
    amounts = happens * PROMOTION * draw.gamma(8.0, 1.0 / 8.0, size=happens.shape)
    total: np.ndarray = (amounts - PROMOTIONS * PROMOTION) @ (reached - reached[0]).T
    return total


def _fading(shocks: np.ndarray, keep: float) -> np.ndarray:
    """Return a series whose steps keep a share of the last one and add their own shock."""
    for step in range(1, shocks.shape[1]):
        shocks[:, step] += keep * shocks[:, step - 1]
    return shocks


def _long(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return arrays (sequences, steps) as a long table with a key column."""
    count, steps = next(iter(columns.values())).shape
    key = {SEQUENCE: np.repeat(np.arange(count), steps)}
    return pd.DataFrame(key | {name: values.ravel() for name, values in columns.items()})
