"""Figures for a browser: arrays (N, T, C) in, plotly's descriptions of graphs out.

They are plain dictionaries, which the page hands to plotly.js. A colour is a name such as
``@real`` or ``@real/0.2`` (its opacity), which the page replaces by that of day or night. A trace's
``meta`` says which side it belongs to, so that one legend rules all graphs of a figure.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from timegan.metrics.arrays import Array, subset
from timegan.metrics.autocorrelation import autocorrelation, changes
from timegan.metrics.correlation import correlations
from timegan.metrics.density import Densities, change_densities, densities
from timegan.metrics.projection import Projection
from timegan.metrics.spectrum import spectrum
from timegan.report.choice import features_to_draw, pair_in_space, pairs_to_draw
from timegan.report.figures import DENSITIES, FEATURES, PAIRS
from timegan.report.words import decimal, label
from timegan.seeds import rng

Spec = dict[str, Any]

SIDES = ("real", "synthetic")
POINTS = 160
"""Points of a density's curve."""
DOTS = 350
"""Dots of one side of a pair of features: each is an element of the page."""
MOST = 60
"""Features that a figure has graphs of, at most."""

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
"""What all graphs share."""


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


def samples(
    real: Array, synthetic: Array, features: Sequence[str], *, count: int = 12, seed: int = 0
) -> list[Graph]:
    """Example windows, over the band that holds 90% of all of them at each step."""
    steps = np.arange(real.shape[1])
    found: dict[int, list[Spec]] = {c: [] for c in range(real.shape[2])}
    for axis, windows, side in (("", real, "real"), ("2", synthetic, "synthetic")):
        shown = subset(windows, count, rng(seed, "figure", "samples", side))
        low, high = np.quantile(windows, (0.05, 0.95), axis=0)
        for c, traces in found.items():
            place = {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "meta": side}
            band = _line(steps, low[:, c], side, width=0, hoverinfo="skip", **place)
            traces.append(band)
            traces.append(
                _line(steps, high[:, c], side, width=0, hoverinfo="skip", **place)
                | {"fill": "tonexty", "fillcolor": f"@{side}/0.14"}
            )
            x, y = _broken(steps, shown[:, :, c])
            hover = {"hovertemplate": "step %{x}: %{y:.5~g}<extra></extra>"}
            traces.append(_line(x, y, side, width=1.1, opacity=0.8, **place, **hover))
    layout = _side_by_side("step", "step") | {"hovermode": "closest"}
    return _per_feature(real, synthetic, features, FEATURES, lambda c: (found[c], layout, ""))


