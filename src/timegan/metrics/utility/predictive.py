"""Predictive score: how well a forecaster that has seen synthetic windows only does on real ones.

Yoon, Jarrett, van der Schaar (NeurIPS 2019), section 5, in the form that every published
comparison uses: train on synthetic, test on real; one GRU layer of half as many units as features,
a linear layer and a sigmoid on every step, 5,000 iterations of 128 windows, mean absolute error in
min-max units. The forecasters are grouped as the judges of the discriminative score are.
Legend: R forecasters, B windows, T steps, C features, H units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from timegan.errors import InputError
from timegan.metrics.grouped_gru import GroupedGRU, gather, pooled
from timegan.metrics.parallel import track
from timegan.metrics.windows import Array, MinMax, Part, check
from timegan.seeds import derive

TARGETS = ("last", "all")


@dataclass(frozen=True)
class Forecast:
    """What one forecaster learns from and is tested on, windows (N, T, C) in min-max units."""

    train: Array | Part
    test: Array | Part
    seed: int


def predictive(
    real: Array,
    synthetic: Array,
    *,
    target: str = "last",
    seed: int = 0,
    judges: int = 3,
    iterations: int = 5_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
    limits: tuple[Array, Array] | None = None,
) -> list[float]:
    """Mean absolute errors on ``real`` of forecasters that learned from ``synthetic``.

    Args:
        real: windows (N, T, C) in any unit.
        synthetic: windows (M, T, C) in the same unit; M need not be N.
        target: ``"last"``: the last feature one step ahead, from all the others up to now (the
            published score, in which a feature's own past is no input); with a single feature, from
            its own past. ``"all"``: every feature one step ahead, from all features up to now.
        seed: of the first forecaster; the others follow from it.
        judges: how many forecasters, each with its own initial values and batches.
        iterations: updates of each.
        hidden: units of each; by default half as many as features, and at least one.
        batch: windows of an update.
        lr: Adam's step.
        limits: minima and maxima (C,) of the min-max units, when not those of ``real``.

    Raises:
        InputError: the sets cannot be compared, or their windows have one step.
    """
    check(real, synthetic)
    scale = MinMax(real, limits)
    real, synthetic = scale(real), scale(synthetic)
    return forecast(
        [Forecast(synthetic, real, derive(seed, "forecaster", judge)) for judge in range(judges)],
        target=target,
        iterations=iterations,
        hidden=hidden,
        batch=batch,
        lr=lr,
    )


def forecast(
    tasks: Sequence[Forecast],
    *,
    target: str = "last",
    iterations: int = 5_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
    title: str = "Predictive score",
) -> list[float]:
    """Train a forecaster for each task, all as one network, and return their mean errors.

    ``title`` is what the progress is told under.

    Raises:
        InputError: windows of one step have no step ahead, or the target is unknown.
    """
    if target not in TARGETS:
        raise InputError(f"target={target!r} is none of {', '.join(TARGETS)}.")
    pool, places = _pool([windows for task in tasks for windows in (task.train, task.test)], target)
    steps, features = pool.shape[0], pool.shape[1] - 1
    if steps < 2:
        raise InputError("A forecast needs windows of at least two steps.")
    generators = [torch.Generator().manual_seed(derive(t.seed, "weights")) for t in tasks]
    outputs = features if target == "all" else 1
    inputs = features if outputs == features else features - 1
    network = GroupedGRU(inputs, hidden or max(features // 2, 1), generators, outputs)
    what = "all features" if target == "all" else "last feature"
    title = f"{title}, {what}, {len(tasks)} forecasters"
    updates = track(range(iterations), title, iterations)
    _train(network, pool, places[::2], tasks, updates, batch, lr)
    return _errors(network, pool, places[1::2])


def _pool(sets: Sequence[Array | Part], target: str) -> tuple[Tensor, list[Tensor]]:
    """All windows and a constant (T, C + 1, N), and where those of each set lie.

    The constant is the last input. Behind it comes the last feature where that is no input.
    """
    pool, places = pooled(sets)
    if target == "last" and pool.shape[1] > 2:
        pool[:, -2:] = pool[:, -2:].flip(1)
    return pool, places


def _train(
    network: GroupedGRU,
    pool: Tensor,
    sets: Sequence[Tensor],
    tasks: Sequence[Forecast],
    updates: Iterable[int],
    batch: int,
    lr: float,
) -> None:
    draws = [torch.Generator().manual_seed(derive(task.seed, "batches")) for task in tasks]
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    for _ in updates:
        chosen = [
            place[torch.randint(len(place), (batch,), generator=generator)]
            for place, generator in zip(sets, draws, strict=True)
        ]
        error = _error(network, pool, torch.stack(chosen))
        # Sum over forecasters of their mean errors: no one's gradient sees another's.
        loss = error.sum() * (len(tasks) / error.numel())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _error(network: GroupedGRU, pool: Tensor, chosen: Tensor) -> Tensor:
    """Absolute errors (T - 1, R, O, B) on the windows that each forecaster has chosen (R, B)."""
    windows = gather(pool, chosen)
    inputs, outputs = network.kernel.shape[2], network.head.shape[1]
    target = 0 if inputs == windows.shape[2] else inputs
    states = network.states(windows[:-1, :, :inputs])
    forecasts = torch.sigmoid(torch.matmul(network.head, states) + network.head_bias)
    return (forecasts - windows[1:, :, target : target + outputs]).abs()


@torch.no_grad()
def _errors(
    network: GroupedGRU, pool: Tensor, sets: Sequence[Tensor], part: int = 1_024
) -> list[float]:
    """Each forecaster's mean absolute error on all windows of its test set."""
    total = torch.zeros(len(sets), dtype=torch.float64)
    for start in range(0, max(len(place) for place in sets), part):
        # Sets end at different places: what lies behind an end repeats its last window, unread.
        windows = torch.arange(start, start + part)
        chosen = torch.stack([place[windows.clamp(max=len(place) - 1)] for place in sets])
        error = _error(network, pool, chosen).mean(dim=(0, 2)).double()  # (R, B)
        for number, place in enumerate(sets):
            total[number] += error[number, : max(len(place) - start, 0)].sum()
    return [float(errors) / len(place) for errors, place in zip(total, sets, strict=True)]
