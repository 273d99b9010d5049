"""All scores of a protocol as one dictionary, each beside its floor: ``metrics.json`` in memory."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from timegan.metrics.arrays import Array, MinMax, check, halves, subset
from timegan.metrics.autocorrelation import autocorrelation_score, changes
from timegan.metrics.copying import copying
from timegan.metrics.correlation import correlation_score, correlations, pairs
from timegan.metrics.density import change_overlap, overlaps, pooled_overlap
from timegan.metrics.discriminative import Contest, classify
from timegan.metrics.statistics import spread, statistics
from timegan.seeds import derive, rng

FEWEST = 20
"""Windows without which a score would be noise."""


def quick(
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    features: Sequence[str],
    *,
    seed: int = 0,
    judges: int = 3,
    iterations: int = 2_000,
    hidden: int | None = None,
    lr: float = 1e-3,
    against: str = "training",
    limits: tuple[Array, Array] | None = None,
    limit: int = 10_000,
) -> dict[str, Any]:
    """The parts ``scores``, ``statistics``, ``statistics_scaled``, ``spread`` and ``copying``.

    A floor is the same score for two samples of real windows: what a perfect generator would get.

    Args:
        train: windows that the model has learned from (N, T, C), in original units.
        holdout: windows that it has not seen, or ``None``.
        synthetic: windows (M, T, C) in the same units.
        features: names of the C features.
        seed: of everything random.
        judges: repeats of the discriminative score; as many again judge real against real.
        iterations: updates of each judge.
        hidden: units of each judge (half as many as features by default).
        lr: step size of the judges.
        against: real side of the scores: ``"training"`` as in every published table, or
            ``"held-out"``. Held-out blocks of one long series differ from its training blocks by
            themselves; the floor shows by how much.
        limits: each feature's minimum and maximum (C,) that min-max units are made of, when it is
            not that of the training windows.
        limit: windows of a set that the scores look at, at most.

    Raises:
        InputError: the sets cannot be compared.
    """
    check(train, synthetic)
    if holdout is not None and len(holdout):
        check(train, holdout)
    held_out = against == "held-out" and holdout is not None and len(holdout) >= FEWEST
    scores = _scores(
        holdout if held_out and holdout is not None else train,
        train if held_out else None,
        subset(synthetic, limit, rng(seed, "quick", "synthetic")),
        features,
        seed=seed,
        limit=limit,
        judging={"iterations": iterations, "hidden": hidden, "lr": lr},
        judges=judges,
    )
    for score in scores.values():
        score["against"] = "held-out" if held_out else "training"
    scale = MinMax(train, limits)
    card: dict[str, Any] = strict_json(
        {
            "scores": scores,
            "statistics": statistics(train, synthetic, features),
            "statistics_scaled": statistics(scale(train), scale(synthetic), features),
            "spread": spread(train, synthetic, features),
            "copying": copying(train, synthetic, holdout, seed=seed),
        }
    )
    return card


def _scores(
    real: Array,
    other: Array | None,
    synthetic: Array,
    features: Sequence[str],
    *,
    seed: int,
    limit: int,
    judges: int,
    judging: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    """Scores against ``real``; floors between it and ``other``, or between its own halves."""
    draw = rng(seed, "quick", "real")
    real = subset(real, limit, draw)
    scale = MinMax(real)
    real, synthetic = scale(real), scale(synthetic)
    if other is None:
        controls = [halves(real, draw) for _ in range(5)]
    else:
        controls = [(real, scale(subset(other, len(real), draw))) for _ in range(5)]
    few = min(len(real), len(synthetic))
    if few < FEWEST:
        reason = f"{few} windows are too few for a judge, which needs {FEWEST}."
        judged: dict[str, Any] = {"mean": None, "reason": reason}
    else:
        judged = _discriminative(real, synthetic, controls, seed, judges, judging)
    scores = {"discriminative": judged | {"better": "lower"} | judging}
    measures: dict[str, tuple[str, Callable[[Array, Array], float | None]]] = {
        "density": ("higher", pooled_overlap),
        "change_density": ("higher", change_overlap),
        "correlation": ("lower", correlation_score),
        "autocorrelation": ("lower", autocorrelation_score),
        "change_autocorrelation": (
            "lower",
            lambda a, b: autocorrelation_score(changes(a), changes(b)),
        ),
    }
    for name, (better, measure) in measures.items():
        hurdle = _impossible(name, real.shape)
        scores[name] = _measured(measure, real, synthetic, controls, hurdle) | {"better": better}
    scores["density"]["features"] = dict(zip(features, overlaps(real, synthetic), strict=True))
    scores["correlation"]["pairs"] = _pairs(real, synthetic, features)
    return scores


def _impossible(name: str, shape: tuple[int, ...]) -> str | None:
    _, steps, features = shape
    if name == "correlation" and features < 2:
        return "One feature has no other to be correlated with."
    needed = {"autocorrelation": 2, "change_density": 2, "change_autocorrelation": 3}.get(name, 1)
    return f"It needs windows of at least {needed} steps." if steps < needed else None


def _discriminative(
    real: Array,
    synthetic: Array,
    controls: list[tuple[Array, Array]],
    seed: int,
    judges: int,
    judging: dict[str, Any],
) -> dict[str, Any]:
    """The judges of synthetic windows and those of the floor train together."""
    seeds = [derive(seed, "judge", judge) for judge in range(judges)]
    contests = [Contest(real, synthetic, s) for s in seeds]
    for number, s in enumerate(seeds):
        contests.append(Contest(*controls[number % len(controls)], derive(s, "floor")))
    signed = classify(contests, **judging)
    score = _summary([abs(value) for value in signed[:judges]])
    floor = _summary([abs(value) for value in signed[judges:]])
    return score | {"signed": signed[:judges], "floor": floor}


def _measured(
    measure: Callable[[Array, Array], float | None],
    real: Array,
    synthetic: Array,
    controls: list[tuple[Array, Array]],
    reason: str | None,
) -> dict[str, Any]:
    value = None if reason else measure(real, synthetic)
    if value is None:
        return {"mean": None, "reason": reason or "No feature varies enough to measure it."}
    floors = [measure(a, b) for a, b in controls if len(a) and len(b)]
    known = [floor for floor in floors if floor is not None]
    floor = _summary(known) if known else {"mean": None, "reason": "Too few windows to halve."}
    return _summary([value]) | {"floor": floor}


def _summary(runs: list[float]) -> dict[str, Any]:
    return {"mean": float(np.mean(runs)), "std": float(np.std(runs)), "runs": runs}


def _pairs(real: Array, synthetic: Array, features: Sequence[str]) -> list[dict[str, Any]]:
    a, b = correlations(real), correlations(synthetic)
    return [
        {"features": [features[i], features[j]], "real": a[i, j], "synthetic": b[i, j]}
        for i, j in pairs(len(features))
    ]


def strict_json(value: Any) -> Any:
    """``value`` with plain numbers and lists only, and ``None`` for what is not finite.

    >>> strict_json({"a": np.float32("nan"), "b": np.arange(2)})
    {'a': None, 'b': [0, 1]}
    """
    match value:
        case dict():
            return {str(key): strict_json(item) for key, item in value.items()}
        case list() | tuple():
            return [strict_json(item) for item in value]
        case np.ndarray() | np.generic():
            return strict_json(value.tolist())
        case float():
            return value if math.isfinite(value) else None
        case _:
            return value
