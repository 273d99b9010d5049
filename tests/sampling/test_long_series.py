"""Long series depend on seed and number alone, and have no visible window boundaries."""

import numpy as np
import pandas as pd
import pytest
import torch

from timegan import Synthesizer
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
from timegan.seeds import generator, rng
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

    def spy(
        net: Networks, z: torch.Tensor, static: torch.Tensor, context: np.ndarray | None
    ) -> np.ndarray:
        drawn.append(z)
        return generate_windows(net, z, static, context)

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


@pytest.fixture(scope="module")
def with_context() -> TimeGAN:
    model = TimeGAN(3, T, Schedule(1, 1, 1), hidden=8, context=2, variable_length=True)
    thresholds = torch.tensor([-torch.inf, -torch.inf, -1.0, -0.5, 0.0, 0.5, 1.0])
    model.net.set_length_thresholds(thresholds)
    return model


def contexts(count: int) -> np.ndarray:
    return rng(0, "contexts").normal(size=(count, 2)).astype(np.float32)


def test_series_with_a_context_are_the_same_in_any_company_and_only_grow(
    with_context: TimeGAN,
) -> None:
    for context in (None, contexts(20)):
        whole = continue_series(with_context, 20, 40, seed=5, start=3, context=context)
        own = None if context is None else context[13:15]
        part = continue_series(with_context, 2, 40, seed=5, start=16, context=own)
        assert np.array_equal(whole[13:15], part)
        short = continue_series(with_context, 2, 22, seed=5, start=16, context=own)
        assert np.array_equal(part[:, :22], short)


def test_windows_of_a_series_have_its_context_and_their_full_length(
    with_context: TimeGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[np.ndarray] = []

    def spy(
        net: Networks, z: torch.Tensor, static: torch.Tensor, context: np.ndarray
    ) -> np.ndarray:
        windows = generate_windows(net, z, static, context)
        assert windows[:2].any(axis=-1).all()  # zeros are padding
        given.append(context)
        return windows

    monkeypatch.setattr(long_series, "generate_windows", spy)
    context = contexts(2)
    series = continue_series(with_context, 2, 40, context=context)
    assert series.any(axis=-1).all()
    for made in given[1:]:  # the first are those of the pool
        np.testing.assert_array_equal(made[:2, 0], context[:, 0])
        assert (made[:2, 1] >= 1.0).all()


def test_a_pool_prefers_windows_of_the_series_context(with_context: TimeGAN) -> None:
    pool = WindowPool.draw(with_context.net, 0)
    chosen = []
    for shift in (-1.0, 1.0):
        z, static = with_context.net.draw_noise(200, generator(1))
        past = sample(with_context, 200)[:, -overlap(T) :]
        context = np.tile(pool.keys[:, -2:].mean(axis=0) / pool.context_weight, (200, 1))
        context[:, 0] += shift * pool.keys[:, -2].std() / pool.context_weight
        target = np.hstack([pool.stitcher.target_key(past), pool.context_weight * context])  # type: ignore[union-attr]
        distances = np.square(pool.keys[None] - target[:, None]).sum(axis=-1)
        chosen.append(pool.keys[distances.argmin(axis=1), -2].mean())
        assert pool.next_steps(
            with_context.net, past, z, static, context.astype(np.float32)
        ).shape == (200, T - overlap(T), 3)
    assert chosen[0] < chosen[1]


def test_series_of_unknown_full_length_are_refused(with_context: TimeGAN) -> None:
    model = TimeGAN(3, T, Schedule(1, 1, 1), hidden=8, context=2, variable_length=True)
    model.net.set_length_thresholds(torch.tensor([-torch.inf] + [torch.inf] * (T - 1)))
    with pytest.raises(InputError, match="no training sequence has the 7 rows"):
        continue_series(model, 1, 40)


def test_tables_with_context_and_lengths_have_long_series() -> None:
    draw = rng(0, "patients")
    frames = []
    for patient in range(60):
        steps = int(draw.integers(4, 9))
        group = str(draw.choice(["a", "b"]))
        level = 10.0 if group == "a" else 20.0
        x = level + draw.normal(size=steps).cumsum()
        time = pd.date_range("2024-01-01", periods=steps, freq="D")
        frames.append(pd.DataFrame({"patient": patient, "group": group, "time": time, "x": x}))
    schedule = {"autoencoder": 1, "supervised": 1, "joint": 1}
    model = Synthesizer(
        schedule=schedule, hidden=8, steps_per_epoch=5, progress=False, sequence_key="patient"
    ).fit(pd.concat(frames), context_columns=["group"])
    made = model.sample(3, seed=1, steps=30)
    assert (made.groupby("patient")["group"].nunique() == 1).all()
    assert made.groupby("patient").size().tolist() == [30, 30, 30]
    assert made["x"].notna().all()
    asked = pd.DataFrame({"group": ["b", "a", "b"]})
    given = model.sample(context=asked, seed=1, steps=30)
    assert given.groupby("patient")["group"].first().tolist() == ["b", "a", "b"]
    assert made.groupby("patient")["time"].diff().dropna().eq(pd.Timedelta("1D")).all()
