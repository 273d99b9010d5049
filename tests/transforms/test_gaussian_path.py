"""Discrete values as paths: each row within its bin, and as smooth as the values repeat."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from timegan.transforms import gaussian_path
from timegan.transforms.gaussian_path import sample_within_bins

WHOLE = np.array([0])


def cut(path: np.ndarray, edges: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the bin of each row of a standard normal path, as probabilities."""
    bounds = np.array([0.0, *edges, 1.0])
    at = np.searchsorted(bounds, ndtr(path)) - 1
    return bounds[at], bounds[at + 1]


def walk(rows: int, rho: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(rows)
    path = noise.copy()
    for t in range(1, rows):
        path[t] = rho * path[t - 1] + np.sqrt(1 - rho**2) * noise[t]
    return path


def correlation(path: np.ndarray) -> float:
    return float(np.corrcoef(path[1:], path[:-1])[0, 1])


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_the_path_that_was_cut_into_values_comes_back_as_correlated_as_it_was(rho: float) -> None:
    low, high = cut(walk(20_000, rho), [0.3, 0.8])
    drawn = sample_within_bins(low, high, np.random.default_rng(1), 1.0, WHOLE)
    assert correlation(drawn) == pytest.approx(rho, abs=0.04)
    assert drawn.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_every_row_is_inside_its_stretch_at_the_ends_of_the_distribution_too(jitter: float) -> None:
    jumps = np.tile([0.0, 0.0, 1.0, 1.0, 0.5], 200)  # from one end to the other and back
    low, high = cut(ndtri(np.clip(jumps, 1e-6, 1 - 1e-6)), [1e-5, 0.4, 0.6, 1 - 1e-5])
    drawn = ndtr(sample_within_bins(low, high, np.random.default_rng(0), jitter, WHOLE))
    assert (drawn > low).all()
    assert (drawn < high).all()


def test_where_there_is_no_choice_the_row_stays_and_pulls_its_neighbours() -> None:
    low = high = ndtr(walk(5_000, 0.95))
    low, high = np.where(np.arange(5_000) % 2, 0.0, low), np.where(np.arange(5_000) % 2, 1.0, high)
    drawn = sample_within_bins(low, high, np.random.default_rng(0), 1.0, WHOLE)
    np.testing.assert_allclose(ndtr(drawn[::2]), low[::2], atol=1e-9)
    assert correlation(drawn) > 0.8


def test_rows_that_do_not_follow_each_other_are_drawn_alone() -> None:
    low, high = cut(np.repeat(walk(2_000, 0.0), 5), [0.5])  # five rows of one value
    whole, apart = (
        sample_within_bins(low, high, np.random.default_rng(0), 1.0, b)
        for b in (WHOLE, np.arange(10_000))
    )

    def lasting(path: np.ndarray) -> float:
        return float(np.abs(np.diff(path.reshape(-1, 5), axis=1)).mean())

    assert lasting(whole) < 0.6 * lasting(apart)


def test_pieces_of_a_long_table_join_where_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaussian_path, "CHUNK_ROWS", 1_000)
    low, high = cut(walk(10_500, 0.9), [0.5])
    drawn = sample_within_bins(low, high, np.random.default_rng(0), 1.0, WHOLE)
    assert ((ndtr(drawn) > low) & (ndtr(drawn) < high)).all()
    assert correlation(drawn) == pytest.approx(0.9, abs=0.05)


def test_one_row_and_none() -> None:
    for rows in (0, 1):
        low = np.zeros(rows)
        assert sample_within_bins(
            low, low + 1, np.random.default_rng(0), 0.5, WHOLE[:rows]
        ).shape == (rows,)
