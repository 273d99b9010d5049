"""Graphs as a picture, by Matplotlib. Real is blue, synthetic orange."""

import io
from collections.abc import Sequence
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from mpl_toolkits.mplot3d.art3d import Line3DCollection  # type: ignore[import-untyped]
from PIL import Image

from timegan.report.figures.graphs import SIDES, Axis, Bars, Dots, Graph, Line, Matrix, View
from timegan.report.figures.theme import LIGHT, colormap, style
from timegan.report.formatting import label

DPI = 150
WIDTH = 8.6
"""Inches."""
PIXELS = 100
"""Pixels an inch of what has a size in pixels."""
POINTS = 0.8
"""Points a pixel."""
MAX_NUMBERS = 8
"""Rows of a matrix up to which its numbers are written."""


@style()
def picture(graphs: Sequence[Graph], columns: int) -> Figure:
    """Draw those graphs that are not extra, in columns."""
    shown = [graph for graph in graphs if not graph.is_extra]
    views = len(shown[0].views)
    in_space = shown[0].views[0].z is not None
    columns = views * (2 if (columns, len(shown)) == (3, 4) else min(columns, len(shown)))
    rows = -(-len(shown) * views // columns)
    size = (WIDTH, rows * shown[0].height / PIXELS + 0.4)
    figure = Figure(figsize=size, layout=None if in_space else "constrained")
    kind = {"projection": "3d"} if in_space else {}
    grid: Any = figure.subplots(rows, columns, squeeze=False, subplot_kw=kind)
    axes = grid.ravel().tolist()
    for ax in axes[len(shown) * views :]:
        ax.set_visible(False)
    for number, graph in enumerate(shown):
        pair = axes[number * views : (number + 1) * views]
        for ax, view in zip(pair, graph.views, strict=True):
            _draw(ax, view)
            ax.set_title(view.title or label(graph.title), color=_colour(view), fontsize=10)
        if views == 2:
            _share_limits(*pair)
        elif graph.note:
            ax.set_xlabel("\n".join(filter(None, (view.x.title, graph.note))), fontsize=9)
    if in_space:
        figure.subplots_adjust(0.0, 0.02, 0.93, 0.94, 0.08)
    elif not isinstance(shown[0].views[0].marks[-1], Matrix):
        _legend(figure, dots=isinstance(shown[0].views[0].marks[-1], Dots))
    return figure


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


def _draw(ax: Any, view: View) -> None:
    """Draw the marks of a view on its axes."""
    few_ticks(ax, y=4)
    for mark in view.marks:
        colour = None if isinstance(mark, Matrix) else getattr(LIGHT, mark.side)
        match mark:
            case Line(z=None):
                width = POINTS * mark.width
                if mark.fill:
                    base = 0 if mark.base is None else mark.base
                    ax.fill_between(
                        mark.x, base, mark.y, color=colour, alpha=mark.fill, linewidth=0
                    )
                if width:
                    dot = "." if len(mark.x) < 13 and mark.side in SIDES else None
                    style = {"marker": dot, "markersize": 2.5 * width, "alpha": mark.opacity}
                    ax.plot(mark.x, mark.y, color=colour, linewidth=width, **style)
            case Line(z=heights):
                points = np.stack([mark.x, mark.y, np.asarray(heights)], axis=1)
                ends = np.flatnonzero(np.isnan(points).any(axis=1))
                parts = [part[~np.isnan(part).any(axis=1)] for part in np.split(points, ends)]
                parts = [part for part in parts if len(part)]
                style = {"linewidths": POINTS * mark.width / 2, "alpha": mark.opacity}
                ax.add_collection3d(Line3DCollection(parts, colors=colour, **style))
                ax.set_xlim(0, max(float(np.nanmax(mark.x)), 1.0))
            case Dots():
                size = (POINTS * mark.size) ** 2
                style = {"alpha": mark.opacity, "linewidth": 0, "zorder": 3}
                ax.scatter(mark.x, mark.y, s=size, color=colour, **style)
            case Bars():
                place = mark.x + mark.offset + mark.width / 2
                ax.bar(place, mark.y, mark.width, color=colour, alpha=0.75, linewidth=0)
            case Matrix():
                _draw_matrix(ax, mark)
    curves = [mark for mark in view.marks if isinstance(mark, Line) and mark.side in SIDES]
    if curves and not any(np.isfinite(curve.y).any() for curve in curves):
        ax.text(0.5, 0.5, "nothing varies", ha="center", transform=ax.transAxes)
    elif view.y.is_log:
        ax.set_yscale("log")
        ax.tick_params(which="minor", left=False, labelleft=False)
    _dress(ax, "x", view.x)
    _dress(ax, "y", view.y)
    if view.z:
        _dress(ax, "z", view.z)
        ax.view_init(elev=18, azim=-58)
        ax.set_box_aspect((1.25, 1, 0.85), zoom=1.02)
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
            axis.set_pane_color((0, 0, 0, 0))
            axis.line.set_color(LIGHT.line)
            axis.set_major_locator(MaxNLocator(4))


def _draw_matrix(ax: Axes, mark: Matrix) -> None:
    """Draw a matrix in colours, a small one with its numbers."""
    image = ax.imshow(mark.values, cmap=colormap(), vmin=-mark.limit, vmax=mark.limit)
    if len(mark.values) <= MAX_NUMBERS:
        for (i, j), value in np.ndenumerate(mark.values):
            if np.isfinite(value):
                colour = LIGHT.surface if abs(value) > 0.6 * mark.limit else LIGHT.ink
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", size=7, color=colour)
    assert isinstance(ax.figure, Figure)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.7, location="bottom", ticks=MaxNLocator(4))
    bar.outline.set_visible(False)


