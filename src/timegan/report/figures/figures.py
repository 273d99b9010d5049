"""The figures of a report: what they show, computed once for pictures and browsers."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from timegan.metrics.fidelity.autocorrelation import autocorrelation, change_autocorrelation
from timegan.metrics.fidelity.correlation import correlations
from timegan.metrics.fidelity.power_spectrum import spectrum
from timegan.metrics.fidelity.projection import pca, tsne
from timegan.metrics.windows import Array, subset
from timegan.report.figures.calendar_labels import explained, phase_ticks
from timegan.report.figures.columns import Columns
from timegan.report.figures.distributions import (
    Distribution,
    change_distributions,
    distributions,
    least_alike,
    view_of,
)
from timegan.report.figures.graphs import (
    SIDES,
    Axis,
    Dots,
    Graph,
    Line,
    Matrix,
    View,
    pair_of_curves,
    range_of,
    with_gaps,
)
from timegan.report.figures.selection import pair_in_space, pairs_to_draw
from timegan.report.formatting import decimal, label
from timegan.seeds import rng
from timegan.transforms.feature_view import marks_of_groups

FEATURES = 6
"""Features whose examples and curves are shown at first."""
DENSITIES = 12
"""Features whose distributions are shown at first."""
PAIRS = 6
MOST = 60
"""Graphs of a figure, at most."""
DOTS = 500
"""Dots of one side of a pair of features: each is an element of the page."""
TRAJECTORIES = 40
TURNS = 6
"""Turns in which dots of both sides are drawn, so that neither set hides the other."""


class Figures:
    """Figures of real and synthetic windows.

    Args:
        real: windows (N, T, C) in original units, every cell filled. Where lengths differ, the last
            feature marks the steps of a sequence.
        synthetic: windows (M, T, C).
        features: names of the C features.
        groups: features of each column, as of `timegan.transforms.feature_view.feature_groups`;
            empty where every feature is a column.
    """

    def __init__(
        self,
        real: Array,
        synthetic: Array,
        features: Sequence[str],
        groups: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        marks = marks_of_groups(features, groups)
        self.windows = [marks.kept(windows) for windows in (real, synthetic)]
        self.cells = [marks.cells(windows) for windows in (real, synthetic)]
        self.features = features[: self.cells[0].shape[2]]
        self.columns = Columns.of(self.cells[0], self.cells[1], self.features, groups)

    def examples(self, count: int = 12, limit: int = FEATURES) -> list[Graph]:
        """Draw random sequences of each column over the band that holds 90% of all."""
        sides, columns = [], self.columns
        for side, windows in zip(SIDES, (columns.real, columns.synthetic), strict=True):
            steps = np.flatnonzero(~np.isnan(windows).all(axis=(0, 2)))
            low, high = np.nanquantile(windows[:, steps], (0.05, 0.95), axis=0)
            shown = subset(windows, count, rng(0, "figure", "samples", side))[:, steps]
            sides.append((side, steps, low, high, shown))

        def views(c: int) -> list[View]:
            found = []
            for side, steps, low, high, shown in sides:
                x = np.tile(np.append(steps.astype(np.float64), np.nan), len(shown))
                hover = "step %{x}: %{y:.5~g}<extra></extra>"
                marks = [
                    Line(side, steps, high[:, c], width=0, fill=0.14, base=low[:, c]),
                    Line(side, x, with_gaps(shown[..., c]), width=1.2, opacity=0.8, hover=hover),
                ]
                title = f"{label(columns.names[c])}, {side}"
                y = Axis(ticks=dict(enumerate(columns.labels[c])) or None)
                found.append(View(marks, Axis("step"), y, title=title))
            return found

        first = least_alike(self._column_values, limit)
        return self._by_feature(views, first, names=columns.names)

    def values(self) -> list[Graph]:
        """Draw the distribution of each column's values."""
        return self._distributions(self._column_values)

    def changes(self) -> list[Graph]:
        """Draw the distribution of each column's changes from step to step."""
        columns = self.columns
        return self._distributions(
            change_distributions(columns.real, columns.synthetic, columns.labels)
        )

    def planes(self) -> list[Graph]:
        """Draw whole windows on a plane: principal components, and t-SNE of enough windows."""
        bare, graphs = Axis(is_bare=True), []
        for title, points in (("PCA", pca(*self.windows)), ("t-SNE", tsne(*self.windows))):
            if points is None:
                continue
            marks = [
                Dots(
                    side, dots[turn::TURNS, 0], dots[turn::TURNS, 1], hover=f"{side}<extra></extra>"
                )
                for turn in range(TURNS)
                for side, dots in zip(SIDES, (points.real, points.synthetic), strict=True)
            ]
            shares = ", ".join(f"{share:.0%}" for share in points.explained)
            note = f"{shares} of the variance" if shares else "distances mean little"
            graphs.append(Graph(title, [View(marks, bare, bare)], note, height=360))
        return graphs

    def autocorrelations(self) -> list[Graph]:
        """Draw the autocorrelations of each feature's values, and of its changes."""
        ways = {"values": autocorrelation, "changes": change_autocorrelation}
        if self.windows[0].shape[1] < 3:
            ways.pop("changes")
        found = {name: [way(cells) for cells in self.cells] for name, way in ways.items()}
        zero = Line("muted", np.array([0, self.windows[0].shape[1] - 1]), np.zeros(2), width=0.8)

        def views(c: int) -> list[View]:
            low = min(float(np.nanmin([*a[:, c], *b[:, c], 0.0])) for a, b in found.values())
            return [
                View(
                    [zero, *pair_of_curves(np.arange(len(real)), real[:, c], fake[:, c])],
                    Axis(f"lag, {name}"),
                    Axis(limits=(min(-0.15, low - 0.1), 1.08)),
                    title=f"{label(self.features[c])}: {name}",
                    is_unified=True,
                )
                for name, (real, fake) in found.items()
            ]

        return self._by_feature(views, self._shown(FEATURES))

    def spectra(self) -> list[Graph]:
        """Draw the power of each feature at each frequency, in windows of at least four steps."""
        (frequencies, real), (_, fake) = (spectrum(cells) for cells in self.cells)
        real, fake = (np.where(power > 0, power, np.nan) for power in (real, fake))

        def views(c: int) -> list[View]:
            marks = pair_of_curves(frequencies, real[:, c], fake[:, c])
            return [View(marks, Axis("cycles per step"), Axis(is_log=True), is_unified=True)]

        return self._by_feature(views, self._shown(FEATURES))

    def pairs(self) -> list[Graph]:
        """Draw pairs of features at random steps, each with its correlation."""
        sides = [
            (side, subset(_rows(x), DOTS, rng(0, "figure", "rows", side)), r)
            for side, x, r in zip(SIDES, self.cells, self._correlations, strict=True)
        ]
        ends, graphs = range_of(self.cells[0], 0.12), []
        for i, j in pairs_to_draw(self._correlations[0], self._correlations[1], PAIRS):
            names = [label(self.features[c]) for c in (i, j)]
            r = [decimal(float(r[i, j])) if np.isfinite(r[i, j]) else "none" for *_, r in sides]
            views = [
                View(
                    [Dots(side, rows[:, i], rows[:, j], size=4)],
                    Axis(names[0], ends[i]),
                    Axis(names[1], ends[j]),
                    title=f"r = {known}",
                )
                for (side, rows, _), known in zip(sides, r, strict=True)
            ]
            note = f"r = {r[0]} real, {r[1]} synthetic"
            graphs.append(Graph(" and ".join(names), views, note, height=240))
        return graphs

    def correlations(self) -> list[Graph]:
        """Draw correlations: real, synthetic, and synthetic minus real.

        Of more than 60 features, those are shown whose correlations differ most.
        """
        real, fake = self._correlations
        errors = -np.nan_to_num(np.abs(fake - real)).sum(axis=0)
        shown = np.sort(np.argsort(errors, kind="stable")[:MOST])
        real, fake = (matrix[np.ix_(shown, shown)] for matrix in (real, fake))
        most = max(float(np.nanmax(np.abs(fake - real), initial=0.0)), 0.05)
        axis = Axis.of_names([self.features[c] for c in shown])
        x = Axis(ticks=axis.ticks)
        height = min(max(300, 16 * len(shown) + 110), 640)
        note = f"full colour at ±{decimal(most, 2)}"
        return [
            Graph("Real", [View([Matrix(real, 1)], x, axis)], height=height),
            Graph("Synthetic", [View([Matrix(fake, 1)], x, axis)], height=height),
            Graph("Difference", [View([Matrix(fake - real, most)], x, axis)], note, height),
        ]

    def trajectories(self) -> list[Graph]:
        """Draw random sequences as curves in the space of two columns of numbers and time."""
        numbers = self.columns.numbers
        among = self._correlations[0][np.ix_(numbers, numbers)]
        i, j = (numbers[place] for place in pair_in_space(among))
        steps = np.append(np.arange(self.windows[0].shape[1], dtype=np.float64), np.nan)
        ends = range_of(self.cells[0][..., [i, j]])
        y, z = (Axis(label(self.features[c]), ends[n]) for n, c in enumerate((i, j)))
        graphs = []
        for side, windows in zip(SIDES, self.cells, strict=True):
            shown = subset(windows, TRAJECTORIES, rng(0, "figure", "trajectories", side))
            a, b = (with_gaps(shown[..., c]) for c in (i, j))
            hover = "step %{x}: %{y:.5~g}, %{z:.5~g}<extra></extra>"
            line = Line(side, np.tile(steps, len(shown)), a, b, width=2, opacity=0.7, hover=hover)
            view = View([line], Axis("step"), y, z)
            graphs.append(Graph(side.capitalize(), [view], height=380))
        return graphs

    @cached_property
    def _column_values(self) -> list[Distribution]:
        columns = self.columns
        return distributions(columns.real, columns.synthetic, columns.labels)

    @cached_property
    def _values(self) -> list[Distribution]:
        if self.columns.real is self.cells[0]:
            return self._column_values
        return distributions(self.cells[0], self.cells[1])

    @cached_property
    def _correlations(self) -> list[Array]:
        """Correlations (C, C) of both sides; NaN for constant features."""
        return [correlations(cells) for cells in self.cells]

    def _shown(self, limit: int) -> Sequence[int]:
        """Return the features to show at first: those whose values differ most."""
        count = len(self.features)
        return range(count) if count <= limit else least_alike(self._values, limit)

    def _distributions(self, found: Sequence[Distribution]) -> list[Graph]:
        return self._by_feature(
            lambda c: [view_of(found[c])],
            least_alike(found, DENSITIES),
            lambda c: f"overlap {found[c].overlap:.3f}",
            self.columns.names,
        )

    def _by_feature(
        self,
        views: Callable[[int], list[View]],
        shown: Sequence[int],
        note: Callable[[int], str] = lambda c: "",
        names: Sequence[str] | None = None,
    ) -> list[Graph]:
        """Return a graph of each feature: the ``shown`` ones first, the others on request."""
        names = self.features if names is None else names
        others = [c for c in range(len(names)) if c not in shown]
        return [
            Graph(names[c], views(c), note(c), is_extra=c not in shown)
            for c in [*shown, *others][:MOST]
        ]


