"""How updates are carried out: one Adam each, learning rates, streams of noise, logs.

Which networks an update trains, and by which losses, is said in :mod:`timegan.training.module`.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar

import torch
from torch import Tensor

from timegan.errors import tell
from timegan.nn.batch import Batch, as_batch
from timegan.nn.distributed import world
from timegan.nn.kernels import malloc
from timegan.nn.kernels.backends import settle, use
from timegan.nn.layers import Standardise
from timegan.training.argument_checks import check_batch
from timegan.training.cuda_graphs import Graphs, Notes, cuda_graph
from timegan.training.early_stopping import COOLING, Plateau
from timegan.training.gradient_guard import Guard
from timegan.training.noise import Fresh
from timegan.training.schedule import Phase, Schedule


class Routine(Fresh):
    """The part of :class:`timegan.TimeGAN` that does not depend on what is learned.

    The arguments that it reads from ``hparams`` are explained there.
    """

    trains: ClassVar[Mapping[str, tuple[str, ...]]]
    """The networks that each update trains."""

    schedule: Schedule
    updates: list[str]
    batches_per_step: int
    backend: str
    """What is to compute the GRUs, as it was asked for ..."""
    settled: str
    """... and what ``auto`` came to: ``torch``, ``fused`` or ``native``."""
    cuda_graphs: bool

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.resumed = False
        self.updating = ""
        self.rest: Tensor | None = None
        self.graphs: Graphs | None = None
        self.notes: Notes | None = None
        self.guard = Guard()
        self.plateau = Plateau()
        self.epoch_began = 0.0
        self.recent: dict[str, Tensor] = {}
        self.stretch: dict[str, list[Tensor]] = {}

    @property
    def phase(self) -> Phase:
        """What the current epoch trains."""
        return self.schedule.phase(self.current_epoch)

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return int(self.trainer.num_training_batches)

    @property
    def count(self) -> int:
        """Batches of the run before this one."""
        return self.current_epoch * self.batches + self.batch_idx

    def step(self, batch: Batch) -> None:
        """One step of the current phase."""
        raise NotImplementedError

    @property
    def kind(self) -> tuple[Phase, bool]:
        """What a step does: two steps of a kind differ in their numbers alone."""
        raise NotImplementedError

    @property
    def steps_of_optimizers(self) -> int:
        """Steps of optimisers in a step of the current phase."""
        raise NotImplementedError

    def training_step(self, batch: Batch | Tensor, batch_idx: int) -> None:
        """A step, as it is written down or by a graph that was recorded of it."""
        batch = as_batch(batch)
        if self.graphs is None:
            self.step(batch)
            return
        replays = self.kind in self.graphs.recordings
        for name, value in self.graphs.take(self.kind, batch):
            self.note(name, value)
        if replays:  # Lightning was not asked to make them; it names checkpoints by their number
            progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
            for _ in range(self.steps_of_optimizers):
                progress.increment_ready()
                progress.increment_completed()

    def apart(self, batch: Batch) -> Notes:
        """A step, and what it notes, which goes nowhere else."""
        notes: Notes = []
        self.notes = notes
        try:
            self.step(batch)
        finally:
            self.notes = None
        return notes

    def record_steps(self) -> None:
        """Have steps recorded and replayed, where that can be."""
        if (
            self.cuda_graphs
            and self.device.type == "cuda"
            and self.trainer.precision in ("32-true", "64-true")  # autocast remembers casts
            and not torch.is_anomaly_enabled()
            and world()[1] == 1
        ):
            optimizers = self.optimizers(use_pl_optimizer=False)
            self.graphs = Graphs(self.apart, self.feed, optimizers, cuda_graph)  # type: ignore[arg-type]

    def settle(self, backend: str, *, build: bool = False) -> None:
        """Let a backend compute the networks; see :mod:`timegan.nn.kernels.backends`."""
        self.settled = settle(backend, build=build)
        use(self.net, self.settled, sizes=self.backend == "auto")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Remember what computed the GRUs, for a run that goes on should round as it did.

        Beside it what was skipped, if anything was, and when phases end, if that is not settled.
        """
        checkpoint["backend"] = self.settled
        if state := self.guard.state():
            checkpoint["guard"] = state
        if self.schedule.patience is not None:
            checkpoint["schedule"] = asdict(self.schedule)
            checkpoint["plateau"] = self.plateau.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the same, unless another one was asked for; go on counting."""
        self.guard.restore(checkpoint.get("guard", {}))
        if "plateau" in checkpoint:
            self.plateau.restore(checkpoint["plateau"])
            self.follow(Schedule(**checkpoint["schedule"]))
        if self.backend == "auto" and "backend" in checkpoint:
            self.settle(checkpoint["backend"])
            self.resumed = True

    def on_train_start(self) -> None:
        """Under ``auto`` what is quicker is compiled, if need be; keep the first good state."""
        self.epoch_began = time.monotonic()
        malloc.keep()
        if self.backend == "auto" and not self.resumed and self.device.type == "cpu":
            self.settle("auto", build=True)
        if self.device.type == "cuda":
            # TensorFloat-32 has ten bits: columns that are nearly one differ in the eleventh.
            torch.backends.cudnn.allow_tf32 = False
        self.record_steps()
        self.guard.keep(self.net, self.optimizers(use_pl_optimizer=False))  # type: ignore[arg-type]

    def on_train_end(self) -> None:
        """Let go of graphs, which cannot be copied or sent to other processes."""
        self.graphs = None

    def follow(self, schedule: Schedule) -> None:
        """Go by another schedule from now on."""
        self.schedule = schedule
        if self._trainer is not None:
            self.trainer.fit_loop.max_epochs = schedule.total

    def on_train_epoch_start(self) -> None:
        """Look at the clock."""
        self.epoch_began = time.monotonic()

    def on_train_epoch_end(self) -> None:
        """Shorten the phase where patience is over.

        It goes on for a while: its learning rate would otherwise stay where it is.
        """
        patience, phase = self.schedule.patience, self.phase
        if patience is None:
            return
        reached = self.plateau.reached(phase.value, patience)
        if not self.trainer.strategy.reduce_boolean_decision(reached, all=False):
            return
        self.plateau.over = True
        cooling = COOLING if self.weight.min_lr_ratio < 1 else 0.0
        planned, shorter = self.schedule, self.schedule.shortened(self.current_epoch, cooling)
        if saved := planned.total - shorter.total:
            self.plateau.saved[phase.value] = saved
            self.follow(shorter)
            if world()[0] == 0:
                seconds = saved * (time.monotonic() - self.epoch_began)
                tell(
                    f"Epoch {self.current_epoch + 1}: nothing became better in {patience} epochs. "
                    f"The phase {phase} ends with epoch {shorter.ends[phase]} and not "
                    f"{planned.ends[phase]}; about {seconds:.0f} s are saved."
                )

    def let_learn(self, learning: set[str]) -> None:
        """Let these networks learn, and no other."""
        for network in {network for networks in self.trains.values() for network in networks}:
            getattr(self.net, network).requires_grad_(network in learning)
        for module in self.net.embedder.children():
            if isinstance(module, Standardise):
                module.train("embedder" in learning)

    @contextmanager
    def update(self, name: str) -> Iterator[Callable[..., None]]:
        """Freeze the networks that an update does not train, and hand out its step."""
        self.let_learn(set(self.trains[name]))
        self.updating = name
        optimizers: Any = self.optimizers(use_pl_optimizer=not self.feed.reads)
        optimizer = optimizers[self.updates.index(name)]

        def descend(loss: Tensor, rests: Tensor | None = None) -> None:
            if rests is not None and self.waits and rests:
                return
            self.rest = rests
            optimizer.zero_grad()
            self.manual_backward(loss)
            if self.feed.reads:  # Lightning, which would call it, would count a step too
                self.on_before_optimizer_step(optimizer)
            optimizer.step()

        yield descend

    def decay(self, draw: int) -> float:
        """Decay of the averages; lower at first, so that the start is forgotten soon."""
        epochs = self.schedule.ends[Phase.SUPERVISED]
        done = (self.count - epochs * self.batches) * self.weight.generator_steps + draw
        return float(min(self.weight.ema_decay, (1 + done) / (10 + done)))

    def on_train_batch_start(self, batch: Batch | Tensor, batch_idx: int) -> None:
        """Set the learning rates, and the scales at the start of the joint phase."""
        self.batch_idx = batch_idx
        if batch_idx == 0:
            self.check(batch)
            if self.current_epoch == self.schedule.ends[Phase.SUPERVISED]:
                self.net.calibrate()
        done = self.schedule.progress(self.current_epoch + batch_idx / self.batches)
        decay = self.weight.min_lr_ratio + (1 - self.weight.min_lr_ratio) * 0.5 * (
            1 + math.cos(math.pi * done)
        )
        for name, optimizer in zip(self.updates, self.optimizers(), strict=True):
            rate = self.weight.autoencoder_lr if name == "autoencoder" else self.weight.lr
            optimizer.param_groups[0]["lr"] = rate * decay * self.guard.factor(name)
        first = Phase.AUTOENCODER is self.phase
        rate = decay * (self.weight.autoencoder_lr if first else self.weight.lr)
        self.stretch["learning_rate"] = [torch.tensor(rate)]

    def check(self, batch: Batch | Tensor) -> None:
        """Refuse batches of another shape, or of another scale than the networks can return."""
        check_batch(
            as_batch(batch), self.batches_per_step, self.hparams, squashes=self.net.squashes
        )

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """One Adam for each update; fused, unless gradients are to be scaled back before a clip."""
        betas = (self.weight.beta1, self.weight.beta2)
        return [
            torch.optim.Adam(
                [p for net in self.trains[name] for p in getattr(self.net, net).parameters()],
                lr=self.weight.lr,
                betas=betas,
                fused=not self.scales,
            )
            for name in self.updates
        ]

    @property
    def waits(self) -> bool:
        """Whether the host looks at every update before it is made.

        It does so on a CPU, and where a gradient scaler skips steps by itself. Elsewhere an
        accelerator decides, and is not waited for.
        """
        return self.scales or self.device.type == "cpu"

    @property
    def scales(self) -> bool:
        """Whether gradients are scaled up, as in ``16-mixed``, so that few of them become zero."""
        plugin = getattr(self._trainer, "precision_plugin", None)
        return getattr(plugin, "scaler", None) is not None

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradient of the update, between backward and step; take it away if it is bad."""
        parameters = optimizer.param_groups[0]["params"]
        if self.weight.grad_clip:
            norm = torch.nn.utils.clip_grad_norm_(parameters, self.weight.grad_clip)
        else:
            norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        limit = self.weight.skip_grad_norm
        if not self.waits:
            # Fused optimisers ask for it: 1 leaves weights and moments alone.
            optimizer.found_inf = self.guard.skips(self.updating, norm, limit, self.rest)  # type: ignore[attr-defined]
        elif self.device.type == "cpu":
            where = f"Epoch {self.current_epoch + 1}, batch {self.batch_idx + 1}"
            if not self.guard.accepts(self.updating, float(norm), limit, where):
                optimizer.zero_grad()  # without one Adam leaves a weight and its moments alone

    def note(self, name: str, value: Tensor) -> None:
        """Remember a loss: the newest for the progress display, the mean of a stretch for logs."""
        if self.notes is not None:
            self.notes.append((name, value.detach()))
            return
        self.recent[name] = value.detach()
        self.stretch.setdefault(name, []).append(value.detach())
        if self.schedule.patience is not None and self.phase is not Phase.JOINT:
            self.plateau.see(float(value.detach()))

    def on_train_batch_end(self, outputs: object, batch: object, batch_idx: int) -> None:
        """Log the means since the last entry, every ``log_every`` batches of the run."""
        optimizers = self.optimizers(use_pl_optimizer=False)
        where = f"Epoch {self.current_epoch + 1}, batch {batch_idx + 1}"
        if self.logs:
            self.guard.look(where)
        if self.guard.fall_back(self.net, optimizers, where) and self.graphs:  # type: ignore[arg-type]
            self.graphs.forget()
        if self.logs:
            self.guard.keep(self.net, optimizers)  # type: ignore[arg-type]
            self.log_dict({name: torch.stack(v).mean() for name, v in self.stretch.items()})
            self.stretch.clear()
            if self.guard.skipped:
                self.log("stability/skipped", float(self.guard.skipped))

    @property
    def logs(self) -> bool:
        """Whether this batch ends with an entry in the logs."""
        return bool((self.count + 1) % self.weight.log_every == 0)
