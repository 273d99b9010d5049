"""Speed of evaluation: ten classifiers as one network, and ten `torch.nn.GRU` one after another.

The discriminative and the predictive score are measured on windows of the size of the stock data:
3,661 windows of 24 steps of 6 features, 3 units, batches of 128. Both variants take turns, so that
other load slows both. The ratio of the medians is what counts.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.sizes import seconds, take_turns
from timegan.metrics.fidelity.discriminative import classify
from timegan.metrics.grouped_gru import Task
from timegan.metrics.utility.predictive import forecast

BATCH = 128


def windows() -> np.ndarray:
    """Return random walks (3661, 24, 6) between 0 and 1."""
    steps = np.random.default_rng(0).normal(size=(3_661, 24, 6)).astype(np.float32)
    walks = steps.cumsum(axis=1)
    return np.asarray((walks - walks.min()) / (walks.max() - walks.min()))


class RecurrentNet(nn.Module):
    """A classifier or a forecaster made of torch's layers."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.GRU(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a number for each step (B, T)."""
        y: Tensor = self.head(self.layer(x)[0])
        return y.squeeze(-1)


def minimize(module: nn.Module, loss: Callable[[], Tensor], iterations: int) -> None:
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    for _ in range(iterations):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def classify_one(real: Tensor, fake: Tensor, iterations: int) -> None:
    network = RecurrentNet(real.shape[2], real.shape[2] // 2)
    sign = torch.cat((torch.full((BATCH,), -1.0), torch.ones(BATCH)))

    def loss() -> Tensor:
        parts = [x[torch.randint(len(x), (BATCH,))] for x in (real, fake)]
        return functional.softplus(sign * network(torch.cat(parts))[:, -1]).sum() / BATCH

    minimize(network, loss, iterations)


def forecast_one(synthetic: Tensor, iterations: int) -> None:
    forecaster = RecurrentNet(synthetic.shape[2] - 1, synthetic.shape[2] // 2)

    def loss() -> Tensor:
        x = synthetic[torch.randint(len(synthetic), (BATCH,))]
        return (torch.sigmoid(forecaster(x[:, :-1, :-1])) - x[:, 1:, -1]).abs().mean()

    minimize(forecaster, loss, iterations)


def one_by_one(count: int, network: Callable[[], None]) -> None:
    for _ in range(count):
        network()


def measure(
    rounds: int, iterations: int = 60, count: int = 10
) -> dict[str, dict[str, list[float]]]:
    """Return milliseconds of an iteration of all networks, by score and variant.

    Args:
        rounds: runs of each variant.
        iterations: of a run.
        count: number of networks.
    """
    real = windows()
    half = len(real) // 2
    a, b = real[:half], real[half:]
    x, y = torch.from_numpy(a.copy()), torch.from_numpy(b.copy())
    tasks = [Task(a, b, seed) for seed in range(count)]
    few = a[:BATCH]  # the test is no part of the comparison
    forecasts = [Task(b, few, seed) for seed in range(count)]
    ways: dict[str, dict[str, Callable[[], object]]] = {
        "discriminative": {
            "baseline": partial(one_by_one, count, partial(classify_one, x, y, iterations)),
            "together": lambda: classify(tasks, iterations=iterations),
        },
        "predictive": {
            "baseline": partial(one_by_one, count, partial(forecast_one, y, iterations)),
            "together": lambda: forecast(forecasts, iterations=iterations),
        },
    }

    def each(work: Callable[[], object]) -> float:
        return 1_000 * seconds(work) / iterations

    found = {}
    for score, way in ways.items():
        way["together"]()  # the first call may compile
        found[score] = take_turns({n: partial(each, work) for n, work in way.items()}, rounds)
    return found
