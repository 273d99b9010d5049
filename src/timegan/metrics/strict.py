"""The strict protocol: what a generator's windows are worth, beside controls whose worth is known.

Every measure sees the synthetic windows and, in their place, another real sample (the floor),
held-out windows, a verbatim copy, a block bootstrap, windows shuffled in time, and a mixture of
Gaussians. All are as many, and are held against the same real windows. Real samples are parted in
blocks of time, so that none shares a row with another: halves of overlapping windows drawn at
random would be nearly the same data, and a floor made of them too good to be true.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timegan.metrics import judges as kinds
from timegan.metrics import usefulness
from timegan.metrics.arrays import Array, MinMax, check, subset
from timegan.metrics.cache import cached, fingerprint
from timegan.metrics.constraints import constraints
from timegan.metrics.controls import CONTROLS
from timegan.metrics.coverage import authenticity, coverage
from timegan.metrics.distances import (
    cross_correlation,
    increments,
    marginal,
    mmd,
    spectral,
    wassersteins,
)
from timegan.metrics.membership import membership, shifted_copies
from timegan.metrics.overlap import block_halves, groups
from timegan.metrics.scorecard import quick
from timegan.metrics.summary import FEWEST, strict_json
from timegan.metrics.work import showing, side_by_side
from timegan.seeds import derive, rng

VERSION = 3
"""Of what the cached figures mean: to be raised when a measure changes."""

Runs = dict[str, list[float | None]]
"""Score to its values, one a run."""


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
        As :func:`timegan.metrics.scorecard.quick`, with more scores, each with its ``controls``,
        and a part ``constraints``.

    Raises:
        InputError: the sets cannot be compared.
    """
    check(train, synthetic)
    if holdout is not None and len(holdout):
        check(train, holdout)
    else:
        holdout = None
    grounds = [_Ground.of(train, holdout, seed, run, limit) for run in range(runs)]
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
        more = _scores(found["own"], found["controls"], grounds[0].against)
        more["marginal"]["features"] = dict(
            zip(features, wassersteins(train, synthetic), strict=True)
        )
    else:
        reason = f"{few} windows on a side are too few, it needs {FEWEST}."
        more = {
            name: {"mean": None, "reason": reason, "better": better}
            for name, better in BETTER.items()
        }
    scores = card["scores"] | _explained(more, train.shape)
    card |= {
        "scores": scores,
        "copying": _copying(card["copying"], train, holdout, synthetic, scores, seed),
        "constraints": constraints(train, synthetic, features, holdout),
    }
    result: dict[str, Any] = strict_json(card)
    return result


BETTER = {
    "judges": "lower",
    "usefulness": "lower",
    "usefulness_ahead": "lower",
    "marginal": "lower",
    "cross_correlation": "lower",
    "spectrum": "lower",
    "increments": "lower",
    "mmd": "lower",
    "precision": "higher",
    "recall": "higher",
    "authenticity": "higher",
    "membership": "lower",
}
"""The scores that the strict protocol adds, and which way is better."""

UNSEEN = {"judges", "usefulness", "usefulness_ahead", "membership"}
"""Those that test on windows which nobody has learned from."""

PERFECT = {"judges": 0.5, "usefulness": 1.0, "usefulness_ahead": 1.0, "membership": 0.5}
"""What a perfect generator would get, where that is neither 0 nor, of shares, 1."""


@dataclass(frozen=True)
class _Ground:
    """The real windows of one run.

    Args:
        everything: what a generator has learned, in order of time.
        learned: some of it, as many as ``known``: the other side of the measures.
        known: half of it, in blocks of time: ...
        other: ... and the other half, which shares no row with that.
        unseen: windows that share no row with any of these.
        against: what the unseen ones are.
    """

    everything: Array
    learned: Array
    known: Array
    other: Array
    unseen: Array
    against: str

    @classmethod
    def of(cls, train: Array, holdout: Array | None, seed: int, run: int, limit: int) -> "_Ground":
        draw = rng(seed, "strict", run)
        if holdout is not None and len(holdout) >= FEWEST:
            everything, unseen, against = train, holdout, "held-out"
        else:
            everything, unseen = block_halves(train, draw)
            against = "training"
        known, other = (subset(half, limit, draw) for half in block_halves(everything, draw))
        return cls(
            subset(everything, 2 * limit, draw),
            subset(everything, len(known), draw),
            known,
            other,
            subset(unseen, limit, draw),
            against,
        )

    def side(self, candidate: str) -> Array:
        """The real windows that a candidate is held against: what it was made of, if not real."""
        return self.known if candidate == "real" else self.learned


