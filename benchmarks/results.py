"""All runs of the table of results, then docs/explanation/results.md with tables and picture.

    make results                                 all rows and seeds: many hours
    make results ARGS="stock sines --seeds 0 1"  some rows, some training seeds
    make results ARGS="--gather"                 write the table of existing runs, train nothing

Each run is `python train.py experiment=published dataset=... seed=...` in outputs/results/, then
`evaluate.py` with evaluation=published_strong. Strict scores need held-out windows. They come from
a second training that holds a tenth out (dataset.preprocessing=default), as the published protocol
trains on every window.

Finished runs are kept, so the command can be stopped and started again. The real tables lie in
../shared/data, or in the folder TIMEGAN_DATA. No seed and no checkpoint is selected. All runs of a
row meet the same classifiers, and baselines and controls are measured once.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results_page import costs, picture, read, tables, with_tables
from timegan.cli.aggregate import results
from timegan.files import write_bytes, write_text
from timegan.report.figures.picture import png

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TIMEGAN_DATA", ROOT.parent / "shared" / "data"))
RUNS = ROOT / "outputs" / "results"
EXPLANATION = ROOT / "docs" / "explanation"
SCORES = EXPLANATION / "all-scores"
STOCK = ("dataset=stock", f"dataset.path={DATA / 'stock_data.csv'}")
ENERGY = ("dataset=energy", f"dataset.path={DATA / 'energy_data.csv'}")
ETTH1 = (
    "dataset=csv",
    f"dataset.path={DATA / 'ETTh1.csv'}",
    "dataset.name=etth1",
    "dataset.columns=[HUFL,HULL,MUFL,MULL,LUFL,LULL,OT]",
)
FMRI = ("dataset=csv", f"dataset.path={DATA / 'fmri.parquet'}", "dataset.name=fmri")
MUJOCO = ("dataset=csv", f"dataset.path={DATA / 'mujoco.npz'}", "dataset.name=mujoco")
UNKNOWN = "dataset.infer_types=false"
REFERENCE = "model=reference"
MORE = ("published_strong", "strict")
"""Evaluations in addition to the published one."""
STRICT = ("dataset.preprocessing=default", "evaluation=strict")
"""Overrides of the training with strict scores."""


FIRST_SEED = 100
"""Smallest reporting seed. Recipes are chosen on seeds 0 to 9, and these are not looked at."""


@dataclass(frozen=True)
class Row:
    """A row of the table: overrides of train.py, and the number of seeds."""

    overrides: tuple[str, ...]
    seeds: int = 5


ROWS = {
    "sines": Row(("dataset=sines",)),
    "stock": Row(STOCK),
    "energy": Row(ENERGY),
    "energy-unknown": Row((*ENERGY, UNKNOWN)),
    "arma": Row(("dataset=arma",)),
    "etth1": Row((*ETTH1, "dataset.window=24")),
    "fmri": Row((*FMRI, "dataset.window=24"), 3),
    "mujoco": Row(MUJOCO, 3),
    "stock-64": Row((*STOCK, "dataset.window=64")),
    "stock-128": Row((*STOCK, "dataset.window=128")),
    "energy-64": Row((*ENERGY, "dataset.window=64"), 3),
    "energy-128": Row((*ENERGY, "dataset.window=128"), 3),
    "energy-256": Row((*ENERGY, "dataset.window=256"), 3),
    "etth1-64": Row((*ETTH1, "dataset.window=64"), 3),
    "etth1-128": Row((*ETTH1, "dataset.window=128"), 3),
    "etth1-256": Row((*ETTH1, "dataset.window=256"), 3),
    "sines-reference": Row(("dataset=sines", REFERENCE), 3),
    "stock-reference": Row((*STOCK, REFERENCE), 3),
    "energy-reference": Row((*ENERGY, REFERENCE), 3),
}


def main() -> None:
    """Parse the arguments, train what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="*", help=f"out of {', '.join(ROWS)}; default: all")
    parser.add_argument(
        "--seeds", type=int, nargs="+", help="training seeds (default: 100 to 104, or to 102)"
    )
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
        most = max(row.seeds for row in ROWS.values())
        for seed in given.seeds or range(FIRST_SEED, FIRST_SEED + most):
            for name in given.rows or ROWS:
                if given.seeds or seed < FIRST_SEED + ROWS[name].seeds:
                    run(name, seed, given.more)
    results([RUNS], SCORES, overwrite=True)
    write_page()


def write_page() -> None:
    """Write the tables and the picture of docs/explanation/results.md from the committed scores."""
    blocks = read(SCORES / "results.csv")
    page = EXPLANATION / "results.md"
    made = tables(blocks, costs(SCORES / "results.md"))
    write_text(page, with_tables(page.read_text(encoding="utf-8"), made), overwrite=True)
    write_bytes(EXPLANATION / "results.png", png(picture(blocks)), overwrite=True)


def run(name: str, seed: int, more: Sequence[str]) -> None:
    """Train and score one row with one seed, except what is finished."""
    folder = RUNS / name / str(seed)
    train(folder, f"seed={seed}", *ROWS[name].overrides)
    if "published_strong" in more and not done(folder / "published_strong"):
        strong = ("evaluation=published_strong", "overwrite=true")  # replace an interrupted one
        call("evaluate.py", folder / "published_strong", f"run={folder}", *strong)
    if "strict" in more:
        train(RUNS / name / "strict" / str(seed), f"seed={seed}", *ROWS[name].overrides, *STRICT)


def train(folder: Path, *overrides: str) -> None:
    """Train and score into ``folder`` unless it holds a finished run."""
    if not done(folder):
        shutil.rmtree(folder, ignore_errors=True)
        call("train.py", folder, "experiment=published", "evaluation.seed=0", *overrides)


def done(folder: Path) -> bool:
    """Return True if a run or an evaluation is finished."""
    return (folder / "metrics.json").is_file()


def call(script: str, folder: Path, *overrides: str) -> None:
    """Run a script of the project into ``folder``."""
    print(f"{script} {' '.join(overrides)}", flush=True)
    command = [sys.executable, script, *overrides, f"hydra.run.dir={folder}"]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
