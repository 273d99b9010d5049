"""Figures of real and synthetic windows: arrays (N, T, C) in, a Matplotlib figure out.

Windows are in original units. Real is always blue and on the left, synthetic orange.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from mpl_toolkits.mplot3d.art3d import Line3DCollection  # type: ignore[import-untyped]

from timegan.metrics.fidelity.autocorrelation import autocorrelation, change_autocorrelation
from timegan.metrics.fidelity.correlation import correlations
from timegan.metrics.fidelity.density import Densities
from timegan.metrics.fidelity.power_spectrum import spectrum
from timegan.metrics.fidelity.projection import Projection
from timegan.metrics.windows import Array, subset
from timegan.report.figures.axes import compact, few_ticks, legend, share_limits, subplots, view
from timegan.report.figures.calendar_labels import explained, phase_ticks
from timegan.report.figures.data import Bars, Distribution, continued, least_alike
from timegan.report.figures.selection import features_to_draw, pair_in_space, pairs_to_draw
from timegan.report.figures.theme import LIGHT, Theme, diverging, style
from timegan.report.formatting import decimal, label
from timegan.seeds import rng

FEATURES = 6
DENSITIES = 12
MAX_TICKED_BARS = 6
PAIRS = 6


def distributions(found: Mapping[str, Distribution], theme: Theme = LIGHT) -> Figure:
    """Draw distributions of features by their names: bars of a few values, or densities."""
    with style(theme):
        chosen = least_alike(found, DENSITIES)
        columns = 1 if theme.narrow else 2 if len(chosen) < 5 else 3
        figure, axes = subplots(len(chosen), columns, 1.9 if theme.narrow else 2.3, theme)
        for ax, name in zip(axes, chosen, strict=True):
            d = found[name]
            few_ticks(ax, y=None)
            if isinstance(d, Bars):
                _draw_bars(ax, d, theme)
            else:
                _draw_densities(ax, d, theme)
            ax.set_ylim(0)
            ax.set_yticks([])
            ax.spines["left"].set_visible(False)
            ax.grid(visible=False, axis="y")
            ax.set_title(label(name))
            ax.set_title(f"overlap {d.overlap:.3f}", loc="right", fontsize=9, color=theme.muted)
        legend(figure, theme)
        return figure


def _draw_bars(ax: Axes, bars: Bars, theme: Theme) -> None:
    """Draw a pair of bars for each value."""
    half = bars.width / 2
    for shares, colour, side in (
        (bars.real, theme.real, -half / 2),
        (bars.synthetic, theme.synthetic, half / 2),
    ):
        ax.bar(bars.values + side, shares, half, color=colour, alpha=0.75, linewidth=0)
    ax.set_xlim(bars.values[0] - bars.width, bars.values[-1] + bars.width)
    ax.grid(visible=False)
    if len(bars.values) <= MAX_TICKED_BARS:
        ax.set_xticks(bars.values, [compact(float(value)) for value in bars.values])


def _draw_densities(ax: Axes, d: Densities, theme: Theme) -> None:
    """Draw two densities, the real one filled."""
    ax.fill_between(d.grid, d.real, color=theme.real, alpha=0.22, linewidth=0)
    ax.plot(d.grid, d.real, color=theme.real, linewidth=1.6)
    ax.plot(d.grid, d.synthetic, color=theme.synthetic, linewidth=1.6)
    seen = d.grid[(d.real + d.synthetic) > 1e-3 * (d.real + d.synthetic).max()]
    ax.set_xlim(*view(seen[[0, -1], None, None])[0])


def scatter(real: Array, synthetic: Array, features: Sequence[str], theme: Theme = LIGHT) -> Figure:
    """Draw pairs of features, real beside synthetic, each with its correlation."""
    with style(theme):
        chosen = pairs_to_draw(real, synthetic, PAIRS)
        a, b = correlations(real), correlations(synthetic)
        columns = 1 if len(chosen) == 1 or theme.narrow else 2
        rows = -(-len(chosen) // columns)
        height = 3.9 if rows == 1 and not theme.narrow else 2.5 * rows + 0.4
        figure = Figure(figsize=(theme.width, height), layout="constrained")
        grid: Any = figure.subplots(rows, 2 * columns, squeeze=False)
        left, right = (_rows(w, 2_000, name) for w, name in ((real, "r"), (synthetic, "s")))
        for number in range(rows * columns):
            first, second = grid[number // columns, 2 * (number % columns) :][:2]
            if number >= len(chosen):
                first.set_visible(False)
                second.set_visible(False)
                continue
            i, j = chosen[number]
            for ax, points, colour, r in (
                (first, left, theme.real, a[i, j]),
                (second, right, theme.synthetic, b[i, j]),
            ):
                ax.scatter(points[:, i], points[:, j], s=5, color=colour, alpha=0.35, linewidth=0)
                ax.set_title(f"r = {decimal(float(r))}" if np.isfinite(r) else "no r", color=colour)
                ax.set_xlabel(label(features[i]))
                few_ticks(ax)
            first.set_ylabel(label(features[j]))
            share_limits(first, second, real[..., [i, j]])
        legend(figure, theme, dots=True)
        return figure


def correlation_matrices(
    real: Array, synthetic: Array, features: Sequence[str], theme: Theme = LIGHT
) -> Figure:
    """Draw all correlations, real beside synthetic."""
    with style(theme):
        count, names = len(features), [label(name) for name in features]
        height = 8.0 if theme.narrow else 4.3 if count < 20 else 5.0
        figure = Figure(figsize=(theme.width, height), layout="constrained")
        axes: Any = figure.subplots(2, 1) if theme.narrow else figure.subplots(1, 2)
        image: Any = None
        for ax, windows, title, colour in (
            (axes[0], real, "Real", theme.real),
            (axes[1], synthetic, "Synthetic", theme.synthetic),
        ):
            matrix = correlations(windows)
            image = ax.imshow(matrix, cmap=diverging(theme), vmin=-1, vmax=1)
            ax.set_title(title, color=colour)
            ax.grid(visible=False)
            ax.spines[:].set_visible(False)
            size = 9 if count < 12 else 6.5
            ax.set_xticks(range(count), names, rotation=90 if count > 3 else 0, fontsize=size)
            first = ax is axes[0] or theme.narrow
            ax.set_yticks(range(count), names if first else [""] * count, fontsize=size)
            if count <= 8:
                for (i, j), r in np.ndenumerate(matrix):
                    if np.isfinite(r):
                        text = theme.surface if abs(r) > 0.6 else theme.ink
                        ax.text(j, i, f"{r:.2f}", ha="center", va="center", size=8, color=text)
        bar = figure.colorbar(image, ax=list(axes), shrink=0.7, pad=0.02)
        bar.outline.set_visible(False)
        return figure


def autocorrelations(
    real: Array, synthetic: Array, features: Sequence[str], theme: Theme = LIGHT
) -> Figure:
    """Draw the autocorrelation of each feature's values and of its changes from step to step."""
    with style(theme):
        chosen = features_to_draw(real, synthetic, FEATURES)
        figure = Figure(figsize=(theme.width, 2.05 * len(chosen) + 0.5), layout="constrained")
        grid: Any = figure.subplots(len(chosen), 2, squeeze=False)
        ways = (("values", autocorrelation), ("changes", change_autocorrelation))
        for column, (name, curve_of) in enumerate(ways):
            if real.shape[1] - column < 2:
                for ax in grid[:, column]:
                    ax.set_visible(False)
                continue
            curves = [curve_of(windows) for windows in (real, synthetic)]
            for row, c in enumerate(chosen):
                ax = grid[row, column]
                ax.axhline(0, color=theme.muted, linewidth=0.8)
                for curve, colour, width in zip(
                    curves, (theme.real, theme.synthetic), (3.2, 1.5), strict=True
                ):
                    alpha = 0.55 if width > 2 else 1.0
                    ax.plot(curve[:, c], color=colour, linewidth=width, alpha=alpha)
                ax.set_title(f"{label(features[c])}: {name}", fontsize=10)
                values = np.concatenate([curve[:, c] for curve in curves])
                if not np.isfinite(values).any():
                    ax.text(
                        0.5, 0.5, "the same in every window", ha="center", transform=ax.transAxes
                    )
                ax.set_ylim(min(-0.15, np.nanmin([*values, 0.0]) - 0.1), 1.08)
                ax.set_xlim(0, len(curves[0]) - 1)
                few_ticks(ax, y=4)
                ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
                if row == len(chosen) - 1:
                    ax.set_xlabel("lag (steps)")
        legend(figure, theme)
        return figure


