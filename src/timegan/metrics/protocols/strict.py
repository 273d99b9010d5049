"""The strict protocol: what a generator's windows are worth, beside controls whose worth is known.

Every measure sees the synthetic windows and, in their place, another real sample (the floor),
held-out windows, a verbatim copy, a block bootstrap, windows shuffled in time, and a mixture of
Gaussians. All are as many, and are held against the same real windows.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.metrics.aggregation import FEWEST, strict_json, too_few, unknown
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
from timegan.metrics.protocols.strict_measures import SCORES, measure
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

    def nothing(reason: str) -> dict[str, Any]:
        return {name: [reason] for name in SCORES}

    tasks: dict[str, Callable[[], dict[str, Any]]] = {"quick": base}
    if few >= FEWEST:
        tasks = {
            "controls": lambda: attempt(
                "controls of the strict scores", controls, lambda reason: {"real": nothing(reason)}
            ),
            "own": lambda: attempt("strict scores", own, nothing),
        } | tasks
    with showing(progress):
        found = side_by_side(tasks, workers)
    card = found["quick"]
    if few >= FEWEST:
        more = scores_of(found["own"], found["controls"], grounds[0].against)
        more["marginal"]["features"] = attempt(
            "score marginal, by feature",
            lambda: dict(zip(features, wassersteins(train, synthetic), strict=True)),
            lambda _: {},
        )
    else:
        reason = too_few(few, "each side of it")
        more = {name: unknown(reason) | {"better": better} for name, better in BETTER.items()}
    scores = card["scores"] | explained(more, train.shape)
    card |= {
        "scores": scores,
        "copying": _copying(card["copying"], train, holdout, synthetic, scores, seed),
        "constraints": attempt(
            "constraints",
            lambda: constraints(train, synthetic, features, holdout),
            lambda _: [],
        ),
    }
    result: dict[str, Any] = strict_json(card)
    return result


def _controls(grounds: Sequence[Ground], count: int, seed: int, iterations: int) -> dict[str, Any]:
    """The scores of each control, one a run."""
    found: dict[str, Any] = {}
    for run, ground in enumerate(grounds):
        stand_ins = {"real": ground.other}
        failed = {}
        for name in CONTROLS:
            made = attempt(f"control {name}", partial(_stand_in, name, ground, seed, run), str)
            if isinstance(made, str):
                failed[name] = dict.fromkeys(SCORES, made)
            else:
                stand_ins[name] = made
        if ground.against == "held-out":
            stand_ins["held_out"] = ground.unseen
        measured = measure(ground, stand_ins, count, derive(seed, "controls", run), iterations)
        for name, scores in (measured | failed).items():
            _add(found.setdefault(name, {}), scores)
    return strict_json(found)  # type: ignore[no-any-return]


def _stand_in(name: str, ground: Ground, seed: int, run: int) -> Array | str:
    """The windows of a control."""
    windows, draw = ground.everything, rng(seed, "strict", run, name)
    return CONTROLS[name](windows, len(windows), draw)


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
    shifted = attempt(
        "test for shifted copies",
        lambda: shifted_copies(learned, unseen, synthetic, seed=seed),
        lambda reason: {"copied_share": None, "reason": reason},
    ) | {"baseline": baseline}
    betrayed: dict[str, Any] = {"area": None, "reason": scores["membership"].get("reason")}
    if baseline == "held-out":
        betrayed = attempt(
            "test of membership",
            lambda: betrayal(learned, unseen, synthetic, seed=seed),
            lambda reason: {"area": None, "reason": reason},
        )
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
