"""Discrete values as a Gaussian path: each row within the interval of quantiles of its value.

A model cannot learn a distribution with spikes. Rows of one value are therefore spread over the
interval of the normal distribution that the value's share fills. Independent draws would add noise
to values that repeat. The rows are therefore a first-order Gaussian path that was cut into bins, as
in a latent-variable probit model. Gibbs sampling draws the path, given the bins.
"""

import numpy as np
from scipy.special import ndtr, ndtri

MARGIN = 1e-3  # of a bin, at either end, so that float32 keeps every row inside
SWEEPS = 20  # of the Gibbs sampler, which estimates the correlation on the way
MAX_CORRELATION = 0.98  # from row to row
CHUNK_ROWS = 100_000  # drawn together


def sample_within_bins(
    low: np.ndarray,
    high: np.ndarray,
    random: np.random.Generator,
    jitter: float,
    breaks: np.ndarray,
) -> np.ndarray:
    """Draw normal quantiles (n,) within bins, around their middles by probability.

    Args:
        low: probabilities at which the bins begin (n,).
        high: those at which they end; where both are equal there is no choice.
        random: generator of the path.
        jitter: share of each bin that is used; 0 is its middle.
        breaks: rows that do not follow upon the one before.
    """
    if jitter == 0:
        return np.asarray(ndtri(low + 0.5 * (high - low)))
    joined = np.ones(len(low), dtype=bool)
    joined[breaks] = False
    joined[::CHUNK_ROWS] = False
    rho, path = 0.0, np.empty(len(low))
    for start in range(0, len(low), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        path[part], rho = _draw(low[part], high[part], joined[part], random, rho)
    width = np.where(high > low, high - low, 1.0)
    place = 0.5 + jitter * ((ndtr(path) - low) / width - 0.5)
    return np.asarray(ndtri(low + np.clip(place, MARGIN, 1 - MARGIN) * (high - low)))


def _draw(
    low: np.ndarray, high: np.ndarray, joined: np.ndarray, random: np.random.Generator, rho: float
) -> tuple[np.ndarray, float]:
    """Draw a path z_t = rho z_(t-1) + noise of unit variance, within its bins."""
    ends = ndtri(low), ndtri(high)
    path = ndtri(low + random.random(len(low)) * (high - low))
    pairs = np.flatnonzero(joined[1:]) + 1
    if not len(pairs):
        return path, rho
    loose = np.flatnonzero(high > low)
    before, after = joined.astype(float), np.append(joined[1:], False).astype(float)
    for _ in range(SWEEPS):
        a, b = path[pairs - 1], path[pairs]
        rho = float(np.clip(2 * (a @ b) / (a @ a + b @ b), 0.0, MAX_CORRELATION))
        # Every second row at a time: given its neighbours, a row depends on no other.
        for odd in (0, 1):
            rows = loose[loose % 2 == odd]
            near = before[rows] * path[rows - 1] + after[rows] * path[(rows + 1) % len(path)]
            both = before[rows] * after[rows]
            alone = 1 - np.maximum(before[rows], after[rows])
            mean = np.where(both > 0, rho / (1 + rho**2), rho) * near
            variance = np.where(both > 0, (1 - rho**2) / (1 + rho**2), 1 - rho**2)
            std = np.sqrt(np.where(alone > 0, 1.0, variance))
            path[rows] = _within(mean, std, ends[0][rows], ends[1][rows], random)
    return path, rho


def _within(
    mean: np.ndarray,
    std: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw normal numbers between two ends."""
    a, b = (low - mean) / std, (high - mean) / std
    # In the upper tail all probabilities round to one: there the mirror image is drawn.
    mirror = a > 0
    a, b = np.where(mirror, -b, a), np.where(mirror, -a, b)
    below, above = ndtr(a), ndtr(b)
    drawn = ndtri(below + random.random(len(mean)) * (above - below))
    drawn = np.clip(drawn, a, b)
    return np.asarray(mean + std * np.where(mirror, -drawn, drawn))
