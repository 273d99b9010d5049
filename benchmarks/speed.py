"""Speed as one table of medians and ratios: the command `make bench`.

    make bench                      a few minutes on a quiet core
    make bench ARGS="--full"        every size, preset, phase and backend: hours
    make bench ARGS="--only training sampling --rounds 5"

It compares training and sampling with the plain loop of benchmarks/baseline.py, ten classifiers as
one network with ten networks, and windows that are read on demand with copies. It also measures
Lightning's share of an iteration, and peak memory. Variants take turns, so that other load slows
all of them. The ratio of the medians is what counts. Data are random walks; torch uses one thread.
The numbers of every round are saved in a new file below outputs/bench.
"""

import argparse
import itertools
import json
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks import evaluation_speed, gpu, memory, scaling
from benchmarks.baseline import BASELINES, batches
from benchmarks.sizes import (
    BACKENDS,
    FEATURES,
    PRESETS,
    ROOT,
    model,
    prepare,
    seconds,
    table,
    take_turns,
)
from benchmarks.training import Cell, measure, share
from timegan.data.loader import RandomWindows
from timegan.files import check_free, write_text
from timegan.sampling.sequences import generate
from timegan.sampling.windows import CHUNK_SIZE
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase

OWN = {"reference": 24, "timegan": 64}
"""Hidden units of the presets."""
ALL = tuple(Phase)
FEW = tuple(
    cell
    for name in PRESETS
    for cell in (
        Cell(name, "stock", 24, OWN[name], ALL),
        Cell(name, "energy", 24, OWN[name]),
        Cell(name, "stock", 128, OWN[name]),
        Cell(name, "stock", 24, 128),
    )
)
FULL = tuple(
    Cell(name, kind, window, hidden, ALL)
    for name, kind, window in itertools.product(PRESETS, FEATURES, (24, 128))
    for hidden in sorted({24, 128, OWN[name]})
)
Record = dict[str, Any]


def training(given: argparse.Namespace) -> Iterator[Record]:
    """Measure milliseconds of an iteration, and Lightning's share of it."""
    for cell in FULL if given.full else FEW:
        for phase in cell.phases:
            found = measure(cell, phase, given.rounds, given.budget)
            record = {**cell.label(), "phase": phase.value, "unit": "ms", **summary(found)}
            if "bare" in found:
                record["lightning"] = share(found)
            yield record


def sampling(given: argparse.Namespace) -> Iterator[Record]:
    """Measure sampling by the networks alone, and by `generate` (native) in the table's units."""
    cells = FULL if given.full else [c for c in FEW if len(c.phases) > 1]
    for cell in cells:
        baseline = BASELINES[cell.preset](FEATURES[cell.table], cell.window, hidden=cell.hidden)
        works: dict[str, Callable[[], object]] = {"baseline": partial(baseline.sample, CHUNK_SIZE)}
        for backend in BACKENDS:
            schedule = cell.schedule(Phase.JOINT)
            net = model(
                TimeGAN, cell.preset, cell.data, schedule, hidden=cell.hidden, backend=backend
            ).net
            noise = net.draw_noise(CHUNK_SIZE, torch.default_generator)
            works[backend] = partial(net.synthesise, *noise)
        works["generate"] = partial(generate, net, cell.data.transform, CHUNK_SIZE)
        found = summary(timed(works, given.rounds, 1_000 / CHUNK_SIZE))
        rates = {name: 1e6 / median for name, median in found["median"].items()}
        unit = "ms for 1,000 windows"
        yield {**cell.label(), "unit": unit, **found, "windows_a_second": rates}


def path(given: argparse.Namespace) -> Iterator[Record]:
    """Measure time and memory of a window, read on demand and from copies of all windows."""
    for kind, window in itertools.product(FEATURES, (24, 128)):
        data = table("timegan", FEATURES[kind], window)
        loader, kept = data.train_dataloader(), torch.from_numpy(data.train.all())
        drawn = loader.batch_size * loader.batches_per_step
        works: dict[str, Callable[[], object]] = {
            "baseline": partial(batches, kept, loader.batch_size),
            "windows": partial(draw, loader),
        }
        yield {
            "table": f"{window} x {FEATURES[kind]}",
            "unit": "us a window",
            **summary(timed(works, given.rounds, 1_000 / drawn)),
            "bytes": {
                "baseline": kept.nbytes / len(kept),
                "windows": (data.train.rows.nbytes + data.train.starts.nbytes) / len(data.train),
            },
        }


def draw(loader: RandomWindows) -> object:
    """Return one batch of the loader, a new one at each call."""
    loader.set_epoch(loader.state_dict()["epoch"] + 1)
    return next(iter(loader))


def evaluation(given: argparse.Namespace) -> Iterator[Record]:
    """Measure milliseconds of an iteration of ten classifiers, as one network and one by one."""
    for score, found in evaluation_speed.measure(given.rounds).items():
        yield {"preset": score, "unit": "ms", **summary(found)}


