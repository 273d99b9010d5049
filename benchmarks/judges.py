"""Ten judges as one network against ten `torch.nn.GRU` judges one after another.

The work of the discriminative and of the predictive score on windows like the stock data's: 3,661
windows of 24 steps of 6 features, 3 units, batches of 128. Both ways take turns, so that a machine
which is busy with something else slows both; what counts is the ratio of the medians.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.setting import seconds, take_turns
from timegan.metrics.fidelity.discriminative import ClassifierTask, classify
from timegan.metrics.utility.predictive import Forecast, forecast

BATCH = 128


def windows() -> np.ndarray:
    """Random walks (3661, 24, 6) between 0 and 1."""
    steps = np.random.default_rng(0).normal(size=(3_661, 24, 6)).astype(np.float32)
    walks = steps.cumsum(axis=1)
    return np.asarray((walks - walks.min()) / (walks.max() - walks.min()))


class Judge(nn.Module):
    """A judge, or a forecaster, as one writes it down: torch's layers."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.GRU(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """A number for each step (B, T)."""
        y: Tensor = self.head(self.layer(x)[0])
        return y.squeeze(-1)


def descend(module: nn.Module, loss: Callable[[], Tensor], iterations: int) -> None:
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    for _ in range(iterations):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
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


def in_turn(count: int, judge: Callable[[], None]) -> None:
    for _ in range(count):
        judge()


def measure(
    rounds: int, iterations: int = 60, count: int = 10
) -> dict[str, dict[str, list[float]]]:
    """Milliseconds an iteration of all judges takes either way, for both scores.

    Args:
        rounds: runs of either way.
        iterations: of a run.
        count: judges.
    """
    real = windows()
    half = len(real) // 2
    a, b = real[:half], real[half:]
    x, y = torch.from_numpy(a.copy()), torch.from_numpy(b.copy())
    contests = [ClassifierTask(a, b, seed) for seed in range(count)]
    few = a[:BATCH]  # the test is no part of the comparison
    forecasts = [Forecast(b, few, seed) for seed in range(count)]
    ways: dict[str, dict[str, Callable[[], object]]] = {
        "discriminative": {
            "baseline": partial(in_turn, count, partial(classify_alone, x, y, iterations)),
            "together": lambda: classify(contests, iterations=iterations),
        },
        "predictive": {
            "baseline": partial(in_turn, count, partial(forecast_alone, y, iterations)),
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