def density(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """The density of each feature over all windows and steps."""

    def graph(c: int) -> tuple[list[Spec], Spec, str]:
        return _density(densities(real[..., c], synthetic[..., c]))

    return _per_feature(real, synthetic, features, DENSITIES, graph)


def density_of_changes(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """The density of each feature's changes from step to step."""
    every = change_densities(real, synthetic)
    worst = sorted(range(len(every)), key=lambda c: every[c].overlap)[:DENSITIES]
    return _ordered(sorted(worst), features, lambda c: _density(every[c]))


def statistics(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """Each statistic in min-max units (``statistics_scaled``): real and synthetic, joined."""
    features = list(dict.fromkeys(str(row["feature"]) for row in rows))
    names = list(dict.fromkeys(str(row["statistic"]) for row in rows))
    graphs = []
    for name in names:
        chosen = [row for row in rows if row["statistic"] == name]
        places = np.arange(len(chosen))
        ends = np.array([[row["real"], row["synthetic"]] for row in chosen], dtype=np.float64)
        x, y = _joined(ends, places)
        data: list[Spec] = [
            {"type": "scatter", "mode": "lines", "x": _numbers(x), "y": _numbers(y)}
            | {"line": {"color": "@muted", "width": 1.6}, "hoverinfo": "skip"}
        ]
        for number, (side, size) in enumerate(zip(SIDES, (10, 6.5), strict=True)):
            data.append(
                {"type": "scatter", "mode": "markers", "meta": side, "name": side}
                | {"x": _numbers(ends[:, number]), "y": _numbers(places)}
                | {"marker": {"color": f"@{side}", "size": size}}
                | {"text": [_plain(str(row["feature"])) for row in chosen]}
                | {"hovertemplate": "%{text}: %{x:.4~g}"}
            )
        low, high = (float(f(ends)) if ends.size else 0.0 for f in (np.min, np.max))
        margin = max(0.0, 0.25 - (high - low)) / 2 + 0.1 * (high - low)
        layout = {
            "hovermode": "closest",
            "xaxis": {"range": [low - margin, high + margin], "nticks": 5},
            "yaxis": _names(features) | {"range": [len(features) - 0.5, -0.5], "showgrid": False},
        }
        title = {"std": "standard deviation"}.get(name, name)
        graphs.append(Graph(title, _spec(data, layout), height=26 * len(features) + 60))
    return graphs


def projection(pca: Projection, tsne: Projection | None) -> list[Graph]:
    """Whole windows on a plane: principal components, and t-SNE."""
    graphs = []
    for title, points in (("PCA", pca), ("t-SNE", tsne)):
        if points is None:
            continue
        data = []
        # In turns, so that neither set hides the other.
        for part in range(6):
            for side, places in zip(SIDES, (points.real, points.synthetic), strict=True):
                data.append(
                    {"type": "scatter", "mode": "markers", "meta": side, "name": side}
                    | {"x": _numbers(places[part::6, 0]), "y": _numbers(places[part::6, 1])}
                    | {"marker": {"color": f"@{side}", "size": 5, "opacity": 0.55}}
                    | {"hovertemplate": f"{side}<extra></extra>"}
                )
        bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
        layout = {"hovermode": "closest", "xaxis": bare, "yaxis": bare}
        shares = ", ".join(f"{share:.0%}" for share in points.explained)
        note = f"{shares} of the variance" if shares else "neighbourhoods; distances mean little"
        graphs.append(Graph(title, _spec(data, layout), note, height=360))
    return graphs


def autocorrelations(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """Autocorrelation of each feature's values (left) and of its changes (right)."""
    forms = [(real, synthetic)]
    if real.shape[1] > 2:
        forms.append((changes(real), changes(synthetic)))
    curves = [[autocorrelation(windows) for windows in pair] for pair in forms]

    def graph(c: int) -> tuple[list[Spec], Spec, str]:
        data = []
        for axis, pair in zip(("", "2"), curves, strict=False):
            place = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
            data += [
                _line(np.arange(len(curve)), curve[:, c], side, width=width, meta=side, **place)
                | {"hovertemplate": "%{y:.3f}", "opacity": 0.6 if side == "real" else 1.0}
                for side, width, curve in zip(SIDES, (4, 1.8), pair, strict=True)
            ]
        layout = _side_by_side("lag, values", "lag, changes")
        if len(curves) == 1:
            layout = {"xaxis": {"title": {"text": "lag"}}}
        layout["yaxis"] = {"range": [min(_least(data), -0.1) - 0.05, 1.06]}
        return data, layout, ""

    return _per_feature(real, synthetic, features, FEATURES, graph)


def spectra(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """The power of each feature at each frequency."""
    frequencies, _ = spectrum(real[:1])
    powers = [spectrum(windows)[1] for windows in (real, synthetic)]
    both = np.concatenate(powers)
    low = np.where(both > 0, both, np.inf).min(axis=0)
    wide = both.max(axis=0) > 30 * low

    def graph(c: int) -> tuple[list[Spec], Spec, str]:
        hover = {"hovertemplate": "%{y:.3~g}"}
        data = []
        for side, width, power in zip(SIDES, (4, 1.8), powers, strict=True):
            positive = np.where(power[:, c] > 0, power[:, c], np.nan)
            opacity = 0.6 if side == "real" else 1.0
            line = _line(frequencies, positive, side, width=width, meta=side, opacity=opacity)
            data.append(line | hover)
        layout = {
            "xaxis": {"title": {"text": "cycles per step"}},
            # One label for each power of ten, unless there is hardly one.
            "yaxis": {"type": "log", "minor": {"ticks": ""}, "dtick": 1 if wide[c] else "D2"},
        }
        return data, layout, ""

    return _per_feature(real, synthetic, features, FEATURES, graph)


def scatter(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """Pairs of features, real beside synthetic, each with its correlation."""
    r = [correlations(windows) for windows in (real, synthetic)]
    rows = [
        subset(windows.reshape(-1, windows.shape[2]), DOTS, rng(0, "figure", "rows", side[0]))
        for windows, side in zip((real, synthetic), SIDES, strict=True)
    ]
    low, high = real.min(axis=(0, 1)), real.max(axis=(0, 1))
    margin = np.where(high > low, 0.12 * (high - low), 0.5)
    view = [[float(a), float(b)] for a, b in zip(low - margin, high + margin, strict=True)]
    graphs = []
    for i, j in pairs_to_draw(real, synthetic, PAIRS):
        data = [
            {"type": "scatter", "mode": "markers", "meta": side}
            | {"x": _numbers(points[:, i]), "y": _numbers(points[:, j])}
            | {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
            | {"marker": {"color": f"@{side}", "size": 4, "opacity": 0.5}}
            | {"hovertemplate": "%{x:.5~g}, %{y:.5~g}<extra></extra>"}
            for axis, side, points in zip(("", "2"), SIDES, rows, strict=True)
        ]
        names = [_plain(label(features[c])) for c in (i, j)]
        layout = _side_by_side(names[0], names[0]) | {"hovermode": "closest"}
        layout["xaxis"]["range"], layout["yaxis"] = view[i], {"range": view[j]}
        layout["yaxis"]["title"] = {"text": names[1]}
        found = [decimal(float(m[i, j])) if np.isfinite(m[i, j]) else "none" for m in r]
        title = f"{label(features[i])} and {label(features[j])}"
        note = f"r = {found[0]} real, {found[1]} synthetic"
        graphs.append(Graph(title, _spec(data, layout), note, height=240))
    return graphs


def correlation_matrices(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """All correlations at once: real, synthetic, and synthetic less real."""
    a, b = correlations(real), correlations(synthetic)
    known = np.abs(b - a)[np.isfinite(b - a)]
    most = max(float(known.max()) if known.size else 0.0, 0.05)
    count = len(features)
    names = [_plain(name) for name in features]
    text = [[f"{first} × {second}" for second in names] for first in names]
    graphs = []
    for title, matrix, limit in (
        ("Real", a, 1.0),
        ("Synthetic", b, 1.0),
        ("Difference", b - a, most),
    ):
        data: Spec = {
            "type": "heatmap",
            "z": [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in matrix],
            "text": text,
            "hovertemplate": "%{text}: %{z:.3f}<extra></extra>",
            "zmin": -limit,
            "zmax": limit,
            "colorscale": [[0, "@synthetic"], [0.5, "@surface"], [1, "@real"]],
            "showscale": False,
            "xgap": 1,
            "ygap": 1,
        }
        if count <= 8:
            data |= {"texttemplate": "%{z:.2f}", "textfont": {"size": 10}}
        axis = _names(features) | {"showgrid": False, "tickfont": {"size": 11 if count < 13 else 8}}
        layout = {
            "hovermode": "closest",
            "xaxis": axis | {"tickangle": -90},
            "yaxis": axis | {"range": [count - 0.5, -0.5]},
        }
        note = "" if limit == 1 else f"full colour at ±{decimal(limit, 2)}"
        height = min(max(300, 16 * count + 110), 640)
        graphs.append(Graph(title, _spec([data], layout), note, height=height))
    return graphs


def trajectories(
    real: Array, synthetic: Array, features: Sequence[str], *, count: int = 40, seed: int = 0
) -> list[Graph]:
    """Sequences as curves in the space of two features and time."""
    i, j = pair_in_space(real)
    limits = []
    for c in (i, j):
        low, high = float(real[..., c].min()), float(real[..., c].max())
        limits.append([low, high if high > low else low + 1])
    steps = np.arange(real.shape[1])
    names = [_plain(label(features[c])) for c in (i, j)]
    graphs = []
    for side, windows in zip(SIDES, (real, synthetic), strict=True):
        shown = subset(windows, count, rng(seed, "figure", "trajectories", side))
        x, y = _broken(steps, shown[:, :, i])
        data = {
            "type": "scatter3d",
            "mode": "lines",
            "meta": side,
            "x": _numbers(x),
            "y": _numbers(y),
            "z": _numbers(_broken(steps, shown[:, :, j])[1]),
            "line": {"color": f"@{side}", "width": 2.5},
            "opacity": 0.75,
            "hovertemplate": "step %{x}: %{y:.5~g}, %{z:.5~g}<extra></extra>",
        }
        scene = {
            "xaxis": {"title": {"text": "step"}},
            "yaxis": {"title": {"text": names[0]}, "range": limits[0]},
            "zaxis": {"title": {"text": names[1]}, "range": limits[1]},
            "aspectmode": "manual",
            "aspectratio": {"x": 1.25, "y": 1, "z": 0.85},
            "camera": {
                "eye": {"x": -1.35, "y": -1.75, "z": 0.75},
                "center": {"x": 0, "y": 0, "z": -0.12},
            },
        }
        margin = {"l": 0, "r": 0, "t": 0, "b": 0}
        graphs.append(
            Graph(side.capitalize(), _spec([data], {"scene": scene, "margin": margin}), height=380)
        )
    return graphs


def _density(d: Densities) -> tuple[list[Spec], Spec, str]:
    both = d.real + d.synthetic
    seen = np.flatnonzero(both > 1e-3 * both.max())
    places = np.unique(np.linspace(seen[0], seen[-1], POINTS).round().astype(int))
    data = [
        _line(d.grid[places], curve[places], side, width=1.8, meta=side)
        | {"fill": "tozeroy", "fillcolor": f"@{side}/{0.22 if side == 'real' else 0.1}"}
        | {"hovertemplate": "%{y:.3~g}"}
        for side, curve in zip(SIDES, (d.real, d.synthetic), strict=True)
    ]
    layout = {
        "yaxis": {"showticklabels": False, "rangemode": "tozero", "showgrid": False},
        "xaxis": {"nticks": 6},
    }
    return data, layout, f"overlap {d.overlap:.3f}"


def _per_feature(
    real: Array, synthetic: Array, features: Sequence[str], limit: int, graph: Any
) -> list[Graph]:
    return _ordered(features_to_draw(real, synthetic, limit), features, graph)


def _ordered(first: Sequence[int], features: Sequence[str], graph: Any) -> list[Graph]:
    """A graph for each feature: the ``first`` ones, and the others for those who ask."""
    others = [c for c in range(len(features)) if c not in first]
    graphs = []
    for c in [*first, *others][:MOST]:
        data, layout, note = graph(c)
        graphs.append(Graph(features[c], _spec(data, layout), note, extra=c not in first))
    return graphs


def _spec(data: list[Spec], layout: Spec) -> Spec:
    return {"data": data, "layout": layout}


def _side_by_side(first: str, second: str) -> Spec:
    """Two graphs with one scale: what is zoomed in one is zoomed in the other."""
    return {
        "xaxis": {"domain": [0, 0.485], "title": {"text": first}, "nticks": 5},
        "xaxis2": {"domain": [0.515, 1], "title": {"text": second}, "nticks": 5, "matches": "x"},
        "yaxis": {},
        "yaxis2": {"anchor": "x2", "matches": "y", "showticklabels": False},
    }


def _line(x: Array, y: Array, side: str, *, width: float, **more: Any) -> Spec:
    line = {"color": f"@{side}", "width": width}
    trace = {"type": "scatter", "mode": "lines", "name": side, "line": line}
    return trace | {"x": _numbers(x), "y": _numbers(y)} | more


def _names(features: Sequence[str]) -> Spec:
    """An axis of features, at the places 0, 1, 2 ..."""
    names = [_plain(label(name, 14)) for name in features]
    return {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "ticks": "",
        "zeroline": False,
    }


def _plain(name: str) -> str:
    """A name that plotly shows as it is, though it has tags and formulas of its own.

    >>> _plain("<b> in $")
    '&lt;b&gt; in &#36;'
    """
    return escape(name, quote=False).replace("$", "&#36;")


def _broken(steps: Array, curves: Array) -> tuple[Array, Array]:
    """Curves (n, T) as one line with gaps."""
    x = np.append(steps.astype(np.float64), np.nan)
    y = np.pad(curves.astype(np.float64), ((0, 0), (0, 1)), constant_values=np.nan)
    return np.tile(x, len(curves)), y.ravel()


def _joined(ends: Array, places: Array) -> tuple[Array, Array]:
    """A line from end to end at each place, with gaps."""
    x = np.pad(ends, ((0, 0), (0, 1)), constant_values=np.nan)
    y = np.repeat(places.astype(np.float64), 3)
    return x.ravel(), y


def _numbers(values: Array) -> Spec:
    """Numbers as plotly.js reads them fastest: four bytes each, in base64."""
    content = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return {"dtype": "f4", "bdata": base64.b64encode(content).decode()}


def _least(data: list[Spec]) -> float:
    """The smallest value of all curves."""
    values = [np.frombuffer(base64.b64decode(t["y"]["bdata"]), dtype="<f4") for t in data]
    known = np.concatenate(values)
    known = known[np.isfinite(known)]
    return float(known.min()) if known.size else 0.0