def peaks(given: argparse.Namespace) -> Iterator[Record]:
    """Measure peak memory of a process that trains, and of its imports."""
    for name, backend in itertools.product(PRESETS, BACKENDS if given.full else BACKENDS[-1:]):
        yield {
            "preset": name,
            "backend": backend,
            **memory.in_subprocess("peak", "--preset", name, "--backend", backend),
        }


def growth(given: argparse.Namespace) -> Iterator[Record]:
    """Measure joint iterations at 64 steps, windows and hidden units, and at other sizes of one."""
    yield from scaling.measure(BACKENDS[-1], given.rounds, given.budget)


def cuda(given: argparse.Namespace) -> Iterator[Record]:
    """Measure training on a GPU, and on one core for comparison."""
    for cell in FULL if given.full else FEW:
        for phase in cell.phases:
            found = gpu.measure(cell, phase, given.rounds, given.budget)
            yield {**cell.label(), "phase": phase.value, "unit": "ms", **summary(found)}


PARTS: Mapping[str, Callable[[argparse.Namespace], Iterator[Record]]] = {
    "training": training,
    "sampling": sampling,
    "evaluation": evaluation,
    "path": path,
    "memory": peaks,
    "scaling": growth,
    "gpu": cuda,
}


def timed(
    works: Mapping[str, Callable[[], object]], rounds: int, factor: float
) -> dict[str, list[float]]:
    """Return milliseconds of a call times a factor, in rounds of about a third of a second."""

    def run(work: Callable[[], object], calls: int) -> float:
        return 1_000 * factor * seconds(lambda: [work() for _ in range(calls)]) / calls

    runs = {}
    for name, work in works.items():
        work()  # the first call is slower
        runs[name] = partial(run, work, max(1, round(0.3 / seconds(work))))
    return take_turns(runs, rounds)


def summary(found: Mapping[str, Sequence[float]]) -> Record:
    """Return medians, speedups over the baseline, and the times of every round."""
    medians = {name: statistics.median(rounds) for name, rounds in found.items()}
    ratios = {name: medians["baseline"] / median for name, median in medians.items()}
    return {"median": medians, "ratio": ratios, "rounds": dict(found)}


def line(record: Record) -> str:
    """Return the numbers of a record as text."""
    if "peak_mb" in record:
        return f"peak {record['peak_mb']:.0f} MB, of which imports {record['imports_mb']:.0f} MB"
    medians = record["median"]
    if "growth" in record:
        pairs = [f"x{record['growth'][n]:.2f} (limit {record['limit'][n]:.2f})" for n in medians]
    else:
        pairs = [f"x{ratio:.1f}" for ratio in record["ratio"].values()]
    cells = [f"{n} {m:.1f} {pair}" for (n, m), pair in zip(medians.items(), pairs, strict=True)]
    cells[0] = cells[0].rsplit(" x", 1)[0]  # without its ratio to itself
    if "lightning" in record:
        cells.append(f"Lightning {100 * record['lightning']:.1f} %")
    if "windows_a_second" in record:
        rates = record["windows_a_second"].items()
        cells.append("windows/s: " + ", ".join(f"{name} {rate:,.0f}" for name, rate in rates))
    if "bytes" in record:
        sizes = record["bytes"].items()
        cells.append("bytes a window: " + ", ".join(f"{name} {size:.0f}" for name, size in sizes))
    return f"{record['unit']}: " + "   ".join(cells)


def about(record: Record) -> str:
    """Return the labels of a record as text."""
    keys = ("preset", "backend", "table", "hidden", "phase")
    return " ".join(f"{record[key]!s:<{max(len(key), 8)}}" for key in keys if key in record)


def machine() -> Record:
    """Return the machine and the versions that were measured."""
    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="every size, preset, phase and backend")
    usual = [part for part in PARTS if part != "gpu" or torch.cuda.is_available()]
    parser.add_argument("--only", nargs="+", choices=PARTS, default=usual, metavar="PART")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=0.5, help="seconds of a round of training")
    new = ROOT / "outputs" / "bench" / f"{datetime.now():%Y-%m-%d-%H-%M-%S}.json"
    parser.add_argument("--out", type=Path, default=new, help="a new file")
    given = parser.parse_args(arguments)
    check_free(given.out, "--out")
    prepare()
    found: dict[str, list[Record]] = {}
    for part in given.only:
        print(f"{part}: {(PARTS[part].__doc__ or '').splitlines()[0]}", flush=True)
        for record in PARTS[part](given):
            found.setdefault(part, []).append(record)
            print(f"  {about(record)} {line(record)}", flush=True)
    settings = machine() | {"rounds": given.rounds, "budget": given.budget}
    write_text(given.out, json.dumps(found | {"settings": settings}, indent=2) + "\n")
    print(f"Saved in {given.out}")


if __name__ == "__main__":
    main()
