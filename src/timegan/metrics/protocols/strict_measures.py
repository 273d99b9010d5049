"""What the strict protocol measures of windows that stand for a generator's, control or not."""

from collections.abc import Mapping
from typing import Any

import numpy as np

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


def measure(
    ground: Ground, candidates: Mapping[str, Array], count: int, seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """Everything that the protocol adds, on ``count`` windows of each candidate.

    Membership alone looks at all of them: among few copies few members are found.
    """
    thinned = {name: subset(x, count, rng(seed, "thin", name)) for name, x in candidates.items()}
    found = _betrayed(ground, candidates, seed)
    for part in (_judged, _useful, _distant, _covered):
        for name, scores in part(ground, thinned, seed, iterations).items():
            found[name] |= scores
    return found


def _judged(
    ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """Judges learn from half of a candidate, and are tested on the other half."""
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
    ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int
) -> dict[str, dict[str, Any]]:
    """Forecasters learn from each candidate, and from as many real windows."""
    scale = MinMax(ground.learned)
    used = [name for name in candidates if name != "held_out"]
    found: dict[str, dict[str, Any]] = {name: {} for name in candidates}
    test = scale(ground.unseen)
    sets = [scale(ground.learned), scale(ground.known), *(scale(candidates[n]) for n in used)]
    ahead = tstr.horizons(test.shape[1])
    for score, steps in zip(("usefulness", "usefulness_ahead"), ahead, strict=False):
        errors = tstr.errors(sets, test, steps, seed=seed, iterations=max(iterations // 3, 1))
        for place, name in enumerate(used, 2):
            real = 1 if name == "real" else 0
            found[name][score] = tstr.ratio(errors, place, real)
    return found


def _distant(
    ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int
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
    ground: Ground, candidates: Mapping[str, Array], seed: int, iterations: int
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
    ground: Ground, candidates: Mapping[str, Array], seed: int
) -> dict[str, dict[str, Any]]:
    """Could one tell the known windows from the unseen ones by what was made of the known?

    Not asked of held-out windows, which are the unseen ones, nor of a generator that has learned
    the unseen ones too, because nothing was held out: it would seem to betray nothing.
    """
    senseless = {"held_out"} | ({"synthetic"} if ground.against == "training" else set())
    return {
        name: {
            "membership": None
            if name in senseless
            else membership(ground.known, ground.unseen, windows, seed=seed)
        }
        for name, windows in candidates.items()
    }
