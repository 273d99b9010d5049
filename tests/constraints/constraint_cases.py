"""Random tables with constraints in them."""

import numpy as np

KINDS = ("high", "total", "copy", "few", "counter", "coarse", "rest", "double counter")


def column(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Draw numbers of any size and any number of decimals."""
    values = rng.normal(size=rows) * 10.0 ** rng.integers(-1, 4) + rng.normal() * 10
    decimals = rng.integers(0, 5)
    return values if decimals == 4 else np.round(values, decimals)


def table(seed: int, sequences: int = 12, steps: int = 6, most: int = 5) -> np.ndarray:
    """Draw sequences (n, T, C) of which some columns depend on others."""
    rng = np.random.default_rng(seed)
    rows = sequences * steps
    columns = [column(rng, rows) for _ in range(rng.integers(1, 3))]
    for kind in rng.choice(KINDS, size=rng.integers(1, most)):
        base = columns[rng.integers(len(columns))]
        other = columns[rng.integers(len(columns))]
        decimals = int(rng.integers(0, 3))
        if kind == "high":
            ties = rng.random(rows) < 0.2
            columns.append(base + np.where(ties, 0.0, np.abs(column(rng, rows))))
        elif kind == "total":
            columns.append(base + other)
        elif kind == "rest":
            columns.append(100.0 - base)
        elif kind == "copy":
            columns.append(base)
        elif kind == "few":
            columns.append(rng.choice([0.0, 0.5, 4.0], size=rows))
        elif kind == "coarse":  # never below another, but on a lattice of its own
            columns.append(np.ceil(np.maximum(base, other) / 5) * 5)
        else:
            counter = rng.exponential(size=(sequences, steps)).cumsum(axis=1).round(decimals)
            columns.append(counter.ravel())
            if kind == "double counter":
                more = rng.integers(0, 4, size=(sequences, steps)).cumsum(axis=1)
                columns.append((counter + more).ravel())
    return np.stack(columns, axis=1).reshape(sequences, steps, -1)


def starts(values: np.ndarray) -> np.ndarray:
    """Return the first rows of sequences (n, T, C) that are stacked in one table."""
    return np.arange(0, values.shape[0] * values.shape[1], values.shape[1])


def noisy(values: np.ndarray, seed: int, holes: bool = False) -> np.ndarray:
    """Return the table with noise on some rows and with missing cells."""
    rng = np.random.default_rng(seed)
    spread = values.std(axis=(0, 1)) * 10.0 ** rng.uniform(-3, 0.3)
    touched = rng.random((*values.shape[:2], 1)) < 0.7
    result = np.where(touched, values + rng.normal(size=values.shape) * spread, values)
    if holes:
        result[rng.random(values.shape) < 0.15] = np.nan
    return np.asarray(result)
