"""Score of series of prices by finval, a judge from outside, beside real data and a bootstrap.

    pip install finval
    python -m benchmarks.finval_prices real.csv [synthetic.csv] [--window 24] [--columns Open Close]

finval compares log-changes of windows, 1,500 of each side. The synthetic table has a column
``sequence``, as `sample.py` writes it. Two real samples show what can be reached. Blocks of real
log-changes put together at random show what a generator without a model reaches.
"""

import argparse

import finval
import numpy as np
import pandas as pd
from finval.baselines import block_bootstrap

from timegan.errors import InputError

COUNT = 1_500
LOWEST = 5
"""Scores that are listed, the lowest ones."""


def log_changes(table: pd.DataFrame, columns: list[str], window: int) -> np.ndarray:
    """Return the log-changes (N, window - 1, C) of all windows, none across two sequences."""
    if (table[columns] <= 0).any(axis=None):
        raise InputError(f"{columns}: log-changes need values above zero. Choose --columns.")
    keys = table["sequence"] if "sequence" in table else pd.Series(0, index=table.index)
    parts = []
    for _, rows in table.groupby(keys, sort=False):
        moves = np.diff(np.log(rows[columns].to_numpy(float)), axis=0)
        if len(moves) >= window - 1:
            views = np.lib.stride_tricks.sliding_window_view(moves, window - 1, axis=0)
            parts.append(views.transpose(0, 2, 1))
    return np.concatenate(parts)


def score(name: str, made: np.ndarray, real: np.ndarray) -> None:
    """Print the overall score, and the lowest ones that count."""
    report = finval.validate_paths(made, real)
    weighted = [key for key, weight in report.weights.items() if weight > 0]
    lowest = sorted(weighted, key=lambda key: report.metrics[key].score)[:LOWEST]
    told = ", ".join(f"{key} {report.metrics[key].score:.2f}" for key in lowest)
    print(f"{name}: {report.overall_score:.3f} ({told})")


def main() -> None:
    """Score a synthetic table, another real sample and a block bootstrap."""
    parser = argparse.ArgumentParser()
    parser.add_argument("real")
    parser.add_argument("synthetic", nargs="?")
    parser.add_argument("--window", type=int, default=24)
    parser.add_argument("--columns", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    table = pd.read_csv(given.real)
    columns = given.columns or [c for c in table.select_dtypes("number") if c != "sequence"]
    draw = np.random.default_rng(given.seed)
    order = draw.permutation(len(windows := log_changes(table, columns, given.window)))
    real, other = windows[order[:COUNT]], windows[order[COUNT : 2 * COUNT]]
    if given.synthetic:
        made = log_changes(pd.read_csv(given.synthetic), columns, given.window)
        score("synthetic", made[draw.permutation(len(made))[:COUNT]], real)
    score("another real sample", other, real)
    moves = np.diff(np.log(table[columns].to_numpy(float)), axis=0)
    blocks = block_bootstrap(moves, n_paths=COUNT, path_length=given.window - 1, seed=given.seed)
    score("block bootstrap", blocks, real)


if __name__ == "__main__":
    main()
