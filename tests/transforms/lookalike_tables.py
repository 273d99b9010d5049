"""Columns that look like those of real tables, one for each column type."""

from collections.abc import Callable

import numpy as np

from timegan.seeds import rng
from timegan.tables import Field
from timegan.tables.fields import Type
from timegan.transforms import ColumnTransformer, DetectedType, fit_transformers

Draw = np.random.Generator


def smooth(draw: Draw, rows: int) -> np.ndarray:
    """Return a smooth series with zero mean and about unit variance."""
    steps = np.convolve(draw.standard_normal(rows + 40), np.hanning(41), "valid")[:rows]
    walk = steps.cumsum() - np.linspace(0, steps.sum(), rows)
    return np.asarray((walk - walk.mean()) / max(float(walk.std()), 1e-9))


def held(draw: Draw, rows: int, share: float = 0.4) -> np.ndarray:
    """Return readings in tenths that are renewed now and then."""
    levels = np.round(20 + 5 * smooth(draw, rows), 1)
    new = draw.random(rows) < share
    new[0] = True
    return np.asarray(levels[np.maximum.accumulate(np.where(new, np.arange(rows), 0))])


def ramp(draw: Draw, rows: int, period: int = 6, decimals: int = 8) -> np.ndarray:
    """Return readings in tenths every so many rows, interpolated and rounded."""
    readings = np.round(8 + 4 * draw.standard_normal(rows // period + 2).cumsum(), 1)
    lines = np.interp(np.arange(rows), np.arange(readings.size) * period, readings)
    return np.round(lines, decimals)


def bounded(draw: Draw, rows: int) -> np.ndarray:
    """Return a humidity that cannot pass 100."""
    return np.clip(np.round(80 + 15 * smooth(draw, rows), 2), 0, 100)


def zero_inflated(draw: Draw, rows: int) -> np.ndarray:
    """Return the power of lamps: mostly zero, else a multiple of ten."""
    on = smooth(draw, rows) > 0.7
    return np.where(on, 10.0 * draw.integers(1, 8, rows), 0.0)


LOOKS: dict[str, Callable[[Draw, int], np.ndarray]] = {
    "continuous": lambda draw, rows: np.round(smooth(draw, rows), 4),
    "nonnegative": lambda draw, rows: np.round(np.exp(7 + 2 * smooth(draw, rows)), 2),
    "bounded": bounded,
    "integer": lambda draw, rows: np.round(40 * smooth(draw, rows)),
    "quantized": lambda draw, rows: 100.0 * np.round(5e4 * np.exp(smooth(draw, rows))),
    "zero_inflated": zero_inflated,
    "boolean": lambda draw, rows: (smooth(draw, rows) > 0.5).astype(float),
    "categorical": lambda draw, rows: np.clip(np.round(1.5 + 1.5 * smooth(draw, rows)), 0, 4),
    "white_noise": lambda draw, rows: np.round(50 * draw.random(rows), 9),
    "piecewise_constant": held,
    "piecewise_linear": ramp,
    "datetime": lambda draw, rows: 86_400.0 * (19_000 + np.arange(rows) + draw.integers(0, 300)),
}
"""Column type -> a column of it."""

CELLS: dict[str, Type] = {
    "categorical": "category",
    "boolean": "boolean",
    "datetime": "datetime",
}


def number(name: str, dtype: str = "float64") -> Field:
    """Return the field of a column of numbers."""
    return Field(name, "feature", "number", dtype)


def field(column_type: str, name: str | None = None) -> Field:
    """Return the field of a column of a type."""
    cells = CELLS.get(column_type, "number")
    return Field(name or column_type, "feature", cells, "float64", categories=tuple("abcde"))


def fit_one(
    column_type: str,
    values: np.ndarray,
    breaks: np.ndarray,
    scaling: str = "auto",
    jitter: float = 0.5,
    dtype: str = "float64",
    **params: object,
) -> ColumnTransformer:
    """Fit the transformer of one column, whose type is known."""
    detected = DetectedType(column_type, "", params, float(np.isnan(values).mean()))
    return fit_transformers(
        [detected], [number("x", dtype)], values[:, None], breaks, scaling, jitter
    )[0]


def column(kind: str, rows: int, seed: int) -> np.ndarray:
    """Return a column of a type."""
    return LOOKS[kind](rng(seed, "look", kind), rows)


def punched(values: np.ndarray, seed: int, share: float = 0.1, spared: int = 10**9) -> np.ndarray:
    """Return values with NaN in runs of five; every so many rows and the last one are spared."""
    draw = rng(seed, "holes")
    holes = np.repeat(draw.random(len(values) // 5 + 1) < share, 5)[: len(values)]
    holes[::spared] = holes[-1] = False
    return np.where(holes, np.nan, values)
