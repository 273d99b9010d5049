"""`python sample.py`: synthetic sequences to a file, from a trained model alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import track

from timegan.cli.config import conform, plain
from timegan.cli.launch import launch
from timegan.cli.say import say
from timegan.cli.settings import at_least
from timegan.data.columns import Columns
from timegan.errors import InputError
from timegan.io.runs import open_run
from timegan.io.tables import write_table, writer
from timegan.model import Synthetic
from timegan.module import TimeGAN
from timegan.sampling import PART, sample_parts


@dataclass(frozen=True)
class SampleConfig:
    """`conf/sample.yaml`, checked."""

    run: str | None
    count: int
    seed: int
    out: str
    threads: int


def main() -> None:
    """The door: `python sample.py`, `timegan-sample`."""
    launch(sample, "sample")


def sample(cfg: DictConfig) -> None:
    """Draw sequences and write them, a part at a time."""
    config = SampleConfig(**conform(plain(cfg), SampleConfig, ""))
    if config.run is None:
        raise InputError(
            "run is not given: from which model? Give run=RUN: a run folder "
            "(outputs/<date>/<time>), a .ckpt file, or an exported model folder."
        )
    if config.count < 1:
        raise InputError(f"count={config.count}: at least one sequence has to be drawn.")
    writer(config.out)  # a wrong ending is better found before the work
    at_least("seed", config.seed, 0)
    at_least("threads", config.threads, 1)
    torch.set_num_threads(config.threads)
    model, columns = open_run(config.run)
    parts = _parts(model, columns, config.count, config.seed)
    write_table(config.out, parts, config.count, columns)
    say(
        f"{config.count:,} sequences of {model.net.window} steps "
        f"({', '.join(columns.features)}) in {config.out}"
    )


def _parts(model: TimeGAN, columns: Columns, count: int, seed: int) -> Iterator[np.ndarray]:
    """Windows in the table's units, with a bar on a terminal."""
    parts: Iterable[Synthetic[np.ndarray]] = sample_parts(model, count, seed=seed)
    console = Console()
    parts = track(
        parts,
        "Sampling",
        total=-(-count // PART),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    for part in parts:
        yield columns.inverse(part.x)


if __name__ == "__main__":
    main()
