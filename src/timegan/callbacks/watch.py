"""Quality while training: how far samples are from held-out windows, in the joint phase."""

from typing import Any, cast

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from timegan.errors import InputError
from timegan.phases import Phase, Schedule
from timegan.yardstick import Look, Yardstick


class Watch(Callback):
    """Log ``validation/distance`` beside ``validation/floor`` every so many joint batches.

    At the floor samples are as near to held-out windows as training windows are. It changes nothing
    that is learned: windows, directions and noise are functions of a seed of its own.

    Args:
        every_n_batches: joint batches between two looks; a look comes as an epoch ends.
        count: samples in a look, at most.
    """

    def __init__(self, every_n_batches: int = 50, count: int = 512) -> None:
        for name, value in {"every_n_batches": every_n_batches, "count": count}.items():
            if value < 1:
                raise InputError(f"callbacks.watch.{name}={value}: has to be at least 1.")
        self.every_n_batches = every_n_batches
        self.count = count
        self.yardstick: Yardstick | None = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look, if it is time."""
        if self.due(trainer, cast(Schedule, pl_module.schedule)):
            self.look(trainer, pl_module)

    def due(self, trainer: Trainer, schedule: Schedule) -> bool:
        """Whether enough joint batches are over, or all of them: known to every process."""
        if schedule.phase(trainer.current_epoch) is not Phase.JOINT:
            return False
        done = trainer.current_epoch + 1 - schedule.ends[Phase.SUPERVISED]
        batches = int(trainer.num_training_batches)
        new = done * batches // self.every_n_batches > (done - 1) * batches // self.every_n_batches
        return new or done == schedule.joint

    def look(self, trainer: Trainer, model: Any) -> Look:
        """Measure, on the first process, and tell the log, the progress and the other processes."""
        found: tuple[Look, float] | None = None
        if trainer.is_global_zero:
            if self.yardstick is None:
                self.yardstick = Yardstick(trainer.datamodule, self.count)  # type: ignore[attr-defined]
            found = self.yardstick.look(model.net), self.yardstick.floor
        found = trainer.strategy.broadcast(found)
        assert found is not None
        look, floor = found
        shown = {"distance": look.distance, "floor": floor}
        for name, value in shown.items():
            model.recent[f"validation/{name}"] = torch.tensor(value)
            model.log(f"validation/{name}", value, sync_dist=True)
        return look
