"""Classifier two-sample tests: three kinds of classifiers, tested on windows that they never saw.

Lopez-Paz, Oquab (ICLR 2017). A recurrent classifier is that of the published score, a convolutional
one looks for local shapes, and gradient boosting sees features of whole windows. Each learns to
tell training windows from synthetic ones. It is tested on *unseen* real windows and on other
synthetic ones, where knowledge of single training windows is of no use. Nor can it learn how unseen
windows differ from training windows by themselves, as when a market moves on.

An area under the ROC curve of 0.5 is chance. Below 0.5, synthetic windows resemble the training
windows more than unseen real ones do: a sign of memorisation.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import Tensor, nn

from timegan.attempts import attempt, has_failed
from timegan.metrics.comparison import BlockComparison, Candidate
from timegan.metrics.fidelity.correlation import pairs
from timegan.metrics.grouped_gru import GroupedGRU, usual_hidden
from timegan.metrics.metric import Metric, register
from timegan.metrics.overlapping_windows import block_halves, overlap_groups
from timegan.metrics.parallel import track
from timegan.metrics.roc import auc
from timegan.metrics.score import Score, merge_scores
from timegan.metrics.windows import Array, MinMax
from timegan.seeds import derive, rng
from timegan.variation import deviation, divisor

BATCH = 128


@dataclass(frozen=True)
class TwoSampleTask:
    """The windows of one classifier of each kind, in a common unit.

    Args:
        known_real: real windows to learn from.
        known_synthetic: synthetic windows to learn from.
        unseen_real: real windows of the test.
        unseen_synthetic: synthetic windows of the test.
        seed: of initial values and batches.
    """

    known_real: Array
    known_synthetic: Array
    unseen_real: Array
    unseen_synthetic: Array
    seed: int


Outputs = tuple[Array, Array]
"""A classifier's output for each unseen real and each unseen synthetic window: higher is real."""


def bootstrap_interval(
    outputs: Outputs,
    group_real: Array,
    group_synthetic: Array,
    rng: np.random.Generator,
    draws: int = 200,
) -> tuple[float, float]:
    """Return a 95 % confidence interval of the area, by drawing whole groups with replacement.

    Args:
        outputs: of the classifier.
        group_real: (n,) numbers of the real windows: those with one number overlap, and are drawn
            together.
        group_synthetic: (m,) numbers of the synthetic windows.
        rng: of the draws.
        draws: how many.
    """
    areas = []
    for _ in range(draws):
        real, synthetic = (
            values[_resample(group, rng)]
            for values, group in zip(outputs, (group_real, group_synthetic), strict=True)
        )
        areas.append(auc(real, synthetic))
    low, high = np.quantile(areas, (0.025, 0.975))
    return float(low), float(high)


def _resample(group: Array, rng: np.random.Generator) -> Array:
    count = int(group.max()) + 1
    weight = np.bincount(rng.integers(count, size=count), minlength=count)
    return np.repeat(np.arange(len(group)), weight[group])


def recurrent(tasks: Sequence[TwoSampleTask], steps: int) -> list[Outputs]:
    """Train the classifier of the published score, a GRU of half as many units as features.

    All classifiers train as one network.
    """
    features = tasks[0].known_real.shape[2]
    generators = [torch.Generator().manual_seed(derive(t.seed, "weights")) for t in tasks]
    classifier = GroupedGRU(features, usual_hidden(features), generators)
    sets = [(_grouped(t.known_real), _grouped(t.known_synthetic)) for t in tasks]
    draws = [torch.Generator().manual_seed(derive(t.seed, "batches")) for t in tasks]
    optimizer = torch.optim.Adam(classifier.parameters(), lr=1e-3, fused=True)
    sign = torch.cat((torch.full((BATCH,), -1.0), torch.ones(BATCH)))
    for _ in track(range(steps), f"{len(tasks)} recurrent classifiers", steps):
        x = torch.stack(
            [
                torch.cat([s.index_select(2, _draw(s.shape[2], draw)) for s in pair], dim=2)
                for pair, draw in zip(sets, draws, strict=True)
            ],
            dim=1,
        )
        loss = nn.functional.softplus(sign * classifier(x)).sum() / BATCH
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return [
        (
            _outputs(classifier, number, t.unseen_real, len(tasks)),
            _outputs(classifier, number, t.unseen_synthetic, len(tasks)),
        )
        for number, t in enumerate(tasks)
    ]


