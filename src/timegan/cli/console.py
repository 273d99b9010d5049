"""What a command says on the terminal."""

import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timegan.errors import quote_argument

COLOURS = {"excellent": "green", "good": "green", "fair": "yellow", "poor": "red"}


def say(*lines: str) -> None:
    """Print lines, at once where the output is a pipe."""
    print(*lines, sep="\n", flush=True)


def say_verdicts(metrics: Mapping[str, Any]) -> None:
    """The answers that the scores give, each with its grade: wrapped where there is a terminal."""
    if not metrics["scores"]:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from timegan.report.verdicts.verdicts import verdicts  # matplotlib, which not every run needs

    answers = verdicts(metrics)
    console = Console()
    if not console.is_terminal:
        say(*(f"{a.grade:<9} {a.question} {a.sentence}" for a in answers))
        return
    grid = Table.grid(padding=(0, 2))
    for answer in answers:
        grade = Text(answer.grade, style=COLOURS.get(answer.grade, "dim"))
        grid.add_row(grade, Text.assemble((f"{answer.question} ", "bold"), answer.sentence))
    console.print(grid, highlight=False)


def trained(training: Mapping[str, Any]) -> str:
    """How long the training took, and what it was.

    >>> trained({"seconds": 8.24, "iterations": {"joint": 1500}, "parameters": 2000})
    'Trained   8.2 s: 1,500 joint iterations, 2,000 parameters'
    """
    counts = " + ".join(f"{n:,} {phase}" for phase, n in training["iterations"].items() if n)
    parameters = f"{training['parameters']:,} parameters"
    return f"Trained   {duration(training['seconds'])}: {counts} iterations, {parameters}"


def say_where(folder: Path, *, report: bool) -> None:
    """The run's folder, and what to do with it."""
    run = quote_argument("run", where(folder))
    if report:
        say(f"Report    {where(folder / 'report.html')}")
    say(
        f"Samples   {where(folder / 'samples.csv')}",
        f"More      python sample.py {run} count=1000 out=synthetic.csv",
    )


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(8.24), duration(131)
    ('8.2 s', '2 min 11 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def where(path: str | Path) -> str:
    """A path as short as it can be said from here.

    >>> where("outputs/a")
    'outputs/a'
    """
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


NOISE = (
    # https://github.com/Lightning-AI/pytorch-lightning/issues/21326
    "`isinstance.treespec, LeafSpec.` is deprecated",
    "GPU available but not used",
    # The batches come from a table in memory: there is nothing for workers to do.
    ".*does not have many workers",
    # Two processes; neither changes a result.
    "torch.distributed.nn.functional.all_gather is deprecated",
    "Grad strides do not match bucket view strides",
)


def quiet() -> None:
    """Leave them out, and with them the hardware found and tips that advertise other packages."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in NOISE:
        warnings.filterwarnings("ignore", message=message)
