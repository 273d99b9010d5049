"""The scores of the published tables, as they are computed there: to compare, not to trust.

The discriminative and the predictive score of TimeGAN (NeurIPS 2019), Context-FID and the
correlational score of Diffusion-TS (ICLR 2024). All of them look at the windows that the model was
trained on, as published scores do, and a verbatim copy of those does well on each. Which of the two
traditions of preparing data is compared with follows from the data (``dataset.protocol``).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from timegan.metrics.arrays import Array, MinMax, check, halves, subset
from timegan.metrics.context_fid import frechet
from timegan.metrics.correlation import correlation_draws
from timegan.metrics.predictive import Forecast, forecast
from timegan.metrics.scorecard import FEWEST, quick, strict_json
from timegan.metrics.ts2vec import encode, fit
from timegan.metrics.work import showing, side_by_side
from timegan.seeds import derive, rng

PRECISE = 0.004
"""The discriminative score is repeatable when its mean varies by less than this."""

Score = dict[str, Any]


def legacy(
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    features: Sequence[str],
    *,
    seed: int = 0,
    judges: int = 10,
    iterations: int = 2_000,
    forecasts: int = 5_000,
    encoders: int = 3,
    encodings: int | None = None,
    limits: tuple[Array, Array] | None = None,
    limit: int = 20_000,
    workers: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """What ``quick`` measures, with ten judges, and the other scores of the published tables.

    ``scores`` has ``discriminative``, ``predictive`` (the last feature) and ``predictive_all``,
    ``context_fid`` and ``correlation`` (of random fifths; ``whole`` is that of all windows), each
    beside its floor: the same for two samples of real windows. The other parts are those of
    ``quick``.

    Args:
        train: windows that the model has learned from (N, T, C), in original units.
        holdout: windows that it has not seen, or ``None``; only the test for copies looks at them.
        synthetic: windows (M, T, C) in the same units; M need not be N.
        features: names of the C features.
        seed: of everything random.
        judges: repeats of the discriminative score, of its floor, and of the predictive scores,
            whose floors have five repeats at most.
        iterations: updates of each judge.
        forecasts: updates of each forecaster of the predictive scores.
        encoders: repeats of Context-FID.
        encodings: updates of each encoder; by the published rule 200 up to 100,000 numbers
            (windows x steps x features), and 600 above.
        limits: each feature's minimum and maximum (C,) that min-max units are made of, when it is
            not that of the training windows.
        limit: windows of a set that the scores look at, at most.
        workers: threads that measure; by default two, where there are cores for two.
        progress: whether to tell what is done.

    Raises:
        InputError: the sets cannot be compared.
    """
    check(train, synthetic)
    scale = MinMax(train, limits)
    real = scale(subset(train, limit, rng(seed, "legacy", "real"))).astype(np.float32)
    fake = scale(subset(synthetic, limit, rng(seed, "legacy", "synthetic"))).astype(np.float32)
    draw = rng(seed, "legacy", "halves")
    samples = [halves(real, draw) for _ in range(5)]
    forecasting = {"judges": judges, "iterations": forecasts, "seed": seed}

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
            limit=limit,
        )

    tasks: dict[str, Callable[[], dict[str, Any]]] = {
        "predictive_all": lambda: _predictive(real, fake, samples, target="all", **forecasting),
        "quick": base,
        "predictive": lambda: _predictive(real, fake, samples, target="last", **forecasting),
        "context_fid": lambda: _context_fid(real, fake, seed, encoders, encodings),
    }
    if len(features) == 1:  # its own past is all there is to forecast it from
        del tasks["predictive_all"]
    with showing(progress):
        found = side_by_side(tasks, workers)
    card = found["quick"]
    scores: dict[str, Score] = card["scores"]
    whole = scores.pop("correlation")
    ordered = {
        "discriminative": _precision(scores.pop("discriminative")),
        "predictive": found["predictive"],
        "predictive_all": found.get("predictive_all", found["predictive"]),
        "context_fid": found["context_fid"],
        "correlation": _correlation(whole, real, fake, seed),
    }
    for score in ordered.values():
        score |= {"better": "lower", "against": "training"}
    result: dict[str, Any] = strict_json(card | {"scores": ordered | scores})
    return result


def _predictive(
    real: Array,
    synthetic: Array,
    samples: Sequence[tuple[Array, Array]],
    *,
    target: str,
    judges: int,
    iterations: int,
    seed: int,
) -> Score:
    """Forecasters that learn from synthetic windows, beside others that learn from real ones."""
    few = _too_few(real, synthetic)
    if few:
        return few
    seeds = [derive(seed, "forecaster", judge) for judge in range(judges)]
    tasks = [Forecast(synthetic, real, s) for s in seeds]
    # Forecasters agree among themselves: one for each pair of real samples is enough.
    for (learned, tested), s in zip(samples, seeds, strict=False):
        tasks.append(Forecast(learned, tested, derive(s, "floor")))
    errors = forecast(tasks, target=target, iterations=iterations)
    floor = _summary(errors[judges:])
    return _summary(errors[:judges]) | {"floor": floor, "iterations": iterations, "target": target}


def _context_fid(
    real: Array, synthetic: Array, seed: int, encoders: int, iterations: int | None
) -> Score:
    """Distances as each encoder sees them; the floor is that of random halves of the real set."""
    few = _too_few(real, synthetic)
    if few:
        return few
    network = fit(real, seed=derive(seed, "encoders"), encoders=encoders, iterations=iterations)
    a, b = encode(network, real), encode(network, synthetic)
    draw = rng(seed, "context_fid", "floor")
    floors = [frechet(*halves(rows, draw)) for rows in a]
    runs = [frechet(rows, others) for rows, others in zip(a, b, strict=True)]
    return _summary(runs) | {"floor": _summary(floors), "encoders": encoders}


def _too_few(real: Array, synthetic: Array) -> Score | None:
    few = min(len(real), len(synthetic))
    if real.shape[1] < 2:
        return {"mean": None, "reason": "It needs windows of at least 2 steps."}
    if few < FEWEST:
        return {"mean": None, "reason": f"{few} windows are too few; it needs {FEWEST}."}
    return None


def _correlation(whole: Score, real: Array, synthetic: Array, seed: int) -> Score:
    """The score of random fifths; the floor has real windows on both sides."""
    pairs = {"pairs": whole["pairs"]}
    if whole["mean"] is None:
        return {"mean": None, "reason": whole["reason"]} | pairs
    runs = correlation_draws(real, synthetic, seed=seed)
    floors = correlation_draws(real, real, seed=derive(seed, "floor"))
    if runs is None or floors is None:
        return {"mean": None, "reason": "No feature varies enough to measure it."} | pairs
    extras = {"whole": {key: whole[key] for key in ("mean", "floor")}}
    return _summary(runs) | {"floor": _summary(floors)} | extras | pairs


def _precision(score: Score) -> Score:
    """How far the mean over judges may be trusted, and how many judges would make it precise."""
    if score["mean"] is None:
        return score
    count, std = len(score["runs"]), score["std"]
    if count < 2:
        return score | {"standard_error": None, "judges_for_precision": None}
    error = std / math.sqrt(count - 1)
    # Two means of n judges differ by less than the wanted figure in 19 cases of 20.
    needed = math.ceil((1.96 * math.sqrt(2) * std / PRECISE) ** 2)
    return score | {"standard_error": error, "judges_for_precision": max(needed, 2)}


def _summary(runs: list[float]) -> Score:
    return {"mean": float(np.mean(runs)), "std": float(np.std(runs)), "runs": runs}
