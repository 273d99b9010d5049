"""Long series depend on seed and number alone, and have no visible window boundaries."""

import numpy as np
import pytest
import torch

from timegan.errors import InputError
from timegan.nn.networks import Networks
from timegan.sampling import long_series
from timegan.sampling.long_series import (
    GROUP_SIZE,
    WindowPool,
    boundary_positions,
    continue_chunks,
    continue_series,
    generate_windows,
    overlap,
)
from timegan.sampling.windows import sample
from timegan.seeds import generator
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

T = 7


@pytest.fixture(autouse=True)
def small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_series, "POOL_SIZE", 256)


@pytest.fixture(scope="module")
def model() -> TimeGAN:
    return TimeGAN(3, T, Schedule(1, 1, 1), hidden=8)


def test_a_series_begins_as_a_window_and_more_steps_only_add(model: TimeGAN) -> None:
    windows = sample(model, 3, seed=2)
    assert np.array_equal(continue_series(model, 3, 4, seed=2), windows[:, :4])
    long = continue_series(model, 3, 40, seed=2)
    assert long.shape == (3, 40, 3)
    assert long.dtype == np.float32
    assert np.array_equal(long[:, :T], windows)
    assert np.array_equal(continue_series(model, 3, 23, seed=2), long[:, :23])


def test_a_series_is_the_same_in_any_company(model: TimeGAN) -> None:
    lone = continue_series(model, 1, 30, seed=5, start=GROUP_SIZE + 1)[0]
    assert np.array_equal(continue_series(model, 2 * GROUP_SIZE, 30, seed=5)[GROUP_SIZE + 1], lone)
    assert np.array_equal(continue_series(model, 9, 30, seed=5, start=11)[GROUP_SIZE - 10], lone)


def test_seeds_and_series_differ_and_do_not_repeat(model: TimeGAN) -> None:
    a, b = continue_series(model, 3, 60, seed=0), continue_series(model, 3, 60, seed=1)
    assert len({series[-10:].tobytes() for series in [*a, *b]}) == 6
    rows = np.concatenate([*a, *b])
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_shared_steps_have_the_noise_of_the_pool_and_later_ones_their_own(
    model: TimeGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = WindowPool.draw(model.net, 0)
    drawn: list[torch.Tensor] = []

    def spy(net: Networks, z: torch.Tensor, static: torch.Tensor) -> np.ndarray:
        drawn.append(z)
        return generate_windows(net, z, static)

    monkeypatch.setattr(long_series, "generate_windows", spy)
    z, static = model.net.draw_noise(3, generator(1))
    past = sample(model, 3)[:, -overlap(T) :]
    pool.next_steps(model.net, past, z, static)
    known = {noise.numpy().tobytes() for noise in pool.z}
    assert {noise.numpy().tobytes() for noise in drawn[0][:, : overlap(T)]} <= known
    assert torch.equal(drawn[0][:, overlap(T) :], z[:, overlap(T) :])


def test_parts_are_bounded_and_make_up_the_whole(
    model: TimeGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = continue_series(model, 3, 150, seed=1, start=14)
    monkeypatch.setattr(long_series, "MAX_HELD_VALUES", 300)
    monkeypatch.setattr(long_series, "BLOCK_STEPS", 32)
    parts = list(continue_chunks(model, 3, 150, seed=1, start=14))
    assert max(part.values.shape[1] for part in parts) < 32 + T
    assert [(p.series, p.step) for p in parts] == sorted((p.series, p.step) for p in parts)
    for number in range(3):
        pieces = [part.values[0] for part in parts if part.series == 14 + number]
        assert np.array_equal(np.concatenate(pieces), whole[number])


def test_progress_counts_every_step(model: TimeGAN) -> None:
    for count, steps in ((20, 5), (20, 100), (1, T)):
        told: list[int] = []
        continue_series(model, count, steps, progress=told.append)
        assert sum(told) == count * steps


def test_windows_of_one_and_two_steps_and_the_networks_of_the_reference() -> None:
    once = Schedule(1, 1, 1)
    reference = TimeGAN(
        2,
        5,
        once,
        hidden=8,
        generator="recurrent",
        autoencoder="recurrent",
        noise_distribution="uniform",
    )
    for model in (TimeGAN(2, 1, once, hidden=8), TimeGAN(2, 2, once, hidden=8), reference):
        series = continue_series(model, 2, 33)
        assert series.shape == (2, 33, 2)
        assert np.isfinite(series).all()


def test_boundaries_are_where_windows_begin_to_differ() -> None:
    assert [overlap(window) for window in (24, 2, 1)] == [8, 1, 0]
    assert boundary_positions(24, 24).size == 0
    assert boundary_positions(1, 4).tolist() == [1, 2, 3]


def test_no_steps_are_refused(model: TimeGAN) -> None:
    with pytest.raises(InputError, match="steps=0"):
        continue_series(model, 1, 0)
