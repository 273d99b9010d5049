"""What a command says on the terminal."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from timegan.callbacks.interrupt import resume_argument

CONSOLE = Console(markup=False, highlight=False, soft_wrap=True)


def say(*lines: str) -> None:
    """Print lines as they are: never wrapped, at once where the output is a pipe."""
    for line in lines:
        CONSOLE.print(line)
    CONSOLE.file.flush()


def what_was_reached(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The run in a few sentences, each score beside its floor."""
    if "training" in metrics:
        training = metrics["training"]
        counts = " + ".join(f"{n:,}" for n in training["iterations"].values())
        yield (
            f"Trained   {duration(training['seconds'])}: {counts} iterations, "
            f"{training['parameters']:,} parameters"
        )
    for name, score in metrics["scores"].items():
        yield f"{name.replace('_', ' '):<24}{score_line(score)}"
    if "sentence" in metrics["copying"]:
        yield f"Copying   {metrics['copying']['sentence']}"


def score_line(score: Mapping[str, Any]) -> str:
    """A score, its spread, and what a perfect generator would get.

    >>> score_line({"mean": 0.031, "std": 0.004, "floor": {"mean": 0.012}, "better": "lower"})
    '0.031 +- 0.004  (real against real 0.012; lower is better)'
    """
    if score.get("mean") is None:
        return f"-  ({score.get('reason', 'not computed')})"
    spread = f" +- {score['std']:.3f}" if score.get("std") else ""
    floor = (score.get("floor") or {}).get("mean")
    real = "" if floor is None else f"real against real {floor:.3f}; "
    return f"{score['mean']:.3f}{spread}  ({real}{score['better']} is better)"


def where_it_lies(folder: Path, evaluation: Mapping[str, Any]) -> Iterator[str]:
    """The run's folder, and what to do with it."""
    if evaluation:
        yield f"Report    {where(folder / 'report.html')}"
    yield f"Samples   {where(folder / 'samples.csv')}"
    run = resume_argument(where(folder)).replace("ckpt_path", "run", 1)
    yield f"More      python sample.py {run} count=1000 out=synthetic.csv"


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
