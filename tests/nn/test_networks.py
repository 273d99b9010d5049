"""Shapes and starting points of the networks."""

from typing import Any

import pytest
import torch

from timegan.errors import InputError
from timegan.nn.discriminators import (
    MIN_COMPONENT_STD,
    Discriminator,
    minibatch_std,
    partial_whitening,
)
from timegan.nn.generators import PathGenerator
from timegan.nn.layers import MaskedBatchNorm, RecurrentNet, ResidualMLP, ResidualSupervisor
from timegan.seeds import generator
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

RNN: dict[str, Any] = {"hidden": 8, "layers": 2, "cell": "gru"}


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("steps", [1, 9])
def test_recurrent_networks_keep_windows_and_steps(cell: str, steps: int) -> None:
    torch.manual_seed(0)
    rnn = {**RNN, "cell": cell}
    x = torch.randn(4, steps, 3)
    assert RecurrentNet(3, 5, **rnn)(x).shape == (4, steps, 5)
    assert ResidualSupervisor(3, **rnn)(x).shape == (4, steps, 3)
    generator = PathGenerator(2, 6, 3, **rnn)
    assert generator(torch.randn(4, steps, 2), torch.randn(4, 6)).shape == (4, steps, 3)


def test_the_residual_autoencoder_starts_as_the_identity() -> None:
    torch.manual_seed(0)
    x = torch.randn(50, 8, 4, dtype=torch.double)
    embedder = ResidualMLP(4, 4, width=16, normalize=True).double()
    recovery = ResidualMLP(4, 4, width=16, normalize=False).double()
    h = embedder(x)
    torch.testing.assert_close(h.flatten(0, 1).mean(0), torch.zeros(4).double())
    torch.testing.assert_close(recovery(x), x)


def test_the_residual_supervisor_starts_from_nothing_changes() -> None:
    torch.manual_seed(0)
    h = torch.randn(3, 6, 4)
    torch.testing.assert_close(ResidualSupervisor(4, **RNN)(h), h)


def test_standardise_is_a_fixed_map_in_evaluation_mode() -> None:
    torch.manual_seed(0)
    layer = MaskedBatchNorm(3).eval()
    x = torch.randn(10, 4, 3)
    torch.testing.assert_close(layer(x[:2]), layer(x)[:2])
    layer.train()
    layer(5 + x)
    assert (layer.mean > 0).all()


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 24])
@pytest.mark.parametrize("critics", ["conv", "dense", "recurrent", "conv+dense"])
def test_each_critic_gives_an_opinion_on_every_window(critics: str, steps: int) -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(3, steps, critics=critics, increments=True, **RNN)
    view = discriminator.critic_input(torch.randn(6, steps, 3))
    assert view.shape == (6, steps, 6)
    opinions = discriminator(view)
    assert len(opinions) == len(critics.split("+"))
    assert all(len(y) == 6 for y in opinions)


def test_an_opinion_on_real_windows_does_not_depend_on_the_synthetic_ones_beside_them() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(3, 12, critics="conv+dense", increments=True, **RNN)
    real, fake, other = (torch.randn(24, 12, 6) for _ in range(3))
    for a, b in zip(
        discriminator(torch.cat([real, fake]), 2),
        discriminator(torch.cat([real, other]), 2),
        strict=True,
    ):
        torch.testing.assert_close(a[:24], b[:24])


def test_batch_deviation_is_zero_where_all_windows_are_one() -> None:
    torch.manual_seed(0)
    one = torch.randn(1, 5).repeat(8, 1)
    assert minibatch_std(one, 4).abs().max() < 1e-3
    varied = torch.cat([one[:4], torch.randn(4, 5, generator=generator(0))])
    deviation = minibatch_std(varied, 4)
    assert deviation.shape == (8, 1)
    assert (deviation[:4] < 1e-3).all()
    assert (deviation[4:] > 0.1).all()


def test_increments_come_in_units_of_their_scale() -> None:
    discriminator = Discriminator(2, 4, critics="dense", increments=True, **RNN)
    discriminator.initialize_scales(torch.tensor([2.0, 4.0]))
    h = torch.arange(4.0)[None, :, None] * torch.tensor([2.0, 4.0])
    view = discriminator.critic_input(h)
    torch.testing.assert_close(view[0, :, 2:], torch.tensor([[0.0, 0], [1, 1], [1, 1], [1, 1]]))


