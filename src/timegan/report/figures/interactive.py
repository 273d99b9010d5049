"""Figures for a browser: arrays (N, T, C) in, plotly's descriptions of graphs out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from timegan.metrics.fidelity.autocorrelation import autocorrelation, change_autocorrelation
from timegan.metrics.fidelity.correlation import correlations
from timegan.metrics.fidelity.density import Densities
from timegan.metrics.fidelity.power_spectrum import spectrum
from timegan.metrics.fidelity.projection import Projection
from timegan.metrics.windows import Array, subset
from timegan.report.figures import plotly
from timegan.report.figures.axes import view
from timegan.report.figures.calendar_labels import explained, phase_ticks
from timegan.report.figures.data import Bars, Distribution, continued, least_alike
from timegan.report.figures.plotly import SIDES, Graph, Spec
from timegan.report.figures.selection import features_to_draw, pair_in_space, pairs_to_draw
from timegan.report.figures.static import DENSITIES, FEATURES, PAIRS
from timegan.report.formatting import decimal, label
from timegan.seeds import rng

POINTS = 160
"""Points of a density's curve."""
DOTS = 350
"""Dots of one side of a pair of features: each is an element of the page."""
MOST = 60
"""Features that a figure has graphs of, at most."""


def samples(
    real: Array, synthetic: Array, features: Sequence[str], *, count: int = 12, seed: int = 0
) -> list[Graph]:
    """Draw example windows over the band that holds 90% of all windows at each step."""
    found: dict[int, list[Spec]] = {c: [] for c in range(real.shape[2])}
    for axis, windows, side in (("", real, "real"), ("2", synthetic, "synthetic")):
        shown = subset(windows, count, rng(seed, "figure", "samples", side))
        used = ~np.isnan(windows).all(axis=(0, 2))
        steps = np.flatnonzero(used)
        low, high = np.nanquantile(windows[:, used], (0.05, 0.95), axis=0)
        for c, traces in found.items():
            place = {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "meta": side}
            band = plotly.line(steps, low[:, c], side, width=0, hoverinfo="skip", **place)
            traces.append(band)
            traces.append(
                plotly.line(steps, high[:, c], side, width=0, hoverinfo="skip", **place)
                | {"fill": "tonexty", "fillcolor": f"@{side}/0.14"}
            )
            x, y = plotly.line_with_gaps(steps, shown[:, used, c])
            hover = {"hovertemplate": "step %{x}: %{y:.5~g}<extra></extra>"}
            traces.append(plotly.line(x, y, side, width=1.1, opacity=0.8, **place, **hover))
    layout = plotly.side_by_side("step", "step") | {"hovermode": "closest"}
    return _per_feature(real, synthetic, features, FEATURES, lambda c: (found[c], layout, ""))


def distributions(found: Mapping[str, Distribution]) -> list[Graph]:
    """Draw distributions of features by their names: bars of a few values, or densities."""
    names = list(found)
    chosen = [names.index(name) for name in least_alike(found, DENSITIES)]

    def graph(c: int) -> tuple[list[Spec], Spec, str]:
        d = found[names[c]]
        return _bars(d) if isinstance(d, Bars) else _density(d)

    return _ordered(chosen, names, graph)


def statistics(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """Draw each statistic in min-max units (``statistics_scaled``), real and synthetic joined."""
    features = list(dict.fromkeys(str(row["feature"]) for row in rows))
    names = list(dict.fromkeys(str(row["statistic"]) for row in rows))
    graphs = []
    for name in names:
        chosen = [row for row in rows if row["statistic"] == name]
        places = np.arange(len(chosen))
        ends = np.array([[row["real"], row["synthetic"]] for row in chosen], dtype=np.float64)
        x, y = plotly.segments(ends, places)
        data: list[Spec] = [
            {"type": "scatter", "mode": "lines", "x": plotly.numbers(x), "y": plotly.numbers(y)}
            | {"line": {"color": "@muted", "width": 1.6}, "hoverinfo": "skip"}
        ]
        for number, (side, size) in enumerate(zip(SIDES, (10, 6.5), strict=True)):
            data.append(
                {"type": "scatter", "mode": "markers", "meta": side, "name": side}
                | {"x": plotly.numbers(ends[:, number]), "y": plotly.numbers(places)}
                | {"marker": {"color": f"@{side}", "size": size}}
                | {"text": [plotly.plain(str(row["feature"])) for row in chosen]}
                | {"hovertemplate": "%{text}: %{x:.4~g}"}
            )
        low, high = (float(f(ends)) if ends.size else 0.0 for f in (np.min, np.max))
        margin = max(0.0, 0.25 - (high - low)) / 2 + 0.1 * (high - low)
        layout = {
            "hovermode": "closest",
            "xaxis": {"range": [low - margin, high + margin], "nticks": 5},
            "yaxis": plotly.names(features)
            | {"range": [len(features) - 0.5, -0.5], "showgrid": False},
        }
        title = {"std": "standard deviation"}.get(name, name)
        graphs.append(
            Graph(title, plotly.figure_dict(data, layout), height=26 * len(features) + 60)
        )
    return graphs


def projection(pca: Projection, tsne: Projection | None) -> list[Graph]:
    """Draw whole windows on a plane: principal components, and t-SNE."""
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
                    | {
                        "x": plotly.numbers(places[part::6, 0]),
                        "y": plotly.numbers(places[part::6, 1]),
                    }
                    | {"marker": {"color": f"@{side}", "size": 5, "opacity": 0.55}}
                    | {"hovertemplate": f"{side}<extra></extra>"}
                )
        bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
        layout = {"hovermode": "closest", "xaxis": bare, "yaxis": bare}
        shares = ", ".join(f"{share:.0%}" for share in points.explained)
        note = f"{shares} of the variance" if shares else "neighbourhoods; distances mean little"
        graphs.append(Graph(title, plotly.figure_dict(data, layout), note, height=360))
    return graphs


