"""Each phase trains its networks, by its losses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from lightning import Trainer
from torch import Tensor

from timegan.errors import InputError
from timegan.nn import losses
from timegan.nn.batch import Batch
from timegan.nn.networks import Networks
from timegan.seeds import generator
from timegan.training.module import TimeGAN
from timegan.training.noise import NoiseSource
from timegan.training.schedule import Phase, Schedule

T, C, STEPS = 6, 2, 3
CONF = Path(__file__).parents[2] / "conf" / "model"
SMALL: dict[str, Any] = {"hidden": 8, "projections": 16, "log_every": 1}
REFERENCE: dict[str, Any] = {
    **yaml.safe_load((CONF / "reference.yaml").read_text())["model"],
    "hidden": 6,
    "latent": 6,
    "layers": 2,
    "autoencoder_lr": 2e-3,
    "grad_clip": 10.0,
    "log_every": 1,
}
PRESETS = {"timegan": SMALL, "reference": REFERENCE}


class Batches:
    """Random walks in [0, 1], the same in every run."""

    def __init__(self, draws: int = 3) -> None:
        self.draws = draws

    def __len__(self) -> int:
        return STEPS

    def __iter__(self) -> Iterator[Tensor]:
        for batch in range(STEPS):
            steps = torch.randn(self.draws, 16, T, C, generator=generator(0, "batch", batch))
            yield steps.cumsum(2).mul(0.3).sigmoid()


def fit(model: TimeGAN, **options: Any) -> TimeGAN:
    trainer = Trainer(
        max_epochs=options.pop("max_epochs", model.schedule.total),
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(model, Batches(model.batches_per_step))
    return model


def weights(model: TimeGAN) -> dict[str, Tensor]:
    """Return the learned weights of each network in one vector."""
    return {
        name: torch.cat([p.detach().flatten().clone() for p in network.parameters()])
        for name, network in model.net.named_children()
        if name != "averages"
    }


@pytest.mark.parametrize(("every", "seen"), [(1, [0, 1, 2]), (2, [0, 2]), (5, [0])])
def test_a_penalty_is_due_in_every_so_many_th_batch(
    every: int, seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = TimeGAN(C, T, Schedule(0, 0, 1), penalty_interval=every, **SMALL)
    found: list[int] = []

    def penalty(*_: object) -> Tensor:
        found.append(model.batch_idx)
        return torch.zeros(())

    monkeypatch.setattr("timegan.training.module.losses.gradient_penalty", penalty)
    fit(model)
    assert found == seen


def test_a_rarer_penalty_weighs_more() -> None:
    """Compare with a larger weight in the first batch."""
    ways: list[dict[str, Any]] = [
        {"penalty_interval": 4, "penalty_weight": 0.5},
        {"penalty_interval": 1, "penalty_weight": 2.0},
    ]
    models = [
        fit(TimeGAN(C, T, Schedule(0, 0, 1), **SMALL, **way), limit_train_batches=1) for way in ways
    ]
    one, other = (weights(model)["discriminator"] for model in models)
    assert torch.equal(one, other)


LEARNS = {
    ("timegan", Phase.AUTOENCODER): {"embedder", "recovery"},
    ("timegan", Phase.SUPERVISED): {"supervisor"},
    ("timegan", Phase.JOINT): {"generator", "supervisor", "discriminator"},
    ("reference", Phase.AUTOENCODER): {"embedder", "recovery"},
    ("reference", Phase.SUPERVISED): {"supervisor"},
    ("reference", Phase.JOINT): {
        "generator", "supervisor", "discriminator", "embedder", "recovery",
    },
}  # fmt: skip


@pytest.mark.parametrize(("preset", "phase"), LEARNS)
def test_exactly_the_networks_of_the_phase_learn(preset: str, phase: Phase) -> None:
    schedule = {str(p): int(p == phase) for p in Phase}
    model = TimeGAN(C, T, schedule, **PRESETS[preset])
    before = weights(model)
    fit(model, limit_train_batches=1)
    after = weights(model)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == LEARNS[preset, phase]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_weight_of_a_network_that_learns_gets_a_gradient(preset: str, cell: str) -> None:
    options = {**PRESETS[preset], "lr": 1e-2, "cell": cell}
    before = TimeGAN(C, T, Schedule(1, 1, 1), **options)
    after = fit(TimeGAN(C, T, Schedule(1, 1, 1), **options))
    for (name, a), (_, b) in zip(
        before.net.named_parameters(), after.net.named_parameters(), strict=True
    ):
        assert not torch.equal(a, b), name


@pytest.mark.parametrize("generator_steps", [1, 2, 4])
def test_the_generator_is_updated_so_many_times_for_each_discriminator_update(
    generator_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("update_generator", "update_discriminator"):
        monkeypatch.setattr(TimeGAN, name, lambda *a, name=name, **k: calls.append(name))
    fit(
        TimeGAN(C, T, Schedule(0, 0, 1), generator_steps=generator_steps, **SMALL),
        limit_train_batches=1,
    )
    assert calls == ["update_generator"] * generator_steps + ["update_discriminator"]


def test_each_update_of_a_joint_step_sees_windows_and_noise_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Tensor] = []
    noise = NoiseSource.window_noise

    def watch(self: NoiseSource, net: Networks, x: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        seen.extend([x, (z := noise(self, net, x, draw))[0]])
        return z

    monkeypatch.setattr(NoiseSource, "window_noise", watch)
    fit(TimeGAN(C, T, Schedule(0, 0, 1), **SMALL), limit_train_batches=2)
    assert len(seen) == 2 * 2 * 3
    assert len({float(tensor.sum()) for tensor in seen}) == len(seen)


def test_the_supervisor_learns_to_look_ahead() -> None:
    """Compare with a supervisor that returns its input."""
    model = TimeGAN(C, T, Schedule(2, 40, 0), lr=1e-2, min_lr_ratio=1.0, **SMALL)
    h = model.net.embedder(next(iter(Batches()))[0])
    idle = losses.supervised(h, h).item()
    fit(model)
    h = model.net.embedder.eval()(next(iter(Batches()))[0])
    assert losses.supervised(h, model.net.supervisor(h)).item() < 0.95 * idle


@pytest.mark.parametrize("preset", PRESETS)
def test_a_run_is_a_function_of_its_seed(preset: str) -> None:
    runs = [fit(TimeGAN(C, T, Schedule(1, 1, 1), seed=s, **PRESETS[preset])) for s in (3, 3, 4)]
    a, b, c = (weights(run) for run in runs)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not any(torch.equal(a[name], c[name]) for name in a)


GOLDEN = {
    "timegan": {
        "autoencoder/reconstruction": 1.02717,
        "supervised/supervised": 1.07078,
        "joint/generator": 10.0397,
        "joint/adversarial": 0.739045,
        "joint/supervised": 1.23336,
        "joint/energy": 8.06732,
        "joint/penalty": 0.0251398,
        "joint/discriminator": 1.31441,
        "joint/rest_rate": 0,
    },
    "reference": {
        "autoencoder/reconstruction": 1.3326,
        "supervised/supervised": 0.0151154,
        "joint/generator": 28.1076,
        "joint/adversarial": 1.50882,
        "joint/supervised": 11.6214,
        "joint/moments": 14.9774,
        "joint/reconstruction": 1.40552,
        "joint/discriminator": 2.0232,
        "joint/rest_rate": 0,
    },
}


@pytest.mark.parametrize("preset", PRESETS)
def test_golden_losses(preset: str) -> None:
    """Change these numbers only with a change of the method."""
    model = fit(TimeGAN(C, T, Schedule(1, 1, 1), **PRESETS[preset]))
    got = {name: float(value) for name, value in model.latest_losses.items()}
    assert got == pytest.approx(GOLDEN[preset], rel=2e-3, abs=1e-5)


def test_gradients_are_clipped_to_the_norm_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    norms: list[float] = []

    def step(self: torch.optim.Adam, closure: Any) -> None:
        closure()
        grads = [p.grad.flatten() for p in self.param_groups[0]["params"] if p.grad is not None]
        norms.append(float(torch.cat(grads).norm()))

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    fit(TimeGAN(C, T, Schedule(1, 1, 1), grad_clip=1e-3, **SMALL), limit_train_batches=1)
    assert len(norms) == 5
    assert max(norms) <= 1e-3 * 1.01


def test_the_discriminator_rests_while_it_is_ahead() -> None:
    options = {**REFERENCE, "discriminator_threshold": 100.0}
    model = TimeGAN(C, T, Schedule(0, 0, 1), **options)
    before = weights(model)["discriminator"]
    assert torch.equal(before, weights(fit(model))["discriminator"])
    assert model.latest_losses["joint/rest_rate"] == 1


def test_averaged_weights_follow_the_generator_and_are_what_sampling_uses() -> None:
    model = fit(TimeGAN(C, T, Schedule(0, 0, 1), ema_decay=0.5, **SMALL))
    net = model.net
    live = torch.cat([p.flatten() for p in net.generator.parameters()])
    mean = torch.cat([p.flatten() for p in net.averages["generator"].parameters()])
    assert 0 < (live - mean).norm() < live.norm()
    z = net.draw_noise(4, generator(0, "test"))
    with torch.no_grad():
        live_windows = net.recovery(net.supervisor(net.generator(*z)))
    assert not torch.equal(net.synthesise(*z).x, live_windows)


def test_learning_rates_fall_along_a_cosine_within_each_phase() -> None:
    rates: list[float] = []

    class Watch(TimeGAN):
        def training_step(self, batch: Batch | Tensor, batch_idx: int) -> None:
            super().training_step(batch, batch_idx)
            rates.append(self.optimizers()[2].param_groups[0]["lr"])  # type: ignore[index]

    fit(Watch(C, T, Schedule(1, 1, 2), lr=1.0, min_lr_ratio=0.1, **SMALL))
    joint = rates[2 * STEPS :]
    assert rates[0] == rates[STEPS] == joint[0] == 1.0
    assert joint == sorted(joint, reverse=True)
    assert 0.1 < joint[-1] < 0.3


@pytest.mark.parametrize("shape", [(3, 16, T), (2, 16, T, C), (3, 16, T + 1, C), (3, 16, T, 1)])
def test_batches_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    with pytest.raises(InputError, match="TimeGAN takes"):
        TimeGAN(C, T, Schedule(1, 1, 1)).check_batch(torch.rand(shape))


def test_data_that_a_sigmoid_cannot_return_are_refused() -> None:
    torch.manual_seed(0)
    with pytest.raises(InputError, match=r"dataset\.scaling=minmax"):
        TimeGAN(C, T, Schedule(1, 1, 1), **REFERENCE).check_batch(torch.randn(3, 16, T, C))


def test_logs_are_means_over_the_batches_since_the_last_entry() -> None:
    logged: list[dict[str, float]] = []
    seen: list[float] = []

    class Watch(TimeGAN):
        def log_dict(self, dictionary: Any, *args: Any, **kwargs: Any) -> None:
            logged.append({name: float(value) for name, value in dictionary.items()})

        def update_autoencoder(self, real: Batch) -> None:
            super().update_autoencoder(real)
            seen.append(float(self.latest_losses["autoencoder/reconstruction"]))

    fit(Watch(C, T, Schedule(3, 0, 0), **SMALL | {"log_every": 4}))
    assert len(seen) == 3 * STEPS
    means = [entry["autoencoder/reconstruction"] for entry in logged]
    assert means == pytest.approx([sum(seen[:4]) / 4, sum(seen[4:8]) / 4])
    assert logged[0]["learning_rate"] > logged[1]["learning_rate"]


@pytest.mark.parametrize(
    ("option", "rule"),
    [
        ({"hidden": 0}, "Set 1 or more"),
        ({"generator_steps": 0}, "1 or more"),
        ({"lr": -1e-3}, "Set 0 or a positive"),
        ({"gamma": float("nan")}, "Set 0 or a positive"),
        ({"ema_decay": 1.0}, "to below 1"),
        ({"cell": "rnn"}, "gru, lstm"),
        ({"adversarial": "wgan"}, "relativistic, bce"),
    ],
)
def test_impossible_options_are_refused_by_name(option: dict[str, Any], rule: str) -> None:
    (name,) = option
    with pytest.raises(InputError, match=rf"model\.{name}=.*{rule}"):
        TimeGAN(C, T, Schedule(1, 1, 1), **option)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_completer_leaves_the_other_networks_as_they_are_to_the_bit(preset: str) -> None:
    plain, more = (
        weights(fit(TimeGAN(C, T, Schedule(1, 1, 2), **PRESETS[preset], completion=completion)))
        for completion in (False, True)
    )
    assert set(more) - set(plain) == {"completer"}
    assert all(torch.equal(more[name], plain[name]) for name in plain)
