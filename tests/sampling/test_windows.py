"""Sampling: sequence i is a function of the seed and i, whatever else is asked for."""

import numpy as np
import pytest

from timegan.sampling.windows import CHUNK_SIZE, sample, sample_chunks
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


@pytest.fixture(scope="module")
def model() -> TimeGAN:
    return TimeGAN(3, 7, Schedule(1, 1, 1), hidden=8)


def test_sequence_17_is_the_same_in_any_company(model: TimeGAN) -> None:
    lone = sample(model, 1, seed=5, start=17)[0]
    for count in (18, 100, CHUNK_SIZE + 40):
        assert np.array_equal(sample(model, count, seed=5)[17], lone)


def test_parts_are_bounded_and_make_up_the_whole(model: TimeGAN) -> None:
    whole = sample(model, 2 * CHUNK_SIZE + 10, seed=1)
    parts = [part.x for part in sample_chunks(model, 2 * CHUNK_SIZE, seed=1, start=10)]
    assert max(map(len, parts)) <= CHUNK_SIZE
    assert np.array_equal(np.concatenate(parts), whole[10:])


def test_seeds_and_sequences_differ(model: TimeGAN) -> None:
    a, b = sample(model, 3, seed=0), sample(model, 3, seed=1)
    assert a.shape == (3, 7, 3)
    assert len({v.tobytes() for v in [*a, *b]}) == 6


def test_no_sequences_are_an_empty_array(model: TimeGAN) -> None:
    assert sample(model, 0).shape == (0, 7, 3)


def test_the_weights_alone_are_enough_to_sample(model: TimeGAN) -> None:
    assert np.array_equal(sample(model.net, 2), sample(model, 2))
