"""Checkpoints at the end of every phase and every few minutes; training resumes exactly."""

import time
from pathlib import Path
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from timegan.errors import InputError, UnreadableError, tell
from timegan.files import remove_leftovers
from timegan.training.schedule import Schedule


class PhaseCheckpoint(Checkpoint):
    """A callback that saves ``last.ckpt`` every few minutes and a checkpoint as each phase ends.

    The ``last.ckpt`` before remains as ``previous.ckpt``. If the disk is full, the run warns,
    continues, and tries again when the next checkpoint is due.

    Lightning's ModelCheckpoint counts optimizer steps, of which a batch takes several here, and
    its time interval has no effect with manual optimization.

    Checkpoints are saved after a batch or an epoch. One that is due after the last batch of an
    epoch is saved after the epoch. Otherwise Lightning would resume without the last hooks of the
    epoch and the first hooks of the next one.

    Args:
        folder: where checkpoints are saved; None: ``checkpoints`` in the Trainer's root folder.
        minutes: between two ``last.ckpt``; None: at the ends of the phases only.
        every_n_batches: batches of the run between two ``last.ckpt``, in addition to ``minutes``.
        required: stop the run if a checkpoint cannot be written.

    Raises:
        InputError: an interval is negative or zero; the folder holds the checkpoints of another run
            as training starts; a checkpoint cannot be written, and ``required`` is set.
        UnreadableError: a checkpoint could not be loaded again before training is over.
    """

    def __init__(
        self,
        folder: str | None = None,
        minutes: float | None = 5.0,
        every_n_batches: int | None = None,
        required: bool = False,
    ) -> None:
        for name, value in {"minutes": minutes, "every_n_batches": every_n_batches}.items():
            if value is not None and value <= 0:
                raise InputError(
                    f"callbacks.checkpoints.{name}={value} is not above 0. "
                    "Set null to save at the ends of the phases only."
                )
        self.folder = folder
        self.minutes = minutes
        self.every_n_batches = every_n_batches
        self.required = required
        self.saved_at = time.monotonic()

    def path(self, trainer: Trainer, name: str = "last") -> Path:
        """Return the path of a checkpoint."""
        folder = self.folder or Path(trainer.default_root_dir) / "checkpoints"
        return Path(folder) / f"{name}.ckpt"

    def save(self, trainer: Trainer, name: str = "last") -> Path:
        """Save a checkpoint; all processes have to call this together.

        Raises:
            InputError: the file cannot be written; only the first process raises it.
        """
        path = self.path(trainer, name)
        self.saved_at = time.monotonic()
        try:
            trainer.save_checkpoint(path, weights_only=False)
        except InputError:
            trainer.strategy.barrier("Trainer.save_checkpoint")  # where the others are waiting
            raise
        return path

    def try_save(self, trainer: Trainer, name: str = "last", *, is_over: bool = False) -> None:
        """Save a checkpoint, or warn if that is impossible.

        A checkpoint that could not be loaded stops the run. If training is over, it only warns,
        because the model and its samples can still be written.
        """
        try:
            self.save(trainer, name)
        except InputError as error:
            if self.required or (isinstance(error, UnreadableError) and not is_over):
                raise
            tell(f"{error} The run continues; earlier checkpoints are kept.")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, and remove unfinished files of a killed process.

        Raises:
            InputError: training begins, and the folder holds the checkpoints of another run.
        """
        folder = self.path(trainer).parent
        is_new = trainer.fit_loop.total_batch_idx < 0  # not resumed from a checkpoint
        if is_new and any(folder.glob("*.ckpt")):
            raise InputError(
                f"{folder}: the folder holds checkpoints of another run, and they would be "
                "replaced. Choose another folder, or set ckpt_path to continue that run."
            )
        if trainer.is_global_zero:
            remove_leftovers(folder)
        self.saved_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save a checkpoint if one is due, unless this is the last batch of the epoch."""
        if not trainer.is_last_batch and self.is_due(trainer):
            self.try_save(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save a checkpoint if a phase is over or one is due."""
        schedule = cast(Schedule, pl_module.schedule)
        done = trainer.current_epoch + 1
        ended = [p for p, end in schedule.phase_ends.items() if end == done and schedule.epochs(p)]
        for phase in ended:
            self.try_save(trainer, phase, is_over=done == schedule.total)
        if ended or self.is_due(trainer):
            self.try_save(trainer, is_over=done == schedule.total)

    def is_due(self, trainer: Trainer) -> bool:
        """Return true, on all processes, if the next ``last.ckpt`` is due."""
        if (
            self.every_n_batches
            and (trainer.fit_loop.total_batch_idx + 1) % self.every_n_batches == 0
        ):
            return True
        if self.minutes is None:
            return False
        is_late = time.monotonic() - self.saved_at >= 60 * self.minutes
        return bool(trainer.strategy.reduce_boolean_decision(is_late, all=False))
