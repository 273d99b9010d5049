"""Each loss against a formula typed from the paper (or the source it names), in float64."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from timegan.nn import losses
from timegan.seeds import generator, rng

B, T, C = 7, 5, 3


def pair(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = rng(seed, "pair")
    return random.normal(size=(B, T, C)), random.normal(size=(B, T, C)) * 1.5 + 0.3


def bce(logits: np.ndarray, answer: float) -> float:
    p = 1 / (1 + np.exp(-logits))
    return float(-(answer * np.log(p) + (1 - answer) * np.log(1 - p)).mean())


def energy(real: np.ndarray, fake: np.ndarray, directions: np.ndarray, **options: Any) -> Tensor:
    r, f, projections = map(torch.tensor, (real, fake, directions))
    return losses.sliced_energy_distance(r, f, projections=projections, **options)


def test_reconstruction_is_the_mean_squared_error() -> None:
    a, b = pair()
    assert losses.reconstruction(*map(torch.tensor, (a, b))).item() == pytest.approx(
        ((a - b) ** 2).mean()
    )


def test_supervised_compares_step_t_of_the_prediction_with_step_t_plus_1_of_the_latent() -> None:
    h, s = pair()
    want = np.mean([(h[:, t + 1] - s[:, t]) ** 2 for t in range(T - 1)])
    assert losses.supervised(*map(torch.tensor, (h, s))).item() == pytest.approx(want)
    sigma = np.array([1.0, 2.0, 4.0])
    want = np.mean([((h[:, t + 1] - s[:, t]) / sigma) ** 2 for t in range(T - 1)])
    got = losses.supervised(torch.tensor(h), torch.tensor(s), sigma=torch.tensor(sigma))
    assert got.item() == pytest.approx(want)


def test_supervised_is_not_zero_for_the_identity_on_a_moving_latent() -> None:
    h = torch.tensor(pair()[0])
    assert losses.supervised(h, h).item() > 0.1
    perfect = torch.cat([h[:, 1:], h[:, :1]], dim=1)
    assert losses.supervised(h, perfect).item() == 0


def test_moments_are_over_the_batch_with_biased_variance() -> None:
    x, x_hat = pair()
    std = [np.sqrt(((v - v.mean(0)) ** 2).mean(0) + 1e-6) for v in (x, x_hat)]
    want = np.abs(std[1] - std[0]).mean() + np.abs(x_hat.mean(0) - x.mean(0)).mean()
    assert losses.moments(*map(torch.tensor, (x, x_hat))).item() == pytest.approx(want)


def test_cross_entropies_match_the_reference() -> None:
    real, fake = pair()
    fake_e = fake[::-1].copy()
    y, fakes = torch.tensor(real), [(1.0, torch.tensor(fake)), (0.5, torch.tensor(fake_e))]
    want = bce(real, 1) + bce(fake, 0) + 0.5 * bce(fake_e, 0)
    assert losses.bce_discriminator(y, fakes).item() == pytest.approx(want)
    want = bce(fake, 1) + 0.5 * bce(fake_e, 1)
    assert losses.bce_generator(y, fakes).item() == pytest.approx(want)


def test_the_relativistic_pair_looks_at_differences_alone() -> None:
    real, fake = pair()
    y, fakes = torch.tensor(real), [(2.0, torch.tensor(fake))]
    want = 2 * np.log1p(np.exp(fake - real)).mean()
    assert losses.relativistic_discriminator(y, fakes).item() == pytest.approx(want)
    want = 2 * np.log1p(np.exp(real - fake)).mean()
    assert losses.relativistic_generator(y, fakes).item() == pytest.approx(want)
    moved = losses.relativistic_generator(y + 5, [(2.0, torch.tensor(fake + 5))])
    assert moved.item() == pytest.approx(want)


def test_sliced_energy_is_the_u_statistic_over_all_pairs() -> None:
    real, fake = pair()
    fake = fake[:5]
    directions = rng(1).normal(size=(T * C, 4))
    r, f = real.reshape(B, -1) @ directions, fake.reshape(5, -1) @ directions
    want = 0.0
    for p in range(4):
        across = np.mean([abs(a - b) for a in r[:, p] for b in f[:, p]])
        rr = np.mean([abs(r[i, p] - r[j, p]) for i in range(B) for j in range(B) if i != j])
        ff = np.mean([abs(f[i, p] - f[j, p]) for i in range(5) for j in range(5) if i != j])
        want += (2 * across - rr - ff) / 4
    got = energy(real, fake, directions)
    assert got.item() == pytest.approx(want)


def test_sliced_energy_leaves_pairs_out_that_belong_together() -> None:
    real, fake = pair()
    directions = rng(1).normal(size=(T * C, 1))
    r, f = (v.reshape(B, -1) @ directions for v in (real, fake))
    apart = [(i, j) for i in range(B) for j in range(B) if i != j]
    across, rr, ff = (
        np.mean([abs(a[i, 0] - b[j, 0]) for i, j in apart]) for a, b in ((r, f), (r, r), (f, f))
    )
    got = energy(real, fake, directions, paired=True)
    assert got.item() == pytest.approx(2 * across - rr - ff)


def test_sliced_energy_has_the_gradient_of_its_value() -> None:
    real, fake = (torch.tensor(v) for v in pair())
    directions = losses.random_projections(T, C, 8, generator(0)).double()
    fake.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda v: losses.sliced_energy_distance(real, v, projections=directions), (fake,)
    )


def test_sliced_energy_is_zero_in_expectation_for_equal_distributions_only() -> None:
    random = generator(0)
    directions = losses.random_projections(T, C, 64, random)

    def distance(shift: float) -> float:
        draws = [torch.randn(2, 64, T, C, generator=random) for _ in range(40)]
        return float(
            torch.stack(
                [
                    losses.sliced_energy_distance(r, f + shift, projections=directions)
                    for r, f in draws
                ]
            ).mean()
        )

    assert abs(distance(0.0)) < 0.01
    assert distance(0.5) > 0.05


def test_gradient_penalty_is_the_squared_norm_for_a_linear_critic() -> None:
    view = torch.tensor(pair()[0]).requires_grad_()
    w = torch.tensor(rng(2).normal(size=(T, C)))
    logits = [(view * w).sum((1, 2)), 2 * (view * w).sum((1, 2))]
    want = float((w**2).sum()) * (1 + 4)
    assert losses.gradient_penalty(logits, view).item() == pytest.approx(want)
