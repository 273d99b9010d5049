"""The final scores in TensorBoard's HPARAMS tab, so that a sweep compares at a glance."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger


def log_hparams(
    logger: Logger | None, hparams: Mapping[str, Any], scores: Mapping[str, Any]
) -> None:
    """Write a run's settings and what it reached; other loggers than TensorBoard's are left alone.

    The logger has to be made with ``default_hp_metric=False``: a run has one entry in that tab, and
    Lightning would take it for a placeholder as training starts.

    Args:
        logger: the run's logger, or None.
        hparams: the settings; groups may be nested.
        scores: ``metrics.json``'s ``scores``: a number, or a dictionary with ``mean``, by name.
            What could not be computed is left out.
    """
    if not isinstance(logger, TensorBoardLogger):
        return
    metrics = {f"score/{name}": value for name, value in _numbers(scores).items()}
    logger.log_hyperparams(dict(hparams), metrics, step=0)
    logger.save()


def _numbers(scores: Mapping[str, Any]) -> dict[str, float]:
    means = {k: v.get("mean") if isinstance(v, Mapping) else v for k, v in scores.items()}
    return {name: float(value) for name, value in means.items() if value is not None}
