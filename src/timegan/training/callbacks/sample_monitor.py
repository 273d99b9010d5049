"""Sample quality while training: the distance of samples to held-out windows."""

from typing import Any, cast

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from timegan.errors import InputError, tell
from timegan.training.callbacks.mode_collapse import mode_collapse_warnings
from timegan.training.callbacks.sample_distance import EnergyDistanceMonitor, SampleDistance
from timegan.training.early_stopping import PhaseEarlyStopping
from timegan.training.schedule import Phase, Schedule

COPYING = 0.5
"""Nearness below which the joint phase ends. The middle between two windows has 0.5."""
MEASUREMENTS = 20
"""Default number of measurements, which take one to three hundredths of the joint phase."""


class SampleMonitor(Callback):
    """A callback that logs ``validation/distance`` and ``validation/baseline`` in the joint phase.

    At the baseline, samples are as near to held-out windows as training windows are. Monitoring
    has a seed of its own and does not affect training, except that the joint phase ends early where
    samples begin to copy fewer than 50 training windows. It warns of mode collapse.

    Args:
        every_n_batches: joint batches between two measurements, which are made as an epoch ends.
            None: 20 measurements in all, or one an epoch if there are fewer epochs.
        count: samples of a measurement, at most; with few of them the baseline is inaccurate.
        restore_best_weights: end with the weights of the smallest distance. The data module has to
            hold out windows for this choice (``select_on_holdout=True``).

    Raises:
        InputError: a number is below 1.
    """

    def __init__(
        self,
        every_n_batches: int | None = None,
        count: int = 2_048,
        restore_best_weights: bool = False,
    ) -> None:
        for name, value in {"every_n_batches": every_n_batches, "count": count}.items():
            if value is not None and value < 1:
                raise InputError(
                    f"callbacks.sample_monitor.{name}={value} is below 1. Set at least 1."
                )
        self.every_n_batches = every_n_batches
        self.count = count
        self.restore_best_weights = restore_best_weights
        self.monitor: EnergyDistanceMonitor | None = None
        self.baseline = 0.0
        self.measurements: list[dict[str, float]] = []
        self.warnings: list[str] = []
        self.active_warnings: list[str] = []
        self.skipped: Tensor | float = 0.0
        self.batches = 0
        self.best_weights: dict[str, Tensor] | None = None

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the updates that the discriminator skipped."""
        rest_rate = cast(Any, pl_module).latest_losses.get("joint/rest_rate")
        if rest_rate is not None:
            self.skipped, self.batches = self.skipped + rest_rate, self.batches + 1

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure if it is time, and restore the best weights as the run ends."""
        schedule = cast(Schedule, pl_module.schedule)
        if self.is_due(trainer, schedule):
            measured = self.measure(trainer, pl_module)
            rest_rate = float(self.skipped) / max(1, self.batches)
            self.skipped, self.batches = 0.0, 0
            for callback in trainer.callbacks:  # type: ignore[attr-defined]
                if isinstance(callback, PhaseEarlyStopping):
                    callback.update(measured.distance)
                    if measured.nearness is not None and measured.nearness < COPYING:
                        callback.end_phase(copying_reason(measured.nearness))
            self.record(measured, rest_rate, trainer.current_epoch + 1, schedule)
            if self.restore_best_weights and measured.distance <= self.best["distance"]:
                weights = cast(Any, pl_module).net.state_dict()
                self.best_weights = {name: value.clone() for name, value in weights.items()}
        if self.best_weights is not None and trainer.current_epoch + 1 == schedule.total:
            cast(Any, pl_module).net.load_state_dict(self.best_weights)

    def is_due(self, trainer: Trainer, schedule: Schedule) -> bool:
        """Return true, on every process, after enough joint batches and at the end of the phase."""
        if schedule.phase(trainer.current_epoch) is not Phase.JOINT:
            return False
        epochs = trainer.current_epoch + 1 - schedule.phase_ends[Phase.SUPERVISED]
        batches = int(trainer.num_training_batches)
        every = self.every_n_batches or max(1, schedule.joint * batches // MEASUREMENTS)
        new = epochs * batches // every > (epochs - 1) * batches // every
        return new or epochs == schedule.joint

    def measure(self, trainer: Trainer, model: Any) -> SampleDistance:
        """Measure on the first process; pass it to the others, the log and the progress bar."""
        found: tuple[SampleDistance, float] | None = None
        if trainer.is_global_zero:
            if self.monitor is None:
                data = trainer.datamodule  # type: ignore[attr-defined]
                self.monitor = EnergyDistanceMonitor(data, self.count)
            found = self.monitor.measure(model.net), self.monitor.baseline
        found = trainer.strategy.broadcast(found)
        assert found is not None
        measured, self.baseline = found
        for name, value in {
            "distance": measured.distance,
            "baseline": self.baseline,
            "diversity": measured.diversity,
        }.items():
            model.latest_losses[f"validation/{name}"] = torch.tensor(value)
            # Every process has the value. Reading a metric that is yet to be reduced would make
            # the process that reads it wait for the others, so nothing is left to reduce.
            model.log(f"validation/{name}", value, sync_dist=True, rank_zero_only=True)
        return measured

    def record(
        self, measured: SampleDistance, rest_rate: float, epoch: int, schedule: Schedule
    ) -> None:
        """Keep a measurement, and warn once of each new problem."""
        self.measurements.append(
            {
                "epoch": epoch,
                "progress": (epoch - schedule.phase_ends[Phase.SUPERVISED]) / schedule.joint,
                "distance": measured.distance,
                "diversity": measured.diversity,
                "rest_rate": rest_rate,
            }
        )
        found = mode_collapse_warnings(self.measurements)
        new = [text for name, text in found.items() if name not in self.active_warnings]
        self.active_warnings = list(found)
        self.warnings += new
        if self.monitor is not None:  # on the first process
            tell(*new)

    @property
    def best(self) -> dict[str, float]:
        """The first measurement with the smallest distance."""
        return min(self.measurements, key=lambda m: m["distance"])

    def summary(self) -> dict[str, Any]:
        """Return the entry of ``metrics.json``; empty without measurements."""
        if not self.measurements:
            return {}
        best = self.best
        return {
            "baseline": self.baseline,
            "last": self.measurements[-1],
            "best": best,
            "weights": f"best distance, epoch {best['epoch']}" if self.best_weights else "last",
            "warnings": self.warnings,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        names = ("baseline", "measurements", "warnings", "active_warnings", "batches")
        state = {name: getattr(self, name) for name in (*names, "best_weights")}
        return state | {"skipped": float(self.skipped)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        for name, value in state_dict.items():
            setattr(self, name, value)


def copying_reason(nearness: float) -> str:
    """Say that samples copy the training windows."""
    return (
        "samples begin to copy the few training windows: they lie "
        f"{nearness:.2f} times as far from the nearest one as training windows do from each other "
        f"(below {COPYING:g}). More data help, longer training does not"
    )
