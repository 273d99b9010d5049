"""Controls: windows with known faults in the place of a generator's.

A metric is informative when it ranks them as expected. Another real sample comes first, a copy is
no better, and the others come last wherever the metric looks at what they break.
"""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from timegan.metrics.windows import Array
from timegan.variation import centred, deviation, divisor

MEANING = {
    "real": "another real sample",
    "held_out": "held-out real windows",
    "copy": "a verbatim copy of training windows",
    "bootstrap": "pieces of training windows, joined at random",
    "shuffled": "training windows with their steps in random order",
    "gaussian": "a mixture of Gaussians",
}
"""Descriptions of the controls."""


def copy(train: Array, count: int, rng: np.random.Generator) -> Array:
    """Return training windows (count, T, C), each once as long as there are enough."""
    rounds = [rng.permutation(len(train)) for _ in range(-(-count // len(train)))]
    found: Array = train[np.concatenate(rounds)[:count]]
    return found


def bootstrap(train: Array, count: int, rng: np.random.Generator) -> Array:
    """Join quarters of random training windows: right within a quarter, wrong across borders."""
    steps = train.shape[1]
    piece = max(steps // 4, 1)
    windows = np.empty((count, *train.shape[1:]), dtype=train.dtype)
    for start in range(0, steps, piece):
        stop = min(start + piece, steps)
        source = rng.integers(len(train), size=count)
        first = rng.integers(steps - (stop - start) + 1, size=count)
        window = first[:, None] + np.arange(stop - start)
        windows[:, start:stop] = train[source[:, None], window]
    return windows


def shuffled(train: Array, count: int, rng: np.random.Generator) -> Array:
    """Return training windows with their steps in random order: right values, no dynamics."""
    windows = copy(train, count, rng)
    order = rng.permuted(np.tile(np.arange(train.shape[1]), (count, 1)), axis=1)
    return np.take_along_axis(windows, order[:, :, None], axis=1)


def gaussian(train: Array, count: int, rng: np.random.Generator) -> Array:
    """Draw from five Gaussians over twenty principal components of windows, plus white noise."""
    if len(train) < 2:
        return copy(train, count, rng)
    rows = train.reshape(len(train), -1).astype(np.float64)
    away, scale = centred(rows, 0), divisor(deviation(rows, 0))
    centre = rows[0] - away[0]
    u, s, vt = np.linalg.svd(away / scale, full_matrices=False)
    kept = min(20, len(s))
    points = u[:, :kept] * s[:kept]
    model = GaussianMixture(
        min(5, len(train)), reg_covar=1e-6, random_state=int(rng.integers(2**31)), max_iter=50
    )
    with warnings.catch_warnings():  # fewer different windows than Gaussians, or slow to settle
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(points)
    which = rng.choice(len(model.weights_), size=count, p=model.weights_)
    roots = np.linalg.cholesky(model.covariances_)
    noise = rng.normal(size=(count, kept, 1))
    drawn = model.means_[which] + (roots[which] @ noise)[:, :, 0]
    rest = np.sqrt(np.square(s[kept:, None] * vt[kept:]).sum(axis=0) / len(train))
    windows = drawn @ vt[:kept] + rng.normal(size=(count, rows.shape[1])) * rest
    found: Array = (windows * scale + centre).reshape(count, *train.shape[1:])
    return found


Control = Callable[[Array, int, np.random.Generator], Array]

CONTROLS: dict[str, Control] = {
    "copy": copy,
    "bootstrap": bootstrap,
    "shuffled": shuffled,
    "gaussian": gaussian,
}
"""Controls that are made of training windows."""
