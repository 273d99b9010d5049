"""Checkpoints at the end of every phase and every few minutes, each of which resumes exactly."""

import time
from pathlib import Path
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from timegan.errors import InputError, UnreadableError, tell
from timegan.files import remove_leftovers
from timegan.training.schedule import Schedule


class PhaseCheckpoint(Checkpoint):
    """Save ``last.ckpt`` every few minutes, and ``autoencoder.ckpt`` and so on as a phase ends.

    The ``last.ckpt`` before stays as ``previous.ckpt``. Where the disk is full the run says so,
    goes on, and tries again when the next one is due.

    Lightning's ModelCheckpoint counts optimiser steps, of which one of our batches takes several,
    and its time interval never fires under manual optimisation.

    A checkpoint is taken when a batch or an epoch is over, never in between. One that falls due on
    the last batch of an epoch waits for the epoch's end: Lightning resumes from that batch without
    the epoch's last and the next epoch's first hooks.

    Args:
        folder: where they go; None: ``checkpoints`` in the Trainer's root folder.
        minutes: between two ``last.ckpt``; None: at the ends of the phases only.
        every_n_batches: save ``last.ckpt`` after so many batches as well, counted over the run.
        required: end the run where a checkpoint cannot be written.

    Raises:
        InputError: an interval is negative or zero; the folder holds the checkpoints of another run
            as training starts; a checkpoint cannot be written, and ``required``.
        UnreadableError: a checkpoint could not be loaded, while training goes on.
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
                    f"callbacks.checkpoints.{name}={value}: an interval is longer than 0. "
                    "Give null to save at the ends of the phases only."
                )
        self.folder = folder
        self.minutes = minutes
        self.every_n_batches = every_n_batches
        self.required = required
        self.saved_at = time.monotonic()

    def path(self, trainer: Trainer, name: str = "last") -> Path:
        """Where the checkpoint of that name lies."""
        folder = self.folder or Path(trainer.default_root_dir) / "checkpoints"
        return Path(folder) / f"{name}.ckpt"

    def save(self, trainer: Trainer, name: str = "last") -> Path:
        """Save a checkpoint; all processes have to call this together.

        Raises:
            InputError: it cannot be written; only the first process gets to know.
        """
        path = self.path(trainer, name)
        self.saved_at = time.monotonic()
        try:
            trainer.save_checkpoint(path, weights_only=False)
        except InputError:
            trainer.strategy.barrier("Trainer.save_checkpoint")  # where the others are waiting
            raise
        return path

    def attempt(self, trainer: Trainer, name: str = "last", *, over: bool = False) -> None:
        """Save, or say that it was not possible.

        A checkpoint that could not be loaded ends the run, unless training is ``over``: the model
        and its samples are still to be made.
        """
        try:
            self.save(trainer, name)
        except InputError as error:
            if self.required or (isinstance(error, UnreadableError) and not over):
                raise
            tell(f"{error} The run goes on; what was saved before is still there.")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, and take away what a killed process had not finished.

        Raises:
            InputError: training begins, and the folder holds the checkpoints of another run.
        """
        folder = self.path(trainer).parent
        begins = trainer.fit_loop.total_batch_idx < 0  # else it goes on from a checkpoint
        if begins and any(folder.glob("*.ckpt")):
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
        """Save if it is time, unless this is the epoch's last batch."""
        if not trainer.is_last_batch and self.due(trainer):
            self.attempt(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save if a phase is over, or if it is time."""
        schedule = cast(Schedule, pl_module.schedule)
        over = trainer.current_epoch + 1
        ended = [p for p, end in schedule.phase_ends.items() if end == over and schedule.epochs(p)]
        for phase in ended:
            self.attempt(trainer, phase, over=over == schedule.total)
        if ended or self.due(trainer):
            self.attempt(trainer, over=over == schedule.total)

    def due(self, trainer: Trainer) -> bool:
        """Whether it is time for another ``last.ckpt``: the same answer on all processes."""
        if (
            self.every_n_batches
            and (trainer.fit_loop.total_batch_idx + 1) % self.every_n_batches == 0
        ):
            return True
        if self.minutes is None:
            return False
        late = time.monotonic() - self.saved_at >= 60 * self.minutes
        return bool(trainer.strategy.reduce_boolean_decision(late, all=False))
