"""CPU seconds of training until samples are as good as real data, within twice the baseline.

    python -m benchmarks.time_to_floor                          four tables: some hours
    python -m benchmarks.time_to_floor stock --shares 0.5 1     one table, some lengths of training

A length is a share of the epochs that the default schedule plans for the table. Each length is a
training of its own, whose learning rate falls to its end. A tenth of the windows is held out.
Columns are ratios to the score of real data: the distance of samples to held-out windows, the
published classifier, one of 24 units, the predictive score and Context-FID. Finished runs in
outputs/time_to_floor are kept.
"""

import argparse
import itertools
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, ROWS, call, done

TABLES = ("stock", "sines", "etth1", "energy")
SHARES = (0.125, 0.25, 0.5, 1.0)
RUNS = ROOT / "outputs" / "time_to_floor"
STEPS = 50
"""Batches of an epoch."""
WITHIN = 2.0
"""Ratio to the baseline at which a score counts as reached."""


def train(table: str, seed: int, share: float) -> Path:
    """Train with a share of the planned epochs and judge; return the folder of the run."""
    run = RUNS / table / str(seed) / f"{share:g}"
    if not done(run):
        shutil.rmtree(run, ignore_errors=True)
        planned = {} if share == 1 else training(train(table, seed, 1.0))["iterations"]
        epochs = {phase: max(1, round(share * n / STEPS)) for phase, n in planned.items()}
        call(
            "train.py",
            run,
            *("experiment=published", f"seed={seed}", *ROWS[table].overrides),
            *("dataset.preprocessing=default", f"dataset.steps_per_epoch={STEPS}"),
            *(f"model.schedule.{phase}={count}" for phase, count in epochs.items()),
            *("evaluation.seed=0", "evaluation.classifiers=3", "evaluation.encoders=1"),
        )
    strong = run / "published_strong"
    if not done(strong):
        options = ("evaluation=published_strong", "evaluation.classifiers=3", "overwrite=true")
        call("evaluate.py", strong, f"run={run}", "evaluation.seed=0", *options)
    return run


def training(run: Path) -> Mapping[str, Any]:
    """Return what a run says of its training."""
    found: Mapping[str, Any] = read(run)["training"]
    return found


def read(run: Path) -> dict[str, Any]:
    """Return the scores of a run."""
    found: dict[str, Any] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return found


def ratios(run: Path) -> dict[str, float]:
    """Return the distance to held-out windows and each judge's score, by their baselines."""
    monitor, own = training(run)["sample_monitor"], read(run)["scores"]
    strong = read(run / "published_strong")["scores"]["discriminative"]
    judged = {
        "classifier": own["discriminative"],
        "24 units": strong,
        "predictive": own["predictive"],
        "Context-FID": own["context_fid"],
    }
    found = {name: score["mean"] / score["baseline"]["mean"] for name, score in judged.items()}
    return {"distance": monitor["last"]["distance"] / monitor["baseline"], **found}


def main() -> None:
    """Train every length, and print a line for each as it ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"default: {', '.join(TABLES)}")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = parser.parse_args()
    columns: list[str] = []
    for table, seed in itertools.product(given.tables or TABLES, given.seeds):
        for share in sorted(given.shares):
            run = train(table, seed, share)
            found = ratios(run)
            if not columns:
                columns = ["table", "seed", "share", "CPU s", *found, f"above {WITHIN:g}"]
                print(f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|", sep="\n")
            cells = [table, str(seed), f"{share:g}", f"{training(run)['cpu_seconds']:,.0f}"]
            cells += [f"{ratio:.2f}" for ratio in found.values()]
            above = [name for name, ratio in found.items() if ratio > WITHIN]
            print(f"| {' | '.join(cells)} | {', '.join(above) or 'none'} |", flush=True)


if __name__ == "__main__":
    main()