def autocorrelations(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """Draw the autocorrelation of each feature's values (left) and of its changes (right)."""
    ways: list[Callable[[Array], Array]] = [autocorrelation]
    if real.shape[1] > 2:
        ways.append(change_autocorrelation)
    curves = [[curve_of(windows) for windows in (real, synthetic)] for curve_of in ways]

    def graph(c: int) -> tuple[list[Spec], Spec, str]:
        data = []
        for axis, pair in zip(("", "2"), curves, strict=False):
            place = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
            data += [
                plotly.line(
                    np.arange(len(curve)), curve[:, c], side, width=width, meta=side, **place
                )
                | {"hovertemplate": "%{y:.3f}", "opacity": 0.6 if side == "real" else 1.0}
                for side, width, curve in zip(SIDES, (4, 1.8), pair, strict=True)
            ]
        layout = plotly.side_by_side("lag, values", "lag, changes")
        if len(curves) == 1:
            layout = {"xaxis": {"title": {"text": "lag"}}}
        layout["yaxis"] = {"range": [min(plotly.least(data), -0.1) - 0.05, 1.06]}
        return data, layout, ""

    return _per_feature(real, synthetic, features, FEATURES, graph)


def spectra(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """Draw the power of each feature at each frequency."""
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
            line = plotly.line(frequencies, positive, side, width=width, meta=side, opacity=opacity)
            data.append(line | hover)
        layout = {
            "xaxis": {"title": {"text": "cycles per step"}},
            # One label for each power of ten, unless there is hardly one.
            "yaxis": {"type": "log", "minor": {"ticks": ""}, "dtick": 1 if wide[c] else "D2"},
        }
        return data, layout, ""

    return _per_feature(real, synthetic, features, FEATURES, graph)


def profiles(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """Draw the mean of a feature at each phase of the calendar (rows of ``timing``)."""
    graphs = []
    for number, row in enumerate(rows[:MOST]):
        ticks = phase_ticks(row["part"])
        data = []
        for side, width in zip(SIDES, (4, 1.8), strict=True):
            means = np.array(row["profiles"].get(side, []), dtype=np.float64)
            opacity = 0.6 if side == "real" else 1.0
            line = plotly.line(
                np.arange(len(means)), means, side, width=width, meta=side, opacity=opacity
            )
            data.append(line | {"hovertemplate": "%{y:.4~g}"})
        layout = {
            "xaxis": {
                "title": {"text": row["phase"]},
                "tickmode": "array",
                "tickvals": list(ticks),
                "ticktext": list(ticks.values()),
            }
        }
        spec = plotly.figure_dict(data, layout)
        extra = number >= DENSITIES
        graphs.append(Graph(row["feature"], spec, explained(row), extra=extra))
    return graphs


def scatter(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """Draw pairs of features, real beside synthetic, each with its correlation."""
    r = [correlations(windows) for windows in (real, synthetic)]
    rows = [
        subset(windows.reshape(-1, windows.shape[2]), DOTS, rng(0, "figure", "rows", side[0]))
        for windows, side in zip((real, synthetic), SIDES, strict=True)
    ]
    ends = view(real, 0.12)
    graphs = []
    for i, j in pairs_to_draw(real, synthetic, PAIRS):
        data = [
            {"type": "scatter", "mode": "markers", "meta": side}
            | {"x": plotly.numbers(points[:, i]), "y": plotly.numbers(points[:, j])}
            | {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
            | {"marker": {"color": f"@{side}", "size": 4, "opacity": 0.5}}
            | {"hovertemplate": "%{x:.5~g}, %{y:.5~g}<extra></extra>"}
            for axis, side, points in zip(("", "2"), SIDES, rows, strict=True)
        ]
        names = [plotly.plain(label(features[c])) for c in (i, j)]
        layout = plotly.side_by_side(names[0], names[0]) | {"hovermode": "closest"}
        layout["xaxis"]["range"], layout["yaxis"] = list(ends[i]), {"range": list(ends[j])}
        layout["yaxis"]["title"] = {"text": names[1]}
        found = [decimal(float(m[i, j])) if np.isfinite(m[i, j]) else "none" for m in r]
        title = f"{label(features[i])} and {label(features[j])}"
        note = f"r = {found[0]} real, {found[1]} synthetic"
        graphs.append(Graph(title, plotly.figure_dict(data, layout), note, height=240))
    return graphs


def correlation_matrices(real: Array, synthetic: Array, features: Sequence[str]) -> list[Graph]:
    """Draw all correlations: real, synthetic, and synthetic minus real."""
    a, b = correlations(real), correlations(synthetic)
    known = np.abs(b - a)[np.isfinite(b - a)]
    most = max(float(known.max()) if known.size else 0.0, 0.05)
    count = len(features)
    names = [plotly.plain(name) for name in features]
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
        axis = plotly.names(features) | {
            "showgrid": False,
            "tickfont": {"size": 11 if count < 13 else 8},
        }
        layout = {
            "hovermode": "closest",
            "xaxis": axis | {"tickangle": -90},
            "yaxis": axis | {"range": [count - 0.5, -0.5]},
        }
        note = "" if limit == 1 else f"full colour at ±{decimal(limit, 2)}"
        height = min(max(300, 16 * count + 110), 640)
        graphs.append(Graph(title, plotly.figure_dict([data], layout), note, height=height))
    return graphs


def trajectories(
    real: Array, synthetic: Array, features: Sequence[str], *, count: int = 40, seed: int = 0
) -> list[Graph]:
    """Draw sequences as curves in the space of two features and time."""
    i, j = pair_in_space(continued(real))
    limits = [list(ends) for ends in view(real[..., [i, j]])]
    steps = np.arange(real.shape[1])
    names = [plotly.plain(label(features[c])) for c in (i, j)]
    graphs = []
    for side, windows in zip(SIDES, (real, synthetic), strict=True):
        shown = subset(windows, count, rng(seed, "figure", "trajectories", side))
        x, y = plotly.line_with_gaps(steps, shown[:, :, i])
        data = {
            "type": "scatter3d",
            "mode": "lines",
            "meta": side,
            "x": plotly.numbers(x),
            "y": plotly.numbers(y),
            "z": plotly.numbers(plotly.line_with_gaps(steps, shown[:, :, j])[1]),
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
            Graph(
                side.capitalize(),
                plotly.figure_dict([data], {"scene": scene, "margin": margin}),
                height=380,
            )
        )
    return graphs


def _bars(bars: Bars) -> tuple[list[Spec], Spec, str]:
    data: list[Spec] = [
        {"type": "bar", "name": side, "meta": side}
        | {"x": plotly.numbers(bars.values), "y": plotly.numbers(shares)}
        | {"width": bars.width / 2, "offset": offset, "marker": {"color": f"@{side}/0.75"}}
        | {"hovertemplate": "%{y:.1%}"}
        for side, shares, offset in (
            ("real", bars.real, -bars.width / 2),
            ("synthetic", bars.synthetic, 0.0),
        )
    ]
    low, high = float(bars.values[0]), float(bars.values[-1])
    layout = {
        "barmode": "overlay",
        "yaxis": {"showticklabels": False, "rangemode": "tozero", "showgrid": False},
        "xaxis": {"nticks": 6, "range": [low - bars.width, high + bars.width]},
    }
    return data, layout, f"overlap {bars.overlap:.3f}"


def _density(d: Densities) -> tuple[list[Spec], Spec, str]:
    both = d.real + d.synthetic
    seen = np.flatnonzero(both > 1e-3 * both.max())
    places = np.unique(np.linspace(seen[0], seen[-1], POINTS).round().astype(int))
    data = [
        plotly.line(d.grid[places], curve[places], side, width=1.8, meta=side)
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
    """Return a graph for each feature: the ``first`` ones shown, the others on request."""
    others = [c for c in range(len(features)) if c not in first]
    graphs = []
    for c in [*first, *others][:MOST]:
        data, layout, note = graph(c)
        graphs.append(
            Graph(features[c], plotly.figure_dict(data, layout), note, extra=c not in first)
        )
    return graphs
