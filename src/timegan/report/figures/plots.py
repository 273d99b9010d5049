"""The figures of a report, in the order of the page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timegan.metrics.fidelity.power_spectrum import FEWEST_STEPS
from timegan.metrics.windows import Array, subset
from timegan.report.figures.figures import (
    DENSITIES,
    FEATURES,
    MOST,
    PAIRS,
    Figures,
    fans,
    profiles,
    statistics,
)
from timegan.report.figures.graphs import Graph
from timegan.seeds import rng

LIMIT = 5_000
"""Windows that a figure is drawn from, at most."""


@dataclass(frozen=True)
class Plot:
    """A figure of a report.

    Args:
        name: of its file.
        title: heading.
        caption: what it shows.
        graphs: makes its graphs.
        columns: graphs beside each other in a picture; a page has as many as fit.
    """

    name: str
    title: str
    caption: str
    graphs: Callable[[], list[Graph]]
    columns: int


def plots(
    metrics: Mapping[str, Any], train: Array, synthetic: Array, features: Sequence[str]
) -> list[Plot]:
    """Return the figures of a report, in the order of the page."""
    real, fake = subset(train, LIMIT, rng(0, "report", "real")), rng(0, "report", "synthetic")
    groups = feature_groups_of(metrics)
    figures = Figures(real, subset(synthetic, LIMIT, fake), features, groups)
    steps, count, seasons = train.shape[1], len(figures.features), metrics.get("timing") or []
    pairs, columns = count * (count - 1) // 2, len(figures.columns.names)

    forecasts = (metrics.get("completion") or {}).get("fans") or []

    def narrowed(limit: int, total: int = count, noun: str = "features") -> str:
        some = f" Of {total} {noun} the {limit} are shown whose densities differ most."
        return some if total > limit else ""

    def widest(what: str) -> str:
        return f" Of {count} features the {MOST} are shown whose {what} differ most." * (
            count > MOST
        )

    closest = f" Of {pairs} pairs {PAIRS} are shown: those with the largest error, and those most "
    closest = closest + "closely tied." if pairs > PAIRS else ""
    thin = "The thin line should lie on the thick one."
    every = [
        Plot(
            "samples",
            "Examples",
            "Random windows, in the table's own units. The band holds 90% of all windows at "
            f"each step.{narrowed(FEATURES, columns, 'columns')}",
            figures.examples,
            1,
        ),
        Plot(
            "density",
            "Values",
            "How often each value occurs, over all windows and steps. The overlap is the area "
            f"that both densities share; 1 is perfect.{narrowed(DENSITIES, columns, 'columns')}",
            figures.values,
            3,
        ),
        bool(figures.columns.numbers)
        and Plot(
            "statistics",
            "Means, deviations and ranges",
            "In min-max units: 0 is the smallest real value of a column and 1 its largest. "
            f"The table below has the numbers.{widest('statistics')}",
            lambda: statistics(of_numbers(metrics["statistics_scaled"], metrics, features)),
            2,
        ),
        Plot(
            "projection",
            "Whole windows on a plane",
            "Each dot is one whole window, all features and steps. Where the colours mix, real "
            "and synthetic windows are alike; a patch of one colour is something the model "
            "misses, or invents.",
            figures.planes,
            2,
        ),
        (steps > 1)
        and Plot(
            "changes",
            "Changes",
            "How often each change from one step to the next occurs. Curves that are too smooth "
            f"or too rough show here first.{narrowed(DENSITIES, columns, 'columns')}",
            figures.changes,
            3,
        ),
        (steps > 1)
        and Plot(
            "autocorrelation",
            "Memory",
            "How much a value, and a change from one step to the next, tells of later ones. "
            f"{thin}{narrowed(FEATURES)}",
            figures.autocorrelations,
            1,
        ),
        bool(seasons)
        and Plot(
            "calendar",
            "Calendar profiles",
            "The mean at each phase, and the share of the variance that the phase explains. "
            f"{thin}",
            lambda: profiles(seasons),
            3,
        ),
        bool(forecasts)
        and Plot(
            "completion",
            "Forecasts",
            "Held-out windows, of which the first half is given. The bands hold 50 and 90% of the "
            "draws, the thin line is their median. The thick line should mostly lie in the bands.",
            lambda: fans(forecasts),
            3,
        ),
        (steps >= FEWEST_STEPS)
        and Plot(
            "spectrum",
            "Frequencies",
            "How much of a window's variation lies at which frequency: slow on the left, from "
            "step to step on the right. Synthetic data above the real line at the right end "
            f"are noisy; below it, too smooth.{narrowed(FEATURES)}",
            figures.spectra,
            3,
        ),
        (count > 1)
        and Plot(
            "correlation",
            "Pairs of features",
            f"Each dot is one step of a window; r is the correlation over all of them.{closest}",
            figures.pairs,
            2,
        ),
        (count > 2)
        and Plot(
            "correlation_matrix",
            "All correlations" if count <= MOST else "Correlations",
            "Both should look the same; the difference has a scale of its own."
            f"{widest('correlations')}",
            figures.correlations,
            3 if count <= 10 else 2,
        ),
        (len(figures.columns.numbers) > 1)
        and Plot(
            "trajectories",
            "Trajectories",
            "Windows as curves through time and two columns.",
            figures.trajectories,
            2,
        ),
    ]
    return [plot for plot in every if plot]


def feature_groups_of(metrics: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the features of each column; empty where every feature is one."""
    return (metrics.get("data") or {}).get("feature_groups") or ()


def of_numbers(
    rows: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any], features: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Return the rows of statistics that are about columns of numbers."""
    groups = feature_groups_of(metrics)
    kept = {features[group["features"][0]] for group in groups if not group["labels"]}
    return [row for row in rows if not groups or row["feature"] in kept]
