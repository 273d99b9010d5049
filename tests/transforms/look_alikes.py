"""Columns that look like those of real tables, one for each kind."""

from collections.abc import Callable

import numpy as np

from timegan.seeds import rng
from timegan.transforms import Info

Draw = np.random.Generator


def smooth(draw: Draw, rows: int) -> np.ndarray:
    """A series whose steps follow each other, with zero mean and about unit variance."""
    steps = np.convolve(draw.standard_normal(rows + 40), np.hanning(41), "valid")[:rows]
    walk = steps.cumsum() - np.linspace(0, steps.sum(), rows)
    return np.asarray((walk - walk.mean()) / max(float(walk.std()), 1e-9))


def held(draw: Draw, rows: int, share: float = 0.4) -> np.ndarray:
    """Readings in tenths that are renewed now and then."""
    levels = np.round(20 + 5 * smooth(draw, rows), 1)
    new = draw.random(rows) < share
    new[0] = True
    return np.asarray(levels[np.maximum.accumulate(np.where(new, np.arange(rows), 0))])


def ramp(draw: Draw, rows: int, period: int = 6, decimals: int = 8) -> np.ndarray:
    """Readings in tenths every so many rows, interpolated and rounded."""
    readings = np.round(8 + 4 * draw.standard_normal(rows // period + 2).cumsum(), 1)
    lines = np.interp(np.arange(rows), np.arange(readings.size) * period, readings)
    return np.round(lines, decimals)


def bounded(draw: Draw, rows: int) -> np.ndarray:
    """A humidity that cannot pass 100."""
    return np.clip(np.round(80 + 15 * smooth(draw, rows), 2), 0, 100)


def zero_inflated(draw: Draw, rows: int) -> np.ndarray:
    """Lamps: off for most of the time, else a multiple of ten."""
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
"""Kind -> a column of it."""

VALUES = {"categorical": "category", "boolean": "boolean", "datetime": "datetime"}


def info(kind: str, name: str | None = None) -> Info:
    """What the table says of a column of a kind."""
    return Info(name or kind, VALUES.get(kind, "number"), categories=5)


def column(kind: str, rows: int, seed: int) -> np.ndarray:
    """A column of a kind."""
    return LOOKS[kind](rng(seed, "look", kind), rows)


def punched(values: np.ndarray, seed: int, share: float = 0.1, spared: int = 10**9) -> np.ndarray:
    """The same with holes in runs of five, every so many rows and the last one spared."""
    draw = rng(seed, "holes")
    holes = np.repeat(draw.random(len(values) // 5 + 1) < share, 5)[: len(values)]
    holes[::spared] = holes[-1] = False
    return np.where(holes, np.nan, values)
