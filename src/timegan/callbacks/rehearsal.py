"""What a batch of each phase costs, tried out on a copy of the model before training begins."""

import time
from typing import Any

import torch
from torch import Tensor

from timegan.backends import use
from timegan.data.batch import Batch
from timegan.module import TimeGAN
from timegan.phases import Phase

WORTH = 100
"""Batches from which a phase is worth a rehearsal: it costs as much as three of them."""


def rehearse(model: TimeGAN, batch: Batch | Tensor) -> dict[Phase, float]:
    """Seconds that a batch takes, for each long phase that is still to come.

    The model, its optimisers and the random streams stay as they are: a copy is trained.

    Args:
        model: in training.
        batch: one of its batches.
    """
    schedule, epoch = model.schedule, model.current_epoch
    long = [p for p in Phase if schedule.epochs(p) * model.batches >= WORTH]
    phases = [phase for phase in long if schedule.ends[phase] > epoch]
    if not phases:
        return {}
    with torch.random.fork_rng(devices=[]):
        double = Double(**model.hparams)
        double.become(model)
        return {phase: double.seconds(phase, batch) for phase in phases}


class Double(TimeGAN):
    """A copy that takes steps of any phase, with no Trainer around it."""

    acted = Phase.AUTOENCODER
    adams: list[torch.optim.Optimizer]

    def become(self, model: TimeGAN) -> None:
        """Take over weights, precision and backend."""
        self.to(model.net.sigma)
        self.net.load_state_dict(model.net.state_dict())
        use(self.net, model.settled, sizes=model.backend == "auto")
        self.adams = self.configure_optimizers()

    @property
    def phase(self) -> Phase:
        """What is rehearsed."""
        return self.acted

    def seconds(self, phase: Phase, batch: Batch | Tensor) -> float:
        """Of a step on the average of two, or of all that have a penalty once; one warms up."""
        self.acted = phase
        self.training_step(batch, 0)
        count = max(2, self.weight.penalty_every) if phase is Phase.JOINT else 2
        began = time.monotonic()
        for self.batch_idx in range(count):
            self.training_step(batch, self.batch_idx)
        return (time.monotonic() - began) / count

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        """Its own."""
        return self.adams

    def manual_backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Without a strategy."""
        loss.backward()  # type: ignore[no-untyped-call]

    def decay(self, draw: int) -> float:
        """Of averages that nobody uses."""
        return 0.5
