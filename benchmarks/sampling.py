"""CPU time of sampling by a trained model: networks alone, the table's units, and a Parquet file.

    python -m benchmarks.sampling outputs/train/RUN --windows 10240

The run, or the folder of a saved model, is that of a table without a sequence key. The stages take
turns, on one thread, and the figures are medians.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from timegan import Synthesizer
from timegan.sampling.sequences import generate, generate_chunks
from timegan.sampling.windows import sample
from timegan.tables.writers import write_table


def measure(model: Synthesizer, windows: int, rounds: int) -> dict[str, float]:
    """Return microseconds of CPU time a window: ``networks``, ``generate`` and ``parquet``."""
    fitted, transform = model.model, model.table_transform

    def parquet() -> None:
        parts = generate_chunks(fitted, transform, windows, seed=1)
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder) / "made.parquet", parts, windows, transform.schema)

    works: dict[str, Callable[[], object]] = {
        "networks": lambda: sample(fitted, windows, seed=1),
        "generate": lambda: generate(fitted, transform, windows, seed=1),
        "parquet": parquet,
    }
    for work in works.values():
        work()  # the first call is slower
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            found[name].append(time.process_time() - start)
    return {name: 1e6 * statistics.median(times) / windows for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--windows", type=int, default=10_240)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = Synthesizer.load(given.model)
    steps = model.model.net.window
    for name, micros in measure(model, given.windows, given.rounds).items():
        rows = 60e6 * steps / micros
        rate = f"{1e6 / micros:7,.0f} windows/s, {rows:11,.0f} rows/min"
        print(f"{name:8} {micros:6.1f} us a window, {rate}")


if __name__ == "__main__":
    main()
