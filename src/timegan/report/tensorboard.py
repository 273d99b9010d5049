"""TensorBoard: pictures of samples as they get better, and the final scores of a run."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from timegan.attempts import attempt
from timegan.errors import InputError
from timegan.metrics.score import Score
from timegan.training.schedule import Phase, Schedule


class SampleFigures(Callback):
    """Draw a few windows every few epochs of the joint phase, and at its end.

    A picture that cannot be drawn is left out, and training goes on.

    It draws no random number that training would miss: windows and noise are functions of the seed.

    Args:
        every_n_epochs: epochs between two pictures.
        count: windows to draw for a picture.
        seed: which windows, and which noise; the same ones every time, so that change is progress.
    """

    def __init__(self, every_n_epochs: int = 5, count: int = 200, seed: int = 0) -> None:
        for name, value in {"every_n_epochs": every_n_epochs, "count": count}.items():
            if value < 1:
                raise InputError(f"callbacks.sample_figures.{name}={value}: has to be at least 1.")
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
        done = epoch + 1 - (schedule.phase_ends[Phase.JOINT] - schedule.joint)
        if done % self.every_n_epochs and done != schedule.joint:
            return
        figure = attempt(
            "figure of samples in TensorBoard",
            lambda: self.draw(pl_module, trainer.datamodule),  # type: ignore[attr-defined]
            lambda _: None,
            "drawn",
        )
        if figure is None:
            return
        batches = trainer.fit_loop.total_batch_idx  # the axis of the losses, not optimiser steps
        for board in boards:
            board.experiment.add_figure("samples", figure, batches)

    def draw(self, model: Any, data: Any) -> Any:
        """Draw the picture of this moment."""
        from timegan.report.figures.figures import Figures
        from timegan.report.figures.picture import picture
        from timegan.sampling.sequences import generate

        real = data.train_windows(self.count, self.seed)
        made = generate(model, data.transform, self.count, seed=self.seed)
        fake = data.transform.numeric_features(made)
        if not data.transform.variable:
            real, fake = (
                data.transform.restore_time_order(real),
                data.transform.restore_time_order(fake),
            )
        return picture(Figures(real, fake, data.metric_features).examples(count=6, limit=4), 1)


def _columns(
    hparams: Mapping[str, Any], metrics: Mapping[str, float], varied: Collection[str]
) -> Any:
    """Return the summary of all columns of the tab HPARAMS, which says which of them vary."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    from torch.utils.tensorboard import summary as summaries

    make: Any = summaries.hparams
    plain = {k: v if isinstance(v, int | float | str) else str(v) for k, v in hparams.items()}
    summary = make(plain, dict(metrics))[0]
    plugin = summary.value[0].metadata.plugin_data
    content = HParamsPluginData.FromString(plugin.content)
    for column in content.experiment.hparam_infos:
        column.differs = column.name in varied
    plugin.content = content.SerializeToString()
    return summary


LAYOUT = {
    "Samples": {
        "distance and its baseline": ["Multiline", ["validation/distance", "validation/baseline"]]
    }
}
"""Charts of several curves, in the tab CUSTOM SCALARS."""


@rank_zero_only
def add_layout(loggers: Sequence[Logger]) -> None:
    """Show the distance of samples and its baseline in one chart of TensorBoard."""
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_custom_scalars(LAYOUT)


def log_hparams(
    loggers: Sequence[Logger],
    hparams: Mapping[str, Any],
    scores: Mapping[str, Score],
    varied: Collection[str] = (),
) -> None:
    """Write a run's settings and what it reached.

    TensorBoard's logger has to be made with ``default_hp_metric=False``: a run has one entry in its
    tab HPARAMS, and Lightning would take it for a placeholder as training starts.

    Args:
        loggers: of the run.
        hparams: the settings, without nested groups.
        scores: by name. Those that are unknown are left out.
        varied: settings that TensorBoard shows first; it sorts the others by name.
    """
    metrics = {f"score/{k}": score.mean for k, score in scores.items() if score.mean is not None}

    def write(logger: Logger) -> None:
        if isinstance(logger, TensorBoardLogger):
            # First: of several summaries of one name, TensorBoard keeps this one.
            writer = logger.experiment._get_file_writer()  # training has closed the last one
            writer.add_summary(_columns(hparams, metrics, varied))
            logger.log_hyperparams(dict(hparams), metrics, step=0)
        else:
            logger.log_hyperparams(dict(hparams))
            logger.log_metrics(metrics)
        logger.save()

    for logger in loggers:
        attempt(f"scores in {type(logger).__name__}", partial(write, logger), lambda _: None)
