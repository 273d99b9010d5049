"""The scores of the published tables, as they are computed there: to compare, not to trust.

The discriminative and the predictive score of TimeGAN (NeurIPS 2019), Context-FID and the
correlational score of Diffusion-TS (ICLR 2024). All of them look at the windows that the model was
trained on, as published scores do, and a verbatim copy of those does well on each. Which of the two
traditions of preparing data is compared with follows from the data (``dataset.preprocessing``).
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.metrics.aggregation import (
    FEWEST,
    Score,
    scored,
    strict_json,
    summary,
    too_few,
    unknown,
)
from timegan.metrics.fidelity.context_fid import frechet
from timegan.metrics.fidelity.correlation import correlation_draws
from timegan.metrics.fidelity.ts2vec import encode, fit
from timegan.metrics.parallel import showing, side_by_side
from timegan.metrics.protocols.baselines import Reference, makers
from timegan.metrics.protocols.cache import fingerprint
from timegan.metrics.protocols.quick import NOTHING, quick
from timegan.metrics.utility.predictive import Forecast, forecast
from timegan.metrics.windows import Array, MinMax, check, halves, parted, subset
from timegan.seeds import derive, rng

FLOORS = 3
"""Forecasters of real samples at most: five cost as much as half of all synthetic ones."""
PRECISE = 0.004
"""The discriminative score is repeatable when its mean varies by less than this."""


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
    cache: bool = True,
    workers: int | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """What ``quick`` measures, with ten judges, and the other scores of the published tables.

    ``scores`` has ``discriminative``, ``predictive`` (the last feature) and ``predictive_all``,
    ``context_fid`` and ``correlation`` (of random fifths; ``whole`` is that of all windows), each
    beside its floor, the same for two samples of real windows, and its ``controls``, for stand-ins
    of 5,000 windows at most: two judges, one forecaster and all encoders look at each. The other
    parts are those of ``quick``.

    Args:
        train: windows that the model has learned from (N, T, C), in original units.
        holdout: windows that it has not seen, or ``None``; only the test for copies looks at them.
        synthetic: windows (M, T, C) in the same units; M need not be N.
        features: names of the C features.
        seed: of everything random.
        judges: repeats of the discriminative score, of its floor, and of the predictive scores,
            whose floors have three repeats at most.
        iterations: updates of each judge.
        forecasts: updates of each forecaster of the predictive scores.
        encoders: repeats of Context-FID.
        encodings: updates of each encoder; by the published rule 200 up to 100,000 numbers
            (windows x steps x features), and 600 above.
        limits: each feature's minimum and maximum (C,) that min-max units are made of, when it is
            not that of the training windows.
        limit: windows of a set that the scores look at, at most.
        cache: keep floors and controls in the user's cache folder, for they depend on the real
            windows alone.
        workers: threads that measure; by default two, where there are cores for two.
        progress: whether to tell what is done.

    Raises:
        InputError: the sets cannot be compared.
    """
    check(train, synthetic)
    scale = MinMax(train, limits)

    def unit(windows: Array) -> Array:
        return scale(windows).astype(np.float32)

    real = unit(subset(train, limit, rng(seed, "legacy", "real")))
    fake = unit(subset(synthetic, limit, rng(seed, "legacy", "synthetic")))
    draw = rng(seed, "legacy", "halves")
    settings = {"seed": seed, "limit": limit, "count": len(fake)}
    sets = {"train": train, "holdout": holdout, "low": scale.low, "span": scale.span}
    reference = Reference(
        real,
        [parted(real, draw) for _ in range(5)],
        makers(train, holdout, len(fake), seed, unit),
        fingerprint(sets, settings) if cache else None,
    )

    def base() -> dict[str, Any]:
        return quick(
            train,
            holdout,
            synthetic,
            features,
            seed=seed,
            judges=judges,
            control_judges=2,
            iterations=iterations,
            limits=limits,
            limit=limit,
            cache=cache,
            workers=1,
        )

    def predictive(name: str, target: str) -> Score:
        return scored(
            name, lambda: _predictive(reference, fake, name, target, judges, forecasts, seed)
        )

    tasks: dict[str, Callable[[], dict[str, Any]]] = {  # the longest first
        "context_fid": lambda: scored(
            "context_fid", lambda: _context_fid(reference, fake, seed, encoders, encodings)
        ),
        "predictive_all": lambda: predictive("predictive_all", "all"),
        "predictive": lambda: predictive("predictive", "last"),
        "quick": base,
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
        "correlation": scored(
            "correlation of fifths", lambda: _correlation(whole, reference, fake, seed)
        )
        | {"pairs": whole["pairs"]},
    }
    for score in ordered.values():
        score |= {"better": "lower", "against": "training"}
    result: dict[str, Any] = strict_json(card | {"scores": ordered | scores})
    return result


def _predictive(
    reference: Reference,
    synthetic: Array,
    name: str,
    target: str,
    judges: int,
    iterations: int,
    seed: int,
) -> Score:
    """Forecasters that learn from synthetic windows, beside others that learn from real ones."""
    real = reference.real
    few = _too_few(real, synthetic)
    if few:
        return few
    how: dict[str, Any] = {"target": target, "iterations": iterations}
    seeds = [derive(seed, "forecaster", judge) for judge in range(judges)]

    def measured() -> Score:
        # Forecasters agree among themselves: one for each of a few pairs of real samples will do.
        samples = list(zip(reference.samples[:FLOORS], seeds, strict=False))
        tasks = [Forecast(a, b, derive(s, "floor")) for (a, b), s in samples]
        for name, windows in reference.stand_ins.items():
            tasks.append(Forecast(windows, real, derive(seeds[0], "control", name)))
        errors = forecast(tasks, title="Predictive score, floor and controls", **how)
        floor = summary(errors[: len(samples)])
        runs = dict(zip(reference.stand_ins, errors[len(samples) :], strict=True))
        return reference.beside(floor, {name: summary([error]) for name, error in runs.items()})

    settings = {"score": "predictive", "judges": judges, "floors": FLOORS}
    found = _beside(reference, name, settings | how, measured)

    def own() -> Score:
        return summary(forecast([Forecast(synthetic, real, s) for s in seeds], **how))

    return scored(name, own) | found | how


def _beside(
    reference: Reference, name: str, settings: dict[str, Any], measure: Callable[[], Score]
) -> Score:
    """Floor and controls of a score, from the cache where they have been measured before."""
    return attempt(
        f"floor and controls of {name}",
        lambda: reference.kept(settings, measure),
        reference.unknown,
    )


def _context_fid(
    reference: Reference, synthetic: Array, seed: int, encoders: int, iterations: int | None
) -> Score:
    """Distances as each encoder sees them; the floor is that of random halves of the real set."""
    real = reference.real
    few = _too_few(real, synthetic)
    if few:
        return few
    network = fit(real, seed=derive(seed, "encoders"), encoders=encoders, iterations=iterations)
    known = encode(network, real)

    def distances(windows: Array) -> list[float]:
        return [frechet(a, b) for a, b in zip(known, encode(network, windows), strict=True)]

    def score(windows: Array) -> Score:
        return summary(distances(windows))

    def measured() -> Score:
        draw = rng(seed, "context_fid", "floor")
        floor = summary([frechet(*halves(rows, draw)) for rows in known])
        controls = {
            name: attempt(f"control {name} of context_fid", partial(score, x), unknown)
            for name, x in reference.stand_ins.items()
        }
        return reference.beside(floor, controls)

    settings = {"score": "context_fid", "encoders": encoders, "iterations": iterations}
    found = _beside(reference, "context_fid", settings, measured)
    own = scored("context_fid", lambda: score(synthetic))
    return own | found | {"encoders": encoders}


def _too_few(real: Array, synthetic: Array) -> Score | None:
    few = min(len(real), len(synthetic))
    if real.shape[1] < 2:
        return unknown("It needs windows of at least 2 steps.")
    if few < FEWEST:
        return unknown(too_few(few))
    return None


def _correlation(whole: Score, reference: Reference, synthetic: Array, seed: int) -> Score:
    """The score of random fifths; the floor has real windows on both sides."""
    if whole["mean"] is None:
        return unknown(whole["reason"])
    real = reference.real

    def drawn(windows: Array, *path: str) -> Score:
        return summary(correlation_draws(real, windows, seed=derive(seed, *path)) or [], NOTHING)

    def measured() -> Score:
        floor = drawn(real, "floor")
        return reference.beside(
            floor, {name: drawn(x, "control", name) for name, x in reference.stand_ins.items()}
        )

    runs = correlation_draws(real, synthetic, seed=seed)
    if runs is None:
        return unknown(NOTHING)
    found = _beside(reference, "correlation", {"score": "correlation"}, measured)
    extras = {"whole": {key: whole[key] for key in ("mean", "floor", "controls")}}
    return summary(runs) | found | extras


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
