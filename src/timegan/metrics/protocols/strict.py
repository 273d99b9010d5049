"""The strict protocol: what a generator's windows are worth, beside controls whose worth is known.

Every measure sees the synthetic windows and, in their place, another real sample (the floor),
held-out windows, a verbatim copy, a block bootstrap, windows shuffled in time, and a mixture of
Gaussians. All are as many, and are held against the same real windows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from timegan.metrics.aggregation import FEWEST, strict_json, too_few
from timegan.metrics.constraint_violations import constraints
from timegan.metrics.controls import CONTROLS
from timegan.metrics.fidelity.distances import wassersteins
from timegan.metrics.overlapping_windows import block_halves
from timegan.metrics.parallel import showing, side_by_side
from timegan.metrics.privacy.membership_inference import betrayal
from timegan.metrics.privacy.shifted_copies import shifted_copies
from timegan.metrics.protocols.cache import cached, fingerprint
from timegan.metrics.protocols.quick import quick
from timegan.metrics.protocols.splits import Ground
from timegan.metrics.protocols.strict_measures import measure
from timegan.metrics.protocols.strict_scores import BETTER, explained, scores_of
from timegan.metrics.windows import Array, check, subset
from timegan.seeds import derive, rng

VERSION = 3
"""Of what the cached figures mean: to be raised when a measure changes."""


def strict(
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    features: Sequence[str],
    *,
    seed: int = 0,
    limits: tuple[Array, Array] | None = None,
    runs: int = 2,
    judges: int = 3,
    iterations: int = 2_000,
    limit: int = 2_000,
    cache: bool = True,
    workers: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """All of the quick protocol, and judges, usefulness, distances, coverage, copies, constraints.

    Args:
        train: windows that the model has learned from (N, T, C), in original units and in the
            order of time, as far as they overlap.
        holdout: windows that share no row with them, or ``None``: blocks of the training windows
            stand in for them then, in every test but those of copying.
        synthetic: windows (M, T, C) in the same units.
        features: names of the C features.
        seed: of everything random.
        limits: each feature's minimum and maximum (C,) for the scaled statistics, when it is not
            that of the training windows.
        runs: repeats of each measure with other halves, subsets and judges.
        judges: repeats of the published discriminative score.
        iterations: of the recurrent judge; the others get their share of it.
        limit: windows on a side that a measure looks at, at most.
        cache: keep the controls' figures in the user's cache folder, for they depend on the real
            windows alone.
        workers: threads that measure; by default two, where there are cores for two.
        progress: whether to tell what is done.

    Returns:
        As :func:`timegan.metrics.protocols.quick.quick`, with more scores, each with its
        ``controls``, and a part ``constraints``.

    Raises:
        InputError: the sets cannot be compared.
    """
    check(train, synthetic)
    if holdout is not None and len(holdout):
        check(train, holdout)
    else:
        holdout = None
    grounds = [Ground.of(train, holdout, seed, run, limit) for run in range(runs)]
    count = min([len(synthetic), *(len(g.known) for g in grounds)])
    few = min(count, *(min(len(g.other), len(g.unseen)) for g in grounds))

    def base() -> dict[str, Any]:
        return quick(
            train,
            holdout,
            synthetic,
            features,
            seed=seed,
            judges=judges,
            iterations=iterations,
            limits=limits,
            limit=2 * limit,
            cache=cache,
            workers=1,
        )

    def controls() -> dict[str, Any]:
        def measured() -> dict[str, Any]:
            return _controls(grounds, count, seed, iterations)

        if not cache:
            return measured()
        settings = {
            "version": VERSION,
            "seed": seed,
            "runs": runs,
            "count": count,
            "iterations": iterations,
            "limit": limit,
        }
        return cached(fingerprint({"train": train, "holdout": holdout}, settings), measured)

    def own() -> dict[str, Any]:
        return _own(grounds, synthetic, count, seed, iterations)

    tasks: dict[str, Callable[[], dict[str, Any]]] = {"quick": base}
    if few >= FEWEST:
        tasks = {"controls": controls, "own": own} | tasks
    with showing(progress):
        found = side_by_side(tasks, workers)
    card = found["quick"]
    if few >= FEWEST:
        more = scores_of(found["own"], found["controls"], grounds[0].against)
        more["marginal"]["features"] = dict(
            zip(features, wassersteins(train, synthetic), strict=True)
        )
    else:
        reason = too_few(few, "each side of it")
        more = {
            name: {"mean": None, "reason": reason, "better": better}
            for name, better in BETTER.items()
        }
    scores = card["scores"] | explained(more, train.shape)
    card |= {
        "scores": scores,
        "copying": _copying(card["copying"], train, holdout, synthetic, scores, seed),
        "constraints": constraints(train, synthetic, features, holdout),
    }
    result: dict[str, Any] = strict_json(card)
    return result


def _controls(grounds: Sequence[Ground], count: int, seed: int, iterations: int) -> dict[str, Any]:
    """The scores of each control, one a run."""
    found: dict[str, Any] = {}
    for run, ground in enumerate(grounds):
        stand_ins = {"real": ground.other} | {
            name: make(ground.everything, len(ground.everything), rng(seed, "strict", run, name))
            for name, make in CONTROLS.items()
        }
        if ground.against == "held-out":
            stand_ins["held_out"] = ground.unseen
        measured = measure(ground, stand_ins, count, derive(seed, "controls", run), iterations)
        for name, scores in measured.items():
            _add(found.setdefault(name, {}), scores)
    return strict_json(found)  # type: ignore[no-any-return]


def _own(
    grounds: Sequence[Ground], synthetic: Array, count: int, seed: int, iterations: int
) -> dict[str, Any]:
    """The scores of the synthetic windows, one a run."""
    found: dict[str, Any] = {}
    for run, ground in enumerate(grounds):
        drawn = subset(synthetic, len(ground.everything), rng(seed, "strict", run, "synthetic"))
        own = derive(seed, "synthetic", run)
        _add(found, measure(ground, {"synthetic": drawn}, count, own, iterations)["synthetic"])
    return strict_json(found)  # type: ignore[no-any-return]


def _add(total: dict[str, Any], scores: Mapping[str, Any]) -> None:
    for name, value in scores.items():
        total.setdefault(name, []).append(value)


def _copying(
    figures: dict[str, Any],
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    scores: Mapping[str, Any],
    seed: int,
) -> dict[str, Any]:
    """The quick test's figures, with shifted copies, and with what the judges and members say."""
    if holdout is not None and len(holdout) >= FEWEST:
        learned, unseen, baseline = train, holdout, "held-out"
    else:
        learned, unseen = block_halves(train, rng(seed, "copies"))
        baseline = "training"
    shifted = shifted_copies(learned, unseen, synthetic, seed=seed) | {"baseline": baseline}
    betrayed: dict[str, Any] = {"area": None, "reason": scores["membership"].get("reason")}
    if baseline == "held-out":
        betrayed = betrayal(learned, unseen, synthetic, seed=seed)
    signed = scores["discriminative"].get("signed")
    figures = figures | {
        "shifted": shifted,
        "membership": betrayed,
        "signed_accuracy": None if not signed else float(np.mean(signed)),
    }
    if figures["warning"]:
        return figures
    if shifted.get("warning"):
        figures["warning"] = True
        figures["sentence"] = (
            f"The model copies: {shifted['copied_share']:.0%} of the synthetic windows are nearly "
            f"a training window, or one a few steps off ({shifted['expected_share']:.0%} of unseen "
            "real windows are)."
        )
    elif betrayed.get("warning"):
        figures["warning"] = True
        figures["sentence"] = (
            "The model remembers what it learned: of a training window and an unseen one, the "
            f"training window is nearer to the synthetic ones in {betrayed['area']:.0%} of pairs; "
            f"by chance, and by drift of the data, it would be in up to {betrayed['chance']:.0%}."
        )
    return figures
