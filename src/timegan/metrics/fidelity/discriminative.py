"""Discriminative score: how well a small recurrent classifier tells synthetic from real.

Yoon, Jarrett, van der Schaar (NeurIPS 2019), section 5, in the form that every published
comparison uses: one GRU layer of half as many units as features, a random fifth of either set kept
for the test, 2,000 iterations of 128 real and 128 synthetic windows. The score is
``|accuracy - 1/2|``: 0 where the classifier can only guess, 1/2 where it is never wrong.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from timegan.errors import InputError
from timegan.metrics.comparison import Candidate, SetComparison
from timegan.metrics.grouped_gru import (
    GroupedGRU,
    Task,
    gather,
    pooled,
    train_classifiers,
    usual_hidden,
)
from timegan.metrics.metric import Metric, Needs, register
from timegan.metrics.parallel import track
from timegan.metrics.score import MIN_WINDOWS, Score
from timegan.metrics.windows import Array, MinMax, Subset, check
from timegan.seeds import derive, rng

TEST_SHARE = 0.2
MAX_COLUMNS = 50
"""Columns that a classifier sees at most: the cost of wide tables does not grow beyond them."""
FEW_COLUMNS = 16
"""Columns that a classifier sees where a protocol measures fewer windows of wide tables."""


def discriminative(
    real: Array,
    synthetic: Array,
    *,
    seed: int = 0,
    classifiers: int = 3,
    iterations: int = 2_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
) -> list[float]:
    """Return the signed accuracies ``accuracy - 1/2`` of classifiers; the score has no sign.

    Below zero the classifier was misled: synthetic windows resemble the real windows that it
    learned from, a sign of a copy. The accuracy is the mean of those on real and on synthetic
    windows. For equal counts this is the share of right answers.

    Args:
        real: windows (N, T, C) in any unit; min-max units are made of them.
        synthetic: windows (M, T, C) in the same unit; M need not be N.
        seed: of the first classifier; the others follow from it.
        classifiers: how many, each with its own initial values, split and batches.
        iterations: updates of each classifier.
        hidden: units of each classifier; by default half as many as features, from 1 to 24.
        batch: real windows of an update, and synthetic ones.
        lr: Adam's step.

    Raises:
        InputError: the sets cannot be compared, or one of them has a single window.
    """
    check(real, synthetic)
    if min(len(real), len(synthetic)) < 2:
        raise InputError(
            f"{len(real)} real and {len(synthetic)} synthetic windows are too few: a classifier "
            "learns from one of each and is tested on another. Give at least two of each."
        )
    scale = MinMax(real)
    real, synthetic = scale(real), scale(synthetic)
    return classify(
        [Task(real, synthetic, derive(seed, "judge", n)) for n in range(classifiers)],
        iterations=iterations,
        hidden=hidden,
        batch=batch,
        lr=lr,
    )


def classify(
    tasks: Sequence[Task],
    *,
    iterations: int = 2_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
    title: str = "Discriminative score",
) -> list[float]:
    """Train a classifier for each task, all as one network, and return their signed accuracies.

    Args:
        tasks: real and synthetic windows of each classifier.
        iterations: updates of each classifier.
        hidden: units of each classifier; by default half as many as features, from 1 to 24.
        batch: real windows of an update, and synthetic ones.
        lr: Adam's step.
        title: of the progress bar.
    """
    pool, places = pooled([side for task in tasks for side in (task.first, task.second)])
    seeds = [task.seed for task in tasks]
    pairs = zip(places[::2], places[1::2], seeds, strict=True)
    splits = [(_split(r, seed, "real"), _split(s, seed, "")) for r, s, seed in pairs]
    features = pool.shape[1] - 1
    generators = [torch.Generator().manual_seed(derive(seed, "weights")) for seed in seeds]
    classifier = GroupedGRU(features, hidden or usual_hidden(features), generators)
    updates = track(range(iterations), f"{title}, {len(tasks)} classifiers", iterations)
    known = [(r.train, s.train) for r, s in splits]
    train_classifiers(classifier, pool, known, seeds, updates, batch, lr)
    return _accuracies(classifier, pool, [(r.test, s.test) for r, s in splits])


@dataclass(frozen=True)
class _Split:
    train: Tensor
    test: Tensor


def _split(place: Tensor, seed: int, name: str) -> _Split:
    count = len(place)
    generator = torch.Generator().manual_seed(derive(seed, "split", name))
    order = place[torch.randperm(count, generator=generator)]
    test = min(max(round(TEST_SHARE * count), 1), count - 1)
    return _Split(order[test:], order[:test])


@torch.no_grad()
def _accuracies(
    classifier: GroupedGRU, pool: Tensor, sets: Sequence[tuple[Tensor, Tensor]]
) -> list[float]:
    """Return each classifier's mean accuracy on both kinds of test windows, less one half."""
    width = max(len(windows) for pair in sets for windows in pair)
    right = torch.zeros(2, len(sets), dtype=torch.float64)
    for kind in range(2):
        windows = torch.stack(
            [torch.nn.functional.pad(pair[kind], (0, width - len(pair[kind]))) for pair in sets]
        )
        logits = torch.cat(
            [classifier(gather(pool, part)) for part in torch.split(windows, 1_024, dim=1)],
            dim=1,
        )
        says = (logits > 0) == (kind == 0)
        for number, pair in enumerate(sets):
            count = len(pair[kind])
            right[kind, number] = says[number, :count].double().mean()
    return [float(accuracy) - 0.5 for accuracy in right.mean(0)]


