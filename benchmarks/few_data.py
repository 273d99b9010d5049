"""What the presets make of few sequences, judged by sequences that they did not see.

    python -m benchmarks.few_data ../shared/data/stock_data.csv --count 10 25 50
    python -m benchmarks.few_data ../shared/data/stock_data.csv --share 0.05 0.10 0.15 --seeds 100

The table is one long series. `--count` takes that many windows without common rows. `--share` takes
blocks of rows, and all windows within them. Windows that share no row with them judge. Columns:

    classifier  mean of four discriminative scores against the rest, and that of two real halves
    changes     mean absolute logarithm of the ratios of the sizes of changes
    copies      share of samples that are nearer to a training window than to one of as many windows
                of the rest; one half where nothing is copied
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from timegan.metrics.fidelity.change_sizes import ChangeSizes, size_errors
from timegan.metrics.fidelity.discriminative import discriminative
from timegan.metrics.nearest_neighbors import flatten, nearest
from timegan.metrics.windows import MinMax
from timegan.seeds import rng

PRESETS = ("timegan", "reference")
SAMPLES = 1_000
CLASSIFIERS = 4
BLOCK = 3
"""Windows in a block of rows."""


def choose(count: int, rows: int, window: int) -> np.ndarray:
    """Return the starts of windows without common rows."""
    starts = np.arange(0, rows - window + 1, window)
    return np.sort(rng(0, "few data", count).choice(starts, count, replace=False))


def choose_blocks(share: float, rows: int, window: int) -> np.ndarray:
    """Return the starts of all windows within blocks that have a share of the rows together."""
    blocks = np.arange(0, rows - BLOCK * window + 1, BLOCK * window)
    count = max(1, round(share * rows / (BLOCK * window)))
    chosen = np.sort(rng(0, "few data", count).choice(blocks, count, replace=False))
    return (chosen[:, None] + np.arange((BLOCK - 1) * window + 1)).ravel()


def others(chosen: np.ndarray, rows: int, window: int) -> np.ndarray:
    """Return the starts of windows, a quarter of their length apart, without a chosen row."""
    starts = np.arange(0, rows - window + 1, window // 4)
    apart: np.ndarray = starts[np.abs(starts[:, None] - chosen).min(axis=1) >= window]
    return apart


def train(
    windows: np.ndarray, names: list[str], preset: str, seed: int
) -> tuple[np.ndarray, float]:
    """Return samples (n, T, C) of a model of training windows, and the seconds of its training."""
    count, window, width = windows.shape
    with tempfile.TemporaryDirectory() as folder:
        table = pd.DataFrame(windows.reshape(-1, width), columns=names)
        table.insert(0, "sequence", np.repeat(np.arange(count), window))
        table.to_csv(f"{folder}/table.csv", index=False)
        overrides = [
            *("dataset=csv", f"dataset.path={folder}/table.csv", "dataset.sequence_key=sequence"),
            *(f"dataset.window={window}", "dataset.constraints=off", f"model={preset}"),
            *("schedule=auto", "evaluation=none", "logger=none", f"samples={SAMPLES}"),
            *(f"seed={seed}", f"hydra.run.dir={folder}/run"),
        ]
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "train.py", *overrides],
            cwd=Path(__file__).parents[1],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - begun
        made = pd.read_csv(f"{folder}/run/samples.csv")
    return made[names].to_numpy(float).reshape(-1, window, width), seconds


def judge(train: np.ndarray, rest: np.ndarray, made: np.ndarray) -> tuple[float, float, float]:
    """Return the classifiers' score, the error of the sizes of changes and the share of copies."""
    count = min(len(rest), len(made))
    found = discriminative(rest, made[:count], classifiers=CLASSIFIERS)
    errors = float(np.nanmean(size_errors(ChangeSizes.of(rest), ChangeSizes.of(made))))
    scale = MinMax(np.concatenate([train, rest]))
    own, queries = flatten(scale(train)), flatten(scale(made))
    draw = rng(0, "others")
    shares = []
    for _ in range(20):
        few = draw.choice(len(rest), min(len(train), len(rest)), replace=False)
        near = nearest(queries, own[: len(few)]).distance
        shares.append(float((near < nearest(queries, flatten(scale(rest[few]))).distance).mean()))
    return float(np.mean(np.abs(found))), errors, float(np.mean(shares))


def main() -> None:
    """Train and judge every setting."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("--window", type=int, default=24)
    parser.add_argument("--count", type=int, nargs="*", default=[])
    parser.add_argument("--share", type=float, nargs="*", default=[])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--presets", nargs="+", default=PRESETS, choices=PRESETS)
    given = parser.parse_args()
    table = pd.read_csv(given.table).select_dtypes("number")
    views = np.lib.stride_tricks.sliding_window_view(table.to_numpy(float), given.window, axis=0)
    windows = np.ascontiguousarray(views.transpose(0, 2, 1))
    rows = len(table)
    settings = [(f"{n} windows", choose(n, rows, given.window)) for n in given.count]
    settings += [(f"{s:.0%} of rows", choose_blocks(s, rows, given.window)) for s in given.share]
    print("| data | preset | seed | classifier | real | changes | copies | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, starts in settings:
        own, rest = windows[starts], windows[others(starts, rows, given.window)]
        half = rng(0, "halves").permutation(len(rest))
        first, second = np.array_split(rest[half], 2)
        real = float(np.mean(np.abs(discriminative(first, second, classifiers=CLASSIFIERS))))
        for preset in given.presets:
            for seed in given.seeds:
                made, seconds = train(own, [*table.columns], preset, seed)
                score, errors, copies = judge(own, rest, made)
                cells = (f"{score:.3f}", f"{real:.3f}", f"{errors:.3f}", f"{copies:.3f}")
                print(
                    f"| {name} | {preset} | {seed} | {' | '.join(cells)} | {seconds:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
