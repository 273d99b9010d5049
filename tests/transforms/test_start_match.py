"""Windows start at times that suit them, each time is used once, and nothing depends on a call."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from timegan import Synthesizer
from timegan.sampling.sequences import generate
from timegan.seeds import rng
from timegan.transforms.start_match import GROUP, MIN_WINDOWS, StartMatch

HOUR, DAY = 3_600, 86_400


def hourly(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times (R,) and a channel (R, 1) whose changes are large by day and small by night."""
    times = HOUR * np.arange(rows)
    size = 1.2 - np.cos(2 * np.pi * times / DAY)
    return times, (size * rng(seed, "hourly").normal(size=rows)).cumsum()[:, None] * 0.1


def windows_of(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows (N, 12, 1) and the times at which they start."""
    times, x = hourly(rows, seed)
    starts = np.arange(rows - 11)
    return x[starts[:, None] + np.arange(12)], times[starts]


def alike(times: np.ndarray, others: np.ndarray) -> float:
    """Return the mean cosine of the distance of two times in a day: 1 is equal, 0 is by chance."""
    return float(np.cos(2 * np.pi * (times - others) / DAY).mean())


@pytest.fixture(scope="module")
def match() -> StartMatch:
    found = StartMatch.fit(*windows_of(3_000, 0), "s", "", ["day"])
    assert found is not None
    return found


def test_windows_come_back_to_their_time_of_day(match: StartMatch) -> None:
    windows, times = windows_of(3_000, 1)
    chosen = rng(2, "windows").permutation(len(windows))[: 10 * GROUP]
    drawn = rng(3, "times").permutation(times[chosen])
    found = drawn[match.assign(windows[chosen], drawn)]
    assert abs(alike(drawn, times[chosen])) < 0.1
    assert alike(found, times[chosen]) > 0.7


def test_each_time_of_a_group_is_used_once(match: StartMatch) -> None:
    windows, times = windows_of(700, 1)
    order = match.assign(windows[: 5 * GROUP + 7], times[: 5 * GROUP + 7])
    for first in range(0, len(order), GROUP):
        part = order[first : first + GROUP]
        assert sorted(part) == list(range(first, first + len(part)))


def test_a_group_depends_on_no_other(match: StartMatch) -> None:
    windows, times = (values[: 4 * GROUP] for values in windows_of(700, 1))
    alone = match.assign(windows[2 * GROUP :], times[2 * GROUP :])
    assert np.array_equal(match.assign(windows, times)[2 * GROUP :], 2 * GROUP + alone)


def test_nothing_to_match() -> None:
    windows, times = windows_of(3_000, 0)
    random = rng(4, "noise")
    assert StartMatch.fit(random.normal(size=windows.shape), times, "s", "", ["day"]) is None
    few = slice(MIN_WINDOWS - 1)
    assert StartMatch.fit(windows[few], times[few], "s", "", ["day"]) is None
    assert StartMatch.fit(windows[:, :1], times, "s", "", ["day"]) is None


def test_channels_that_never_change_are_no_trouble() -> None:
    windows, times = windows_of(3_000, 0)
    found = StartMatch.fit(
        np.concatenate([windows, np.zeros_like(windows)], axis=2), times, "s", "", ["day"]
    )
    assert found is not None
    assert np.isfinite(found.coefficients).all()


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    times, x = hourly(2_000, 5)
    level = 10 + 3 * np.sin(2 * np.pi * times / DAY) + x[:, 0]
    table = pd.DataFrame({"time": pd.Timestamp("2026-01-05") + pd.to_timedelta(times, "s")})
    table["load"] = level.round(3)
    schedule = {"autoencoder": 1, "supervised": 1, "joint": 1}
    return Synthesizer(
        window=12, hidden=6, steps_per_epoch=10, schedule=schedule, progress=False
    ).fit(table)


@pytest.mark.parametrize(("start", "count"), [(0, 5), (GROUP - 1, 2), (100, 300)])
def test_a_window_is_the_same_in_every_call(model: Synthesizer, start: int, count: int) -> None:
    fitted, transform = model.model, model.table_transform
    assert transform.start_match is not None
    whole = generate(fitted, transform, 450, seed=2)
    part = generate(fitted, transform, count, seed=2, start=start)
    rows = slice(start, start + count)
    assert np.array_equal(part.values, whole.values[rows])
    assert part.starts is not None
    assert whole.starts is not None
    assert np.array_equal(part.starts, whole.starts[rows])


def test_starts_are_those_that_were_drawn(model: Synthesizer) -> None:
    transform = model.table_transform
    made, drawn = generate(model.model, transform, 2 * GROUP, seed=3), transform.starts(128, 3, 0)
    assert made.starts is not None
    assert drawn is not None
    assert sorted(made.starts) == sorted(drawn)
    assert not np.array_equal(made.starts, drawn)


def test_a_saved_model_matches_alike(model: Synthesizer, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    loaded = Synthesizer.load(tmp_path / "model")
    assert loaded.table_transform.start_match == model.table_transform.start_match
    pd.testing.assert_frame_equal(loaded.sample(70, seed=4), model.sample(70, seed=4))