def spectra(real: Array, synthetic: Array, features: Sequence[str], theme: Theme = LIGHT) -> Figure:
    """Draw the power of each feature at each frequency, for windows of at least four steps."""
    with style(theme):
        chosen = features_to_draw(real, synthetic, FEATURES)
        columns = 1 if theme.narrow else 2 if len(chosen) < 5 else 3
        figure, axes = subplots(len(chosen), columns, 2.2, theme)
        curves = [spectrum(windows) for windows in (real, synthetic)]
        for ax, c in zip(axes, chosen, strict=True):
            for (frequencies, power), colour, width in zip(
                curves, (theme.real, theme.synthetic), (3.2, 1.5), strict=True
            ):
                positive = np.where(power[:, c] > 0, power[:, c], np.nan)
                alpha = 0.55 if width > 2 else 1.0
                ax.plot(frequencies, positive, color=colour, linewidth=width, alpha=alpha)
            if any((power[:, c] > 0).any() for _, power in curves):
                ax.set_yscale("log")
            else:
                ax.text(0.5, 0.5, "nothing varies", ha="center", transform=ax.transAxes)
            ax.set_title(label(features[c]), fontsize=10)
            ax.tick_params(which="minor", left=False, labelleft=False)
            ax.set_xlabel("cycles per step")
            few_ticks(ax, y=None)
        legend(figure, theme)
        return figure


