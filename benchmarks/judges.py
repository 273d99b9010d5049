"""Ten judges as one network against ten `torch.nn.GRU` judges one after another.

    make bench                    about a minute on one core
    make bench ARGS="--rounds 9"

The work of the discriminative and of the predictive score on windows like the stock data's: 3,661
windows of 24 steps of 6 features, 3 units, batches of 128. Both ways take turns, so that a machine
which is busy with something else slows both; what counts is the ratio of the medians. The result is
printed and saved as outputs/bench/judges.json.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from timegan.data import WindowDataModule
from timegan.io.files import write_text
from timegan.metrics.discriminative import Contest, classify
from timegan.metrics.predictive import Forecast, forecast

ROOT = Path(__file__).parents[1]
STOCK = ROOT / ".." / "shared" / "data" / "stock_data.csv"
BATCH = 128


def windows() -> tuple[np.ndarray, str]:
    """The stock data in min-max units, or random walks of the same shape; and which it is."""
    if STOCK.exists():
        data = WindowDataModule("stock", path=str(STOCK), protocol="reference", scaling="minmax")
        data.setup()
        return data.train.all(), "stock"
    steps = np.random.default_rng(0).normal(size=(3_661, 24, 6)).astype(np.float32)
    walks = steps.cumsum(axis=1)
    return (walks - walks.min()) / (walks.max() - walks.min()), "random walks"


class Judge(nn.Module):
    """A judge, or a forecaster, as one writes it down: torch's layers."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.GRU(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """A number for each step (B, T)."""
        return self.head(self.layer(x)[0]).squeeze(-1)


def descend(module: nn.Module, loss: Callable[[], Tensor], iterations: int) -> None:
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    for _ in range(iterations):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()


def classify_alone(real: Tensor, fake: Tensor, iterations: int) -> None:
    judge = Judge(real.shape[2], real.shape[2] // 2)
    sign = torch.cat((torch.full((BATCH,), -1.0), torch.ones(BATCH)))

    def loss() -> Tensor:
        parts = [x[torch.randint(len(x), (BATCH,))] for x in (real, fake)]
        return functional.softplus(sign * judge(torch.cat(parts))[:, -1]).sum() / BATCH

    descend(judge, loss, iterations)


def forecast_alone(synthetic: Tensor, iterations: int) -> None:
    forecaster = Judge(synthetic.shape[2] - 1, synthetic.shape[2] // 2)

    def loss() -> Tensor:
        x = synthetic[torch.randint(len(synthetic), (BATCH,))]
        return (torch.sigmoid(forecaster(x[:, :-1, :-1])) - x[:, 1:, -1]).abs().mean()

    descend(forecaster, loss, iterations)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    together: Callable[[], object], alone: Callable[[], object], rounds: int, iterations: int
) -> dict[str, Any]:
    """Milliseconds an iteration of all judges takes either way, and the ratio of the medians."""
    together(), alone()  # the first call is slower
    pairs = [(seconds(together), seconds(alone)) for _ in range(rounds)]
    a, b = ([1_000 * value / iterations for value in column] for column in zip(*pairs, strict=True))
    ratio = statistics.median(b) / statistics.median(a)
    return {
        "together_ms": {"median": statistics.median(a), "rounds": a},
        "one_after_another_ms": {"median": statistics.median(b), "rounds": b},
        "ratio": ratio,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judges", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=60, help="of a round")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--out", type=Path, default=ROOT / "outputs" / "bench" / "judges.json")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    real, name = windows()
    half = len(real) // 2
    a, b = real[:half], real[half:]
    x, y = torch.from_numpy(a.copy()), torch.from_numpy(b.copy())
    count, n = given.judges, given.iterations
    contests = [Contest(a, b, seed) for seed in range(count)]
    few = a[:BATCH]  # the test is no part of the comparison
    forecasts = [Forecast(b, few, seed) for seed in range(count)]
    found = {
        "discriminative": compare(
            lambda: classify(contests, iterations=n),
            lambda: [classify_alone(x, y, n) for _ in range(count)],
            given.rounds,
            n,
        ),
        "predictive": compare(
            lambda: forecast(forecasts, iterations=n),
            lambda: [forecast_alone(y, n) for _ in range(count)],
            given.rounds,
            n,
        ),
    }
    print(f"{count} judges on {name}, ms an iteration of all of them (median of {given.rounds}):")
    for score, result in found.items():
        print(
            f"  {score:<15} one after another {result['one_after_another_ms']['median']:6.1f}   "
            f"together {result['together_ms']['median']:6.1f}   {result['ratio']:.1f} times faster"
        )
    machine = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": given.threads,
    }
    settings = {"data": name, "judges": count, "rounds": given.rounds, "iterations": n}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_text(given.out, json.dumps(found | {"settings": settings | machine}, indent=2) + "\n")
    print(f"Saved in {given.out}")


if __name__ == "__main__":
    main()
