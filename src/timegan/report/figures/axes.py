"""Axes that figures share: a grid of them, one key above, few ticks with short labels."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from timegan.metrics.windows import Array
from timegan.report.figures.theme import Theme
from timegan.variation import divisor, negligible


def subplots(count: int, columns: int, height: float, theme: Theme) -> tuple[Figure, list[Axes]]:
    """Return a figure of ``count`` axes in columns, each of a height in inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(theme.width, height * rows + 0.4), layout="constrained")
    axes: Any = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.set_visible(False)
    return figure, list(axes[:count])


def legend(figure: Figure, theme: Theme, *, dots: bool = False) -> None:
    """Draw one legend for the whole figure, above it."""
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
    """Limit the number of ticks on each axis, and shorten their labels."""
    for axis, count in ((ax.xaxis, x), (ax.yaxis, y)):
        if count:
            axis.set_major_locator(MaxNLocator(count))
            axis.set_major_formatter(FuncFormatter(compact))


def compact(value: float, _: object = None) -> str:
    """Return a tick's label: 80k instead of 80000.

    >>> compact(80_000), compact(2.5e7), compact(-0.25)
    ('80k', '25M', '−0.25')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size or (abs(value) >= size and letter != "k"):
            return f"{value / size:g}{letter}".replace("-", "\N{MINUS SIGN}")
    return f"{round(value, 10):g}".replace("-", "\N{MINUS SIGN}")


def view(values: Array, share: float = 0.0) -> list[tuple[float, float]]:
    """Return the ends of an axis for each feature of windows (N, T, C): the range, and more.

    An axis needs ends that single precision tells apart, which is what a browser draws in. A
    feature that varies less is shown in the middle of a range of its own size.

    Args:
        values: windows.
        share: of the range that is added on either side.

    >>> view(np.array([[[0.0, 2.0], [1.0, 2.0]]]), 0.5)
    [(-0.5, 1.5), (1.0, 3.0)]
    """
    low, high = np.nanmin(values, axis=(0, 1)), np.nanmax(values, axis=(0, 1))
    largest = np.maximum(np.abs(low), np.abs(high))
    narrow = negligible(high - low, largest, np.float32)
    room = np.where(narrow, 0.5 * divisor(largest), share * (high - low))
    return [(float(a), float(b)) for a, b in zip(low - room, high + room, strict=True)]


def share_limits(first: Axes, second: Axes, values: Array) -> None:
    """Let both axes show the range of two real features and a little more."""
    x, y = view(values, 0.12)
    for ax in (first, second):
        ax.set_xlim(*x)
        ax.set_ylim(*y)
    second.tick_params(labelleft=False)
