"""The table of results: every run of it, then docs/results.md with its picture.

    make results                                 all of it: many hours; what is there is kept
    make results ARGS="stock sines --seeds 0 1"  some rows, some training seeds
    make results ARGS="--gather"                 no run, only the table of what there is

Each run is `python train.py experiment=published dataset=... seed=...` in outputs/results/, then
`evaluate.py` on it with evaluation=published_strong: in a sweep of one's own, the same with -m. The
strict scores are those of another training, which holds a tenth out
(dataset.preprocessing=default): the published protocol learns every window, and what was learned
cannot test for copies.

It can be stopped and started again: whole runs are kept, one that was cut off is trained anew. The
real tables lie in ../shared/data, or where TIMEGAN_DATA says. Nothing here picks a seed or a
checkpoint. All runs of a row meet the same classifiers: baselines and controls are measured once.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from timegan.cli.aggregate import results

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TIMEGAN_DATA", ROOT.parent / "shared" / "data"))
RUNS = ROOT / "outputs" / "results"
STOCK = ("dataset=stock", f"dataset.path={DATA / 'stock_data.csv'}")
ENERGY = ("dataset=energy", f"dataset.path={DATA / 'energy_data.csv'}")
SEVEN = "dataset.columns=[T1,RH_1,T2,RH_2,T_out,Press_mm_hg,Tdewpoint]"
"""Smooth ones, in the place of ETTh1, whose file is not there."""
UNKNOWN = "dataset.infer_types=false"
REFERENCE = "model=reference"
MORE = ("published_strong", "strict")
"""Evaluations besides the published one."""
STRICT = ("dataset.preprocessing=default", "evaluation=strict")
"""What the training is given whose scores are the strict ones."""


@dataclass(frozen=True)
class Row:
    """A row of the table: what train.py is given besides the seed, and how many seeds."""

    overrides: tuple[str, ...]
    seeds: int = 5


ROWS = {
    "sines": Row(("dataset=sines",)),
    "stock": Row(STOCK),
    "energy": Row(ENERGY),
    "energy-unknown": Row((*ENERGY, UNKNOWN)),
    "arma": Row(("dataset=arma",)),
    "seven": Row((*ENERGY, SEVEN, "dataset.name='seven columns of energy'")),
    "stock-64": Row((*STOCK, "dataset.window=64")),
    "stock-128": Row((*STOCK, "dataset.window=128")),
    "energy-64": Row((*ENERGY, "dataset.window=64"), 3),
    "energy-128": Row((*ENERGY, "dataset.window=128"), 3),
    "sines-reference": Row(("dataset=sines", REFERENCE), 3),
    "stock-reference": Row((*STOCK, REFERENCE), 3),
    "energy-reference": Row((*ENERGY, REFERENCE), 3),
}


def main() -> None:
    """The door."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("rows", nargs="*", help=f"out of {', '.join(ROWS)}; default: all")
    parser.add_argument("--seeds", type=int, nargs="+", help="training seeds (default: 5 or 3)")
    parser.add_argument("--more", nargs="*", choices=MORE, default=MORE, help="default: both")
    parser.add_argument(
        "--published", action="store_const", const=(), dest="more", help="no others"
    )
    parser.add_argument("--gather", action="store_true", help="train nothing")
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}. There are {', '.join(ROWS)}.")
    if not given.gather:
        # Seed by seed, so that an interrupted table has every row before any row has all seeds.
        for seed in given.seeds or range(max(row.seeds for row in ROWS.values())):
            for name in given.rows or ROWS:
                if given.seeds or seed < ROWS[name].seeds:
                    run(name, seed, given.more)
    results([RUNS], ROOT / "docs", overwrite=True)


def run(name: str, seed: int, more: Sequence[str]) -> None:
    """Train and score one row with one seed, as far as that has not been done."""
    folder = RUNS / name / str(seed)
    train(folder, f"seed={seed}", *ROWS[name].overrides)
    if "published_strong" in more and not done(folder / "published_strong"):
        strong = ("evaluation=published_strong", "overwrite=true")  # of what was cut off
        call("evaluate.py", folder / "published_strong", f"run={folder}", *strong)
    if "strict" in more:
        train(RUNS / name / "strict" / str(seed), f"seed={seed}", *ROWS[name].overrides, *STRICT)


def train(folder: Path, *overrides: str) -> None:
    """Train and score into ``folder``, unless that was done; what was cut off is done anew."""
    if not done(folder):
        shutil.rmtree(folder, ignore_errors=True)
        call("train.py", folder, "experiment=published", "evaluation.seed=0", *overrides)


def done(folder: Path) -> bool:
    """Whether a run or an evaluation has come to its end."""
    return (folder / "metrics.json").is_file()


def call(script: str, folder: Path, *overrides: str) -> None:
    """Run a script of the project into ``folder``."""
    print(f"{script} {' '.join(overrides)}", flush=True)
    command = [sys.executable, script, *overrides, f"hydra.run.dir={folder}"]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
