"""All scores of a protocol as one dictionary, each beside its floor: ``metrics.json`` in memory."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.metrics.aggregation import FEWEST, Score, scored, strict_json, summary, too_few
from timegan.metrics.fidelity.autocorrelation import (
    autocorrelation_score,
    change_autocorrelation_score,
)
from timegan.metrics.fidelity.correlation import correlation_score, correlations, pairs
from timegan.metrics.fidelity.density import change_overlap, overlaps, pooled_overlap
from timegan.metrics.fidelity.discriminative import Contest, classify
from timegan.metrics.fidelity.summary_statistics import spread, statistics
from timegan.metrics.parallel import side_by_side
from timegan.metrics.privacy.copies import copying, untested
from timegan.metrics.protocols.baselines import Reference, compared, makers
from timegan.metrics.protocols.cache import fingerprint
from timegan.metrics.windows import Array, MinMax, Part, check, parted, subset
from timegan.seeds import derive, rng


def quick(
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    features: Sequence[str],
    *,
    seed: int = 0,
    judges: int = 3,
    control_judges: int = 1,
    iterations: int = 2_000,
    hidden: int | None = None,
    lr: float = 1e-3,
    against: str = "training",
    limits: tuple[Array, Array] | None = None,
    limit: int = 10_000,
    cache: bool = True,
    workers: int | None = None,
) -> dict[str, Any]:
    """The parts ``scores``, ``statistics``, ``statistics_scaled``, ``spread`` and ``copying``.

    A floor is the same score for two samples of real windows: what a perfect generator would get.
    ``controls`` are the same score for stand-ins with known faults, made of the training windows.

    Args:
        train: windows that the model has learned from (N, T, C), in original units.
        holdout: windows that it has not seen, or ``None``.
        synthetic: windows (M, T, C) in the same units.
        features: names of the C features.
        seed: of everything random.
        judges: repeats of the discriminative score; as many again judge real against real.
        control_judges: judges of each control.
        iterations: updates of each judge.
        hidden: units of each judge (half as many as features by default).
        lr: step size of the judges.
        against: real side of the scores: ``"training"`` as in every published table, or
            ``"held-out"``. Held-out blocks of one long series differ from its training blocks by
            themselves; the floor shows by how much.
        limits: each feature's minimum and maximum (C,) that min-max units are made of, when it is
            not that of the training windows.
        limit: windows of a set that the scores look at, at most.
        cache: keep floors and controls in the user's cache folder, for they depend on the real
            windows alone.
        workers: threads that measure; by default two, where there are cores for two.

    Raises:
        InputError: the sets cannot be compared.
    """
    check(train, synthetic)
    if holdout is not None and len(holdout):
        check(train, holdout)
    held_out = holdout if against == "held-out" and holdout is not None else None
    if held_out is not None and len(held_out) < FEWEST:
        held_out = None
    draw = rng(seed, "quick", "real")
    real = subset(train if held_out is None else held_out, limit, draw)
    scale = MinMax(real)
    real, fake = scale(real), scale(subset(synthetic, limit, rng(seed, "quick", "synthetic")))
    if held_out is None:
        samples = [parted(real, draw) for _ in range(5)]
    else:
        whole = Part(real, np.arange(len(real)))
        others = scale(subset(train, 5 * len(real), draw))
        samples = [(whole, _some(others, len(real), draw)) for _ in range(5)]
    settings = {"seed": seed, "limit": limit, "count": len(fake), "held-out": held_out is not None}
    reference = Reference(
        real,
        samples,
        makers(train, holdout if held_out is None else None, len(fake), seed, scale),
        fingerprint({"train": train, "holdout": holdout}, settings) if cache else None,
    )
    judging = {"iterations": iterations, "hidden": hidden, "lr": lr}
    tasks = {
        "reference": lambda: attempt(
            "floors and controls",
            lambda: _reference(reference, fake, seed, judges, control_judges, judging),
            lambda reason: dict.fromkeys(BETTER, reference.unknown(reason)),
        ),
        "own": lambda: _own(real, fake, seed, judges, judging),
    }
    found = side_by_side(tasks, workers)
    scores = {
        name: score | found["reference"].get(name, {}) | {"better": BETTER[name]}
        for name, score in found["own"].items()
    }
    scores["discriminative"] |= judging
    scores["density"]["features"] = attempt(
        "score density, by feature",
        lambda: dict(zip(features, overlaps(real, fake), strict=True)),
        lambda _: {},
    )
    scores["correlation"]["pairs"] = attempt(
        "score correlation, by pair", lambda: _pairs(real, fake, features), lambda _: []
    )
    for score in scores.values():
        score["against"] = "training" if held_out is None else "held-out"
    scale = MinMax(train, limits)
    card: dict[str, Any] = strict_json(
        {
            "scores": scores,
            "statistics": attempt(
                "statistics", lambda: statistics(train, synthetic, features), lambda _: []
            ),
            "statistics_scaled": attempt(
                "scaled statistics",
                lambda: statistics(scale(train), scale(synthetic), features),
                lambda _: [],
            ),
            "spread": attempt(
                "spread",
                lambda: spread(train, synthetic, features),
                lambda reason: {"ratio": None, "least": None, "feature": None, "reason": reason},
            ),
            "copying": attempt(
                "test for copies",
                lambda: copying(train, synthetic, holdout, seed=seed),
                untested,
            ),
        }
    )
    return card


MEASURES: dict[str, Callable[[Array, Array], float | None]] = {
    "density": pooled_overlap,
    "change_density": change_overlap,
    "correlation": correlation_score,
    "autocorrelation": autocorrelation_score,
    "change_autocorrelation": change_autocorrelation_score,
}
"""The scores that no judge has to be trained for."""

BETTER = dict.fromkeys(("discriminative", *MEASURES), "lower") | {
    "density": "higher",
    "change_density": "higher",
}
NOTHING = "No feature varies enough to measure it."


def _own(
    real: Array, synthetic: Array, seed: int, judges: int, judging: dict[str, Any]
) -> dict[str, Score]:
    """The scores of the synthetic windows."""

    def measured(name: str) -> Score:
        hurdle = _impossible(name, real, synthetic)
        if hurdle:
            return summary([], hurdle)
        if name == "discriminative":
            contests = [Contest(real, synthetic, s) for s in _seeds(seed, judges)]
            return _judged(classify(contests, **judging))
        return summary([MEASURES[name](real, synthetic)], NOTHING)

    return {name: scored(name, partial(measured, name)) for name in BETTER}


def _reference(
    reference: Reference,
    synthetic: Array,
    seed: int,
    judges: int,
    control_judges: int,
    judging: dict[str, Any],
) -> dict[str, Score]:
    """Floor and controls of each score that can be measured."""
    possible = [name for name in BETTER if not _impossible(name, reference.real, synthetic)]

    def measured() -> dict[str, Score]:
        found = {n: compared(reference, n, MEASURES[n], NOTHING) for n in possible if n in MEASURES}
        if "discriminative" in possible:
            found["discriminative"] = attempt(
                "floor and controls of discriminative",
                lambda: _judges(reference, seed, judges, control_judges, judging),
                reference.unknown,
            )
        return found

    settings = {"judges": judges, "control_judges": control_judges, "possible": possible}
    return reference.kept({"protocol": "quick"} | settings | judging, measured)


def _judges(
    reference: Reference, seed: int, judges: int, control_judges: int, judging: dict[str, Any]
) -> Score:
    """All judges of real samples and controls train together."""
    samples = reference.samples
    floors = [
        Contest(*samples[number % len(samples)], derive(s, "floor"))
        for number, s in enumerate(_seeds(seed, judges))
    ]
    controls = {
        name: [
            Contest(reference.real, windows, derive(s, "control", name))
            for s in _seeds(seed, control_judges)
        ]
        for name, windows in reference.stand_ins.items()
    }
    contests = floors + [contest for several in controls.values() for contest in several]
    signed = classify(contests, title="Discriminative score, floor and controls", **judging)
    floor = _judged(signed[:judges])
    parts = {
        name: _judged(signed[judges + n * control_judges : judges + (n + 1) * control_judges])
        for n, name in enumerate(controls)
    }
    return reference.beside(floor, parts)


def _some(windows: Array, count: int, draw: np.random.Generator) -> Part:
    return Part(windows, draw.permutation(len(windows))[:count])


def _seeds(seed: int, judges: int) -> list[int]:
    return [derive(seed, "judge", judge) for judge in range(judges)]


def _judged(signed: list[float]) -> Score:
    return summary([abs(value) for value in signed], "No judge was asked.") | {"signed": signed}


def _impossible(name: str, real: Array, synthetic: Array) -> str | None:
    """Why a score cannot be had of such windows."""
    _, steps, features = real.shape
    few = min(len(real), len(synthetic))
    if name == "discriminative" and few < FEWEST:
        return too_few(few, "a judge")
    if "autocorrelation" in name and few < 2:
        return too_few(few, least=2)
    if name == "correlation" and features < 2:
        return "One feature has no other to be correlated with."
    needed = {"autocorrelation": 2, "change_density": 2, "change_autocorrelation": 3}.get(name, 1)
    return f"It needs windows of at least {needed} steps." if steps < needed else None


def _pairs(real: Array, synthetic: Array, features: Sequence[str]) -> list[dict[str, Any]]:
    a, b = correlations(real), correlations(synthetic)
    return [
        {"features": [features[i], features[j]], "real": a[i, j], "synthetic": b[i, j]}
        for i, j in pairs(len(features))
    ]
