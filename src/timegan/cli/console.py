"""Terminal output of the commands."""

import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timegan.errors import program, quote_argument
from timegan.report.formatting import duration

COLOURS = {"excellent": "green", "good": "green", "fair": "yellow", "poor": "red"}


def print_lines(*lines: str) -> None:
    """Print lines, at once where the output is a pipe."""
    print(*lines, sep="\n", flush=True)


def print_verdicts(metrics: Mapping[str, Any]) -> None:
    """Print the overall verdict, then each one with its grade; wrap them on a terminal."""
    if not metrics["scores"]:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from timegan.report.verdicts.overall import overall_verdict
    from timegan.report.verdicts.verdicts import verdicts

    answers = verdicts(metrics)
    answers.insert(0, overall_verdict(answers, metrics))
    console = Console()
    if not console.is_terminal:
        print_lines(*(f"{a.label.lower():<11} {a.heading} {a.sentence}" for a in answers))
        return
    grid = Table.grid(padding=(0, 2))
    for answer in answers:
        grade = Text(answer.label.lower(), style=COLOURS.get(answer.grade, "dim"))
        grid.add_row(grade, Text.assemble((f"{answer.heading} ", "bold"), answer.sentence))
    console.print(grid, highlight=False)


def training_summary(training: Mapping[str, Any]) -> str:
    """Return a line on the duration and the size of a training.

    >>> training_summary({"seconds": 8.24, "iterations": {"joint": 1500}, "parameters": 2000})
    'Trained   8.2 s: 1,500 joint iterations, 2,000 parameters'
    """
    counts = " + ".join(f"{n:,} {phase}" for phase, n in training["iterations"].items() if n)
    parameters = f"{training['parameters']:,} parameters"
    return f"Trained   {duration(training['seconds'])}: {counts} iterations, {parameters}"


def print_paths(folder: Path, *, report: bool) -> None:
    """Print the paths of what a run has left, and a command to draw samples."""
    run = quote_argument("run", short_path(folder))
    if report:
        print_lines(f"Report    {short_path(folder / 'report.html')}")
    print_lines(
        f"Samples   {short_path(folder / 'samples.csv')}",
        f"More      {program('sample')} {run} count=1000 out=synthetic.csv",
    )


def short_path(path: str | Path) -> str:
    """Return a path relative to the working folder where it lies below that.

    >>> short_path("outputs/a")
    'outputs/a'
    """
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


SILENCED_WARNINGS = (
    # https://github.com/Lightning-AI/pytorch-lightning/issues/21326
    "`isinstance.treespec, LeafSpec.` is deprecated",
    "GPU available but not used",
    # The batches come from a table in memory: there is nothing for workers to do.
    ".*does not have many workers",
    # Two processes; neither changes a result.
    "torch.distributed.nn.functional.all_gather is deprecated",
    "Grad strides do not match bucket view strides",
)


def silence_lightning() -> None:
    """Suppress warnings without effect on results, hardware notes, and tips for other packages."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in SILENCED_WARNINGS:
        warnings.filterwarnings("ignore", message=message)
