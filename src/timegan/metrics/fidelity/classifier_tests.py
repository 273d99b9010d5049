"""Three kinds of judges that look at windows never seen by them, each with what it is good at.

A recurrent one as in the published score, a convolutional one that looks for local shapes, and
gradient boosting on figures of whole windows. Each learns to tell training windows from synthetic
ones and is then shown *unseen* real windows and other synthetic ones. What it may have found out
about the training windows themselves is of no use there, and where unseen windows differ from
training windows by themselves (a market moves on), that is nothing it could have learned.

The figure is the area under the ROC curve: the probability that the judge holds an unseen real
window for more real than a synthetic one. One half is a guess; below it a judge was misled, for
synthetic windows lie on top of those that it learned to call real: the mark of a copy.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import Tensor, nn

from timegan.metrics.fidelity.correlation import pairs
from timegan.metrics.grouped_gru import GroupedGRU
from timegan.metrics.parallel import track
from timegan.metrics.windows import Array
from timegan.seeds import derive
from timegan.variation import deviation, divisor

BATCH = 128


@dataclass(frozen=True)
class Trial:
    """What one judge of each kind learns from and is tested on: windows in a common unit."""

    known_real: Array
    known_synthetic: Array
    unseen_real: Array
    unseen_synthetic: Array
    seed: int


Belief = tuple[Array, Array]
"""How real the judge holds each unseen real, and each unseen synthetic window: higher is more."""


def auc(real: Array, synthetic: Array) -> float:
    """The probability that a real window is held for more real than a synthetic one.

    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    ranks = rankdata(np.concatenate((real, synthetic)))
    count = len(real)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(synthetic)))


def interval(
    belief: Belief,
    group_real: Array,
    group_synthetic: Array,
    rng: np.random.Generator,
    draws: int = 200,
) -> tuple[float, float]:
    """A 95 % confidence interval of the area, by drawing whole groups of windows with replacement.

    Args:
        belief: what the judge makes of the windows.
        group_real: (n) windows with one number overlap, and so are drawn together.
        group_synthetic: (m) the same.
        rng: of the draws.
        draws: how many.
    """
    areas = []
    for _ in range(draws):
        real, synthetic = (
            values[_resample(group, rng)]
            for values, group in zip(belief, (group_real, group_synthetic), strict=True)
        )
        areas.append(auc(real, synthetic))
    low, high = np.quantile(areas, (0.025, 0.975))
    return float(low), float(high)


def _resample(group: Array, rng: np.random.Generator) -> Array:
    count = int(group.max()) + 1
    weight = np.bincount(rng.integers(count, size=count), minlength=count)
    return np.repeat(np.arange(len(group)), weight[group])


