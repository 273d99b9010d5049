"""The judges' network: TensorFlow 1's cell, and groups that equal their members."""

import numpy as np
import pytest
import torch

from timegan.metrics.fidelity.discriminative import classify
from timegan.metrics.grouped_gru import (
    CALL,
    GroupedGRU,
    Task,
    _Recurrence,
    compiled,
    gather,
    pooled,
    train_classifiers,
)
from timegan.metrics.windows import random_halves
from timegan.nn.kernels.compiler import ENABLE_VARIABLE


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def windows(*shape: int, seed: int = 0) -> torch.Tensor:
    """Return random input (T, R, C + 1, B) whose last channel is the constant 1."""
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    x[:, :, -1] = 1
    return x


def sigmoid(x: np.ndarray) -> np.ndarray:
    result: np.ndarray = 1 / (1 + np.exp(-x))
    return result


def test_the_states_follow_the_formula_of_the_cell() -> None:
    judge = GroupedGRU(3, 2, generators(2))
    x = windows(5, 2, 4, 7)
    with torch.no_grad():
        found = judge.states(x).numpy()
        kernel, gates, candidate = (
            p.double().numpy() for p in (judge.kernel, judge.gates, judge.candidate)
        )
    for member in range(2):
        for b in range(7):
            h = np.zeros(2)
            for t in range(5):
                a = kernel[member] @ x[t, member, :, b].double().numpy()
                r, u = np.split(sigmoid(a[:4] + gates[member] @ h), 2)
                c = np.tanh(a[4:] + candidate[member] @ (r * h))  # reset before the product
                h = u * h + (1 - u) * c
                np.testing.assert_allclose(found[t, member, :, b], h, atol=1e-6)


def test_the_written_gradient_is_the_true_one() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = ((4, 2, 6, 3), (2, 4, 2), (2, 2, 2))
    inputs = tuple(
        torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    )
    assert torch.autograd.gradcheck(_Recurrence.apply, inputs)


needs_compiler = pytest.mark.skipif(compiled() is None, reason="There is no C++ compiler.")


