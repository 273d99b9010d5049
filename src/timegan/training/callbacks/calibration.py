"""Calibration of thresholds, and of the spread of completions, at the end of training."""

from typing import Any, cast

import numpy as np
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from timegan.training.schedule import Schedule

COMPLETED_WINDOWS = 256
"""Windows on which the spread of completions is measured."""


class ThresholdCalibration(Callback):
    """A callback that calibrates thresholds after the last epoch, before its checkpoint.

    Samples then contain zeros, categories, missing values and lengths as often as the training
    data. Lightning runs callbacks that save checkpoints after all others.
    """

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calibrate after the last epoch."""
        schedule = cast(Schedule, pl_module.schedule)
        if trainer.current_epoch + 1 != schedule.total or not schedule.joint:
            return
        from timegan.sampling.calibration import (
            SEQUENCES,
            calibrate_completer,
            calibrate_thresholds,
        )

        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        model: Any = pl_module
        subset = data.window_subset(data.train, SEQUENCES)
        lengths = data.train.lengths
        steps = np.full(len(subset), data.window) if lengths is None else lengths[subset]
        real = data.train.take(subset), steps
        data.transform = calibrate_thresholds(model, data.transform, real)
        if data.table.time is not None and (steps == data.window).all():
            times = data.table.time[data.split.train.starts[subset]]
            data.transform = data.transform.matched(real[0], times)
        if model.net.completer is not None:
            windows = data.train if data.validation is None else data.validation
            some = np.linspace(0, len(windows) - 1, min(len(windows), COMPLETED_WINDOWS))
            calibrate_completer(model, windows.batch(some.astype(np.int64)))
