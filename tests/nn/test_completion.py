"""Completed windows agree with what is given, and are scored by a proper score."""

import numpy as np
import pytest
import torch

from timegan.nn.completion import Completer, draw_given, interpolate
from timegan.nn.losses import energy_score
from timegan.seeds import generator

B, T, D, S = 12, 9, 3, 2


def completer(**options: int) -> Completer:
    """Return a completer whose last layer is not zero, so that its draws differ."""
    torch.manual_seed(0)
    made = Completer(D, hidden=8, layers=1, cell="gru", **options)
    torch.nn.init.normal_(made.last.weight)
    return made


@pytest.mark.parametrize("context", [0, S])
def test_given_cells_are_exact_and_the_others_follow_from_the_noise(context: int) -> None:
    network, random = completer(context=context), generator(1)
    x, given = torch.randn(B, T, D, generator=random), draw_given((B, T, D), random)
    known = torch.randn(B, context, generator=random) if context else None
    one, two = (network(x, given, network.draw_noise(B, T, random), known) for _ in range(2))
    assert torch.equal(one[given > 0], x[given > 0])
    assert (one != two)[given == 0].all()
    hidden = x.masked_fill(given == 0, 1e6)  # what is not given has no influence
    z = network.draw_noise(B, T, random)
    assert torch.equal(network(hidden, given, z, known), network(x, given, z, known))


def test_a_wider_spread_moves_levels_and_keeps_the_size_of_changes() -> None:
    network, random = completer(), generator(3)
    x, given = torch.zeros(400, 24, D), torch.zeros(400, 24, D)
    given[:, :6] = 1
    z = network.draw_noise(400, 24, random)
    narrow = network.draw(x, given, z)
    network.spread.fill_(1.5)
    wide = network.draw(x, given, z)
    levels = wide[:, 10:].std() / narrow[:, 10:].std()
    changes = wide.diff(dim=1)[:, 10:].std() / narrow.diff(dim=1)[:, 10:].std()
    assert levels - 1 > 0.2
    assert abs(changes - 1) < (levels - 1) / 3
    assert torch.equal(wide[:, :6], x[:, :6])


def test_every_parameter_learns() -> None:
    network, random = completer(context=S), generator(2)
    x, given = torch.randn(B, T, D, generator=random), draw_given((B, T, D), random)
    context = torch.randn(B, S, generator=random)
    one, two = (network(x, given, network.draw_noise(B, T, random), context) for _ in range(2))
    energy_score(x, one, two, sigma=network.sigma).backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_a_residual_is_kept_where_it_is_given_and_fades_elsewhere() -> None:
    residual = torch.tensor([9.0, 2.0, 9.0, 9.0, 6.0, 9.0])[None, :, None]
    given = torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 0.0])[None, :, None]
    half = torch.tensor([0.5])
    found = interpolate(residual, given, half)[0, :, 0]
    inside = [2 / 2 * 2 / 3 + 6 / 4 / 3, 2 / 4 / 3 + 6 / 2 * 2 / 3]
    torch.testing.assert_close(found, torch.tensor([1.0, 2.0, *inside, 6.0, 3.0]))
    assert not interpolate(residual, torch.zeros_like(given), half).any()


def test_masks_have_pasts_gaps_cells_and_columns_and_are_different() -> None:
    given = draw_given((2_000, T, D), generator(3)).bool()
    past = given[:, :-1] >= given[:, 1:]
    assert 0.3 < past.all(dim=(1, 2)).float().mean() < 0.7
    whole_columns = (given == given[:, :1]).all(dim=(1, 2))
    assert 0.1 < whole_columns.float().mean() < 0.4
    assert 0.01 < (~given).all(dim=(1, 2)).float().mean() < 0.15
    assert len(np.unique(given.flatten(1).numpy(), axis=0)) > 300
    assert (given.float().mean(0) > 0.2).all()


def test_the_energy_score_is_that_of_its_formula() -> None:
    random = np.random.default_rng(0)
    y, a, b = (random.normal(size=(B, T, D)) for _ in range(3))
    sigma, lengths = np.array([0.5, 1.0, 2.0]), random.integers(1, T + 1, B)
    mask = (np.arange(T) < lengths[:, None])[..., None].astype(float)
    expected = 0.0
    for power in (0, 1):
        views = [v if not power else np.diff(v, axis=1) / sigma for v in (y, a, b)]
        there = mask[:, power:]

        def distance(u: np.ndarray, v: np.ndarray, there: np.ndarray = there) -> float:
            gap = (u - v) * there
            cells = np.abs(gap).sum() / there.sum() / D
            steps = np.sqrt((gap**2).mean(axis=2)).sum() / there.sum()
            return float(cells + steps + np.sqrt((gap**2).mean(axis=(1, 2))).mean())

        real, one, two = views
        expected += (distance(real, one) + distance(real, two) - distance(one, two)) / 2
    tensors = [torch.tensor(v) for v in (y, a, b, mask)]
    found = energy_score(*tensors, sigma=torch.tensor(sigma))
    assert float(found) == pytest.approx(expected, rel=2e-3)


def test_the_true_distribution_has_the_best_energy_score() -> None:
    random, sigma = generator(4), torch.ones(1)

    def score(mean: float, std: float) -> float:
        y, a, b = torch.randn(3, 40_000, 2, 1, generator=random)
        return float(energy_score(y, mean + std * a, mean + std * b, sigma=sigma))

    true = score(0.0, 1.0)
    assert all(score(*other) > true + 0.02 for other in ((0.5, 1.0), (0.0, 0.5), (0.0, 2.0)))