def _rows(cells: Array) -> Array:
    """Return the steps (n, C) of windows at which any feature has a value."""
    rows = cells.reshape(-1, cells.shape[2])
    found: Array = rows[~np.isnan(rows).all(axis=1)]
    return found


def profiles(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """Draw the mean of a feature at each phase of the calendar (rows of ``timing``)."""
    graphs = []
    for number, row in enumerate(rows[:MOST]):
        real, fake = (np.array(row["profiles"].get(side, []), np.float64) for side in SIDES)
        axis = Axis(row["phase"], ticks=phase_ticks(row["part"]))
        view = View(pair_of_curves(np.arange(len(real)), real, fake), axis, is_unified=True)
        is_extra = number >= DENSITIES
        graphs.append(Graph(row["feature"], [view], explained(row), is_extra=is_extra))
    return graphs


def fans(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """Draw forecasts of held-out windows: the truth, and central intervals of draws."""
    graphs = []
    for row in rows:
        first = row["past"] - 1  # bands begin at the last given value
        truth = np.array(row["truth"])
        bands = np.array(row["quantiles"])[:, first:]
        bands[:, 0] = truth[first]
        steps, ahead = np.arange(len(truth)), np.arange(first, len(truth))
        low, near_low, median, near_high, high = bands
        marks = [
            Line("synthetic", ahead, high, width=0, fill=0.15, base=low),
            Line("synthetic", ahead, near_high, width=0, fill=0.3, base=near_low),
            Line("real", steps, truth, width=4, opacity=0.6),
            Line("synthetic", ahead, median),
        ]
        graphs.append(Graph(row["feature"], [View(marks, Axis("step"), is_unified=True)]))
    return graphs


def statistics(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """Draw each statistic in min-max units (rows of ``statistics_scaled``), both sides joined.

    Of more than 60 features, those are shown whose statistics differ most.
    """
    errors: dict[str, float] = {}
    for row in rows:
        errors[row["feature"]] = errors.get(row["feature"], 0.0) + abs(row["difference"] or 0.0)
    features = sorted(sorted(errors, key=lambda name: -errors[name])[:MOST], key=[*errors].index)
    rows = [row for row in rows if row["feature"] in set(features)]
    places, graphs = np.arange(len(features)), []
    for name in dict.fromkeys(str(row["statistic"]) for row in rows):
        found = [[row[side] for side in SIDES] for row in rows if row["statistic"] == name]
        ends = np.array(found, dtype=np.float64)
        low, high = float(ends.min()), float(ends.max())
        # A narrower view would make much of little.
        margin = max(0.0, 0.25 - (high - low)) / 2 + 0.1 * (high - low)
        joined = Line("muted", with_gaps(ends), np.repeat(places, 3), width=1.6)
        hover = "%{text}: %{x:.4~g}"
        dots = [
            Dots(side, ends[:, n], places, size, 1.0, features, hover)
            for n, (side, size) in enumerate(zip(SIDES, (10, 6.5), strict=True))
        ]
        x, y = Axis(limits=(low - margin, high + margin)), Axis.of_names(features)
        view = View([joined, *dots], x, y)
        title, height = {"std": "standard deviation"}.get(name, name), 26 * len(features) + 60
        graphs.append(Graph(title, [view], height=height))
    return graphs