def _dress(ax: Any, name: str, axis: Axis) -> None:
    """Set title, limits and ticks of one axis."""
    getattr(ax, f"set_{name}label")(axis.title)
    if axis.limits:
        getattr(ax, f"set_{name}lim")(*axis.limits)
    if axis.is_bare:
        getattr(ax, f"set_{name}ticks")([])
    if axis.ticks:
        turned = name == "x" and any(len(text) > 3 for text in axis.ticks.values())
        texts = [label(text) for text in axis.ticks.values()]
        size = 9 if len(texts) < 16 else 6.5
        getattr(ax, f"set_{name}ticks")(
            list(axis.ticks), texts, rotation=90 if turned else 0, fontsize=size
        )
    if axis.is_bare or axis.ticks:
        ax.grid(visible=False, axis=name)


def _share_limits(first: Any, second: Any) -> None:
    """Let two axes beside each other show the same."""
    for name in ("x", "y"):
        both = [getattr(ax, f"get_{name}lim")() for ax in (first, second)]
        for ax in (first, second):
            getattr(ax, f"set_{name}lim")(min(a for a, _ in both), max(b for _, b in both))
    second.tick_params(labelleft=False)
    second.set_ylabel("")


def _colour(view: View) -> str:
    """Return the colour of a view's heading: that of its only side."""
    sides = {mark.side for mark in view.marks if not isinstance(mark, Matrix)}
    return getattr(LIGHT, sides.pop(), LIGHT.ink) if len(sides) == 1 else LIGHT.ink


def _legend(figure: Figure, *, dots: bool) -> None:
    """Draw one legend for the whole figure, above it."""
    marks: Any = {"marker": "o", "linestyle": "none", "markersize": 6} if dots else {"linewidth": 3}
    figure.legend(
        handles=[Line2D([], [], color=getattr(LIGHT, side), label=side, **marks) for side in SIDES],
        loc="outside upper right",
        ncols=2,
        borderpad=0,
        labelcolor=LIGHT.muted,
    )


def png(figure: Figure) -> bytes:
    """Reduce a picture to a palette: a third of the size, and no visible difference."""
    canvas: Any = FigureCanvasAgg(figure)
    figure.set_dpi(DPI)
    with catch_warnings():
        filterwarnings("ignore", "Glyph .* missing from font")  # a box stands for it
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    small = image.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # The corner is surface: exactly the page's, or the picture's edge would show.
    palette, corner = small.getpalette() or [], small.getpixel((0, 0))
    if isinstance(corner, int):
        palette[3 * corner : 3 * corner + 3] = image.getpixel((0, 0))
        small.putpalette(palette)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", dpi=(DPI, DPI))
    return buffer.getvalue()
