"""A model of the shape that a table asks for."""

from typing import Any

from timegan.data.datamodule import WindowDataModule
from timegan.data.smallest_scale import finest
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


def build(data: WindowDataModule, schedule: Schedule, **options: Any) -> TimeGAN:
    """An untrained model for the windows of ``data``, which has been set up.

    Args:
        data: says how many channels there are, how long windows are, and how lengths are coded.
        schedule: epochs of the phases.
        options: the other arguments of :class:`timegan.TimeGAN`.
    """
    model = TimeGAN(
        **data.transform.widths,
        window=data.window,
        variable_length=data.transform.variable,
        smallest_component_std=finest(data.train),
        schedule=schedule,
        **options,
    )
    edges = data.edges()
    if edges is not None:
        model.net.set_edges(edges)
    return model
