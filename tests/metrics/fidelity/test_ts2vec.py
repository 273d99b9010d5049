"""TS2Vec's encoder and loss, each against another way to compute it."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from timegan.errors import InputError
from timegan.metrics.fidelity.ts2vec import (
    Encoders,
    _batches,
    _Convolution,
    _crops,
    _take,
    contrast,
    encode,
    fit,
)
from timegan.metrics.windows import Array


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def waves(count: int, seed: int = 0, steps: int = 12) -> Array:
    draw = np.random.default_rng(seed)
    speed, phase = draw.uniform(0.1, 0.9, (2, count, 1, 2))
    found: Array = (np.sin(speed * np.arange(steps)[None, :, None] + 6 * phase) + 1) / 2
    return found


def by_conv1d(layer: Any, member: int, x: Tensor, dilation: int) -> Tensor:
    """Return the convolution of one member by torch's own operation: (C, B, T) to (D, B, T)."""
    weight = layer.weight[member].view(-1, layer.taps, layer.inputs).transpose(1, 2)
    padding = dilation * (layer.taps // 2)
    bias = layer.bias[member, :, 0]
    out = functional.conv1d(x.transpose(0, 1), weight, bias, padding=padding, dilation=dilation)
    return out.transpose(0, 1)


@pytest.mark.parametrize("steps", [12, 7, 3])
def test_grouped_encoders_equal_torch_s_convolutions(steps: int) -> None:
    """Depth 5 has the dilations 1 to 32: those beyond the 12 steps keep their middle tap alone."""
    network = Encoders(2, 12, generators(2), dimensions=10, channels=6, depth=5)
    x = torch.randn(2, 2, 4, steps, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = network(x)
        for member in range(2):
            h = by_conv1d(network.enter, member, x[member], 1)
            for number, block in enumerate(network.blocks):
                inner = h
                for layer in (block.first, block.second):
                    inner = by_conv1d(layer, member, functional.gelu(inner), 2**number)
                around = block.around
                if not isinstance(around, nn.Identity):
                    h = by_conv1d(around, member, h, 1)
                h = h + inner
            torch.testing.assert_close(found[member], h, atol=2e-5, rtol=1e-5)


def test_initial_values_are_those_of_torch_s_own_layers() -> None:
    layer = _Convolution(40, 50, generators(1), dilation=64, steps=12)
    limit = 1 / np.sqrt(40 * 3)  # of all three taps, though one is left
    assert layer.weight.shape == (1, 50, 40)
    assert layer.weight.abs().max() <= limit
    np.testing.assert_allclose(layer.weight.std().item(), limit / np.sqrt(3), rtol=0.05)


def test_the_loss_follows_the_formula() -> None:
    """Typed from the paper's equations 1 to 3, for one encoder, windows i, steps t."""
    a, b = np.random.default_rng(0).normal(size=(2, 3, 5, 4))  # (B, T, D)

    def scale(a: Array, b: Array) -> float:
        windows, steps, _ = a.shape
        total = 0.0
        for x, y in ((a, b), (b, a)):
            for i in range(windows):
                for t in range(steps):
                    own = np.exp(x[i, t] @ y[i, t])
                    others = [x[i, s] for s in range(steps) if s != t]
                    others += [y[i, s] for s in range(steps)]
                    if steps > 1:
                        total -= np.log(own / sum(np.exp(x[i, t] @ o) for o in others))
                    others = [x[j, t] for j in range(windows) if j != i]
                    others += [y[j, t] for j in range(windows)]
                    total -= np.log(own / sum(np.exp(x[i, t] @ o) for o in others))
        return float(total / (2 * windows * steps) / 2)

    def halve(x: Array) -> Array:
        found: Array = x[:, : x.shape[1] // 2 * 2].reshape(3, -1, 2, 4).max(axis=2)
        return found

    expected = np.mean(
        [scale(a, b), scale(halve(a), halve(b)), scale(halve(halve(a)), halve(halve(b)))]
    )
    views = (torch.from_numpy(v).permute(2, 0, 1)[None].expand(2, -1, -1, -1) for v in (a, b))
    np.testing.assert_allclose(contrast(*views).numpy(), [expected] * 2)


def test_one_window_or_two_steps_have_a_finite_loss() -> None:
    for shape in ((1, 4, 1, 6), (1, 4, 3, 2)):
        a, b = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
        assert torch.isfinite(contrast(a, b)).all()


@pytest.mark.parametrize("steps", [2, 3, 24])
def test_crops_overlap_by_two_steps_at_least(steps: int) -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(100):
        (left, begin), (end, right) = _crops(steps, generator)
        assert 0 <= left <= begin <= end - 2 <= right - 2 <= steps - 2


def test_crops_are_taken_where_each_window_s_own_begins() -> None:
    x = torch.arange(24.0).view(1, 2, 6, 2)  # (R, B, T, C)
    found = _take(x, torch.tensor([[1, 3]]), 2)  # (R, C, B, length)
    assert found[0, 0].tolist() == [[2, 4], [18, 20]]
    assert found[0, 1].tolist() == [[3, 5], [19, 21]]


def test_every_window_comes_once_before_any_comes_again() -> None:
    batches = _batches(6, 3, torch.Generator().manual_seed(0))
    for _ in range(3):
        seen = torch.cat([next(batches), next(batches)])
        assert sorted(seen.tolist()) == list(range(6))


def test_an_encoder_is_the_same_alone_and_in_a_group() -> None:
    x = waves(30)
    together = encode(fit(x, encoders=2, iterations=4), x)
    alone = encode(fit(x, encoders=1, iterations=4), x)
    assert together.shape == (2, 30, 320)
    np.testing.assert_allclose(together[0], alone[0], atol=1e-4)
    assert np.abs(together[1] - alone[0]).mean() > 1e-2


def test_training_is_a_function_of_its_seed() -> None:
    x = waves(20)
    first, again, other = (
        encode(fit(x, encoders=1, iterations=2, seed=seed), x) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 1e-3


def test_training_lowers_the_loss() -> None:
    """The weights' mean over training tells windows apart better than the first weights do."""
    x = waves(60)

    def loss(network: nn.Module) -> float:
        shown = torch.from_numpy(x[:16]).float().permute(2, 0, 1)[None]
        with torch.no_grad():
            return float(
                contrast(network(shown[..., :10])[..., 2:], network(shown[..., 2:])[..., :8])
            )

    assert loss(fit(x, encoders=1, iterations=40)) < 0.8 * loss(fit(x, encoders=1, iterations=1))


def test_windows_of_one_step_are_refused() -> None:
    with pytest.raises(InputError, match="two steps"):
        fit(waves(5, steps=1))
