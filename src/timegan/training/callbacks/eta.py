"""How long a run still takes, when the phases' batches cost very different amounts of time."""

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from timegan.nn.batch import Batch
from timegan.nn.kernels.backends import use
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase, Schedule

ASSUMED: Mapping[Phase, float] = {Phase.AUTOENCODER: 1.0, Phase.SUPERVISED: 1.0, Phase.JOINT: 10.0}
"""What a batch costs relative to one of the autoencoder's, where nothing has been measured."""


class Clock:
    """Counts batches and seconds by phase, and tells the time left for the whole run.

    A phase's first batch in a process is left out of its measure, for it warms up caches and
    allocators. Batches of phases to come are priced as they were ``rehearsed``, or else by the
    measured phases and ``ASSUMED``.

    >>> clock = Clock(Schedule(autoencoder=1, supervised=0, joint=1), batches=10)
    >>> for _ in range(5):
    ...     clock.tick(0, seconds=0.1)
    >>> round(clock.left, 3)  # five batches of .1 s, and ten of ten times as much
    10.5
    """

    def __init__(self, schedule: Schedule, batches: int) -> None:
        self.schedule = schedule
        self.batches = batches
        self.done = dict.fromkeys(Phase, 0)
        self.first = dict.fromkeys(Phase, 0.0)
        self.seconds = dict.fromkeys(Phase, 0.0)
        self.counted = dict.fromkeys(Phase, 0)
        self.rehearsed: dict[Phase, float] = {}
        self.updates = dict.fromkeys(Phase, 1)

    def start(self, epoch: int, batch: int = 0) -> None:
        """Set the number of finished batches, at the start or after a resume."""
        for phase in Phase:
            before = self.schedule.ends[phase] - self.schedule.epochs(phase)
            position = (epoch - before) * self.batches + batch
            self.done[phase] = min(max(position, 0), self.total(phase))

    def tick(self, epoch: int, seconds: float) -> None:
        """One more batch is over; it took ``seconds``."""
        phase = self.schedule.phase(epoch)
        if not self.first[phase]:
            self.first[phase] = seconds
        else:
            self.seconds[phase] += seconds
            self.counted[phase] += 1
        self.done[phase] += 1

    def total(self, phase: Phase) -> int:
        """Batches of the phase in the whole run."""
        return self.schedule.epochs(phase) * self.batches

    def cost(self, phase: Phase) -> float:
        """Seconds that a batch takes: measured, rehearsed, or guessed from others; 0: unknown."""
        measured = {p: self.seconds[p] / n for p, n in self.counted.items() if n}
        if phase not in measured and phase in self.rehearsed:
            # What a Trainer adds to every update shows where a phase has been measured.
            added = [
                (s - self.rehearsed[p]) / self.updates[p]
                for p, s in measured.items()
                if p in self.rehearsed
            ]
            extra = max(0.0, sum(added) / len(added)) if added else 0.0
            return self.rehearsed[phase] + self.updates[phase] * extra
        if not measured:
            measured = {p: s for p, s in self.first.items() if s}
        if phase in measured:
            return measured[phase]
        # The nearest phase says most about the machine; the joint phase is last.
        return next((s * ASSUMED[phase] / ASSUMED[p] for p, s in reversed(measured.items())), 0.0)

    @property
    def known(self) -> bool:
        """Whether any batch has been measured yet."""
        return bool(self.rehearsed) or any(self.first.values())

    @property
    def left(self) -> float:
        """Seconds to the end of the last phase."""
        return sum(self.cost(p) * (self.total(p) - self.done[p]) for p in Phase)

    @property
    def share(self) -> float:
        """How much of the run's work is done, from 0 to 1."""
        cost = {p: self.cost(p) or ASSUMED[p] for p in Phase}
        total = sum(cost[p] * self.total(p) for p in Phase)
        return sum(cost[p] * self.done[p] for p in Phase) / total if total else 1.0


def clock_face(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any.

    >>> clock_face(190), clock_face(3 * 3600 + 62)
    ('03:10', '3:01:02')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


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
        count = max(2, self.weight.penalty_interval) if phase is Phase.JOINT else 2
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
