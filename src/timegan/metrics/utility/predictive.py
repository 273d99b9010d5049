"""Predictive score: how well a forecaster that has seen synthetic windows only does on real ones.

Yoon, Jarrett, van der Schaar (NeurIPS 2019), section 5, in the form that every published
comparison uses: train on synthetic, test on real; one GRU layer of half as many units as features,
a linear layer and a sigmoid on every step, 5,000 iterations of 128 windows, mean absolute error in
min-max units. The forecasters are grouped as the classifiers of the discriminative score are.
Legend: R forecasters, B windows, T steps, C features, H units.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from timegan.errors import InputError
from timegan.metrics.comparison import Candidate, SetComparison
from timegan.metrics.grouped_gru import GroupedGRU, Task, gather, pooled, train, usual_hidden
from timegan.metrics.metric import Metric, Needs, register
from timegan.metrics.parallel import track
from timegan.metrics.score import MIN_WINDOWS, Score
from timegan.metrics.windows import Array, MinMax, Subset, check
from timegan.seeds import derive

TARGETS = ("last", "all")


def predictive(
    real: Array,
    synthetic: Array,
    *,
    target: str = "last",
    seed: int = 0,
    forecasters: int = 3,
    iterations: int = 5_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
    limits: tuple[Array, Array] | None = None,
) -> list[float]:
    """Return mean absolute errors on ``real`` of forecasters that learned from ``synthetic``.

    Args:
        real: windows (N, T, C) in any unit.
        synthetic: windows (M, T, C) in the same unit; M need not be N.
        target: ``"last"``: the last feature one step ahead, from all the others up to now (the
            published score, in which a feature's own past is no input); with a single feature, from
            its own past. ``"all"``: every feature one step ahead, from all features up to now.
        seed: of the first forecaster; the others follow from it.
        forecasters: how many, each with its own initial values and batches.
        iterations: updates of each.
        hidden: units of each; by default half as many as features, from 1 to 24.
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
        [Task(synthetic, real, derive(seed, "forecaster", n)) for n in range(forecasters)],
        target=target,
        iterations=iterations,
        hidden=hidden,
        batch=batch,
        lr=lr,
    )


def forecast(
    tasks: Sequence[Task],
    *,
    target: str = "last",
    iterations: int = 5_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
    title: str = "Predictive score",
    present: tuple[int, float] | None = None,
) -> list[float]:
    """Train a forecaster for each task, all as one network, and return their mean errors.

    Args:
        tasks: the first windows of each are learned from, the second ones tested on, in min-max
            units.
        target: as in `predictive`.
        iterations: updates of each forecaster.
        hidden: units of each; by default half as many as features, and at least one.
        batch: windows of an update.
        lr: Adam's step.
        title: of the progress bar.
        present: the feature that is above a level at the steps of a sequence. It is neither input
            nor target, and nothing is forecast behind the end. None: all windows are full.

    Raises:
        InputError: windows of one step have no step ahead, or the target is unknown.
    """
    if target not in TARGETS:
        raise InputError(f"target={target!r} is none of {', '.join(TARGETS)}.")
    pool, counts, places = _pool(
        [windows for task in tasks for windows in (task.first, task.second)], target, present
    )
    steps, features = pool.shape[0], pool.shape[1] - 1
    if steps < 2:
        raise InputError("A forecast needs windows of at least two steps.")
    seeds = [task.seed for task in tasks]
    outputs = features if target == "all" else 1
    inputs = features if outputs == features else features - 1
    generators = [torch.Generator().manual_seed(derive(seed, "weights")) for seed in seeds]
    network = GroupedGRU(inputs, hidden or usual_hidden(features), generators, outputs)
    what = "all features" if target == "all" else "last feature"
    title = f"{title}, {what}, {len(tasks)} forecasters"
    updates = track(range(iterations), title, iterations)

    def loss(chosen: Tensor) -> Tensor:
        # Sum over forecasters of their mean errors: no one's gradient sees another's.
        error, weight = _error(network, pool, counts, chosen)
        if counts is None:
            return error.sum() * (len(tasks) / error.numel())
        return (error.sum(dim=(0, 2, 3)) / weight.sum(dim=(0, 2, 3)).clamp(min=1)).sum()

    train(network, [(place,) for place in places[::2]], seeds, loss, updates, batch, lr)
    return _errors(network, pool, counts, places[1::2])


def _pool(
    sets: Sequence[Array | Subset], target: str, present: tuple[int, float] | None
) -> tuple[Tensor, Tensor | None, list[Tensor]]:
    """Return all windows, where steps are forecast, and where those of each set lie.

    Windows have a constant behind them (T, C + 1, N), the last input. Behind it comes the last
    feature where that is no input. The steps (T - 1, N) are 1 where a window goes on; None where
    all do.
    """
    pool, places = pooled(sets)
    counts = None
    if present is not None:
        feature, level = present
        here = pool[:, feature] > level
        counts = (here[1:] & here[:-1]).float()
        pool = torch.cat((pool[:, :feature], pool[:, feature + 1 :]), dim=1)
    if target == "last" and pool.shape[1] > 2:
        pool[:, -2:] = pool[:, -2:].flip(1)
    return pool, counts, places