def recurrent(trials: Sequence[Trial], iterations: int) -> list[Belief]:
    """The judge of the published score, one GRU layer of half as many units as features.

    All judges train side by side.
    """
    features = trials[0].known_real.shape[2]
    generators = [torch.Generator().manual_seed(derive(t.seed, "weights")) for t in trials]
    judge = GroupedGRU(features, max(features // 2, 1), generators)
    sets = [(_grouped(t.known_real), _grouped(t.known_synthetic)) for t in trials]
    draws = [torch.Generator().manual_seed(derive(t.seed, "batches")) for t in trials]
    optimizer = torch.optim.Adam(judge.parameters(), lr=1e-3, fused=True)
    sign = torch.cat((torch.full((BATCH,), -1.0), torch.ones(BATCH)))
    for _ in track(range(iterations), f"{len(trials)} recurrent judges", iterations):
        x = torch.stack(
            [
                torch.cat([s.index_select(2, _draw(s.shape[2], draw)) for s in pair], dim=2)
                for pair, draw in zip(sets, draws, strict=True)
            ],
            dim=1,
        )
        loss = nn.functional.softplus(sign * judge(x)).sum() / BATCH
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return [
        (
            _heard(judge, number, t.unseen_real, len(trials)),
            _heard(judge, number, t.unseen_synthetic, len(trials)),
        )
        for number, t in enumerate(trials)
    ]


@torch.no_grad()
def _heard(judge: GroupedGRU, number: int, windows: Array, judges: int) -> Array:
    """What judge ``number`` says; the others say it too, and nobody listens."""
    x = _grouped(windows)[:, None].expand(-1, judges, -1, -1)
    parts = [judge(part)[number] for part in torch.split(x, 1_024, dim=3)]
    found: Array = torch.cat(parts).numpy()
    return found


def _grouped(windows: Array) -> Tensor:
    """Windows (N, T, C) as (T, C + 1, N), a constant last."""
    steps, features = windows.shape[1:]
    x = torch.ones(steps, features + 1, len(windows))
    x[:, :features] = torch.from_numpy(np.ascontiguousarray(windows.transpose(1, 2, 0)))
    return x


def _draw(count: int, generator: torch.Generator) -> Tensor:
    return torch.randint(count, (BATCH,), generator=generator)


class _Convolutions:
    """Two layers over time; the mean and the maximum of what they find decide."""

    def __init__(self, features: int, generator: torch.Generator, width: int = 32) -> None:
        shapes = [(width, features, 3), (width, width, 5), (1, 2 * width)]
        self.parameters = []
        for shape in shapes:
            limit = math.prod(shape[1:]) ** -0.5
            weight = (torch.rand(shape, generator=generator) * 2 - 1) * limit
            self.parameters += [weight.requires_grad_(), torch.zeros(shape[0], requires_grad=True)]

    def __call__(self, x: Tensor) -> Tensor:
        """One logit a window of (B, C, T)."""
        w1, b1, w2, b2, w3, b3 = self.parameters
        h = nn.functional.gelu(nn.functional.conv1d(x, w1, b1, padding=1))
        h = nn.functional.gelu(nn.functional.conv1d(h, w2, b2, padding=2))
        return nn.functional.linear(torch.cat((h.mean(dim=2), h.amax(dim=2)), dim=1), w3, b3)[:, 0]


def convolutional(trials: Sequence[Trial], iterations: int) -> list[Belief]:
    """A small convolutional network for each trial; iterations are half of what is asked for."""
    iterations = max(iterations // 2, 1)
    beliefs = []
    for trial in track(trials, f"{len(trials)} convolutional judges", len(trials)):
        centre = trial.known_real.mean(axis=(0, 1))
        scale = divisor(deviation(trial.known_real, (0, 1)))

        def prepared(windows: Array, centre: Array = centre, scale: Array = scale) -> Tensor:
            x = np.clip((windows - centre) / scale, -10, 10).transpose(0, 2, 1)
            return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))

        start = torch.Generator().manual_seed(derive(trial.seed, "convolutions"))
        judge = _Convolutions(trial.known_real.shape[2], start)
        draw = torch.Generator().manual_seed(derive(trial.seed, "convolutions", "batches"))
        pair = prepared(trial.known_real), prepared(trial.known_synthetic)
        optimizer = torch.optim.AdamW(judge.parameters, lr=2e-3, weight_decay=1e-2)
        sign = torch.cat((torch.full((BATCH,), -1.0), torch.ones(BATCH)))
        for _ in range(iterations):
            x = torch.cat([s[_draw(len(s), draw)] for s in pair])
            loss = nn.functional.softplus(sign * judge(x)).sum() / BATCH
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            beliefs.append(
                (
                    judge(prepared(trial.unseen_real)).numpy(),
                    judge(prepared(trial.unseen_synthetic)).numpy(),
                )
            )
    return beliefs


def boosting(trials: Sequence[Trial], iterations: int) -> list[Belief]:
    """Gradient boosting on :func:`figures` for each trial; a tree for every 20 iterations."""
    trees = max(iterations // 20, 1)
    beliefs = []
    for trial in track(trials, f"{len(trials)} boosting judges", len(trials)):
        x = np.concatenate((figures(trial.known_real), figures(trial.known_synthetic)))
        y = np.repeat((1, 0), (len(trial.known_real), len(trial.known_synthetic)))
        judge = HistGradientBoostingClassifier(
            max_iter=trees,
            max_leaf_nodes=15,
            max_bins=63,
            max_features=0.3,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=derive(trial.seed, "boosting") % 2**32,
        ).fit(x, y)
        beliefs.append(
            (
                judge.decision_function(figures(trial.unseen_real)),
                judge.decision_function(figures(trial.unseen_synthetic)),
            )
        )
    return beliefs


MOST_VALUES = 200
MOST_PAIRS = 21


def figures(windows: Array) -> Array:
    """What describes a window (N, T, C) besides its values, one row a window (N, F) in float32.

    For each feature mean, deviation, extremes, ends, and size, deviation and persistence of its
    changes; for pairs of features the extremes and the mean of their difference; the values
    themselves where there are at most 200. Of more than 21 pairs, neighbours in the table come
    first.
    """
    x = np.asarray(windows, dtype=np.float64)
    count, steps, features = x.shape
    parts = [*_summary(x), x[:, 0], x[:, -1]]
    if steps > 1:
        moves = np.diff(x, axis=1)
        parts += [np.abs(moves).mean(axis=1), moves.std(axis=1), np.abs(moves).max(axis=1)]
        parts.append((moves == 0).mean(axis=1))
    if steps > 2:
        turn = (moves[:, 1:] * moves[:, :-1]).mean(axis=1)
        parts.append(turn / np.maximum(np.square(moves).mean(axis=1), 1e-12))
    near = sorted(pairs(features), key=lambda pair: (pair[1] - pair[0], pair[0]))[:MOST_PAIRS]
    if near:
        first, second = np.array(near).T
        parts += _summary(x[..., first] - x[..., second])
    if steps * features <= MOST_VALUES:
        parts.append(x.reshape(count, -1))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _summary(x: Array) -> list[Array]:
    return [x.mean(axis=1), x.std(axis=1), x.min(axis=1), x.max(axis=1)]


KINDS: dict[str, Callable[[Sequence[Trial], int], list[Belief]]] = {
    "recurrent": recurrent,
    "convolutional": convolutional,
    "boosting": boosting,
}
