"""The discriminative score: floor, ceiling, copies, and any number of features and windows."""

from collections.abc import Sequence

import numpy as np
import pytest

from timegan.errors import InputError
from timegan.metrics.fidelity.discriminative import FEW_COLUMNS, MAX_COLUMNS, discriminative
from timegan.metrics.grouped_gru import Task
from timegan.metrics.protocols.runner import run_protocol
from timegan.metrics.windows import Array, Subset
from timegan.report.verdicts.caveats import columns_note
from timegan.seeds import rng


def waves(count: int, features: int = 2, seed: int = 0) -> Array:
    """Return sines of random phase and frequency, in different units."""
    random = np.random.default_rng(seed)
    speed, phase = random.uniform(0.1, 0.6, (2, count, 1, features))
    unit = 10.0 ** np.arange(features)
    found: Array = np.sin(speed * np.arange(12)[None, :, None] + phase * 10) * unit
    return found


@pytest.mark.parametrize(
    ("protocol", "features", "columns"),
    [
        ("published_strong", MAX_COLUMNS, MAX_COLUMNS),
        ("published_strong", MAX_COLUMNS + 9, MAX_COLUMNS),
        ("quick", 42, 42),
        ("quick", 43, FEW_COLUMNS),
    ],
)
def test_classifiers_see_so_many_columns_at_most(
    protocol: str, features: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = rng(0, "wide").normal(size=(60, 4, features))
    seen: list[Array] = []
    own: list[Array] = []

    def classify(tasks: Sequence[Task], **_: object) -> list[float]:
        for task in tasks:
            sides = [s.windows for s in (task.first, task.second) if isinstance(s, Subset)]
            seen.extend(sides)
            if len(tasks) == 2:
                own.append(sides[0])
        return [0.1] * len(tasks)

    monkeypatch.setattr("timegan.metrics.fidelity.discriminative.classify", classify)
    names = [f"c{i}" for i in range(features)]
    found = run_protocol(
        windows[:30], None, windows[30:], names, protocol=protocol, cache=False, classifiers=2
    )
    assert {array.shape[2] for array in seen} == {columns}
    score = found["scores"]["discriminative"]
    assert (score.details["columns"], score.details["of_columns"]) == (columns, features)
    assert bool(columns_note(score)) == (columns < features)
    first, second = own
    assert np.array_equal(first, second) == (columns == features)


def test_two_samples_of_one_distribution_are_at_the_floor() -> None:
    signed = discriminative(waves(500), waves(500, seed=1), iterations=300)
    assert np.abs(signed).mean() < 0.08


def test_noise_is_at_the_ceiling() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (400, 12, 2)) * [1, 10]
    assert np.abs(discriminative(waves(400), noise, iterations=400, lr=1e-2, hidden=4)).mean() > 0.4


def test_a_verbatim_copy_misleads_the_judges() -> None:
    """Classifiers see a window as synthetic in training and as real in the test, or vice versa."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(40, 8, 4))
    signed = discriminative(real, real.copy(), iterations=300, hidden=24, lr=1e-2, classifiers=5)
    assert np.mean(signed) < -0.05


@pytest.mark.parametrize("features", [1, 3])
def test_any_number_of_features_and_unequal_counts(features: int) -> None:
    signed = discriminative(
        waves(60, features), waves(23, features, 1), iterations=5, classifiers=2
    )
    assert len(signed) == 2
    assert np.isfinite(signed).all()


def test_the_score_is_a_function_of_its_seed_and_not_of_the_unit() -> None:
    a, b = waves(50), waves(50, seed=1)
    first = discriminative(a, b, iterations=20, seed=3)
    assert discriminative(a, b, iterations=20, seed=3) == first
    assert discriminative(a * 4, b * 4, iterations=20, seed=3) == first
    assert discriminative(a, b, iterations=20, seed=4) != first


@pytest.mark.parametrize(
    ("real", "synthetic", "message"),
    [
        (waves(5), waves(5, 3), "2 features"),
        (waves(5), waves(5)[:, :4], "4 of 2"),
        (waves(5), np.full((5, 12, 2), np.nan), "window 0, step 0, feature 0"),
        (waves(5), waves(5)[:0], "at least one"),
        (waves(1), waves(5), "at least two"),
    ],
)
def test_what_cannot_be_compared_is_refused(real: Array, synthetic: Array, message: str) -> None:
    with pytest.raises(InputError, match=message):
        discriminative(real, synthetic, iterations=1)
