"""Memory of training: growth over iterations, the peak, and bytes per row.

    python -m benchmarks.memory flat                           2,000 joint iterations
    python -m benchmarks.memory peak --rows 10000000           on a series of so many rows
    python -m benchmarks.memory peak --preset reference --backend torch
    python -m benchmarks.memory setup --rows 200000            bytes a row before training begins

Resident memory is read from /proc (Linux). `setup` counts allocations instead, so its numbers are
the same in every run.
"""

import argparse
import json
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer

from benchmarks.sizes import BACKENDS, PRESETS, ROOT, ROWS, model, prepare, table
from timegan.cli.train import peak_memory
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


def resident_memory() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


class Watch(Callback):
    """A callback that records resident memory in MB at an interval of iterations."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.found: dict[int, float] = {}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (batch_idx + 1) % self.every == 0:
            self.found[batch_idx + 1] = resident_memory()


def train(
    name: str, backend: str, iterations: int, *, hidden: int = 24, rows: int = ROWS, every: int = 1
) -> dict[int, float]:
    """Train one joint epoch, and return resident memory in MB by iteration."""
    data = table(name, 6, 24, iterations, rows)
    net = model(TimeGAN, name, data, Schedule(0, 0, 1), hidden=hidden, backend=backend)
    watch = Watch(every)
    Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=1,
        logger=False,
        callbacks=[watch],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(net, data)
    return watch.found


def setup(rows: int) -> dict[str, float]:
    """Return bytes per row of a series, after the setup of its data module and at the peak."""
    tracemalloc.start()
    data = table("timegan", 6, 24, rows=rows)
    held_bytes, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"held": held_bytes / rows, "peak": peak_bytes / rows, "windows": len(data.train)}


def in_subprocess(*arguments: str) -> dict[str, Any]:
    """Run this file in a new process and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["flat", "peak", "setup"])
    parser.add_argument("--preset", choices=PRESETS, default="timegan")
    parser.add_argument("--backend", choices=BACKENDS, default="native")
    parser.add_argument("--iterations", type=int, help="2,000, or 20 for the peak")
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args(arguments)
    prepare()
    if given.what == "setup":
        print(json.dumps(setup(given.rows)))
        return
    imports = resident_memory()
    flat = given.what == "flat"
    iterations = given.iterations or (2_000 if flat else 20)
    found = train(
        given.preset, given.backend, iterations, rows=given.rows, every=max(1, iterations // 20)
    )
    more = {"held_mb": found} if flat else {}
    print(json.dumps({"imports_mb": imports, "peak_mb": peak_memory(), **more}))


if __name__ == "__main__":
    main()
