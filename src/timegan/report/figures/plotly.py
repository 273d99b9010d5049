"""Graphs as plotly.js has them: dictionaries that the page hands to it.

A colour is a name such as ``@real`` or ``@real/0.2`` (its opacity), which the page replaces by that
of day or night. A trace's ``meta`` says which side it belongs to, so that one legend rules all
graphs of a figure.
"""

import base64
from html import escape
from typing import Any

import numpy as np

from timegan.metrics.windows import Array
from timegan.report.figures.graphs import SIDES, Axis, Bars, Dots, Graph, Line, Matrix
from timegan.report.formatting import label

Spec = dict[str, Any]

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
    "nticks": 6,
}
TEMPLATE: Spec = {
    "layout": {
        "paper_bgcolor": "@surface/0",
        "plot_bgcolor": "@surface/0",
        "font": {"color": "@ink", "family": "system-ui, -apple-system, Segoe UI, sans-serif"},
        "margin": {"l": 12, "r": 8, "t": 8, "b": 26},
        "showlegend": False,
        "hovermode": "closest",
        "barmode": "overlay",
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
_SPACE: Spec = {
    "aspectmode": "manual",
    "aspectratio": {"x": 1.25, "y": 1, "z": 0.85},
    "camera": {
        "eye": {"x": -1.35, "y": -1.75, "z": 0.75},
        "center": {"x": 0, "y": 0, "z": -0.12},
    },
}


def spec(graph: Graph) -> Spec:
    """Return a graph's traces and its layout."""
    first, data = graph.views[0], []
    layout: Spec = {"hovermode": "x unified"} if first.is_unified else {}
    if first.z:
        axes = {"xaxis": _axis(first.x), "yaxis": _axis(first.y), "zaxis": _axis(first.z)}
        layout = {"scene": axes | _SPACE, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
        return {"data": [t for mark in first.marks for t in _traces(mark)], "layout": layout}
    for view, number in zip(graph.views, ("", "2"), strict=False):
        layout |= {f"xaxis{number}": _axis(view.x), f"yaxis{number}": _axis(view.y)}
        place = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        data += [trace | place for mark in view.marks for trace in _traces(mark)]
    if len(graph.views) == 2:  # they zoom together
        layout["xaxis"] |= {"domain": [0, 0.485]}
        layout["xaxis2"] |= {"domain": [0.515, 1], "matches": "x"}
        layout["yaxis2"] = {"anchor": "x2", "matches": "y", "showticklabels": False}
    return {"data": data, "layout": layout}


def _axis(axis: Axis) -> Spec:
    found: Spec = {"title": {"text": plain(axis.title)}} if axis.title else {}
    if axis.limits:
        found["range"] = list(axis.limits)
    if axis.is_log:  # one label for each power of ten
        found |= {"type": "log", "minor": {"ticks": ""}, "dtick": 1}
    if axis.is_bare:
        found |= {"showticklabels": False, "showgrid": False, "zeroline": False}
    if axis.ticks:
        texts = [plain(label(text, 14)) for text in axis.ticks.values()]
        found |= {"tickmode": "array", "tickvals": list(axis.ticks), "ticktext": texts}
        found |= {"zeroline": False, "showgrid": False}
    return found


def _traces(mark: Line | Dots | Bars | Matrix) -> list[Spec]:
    if isinstance(mark, Matrix):
        return [_heatmap(mark)]
    trace: Spec = {"x": numbers(mark.x), "y": numbers(mark.y)}
    trace |= {"name": mark.side, "meta": mark.side} if mark.side in SIDES else {"hoverinfo": "skip"}
    colour = f"@{mark.side}"
    if isinstance(mark, Bars):
        trace |= {"type": "bar", "width": mark.width, "offset": mark.offset}
        return [trace | {"marker": {"color": f"{colour}/0.75"}, "hovertemplate": "%{y:.1%}"}]
    if mark.side in SIDES:
        trace["hovertemplate"] = mark.hover
    if isinstance(mark, Dots):
        marker = {"color": colour, "size": mark.size, "opacity": mark.opacity}
        trace |= {"type": "scatter", "mode": "markers", "marker": marker}
        return [trace | ({"text": [plain(t) for t in mark.texts]} if mark.texts else {})]
    trace |= {"type": "scatter", "mode": "lines", "opacity": mark.opacity}
    trace["line"] = {"color": colour, "width": mark.width}
    if mark.z is not None:
        return [trace | {"type": "scatter3d", "z": numbers(mark.z)}]
    if not mark.fill:
        return [trace]
    area = {"fill": "tozeroy", "fillcolor": f"{colour}/{mark.fill}"}
    if mark.base is None:
        return [trace | area]
    del trace["hovertemplate"]
    trace["hoverinfo"] = "skip"
    return [trace | {"y": numbers(mark.base)}, trace | area | {"fill": "tonexty"}]


def _heatmap(mark: Matrix) -> Spec:
    rows = [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in mark.values]
    trace: Spec = {
        "type": "heatmap",
        "z": rows,
        "zmin": -mark.limit,
        "zmax": mark.limit,
        "colorscale": [[0, "@synthetic"], [0.5, "@surface"], [1, "@real"]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y} × %{x}: %{z:.3f}<extra></extra>",
    }
    small = {"texttemplate": "%{z:.2f}", "textfont": {"size": 10}}
    return trace | (small if len(rows) <= 8 else {})


def plain(name: str) -> str:
    """Return a name that plotly shows without interpreting tags and formulas.

    >>> plain("<b> in $")
    '&lt;b&gt; in &#36;'
    """
    return escape(name, quote=False).replace("$", "&#36;")


def numbers(values: Array) -> Spec:
    """Return numbers in the form that plotly.js reads fastest: four bytes each, in base64."""
    content = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return {"dtype": "f4", "bdata": base64.b64encode(content).decode()}