@torch.no_grad()
def _outputs(classifier: GroupedGRU, number: int, windows: Array, classifiers: int) -> Array:
    """Return the outputs of classifier ``number``: all of them run, for they are one network."""
    x = _grouped(windows)[:, None].expand(-1, classifiers, -1, -1)
    parts = [classifier(part)[number] for part in torch.split(x, 1_024, dim=3)]
    found: Array = torch.cat(parts).numpy()
    return found


def _grouped(windows: Array) -> Tensor:
    """Return windows (N, T, C) as (T, C + 1, N), with a constant last."""
    steps, features = windows.shape[1:]
    x = torch.ones(steps, features + 1, len(windows))
    x[:, :features] = torch.from_numpy(np.ascontiguousarray(windows.transpose(1, 2, 0)))
    return x


def _draw(count: int, generator: torch.Generator) -> Tensor:
    return torch.randint(count, (BATCH,), generator=generator)


class _Convolutions:
    """A network of two convolutions over time, then mean and maximum, then a linear layer."""

    def __init__(self, features: int, generator: torch.Generator, width: int = 32) -> None:
        shapes = [(width, features, 3), (width, width, 5), (1, 2 * width)]
        self.parameters = []
        for shape in shapes:
            limit = math.prod(shape[1:]) ** -0.5
            weight = (torch.rand(shape, generator=generator) * 2 - 1) * limit
            self.parameters += [weight.requires_grad_(), torch.zeros(shape[0], requires_grad=True)]

    def __call__(self, x: Tensor) -> Tensor:
        """Return one logit for each window of (B, C, T)."""
        w1, b1, w2, b2, w3, b3 = self.parameters
        h = nn.functional.gelu(nn.functional.conv1d(x, w1, b1, padding=1))
        h = nn.functional.gelu(nn.functional.conv1d(h, w2, b2, padding=2))
        return nn.functional.linear(torch.cat((h.mean(dim=2), h.amax(dim=2)), dim=1), w3, b3)[:, 0]


def convolutional(tasks: Sequence[TwoSampleTask], steps: int) -> list[Outputs]:
    """Train a small convolutional network for each task, in half the steps."""
    steps = max(steps // 2, 1)
    outputs = []
    for task in track(tasks, f"{len(tasks)} convolutional classifiers", len(tasks)):
        centre = task.known_real.mean(axis=(0, 1))
        scale = divisor(deviation(task.known_real, (0, 1)))

        def prepared(windows: Array, centre: Array = centre, scale: Array = scale) -> Tensor:
            x = np.clip((windows - centre) / scale, -10, 10).transpose(0, 2, 1)
            return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))

        start = torch.Generator().manual_seed(derive(task.seed, "convolutions"))
        classifier = _Convolutions(task.known_real.shape[2], start)
        draw = torch.Generator().manual_seed(derive(task.seed, "convolutions", "batches"))
        pair = prepared(task.known_real), prepared(task.known_synthetic)
        optimizer = torch.optim.AdamW(classifier.parameters, lr=2e-3, weight_decay=1e-2)
        sign = torch.cat((torch.full((BATCH,), -1.0), torch.ones(BATCH)))
        for _ in range(steps):
            x = torch.cat([s[_draw(len(s), draw)] for s in pair])
            loss = nn.functional.softplus(sign * classifier(x)).sum() / BATCH
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            outputs.append(
                (
                    classifier(prepared(task.unseen_real)).numpy(),
                    classifier(prepared(task.unseen_synthetic)).numpy(),
                )
            )
    return outputs


