"""Padding has no influence on losses, gradients and logits."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from lightning import Trainer
from torch import Tensor

from tests.training.test_module import PRESETS
from timegan.nn import losses
from timegan.nn.batch import Batch, Conditions
from timegan.nn.discriminators import Discriminator
from timegan.nn.layers import RecurrentNet, ResidualMLP, ResidualSupervisor
from timegan.nn.length_coding import length_thresholds
from timegan.seeds import generator
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

B, T, C, S, U = 8, 6, 2, 3, 2
LENGTHS = torch.tensor([1, 6, 3, 2, 5, 1, 4, 6])
RNN: dict[str, Any] = {"hidden": 8, "layers": 2, "cell": "gru"}


def code(lengths: Tensor) -> Tensor:
    return (lengths.float() - 3.5) / 2


EDGES = length_thresholds(LENGTHS.numpy(), code(LENGTHS).numpy(), T)


def batch(seed: int, lengths: Tensor = LENGTHS, garbage: float | None = None) -> Batch:
    """Return three draws of walks with conditions, and garbage or zeros in the padding."""
    random = generator(seed, "batch")
    x = torch.randn(3, B, T, C, generator=random).cumsum(2).mul(0.3).sigmoid()
    context = torch.randn(3, B, S, generator=random)
    exogenous = torch.randn(3, B, T, U, generator=random)
    many = lengths.repeat(3, 1)
    context[..., -1] = code(many)
    made = Batch(x, many, context, exogenous)
    assert made.mask is not None
    noise = 0.0 if garbage is None else garbage * torch.randn(3, B, T, 1, generator=random)
    return made._replace(
        x=x.where(made.mask > 0, noise), exogenous=exogenous.where(made.mask > 0, noise)
    )


class Batches:
    def __init__(self, *batches: Batch) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.batches)


class Recorded(TimeGAN):
    """A model that keeps every loss and every gradient of every update."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen: list[tuple[str, Tensor]] = []

    def record_loss(self, name: str, value: Tensor) -> None:
        super().record_loss(name, value)
        self.seen.append((name, value.detach().clone()))

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        for name, weight in self.named_parameters():
            if weight.requires_grad and weight.grad is not None:
                self.seen.append((f"gradient of {name}", weight.grad.clone()))
        super().on_before_optimizer_step(optimizer)


