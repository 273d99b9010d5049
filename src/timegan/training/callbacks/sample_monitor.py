"""Quality while training: how far samples are from held-out windows, in the joint phase."""

from typing import Any, cast

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from timegan.errors import InputError, tell
from timegan.training.callbacks.collapse import alarms
from timegan.training.callbacks.sample_distance import EnergyDistanceMonitor, SampleDistance
from timegan.training.early_stopping import PhaseEarlyStopping
from timegan.training.schedule import Phase, Schedule

LOOKS = 20
"""In a joint phase, where nothing else is asked for: one to three hundredths of its time."""


class SampleMonitor(Callback):
    """Log ``validation/distance`` beside ``validation/floor`` now and then in the joint phase.

    At the floor samples are as near to held-out windows as training windows are. It changes nothing
    that is learned: windows, directions and noise are functions of a seed of its own. Where samples
    collapse, it says so.

    Args:
        every_n_batches: joint batches between two looks; a look comes as an epoch ends. None: 20
            looks in all, or one an epoch where there are fewer epochs.
        count: samples in a look, at most; with few of them the floor is too high to see above.
        restore_best_weights: end with the weights of the smallest distance. The data have to
            hold windows out to choose by that no result is measured on
            (``select_on_holdout=True``).
    """

    def __init__(
        self,
        every_n_batches: int | None = None,
        count: int = 2_048,
        restore_best_weights: bool = False,
    ) -> None:
        for name, value in {"every_n_batches": every_n_batches, "count": count}.items():
            if value is not None and value < 1:
                raise InputError(f"callbacks.sample_monitor.{name}={value}: has to be at least 1.")
        self.every_n_batches = every_n_batches
        self.count = count
        self.restore_best_weights = restore_best_weights
        self.yardstick: EnergyDistanceMonitor | None = None
        self.floor = 0.0
        self.looks: list[dict[str, float]] = []
        self.alarms: list[str] = []
        self.sounding: list[str] = []
        self.rested: Tensor | float = 0.0
        self.batches = 0
        self.kept: dict[str, Tensor] | None = None

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the updates in which the discriminator rested."""
        rests = cast(Any, pl_module).latest_losses.get("joint/rest_rate")
        if rests is not None:
            self.rested, self.batches = self.rested + rests, self.batches + 1

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure if it is time; restore the best weights as the run ends, if that is wanted."""
        schedule = cast(Schedule, pl_module.schedule)
        if self.due(trainer, schedule):
            look = self.look(trainer, pl_module)
            rest_rate = float(self.rested) / max(1, self.batches)
            self.rested, self.batches = 0.0, 0
            for callback in trainer.callbacks:  # type: ignore[attr-defined]
                if isinstance(callback, PhaseEarlyStopping):
                    callback.update(look.distance)
            self.remember(look, rest_rate, trainer.current_epoch + 1, schedule)
            if self.restore_best_weights and look.distance <= self.smallest["distance"]:
                weights = cast(Any, pl_module).net.state_dict()
                self.kept = {name: value.clone() for name, value in weights.items()}
        if self.kept is not None and trainer.current_epoch + 1 == schedule.total:
            cast(Any, pl_module).net.load_state_dict(self.kept)

    def due(self, trainer: Trainer, schedule: Schedule) -> bool:
        """Whether enough joint batches are over, or all of them: known to every process."""
        if schedule.phase(trainer.current_epoch) is not Phase.JOINT:
            return False
        done = trainer.current_epoch + 1 - schedule.phase_ends[Phase.SUPERVISED]
        batches = int(trainer.num_training_batches)
        every = self.every_n_batches or max(1, schedule.joint * batches // LOOKS)
        new = done * batches // every > (done - 1) * batches // every
        return new or done == schedule.joint

    def look(self, trainer: Trainer, model: Any) -> SampleDistance:
        """Measure, on the first process, and tell the log, the progress and the other processes."""
        found: tuple[SampleDistance, float] | None = None
        if trainer.is_global_zero:
            if self.yardstick is None:
                self.yardstick = EnergyDistanceMonitor(trainer.datamodule, self.count)  # type: ignore[attr-defined]
            found = self.yardstick.look(model.net), self.yardstick.floor
        found = trainer.strategy.broadcast(found)
        assert found is not None
        look, self.floor = found
        for name, value in {
            "distance": look.distance,
            "floor": self.floor,
            "diversity": look.diversity,
        }.items():
            model.latest_losses[f"validation/{name}"] = torch.tensor(value)
            # Every process has the value. Reading a metric that is yet to be reduced would make
            # the process that reads it wait for the others, so nothing is left to reduce.
            model.log(f"validation/{name}", value, sync_dist=True, rank_zero_only=True)
        return look

    def remember(
        self, look: SampleDistance, rest_rate: float, epoch: int, schedule: Schedule
    ) -> None:
        """Keep what was seen, and say what is wrong, once until it is right again."""
        self.looks.append(
            {
                "epoch": epoch,
                "progress": (epoch - schedule.phase_ends[Phase.SUPERVISED]) / schedule.joint,
                "distance": look.distance,
                "diversity": look.diversity,
                "rest_rate": rest_rate,
            }
        )
        found = alarms(self.looks)
        new = [text for name, text in found.items() if name not in self.sounding]
        self.sounding = list(found)
        self.alarms += new
        if self.yardstick is not None:  # on the first process
            tell(*new)

    @property
    def smallest(self) -> dict[str, float]:
        """The look with the smallest distance, the first of them."""
        return min(self.looks, key=lambda look: look["distance"])

    def summary(self) -> dict[str, Any]:
        """What ``metrics.json`` says; empty where nothing was looked at."""
        if not self.looks:
            return {}
        last, best = self.looks[-1], self.smallest
        return {
            "floor": self.floor,
            "last": last,
            "best": best,
            "weights": f"best distance, epoch {best['epoch']}" if self.kept else "last",
            "alarms": self.alarms,
        }

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint; the weights only where the best ones are wanted."""
        names = ("floor", "looks", "alarms", "sounding", "batches", "kept")
        return {name: getattr(self, name) for name in names} | {"rested": float(self.rested)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with what was seen before."""
        for name, value in state_dict.items():
            setattr(self, name, value)
