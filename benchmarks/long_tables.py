"""Time and peak memory of each stage on a long series, on many sequences, and on wide tables.

    python -m benchmarks.long_tables series      2,000,000 rows of one series
    python -m benchmarks.long_tables sequences   100,000 sequences of 20 rows
    python -m benchmarks.long_tables wide --columns 100   4,000 rows of 100 columns
    python -m benchmarks.long_tables series --rows 200000

The peak of a stage is that of the process within it (Linux), with all that earlier stages hold.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from lightning import Trainer

from benchmarks.sizes import model, prepare, walks
from timegan.cli.train import peak_memory
from timegan.data import WindowDataModule
from timegan.evaluation import EvaluationData
from timegan.report.page import write_report
from timegan.sampling.sequences import generate
from timegan.serialization.model_folder import export_model
from timegan.tables.readers import read_table
from timegan.tables.writers import write_table
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

ROWS = {"series": 2_000_000, "sequences": 2_000_000, "wide": 4_000}
LENGTH = 20
"""Rows of each sequence."""
SAMPLES = 5_000
CHUNK = 100_000
"""Rows that are written at once, so that making the table needs no memory."""
CLEAR_REFS = Path("/proc/self/clear_refs")


def write(path: Path, what: str, rows: int, columns: int = 4) -> None:
    """Write a table with a time, numbers and a category; sequences have a sex as well.

    Args:
        path: of the table.
        what: series, sequences or wide.
        rows: of the table.
        columns: of numbers.
    """
    for first in range(0, rows, CHUNK):
        count = min(CHUNK, rows - first)
        places = np.arange(first, first + count)
        table = walks(count, columns, seed=first).round(3)
        table["state"] = np.array(["off", "idle", "on"])[
            (table["walk 0"] > 0) + 1 * (places % 3 > 1)
        ]
        if what != "sequences":
            table.insert(0, "time", pd.Timestamp("2020-01-01") + pd.to_timedelta(places, "min"))
        else:
            person, day = np.divmod(places, LENGTH)
            table.insert(0, "person", person)
            table.insert(1, "day", day)
            table["sex"] = np.where(person % 2, "f", "m")
        table.to_csv(path, mode="a", header=first == 0, index=False)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print the CPU seconds and the peak memory of a stage as a row of a table."""
    CLEAR_REFS.write_text("5", encoding="ascii")  # the peak begins anew
    started = time.process_time()
    yield
    print(f"| {name} | {time.process_time() - started:.1f} | {peak_memory():,.0f} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=[*ROWS])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--columns", type=int, default=4, help="of numbers")
    given = parser.parse_args(arguments)
    prepare()
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        write(path, given.what, given.rows or ROWS[given.what], given.columns)
        print("| stage | CPU seconds | peak, MB |\n| --- | --- | --- |", flush=True)
        with stage("(imports)"):
            pass
        frames = []
        with stage("read"):
            frames.append(read_table(path))
        key = "person" if given.what == "sequences" else None
        with stage("fit transforms, encode"):
            data = WindowDataModule.from_frame(frames.pop(), sequence_key=key)
            data.setup()
        net = model(TimeGAN, "timegan", data, Schedule(0, 0, 1), hidden=24, backend="native")
        trainer = Trainer(
            max_epochs=1,
            accelerator="cpu",
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        with stage(f"one epoch of {data.steps_per_epoch} batches"):
            trainer.fit(net, data)
        with stage(f"sample {SAMPLES:,} sequences"):
            made = generate(net.eval(), data.transform, SAMPLES, seed=0)
            write_table(Path(folder, "samples.csv"), [made], SAMPLES, data.transform.schema)
        with stage("compare windows and rows"):
            sets = EvaluationData.of(data, made, 0)
        with stage("evaluate (quick)"):
            metrics = sets.measure(protocol="quick", seed=0, cache=False)
        with stage("report"):
            write_report(
                folder,
                metrics=metrics | {"data": sets.summary},
                train=sets.train,
                holdout=sets.holdout,
                synthetic=sets.synthetic,
                features=sets.features,
                config_yaml="",
                command="",
            )
        with stage("export"):
            export_model(net, data.transform, Path(folder, "model"), fingerprint=data.fingerprint)


if __name__ == "__main__":
    main()