def test_levels_come_in_the_units_of_their_step() -> None:
    discriminator = Discriminator(
        2, 4, critics="dense", increments=False, per_step_normalization=True, **RNN
    )
    wide = torch.tensor([1e-2, 1.0, 3.0, 0.0])[:, None]  # the last step is always the same
    h = 5 + wide * torch.randn(512, 4, 2, generator=generator(0))
    for half in h.chunk(2):
        discriminator.update_statistics(half)
    discriminator.initialize_scales(torch.ones(2))
    view = discriminator.critic_input(h)
    torch.testing.assert_close(view.mean(0), torch.zeros(4, 2), atol=0.02, rtol=0)
    spread = view.std(0)[:3]  # the first is as narrow as it may be taken for
    assert ((spread > 0.5) & (spread < 1.01)).all()
    assert view[:, 3].abs().max() == 0


@pytest.mark.parametrize("whitening", [0.5, 0.3, 0.1])
def test_whitening_takes_correlations_off_by_a_power(whitening: float) -> None:
    discriminator = Discriminator(
        2,
        4,
        critics="dense",
        increments=False,
        per_step_normalization=True,
        whitening=whitening,
        **RNN,
    )
    level, spread = torch.randn(2, 4_000, 4, 1, generator=generator(0))
    rho = (1 - 0.1**2) / (1 + 0.1**2)
    h = 7 + torch.tensor([1.0, 3.0]) * torch.cat([level + 0.1 * spread, level - 0.1 * spread], -1)
    for part in h.chunk(4):
        discriminator.update_statistics(part)
    discriminator.initialize_scales(torch.ones(2))
    view = discriminator.critic_input(h)
    difference, total = (view[..., 0] + sign * view[..., 1] for sign in (-1, 1))
    want = torch.tensor([1 - rho, 1 + rho]) ** (0.5 - whitening)
    found = torch.stack([difference.std(), total.std()]) / 2**0.5
    torch.testing.assert_close(found, want, rtol=0.03, atol=0)


def test_whitening_stops_where_there_is_only_rounding() -> None:
    whole = torch.ones(3, 3) + 1e-7 * torch.eye(3)
    assert partial_whitening(whole, 0.5).norm() < 1.5 / MIN_COMPONENT_STD
    torch.testing.assert_close(partial_whitening(4 * torch.eye(3), 0.3), torch.eye(3))


def test_steps_that_few_sequences_reach_have_their_own_spread() -> None:
    discriminator = Discriminator(
        1,
        3,
        critics="dense",
        increments=False,
        per_step_normalization=True,
        variable_length=True,
        **RNN,
    )
    h = torch.randn(60, 8, 3, 1, generator=generator(0)) * torch.tensor([1.0, 2.0, 4.0])[:, None]
    mask = torch.ones(8, 3, 1)
    mask[1:, 2] = 0  # the last step: one sequence of each batch
    for batch in h:
        discriminator.update_statistics(batch, mask)
    want = torch.stack([h[:, :, 0].std(), h[:, :, 1].std(), h[:, 0, 2].std()])
    torch.testing.assert_close(discriminator.step_std[:, 0], want, rtol=0.02, atol=0)


@pytest.mark.parametrize(("channels", "hidden"), [(1, 32), (2, 48), (8, 48), (9, 64), (40, 64)])
def test_the_width_follows_from_the_number_of_channels(channels: int, hidden: int) -> None:
    model = TimeGAN(channels - 1 or 1, 4, Schedule(1, 1, 1), context=int(channels > 1))
    assert model.hparams["hidden"] == hidden


@pytest.mark.parametrize(
    ("finest", "noise", "whitening"), [(1.0, 0.05, 0.0), (0.05, 0.05, 0.0), (0.01, 0.005, 0.3)]
)
def test_nearly_equal_features_are_whitened_and_get_less_noise(
    finest: float, noise: float, whitening: float
) -> None:
    found = TimeGAN(2, 4, Schedule(1, 1, 1), smallest_component_std=finest).hparams
    assert (found["latent_noise"], found["whitening"]) == (noise, whitening)
    given = TimeGAN(
        2, 4, Schedule(1, 1, 1), smallest_component_std=finest, latent_noise=0.2, whitening=0
    ).hparams
    assert (given["latent_noise"], given["whitening"]) == (0.2, 0)
    assert not TimeGAN(
        2, 4, Schedule(1, 1, 1), smallest_component_std=finest, per_step_normalization=False
    ).hparams["whitening"]


@pytest.mark.parametrize(
    "wrong", [{"whitening": 0.6}, {"whitening": 0.3, "per_step_normalization": False}]
)
def test_whitening_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"model\.whitening=0\.\d.* Set "):
        TimeGAN(2, 4, Schedule(1, 1, 1), **wrong)


def test_a_critic_that_does_not_exist_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"model\.critics=cnn.*conv"):
        Discriminator(3, 4, critics="cnn", increments=True, **RNN)
