"""One self-contained page about a run, and its figures once more as files."""

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from plotly.offline import get_plotlyjs

from timegan.attempts import attempt
from timegan.files import check_free, write_bytes, write_text
from timegan.metrics.fidelity.power_spectrum import FEWEST_STEPS
from timegan.metrics.fidelity.projection import Projection, pca, tsne
from timegan.metrics.windows import Array, check, subset
from timegan.report.figures import interactive, static
from timegan.report.figures.data import (
    Distribution,
    change_distributions,
    cut_at_ends,
    distributions,
)
from timegan.report.figures.plotly import TEMPLATE, Graph
from timegan.report.figures.theme import DARK, LIGHT
from timegan.report.formatting import decimal, duration, number
from timegan.report.tables import CONTROLS, controls, score_rows, tables
from timegan.report.verdicts.overall import overall_verdict
from timegan.report.verdicts.verdicts import verdicts
from timegan.seeds import rng

DPI = 150
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; worker-src blob:; form-action 'none'; base-uri 'none'"
)
"""Content security policy of the page, which needs no network."""
LIMIT = 5_000
"""Windows that a figure is drawn from, at most."""


@dataclass(frozen=True)
class Plot:
    """A figure as a picture and as graphs for a browser, and what to say about it.

    Args:
        name: of the file.
        title: heading.
        caption: what it shows.
        draw: makes the picture.
        graphs: makes the graphs.
        min_width: width below which a graph takes a row of its own, in letters' heights.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]
    graphs: Callable[[], list[Graph]]
    min_width: float = 24


def write_report(
    folder: str | Path,
    *,
    metrics: Mapping[str, Any],
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    features: Sequence[str],
    config_yaml: str,
    command: str,
    warnings: Sequence[str] = (),
    overwrite: bool = False,
) -> Path:
    """Write ``figures/*.png`` and ``report.html`` into ``folder`` and return the page's path.

    Args:
        folder: the run's folder; it is made if need be.
        metrics: the content of ``metrics.json``: ``scores``, ``statistics``,
            ``statistics_scaled``, ``copying``; where known ``training``, ``data``, ``protocol``.
        train: windows that the model has learned from (N, T, C), in original units.
        holdout: windows that it has not seen, if any; their number is told.
        synthetic: windows (M, T, C).
        features: names of the C features.
        config_yaml: the composed configuration, shown as it is.
        command: the command line that made the run.
        warnings: sentences for the top of the page.
        overwrite: replace an older report and its figures.

    Raises:
        InputError: the windows cannot be compared, a file exists and ``overwrite`` is off, or it
            cannot be written.
    """
    check(train, synthetic)
    folder = Path(folder)
    path = folder / "report.html"
    if not overwrite:
        check_free(path)
    drawn = [
        _drawn(plot, folder / "figures" / f"{plot.name}.png", overwrite)
        for plot in plots(metrics, train, synthetic, features)
    ]
    counts = {"train": len(train), "held-out": 0 if holdout is None else len(holdout)}
    page = _environment().get_template("page.html")
    answers = verdicts(metrics)
    html = page.render(
        overall=overall_verdict(answers, metrics),
        verdicts=answers,
        metrics=metrics,
        scores=attempt("table of scores", lambda: score_rows(metrics), lambda _: []),
        controls={name: CONTROLS[name] for name in controls(metrics)},
        tables=attempt("other tables", lambda: tables(metrics), lambda _: []),
        figures=drawn,
        features=list(features),
        steps=train.shape[1],
        counts=counts | {"synthetic": len(synthetic)},
        config=config_yaml.strip(),
        command=command,
        warnings=list(warnings),
        light=LIGHT,
        dark=DARK,
        policy=Markup(POLICY),
        plotly=Markup(get_plotlyjs()),
        graphs=_json(drawn),
    )
    write_text(path, html, overwrite=overwrite)
    return path


def _drawn(plot: Plot, file: Path, overwrite: bool) -> dict[str, Any]:
    """Return what the page needs of a figure, and write its picture; ``failed`` says why not."""
    failed: list[str] = []

    def note(reason: str) -> None:
        failed.append(reason)

    picture = attempt(f"figure {plot.name}", partial(_picture, plot), note, "drawn")
    graphs = attempt(f"graphs of {plot.name}", partial(_graphs, plot), note, "drawn") or []
    if picture is not None:
        write_bytes(file, picture, overwrite=overwrite)
    elif overwrite:
        file.unlink(missing_ok=True)  # of a report before this one
    return {
        "name": plot.name,
        "title": plot.title,
        "caption": plot.caption,
        "min_width": plot.min_width,
        "picture": None if picture is None else _data_uri(picture),
        "graphs": graphs,
        "failed": list(dict.fromkeys(failed)),
        "scale": plot.name == "correlation_matrix",
    }


def _picture(plot: Plot) -> bytes | None:
    return png(plot.draw())


def _graphs(plot: Plot) -> list[Graph] | None:
    graphs = plot.graphs()
    _json([{"name": plot.name, "graphs": graphs}])  # what JSON cannot hold fails here
    return graphs


def plots(
    metrics: Mapping[str, Any], train: Array, synthetic: Array, features: Sequence[str]
) -> list[Plot]:
    """Return the figures of a report, in the order of the page."""
    chosen = subset(train, LIMIT, rng(0, "report", "real"))
    made = subset(synthetic, LIMIT, rng(0, "report", "synthetic"))
    names = features
    real, real_steps, features = cut_at_ends(chosen, names)
    fake, fake_steps, _ = cut_at_ends(made, names)

    @cache
    def planes() -> tuple[Projection, Projection | None]:
        return pca(real, fake), tsne(real, fake)

    @cache
    def values() -> Mapping[str, Distribution]:
        return distributions(real_steps, fake_steps, features)

    @cache
    def changes() -> Mapping[str, Distribution]:
        return change_distributions(real_steps, fake_steps, features)

    count = len(features)
    some = f" Of {count} features the {{}} are shown whose densities differ most."

    def narrowed(limit: int) -> str:
        return some.format(limit) if count > limit else ""

    every = count * (count - 1) // 2
    found = [
        Plot(
            "samples",
            "Examples",
            "Random windows, in the table's own units. The band holds 90% of all windows at "
            "each step." + narrowed(static.FEATURES),
            lambda: static.samples(real_steps, fake_steps, features),
            lambda: interactive.samples(real_steps, fake_steps, features),
        ),
        Plot(
            "density",
            "Values",
            "How often each value occurs, over all windows and steps. The overlap is the area "
            "that both densities share; 1 is perfect." + narrowed(static.DENSITIES),
            lambda: static.distributions(values()),
            lambda: interactive.distributions(values()),
            17,
        ),
        Plot(
            "statistics",
            "Means, deviations and ranges",
            "In min-max units: 0 is the smallest real value of a feature and 1 its largest. "
            "The table below has the numbers.",
            lambda: static.statistics(metrics["statistics_scaled"]),
            lambda: interactive.statistics(metrics["statistics_scaled"]),
            22,
        ),
        Plot(
            "projection",
            "Whole windows on a plane",
            "Each dot is one whole window, all features and steps. Where the colours mix, real "
            "and synthetic windows are alike; a patch of one colour is something the model "
            "misses, or invents.",
            lambda: static.projection(*planes()),
            lambda: interactive.projection(*planes()),
        ),
        Plot(
            "autocorrelation",
            "Memory",
            "How much a value, and a change from one step to the next, tells of later ones. The "
            "thin line should lie on the thick one." + narrowed(static.FEATURES),
            lambda: static.autocorrelations(real, fake, features),
            lambda: interactive.autocorrelations(real, fake, features),
        ),
    ]
    if train.shape[1] > 1:
        moves = Plot(
            "changes",
            "Changes",
            "How often each change from one step to the next occurs. Curves that are too smooth "
            "or too rough show here first." + narrowed(static.DENSITIES),
            lambda: static.distributions(changes()),
            lambda: interactive.distributions(changes()),
            17,
        )
        found.insert(-1, moves)
    seasons = metrics.get("timing") or []
    if seasons:
        found.append(
            Plot(
                "calendar",
                "Calendar",
                "The mean at each phase, and the share of the variance that the phase explains. "
                "The thin line should lie on the thick one.",
                lambda: static.profiles(seasons),
                lambda: interactive.profiles(seasons),
                17,
            )
        )
    if train.shape[1] >= FEWEST_STEPS:
        found.append(
            Plot(
                "spectrum",
                "Frequencies",
                "How much of a window's variation lies at which frequency: slow on the left, from "
                "step to step on the right. Synthetic data above the real line at the right end "
                "are noisy; below it, too smooth." + narrowed(static.FEATURES),
                lambda: static.spectra(real, fake, features),
                lambda: interactive.spectra(real, fake, features),
                17,
            )
        )
    if count > 1:
        few = (
            f" Of {every} pairs {static.PAIRS} are shown: those with the largest error, and "
            "those most closely tied."
        )
        found.append(
            Plot(
                "correlation",
                "Pairs of features",
                "Each dot is one step of a window; r is the correlation over all of them."
                + (few if every > static.PAIRS else ""),
                lambda: static.scatter(real, fake, features),
                lambda: interactive.scatter(real, fake, features),
            )
        )
    if count > 2:
        found.append(
            Plot(
                "correlation_matrix",
                "All correlations",
                "Both should look the same; the difference has a scale of its own.",
                lambda: static.correlation_matrices(real, fake, features),
                lambda: interactive.correlation_matrices(real, fake, features),
                17 if count <= 10 else 26,
            )
        )
    space = "the feature twice" if count == 1 else "two features"
    found.append(
        Plot(
            "trajectories",
            "Trajectories",
            f"Windows as curves through time and {space}.",
            lambda: static.trajectories(real_steps, fake_steps, features),
            lambda: interactive.trajectories(real_steps, fake_steps, features),
        )
    )
    return found


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("timegan.report", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration, "decimal": decimal}
    return environment


def _json(drawn: Sequence[Mapping[str, Any]]) -> Markup:
    """Return all graphs by the place that they are drawn at, safe inside a script element."""
    graphs = {
        f"{figure['name']}-{number}": graph.spec
        for figure in drawn
        for number, graph in enumerate(figure["graphs"])
    }
    content = json.dumps(
        {"graphs": graphs, "template": TEMPLATE}, allow_nan=False, separators=(",", ":")
    )
    return Markup(content.replace("<", "\\u003c"))


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


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