def profiles(rows: Sequence[Mapping[str, Any]], theme: Theme = LIGHT) -> Figure:
    """Draw the mean of a feature at each phase of the calendar (rows of ``timing``)."""
    with style(theme):
        shown = rows[:DENSITIES]
        columns = 1 if theme.narrow else 2 if len(shown) < 5 else 3
        figure, axes = subplots(len(shown), columns, 2.2, theme)
        for ax, row in zip(axes, shown, strict=True):
            places = np.arange(len(row["profiles"]["real"]))
            for side, colour, width in (
                ("real", theme.real, 3.2),
                ("synthetic", theme.synthetic, 1.5),
            ):
                means = np.array(row["profiles"].get(side, []), dtype=np.float64)
                alpha = 0.55 if width > 2 else 1.0
                marks: dict[str, Any] = (
                    {"marker": ".", "markersize": 2.5 * width} if len(places) < 13 else {}
                )
                ax.plot(
                    places[: len(means)], means, color=colour, linewidth=width, alpha=alpha, **marks
                )
            ticks = phase_ticks(row["part"])
            ax.set_xticks(list(ticks), list(ticks.values()))
            ax.yaxis.set_major_locator(MaxNLocator(4))
            ax.yaxis.set_major_formatter(FuncFormatter(compact))
            ax.set_title(label(row["feature"]), fontsize=10)
            ax.set_xlabel(f"{row['phase']}\n{explained(row)}", fontsize=9)
        legend(figure, theme)
        return figure


def projection(pca: Projection, tsne: Projection | None, theme: Theme = LIGHT) -> Figure:
    """Draw whole windows on a plane: principal components on the left, t-SNE on the right."""
    with style(theme):
        height = 8.2 if theme.narrow else 4.3
        figure = Figure(figsize=(theme.width, height), layout="constrained")
        axes: Any = figure.subplots(2, 1) if theme.narrow else figure.subplots(1, 2)
        shares = ", ".join(f"{share:.0%}" for share in pca.explained)
        for ax, points, title in (
            (axes[0], pca, f"PCA  ({shares} of the variance)"),
            (axes[1], tsne, "t-SNE"),
        ):
            ax.set_xticks([])
            ax.set_yticks([])
            ax.grid(visible=False)
            ax.set_title(title)
            ax.spines[:].set_visible(True)
            if points is None:
                ax.text(0.5, 0.5, "too few windows", ha="center", transform=ax.transAxes)
                continue
            both = np.concatenate((points.real, points.synthetic))
            colours = np.repeat(
                [theme.real, theme.synthetic], [len(points.real), len(points.synthetic)]
            )
            # In random order, so that neither set hides the other.
            order = rng(0, "figure", "projection").permutation(len(both))
            size = float(np.clip(4_000 / len(both), 6, 30))
            ax.scatter(*both[order].T, s=size, c=colours[order], alpha=0.5, linewidth=0)
        legend(figure, theme, dots=True)
        return figure


def samples(
    real: Array,
    synthetic: Array,
    features: Sequence[str],
    theme: Theme = LIGHT,
    *,
    count: int = 12,
    limit: int = FEATURES,
    seed: int = 0,
) -> Figure:
    """Draw example windows over the band that holds 90% of all windows at each step."""
    with style(theme):
        chosen = features_to_draw(real, synthetic, limit)
        figure = Figure(figsize=(theme.width, 2.2 * len(chosen) + 0.4), layout="constrained")
        grid: Any = figure.subplots(len(chosen), 2, squeeze=False)
        for column, (windows, colour, name) in enumerate(
            ((real, theme.real, "real"), (synthetic, theme.synthetic, "synthetic"))
        ):
            shown = subset(windows, count, rng(seed, "figure", "samples", name))
            used = ~np.isnan(windows).all(axis=(0, 2))
            steps = np.flatnonzero(used)
            low, high = np.nanquantile(windows[:, used], (0.05, 0.95), axis=0)
            for row, c in enumerate(chosen):
                ax = grid[row, column]
                ax.fill_between(steps, low[:, c], high[:, c], color=colour, alpha=0.12, linewidth=0)
                ax.plot(steps, shown[:, used, c].T, color=colour, linewidth=1.0, alpha=0.75)
                ax.set_title(f"{label(features[c])}, {name}", fontsize=10, color=colour)
                ax.set_xlim(0, max(len(steps) - 1, 1))
                few_ticks(ax, y=4)
                ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        for first, second in grid:
            limits = np.array([ax.get_ylim() for ax in (first, second)])
            for ax in (first, second):
                ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())
            second.tick_params(labelleft=False)
        for ax in grid[-1]:
            ax.set_xlabel("step")
        return figure


