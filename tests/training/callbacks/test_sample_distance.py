"""Distance between samples and real windows while training."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from timegan.data import WindowDataModule
from timegan.nn.batch import Batch
from timegan.training.callbacks.sample_distance import (
    EnergyDistanceMonitor,
    mean_pairwise_distance,
    monitored_features,
    nearness,
)
from timegan.training.factory import build_model
from timegan.training.schedule import Schedule

LONG: dict[str, Any] = {"generate": "sines", "window": 6}


def ready(**options: Any) -> WindowDataModule:
    data = WindowDataModule(**(LONG | {"constraints": "report"} | options))
    data.setup()
    return data


def panel() -> WindowDataModule:
    """Return sequences of 2 to 6 steps with a context and an exogenous column."""
    random = np.random.default_rng(0)
    rows = []
    for key in range(60):
        steps = int(random.integers(2, 7))
        walk = random.normal(size=steps).cumsum()
        rows += [
            {"key": key, "site": "ab"[key % 2], "event": bool(t % 2), "value": walk[t]}
            for t in range(steps)
        ]
    roles: dict[str, Any] = {"context_columns": ["site"], "exogenous": ["event"]}
    data = WindowDataModule.from_frame(pd.DataFrame(rows), sequence_key="key", **roles)
    data.setup()
    return data


def test_it_is_the_energy_distance_over_all_pairs() -> None:
    monitor = EnergyDistanceMonitor(ready(), count=40)
    fake = torch.randn(128, 30, generator=torch.Generator().manual_seed(0)).double()
    real = monitor.real.double()

    def mean(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a[:, :, None] - b[:, None, :]).abs().mean((1, 2))

    measured = monitor.compare(fake)
    wanted = (2 * mean(fake, real) - mean(fake, fake) - mean(real, real)).mean()
    assert measured.distance == pytest.approx(float(wanted), rel=1e-5)
    assert measured.diversity == pytest.approx(
        float(mean(fake, fake).mean() / mean(real, real).mean())
    )
    assert torch.allclose(mean_pairwise_distance(fake), mean(fake, fake))


@pytest.mark.parametrize("options", [{}, {"preprocessing": "reference"}])
def test_real_windows_are_at_the_baseline_and_others_are_not(options: dict[str, Any]) -> None:
    data = ready(**options)
    monitor = EnergyDistanceMonitor(data, count=300)
    random = np.random.default_rng(1)

    def ratio(rows: Any) -> float:
        return monitor.compare(monitor.project(Batch(rows))).distance / monitor.baseline

    others = data.train.batch(random.choice(len(data.train), 300, replace=False)).x
    assert 0.4 < ratio(others) < 2.5
    assert ratio(others + 0.3 * others.std()) > 5
    assert ratio(others[:, torch.randperm(6, generator=torch.Generator().manual_seed(0))]) > 5
    assert ratio(others[:1].expand_as(others)) > 5


def test_samples_that_are_all_alike_have_no_diversity() -> None:
    data = ready()
    monitor = EnergyDistanceMonitor(data, count=100)
    windows = data.train.batch(np.arange(100)).x
    same = monitor.compare(monitor.project(Batch(windows[:1].expand_as(windows))))
    assert same.diversity < 1e-3
    assert 0.7 < monitor.compare(monitor.project(Batch(windows))).diversity < 1.4


def test_lengths_context_and_labels_are_part_of_what_is_compared() -> None:
    data = panel()
    batch = data.train.batch(np.arange(8))
    assert batch.lengths is not None
    assert batch.context is not None
    assert batch.exogenous is not None
    whole = monitored_features(batch)
    channels = batch.x.shape[2] + batch.exogenous.shape[2]
    assert whole.shape == (8, 6, 2 * channels + 1 + batch.context.shape[1])
    assert not whole[batch.lengths == 2][:, 2:, :channels].any()
    for name, change in (("lengths", 1), ("context", 1.0), ("exogenous", 1.0)):
        other = batch._replace(**{name: getattr(batch, name) - change})
        assert not torch.equal(monitored_features(other), whole), name


@pytest.mark.parametrize("table", [ready, panel])
def test_a_measurement_repeats_itself_and_touches_no_random_stream(table: Any) -> None:
    data = table()
    net = build_model(data, Schedule(1, 1, 1), hidden=6).net
    before = {name: value.clone() for name, value in net.state_dict().items()}
    monitor = EnergyDistanceMonitor(data, count=300)  # more than are made together
    state = torch.get_rng_state()
    measured = monitor.measure(net)
    assert monitor.measure(net) == measured == EnergyDistanceMonitor(data, count=300).measure(net)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    with torch.no_grad():
        for weight in net.averages.parameters():
            weight.mul_(2)
    assert monitor.measure(net) != measured  # of the averaged weights


def test_samples_in_double_precision_are_compared_with_their_context() -> None:
    data = panel()
    monitor = EnergyDistanceMonitor(data, count=8)
    batch = data.train.batch(np.arange(8))
    assert batch.context is not None
    assert batch.exogenous is not None
    double = batch._replace(
        x=batch.x.double(), context=batch.context.double(), exogenous=batch.exogenous.double()
    )
    torch.testing.assert_close(monitor.project(double), monitor.project(batch))


def few(count: int) -> WindowDataModule:
    """Return random walks of three columns, a sequence each."""
    walks = np.random.default_rng(3).normal(size=(count, 6, 3)).cumsum(axis=1)
    table = pd.DataFrame(walks.reshape(-1, 3), columns=list("abc"))
    table.insert(0, "key", np.repeat(np.arange(count), 6))
    data = WindowDataModule.from_frame(table, sequence_key="key", constraints="report")
    data.setup()
    return data


def test_copies_of_few_windows_are_nearer_than_these_are_to_each_other() -> None:
    data = few(20)
    monitor = EnergyDistanceMonitor(data)
    assert monitor.own is not None
    windows = monitor.own
    assert nearness(windows + 0.01, windows) == pytest.approx(0, abs=0.05)
    fresh = few(200)
    others = monitor.paths(fresh.train.batch(np.arange(len(fresh.train))))
    found = nearness(others[len(windows) :], windows)
    assert found is not None
    assert 0.7 < found < 1.4
    measured = monitor.measure(build_model(data, Schedule(1, 1, 1), seed=0).net)
    assert measured.nearness is not None


def test_many_windows_are_left_to_the_test_for_copies() -> None:
    data = few(120)
    monitor = EnergyDistanceMonitor(data)
    assert monitor.measure(build_model(data, Schedule(1, 1, 1), seed=0).net).nearness is None
