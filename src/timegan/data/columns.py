"""What is known about the columns: names, types, decimals, and the way to the model and back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from timegan.data.scalings import EPSILON, SCALINGS, Scaling, choose, restore
from timegan.tables.table import SEQUENCE, Schema
from timegan.errors import InputError

MOST_DECIMALS = 9  # a column that needs more is not rounded


@dataclass(frozen=True)
class Columns:
    """The features of a table, fitted on its training rows.

    It rides in the checkpoint as plain numbers and strings: whoever has it can turn what the model
    makes into a table like the one it learned from, without the data.

    Args:
        schema: names and types of the table's columns.
        decimals: of each feature; None leaves it unrounded.
        low: smallest training value of each feature.
        high: largest training value of each feature.
        scalings: one fitted map a feature.
        reversed: whether time runs backwards in the model's windows (``protocol=reference``).
    """

    schema: Schema
    decimals: tuple[int | None, ...]
    low: np.ndarray
    high: np.ndarray
    scalings: tuple[Scaling, ...]
    reversed: bool = False

    @classmethod
    def fit(
        cls,
        values: np.ndarray,
        schema: Schema,
        scaling: str = "auto",
        *,
        breaks: Sequence[int] | np.ndarray = (),
        reversed: bool = False,
    ) -> Self:
        """Learn ranges, decimals and scalings from training rows.

        Args:
            values: (rows, C) in the table's units.
            schema: names and types of the table's columns.
            scaling: ``minmax``, ``standard``, ``rank``, or ``auto``, which chooses between the
                latter two for each feature.
            breaks: rows that do not follow upon the one before.
            reversed: whether time runs backwards in them.

        Raises:
            InputError: a constant column, or an unknown scaling.
        """
        check_scaling(scaling)
        low, high = values.min(axis=0), values.max(axis=0)
        for name, lowest, highest in zip(schema.features, low, high, strict=True):
            if lowest == highest:
                raise InputError(
                    f"Column {name!r} is {lowest:g} in every training row: there is nothing to "
                    "learn from a constant. Leave it out by dataset.columns=[...]."
                )
        scalings = []
        for i in range(values.shape[1]):
            name = (
                choose(values[:, i], *_differences(values[:, i], breaks))
                if scaling == "auto"
                else scaling
            )
            scalings.append(SCALINGS[name].fit(values[:, i]))
        decimals = tuple(_decimals(values[:, i], dtype) for i, dtype in enumerate(schema.dtypes))
        return cls(schema, decimals, low, high, tuple(scalings), reversed)

    @property
    def features(self) -> list[str]:
        """Names of the features."""
        return list(self.schema.features)

    @property
    def scaling(self) -> dict[str, str]:
        """Name of each feature's scaling."""
        return {n: s.name for n, s in zip(self.schema.features, self.scalings, strict=True)}

    def transform(self, values: np.ndarray) -> np.ndarray:
        """From the table's units (..., C) to what the model sees, float32."""
        scaled = np.empty(values.shape, dtype=np.float32)
        for i, scaling in enumerate(self.scalings):
            scaled[..., i] = scaling.forward(values[..., i])
        return scaled

    def inverse(self, scaled: np.ndarray) -> np.ndarray:
        """From what the model makes (..., C) to the table's units, float64.

        Values are clipped to the training range and have as many decimals as the table's.
        """
        values = np.empty(scaled.shape, dtype=np.float64)
        for i, (scaling, decimals) in enumerate(zip(self.scalings, self.decimals, strict=True)):
            column = scaling.backward(np.asarray(scaled[..., i], dtype=np.float64))
            values[..., i] = column if decimals is None else np.round(column, decimals)
        return np.clip(values, self.low, self.high)

    def unit(self, values: np.ndarray) -> np.ndarray:
        """From the table's units (..., C) to [0, 1] over the training range, for comparisons."""
        return np.asarray((values - self.low) / (self.high - self.low + EPSILON))

    def forwards(self, windows: np.ndarray) -> np.ndarray:
        """Windows (N, T, C) with time running forwards, however the model sees it."""
        return windows[:, ::-1] if self.reversed else windows

    def to_frame(self, windows: np.ndarray, sequence_start: int = 0) -> pd.DataFrame:
        """Windows (n, T, C) in the table's units as a long table like the original.

        Args:
            windows: time as the model sees it; the rows of the table run forwards.
            sequence_start: number of the first sequence.

        Returns:
            One row a step, the original columns in their order and types. A table without a key
            gets the column ``sequence`` in front, one with a key keeps its key's name and place.
        """
        count, steps, _ = windows.shape
        windows = self.forwards(windows)
        numbers = np.repeat(np.arange(sequence_start, sequence_start + count), steps)
        columns: dict[str, Any] = {
            name: _cast(windows[..., i].ravel(), dtype)
            for i, (name, dtype) in enumerate(
                zip(self.schema.features, self.schema.dtypes, strict=True)
            )
        }
        key = self.schema.key or SEQUENCE
        order = list(self.schema.features)
        order.insert(self.schema.key_position, key)
        columns[key] = _cast_key(numbers, self.schema.key_dtype)
        return pd.DataFrame({name: columns[name] for name in order})

    def state(self) -> dict[str, Any]:
        """Everything as numbers, strings, lists and dicts: it survives JSON and `torch.save`."""
        schema = asdict(self.schema)
        schema |= {name: list(schema[name]) for name in ("features", "dtypes")}
        return {
            "schema": schema,
            "decimals": list(self.decimals),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "scalings": [{"name": s.name, "state": s.state()} for s in self.scalings],
            "reversed": self.reversed,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        schema = dict(state["schema"])
        schema |= {name: tuple(schema[name]) for name in ("features", "dtypes")}
        return cls(
            schema=Schema(**schema),
            decimals=tuple(state["decimals"]),
            low=np.array(state["low"], dtype=np.float64),
            high=np.array(state["high"], dtype=np.float64),
            scalings=tuple(restore(s["name"], s["state"]) for s in state["scalings"]),
            reversed=bool(state["reversed"]),
        )


def to_frame(windows: np.ndarray, columns: Columns, sequence_start: int = 0) -> pd.DataFrame:
    """Windows (n, T, C) in the table's units as a long table; see `Columns.to_frame`."""
    return columns.to_frame(windows, sequence_start)


def check_scaling(scaling: str) -> None:
    """Refuse a name that is not a scaling."""
    if scaling not in (*SCALINGS, "auto"):
        raise InputError(
            f"dataset.scaling={scaling} is unknown: choose among {', '.join(SCALINGS)} and auto."
        )


def _differences(
    values: np.ndarray, breaks: Sequence[int] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and second differences that no break lies within."""
    follows = np.ones(len(values), dtype=bool)
    follows[0] = False
    follows[np.asarray(breaks, dtype=np.int64)] = False
    steps, turns = np.diff(values), np.diff(values, n=2)
    return steps[follows[1:]], turns[follows[2:] & follows[1:-1]]


def _decimals(values: np.ndarray, dtype: str) -> int | None:
    """The fewest decimals that hold every value in its own type, or None where nine do not."""
    if "float32" in dtype.lower():
        values = values.astype(np.float32)
    for decimals in range(MOST_DECIMALS + 1):
        if np.array_equal(np.round(values, decimals), values):
            return decimals
    return None


def _cast(values: np.ndarray, dtype: str) -> "pd.Series[Any]":
    """A feature in its original type."""
    return pd.Series(values).astype(pandas_dtype(dtype))


def _cast_key(numbers: np.ndarray, dtype: str) -> "pd.Series[Any]":
    """Sequence numbers as integers of the key's type, or as text where the key was not a number."""
    series = pd.Series(numbers)
    return series.astype(pandas_dtype(dtype if "int" in dtype.lower() else "str"))
