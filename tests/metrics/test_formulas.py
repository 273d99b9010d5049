"""Coverage, copies, membership and spectra against plain searches and other libraries."""

import numpy as np
import pytest
from scipy.signal import periodogram
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from timegan.metrics.fidelity.distances import spectral_distance
from timegan.metrics.fidelity.precision_recall import authenticity, precision, recall
from timegan.metrics.privacy.copies import copying
from timegan.metrics.privacy.membership_inference import membership
from timegan.metrics.windows import Array, MinMax


def windows(count: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, 8, 2)).cumsum(axis=1) * [1.0, 30.0]
    return found


TRAIN, UNSEEN = windows(150, 0), windows(120, 1)
FAKE = np.concatenate((windows(80, 2), TRAIN[:20] + 0.05))


def rows(x: Array, real: Array = TRAIN) -> Array:
    found: Array = MinMax(real)(x).reshape(len(x), -1)
    return found


def apart(a: Array, b: Array) -> Array:
    """Return root mean square distances of all pairs."""
    found: Array = cdist(rows(a), rows(b)) / np.sqrt(16)
    return found


def test_precision_and_recall_are_those_of_a_search_by_scikit_learn() -> None:
    def within(queries: Array, base: Array) -> float:
        search = NearestNeighbors(n_neighbors=5).fit(base)
        own, theirs = search.kneighbors()[0][:, 4], search.kneighbors(queries)[0][:, 4]
        levels = np.arange(1, 51) / 50
        shares = [(theirs <= np.quantile(own, level)).mean() for level in levels]
        return float(1 - 2 * np.mean(np.abs(shares - levels)))

    assert precision(TRAIN, FAKE) == pytest.approx(within(rows(FAKE), rows(TRAIN)), abs=0.002)
    assert recall(TRAIN, FAKE) == pytest.approx(within(rows(TRAIN), rows(FAKE)), abs=0.002)


def test_authenticity_is_that_of_all_distances() -> None:
    own = apart(TRAIN, TRAIN) + np.diag(np.full(len(TRAIN), np.inf))
    near = apart(FAKE, TRAIN)
    expected = np.mean(near.min(axis=1) > own.min(axis=1)[near.argmin(axis=1)])
    assert authenticity(TRAIN, FAKE) == pytest.approx(expected)


def test_copies_are_those_of_all_distances() -> None:
    near, far = np.sort(apart(FAKE, TRAIN)), np.sort(apart(UNSEEN, TRAIN))
    tight = [np.quantile(d, 0.05) for d in (far[:, 0], far[:, 0] / far[:, 1])]
    copied = (near[:, 0] < tight[0]) & (near[:, 0] / near[:, 1] < tight[1])
    found = copying(TRAIN, FAKE, UNSEEN)
    assert found["distance"] == pytest.approx(np.median(near[:, 0]), rel=1e-5)
    assert found["baseline_distance"] == pytest.approx(np.median(far[:, 0]), rel=1e-5)
    assert found["copied_share"] == pytest.approx(copied.mean())
    assert found["copied_share"] == pytest.approx(0.2, abs=0.05)


def test_membership_is_scikit_learn_s_area_of_the_nearest_distances() -> None:
    near = [apart(x, FAKE).min(axis=1) for x in (TRAIN, UNSEEN)]
    truth = np.repeat((1, 0), (len(TRAIN), len(UNSEEN)))
    expected = roc_auc_score(truth, -np.concatenate(near))
    assert membership(TRAIN, UNSEEN, FAKE) == pytest.approx(expected, abs=1e-6)


def test_the_spectral_distance_is_that_of_scipy_s_periodograms() -> None:
    taper = np.hanning(10)[1:-1]

    def power(x: Array) -> Array:
        level = np.average(x, axis=1, weights=taper)[:, None]
        found: Array = periodogram(x - level, window=taper, axis=1, detrend=False)[1]
        mean: Array = found.mean(axis=0)[1:]
        return mean

    expected = np.abs(np.log10(power(TRAIN) / power(FAKE))).mean()
    assert spectral_distance(TRAIN, FAKE) == pytest.approx(expected)
