"""Window boundaries: jumps, kinks and drifts are measured; faithful boundaries are not."""

import json

import numpy as np
import pytest

from timegan.errors import InputError
from timegan.metrics.fidelity.window_boundaries import compare_window_boundaries
from timegan.seeds import rng

AT = np.arange(24, 600, 16)


def walks(count: int, steps: int, seed: int) -> np.ndarray:
    """Return random walks of two features, the second smooth."""
    noise = rng(seed, "walks").standard_normal((count, steps, 2))
    noise[..., 1] = np.cumsum(noise[..., 1], axis=1) * 0.1
    walk: np.ndarray = np.cumsum(noise, axis=1)
    return walk


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    return walks(400, 24, 0)


def test_boundaries_of_a_plain_random_walk_are_like_other_steps(real: np.ndarray) -> None:
    found = compare_window_boundaries(real, walks(20, 600, 1), AT)
    assert found["boundaries"] == len(AT)
    assert found["ratio"] == pytest.approx([1, 1], abs=0.1)
    assert found["increment"]["real"][0] == pytest.approx(np.sqrt(2 / np.pi), abs=0.03)
    assert found["increment"]["boundary"][0] == pytest.approx(np.sqrt(2 / np.pi), abs=0.06)
    assert found["ks"]["distance"][0] < 1.5 * found["ks"]["chance"][0]
    assert found["autocorrelation"]["boundary"][0] == pytest.approx(0, abs=0.1)
    assert found["autocorrelation"]["boundary"][1] > 0.95


def test_a_jump_at_the_boundaries_shows(real: np.ndarray) -> None:
    series = walks(20, 600, 1)
    jumps = rng(2, "jumps").normal(0, 3, (20, len(AT)))
    for j, at in enumerate(AT):
        series[:, at:, 0] += jumps[:, j, None]
    found = compare_window_boundaries(real, series, AT)
    assert found["worst"] == {"feature": 0, "ratio": found["ratio"][0]}
    assert found["ratio"][0] > 2
    assert found["ratio"][1] == pytest.approx(1, abs=0.1)
    assert found["ks"]["distance"][0] > 2 * found["ks"]["chance"][0] > found["ks"]["control"][0]
    assert found["increment"]["inside"][0] == pytest.approx(np.sqrt(2 / np.pi), abs=0.03)
    assert found["turn"]["inside"][0] == pytest.approx(found["turn"]["real"][0], rel=0.06)


def test_a_kink_shows_in_turns_though_steps_are_right(real: np.ndarray) -> None:
    pieces = [walks(20, 24, seed)[:, :, 1] for seed in range(10, 47)]
    steps = np.concatenate([np.diff(p, axis=1)[:, :16] for p in pieces], axis=1)[:, :600]
    smooth = np.cumsum(steps, axis=1)
    series = np.stack([walks(20, smooth.shape[1], 1)[..., 0], smooth], axis=-1)
    found = compare_window_boundaries(real, series, np.arange(16, series.shape[1], 16))
    turn = found["turn"]
    assert turn["inside"][1] == pytest.approx(turn["real"][1], rel=0.1)
    assert turn["boundary"][1] > 2 * turn["inside"][1]
    assert found["autocorrelation"]["boundary"][1] < 0.8 < found["autocorrelation"]["inside"][1]


def test_a_drift_shows_in_late_levels(real: np.ndarray) -> None:
    series = walks(20, 600, 1)
    series[..., 0] = rng(3, "level").standard_normal((20, 600)) + np.linspace(0, 50, 600)
    level = compare_window_boundaries(real, series, AT)["level"]
    assert level["late_mean"][0] > level["synthetic_mean"][0] + 15
    assert level["outside"][0] > 0.5


def test_missing_and_constant_values_leave_the_rest_and_survive_json(real: np.ndarray) -> None:
    windows, series = real.copy(), walks(20, 600, 1)
    windows[..., 1], series[..., 1] = 4.0, 4.0
    series[rng(4, "holes").random((20, 600)) < 0.2, 0] = np.nan
    found = json.loads(json.dumps(compare_window_boundaries(windows, series, AT), allow_nan=False))
    assert found["ratio"][0] == pytest.approx(1, abs=0.15)
    assert found["ratio"][1] is None
    assert found["kurtosis"]["boundary"][1] is None


def test_a_ramp_is_measured_in_its_steps(real: np.ndarray) -> None:
    windows, series = real.copy(), walks(5, 600, 1)
    windows[..., 0], series[..., 0] = np.arange(24), np.arange(600) + 1e-6 * series[..., 0]
    found = compare_window_boundaries(windows, series, AT)
    assert found["increment"]["boundary"][0] == pytest.approx(1, abs=1e-3)
    assert found["ratio"][0] == pytest.approx(1, abs=1e-3)


def test_units_do_not_matter(real: np.ndarray) -> None:
    series = walks(5, 600, 1)
    a, b = (
        compare_window_boundaries(real, series, AT),
        compare_window_boundaries(real * 1000 + 7, series * 1000 + 7, AT),
    )
    assert a["ratio"] == pytest.approx(b["ratio"])
    assert a["turn"]["boundary"] == pytest.approx(b["turn"]["boundary"])


@pytest.mark.parametrize(
    ("series", "at", "message"),
    [
        (np.zeros((2, 50, 3)), [24], "cannot be compared"),
        (np.zeros((2, 50, 2)), [50], "Boundaries at"),
        (np.zeros((2, 50, 2)), [], "Boundaries at"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    real: np.ndarray, series: np.ndarray, at: list[int], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compare_window_boundaries(real, series, np.array(at))
