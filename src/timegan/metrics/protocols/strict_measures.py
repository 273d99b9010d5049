"""What the strict protocol measures of windows that stand for a generator's, control or not."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.metrics.fidelity import classifier_tests as kinds
from timegan.metrics.fidelity.distances import (
    cross_correlation,
    increments,
    marginal,
    mmd,
    spectral,
)
from timegan.metrics.fidelity.precision_recall import authenticity, coverage
from timegan.metrics.overlapping_windows import block_halves, groups
from timegan.metrics.privacy.membership_inference import membership
from timegan.metrics.protocols.splits import Ground
from timegan.metrics.utility import tstr
from timegan.metrics.windows import Array, MinMax, subset
from timegan.seeds import derive, rng

Found = dict[str, dict[str, Any]]
"""For each candidate figures by name: a number, None where there is none, or why it failed."""


def measure(
    ground: Ground, candidates: Mapping[str, Array], count: int, seed: int, iterations: int
) -> Found:
    """Everything that the protocol adds, on ``count`` windows of each candidate.

    Membership alone looks at all of them: among few copies few members are found.
    """
    thinned = {name: subset(x, count, rng(seed, "thin", name)) for name, x in candidates.items()}
    looks: dict[tuple[str, ...], Callable[..., Found]] = {
        ("membership",): _betrayed,
        **{(f"auc_{kind}", f"interval_{kind}"): partial(_judged, kind) for kind in kinds.KINDS},
        ("usefulness",): partial(_useful, 0),
        ("usefulness_ahead",): partial(_useful, 1),
        **{scores: partial(_alone, scores) for scores in ALONE},
    }
    found: Found = {name: {} for name in candidates}
    for scores, look in looks.items():
        windows = candidates if look is _betrayed else thinned
        part = _attempted(scores, windows, partial(look, ground, windows, seed, iterations))
        for name, values in part.items():
            found[name] |= values
    for values in found.values():
        areas = [values[f"auc_{kind}"] for kind in kinds.KINDS]
        failed = [area for area in areas if isinstance(area, str)]
        values["judges"] = failed[0] if failed else max(areas)
    return found


def _attempted(
    scores: Sequence[str], candidates: Mapping[str, Array], look: Callable[[], Found]
) -> Found:
    """Scores of all candidates, which are measured together or fail together."""
    what = ", ".join(name.removeprefix("auc_") for name in scores if "interval" not in name)
    return attempt(
        f"score {what} of {', '.join(candidates)}",
        look,
        lambda reason: {name: dict.fromkeys(scores, reason) for name in candidates},
    )


def _judged(
    kind: str, ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> Found:
    """Judges of one kind learn from half of a candidate, and are tested on the other half."""
    scale = MinMax(ground.learned)
    trials = []
    for name, windows in candidates.items():
        learned, tested = _parted(windows, rng(seed, "judges", name))
        # Held-out windows in the place of synthetic ones need other windows to be told from.
        real = ground.other if name == "held_out" else ground.unseen
        own = derive(seed, "judge", name)
        trials.append(
            kinds.Trial(scale(ground.side(name)), scale(learned), scale(real), scale(tested), own)
        )
    beliefs = kinds.KINDS[kind](trials, iterations)
    return {
        name: {
            f"auc_{kind}": kinds.auc(*belief),
            f"interval_{kind}": kinds.interval(
                belief,
                groups(trial.unseen_real),
                groups(trial.unseen_synthetic),
                rng(seed, "interval", kind, name),
            ),
        }
        for name, trial, belief in zip(candidates, trials, beliefs, strict=True)
    }


def _parted(windows: Array, draw: np.random.Generator) -> tuple[Array, Array]:
    """Halves in blocks of time; where there are too few blocks, the earlier and the later half.

    Windows that are all the same, as of a generator that has collapsed, look like one block.
    """
    learned, tested = block_halves(windows, draw)
    if min(len(learned), len(tested)) >= len(windows) // 8:
        return learned, tested
    middle = len(windows) // 2
    return windows[:middle], windows[middle:]


def _useful(
    place: int, ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> Found:
    """Forecasters learn from each candidate, and from as many real windows."""
    score = ("usefulness", "usefulness_ahead")[place]
    ahead = tstr.horizons(ground.unseen.shape[1])
    if place >= len(ahead):
        return {name: {} for name in candidates}
    scale = MinMax(ground.learned)
    used = [name for name in candidates if name != "held_out"]
    found: Found = {name: {} for name in candidates}
    test = scale(ground.unseen)
    sets = [scale(ground.learned), scale(ground.known), *(scale(candidates[n]) for n in used)]
    errors = tstr.errors(sets, test, ahead[place], seed=seed, iterations=max(iterations // 3, 1))
    for number, name in enumerate(used, 2):
        real = 1 if name == "real" else 0
        found[name][score] = tstr.ratio(errors, number, real)
    return found


def _alone(
    scores: tuple[str, ...],
    ground: Ground,
    candidates: Mapping[str, Array],
    seed: int,
    iterations: int,
) -> Found:
    """Measures that look at one candidate at a time."""
    found: Found = {}

    def look(name: str, windows: Array) -> Found:
        values = ALONE[scores](ground, name, windows, seed)
        return {name: dict(zip(scores, values, strict=True))}

    for name, windows in candidates.items():
        found |= _attempted(scores, {name: windows}, partial(look, name, windows))
    return found


def _authenticity(ground: Ground, name: str, windows: Array) -> float | None:
    """A copy of some training window must be found out: all of them are looked at."""
    return authenticity(ground.known if name == "real" else ground.everything, windows)


ALONE: dict[tuple[str, ...], Callable[[Ground, str, Array, int], Sequence[float | None]]] = {
    ("marginal",): lambda g, name, x, seed: [marginal(g.side(name), x)],
    ("cross_correlation",): lambda g, name, x, seed: [cross_correlation(g.side(name), x)],
    ("spectrum",): lambda g, name, x, seed: [spectral(g.side(name), x)],
    ("increments",): lambda g, name, x, seed: [increments(g.side(name), x)],
    ("mmd",): lambda g, name, x, seed: [mmd(g.side(name), x, seed=seed)],
    ("precision", "recall"): lambda g, name, x, seed: list(coverage(g.side(name), x).values()),
    ("authenticity",): lambda g, name, x, seed: [_authenticity(g, name, x)],
}
"""Measures of one candidate, by the scores that they give."""


def _betrayed(ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int) -> Found:
    """Could one tell the known windows from the unseen ones by what was made of the known?

    Not asked of held-out windows, which are the unseen ones, nor of a generator that has learned
    the unseen ones too, because nothing was held out: it would seem to betray nothing.
    """
    senseless = {"held_out"} | ({"synthetic"} if ground.against == "training" else set())
    found: Found = {}

    def look(name: str, windows: Array) -> Found:
        if name in senseless:
            return {name: {"membership": None}}
        area = membership(ground.known, ground.unseen, windows, seed=seed)
        return {name: {"membership": area}}

    for name, windows in candidates.items():
        found |= _attempted(("membership",), {name: windows}, partial(look, name, windows))
    return found


SCORES = (
    "membership",
    "judges",
    *(f"{figure}_{kind}" for kind in kinds.KINDS for figure in ("auc", "interval")),
    "usefulness",
    "usefulness_ahead",
    *(score for scores in ALONE for score in scores),
)
"""The names of all figures that :func:`measure` finds."""
