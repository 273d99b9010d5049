"""The command `python sample.py`: draw sequences from a trained model, without data."""

from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from timegan.cli.console import print_lines
from timegan.cli.invocation import Invocation
from timegan.cli.schema import SampleConfig
from timegan.errors import tell
from timegan.files import check_free
from timegan.nn.networks import HasNetworks
from timegan.sampling.conditioning import GivenContext, parse_context, parse_exogenous
from timegan.sampling.sequences import generate_chunks
from timegan.sampling.shards import parse_shard, shard_range
from timegan.sampling.start_times import parse_starts
from timegan.serialization.overwrite_checks import check_not_read, check_not_trained_on
from timegan.serialization.runs import LoadedRun, read_run
from timegan.tables.readers import read_table
from timegan.tables.writers import write_table, writer
from timegan.transforms.table_transform import TableTransform

USUAL_ROWS = 1_000_000
"""Rows of a table of whole sequences where no count is given."""


def run(config: SampleConfig, invocation: Invocation) -> None:
    """Draw sequences and write them, chunk by chunk."""
    if config.shard is not None:
        parse_shard(config.shard)
    writer(config.out)  # a wrong ending is better found before the work
    torch.set_num_threads(config.threads)
    source = read_run(config.run)
    model, transform = source.model, source.transform
    check_out(config, source)
    context = exogenous = None
    if config.context:
        context = parse_context(read_table(config.context), transform)
        tell(*context.notes)
    if config.exogenous:
        exogenous = parse_exogenous(read_table(config.exogenous), transform, model.net.window)
    asked = context if context is not None else exogenous
    total = len(asked) if asked is not None else config.count or usual_count(config, transform)
    starts = None if config.start is None else parse_starts(config.start, transform, total)
    mine = shard_range(config.shard, total)
    count = len(mine)
    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Sampling", total=count * (config.steps or 1))
        parts = generate_chunks(
            model,
            transform,
            count,
            seed=config.seed,
            start=mine.start,
            context=None if context is None else context[mine.start : mine.stop],
            exogenous=None if exogenous is None else exogenous[mine.start : mine.stop],
            steps=config.steps,
            whole=True,
            starts=None if starts is None else starts[mine.start : mine.stop],
            progress=lambda done: bar.advance(task, done),
        )
        if Path(config.out).suffix == ".npz":
            parts = (part.padded(longest_of(config, model, transform, context)) for part in parts)
        ready = (transform.in_time_order(part) for part in parts)
        write_table(config.out, ready, mine, transform.schema, total, overwrite=config.overwrite)
    print_lines(
        f"{count:,} sequence{'s' * (count != 1)} of {_steps(model, transform, config.steps)} "
        f"steps ({', '.join(transform.features)}) in {config.out}"
        + (f": shard {config.shard}, from number {mine.start:,} on" if config.shard else "")
    )
    if config.steps is not None and config.steps > model.net.window:
        print_window_boundaries(model, config.steps, config.seed)


def check_out(config: SampleConfig, run: LoadedRun) -> None:
    """Refuse an existing file, the training table, and the tables that the command reads.

    Raises:
        InputError: the file must not be written.
    """
    inputs = {"context": config.context, "exogenous": config.exogenous, "run": config.run}
    check_not_read(config.out, "out", inputs)
    check_not_trained_on(config.out, "out", run.tables)
    if not config.overwrite:
        check_free(config.out, "out")
    elif Path(config.out).is_file():
        check_not_trained_on(config.out, "out", (), run.fingerprint, run.transform.schema)


def print_window_boundaries(model: HasNetworks, steps: int, seed: int) -> None:
    """Print how changes across window boundaries compare with changes inside windows."""
    from timegan.evaluation import compare_boundaries_of_model  # Lightning

    found = compare_boundaries_of_model(model, steps, seed=seed)
    ratios = [ratio for ratio in found["ratio"] if ratio is not None]
    if not ratios:
        print_lines("Window boundaries: not enough to compare; set a larger steps.")
        return
    mean = sum(ratios) / len(ratios)
    print_lines(
        f"Window boundaries ({found['boundaries']:,}): changes across them are {mean:.2f} times as "
        f"large as inside windows (from {min(ratios):.2f} to {max(ratios):.2f} by channel)."
    )


def usual_count(config: SampleConfig, transform: TableTransform) -> int:
    """Return the count where none is given: one for each start, 1,000, or one long series.

    Whole sequences that are longer than the window have about `USUAL_ROWS` rows together.
    """
    if isinstance(config.start, list):
        return len(config.start)
    if config.steps is not None:
        return 1
    return min(1_000, max(1, USUAL_ROWS // max(transform.longest, 1)))


def longest_of(
    config: SampleConfig,
    model: HasNetworks,
    transform: TableTransform,
    context: GivenContext | None,
) -> int:
    """Return the rows of the longest sequence that may be generated."""
    if config.steps is not None:
        return config.steps
    if context is not None and context.lengths is not None:
        return int(context.lengths.max())
    return transform.longest or model.net.window


def _steps(model: HasNetworks, transform: TableTransform, steps: int | None) -> str:
    if steps is not None:
        return f"{steps:,}"
    if transform.longest:
        return (
            f"up to {transform.longest:,}" if transform.learns_length else f"{transform.longest:,}"
        )
    return f"up to {model.net.window}" if transform.variable else str(model.net.window)
