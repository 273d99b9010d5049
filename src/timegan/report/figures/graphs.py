"""Graphs as data: what a picture and a browser both draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from timegan.metrics.windows import Array
from timegan.variation import divisor, negligible

SIDES = ("real", "synthetic")


@dataclass(frozen=True)
class Line:
    """A curve with gaps where it is NaN.

    Args:
        side: whose it is, which gives its colour: real, synthetic, or muted for neither.
        x: positions.
        y: values.
        z: values of a second feature, in space.
        width: in pixels.
        opacity: from 0 to 1.
        fill: opacity of the area between the curve and ``base``.
        base: values (None: zero).
        hover: template of what a browser tells of a point.
    """

    side: str
    x: Array
    y: Array
    z: Array | None = None
    width: float = 1.8
    opacity: float = 1.0
    fill: float = 0.0
    base: Array | None = None
    hover: str = "%{y:.3~g}"


@dataclass(frozen=True)
class Dots:
    """Points of one side; ``texts`` name them, and ``size`` is in pixels."""

    side: str
    x: Array
    y: Array
    size: float = 5
    opacity: float = 0.5
    texts: Sequence[str] | None = None
    hover: str = "%{x:.5~g}, %{y:.5~g}<extra></extra>"


@dataclass(frozen=True)
class Bars:
    """Bars of one side, whose left edges lie ``offset`` from their positions."""

    side: str
    x: Array
    y: Array
    width: float
    offset: float


@dataclass(frozen=True)
class Matrix:
    """A matrix in colours, from ``-limit`` to ``limit``; NaN has none."""

    values: Array
    limit: float


@dataclass(frozen=True)
class Axis:
    """An axis.

    Args:
        title: what it measures.
        limits: None for the range of what is drawn.
        ticks: labels of positions, in place of numbers.
        is_log: orders of magnitude lie at equal distances.
        is_bare: without numbers and lines.
    """

    title: str = ""
    limits: tuple[float, float | None] | None = None
    ticks: Mapping[int, str] | None = None
    is_log: bool = False
    is_bare: bool = False

    @classmethod
    def of_names(cls, names: Sequence[str]) -> "Axis":
        """Return an axis of features from the top, at the positions 0, 1, 2 ..."""
        return cls(limits=(len(names) - 0.5, -0.5), ticks=dict(enumerate(names)))


@dataclass(frozen=True)
class View:
    """Marks on two axes, or in space.

    Args:
        marks: what is drawn, from back to front.
        x: horizontal axis.
        y: vertical axis.
        z: third axis, in space.
        title: heading in a picture, in place of the graph's.
        is_unified: a browser tells of all curves at once.
    """

    marks: Sequence[Line | Dots | Bars | Matrix]
    x: Axis = Axis()
    y: Axis = Axis()
    z: Axis | None = None
    title: str = ""
    is_unified: bool = False


@dataclass(frozen=True)
class Graph:
    """A part of a figure, mostly about one feature.

    Args:
        title: its heading.
        views: one, or two with the same scales beside each other.
        note: a figure that belongs to the heading.
        height: in pixels.
        is_extra: left out of pictures, and shown in a browser when asked for.
    """

    title: str
    views: Sequence[View]
    note: str = ""
    height: int = 220
    is_extra: bool = False


def pair_of_curves(x: Array, real: Array, synthetic: Array) -> list[Line]:
    """Return a thick real curve below a thin synthetic one; either may be shorter than ``x``."""
    return [
        Line("real", x[: len(real)], real, width=4, opacity=0.6),
        Line("synthetic", x[: len(synthetic)], synthetic),
    ]


def with_gaps(curves: Array) -> Array:
    """Return curves (n, T) one after another, each followed by NaN."""
    found: Array = np.pad(
        curves.astype(np.float64), ((0, 0), (0, 1)), constant_values=np.nan
    ).ravel()
    return found


def range_of(values: Array, share: float = 0.0) -> list[tuple[float, float]]:
    """Return the ends of an axis for each feature of windows (N, T, C): the range, and more.

    An axis needs ends that single precision tells apart, which is what a browser draws in. A
    feature that varies less is shown in the middle of a range of its own size.

    Args:
        values: windows.
        share: of the range that is added on either side.

    >>> range_of(np.array([[[0.0, 2.0], [1.0, 2.0]]]), 0.5)
    [(-0.5, 1.5), (1.0, 3.0)]
    """
    low, high = np.nanmin(values, axis=(0, 1)), np.nanmax(values, axis=(0, 1))
    largest = np.maximum(np.abs(low), np.abs(high))
    narrow = negligible(high - low, largest, np.float32)
    room = np.where(narrow, 0.5 * divisor(largest), share * (high - low))
    return [(float(a), float(b)) for a, b in zip(low - room, high + room, strict=True)]
