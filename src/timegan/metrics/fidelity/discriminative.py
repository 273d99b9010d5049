"""Discriminative score: how well a small recurrent classifier tells synthetic from real.

Yoon, Jarrett, van der Schaar (NeurIPS 2019), section 5, in the form that every published
comparison uses: one GRU layer of half as many units as features, a random fifth of either set kept
for the test, 2,000 iterations of 128 real and 128 synthetic windows. The score is
``|accuracy - 1/2|``: 0 where the judge can only guess, 1/2 where it is never wrong.
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

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Contest:
    """Two sets of windows (N, T, C) for one judge, in any common unit, and the judge's seed."""

    real: Array | Part
    synthetic: Array | Part
    seed: int


def discriminative(
    real: Array,
    synthetic: Array,
    *,
    seed: int = 0,
    judges: int = 3,
    iterations: int = 2_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
) -> list[float]:
    """Signed accuracies ``accuracy - 1/2`` of ``judges`` judges; the score is the absolute value.

    Below zero the judge was misled: synthetic windows that lie on top of the windows which it
    learned to call real are the mark of a copy. The accuracy is the mean of those on real and on
    synthetic windows, which for equal counts is the share of right answers.

    Args:
        real: windows (N, T, C) in any unit; min-max units are made of them.
        synthetic: windows (M, T, C) in the same unit; M need not be N.
        seed: of the first judge; the others follow from it.
        judges: how many, each with its own initial values, split and batches.
        iterations: updates of each judge.
        hidden: units of each judge; by default half as many as features, and at least one.
        batch: real windows of an update, and synthetic ones.
        lr: Adam's step.

    Raises:
        InputError: the sets cannot be compared, or one of them has a single window.
    """
    check(real, synthetic)
    if min(len(real), len(synthetic)) < 2:
        raise InputError(
            f"{len(real)} real and {len(synthetic)} synthetic windows: a judge needs at least two "
            "of each, one to learn from and one to be tested on."
        )
    scale = MinMax(real)
    real, synthetic = scale(real), scale(synthetic)
    return classify(
        [Contest(real, synthetic, derive(seed, "judge", judge)) for judge in range(judges)],
        iterations=iterations,
        hidden=hidden,
        batch=batch,
        lr=lr,
    )


def classify(
    contests: Sequence[Contest],
    *,
    iterations: int = 2_000,
    hidden: int | None = None,
    batch: int = 128,
    lr: float = 1e-3,
    title: str = "Discriminative score",
) -> list[float]:
    """Train a judge for each contest, all as one network, and return their signed accuracies.

    ``title`` is what the progress is told under.
    """
    sets = [side for c in contests for side in (c.real, c.synthetic)]
    pool, places = pooled(sets)
    pairs = zip(places[::2], places[1::2], contests, strict=True)
    splits = [(_split(r, c.seed, "real"), _split(s, c.seed, "")) for r, s, c in pairs]
    features = pool.shape[1] - 1
    generators = [torch.Generator().manual_seed(derive(c.seed, "weights")) for c in contests]
    judge = GroupedGRU(features, hidden or max(features // 2, 1), generators)
    updates = track(range(iterations), f"{title}, {len(contests)} judges", iterations)
    _train(judge, pool, [(r.train, s.train) for r, s in splits], contests, updates, batch, lr)
    return _accuracies(judge, pool, [(r.test, s.test) for r, s in splits])


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


def _train(
    judge: GroupedGRU,
    pool: Tensor,
    sets: Sequence[tuple[Tensor, Tensor]],
    contests: Sequence[Contest],
    updates: Iterable[int],
    batch: int,
    lr: float,
) -> None:
    draws = [torch.Generator().manual_seed(derive(c.seed, "batches")) for c in contests]
    optimizer = torch.optim.Adam(judge.parameters(), lr=lr, fused=True)
    sign = torch.cat((torch.full((batch,), -1.0), torch.ones(batch)))
    for _ in updates:
        chosen = [
            windows[torch.randint(len(windows), (batch,), generator=generator)]
            for pair, generator in zip(sets, draws, strict=True)
            for windows in pair
        ]
        # Sum over judges of the two cross-entropies: no judge's gradient sees another's loss.
        logits = judge(gather(pool, torch.cat(chosen).view(len(sets), -1)))
        loss = torch.nn.functional.softplus(sign * logits).sum() / batch
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@torch.no_grad()
def _accuracies(
    judge: GroupedGRU, pool: Tensor, sets: Sequence[tuple[Tensor, Tensor]]
) -> list[float]:
    """Each judge's mean accuracy on its real and its synthetic test windows, less one half."""
    width = max(len(windows) for pair in sets for windows in pair)
    right = torch.zeros(2, len(sets), dtype=torch.float64)
    for kind in range(2):
        windows = torch.stack(
            [torch.nn.functional.pad(pair[kind], (0, width - len(pair[kind]))) for pair in sets]
        )
        logits = torch.cat(
            [judge(gather(pool, part)) for part in torch.split(windows, 1_024, dim=1)],
            dim=1,
        )
        says = (logits > 0) == (kind == 0)
        for number, pair in enumerate(sets):
            count = len(pair[kind])
            right[kind, number] = says[number, :count].double().mean()
    return [float(accuracy) - 0.5 for accuracy in right.mean(0)]