def trained(*batches: Batch, **options: Any) -> Recorded:
    model = Recorded(
        C, T, Schedule(1, 1, 1), context=S, exogenous=U, variable_length=True, **options
    )
    model.net.set_length_thresholds(EDGES)
    trainer = Trainer(
        max_epochs=3,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, Batches(*batches))
    return model


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("preset", PRESETS)
def test_no_loss_and_no_gradient_sees_what_lies_in_the_padding(
    preset: str, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check the masks alone, without the zeros that batches get in their padding."""
    monkeypatch.setattr(Batch, "zero_padding", lambda batch: batch)
    monkeypatch.setattr(TimeGAN, "check_batch", lambda *_: None)
    options = {**PRESETS[preset], "cell": cell}
    clean = trained(batch(0), batch(1), **options).seen
    dirty = trained(batch(0, garbage=1e3), batch(1, garbage=1e3), **options).seen
    assert len(clean) == len(dirty) > 100
    for (name, a), (_, b) in zip(clean, dirty, strict=True):
        assert torch.equal(a, b), name
        assert a.isfinite().all(), name


@pytest.mark.parametrize("critics", ["recurrent", "conv", "dense"])
@pytest.mark.parametrize("adversarial", ["relativistic", "bce"])
def test_sequences_of_one_step_alone_give_finite_losses(critics: str, adversarial: str) -> None:
    ones = torch.ones(B, dtype=torch.int64)
    for preset in PRESETS.values():
        options = {**preset, "critics": critics, "adversarial": adversarial, "penalty_weight": 0.5}
        for name, value in trained(batch(0, ones), **options).seen:
            assert value.isfinite().all(), name


@pytest.mark.parametrize("preset", PRESETS)
def test_with_conditions_too_every_weight_gets_a_gradient(preset: str) -> None:
    # A relativistic critic has no use for a bias behind its head.
    options = {**PRESETS[preset], "discriminator_threshold": 0.0, "lr": 1e-2, "adversarial": "bce"}
    new = Recorded(C, T, Schedule(1, 1, 1), context=S, exogenous=U, variable_length=True, **options)
    model = trained(batch(0), batch(1), **options)
    for (name, a), (_, b) in zip(
        new.net.named_parameters(), model.net.named_parameters(), strict=True
    ):
        assert not torch.equal(a, b), name


@pytest.mark.parametrize("critics", ["recurrent", "conv"])
@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_a_critic_says_of_a_padded_sequence_what_it_says_of_it_alone(
    critics: str, length: int
) -> None:
    options: dict[str, Any] = {
        "increments": True,
        "context": S,
        "exogenous": U,
        "variable_length": True,
    }
    critic = Discriminator(C, 12, critics=critics, **options, **RNN).double()
    random = generator(length)
    h = torch.randn(B, 12, C, generator=random, dtype=torch.double)
    context = torch.randn(B, S, generator=random, dtype=torch.double)
    labels = torch.randn(B, 12, U, generator=random, dtype=torch.double)
    mask = (torch.arange(12) < length).double()[None, :, None].expand(B, -1, -1)
    padded = critic.critic_input(h, Conditions(context, labels, mask))
    short = critic.critic_input(h[:, :length], Conditions(context, labels[:, :length]))
    for a, b in zip(critic(padded), critic(short), strict=True):
        torch.testing.assert_close(a[:, :length] if a.dim() == 3 else a, b)
        assert a.dim() < 3 or bool((a[:, length:] == 0).all())


def test_whitening_does_not_look_at_the_padding() -> None:
    options: dict[str, Any] = {
        "critics": "dense",
        "increments": False,
        "per_step_normalization": True,
    }
    critics = [Discriminator(C, T, **options, whitening=0.3, **RNN) for _ in range(2)]
    mask = (torch.arange(T) < LENGTHS[:, None]).float()[..., None]
    h = torch.randn(len(mask), T, C, generator=generator(0))
    for critic, padding in zip(critics, (0.0, torch.nan), strict=True):
        critic.update_statistics(h.where(mask > 0, padding), mask)
        critic.initialize_scales(torch.ones(C))
    assert torch.equal(critics[0].whitening_matrix, critics[1].whitening_matrix)
    rows = ((h - critics[0].step_mean) / critics[0].step_std)[mask[..., 0] > 0]
    torch.testing.assert_close(critics[0].correlation, rows.T @ rows / len(rows))


def test_the_view_is_zero_in_the_padding_and_ends_with_the_mask() -> None:
    torch.manual_seed(0)
    critic = Discriminator(
        C, T, critics="dense", increments=True, context=S, variable_length=True, **RNN
    )
    one = batch(0).draw(0)
    view = critic.critic_input(torch.randn(B, T, C), Conditions(one.context, None, one.mask))
    assert view.shape == (B, T, 2 * C + S + 1)
    assert one.mask is not None
    assert torch.equal(view[..., -1:], one.mask)
    assert (view[one.mask[..., 0] == 0] == 0).all()


def masked_pair() -> tuple[Tensor, Tensor, Tensor, list[slice]]:
    x, y = (torch.randn(B, T, C, generator=generator(i)).double() for i in range(2))
    mask = (torch.arange(T) < LENGTHS[:, None])[..., None].double()
    return x, y, mask, [slice(0, int(length)) for length in LENGTHS]


def test_losses_are_means_over_the_steps_that_exist() -> None:
    x, y, mask, parts = masked_pair()
    errors = torch.cat([(x[i, p] - y[i, p]) ** 2 for i, p in enumerate(parts)])
    torch.testing.assert_close(losses.reconstruction(x, y, mask), errors.mean())
    moves = torch.cat([(y[i, p][:-1] - x[i, p][1:]) ** 2 / 4 for i, p in enumerate(parts)])
    torch.testing.assert_close(losses.supervised(x, y, mask, sigma=2.0), moves.mean())
    torch.testing.assert_close(
        losses.bce_real(x, mask),
        torch.cat([-x[i, p].sigmoid().log() for i, p in enumerate(parts)]).mean(),
    )


def test_moments_are_over_the_sequences_that_reach_a_step() -> None:
    x, y, mask, _ = masked_pair()
    mask_hat = mask.flip(0)
    mask_hat[:, -1] = 0  # no synthetic sequence reaches the last step
    total, weight = torch.zeros(()).double(), 0
    for t in range(T - 1):
        a, b = x[mask[:, t, 0] > 0, t], y[mask_hat[:, t, 0] > 0, t]
        stds = [(v.var(0, unbiased=False) + 1e-6).sqrt() for v in (a, b)]
        total += len(a) * ((stds[0] - stds[1]).abs() + (a.mean(0) - b.mean(0)).abs()).mean()
        weight += len(a)
    torch.testing.assert_close(losses.moments(x, y, mask, mask_hat), total / weight)


@pytest.mark.parametrize("loss", [losses.relativistic_generator, losses.bce_discriminator])
def test_a_mask_of_ones_changes_no_objective(loss: Any) -> None:
    x, y, mask, _ = masked_pair()
    ones, fakes = torch.ones_like(mask), [(1.0, y), (0.5, y.flip(0))]
    torch.testing.assert_close(loss(x, fakes, [ones] * 3), loss(x, fakes))
    torch.testing.assert_close(losses.moments(x, y, ones, ones), losses.moments(x, y))
    torch.testing.assert_close(losses.moments(x, y, None, mask), losses.moments(x, y, ones, mask))


def test_scales_are_measured_on_real_steps_alone() -> None:
    torch.manual_seed(0)
    net = TimeGAN(C, T, Schedule(1, 1, 1), context=1, variable_length=True).net
    h, garbage = torch.randn(B, T, C), torch.full((B, T, C), 1e3)
    mask = (torch.arange(T) < LENGTHS[:, None])[..., None].float()
    net.update_scales(h.where(mask > 0, garbage), mask)
    moves = torch.cat([h[i, :n].diff(dim=0) for i, n in enumerate(LENGTHS)])
    torch.testing.assert_close(net.sigma, moves.std(0, correction=0))
    starts = net.discriminator.step_mean[0], net.discriminator.step_std[0]  # a step that all have
    torch.testing.assert_close(starts[0], h[:, 0].mean(0))
    torch.testing.assert_close(starts[1], h[:, 0].std(0, correction=0), rtol=1e-4, atol=0)
    assert float(net.discriminator.step_std.max()) < 10


def test_networks_look_neither_into_the_padding_nor_measure_it() -> None:
    x, other, mask, _ = masked_pair()
    other = x.where(mask > 0, other)
    networks = (
        ResidualMLP(C, C, width=8, normalize=True),
        RecurrentNet(C, C, **RNN),
    )
    for network in (n.double() for n in networks):
        a, b = network(x, mask), network(other, mask)
        torch.testing.assert_close(a * mask, b * mask)
    supervisor = ResidualSupervisor(C, **RNN).double()
    torch.testing.assert_close(supervisor(x) * mask, supervisor(other) * mask)