def _measure(comparison: SetComparison, candidates: Mapping[str, Candidate]) -> dict[str, Score]:
    """Return the scores of candidates, whose classifiers train as one network."""
    options = comparison.options
    tasks: dict[str, list[Task]] = {}
    for name, candidate in candidates.items():
        is_control = name not in ("synthetic", "real")
        count = options.control_classifiers if is_control else options.classifiers
        tasks[name] = []
        for number in range(count):
            real, made = candidate.pairs[number % len(candidate.pairs)]
            seen = comparison.once((_seen, number), partial(_seen, comparison, number))
            seed = derive(candidate.seed, "judge", number)
            tasks[name].append(Task(seen(real), seen(made), _seed_of(name, seed)))
    signed = iter(
        classify(
            [task for several in tasks.values() for task in several],
            iterations=options.classifier_steps,
            hidden=options.hidden,
            batch=options.batch,
            lr=options.lr,
            title="Discriminative score" + (", baseline and controls" if "real" in tasks else ""),
        )
    )
    scores = {}
    for name, several in tasks.items():
        values = [next(signed) for _ in several]
        score = Score.of([abs(value) for value in values], "No classifier was trained.")
        scores[name] = score.with_details(signed=values)
        if name == "synthetic" and options.precision is not None:
            scores[name] = score.with_details(
                signed=values, **_repeatability(score, options.precision)
            )
    return scores


def _columns_seen(comparison: SetComparison) -> int:
    """Return how many columns a classifier sees."""
    most = MAX_COLUMNS if comparison.options.thinning == 1 else FEW_COLUMNS
    return min(int(comparison.real.shape[2]), most)


def _seen(comparison: SetComparison, number: int) -> Callable[[Subset], Subset]:
    """Return a function that keeps the columns that one classifier of each candidate sees.

    Of wide tables they are drawn at random, for each number anew: the deviation of scores is also
    that between choices of columns.
    """
    features, count = comparison.real.shape[2], _columns_seen(comparison)
    if features == count:
        return lambda windows: windows
    draw = rng(comparison.seed, "columns", number)
    columns = np.sort(draw.choice(features, count, replace=False))
    kept: dict[int, Array] = {}  # an array that several sets are parts of stays one

    def keep(windows: Subset) -> Subset:
        whole = windows.windows
        if id(whole) not in kept:
            kept[id(whole)] = whole[:, :, columns].astype(np.float32)
        return Subset(kept[id(whole)], windows.index)

    return keep


def _seed_of(name: str, seed: int) -> int:
    """Return the seed of a classifier of a candidate, from that of the synthetic windows."""
    if name == "synthetic":
        return seed
    return derive(seed, "floor") if name == "real" else derive(seed, "control", name)


def _repeatability(score: Score, precision: float) -> dict[str, Any]:
    """Return the standard error of a mean, and how many classifiers make it repeatable."""
    count, std = len(score.runs), score.std or 0.0
    if count < 2:
        return {"standard_error": None, "classifiers_for_precision": None}
    # Two means of n classifiers differ by less than the precision in 19 cases of 20.
    needed = math.ceil((1.96 * math.sqrt(2) * std / precision) ** 2)
    error = std / math.sqrt(count - 1)
    return {"standard_error": error, "classifiers_for_precision": max(needed, 2)}


def _settings(comparison: SetComparison) -> dict[str, Any]:
    """Return how the classifiers are trained."""
    options = comparison.options
    return {
        "classifier_steps": options.classifier_steps,
        "batch": options.batch,
        "hidden": options.hidden,
        "lr": options.lr,
        "columns": _columns_seen(comparison),
        "of_columns": comparison.real.shape[2],
    }


register(
    Metric(
        "discriminative",
        title="Discriminative score",
        meaning="How much better than by chance a trained classifier tells real from synthetic: "
        "0 to 0.5.",
        better="lower",
        formula=r"|\mathrm{accuracy} - \tfrac12|",
        values="0 to 0.5",
        source="Yoon, Jarrett, van der Schaar (NeurIPS 2019), section 5",
        cannot_see="What so small a classifier does not learn: stock with shuffled steps passes. "
        "Copies.",
        measure=_measure,
        needs=Needs(windows=MIN_WINDOWS, who="a classifier"),
        order=10,
        options=("classifiers", "control_classifiers", "classifier_steps", "batch", "hidden", "lr"),
        details=_settings,
    )
)
