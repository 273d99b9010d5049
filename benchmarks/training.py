"""Time of a training iteration: through Lightning, in a bare loop, and of the baseline."""

import itertools
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from benchmarks.baseline import BASELINES, batches
from benchmarks.sizes import BACKENDS, FEATURES, model, seconds, table, take_turns
from timegan.data import WindowDataModule
from timegan.nn.batch import Batch
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase, Schedule

WARMUP_ITERATIONS = 2
"""Iterations at the beginning of a run, which are not measured."""
MIN_ITERATIONS, MAX_ITERATIONS = 3, 200
"""Measured iterations of a run."""
PAIR_FACTOR = 4
"""Factor of the rounds that measure Lightning's share."""


@dataclass(frozen=True)
class Cell:
    """A measured training: a preset on a table of some size."""

    preset: str
    table: str
    window: int
    hidden: int
    phases: tuple[Phase, ...] = (Phase.JOINT,)

    @cached_property
    def data(self) -> WindowDataModule:
        return table(self.preset, FEATURES[self.table], self.window)

    @cached_property
    def windows(self) -> Tensor:
        """All training windows (N, T, C)."""
        return torch.from_numpy(self.data.train.all())

    def label(self) -> dict[str, Any]:
        """Return the labels of the cell in the table."""
        size = f"{self.window} x {FEATURES[self.table]}"
        return {"preset": self.preset, "table": size, "hidden": self.hidden}

    def schedule(self, phase: Phase) -> Schedule:
        """Return a schedule of one epoch of the phase."""
        return Schedule(**{p.value: int(p is phase) for p in Phase})


class Clock(Callback):
    """Seconds from the end of the warm-up to the end of training."""

    start = end = 0.0

    def __init__(self, warm: int) -> None:
        self.warm = warm

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx + 1 in (self.warm, trainer.num_training_batches):
            wait(pl_module.device)
            self.start, self.end = self.end, time.perf_counter()


class Bare(TimeGAN):
    """A TimeGAN that trains without Lightning, with the same updates, optimizers and checks."""

    trainer: Any = None

    def begin(self, batches: int) -> None:
        self.trainer = SimpleNamespace(precision_plugin=None, num_training_batches=batches)
        self.adams = self.configure_optimizers()
        for adam in self.adams:
            adam.register_step_pre_hook(lambda adam, *_: self.on_before_optimizer_step(adam))

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        return self.adams

    def manual_backward(self, loss: Tensor, *_: Any, **__: Any) -> None:
        loss.backward()  # type: ignore[no-untyped-call]

    def log(self, *_: Any, **__: Any) -> None: ...

    def log_dict(self, *_: Any, **__: Any) -> None: ...

    def iterate(self, batches: Iterable[tuple[int, Batch]]) -> None:
        for index, batch in batches:
            self.on_train_batch_start(batch, index)
            self.training_step(batch, index)
            self.on_train_batch_end(None, batch, index)


def wait(device: torch.device) -> None:
    """Wait until a GPU has finished all work."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def by_lightning(
    net: TimeGAN,
    data: WindowDataModule,
    count: int,
    *,
    accelerator: str = "cpu",
) -> float:
    """Return milliseconds of an iteration of `Trainer.fit`, with the logger of train.py."""
    net.train()  # the joint phase leaves some of it in evaluation mode
    data.steps_per_epoch, clock = WARMUP_ITERATIONS + count, Clock(WARMUP_ITERATIONS)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            max_epochs=net.schedule.total,
            accelerator=accelerator,
            devices=1,
            logger=TensorBoardLogger(folder, name="", version=""),
            log_every_n_steps=math.gcd(net.hparams["log_every"], data.steps_per_epoch),
            callbacks=[clock],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(net, data)
    return 1_000 * (clock.end - clock.start) / count


def by_bare_loop(net: Bare, data: WindowDataModule, count: int) -> float:
    """Return milliseconds of an iteration of the bare loop."""
    data.steps_per_epoch = WARMUP_ITERATIONS + count
    net.begin(data.steps_per_epoch)
    batches = enumerate(data.train_dataloader())
    net.iterate(itertools.islice(batches, WARMUP_ITERATIONS))
    return 1_000 * seconds(lambda: net.iterate(batches)) / count


def by_baseline(baseline: Any, windows: Tensor, phase: Phase, count: int) -> float:
    """Return milliseconds of an iteration of benchmarks/baseline.py."""
    iteration = getattr(baseline, phase)

    def loop(count: int) -> None:
        for i in range(count):
            iteration(batches(windows, baseline.batch_size), i / count)

    def measured() -> None:
        loop(count)
        wait(windows.device)

    loop(WARMUP_ITERATIONS)
    wait(windows.device)
    return 1_000 * seconds(measured) / count


def variants(cell: Cell, phase: Phase) -> dict[str, Callable[[int], float]]:
    """Return functions that train a number of iterations and return milliseconds of one."""
    data, schedule = cell.data, cell.schedule(phase)
    baseline = BASELINES[cell.preset](FEATURES[cell.table], cell.window, hidden=cell.hidden)

    def backend(name: str) -> Callable[[int], float]:
        net = model(TimeGAN, cell.preset, data, schedule, hidden=cell.hidden, backend=name)
        return lambda count: by_lightning(net, data, count)

    found: dict[str, Callable[[int], float]] = {
        "baseline": lambda count: by_baseline(baseline, cell.windows, phase, count),
        **{name: backend(name) for name in BACKENDS},
    }
    if len(cell.phases) > 1:
        bare = model(Bare, cell.preset, data, schedule, hidden=cell.hidden, backend=BACKENDS[-1])
        found["bare"] = lambda count: by_bare_loop(bare, data, count)
    return found


def measure(cell: Cell, phase: Phase, rounds: int, budget: float) -> dict[str, list[float]]:
    """Return milliseconds of an iteration of every variant, in each round.

    Args:
        cell: what is trained.
        phase: of the training.
        rounds: runs of each variant.
        budget: seconds that a run should take.
    """
    ways = variants(cell, phase)
    counts = {name: iterations(way(MIN_ITERATIONS), budget) for name, way in ways.items()}
    works = {name: partial(way, counts[name]) for name, way in ways.items()}
    found = take_turns(works, rounds)
    if "bare" in works:  # close together: more rounds, in pairs
        found |= take_turns(
            {name: works[name] for name in (BACKENDS[-1], "bare")}, PAIR_FACTOR * rounds
        )
    return found


def share(found: dict[str, list[float]]) -> float:
    """Return Lightning's share of an iteration: the median over pairs of runs."""
    pairs = zip(found[BACKENDS[-1]], found["bare"], strict=True)
    return statistics.median(1 - bare / fit for fit, bare in pairs)


def iterations(milliseconds: float, budget: float) -> int:
    """Return how many iterations fill the seconds of a run."""
    return min(max(round(1_000 * budget / milliseconds), MIN_ITERATIONS), MAX_ITERATIONS)
