"""One self-contained page about a run, and its figures once more as files."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from timegan.attempts import attempt
from timegan.files import check_free, write_bytes, write_text
from timegan.metrics.parallel import show_progress, track
from timegan.metrics.windows import Array, check
from timegan.report.figures.graphs import Graph
from timegan.report.figures.picture import picture, png
from timegan.report.figures.plotly import TEMPLATE, spec
from timegan.report.figures.plots import Plot, feature_groups_of, of_numbers, plots
from timegan.report.figures.theme import DARK, LIGHT
from timegan.report.formatting import decimal, duration, number
from timegan.report.tables import CONTROLS, controls, score_rows, tables
from timegan.report.verdicts.overall import overall_verdict
from timegan.report.verdicts.verdicts import verdicts
from timegan.transforms.feature_view import PRESENT

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; worker-src blob:; form-action 'none'; base-uri 'none'"
)
"""Content security policy of the page, which needs no network."""


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
    figures = plots(metrics, train, synthetic, features)
    with show_progress(has_lines=False):
        drawn = [
            _drawn(plot, folder / "figures" / f"{plot.name}.png", overwrite)
            for plot in track(figures, "Figures", len(figures))
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
        size=_size(metrics, features, train.shape[1]),
        statistics=of_numbers(metrics.get("statistics") or [], metrics, features),
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
    name, reasons, graphs = plot.name, list[str](), list[Graph]()

    def specs() -> dict[str, Any]:
        graphs.extend(plot.graphs())
        found = {f"{name}-{number}": spec(graph) for number, graph in enumerate(graphs)}
        json.dumps(found, allow_nan=False)  # what JSON cannot hold fails here
        return found

    def note(reason: str) -> None:
        reasons.append(reason)

    interactive = attempt(f"figure {name}", specs, note, "drawn") or {}
    image = None
    if graphs:
        image = attempt(
            f"picture of {name}", lambda: png(picture(graphs, plot.columns)), note, "drawn"
        )
    if image is not None:
        write_bytes(file, image, overwrite=overwrite)
    elif overwrite:
        file.unlink(missing_ok=True)  # of a report before this one
    return {
        "plot": plot,
        "picture": None if image is None else _data_uri(image),
        "graphs": graphs if interactive else [],
        "specs": interactive,
        "failed": reasons,
        "min_width": 24 if plot.columns < 3 else 17,
        "scale": name == "correlation_matrix",
    }


def _size(metrics: Mapping[str, Any], features: Sequence[str], steps: int) -> str:
    """Return the steps and columns of a window in words."""
    count = len(feature_groups_of(metrics)) or len(features)
    low = min((metrics.get("data") or {}).get("lengths") or [steps])
    long = f"{low} to {steps}" if PRESENT in features and low < steps else f"{steps}"
    return f"{long} step{'s' * (steps != 1)} and {count} column{'s' * (count != 1)}"


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
    graphs = {place: graph for figure in drawn for place, graph in figure["specs"].items()}
    content = json.dumps(
        {"graphs": graphs, "template": TEMPLATE}, allow_nan=False, separators=(",", ":")
    )
    return Markup(content.replace("<", "\\u003c"))


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
