"""Context-FID: the distance against scipy, and its order under growing corruption."""

import numpy as np
import pytest
from scipy import linalg

from timegan.errors import InputError
from timegan.metrics.fidelity.context_fid import context_fid, frechet
from timegan.metrics.windows import Array


def waves(count: int, seed: int = 0, features: int = 2) -> Array:
    draw = np.random.default_rng(seed)
    speed, phase = draw.uniform(0.1, 0.9, (2, count, 1, features))
    found: Array = np.sin(speed * np.arange(12)[None, :, None] + 6 * phase)
    return found


def test_the_distance_is_that_of_the_usual_formula() -> None:
    draw = np.random.default_rng(0)
    a = draw.normal(size=(90, 6)) @ draw.normal(size=(6, 6))
    b = draw.normal(size=(70, 6)) @ draw.normal(size=(6, 6)) + 1
    s_a, s_b = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(s_a @ s_b).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s_a + s_b - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet(b, a) == pytest.approx(expected, rel=1e-9)


def test_fewer_rows_than_columns_give_a_finite_distance() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 5, 40))
    assert np.isfinite(frechet(rows[0], rows[1]))
    assert frechet(rows[0], rows[0]) == pytest.approx(0, abs=1e-9)


def test_the_score_grows_with_the_noise() -> None:
    real = waves(200)
    draw = np.random.default_rng(1)
    scores = [
        np.mean(context_fid(real, other, encoders=2, iterations=15))
        for other in (
            waves(200, seed=1),
            waves(200, seed=1) + 0.3 * draw.normal(size=real.shape),
            waves(200, seed=1) + 0.9 * draw.normal(size=real.shape),
        )
    ]
    assert 1.5 * scores[0] < scores[1]
    assert 2 * scores[1] < scores[2]


def test_a_dropped_mode_is_seen() -> None:
    real = waves(200)
    real[::2] += 2
    other = waves(100, seed=1)
    whole = np.concatenate((other, waves(100, seed=2) + 2))
    good, bad = (np.mean(context_fid(real, x, encoders=1, iterations=15)) for x in (whole, other))
    assert 5 * good < bad


def test_one_feature_a_constant_one_and_unlike_counts_are_fine() -> None:
    a, b = waves(30, features=1), waves(21, 1, features=1)
    assert len(context_fid(a, b, encoders=2, iterations=1)) == 2
    a, b = waves(30), waves(21, 1)
    a[..., 1] = b[..., 1] = 3
    assert np.isfinite(context_fid(a, b, encoders=1, iterations=1)).all()


def test_sets_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="2 features"):
        context_fid(waves(5), waves(5, features=3))
    with pytest.raises(InputError, match="two steps"):
        context_fid(waves(5)[:, :1], waves(5)[:, :1])
