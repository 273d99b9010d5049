"""One self-contained page about a run, and the same figures as files."""

import base64
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from timegan.metrics.arrays import Array, check, subset
from timegan.metrics.projection import pca, tsne
from timegan.report import figures
from timegan.report.theme import DARK, LIGHT, Theme
from timegan.report.verdict import verdicts
from timegan.report.words import decimal, duration, number
from timegan.seeds import rng

DPI = 150
THEMES = {
    "light": LIGHT,
    "dark": DARK,
    "light_narrow": replace(LIGHT, width=4.6),
    "dark_narrow": replace(DARK, width=4.6),
}
LIMIT = 5_000
"""Windows that a figure is drawn from, at most."""


@dataclass(frozen=True)
class Plot:
    """A figure that can be drawn in any theme, and what to say about it."""

    name: str
    title: str
    caption: str
    draw: Callable[[Theme], Figure]


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

    Raises:
        InputError: the windows cannot be compared.
    """
    check(train, synthetic)
    folder = Path(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    drawn = []
    for plot in plots(metrics, train, synthetic, features):
        images = {name: _png(plot.draw(theme)) for name, theme in THEMES.items()}
        _write(folder / "figures" / f"{plot.name}.png", images["light"])
        drawn.append(
            {"name": plot.name, "title": plot.title, "caption": plot.caption}
            | {name: _data_uri(image) for name, image in images.items()}
        )
    counts = {"train": len(train), "held-out": 0 if holdout is None else len(holdout)}
    page = _environment().get_template("page.html")
    html = page.render(
        verdicts=verdicts(metrics),
        metrics=metrics,
        scores=_score_rows(metrics),
        figures=drawn,
        features=list(features),
        steps=train.shape[1],
        counts=counts | {"synthetic": len(synthetic)},
        config=config_yaml.strip(),
        command=command,
        warnings=list(warnings),
        light=LIGHT,
        dark=DARK,
    )
    path = folder / "report.html"
    _write(path, html.encode())
    return path


def plots(
    metrics: Mapping[str, Any], train: Array, synthetic: Array, features: Sequence[str]
) -> list[Plot]:
    """The figures of a report, in the order of the page."""
    real = subset(train, LIMIT, rng(0, "report", "real"))
    fake = subset(synthetic, LIMIT, rng(0, "report", "synthetic"))
    planes = pca(real, fake), tsne(real, fake)
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
            "each step." + narrowed(figures.FEATURES),
            lambda theme: figures.samples(real, fake, features, theme),
        ),
        Plot(
            "density",
            "Values",
            "How often each value occurs, over all windows and steps. The overlap is the area "
            "that both densities share; 1 is perfect." + narrowed(figures.DENSITIES),
            lambda theme: figures.density(real, fake, features, theme),
        ),
        Plot(
            "statistics",
            "Means, deviations and ranges",
            "In min-max units: 0 is the smallest real value of a feature and 1 its largest. "
            "The table below has the numbers.",
            lambda theme: figures.statistics(metrics["statistics_scaled"], theme),
        ),
        Plot(
            "projection",
            "Whole windows on a plane",
            "Each dot is one whole window, all features and steps. Where the colours mix, real "
            "and synthetic windows are alike; a patch of one colour is something the model "
            "misses, or invents.",
            lambda theme: figures.projection(*planes, theme),
        ),
        Plot(
            "autocorrelation",
            "Memory",
            "How much a value, and a change from one step to the next, tells of later ones. The "
            "thin line should lie on the thick one." + narrowed(figures.FEATURES),
            lambda theme: figures.autocorrelations(real, fake, features, theme),
        ),
    ]
    if train.shape[1] > 1:
        moves = Plot(
            "changes",
            "Changes",
            "How often each change from one step to the next occurs. Curves that are too smooth "
            "or too rough show here first." + narrowed(figures.DENSITIES),
            lambda theme: figures.density_of_changes(real, fake, features, theme),
        )
        found.insert(-1, moves)
    if count > 1:
        few = (
            f" Of {every} pairs {figures.PAIRS} are shown: those with the largest error, and "
            "those most closely tied."
        )
        found.append(
            Plot(
                "correlation",
                "Pairs of features",
                "Each dot is one step of a window; r is the correlation over all of them."
                + (few if every > figures.PAIRS else ""),
                lambda theme: figures.scatter(real, fake, features, theme),
            )
        )
    if count > 2:
        found.append(
            Plot(
                "correlation_matrix",
                "All correlations",
                "Both halves should look the same.",
                lambda theme: figures.correlation_matrices(real, fake, features, theme),
            )
        )
    space = "the feature twice" if count == 1 else "two features"
    found.append(
        Plot(
            "trajectories",
            "Trajectories",
            f"Windows as curves through time and {space}.",
            lambda theme: figures.trajectories(real, fake, features, theme),
        )
    )
    return found


SCORES = {
    "discriminative": (
        "Discriminative score",
        "How much better than by guessing a trained judge tells real from synthetic: 0 to 0.5.",
    ),
    "density": ("Density overlap", "Area that the densities of all values share, from 0 to 1."),
    "correlation": (
        "Correlational score",
        "Differences of the correlations between features, summed over pairs, in tenths.",
    ),
    "autocorrelation": (
        "Autocorrelation difference",
        "Mean difference over lags and features, of the values.",
    ),
    "change_density": (
        "Density overlap of changes",
        "The same for the changes from step to step, as a mean over features.",
    ),
    "change_autocorrelation": (
        "Autocorrelation difference of changes",
        "The same for the changes from step to step.",
    ),
}


def _score_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name, score in metrics.get("scores", {}).items():
        title, meaning = SCORES.get(name, (name.replace("_", " ").capitalize(), ""))
        rows.append({"title": title, "meaning": meaning} | dict(score))
    return rows


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


def _png(figure: Figure) -> bytes:
    """A picture with a palette: a third of the size, and nobody sees the difference."""
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


def _write(path: Path, content: bytes) -> None:
    """All or nothing: a reader never sees half a file under its final name."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