def boosting(tasks: Sequence[TwoSampleTask], steps: int) -> list[Outputs]:
    """Train gradient boosting on :func:`window_features` for each task, a tree for 20 steps."""
    trees = max(steps // 20, 1)
    outputs = []
    for task in track(tasks, f"{len(tasks)} boosting classifiers", len(tasks)):
        x = np.concatenate(
            (window_features(task.known_real), window_features(task.known_synthetic))
        )
        y = np.repeat((1, 0), (len(task.known_real), len(task.known_synthetic)))
        classifier = booster(trees, derive(task.seed, "boosting")).fit(x, y)
        outputs.append(
            (
                classifier.decision_function(window_features(task.unseen_real)),
                classifier.decision_function(window_features(task.unseen_synthetic)),
            )
        )
    return outputs


def booster(trees: int, seed: int, smallest_leaf: int = 20) -> HistGradientBoostingClassifier:
    """Return gradient boosting that has learned nothing.

    Args:
        trees: to add one by one.
        seed: of the features that each looks at.
        smallest_leaf: windows of a leaf at least.
    """
    return HistGradientBoostingClassifier(
        max_iter=trees,
        max_leaf_nodes=15,
        max_bins=63,
        max_features=0.3,
        l2_regularization=1.0,
        min_samples_leaf=smallest_leaf,
        early_stopping=False,
        random_state=seed % 2**32,
    )


MAX_VALUES = 200
MAX_PAIRS = 21


def window_features(windows: Array, *, with_changes: bool = True) -> Array:
    """Return features of each window (N, T, C), one row a window (N, F) in float32.

    For each feature mean, deviation, extremes, ends, and size, deviation and persistence of its
    changes; for pairs of features the extremes and the mean of their difference; the values
    themselves where there are at most 200. Of more than 21 pairs, neighbours in the table come
    first. Without changes, their figures are left out.
    """
    x = np.asarray(windows, dtype=np.float64)
    count, steps, features = x.shape
    parts = [*_summary(x), x[:, 0], x[:, -1]]
    if steps > 1 and with_changes:
        moves = np.diff(x, axis=1)
        parts += [np.abs(moves).mean(axis=1), moves.std(axis=1), np.abs(moves).max(axis=1)]
        parts.append((moves == 0).mean(axis=1))
    if steps > 2 and with_changes:
        turn = (moves[:, 1:] * moves[:, :-1]).mean(axis=1)
        parts.append(turn / np.maximum(np.square(moves).mean(axis=1), 1e-12))
    near = sorted(pairs(features), key=lambda pair: (pair[1] - pair[0], pair[0]))[:MAX_PAIRS]
    if near:
        first, second = np.array(near).T
        parts += _summary(x[..., first] - x[..., second])
    if steps * features <= MAX_VALUES:
        parts.append(x.reshape(count, -1))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _summary(x: Array) -> list[Array]:
    return [x.mean(axis=1), x.std(axis=1), x.min(axis=1), x.max(axis=1)]


CLASSIFIERS: dict[str, Callable[[Sequence[TwoSampleTask], int], list[Outputs]]] = {
    "recurrent": recurrent,
    "convolutional": convolutional,
    "boosting": boosting,
}
"""The kinds of classifiers."""


def _measure(comparison: BlockComparison, candidates: Mapping[str, Candidate]) -> dict[str, Score]:
    """Return the area of the strongest kind of classifier for each candidate."""
    tasks = [two_sample_task(comparison, candidate) for candidate in candidates.values()]
    by_kind = {
        kind: attempt(
            f"{kind} classifiers of {', '.join(candidates)}",
            partial(_areas, kind, tasks, comparison, candidates),
            lambda reason: dict.fromkeys(candidates, Score.unknown(reason)),
        )
        for kind in CLASSIFIERS
    }
    found = {}
    for name in candidates:
        kinds = {kind: areas[name] for kind, areas in by_kind.items()}
        failed = [score for score in kinds.values() if has_failed(score.reason)]
        strongest = max(score.mean or 0.0 for score in kinds.values())
        score = failed[0] if failed else Score.of([strongest])
        plain = {kind: area.to_dict() for kind, area in kinds.items()}
        found[name] = Score(score.mean, score.std, score.runs, score.reason).with_details(
            classifiers=plain
        )
    return found


def two_sample_task(comparison: BlockComparison, candidate: Candidate) -> TwoSampleTask:
    """Return a task: learn from one half of a candidate, be tested on the other half."""
    split = comparison.split
    unit = MinMax(split.learned)
    ((real, made),) = candidate.pairs
    learned, tested = _halves(made.values(), rng(candidate.seed, "judges", candidate.name))
    # Held-out windows in the place of synthetic ones need other windows to be told from.
    unseen = split.other if candidate.name == "held_out" else split.unseen
    seed = derive(candidate.seed, "judge", candidate.name)
    return TwoSampleTask(unit(real.values()), unit(learned), unit(unseen), unit(tested), seed)


def _halves(windows: Array, draw: np.random.Generator) -> tuple[Array, Array]:
    """Return halves in blocks of time; with too few blocks, the earlier and the later half.

    Windows that are all equal, as of a generator that has collapsed, look like one block.
    """
    learned, tested = block_halves(windows, draw)
    if min(len(learned), len(tested)) >= len(windows) // 8:
        return learned, tested
    middle = len(windows) // 2
    return windows[:middle], windows[middle:]


def _areas(
    kind: str,
    tasks: Sequence[TwoSampleTask],
    comparison: BlockComparison,
    candidates: Mapping[str, Candidate],
) -> dict[str, Score]:
    """Return the area of one kind of classifier for each candidate, with its interval."""
    outputs = CLASSIFIERS[kind](tasks, comparison.options.classifier_steps)
    found = {}
    for task, output, candidate in zip(tasks, outputs, candidates.values(), strict=True):
        interval = bootstrap_interval(
            output,
            overlap_groups(task.unseen_real),
            overlap_groups(task.unseen_synthetic),
            rng(candidate.seed, "interval", kind, candidate.name),
        )
        found[candidate.name] = Score.of([auc(*output)]).with_details(interval=interval)
    return found


def _merge(scores: Sequence[Score]) -> Score:
    """Return the score of several runs, with the mean area and interval of each kind.

    The interval of the score is that of the strongest kind.
    """
    score = merge_scores([Score(s.mean, s.std, s.runs, s.reason) for s in scores])
    told = [s.details["classifiers"] for s in scores if "classifiers" in s.details]
    if not told:
        return score
    kinds: dict[str, Any] = {}
    for kind in CLASSIFIERS:
        parts = [Score.from_dict(areas[kind]) for areas in told]
        area = merge_scores([Score(p.mean, p.std, p.runs, p.reason) for p in parts])
        ends = [p.details["interval"] for p in parts] if area.mean is not None else []
        interval = np.mean(ends, axis=0).tolist() if ends else None
        kinds[kind] = area.with_details(interval=interval).to_dict()
    if score.mean is None:
        return score.with_details(classifiers=kinds)
    strongest = max(kinds, key=lambda kind: kinds[kind]["mean"])
    return score.with_details(
        classifiers=kinds, strongest=strongest, interval=kinds[strongest]["interval"]
    )


register(
    Metric(
        "classifier_auc",
        title="Strongest classifier",
        meaning="How often the strongest of three kinds of classifiers ranks a real window above a "
        "synthetic one: area under the ROC curve, 0.5 is chance.",
        better="lower",
        formula=r"\max_k \mathrm{AUC}_k",
        values="0 to 1",
        source="Lopez-Paz, Oquab (ICLR 2017)",
        cannot_see="Copies of training windows. How large a fault is: a small one that is always "
        "there reaches 1, too.",
        measure=_measure,
        design="blocks",
        perfect=0.5,
        order=90,
        uses_unseen=True,
        options=("classifier_steps",),
        merge=_merge,
    )
)
