"""Screening of configurations: train over seeds, score, and append a line to log.jsonl.

    python benchmarks/research/seed_screen.py stock                  the default preset
    python benchmarks/research/seed_screen.py energy --seeds 0 1 dataset.infer_types=false

The real tables lie in ../shared/data, or in the folder TIMEGAN_DATA. Scores are those of the
published protocol on training windows, with few classifiers. They select recipes and are not
reported. Reported scores come from `make results`, with other classifiers.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

from timegan.data import WindowDataModule
from timegan.metrics.fidelity.autocorrelation import (
    autocorrelation_score,
    change_autocorrelation_score,
)
from timegan.metrics.fidelity.correlation import correlation_score
from timegan.metrics.fidelity.density import change_overlap, pooled_overlap
from timegan.metrics.fidelity.discriminative import classify
from timegan.metrics.grouped_gru import Task
from timegan.metrics.windows import Array, MinMax, subset
from timegan.sampling.sequences import generate
from timegan.seeds import derive, rng
from timegan.serialization.runs import open_run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATA = Path(os.environ.get("TIMEGAN_DATA", ROOT.parent / "shared" / "data"))
FILES = {"stock": "stock_data.csv", "energy": "energy_data.csv"}
STRONGER = {"hidden": 24, "lr": 3e-3, "iterations": 1_500}
"""Options of the second classifier, which is as wide as the networks of the paper."""

MEASURES: dict[str, Callable[[Array, Array], float | None]] = {
    "density": pooled_overlap,
    "change_density": change_overlap,
    "correlation": correlation_score,
    "autocorrelation": autocorrelation_score,
    "change_autocorrelation": change_autocorrelation_score,
}
"""Metrics without a classifier."""


def train(data: str, seed: int, overrides: list[str], folder: Path) -> float:
    """Train into ``folder`` and return the CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    given = [f"dataset={data}", "dataset.preprocessing=reference", f"seed={seed}"]
    if data in FILES:
        given.append(f"dataset.path={DATA / FILES[data]}")
    quiet = ["evaluation=none", "logger=none", "dataset.constraints=off"]
    command = [sys.executable, "train.py", *given, *quiet, *overrides, f"hydra.run.dir={folder}"]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output.txt").open("w") as output:
        subprocess.run(command, cwd=ROOT, check=True, stdout=output, stderr=subprocess.STDOUT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def score(folder: Path, seed: int, classifiers: int) -> dict[str, Any]:
    """Return the scores of the run in ``folder``; ``seed`` sets the classifiers."""
    model, columns = open_run(folder)
    config = read_dataset(folder)
    data = WindowDataModule(**config, constraints="off")
    data.setup()
    real = data.train_windows()
    fake = generate(model, columns, len(real), seed=derive(seed, "screen")).values
    real, fake = subset(real, 20_000, rng(seed, "real")), subset(fake, 20_000, rng(seed, "fake"))
    scale = MinMax(real)
    real, fake = (scale(windows).astype(np.float32) for windows in (real, fake))
    seeds = [derive(seed, "screen", number) for number in range(classifiers)]
    tasks = [Task(real, fake, s) for s in seeds]
    found = {
        "discriminative": [abs(v) for v in classify(tasks)],
        "stronger": [abs(v) for v in classify(tasks[:2], **STRONGER)],  # type: ignore[arg-type]
    }
    steps = [np.abs(np.diff(windows, axis=1)) for windows in (real, fake)]
    sizes = [np.quantile(s.reshape(-1, s.shape[2]), 0.99, axis=0) for s in steps]
    known = sizes[0] > 1e-9
    return {
        **{name: [round(v, 4) for v in runs] for name, runs in found.items()},
        **{name: _rounded(measure(real, fake)) for name, measure in MEASURES.items()},
        "large_changes": round(float(np.median(sizes[1][known] / sizes[0][known])), 3),
    }


def read_dataset(folder: Path) -> dict[str, Any]:
    """Return the arguments of the run's data module that evaluation needs."""
    from omegaconf import OmegaConf

    config: dict[str, Any] = OmegaConf.to_container(  # type: ignore[assignment]
        OmegaConf.load(folder / ".hydra" / "config.yaml")["dataset"]
    )
    for name in ("constraints", "batches_per_step", "seed"):
        config.pop(name, None)
    return config


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def main() -> None:
    """Parse the arguments, then train and score each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("data", help="stock, energy, or another dataset of conf/")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--classifiers", type=int, default=3)
    parser.add_argument("--note", default="", help="what is tried, for the log")
    parser.add_argument("overrides", nargs="*", help="as train.py takes them")
    given, more = parser.parse_known_args()
    overrides = given.overrides + more
    torch.set_num_threads(1)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    for seed in given.seeds:
        name = given.data if not overrides else f"{given.data}-{derive(0, *overrides):016x}"
        folder = ROOT / "outputs" / "research" / name / f"{commit}-{seed}"
        seconds = train(given.data, seed, overrides, folder)
        line = {
            "date": str(date.today()),
            "commit": commit,
            "data": given.data,
            "seed": seed,
            "overrides": overrides,
            "note": given.note,
            "cpu_seconds": round(seconds),
            **score(folder, seed, given.classifiers),
        }
        with (HERE / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