def figure_samples(real: Array, synthetic: Array, features: Sequence[str]) -> Figure:
    """Draw a small picture for a training log: a few sequences of a few features."""
    return samples(real, synthetic, features, count=6, limit=4)


def trajectories(
    real: Array,
    synthetic: Array,
    features: Sequence[str],
    theme: Theme = LIGHT,
    *,
    count: int = 40,
    seed: int = 0,
) -> Figure:
    """Draw sequences as curves in the space of two features and time."""
    with style(theme):
        i, j = pair_in_space(continued(real))
        figure = Figure(figsize=(theme.width, 7.2 if theme.narrow else 3.9))
        figure.subplots_adjust(0.0, 0.02, 0.9 if theme.narrow else 0.95, 0.94, 0.06)
        limits = view(real[..., [i, j]])
        for place, (windows, colour, name) in enumerate(
            ((real, theme.real, "Real"), (synthetic, theme.synthetic, "Synthetic")), start=1
        ):
            ax: Any = figure.add_subplot(
                *((2, 1) if theme.narrow else (1, 2)), place, projection="3d"
            )
            shown = subset(windows, count, rng(seed, "figure", "trajectories", name))
            steps = np.broadcast_to(np.arange(windows.shape[1]), shown.shape[:2])
            curves = np.stack((steps, shown[:, :, i], shown[:, :, j]), axis=2)
            lines = [curve[~np.isnan(curve).any(axis=1)] for curve in curves]
            ax.add_collection3d(Line3DCollection(lines, colors=colour, linewidths=1.0, alpha=0.6))
            ax.set_xlim(0, max(windows.shape[1] - 1, 1))
            for limit, place_limits in zip(limits, (ax.set_ylim, ax.set_zlim), strict=True):
                place_limits(*limit)
            ax.set_xlabel("step")
            ax.set_ylabel(label(features[i]))
            ax.set_zlabel(label(features[j]))
            ax.set_title(name, color=colour, loc="center", y=0.98)
            ax.view_init(elev=18, azim=-58)
            ax.set_box_aspect((1.25, 1, 0.85), zoom=1.02)
            for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
                axis.set_pane_color((0, 0, 0, 0))
                axis.line.set_color(theme.line)
                axis.set_major_locator(MaxNLocator(4))
                axis.set_major_formatter(FuncFormatter(compact))
        return figure


def statistics(rows: Sequence[dict[str, Any]], theme: Theme = LIGHT) -> Figure:
    """Draw each statistic in min-max units (``statistics_scaled``), real and synthetic joined."""
    with style(theme):
        features = list(dict.fromkeys(row["feature"] for row in rows))
        names = list(dict.fromkeys(row["statistic"] for row in rows))
        columns = 2 if theme.narrow else 4
        rows_of_axes = -(-len(names) // columns)
        height = max(0.34 * len(features) + 0.9, 1.5) * rows_of_axes + 0.4
        figure = Figure(figsize=(theme.width, height), layout="constrained")
        grid: Any = figure.subplots(rows_of_axes, columns, sharey=True, squeeze=False)
        axes = grid.ravel()[: len(names)]
        for ax, name in zip(axes, names, strict=True):
            for place, row in enumerate(r for r in rows if r["statistic"] == name):
                ends = (row["real"], row["synthetic"])
                ax.plot(ends, (place, place), color=theme.muted, linewidth=1.6, zorder=2)
                ax.scatter(ends[0], place, s=62, color=theme.real, zorder=3)
                ax.scatter(ends[1], place, s=26, color=theme.synthetic, zorder=4)
            ax.set_title({"std": "standard deviation"}.get(name, name))
            ax.set_yticks(range(len(features)), [label(name) for name in features])
            ax.set_ylim(len(features) - 0.5, -0.5)
            # A narrower view would make much of little.
            low, high = ax.get_xlim()
            margin = max(0.0, 0.25 - (high - low)) / 2 + 0.1 * (high - low)
            ax.set_xlim(low - margin, high + margin)
            ax.spines["left"].set_visible(False)
            few_ticks(ax, x=3, y=None)
        legend(figure, theme, dots=True)
        return figure


def _rows(windows: Array, limit: int, name: str) -> Array:
    """Return steps of random windows, as points (n, C)."""
    rows = windows.reshape(-1, windows.shape[2])
    return subset(rows, limit, rng(0, "figure", "rows", name))
