"""Stitching: processes whose right continuation is known are continued rightly."""

from collections.abc import Callable

import numpy as np
import pytest

from timegan.sampling.stitching import MAX_FADE, WindowStitcher
from timegan.seeds import rng

T, P = 24, 8


def stationary(count: int, keep: float, steps: int, seed: int = 0) -> np.ndarray:
    """Return autoregressions of unit variance, (count, steps)."""
    noise = rng(seed, "stationary", str(keep)).standard_normal((count, steps))
    x = noise.copy()
    for t in range(1, steps):
        x[:, t] = keep * x[:, t - 1] + np.sqrt(1 - keep**2) * noise[:, t]
    return x


def three(count: int, steps: int = T, seed: int = 0) -> np.ndarray:
    """Return white noise, a slow autoregression and a sine of random phase."""
    phase = rng(seed, "phase").uniform(0, 2 * np.pi, (count, 1))
    wave = np.sqrt(2) * np.sin(0.2 * np.arange(steps) + phase)
    parts = [stationary(count, 0.0, steps, seed), stationary(count, 0.98, steps, seed), wave]
    return np.stack(parts, axis=-1)


def fitted() -> WindowStitcher:
    return WindowStitcher.fit((three(256, seed=seed) for seed in range(16)), P)


def chained(stitcher: WindowStitcher, pool: np.ndarray, series: int, windows: int) -> np.ndarray:
    """Return series that begin with a window of the pool and are continued by some more."""
    keys = stitcher.key(pool[:, :P])
    past, out = pool[:series, -P:], [pool[:series]]
    for step in range(windows):
        wanted = stitcher.target_key(past)
        near = ((keys**2).sum(axis=1) - 2 * wanted @ keys.T).argmin(axis=1)
        future = stitcher.extend(past, pool[near])
        out.append(future)
        past = np.concatenate([past, future], axis=1)[:, -P:]
        assert np.isfinite(future).all(), step
    return np.concatenate(out, axis=1)


def test_noise_stays_a_walk_moves_and_a_wave_bends() -> None:
    stitcher = fitted()
    windows = three(50, seed=100)
    past = windows[:, :P].copy()
    past[..., 0] += 1.0
    past[..., 1] += 0.05
    phase = 0.2 * np.arange(T) + 0.3
    waves = windows.copy()
    past[..., 2] = np.sqrt(2) * np.sin(phase)[:P]
    waves[..., 2] = np.sqrt(2) * np.sin(phase - 0.02)
    future = stitcher.extend(past, waves)
    moved = future - waves[:, P:]
    assert np.abs(moved[..., 0]).max() < 0.15
    assert np.abs(moved[:, 0, 1] - 0.05 * 0.98).max() < 0.01
    bent = np.sqrt(2) * np.sin(phase)[P]
    assert np.abs(future[:, 0, 2] - bent).max() < 0.002
    assert np.abs(moved[:, 0, 2]).min() > 0.008


def test_a_window_that_fits_is_left_alone_and_one_that_does_not_is_met() -> None:
    stitcher = fitted()
    windows = three(10, seed=100)
    assert np.allclose(stitcher.extend(windows[:, :P], windows), windows[:, P:])
    past = windows[:, :P] + np.array([0, 3.0, 0])
    moved = stitcher.extend(past, windows)[..., 1] - windows[:, P:, 1]
    assert np.allclose(moved[:, 0], 3 * 0.98, atol=0.2)
    assert (moved[:, -1] < 2.5).all()
    assert np.abs(np.diff(moved, axis=1)).mean() < stitcher.sigma[1]


def test_small_corrections_of_a_feature_that_wanders_have_faded_at_the_end() -> None:
    wandering, returning = (stationary(4096, keep, T)[..., None] for keep in (0.9999, 0.98))
    windows = np.concatenate([wandering, returning], axis=2)
    stitcher = WindowStitcher.fit([windows], P)
    size = 0.5 * MAX_FADE * (T - P) * stitcher.sigma
    moved = stitcher.extend(windows[:10, :P] + size, windows[:10]) - windows[:10, P:]
    assert np.abs(moved[:, -1, 0]).max() < 1e-6 < np.abs(moved[:, 4, 0]).min()
    left = size[1] * 0.98 ** (T - P)
    assert np.allclose(moved[:, -1, 1], left, rtol=0.15)


