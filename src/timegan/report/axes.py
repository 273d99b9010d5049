"""Axes that figures share: a grid of them, one key above, few ticks with short labels."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from timegan.metrics.arrays import Array
from timegan.report.theme import Theme


def subplots(count: int, columns: int, height: float, theme: Theme) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` axes in columns, each of a height in inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(theme.width, height * rows + 0.4), layout="constrained")
    axes: Any = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.set_visible(False)
    return figure, list(axes[:count])


def legend(figure: Figure, theme: Theme, *, dots: bool = False) -> None:
    """One key for the whole figure, above it."""
    marks = {"marker": "o", "linestyle": "none", "markersize": 6} if dots else {"linewidth": 2.5}
    figure.legend(
        handles=[
            Line2D([], [], color=theme.real, label="real", **marks),
            Line2D([], [], color=theme.synthetic, label="synthetic", **marks),
        ],
        loc="outside upper right",
        ncols=2,
        borderpad=0,
        labelcolor=theme.muted,
    )


def few_ticks(ax: Axes, x: int = 5, y: int | None = 5) -> None:
    """At most so many ticks on each axis, with short labels."""
    for axis, count in ((ax.xaxis, x), (ax.yaxis, y)):
        if count:
            axis.set_major_locator(MaxNLocator(count))
            axis.set_major_formatter(FuncFormatter(compact))


def compact(value: float, _: object = None) -> str:
    """A tick's label: 80k instead of 80000.

    >>> compact(80_000), compact(2.5e7), compact(-0.25)
    ('80k', '25M', '−0.25')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size or (abs(value) >= size and letter != "k"):
            return f"{value / size:g}{letter}".replace("-", "\N{MINUS SIGN}")
    return f"{round(value, 10):g}".replace("-", "\N{MINUS SIGN}")


def share_limits(first: Axes, second: Axes, values: Array) -> None:
    """Both axes show the real range and a little more; few points are worth a wider view."""
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    margin = np.where(high > low, 0.12 * (high - low), 0.5)
    for ax in (first, second):
        ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
        ax.set_ylim(low[1] - margin[1], high[1] + margin[1])
    second.tick_params(labelleft=False)