def _error(
    network: GroupedGRU, pool: Tensor, counts: Tensor | None, chosen: Tensor
) -> tuple[Tensor, Tensor]:
    """Return errors on the windows that forecasters have chosen (R, B), and what is counted.

    Both are (T - 1, R, O, B); errors of what is not counted are zero.
    """
    windows = gather(pool, chosen)
    inputs, outputs = network.kernel.shape[2], network.head.shape[1]
    target = 0 if inputs == windows.shape[2] else inputs
    states = network.states(windows[:-1, :, :inputs])
    forecasts = torch.sigmoid(torch.matmul(network.head, states) + network.head_bias)
    errors = (forecasts - windows[1:, :, target : target + outputs]).abs()
    if counts is None:
        return errors, torch.ones_like(errors)
    weight = counts[:, chosen][:, :, None].expand_as(errors)
    return errors * weight, weight


@torch.no_grad()
def _errors(
    network: GroupedGRU,
    pool: Tensor,
    counts: Tensor | None,
    sets: Sequence[Tensor],
    part: int = 1_024,
) -> list[float]:
    """Return each forecaster's mean absolute error on all windows of its test set."""
    total = torch.zeros(2, len(sets), dtype=torch.float64)
    for start in range(0, max(len(place) for place in sets), part):
        # Sets end at different places: what lies behind an end repeats its last window, unread.
        windows = torch.arange(start, start + part)
        chosen = torch.stack([place[windows.clamp(max=len(place) - 1)] for place in sets])
        found = _error(network, pool, counts, chosen)
        for kind, values in enumerate(x.mean(dim=(0, 2)).double() for x in found):  # (R, B)
            for number, place in enumerate(sets):
                total[kind, number] += values[number, : max(len(place) - start, 0)].sum()
    return (total[0] / total[1].clamp(min=1e-12)).tolist()


MAX_BASELINES = 3
"""Forecasters of real samples: five cost as much as half of all synthetic ones."""


def _measure(
    target: str, comparison: SetComparison, candidates: Mapping[str, Candidate]
) -> dict[str, Score]:
    """Return the errors of forecasters that learn from candidates.

    Forecasters agree among themselves. One for each control, and one for each of a few pairs of
    real samples, will do.
    """
    options = comparison.options
    seeds = [derive(comparison.seed, "forecaster", n) for n in range(options.classifiers)]
    tasks: dict[str, list[Task]] = {}
    for name, candidate in candidates.items():
        ((real, made), *_) = candidate.pairs
        if name == "synthetic":
            tasks[name] = [Task(made, real, seed) for seed in seeds]
        elif name == "real":
            pairs = zip(candidate.pairs[:MAX_BASELINES], seeds, strict=False)
            tasks[name] = [Task(a, b, derive(seed, "floor")) for (a, b), seed in pairs]
        else:
            tasks[name] = [Task(made, real, derive(seeds[0], "control", name))]
    errors = iter(
        forecast(
            [task for several in tasks.values() for task in several],
            target=target,
            iterations=options.forecaster_steps,
            present=comparison.present,
            title="Predictive score" + (", baseline and controls" if "real" in tasks else ""),
        )
    )
    return {name: Score.of([next(errors) for _ in several]) for name, several in tasks.items()}


def _measure_last(
    comparison: SetComparison, candidates: Mapping[str, Candidate]
) -> dict[str, Score]:
    """Return the errors of the last feature's forecasts; both scores share those of one feature."""
    key = ("predictive", *candidates)
    return comparison.once(key, lambda: _measure("last", comparison, candidates))


def _measure_all(
    comparison: SetComparison, candidates: Mapping[str, Candidate]
) -> dict[str, Score]:
    """Return the errors of all features' forecasts."""
    if len(comparison.data.cell_features) == 1:  # its own past is all there is to forecast it from
        return _measure_last(comparison, candidates)
    return _measure("all", comparison, candidates)


def _settings(target: str, comparison: SetComparison) -> dict[str, Any]:
    """Return how the forecasters are trained."""
    return {"target": target, "forecaster_steps": comparison.options.forecaster_steps}


for _name, _target, _title, _meaning, _order, _function in (
    (
        "predictive",
        "last",
        "Predictive score",
        "Error on real data of a forecaster trained on synthetic data: the last feature.",
        20,
        _measure_last,
    ),
    (
        "predictive_all",
        "all",
        "Predictive score, all features",
        "Error on real data of a forecaster trained on synthetic data: all features.",
        21,
        _measure_all,
    ),
):
    register(
        Metric(
            _name,
            title=_title,
            meaning=_meaning,
            better="lower",
            formula=r"\overline{|\hat y_S - y|}",
            values="0 and more, in ranges of the feature",
            source="Yoon, Jarrett, van der Schaar (NeurIPS 2019), section 5",
            cannot_see="Whatever forecasts do not need, often the order of steps. Copies. 0 is out "
            "of reach: compare with the baseline.",
            measure=_function,
            design="published",
            needs=Needs(windows=MIN_WINDOWS, steps=2),
            order=_order,
            options=("classifiers", "forecaster_steps"),
            details=partial(_settings, _target),
        )
    )