def _controls(grounds: Sequence[_Ground], count: int, seed: int, iterations: int) -> dict[str, Any]:
    """The scores of each control, one a run."""
    found: dict[str, Any] = {}
    for run, ground in enumerate(grounds):
        stand_ins = {"real": ground.other} | {
            name: make(ground.everything, len(ground.everything), rng(seed, "strict", run, name))
            for name, make in CONTROLS.items()
        }
        if ground.against == "held-out":
            stand_ins["held_out"] = ground.unseen
        measured = _measure(ground, stand_ins, count, derive(seed, "controls", run), iterations)
        for name, scores in measured.items():
            _add(found.setdefault(name, {}), scores)
    return strict_json(found)  # type: ignore[no-any-return]


def _own(
    grounds: Sequence[_Ground], synthetic: Array, count: int, seed: int, iterations: int
) -> dict[str, Any]:
    """The scores of the synthetic windows, one a run."""
    found: dict[str, Any] = {}
    for run, ground in enumerate(grounds):
        drawn = subset(synthetic, len(ground.everything), rng(seed, "strict", run, "synthetic"))
        own = derive(seed, "synthetic", run)
        _add(found, _measure(ground, {"synthetic": drawn}, count, own, iterations)["synthetic"])
    return strict_json(found)  # type: ignore[no-any-return]


def _scores(
    ours: dict[str, Any], controls: dict[str, Any], against: str
) -> dict[str, dict[str, Any]]:
    scores = {}
    for name, better in BETTER.items():
        score = _summary(ours, name) | {"better": better}
        score["controls"] = {key: _summary(found, name) for key, found in controls.items()}
        score["floor"] = score["controls"]["real"]
        score["against"] = against if name in UNSEEN else "training"
        if name in PERFECT:
            score["perfect"] = PERFECT[name]
        scores[name] = score
    _add_kinds(scores["judges"], ours, controls)
    return scores


def _add(total: dict[str, Any], scores: Mapping[str, Any]) -> None:
    for name, value in scores.items():
        total.setdefault(name, []).append(value)


