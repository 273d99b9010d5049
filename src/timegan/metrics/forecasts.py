"""Scores of draws against the truth: CRPS, energy score, variogram score, coverage, spread.

Shapes: K draws, N histories, H steps, C columns. Draws are (K, N, H, C), the truth (N, H, C).
Sources: Gneiting and Raftery (2007) for the first two, Scheuerer and Hamill (2015) for the third.
"""

import numpy as np

Array = np.ndarray


def crps(draws: Array, truth: Array) -> Array:
    """Return the continuous ranked probability score of each cell (N, H, C), lower is better.

    It is ``E|x - y| - E|x - x'| / 2``, unbiased: draws are compared with other draws only.

    >>> crps(np.array([0.0, 2.0]).reshape(2, 1, 1, 1), np.ones((1, 1, 1)))
    array([[[0.]]])
    """
    count = len(draws)
    ordered = np.sort(draws, axis=0)
    weights = (2 * np.arange(1, count + 1) - count - 1).reshape(-1, 1, 1, 1)
    spread = (weights * ordered).sum(axis=0) / (count * (count - 1))
    return np.asarray(np.abs(draws - truth).mean(axis=0) - spread)


def energy_scores(draws: Array, truth: Array) -> Array:
    """Return the energy score (N,) of whole horizons, by the Euclidean distance over H and C."""
    flat = draws.reshape(*draws.shape[:2], -1)
    size = np.sqrt(flat.shape[-1])
    away = np.linalg.norm(flat - truth.reshape(1, len(truth), -1), axis=-1).mean(axis=0)
    count = len(draws)
    between = np.zeros(len(truth))
    for draw in flat:
        between += np.linalg.norm(flat - draw, axis=-1).sum(axis=0)
    return np.asarray((away - between / (2 * count * (count - 1))) / size)


def variogram_scores(draws: Array, truth: Array, power: float = 0.5) -> Array:
    """Return the variogram score (N, C) of the steps of a horizon, lower is better.

    It compares the differences between all pairs of steps, and so tells wrong correlations that
    the energy score hardly sees.
    """

    def variogram(values: Array) -> Array:
        return np.asarray(np.abs(values[..., :, None, :] - values[..., None, :, :]) ** power)

    mean = sum(variogram(draw) for draw in draws) / len(draws)
    return np.asarray(np.square(variogram(truth) - mean).mean(axis=(1, 2)))


def coverage(draws: Array, truth: Array, share: float) -> Array:
    """Return how often the central interval of draws contains the truth, by step and column (H, C).

    The interval is that of order statistics: of K draws, ``share (K + 1)`` ranks lie inside, so a
    truth from the distribution of the draws is covered with this probability.
    """
    count = len(draws)
    rank = (draws < truth).sum(axis=0) + 0.5 * (draws == truth).sum(axis=0)
    edge = (1 - share) / 2 * (count + 1)
    # Where an edge lies within a rank, this rank counts in part.
    inside = np.clip(rank + 1 - edge, 0, 1) * np.clip(count + 1 - edge - rank, 0, 1)
    return np.asarray(inside.mean(axis=0))


def spread_ratio(draws: Array, truth: Array) -> Array:
    """Return the spread of draws over the error of their mean, by column (C,); 1 is right.

    Draws of one history that differ as much as the truth does from their mean have a ratio of 1
    (Fortin et al. 2014). Below it they agree more than they should.

    >>> draws = np.random.default_rng(0).normal(size=(40, 2_000, 3, 1))
    >>> spread_ratio(draws[1:], draws[0]).round(1)
    array([1.])
    """
    count = len(draws)
    variance = draws.var(axis=0, ddof=1).mean(axis=(0, 1)) * (count + 1) / count
    error = np.square(draws.mean(axis=0) - truth).mean(axis=(0, 1))
    return np.asarray(np.sqrt(variance / error))
