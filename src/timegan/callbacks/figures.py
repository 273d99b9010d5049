"""Pictures of synthetic beside real windows in TensorBoard, as they get better."""

from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from timegan.errors import InputError
from timegan.phases import Phase, Schedule


class SampleFigures(Callback):
    """Draw a few windows every few epochs of the joint phase, and at its end.

    It draws no random number that training would miss: windows and noise are functions of the seed.

    Args:
        every_n_epochs: epochs between two pictures.
        count: windows to draw for a picture.
        seed: which windows, and which noise; the same ones every time, so that change is progress.
    """

    def __init__(self, every_n_epochs: int = 5, count: int = 200, seed: int = 0) -> None:
        for name, value in {"every_n_epochs": every_n_epochs, "count": count}.items():
            if value < 1:
                raise InputError(f"callbacks.figures.{name}={value}: has to be at least 1.")
        self.every_n_epochs = every_n_epochs
        self.count = count
        self.seed = seed

    @rank_zero_only
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw, if it is time and there is a TensorBoard to draw for."""
        boards = [log for log in trainer.loggers if isinstance(log, TensorBoardLogger)]
        schedule, epoch = cast(Schedule, pl_module.schedule), trainer.current_epoch
        if not boards or schedule.phase(epoch) is not Phase.JOINT:
            return
        done = epoch + 1 - (schedule.ends[Phase.JOINT] - schedule.joint)
        if done % self.every_n_epochs and done != schedule.joint:
            return
        figure = self.draw(pl_module, trainer.datamodule)  # type: ignore[attr-defined]
        batches = trainer.fit_loop.total_batch_idx  # the axis of the losses, not optimiser steps
        for board in boards:
            board.experiment.add_figure("samples", figure, batches)

    def draw(self, model: Any, data: Any) -> Any:
        """The picture of this moment."""
        from timegan.generation import generate
        from timegan.report.figures import figure_samples

        real = data.train_windows(self.count, self.seed)
        made = generate(model, data.columns, self.count, seed=self.seed)
        fake = data.measurable(made)
        if not data.columns.variable:
            real, fake = data.columns.forwards(real), data.columns.forwards(fake)
        return figure_samples(real, fake, data.measured)
