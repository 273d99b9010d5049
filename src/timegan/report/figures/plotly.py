"""Parts of plotly's descriptions of graphs.

They are plain dictionaries, which the page hands to plotly.js. A colour is a name such as
``@real`` or ``@real/0.2`` (its opacity), which the page replaces by that of day or night. A trace's
``meta`` says which side it belongs to, so that one legend rules all graphs of a figure.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from timegan.metrics.windows import Array
from timegan.report.formatting import label

Spec = dict[str, Any]

SIDES = ("real", "synthetic")

_AXIS3D = {
    "backgroundcolor": "@surface/0",
    "gridcolor": "@line",
    "zerolinecolor": "@line",
    "linecolor": "@muted",
    "color": "@muted",
    "tickfont": {"color": "@muted", "size": 10},
    "title": {"font": {"color": "@muted", "size": 12}},
    "showspikes": False,
    "nticks": 6,
}
_AXIS = {
    "gridcolor": "@line",
    "zerolinecolor": "@line",
    "linecolor": "@line",
    "tickfont": {"color": "@muted", "size": 11},
    "title": {"font": {"color": "@muted", "size": 12}, "standoff": 6},
    "automargin": True,
    "hoverformat": ".4~g",
    "exponentformat": "SI",
    "zerolinewidth": 1,
}
TEMPLATE: Spec = {
    "layout": {
        "paper_bgcolor": "@surface/0",
        "plot_bgcolor": "@surface/0",
        "font": {"color": "@ink", "family": "system-ui, -apple-system, Segoe UI, sans-serif"},
        "margin": {"l": 12, "r": 8, "t": 8, "b": 26},
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": "@surface",
            "bordercolor": "@line",
            "font": {"color": "@ink", "size": 12},
        },
        "modebar": {"bgcolor": "@surface/0", "color": "@muted/0.6", "activecolor": "@ink"},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "scene": dict.fromkeys(("xaxis", "yaxis", "zaxis"), _AXIS3D),
    }
}
"""Layout of all graphs."""


@dataclass(frozen=True)
class Graph:
    """One graph of a figure.

    Args:
        title: its heading, usually a feature's name.
        spec: ``data`` and ``layout`` as plotly has them.
        note: a figure that belongs to the heading.
        height: in pixels.
        extra: shown only when asked for.
    """

    title: str
    spec: Spec
    note: str = ""
    height: int = 220
    extra: bool = False


def figure_dict(data: list[Spec], layout: Spec) -> Spec:
    """Return a graph: its traces and its layout."""
    return {"data": data, "layout": layout}


def side_by_side(first: str, second: str) -> Spec:
    """Return two graphs with one scale, which zoom together."""
    return {
        "xaxis": {"domain": [0, 0.485], "title": {"text": first}, "nticks": 5},
        "xaxis2": {"domain": [0.515, 1], "title": {"text": second}, "nticks": 5, "matches": "x"},
        "yaxis": {},
        "yaxis2": {"anchor": "x2", "matches": "y", "showticklabels": False},
    }


def line(x: Array, y: Array, side: str, *, width: float, **more: Any) -> Spec:
    """Return a line of one side; ``more`` are further entries of its trace."""
    line = {"color": f"@{side}", "width": width}
    trace = {"type": "scatter", "mode": "lines", "name": side, "line": line}
    return trace | {"x": numbers(x), "y": numbers(y)} | more


def names(features: Sequence[str]) -> Spec:
    """Return an axis of features, at the positions 0, 1, 2 ..."""
    names = [plain(label(name, 14)) for name in features]
    return {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "ticks": "",
        "zeroline": False,
    }


def plain(name: str) -> str:
    """Return a name that plotly shows without interpreting tags and formulas.

    >>> plain("<b> in $")
    '&lt;b&gt; in &#36;'
    """
    return escape(name, quote=False).replace("$", "&#36;")


def line_with_gaps(steps: Array, curves: Array) -> tuple[Array, Array]:
    """Return curves (n, T) as one line with gaps."""
    x = np.append(steps.astype(np.float64), np.nan)
    y = np.pad(curves.astype(np.float64), ((0, 0), (0, 1)), constant_values=np.nan)
    return np.tile(x, len(curves)), y.ravel()


def segments(ends: Array, places: Array) -> tuple[Array, Array]:
    """Return a line from end to end at each position, with gaps."""
    x = np.pad(ends, ((0, 0), (0, 1)), constant_values=np.nan)
    y = np.repeat(places.astype(np.float64), 3)
    return x.ravel(), y


def numbers(values: Array) -> Spec:
    """Return numbers in the form that plotly.js reads fastest: four bytes each, in base64."""
    content = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return {"dtype": "f4", "bdata": base64.b64encode(content).decode()}


def least(data: list[Spec]) -> float:
    """Return the smallest value of all curves."""
    values = [np.frombuffer(base64.b64decode(t["y"]["bdata"]), dtype="<f4") for t in data]
    known = np.concatenate(values)
    known = known[np.isfinite(known)]
    return float(known.min()) if known.size else 0.0
