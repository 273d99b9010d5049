"""Models of several kinds, and a training that returns every loss."""

from collections.abc import Iterator
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from timegan.nn.batch import Batch
from timegan.seeds import generator
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

T, C, S, U, B, STEPS = 6, 3, 2, 1, 16, 4
SCHEDULE = Schedule(autoencoder=1, supervised=1, joint=5)
RECURRENT: dict[str, Any] = {
    "autoencoder": "recurrent",
    "supervisor": "recurrent",
    "generator": "recurrent",
    "critics": "recurrent",
}
KINDS: dict[str, dict[str, Any]] = {
    "timegan": {},
    "whitened, one noise a sequence": {
        "smallest_component_std": 0.01,
        "noise_distribution": "uniform",
    },
    "conditions, lengths": {"context": S, "exogenous": U, "variable_length": True},
    "reference": RECURRENT
    | {
        "layers": 2,
        "adversarial": "bce",
        "train_embedder_jointly": True,
        "embedder_supervised_weight": 0.1,
        "moment_weight": 10.0,
        "sqrt_losses": True,
        "gamma": 1.0,
        "penalty_weight": 0.0,
        "discriminator_threshold": 2.05,
        "ema_decay": 0.0,
        "grad_clip": 0.0,
    },
    "recurrent critic, penalties": {"critics": "recurrent", "train_embedder_jointly": True},
}
"""Settings whose steps do different things."""


class Batches:
    """Random walks with the conditions that a model of a kind has."""

    def __init__(self, kind: str, dtype: torch.dtype) -> None:
        self.all, self.dtype = "context" in KINDS[kind], dtype

    def __len__(self) -> int:
        return STEPS

    def __iter__(self) -> Iterator[Batch]:
        for number in range(STEPS):
            random = generator(0, "batch", number)
            x = (
                torch.randn(3, B, T, C, generator=random)
                .cumsum(2)
                .mul(0.3)
                .sigmoid()
                .to(self.dtype)
            )
            if not self.all:
                yield Batch(x)
                continue
            lengths = torch.randint(2, T + 1, (3, B), generator=random)
            context = torch.randn(3, B, S, generator=random).to(self.dtype)
            context[..., -1] = lengths / T
            labels = torch.randn(3, B, T, U, generator=random).to(self.dtype)
            yield Batch(x, lengths, context, labels).zero_padding()


class Losses(Callback):
    """A callback that keeps the losses of every iteration."""

    def __init__(self) -> None:
        self.found: list[dict[str, Tensor]] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any
    ) -> None:
        assert isinstance(pl_module, TimeGAN)
        self.found.append(dict(pl_module.latest_losses))


def build(kind: str, cls: type[TimeGAN] = TimeGAN, **options: Any) -> TimeGAN:
    """Return an untrained model."""
    given = {"hidden": 8, "projections": 16, "log_every": 2, "seed": 1, **KINDS[kind], **options}
    model = cls(C, T, SCHEDULE, **given)
    if model.hparams["variable_length"]:
        edges = torch.arange(T) / T + 0.5 / T
        edges[0] = -torch.inf
        model.net.set_length_thresholds(edges)
    return model


def train(
    model: TimeGAN, kind: str, accelerator: str = "cpu", **options: Any
) -> tuple[list[dict[str, float]], Trainer]:
    """Return every loss of every iteration, and the Trainer."""
    losses = Losses()
    trainer = Trainer(
        max_epochs=SCHEDULE.total,
        accelerator=accelerator,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[losses],
        **options,
    )
    trainer.fit(model, Batches(kind, model.net.sigma.dtype))
    return [{name: float(loss) for name, loss in step.items()} for step in losses.found], trainer
