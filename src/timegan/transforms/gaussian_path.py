"""Discrete values as a path: each row somewhere within the stretch of quantiles of its value.

A model cannot learn a distribution with spikes, so rows of one value are spread over the stretch of
the normal distribution that the value's mass fills. Drawn row by row that would put noise on
values that last: here the rows are a Gaussian path of the first order that was cut into values, as
in a latent-variable probit model, drawn by Gibbs sampling given what was seen of it.
"""

import numpy as np
from scipy.special import ndtr, ndtri

EDGE = 1e-3  # nearest to the end of its stretch that a row comes, so that float32 keeps it inside
SWEEPS = 20  # of the Gibbs sampler; the correlation is learned on the way
MOST = 0.98  # correlation from row to row
PIECE = 100_000  # rows that are drawn together


def spread(
    low: np.ndarray,
    high: np.ndarray,
    random: np.random.Generator,
    jitter: float,
    breaks: np.ndarray,
) -> np.ndarray:
    """Normal quantiles (n,) within stretches, around their middles by probability.

    Args:
        low: probabilities at which the stretches begin (n,).
        high: those at which they end; where both are the same there is no choice.
        random: of the path.
        jitter: share of each stretch that is used; 0 is its middle.
        breaks: rows that do not follow upon the one before.
    """
    if jitter == 0:
        return np.asarray(ndtri(low + 0.5 * (high - low)))
    joined = np.ones(len(low), dtype=bool)
    joined[breaks] = False
    joined[::PIECE] = False
    rho, path = 0.0, np.empty(len(low))
    for start in range(0, len(low), PIECE):
        part = slice(start, start + PIECE)
        path[part], rho = _draw(low[part], high[part], joined[part], random, rho)
    width = np.where(high > low, high - low, 1.0)
    place = 0.5 + jitter * ((ndtr(path) - low) / width - 0.5)
    return np.asarray(ndtri(low + np.clip(place, EDGE, 1 - EDGE) * (high - low)))


def _draw(
    low: np.ndarray, high: np.ndarray, joined: np.ndarray, random: np.random.Generator, rho: float
) -> tuple[np.ndarray, float]:
    """A path with z_t = rho z_(t-1) + noise of unit variance in all, within its stretches."""
    ends = ndtri(low), ndtri(high)
    path = ndtri(low + random.random(len(low)) * (high - low))
    pairs = np.flatnonzero(joined[1:]) + 1
    if not len(pairs):
        return path, rho
    loose = np.flatnonzero(high > low)
    before, after = joined.astype(float), np.append(joined[1:], False).astype(float)
    for _ in range(SWEEPS):
        a, b = path[pairs - 1], path[pairs]
        rho = float(np.clip(2 * (a @ b) / (a @ a + b @ b), 0.0, MOST))
        # Every second row at a time: given its neighbours a row depends on nothing else.
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
    """Normal numbers between two ends."""
    a, b = (low - mean) / std, (high - mean) / std
    # In the upper tail probabilities are all one: there the mirror image is drawn.
    mirror = a > 0
    a, b = np.where(mirror, -b, a), np.where(mirror, -a, b)
    below, above = ndtr(a), ndtr(b)
    drawn = ndtri(below + random.random(len(mean)) * (above - below))
    drawn = np.clip(drawn, a, b)
    return np.asarray(mean + std * np.where(mirror, -drawn, drawn))
