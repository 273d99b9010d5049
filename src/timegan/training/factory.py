"""Construction of a model whose shape fits the data."""

from collections.abc import Mapping
from typing import Any

import torch

from timegan.data.datamodule import WindowDataModule
from timegan.data.smallest_scale import smallest_component_std
from timegan.data.step_statistics import step_statistics
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


def build_model(
    data: WindowDataModule, schedule: Schedule | Mapping[str, int | None] | None, **options: Any
) -> TimeGAN:
    """Return an untrained model for the windows of a data module that has been set up.

    Args:
        data: the data module.
        schedule: epochs of the phases; those that are left out follow from the data.
        options: other arguments of :class:`timegan.TimeGAN`.
    """
    if not isinstance(schedule, Schedule):
        schedule = Schedule.for_data(
            len(data.train), data.transform.channels, data.steps_per_epoch, schedule
        )
    model = TimeGAN(
        **data.transform.widths,
        window=data.window,
        variable_length=data.transform.variable,
        smallest_component_std=smallest_component_std(data.train),
        schedule=schedule,
        **options,
    )
    thresholds = data.edges()
    if thresholds is not None:
        model.net.set_length_thresholds(thresholds)
    statistics = step_statistics(data.train)
    if statistics is not None:
        model.net.set_step_statistics(*torch.from_numpy(statistics))
    return model
