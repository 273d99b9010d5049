"""Controls: each keeps what it should and breaks what it should."""

import numpy as np
import pytest

from timegan.metrics.controls import CONTROLS, MEANING
from timegan.metrics.fidelity.autocorrelation import autocorrelation, changes
from timegan.metrics.windows import Array


def walks(count: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, 12, 2)).cumsum(axis=1) * [1.0, 1e3]
    return found


TRAIN = walks(300)


def made(name: str, count: int = 200, train: Array = TRAIN) -> Array:
    return CONTROLS[name](train, count, np.random.default_rng(1))


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("count", [1, 200, 700])
def test_as_many_windows_as_asked_for(name: str, count: int) -> None:
    assert made(name, count).shape == (count, 12, 2)
    assert name in MEANING


@pytest.mark.parametrize("name", CONTROLS)
def test_they_are_functions_of_the_generator(name: str) -> None:
    np.testing.assert_array_equal(made(name), made(name))


@pytest.mark.parametrize("name", CONTROLS)
def test_a_single_window_and_constants_will_do(name: str) -> None:
    assert np.isfinite(made(name, 5, TRAIN[:1])).all()
    assert np.isfinite(made(name, 5, np.ones((30, 12, 2)))).all()
    assert np.isfinite(made(name, 5, TRAIN[:, :1, :1])).all()


def test_copies_are_training_windows_each_once() -> None:
    rows = {window.tobytes() for window in made("copy", 300)}
    assert rows == {window.tobytes() for window in TRAIN}


def test_shuffled_windows_keep_their_rows() -> None:
    whole = {tuple(map(tuple, np.sort(window, axis=0))) for window in TRAIN}
    assert {tuple(map(tuple, np.sort(window, axis=0))) for window in made("shuffled")} <= whole
    assert autocorrelation(changes(made("shuffled")))[1, 0] < -0.3


def test_bootstrapped_windows_are_right_within_a_piece_only() -> None:
    moves = np.abs(changes(made("bootstrap", 700)))[..., 0].mean(axis=0)
    boundaries = moves[[2, 5, 8]]
    assert np.delete(moves, [2, 5, 8]) == pytest.approx(0.8, abs=0.1)
    assert (boundaries > 2).all()


def test_the_mixture_has_the_windows_means_and_covariances() -> None:
    a, b = (x.reshape(len(x), -1) for x in (TRAIN, made("gaussian", 5_000)))
    np.testing.assert_allclose(
        b.mean(axis=0) / a.std(axis=0), a.mean(axis=0) / a.std(axis=0), atol=0.1
    )
    np.testing.assert_allclose(np.corrcoef(b.T), np.corrcoef(a.T), atol=0.12)
