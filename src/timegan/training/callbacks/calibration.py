"""The last touch of training: shares of zeros, categories, holes and lengths are set right."""

from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from timegan.training.schedule import Schedule


class ThresholdCalibration(Callback):
    """Calibrate the columns when the last epoch is over, before its checkpoint is written.

    Lightning runs callbacks that write checkpoints after all others.
    """

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set shares right, if this was the last epoch."""
        schedule = cast(Schedule, pl_module.schedule)
        if trainer.current_epoch + 1 != schedule.total or not schedule.joint:
            return
        from timegan.sampling.calibration import calibrate

        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        model: Any = pl_module
        data.transform = calibrate(model, data.transform)