def test_many_slow_features_keep_their_levels() -> None:
    """No window fits in all of many features, so that corrections matter."""
    features, keep = 12, 0.97

    def many(count: int, seed: int) -> np.ndarray:
        parts = [stationary(count, keep, T, 100 * seed + i) for i in range(features)]
        return np.stack(parts, axis=-1)

    pool = many(2_048, seed=7)
    stitcher = WindowStitcher.fit([pool], P)
    series = chained(stitcher, pool, series=40, windows=60)
    assert np.allclose(series.std(axis=(0, 1)), 1, atol=0.12)
    late, early = series[:, T:].ravel(), series[:, :-T].ravel()
    assert abs(np.corrcoef(late, early)[0, 1] - keep**T) < 0.07


def test_keys_see_through_noise_but_not_through_levels() -> None:
    stitcher = fitted()
    past = three(1, P, seed=100)
    noisy, higher = past + np.array([2.0, 0, 0]), past + np.array([0, 1.0, 0])
    reference = stitcher.key(past)
    assert np.abs(stitcher.key(noisy) - reference).max() < 0.4
    assert np.abs(stitcher.key(higher) - reference).max() > 3


def test_a_drift_is_taken_off_and_held_in_range_and_a_trend_is_neither() -> None:
    walk = np.cumsum(rng(0, "walk").standard_normal((4096, T)), axis=1)
    level = 20 * rng(0, "level").standard_normal((4096, 1))
    drift = level + walk + 0.03 * np.arange(T)
    trend = level + 0.5 * walk + 1.0 * np.arange(T)
    windows = np.stack([drift, trend], axis=-1)
    stitcher = WindowStitcher.fit([windows], P)
    past = windows[:, -P:]
    wanted = (stitcher.target_key(past) - stitcher.key(past)).mean(axis=0)[:2] * stitcher.sigma
    assert -0.03 * (T - P) * 1.5 < wanted[0] < -0.03 * (T - P) * 0.5
    assert wanted[1] == 0
    far = stitcher.extend(windows[:5, :P] + 100, windows[:5])
    assert np.abs(far[..., 1] - windows[:5, P:, 1] - 100).max() < 5
    assert far[:, -1, 0].max() < windows[..., 0].max()


def test_chained_windows_keep_the_process() -> None:
    series = chained(fitted(), three(4096, seed=7), series=40, windows=100)
    assert np.allclose(series.std(axis=(0, 1)), 1, atol=0.15)
    assert np.allclose(series.mean(axis=(0, 1)), 0, atol=0.2)
    for feature, lag_one in ((0, 0.0), (1, 0.98), (2, np.cos(0.2))):
        x = series[..., feature]
        assert abs(np.corrcoef(x[:, 1:].ravel(), x[:, :-1].ravel())[0, 1] - lag_one) < 0.05
    largest = np.sqrt(2) * 0.2  # step of the wave
    assert np.quantile(np.abs(np.diff(series[..., 2], axis=1)), 0.99) < 1.5 * largest


FANS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "levels that spread": lambda a, b, t: a * (1 + 0.08 * t) + 0.4 * t,
    "slopes that grow": lambda a, b, t: 3 * a + 0.5 * t + 0.02 * b * t**2,
    "a walk with a trend": lambda a, b, t: 3 * a + 0.5 * t,
}


@pytest.mark.parametrize("name", FANS)
def test_a_series_with_a_trend_does_not_run_away(name: str) -> None:
    """A regression that amplifies what is left would do so in each window anew."""
    draw = np.random.default_rng(0)
    count, steps, p = 3_000, 24, 8
    a, b = draw.normal(size=(2, count, 1))
    noise = draw.normal(size=(count, steps))
    windows = FANS[name](a, b, np.arange(steps))
    windows = windows + (noise.cumsum(axis=1) if "walk" in name else 0.05 * noise)
    windows = windows[..., None].astype(np.float32)
    stitcher = WindowStitcher.fit([windows], p)
    assert stitcher.rate[0] == 0
    keys, past, ends = stitcher.key(windows[:, :p]), windows[:4, -p:], []
    for _ in range(60):
        target = stitcher.target_key(past)
        chosen = ((keys**2).sum(axis=1) - 2 * target @ keys.T).argmin(axis=1)
        past = stitcher.extend(past, windows[chosen])[:, -p:]
        ends.append(past[:, -1, 0])
    jumps = np.abs(np.diff(ends, axis=0)).max(axis=1)
    assert jumps[-1] < 3 * jumps[10]  # a geometric series grows by as much in a few windows
