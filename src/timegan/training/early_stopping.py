"""Early stopping: phases end before their planned epochs where they no longer improve."""

import math
import time
from dataclasses import asdict
from typing import Any, cast

from lightning import Callback, LightningModule, Trainer

from timegan.errors import tell
from timegan.training.schedule import Phase, Schedule

MIN_DELTA = 0.01
"""Relative decrease that counts as an improvement."""
COOLDOWN = 0.2
"""Share of a shortened phase in which the learning rate falls to its minimum."""

LOSSES = {
    Phase.AUTOENCODER: "autoencoder/reconstruction",
    Phase.SUPERVISED: "supervised/supervised",
}
"""Losses that decide in the first two phases; samples decide in the joint phase."""


class Plateau:
    """A detector of epochs without improvement, by the mean of an epoch's values.

    >>> plateau = Plateau()
    >>> for value in (3.0, 2.0, 2.0, 2.1):
    ...     plateau.update(value)
    ...     print(plateau.should_stop("supervised", patience=2))
    False
    False
    False
    True
    """

    def __init__(self) -> None:
        self.phase = ""
        self.best = math.inf
        self.epochs_since_best = 0
        self.sum = 0.0
        self.count = 0
        self.stopped = False

    def update(self, value: float) -> None:
        """Add a value of this epoch, the smaller the better."""
        self.sum += value
        self.count += 1

    def should_stop(self, phase: str, patience: int) -> bool:
        """Return true if the last ``patience`` epochs of a phase brought no improvement.

        Call it at the end of an epoch. An epoch without values decides nothing. The answer is false
        once ``stopped`` is set.
        """
        if phase != self.phase:
            self.phase, self.best, self.epochs_since_best, self.stopped = phase, math.inf, 0, False
        self.epochs_since_best += 1
        if not self.count:
            return False
        mean, self.sum, self.count = self.sum / self.count, 0.0, 0
        if mean < self.best * (1 - MIN_DELTA):
            self.best, self.epochs_since_best = mean, 0
        return self.epochs_since_best >= patience and not self.stopped

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        vars(self).update(state)


class PhaseEarlyStopping(Callback):
    """A callback that shortens a phase after ``schedule.patience`` epochs without improvement.

    The loss of a phase decides, in the joint phase the distance of samples to held-out windows,
    which :class:`timegan.training.callbacks.SampleMonitor` reports to :meth:`update`. A phase
    continues for a cool-down, in which its learning rate falls to the minimum. Without a patience
    only :meth:`end_phase` ends a phase.
    """

    def __init__(self) -> None:
        self.plateau = Plateau()
        self.reason = ""
        self.epoch_started = 0.0

    def update(self, value: float) -> None:
        """Add a value by which the current phase is judged."""
        self.plateau.update(value)

    def end_phase(self, reason: str) -> None:
        """End the current phase early, for a reason that the user is told."""
        self.reason = reason

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the time."""
        self.epoch_started = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add the loss of a batch of the first two phases."""
        model = cast(Any, pl_module)
        if model.schedule.patience is not None and model.phase in LOSSES:
            self.update(float(model.latest_losses[LOSSES[model.phase]]))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Shorten the phase if it no longer improves, or has another reason to end."""
        model = cast(Any, pl_module)
        phase, planned, epoch = model.phase, model.schedule, trainer.current_epoch
        reason, self.reason = self.reason, ""
        should_stop = bool(reason)
        if planned.patience is not None:
            should_stop |= self.plateau.should_stop(phase.value, planned.patience)
            reason = reason or f"no improvement in {planned.patience} epochs"
        elif not should_stop:  # as on every process
            return
        if not trainer.strategy.reduce_boolean_decision(should_stop, all=False):
            return
        self.plateau.stopped = True
        shorter = planned.shortened(epoch, COOLDOWN if model.hparams.min_lr_ratio < 1 else 0.0)
        if saved := planned.total - shorter.total:
            set_schedule(trainer, model, shorter)
            if trainer.is_global_zero:
                seconds = saved * (time.monotonic() - self.epoch_started)
                tell(
                    f"Epoch {epoch + 1}: {reason}. The phase {phase} ends with epoch "
                    f"{shorter.phase_ends[phase]} and not {planned.phase_ends[phase]}, which saves "
                    f"about {seconds:.0f} s."
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return self.plateau.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self.plateau.load_state_dict(state_dict)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Save the schedule, which may be shorter than planned."""
        schedule = cast(Schedule, pl_module.schedule)
        if schedule.patience is not None or self.plateau.stopped:
            checkpoint["schedule"] = asdict(schedule)

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take the schedule of the checkpoint."""
        if "schedule" in checkpoint:
            set_schedule(trainer, pl_module, Schedule(**checkpoint["schedule"]))


def set_schedule(trainer: Trainer, model: Any, schedule: Schedule) -> None:
    """Set another schedule for the rest of a run."""
    model.schedule = schedule
    trainer.fit_loop.max_epochs = schedule.total