def _summary(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Mean and deviation of the runs that gave a value."""
    values = [v for v in found.get(name, []) if v is not None]
    if not values:
        return {"mean": None, "reason": "It cannot be measured on this."}
    return {"mean": float(np.mean(values)), "std": float(np.std(values)), "runs": values}


def _add_kinds(score: dict[str, Any], ours: dict[str, Any], controls: dict[str, Any]) -> None:
    """What each kind of judge says, and an interval for the strongest."""
    score["kinds"] = {
        kind: _summary(ours, f"auc_{kind}")
        | {
            "interval": np.mean(ours[f"interval_{kind}"], axis=0).tolist(),
            "controls": {key: _summary(found, f"auc_{kind}") for key, found in controls.items()},
        }
        for kind in kinds.KINDS
    }
    strongest = max(kinds.KINDS, key=lambda kind: score["kinds"][kind]["mean"])
    score["strongest"] = strongest
    score["interval"] = score["kinds"][strongest]["interval"]


def _measure(
    ground: _Ground, candidates: Mapping[str, Array], count: int, seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """Everything that the protocol adds, on ``count`` windows of each candidate.

    Membership alone looks at all of them: among few copies few members are found.
    """
    thinned = {name: subset(x, count, rng(seed, "thin", name)) for name, x in candidates.items()}
    found = _betrayed(ground, candidates, seed)
    for measure in (_judged, _useful, _distant, _covered):
        for name, scores in measure(ground, thinned, seed, iterations).items():
            found[name] |= scores
    return found


def _judged(
    ground: _Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """Judges learn from half of a candidate, and are tested on the other half."""
    scale = MinMax(ground.learned)
    trials = []
    for name, windows in candidates.items():
        learned, tested = block_halves(windows, rng(seed, "judges", name))
        # Held-out windows in the place of synthetic ones need other windows to be told from.
        real = ground.other if name == "held_out" else ground.unseen
        own = derive(seed, "judge", name)
        trials.append(
            kinds.Trial(scale(ground.side(name)), scale(learned), scale(real), scale(tested), own)
        )
    found: dict[str, dict[str, Any]] = {name: {} for name in candidates}
    for kind, judge in kinds.KINDS.items():
        for (name, scores), trial, belief in zip(
            found.items(), trials, judge(trials, iterations), strict=True
        ):
            scores[f"auc_{kind}"] = kinds.auc(*belief)
            scores[f"interval_{kind}"] = kinds.interval(
                belief,
                groups(trial.unseen_real),
                groups(trial.unseen_synthetic),
                rng(seed, "interval", kind, name),
            )
    for scores in found.values():
        scores["judges"] = max(scores[f"auc_{kind}"] for kind in kinds.KINDS)
    return found


def _useful(
    ground: _Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """Forecasters learn from each candidate, and from as many real windows."""
    scale = MinMax(ground.learned)
    used = [name for name in candidates if name != "held_out"]
    found: dict[str, dict[str, Any]] = {name: {} for name in candidates}
    test = scale(ground.unseen)
    sets = [scale(ground.learned), scale(ground.known), *(scale(candidates[n]) for n in used)]
    ahead = usefulness.horizons(test.shape[1])
    for score, steps in zip(("usefulness", "usefulness_ahead"), ahead, strict=False):
        errors = usefulness.errors(sets, test, steps, seed=seed, iterations=max(iterations // 3, 1))
        for place, name in enumerate(used, 2):
            real = 1 if name == "real" else 0
            found[name][score] = usefulness.ratio(errors, place, real)
    return found


def _distant(
    ground: _Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "marginal": marginal(ground.side(name), windows),
            "cross_correlation": cross_correlation(ground.side(name), windows),
            "spectrum": spectral(ground.side(name), windows),
            "increments": increments(ground.side(name), windows),
            "mmd": mmd(ground.side(name), windows, seed=seed),
        }
        for name, windows in candidates.items()
    }


def _covered(
    ground: _Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """A copy of some training window must be found out: authenticity looks at all of them."""
    return {
        name: coverage(ground.side(name), windows)
        | {
            "authenticity": authenticity(
                ground.known if name == "real" else ground.everything, windows
            )
        }
        for name, windows in candidates.items()
    }


def _betrayed(
    ground: _Ground, candidates: Mapping[str, Array], seed: int
) -> dict[str, dict[str, Any]]:
    """Could one tell the known windows from the unseen ones by what was made of the known?"""
    return {
        name: {
            "membership": None
            if name == "held_out"
            else membership(ground.known, ground.unseen, windows, seed=seed)
        }
        for name, windows in candidates.items()
    }


def _explained(scores: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """Better reasons where the shape of the windows is one."""
    _, steps, features = shape
    reasons = {
        "cross_correlation": (features < 2, "One feature has no other to be correlated with."),
        "usefulness": (steps < 2, "It needs windows of at least 2 steps."),
        "usefulness_ahead": (steps < 8, "It needs windows of at least 8 steps."),
        "spectrum": (steps < 4, "It needs windows of at least 4 steps."),
        "increments": (steps < 2, "It needs windows of at least 2 steps."),
    }
    for name, (so, reason) in reasons.items():
        if so and scores[name]["mean"] is None:
            scores[name]["reason"] = reason
    return scores


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
    signed = scores["discriminative"].get("signed")
    figures = figures | {
        "shifted": shifted,
        "membership": {k: scores["membership"].get(k) for k in ("mean", "std", "floor", "reason")},
        "signed_accuracy": None if not signed else float(np.mean(signed)),
    }
    if shifted.get("warning") and not figures["warning"]:
        figures["warning"] = True
        figures["sentence"] = (
            f"The model copies: {shifted['copied_share']:.0%} of the synthetic windows are nearly "
            f"a training window, or one a few steps off ({shifted['expected_share']:.0%} of unseen "
            "real windows are)."
        )
    return figures