@needs_compiler
@pytest.mark.parametrize(("features", "batch"), [(3, 20), (7, 32), (1, 5)])
def test_compiled_updates_are_those_of_torch(
    features: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = torch.randn(6, features + 1, 90, generator=torch.Generator().manual_seed(1))
    pool[:, -1] = 1
    pool[:, 0, 40:] += 0.5
    sets = [(torch.arange(40), torch.arange(40, 90)), (torch.arange(9), torch.arange(50, 71))]
    found = []
    for code in (compiled(), None):
        monkeypatch.setattr("timegan.metrics.grouped_gru.compiled", lambda code=code: code)
        network = GroupedGRU(features, 4, generators(2))
        train_classifiers(network, pool, sets, [3, 4], range(CALL + 8), batch, 1e-2)
        found.append([parameter.detach() for parameter in network.parameters()])
    start = list(GroupedGRU(features, 4, generators(2)).parameters())
    for ours, theirs, before in zip(*found, start, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-4)
        assert (ours - before).abs().max() > 0.02


@needs_compiler
@pytest.mark.parametrize(
    ("steps", "judges", "features", "units", "batch"),
    [(1, 1, 1, 1, 1), (5, 3, 2, 1, 65), (24, 2, 6, 3, 256), (7, 2, 28, 14, 63), (3, 1, 4, 9, 129)],
)
def test_the_compiled_kernel_says_what_torch_says(
    steps: int,
    judges: int,
    features: int,
    units: int,
    batch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    judge = GroupedGRU(features, units, generators(judges))
    wide = 3 * torch.randn(steps, judges, features + 2, batch + 1)
    x = wide[:, :, : features + 1, :batch]  # a part of something larger, as often here
    states = judge.states(x)
    slope = torch.randn_like(states)
    weights = (judge.kernel, judge.gates, judge.candidate)
    found = torch.autograd.grad(states, weights, slope)
    monkeypatch.setattr("timegan.metrics.grouped_gru.compiled", lambda: None)
    expected = judge.states(x)
    assert type(states.grad_fn).__name__ == "_CompiledBackward"
    torch.testing.assert_close(states, expected, rtol=0, atol=3e-6)
    for ours, theirs in zip(found, torch.autograd.grad(expected, weights, slope), strict=True):
        scale = float(theirs.abs().max()) + 1e-6
        torch.testing.assert_close(ours / scale, theirs / scale, rtol=0, atol=2e-5)


@needs_compiler
def test_the_compiled_choice_of_windows_is_that_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    pool, chosen = torch.randn(5, 3, 40), torch.randint(40, (2, 130))
    found = gather(pool, chosen)
    monkeypatch.setattr("timegan.metrics.grouped_gru.compiled", lambda: None)
    torch.testing.assert_close(found, gather(pool, chosen), rtol=0, atol=0)


@needs_compiler
@pytest.mark.parametrize("far", [-1, 40])
def test_a_window_that_is_not_there_cannot_be_chosen(far: int) -> None:
    torch.manual_seed(0)
    with pytest.raises(IndexError, match="40 windows"):
        gather(torch.randn(5, 3, 40), torch.tensor([[0, far]]))


@needs_compiler
def test_what_is_no_number_stays_none_in_the_compiled_kernel() -> None:
    judge = GroupedGRU(2, 3, generators(2))
    x = windows(4, 2, 3, 70)
    x[1, 0, 0, 66] = torch.nan
    states = judge.states(x)
    lost = states.isnan().any(2)
    assert lost[1:, 0, 66].all()
    assert lost.sum() == 3


def test_the_kernel_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENABLE_VARIABLE, "0")
    compiled.cache_clear()
    try:
        judge = GroupedGRU(2, 3, generators(1))
        assert type(judge.states(windows(4, 1, 3, 7)).grad_fn).__name__ == "_RecurrenceBackward"
    finally:
        compiled.cache_clear()


def test_initial_values_are_those_of_tensorflow_1() -> None:
    features, hidden = 6, 30
    judge = GroupedGRU(features, hidden, generators(1))
    gates = torch.cat((judge.kernel[0, : 2 * hidden, :features], judge.gates[0]), dim=1)
    candidate = torch.cat((judge.kernel[0, 2 * hidden :, :features], judge.candidate[0]), dim=1)
    for kernel, outputs in ((gates, 2 * hidden), (candidate, hidden)):
        limit = np.sqrt(6 / (features + hidden + outputs))
        assert kernel.abs().max() <= limit
        np.testing.assert_allclose(kernel.std().item(), limit / np.sqrt(3), rtol=0.08)
    assert (judge.kernel[0, : 2 * hidden, features] == 1).all()
    assert (judge.kernel[0, 2 * hidden :, features] == 0).all()
    assert (judge.head_bias == 0).all()


def test_a_member_starts_the_same_in_any_group() -> None:
    group = GroupedGRU(3, 2, generators(3))
    alone = GroupedGRU(3, 2, [torch.Generator().manual_seed(2)])
    for together, single in zip(group.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(together[2], single[0], rtol=0, atol=0)


def test_three_judges_together_equal_three_alone() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(90, 6, 3))
    shifted = rng.normal(size=(70, 6, 3)) + 0.4
    contests = [Task(real, shifted, seed) for seed in range(3)]
    together = classify(contests, iterations=60, lr=1e-2)
    alone = [classify([contest], iterations=60, lr=1e-2)[0] for contest in contests]
    np.testing.assert_allclose(together, alone, atol=1e-9)
    assert len(set(together)) == 3


def test_parts_of_one_array_share_their_windows_and_judge_as_their_copies_do() -> None:
    windows, other = (np.random.default_rng(s).random((60, 6, 2)) for s in (0, 1))
    first, second = random_halves(windows, np.random.default_rng(2))
    pool, places = pooled([first, other, second, windows])
    assert pool.shape == (6, 3, 120)
    np.testing.assert_allclose(pool[:, :2, places[2]].permute(2, 0, 1), second.values(), rtol=1e-6)
    np.testing.assert_allclose(pool[:, :2, places[1]].permute(2, 0, 1), other, rtol=1e-6)
    shared, copied = (
        classify([Task(pair[0], pair[1], 3)], iterations=40, lr=1e-2)
        for pair in ((first, second), (first.values(), second.values()))
    )
    assert shared == copied
