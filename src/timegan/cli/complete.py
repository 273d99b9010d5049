"""The command `python complete.py`: continue real sequences, fill holes, answer what-if."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from rich.console import Console
from rich.progress import Progress

from timegan.cli.console import print_lines
from timegan.cli.invocation import Invocation
from timegan.cli.schema import CompleteConfig
from timegan.files import check_free
from timegan.sampling.completion import GivenTable, complete
from timegan.sampling.shards import parse_shard, shard_range
from timegan.serialization.overwrite_checks import check_not_read, check_not_trained_on
from timegan.serialization.runs import LoadedRun, read_run
from timegan.tables.readers import read_table
from timegan.tables.writers import frame_writer, write_frames


def run(config: CompleteConfig, invocation: Invocation) -> None:
    """Complete a table ``count`` times and write it, chunk by chunk."""
    if config.shard is not None:
        parse_shard(config.shard)
    frame_writer(config.out)  # a wrong ending is better found before the work
    torch.set_num_threads(config.threads)
    source = read_run(config.run)
    check_out(config, source)
    given = GivenTable.read(read_table(config.given), source.transform, config.steps)
    sequences = len(given.table.bounds)
    mine = shard_range(config.shard, sequences * config.count)
    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Completing", total=len(mine))

        def frames() -> Iterator[pd.DataFrame]:
            yield from complete(
                source.model,
                source.transform,
                given,
                config.count,
                seed=config.seed,
                jobs=mine,
                progress=lambda done: bar.advance(task, done),
            )

        write_frames(config.out, frames(), source.transform.schema, overwrite=config.overwrite)
    print_lines(
        f"{sequences:,} sequence{'s' * (sequences != 1)} with {config.steps:,} steps more, "
        f"{config.count:,} draw{'s' * (config.count != 1)} of each, in {config.out}"
        + (f": shard {config.shard}" if config.shard else "")
    )


def check_out(config: CompleteConfig, run: LoadedRun) -> None:
    """Refuse an existing file, the training table, and the table that is completed.

    Raises:
        InputError: the file must not be written.
    """
    check_not_read(config.out, "out", {"given": config.given, "run": config.run})
    check_not_trained_on(config.out, "out", run.tables)
    if not config.overwrite:
        check_free(config.out, "out")
    elif Path(config.out).is_file():
        check_not_trained_on(config.out, "out", (), run.fingerprint, run.transform.schema)
