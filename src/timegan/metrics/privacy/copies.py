"""Test for copies: distances to the nearest training windows, beside those of held-out windows.

Distances are root mean squares over steps and features in min-max units: .02 means that two
windows differ by 2 % of the range, typically. A synthetic window counts as a copy when it lies
nearer to a training window than 95 % of unseen real windows do *and* is bound to that one window
more tightly (nearest over second nearest distance) than 95 % of them are. The second condition
tells a copy from a window that is merely smooth, and so in the middle of many.
"""

from typing import Any

import numpy as np

from timegan.metrics.nearest_neighbors import Neighbors, flatten, nearest
from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import rng
from timegan.variation import negligible

MIN_WINDOWS = 50
EXACT = 1e-4
QUANTILE = 0.05
CLOSE = 0.7
"""Relative distance to the training windows below which synthetic ones are suspiciously near."""


def copying(
    train: Array,
    synthetic: Array,
    holdout: Array | None = None,
    *,
    seed: int = 0,
    limit: int = 1_000,
) -> dict[str, Any]:
    """Compare synthetic and unseen real windows in their distance to the training windows.

    Args:
        train: all windows that the model has learned from (N, T, C); a sample of them would hide
            copies of the others.
        synthetic: windows (M, T, C) in the same unit.
        holdout: real windows that the model has not seen. With fewer than 50 of them, training
            windows stand in, each against the other ones.
        seed: of the choice of windows when there are more than ``limit``.
        limit: synthetic and held-out windows that are looked up.

    Returns:
        ``warning`` and ``sentence`` for people, and the figures that they come from.
    """
    check(train, synthetic)
    scale = MinMax(train)
    base = flatten(scale(train))
    queries = flatten(scale(subset(synthetic, limit, rng(seed, "copying", "synthetic"))))
    near = _finite(nearest(queries, base))
    if holdout is not None and len(holdout) >= MIN_WINDOWS:
        baseline = "held-out"
        unseen = flatten(scale(subset(holdout, limit, rng(seed, "copying", "held-out"))))
        far = _finite(nearest(unseen, base))
    else:
        baseline = "training"
        chosen = np.sort(rng(seed, "copying", "training").permutation(len(base))[:limit])
        far = _finite(nearest(base[chosen], base, own=chosen))
    figures: dict[str, Any] = {
        "windows": len(train),
        "baseline": baseline,
        "distance": _median(near.distance),
        "baseline_distance": _median(far.distance),
        "exact_share": float((near.distance < EXACT).mean()),
        "too_few": len(train) < MIN_WINDOWS,
    }
    if figures["too_few"]:
        return figures | _describe_few(len(base), near, far)
    return figures | _describe(near, far, baseline)


def untested(reason: str) -> dict[str, Any]:
    """Return the figures of a test that could not be done."""
    nothing = ("distance", "baseline_distance", "distance_ratio", "copied_share", "expected_share")
    return dict.fromkeys(nothing) | {
        "warning": False,
        "too_few": False,
        "reason": reason,
        "sentence": f"The test for copies {reason}.",
    }


def _describe(near: Neighbors, far: Neighbors, baseline: str) -> dict[str, Any]:
    """Warn when clearly more synthetic windows than unseen ones are bound to a training window."""
    share, expected = float(copied(near, far).mean()), float(copied(far, far).mean())
    warning = is_more_than_chance(share, near, far)
    ratio = float(np.median(near.distance) / max(float(np.median(far.distance)), EXACT))
    unseen = "held-out" if baseline == "held-out" else "other training"
    if warning:
        sentence = (
            f"The model copies: {share:.0%} of the synthetic windows are nearly a training window "
            f"({expected:.0%} of the {unseen} windows are)."
        )
    elif ratio < CLOSE:
        sentence = (
            f"No copies: {share:.0%} of the synthetic windows are bound to one training window "
            f"({expected:.0%} of the {unseen} windows are). But they lie nearer to the training "
            f"windows than {unseen} windows do ({ratio:.2f} of the distance): smoother than real "
            "ones, or cautious imitations."
        )
    else:
        sentence = (
            f"No sign of copying: {share:.0%} of the synthetic windows are bound to one training "
            f"window ({expected:.0%} of the {unseen} windows are), and they lie {ratio:.2f} times "
            f"as far from the training windows as {unseen} windows do."
        )
    return {
        "copied_share": share,
        "expected_share": expected,
        "distance_ratio": ratio,
        "warning": warning,
        "sentence": sentence,
    }


def _describe_few(count: int, near: Neighbors, far: Neighbors) -> dict[str, Any]:
    """Describe whether synthetic windows are anything but variations of a handful of windows.

    Another real sample would lie as far from them as they lie from each other, or farther where
    they overlap.
    """
    few = f"{count} training windows are" if count > 1 else "One training window is"
    figures: dict[str, Any] = {"copied_share": None, "expected_share": None}
    apart = _median(far.distance)
    # Distances are in min-max units, in single precision.
    ratio = None if negligible(apart, 1.0, np.float32) else _median(near.distance) / apart
    copies = ratio is None or ratio < CLOSE
    if ratio is None:
        sentence = f"{few} too few to learn from: all that a model can do is to copy."
    elif copies:
        sentence = (
            f"{few} too few to learn a distribution from, and the model copies them: a synthetic "
            f"window lies {ratio:.2f} times as far from the nearest training window as training "
            "windows do from each other."
        )
    else:
        sentence = (
            f"{few} too few to learn a distribution from, or to tell whether the model copies "
            f"(a synthetic window lies {ratio:.2f} times as far from the nearest training window "
            "as training windows do from each other)."
        )
    return figures | {"distance_ratio": ratio, "warning": copies, "sentence": sentence}


def copied(near: Neighbors, far: Neighbors) -> Array:
    """Tell which windows are copies, going by those of unseen windows.

    A copy is nearer to a training window than 95 % of unseen windows are, and bound to it more
    tightly: its nearest distance is a smaller share of the second nearest.
    """
    distance = np.quantile(far.distance, QUANTILE)
    tightness = np.quantile(far.tightness, QUANTILE)
    tight = (near.distance < distance) & (near.tightness < tightness)
    both: Array = tight | (near.distance < min(EXACT, float(distance)))
    return both


def is_more_than_chance(copied_share: float, near: Neighbors, far: Neighbors) -> bool:
    """Tell whether clearly more windows are copies than the share of unseen ones that passes."""
    counts = 1 / len(near.distance) + 1 / len(far.distance)
    noise = np.sqrt(QUANTILE * (1 - QUANTILE) * counts)
    return bool(copied_share > QUANTILE + 3 * noise)


def _finite(found: Neighbors) -> Neighbors:
    """Return neighbours with a distance of 0 where there are none: one window has only itself."""
    distance, second = (
        np.where(np.isfinite(values), values, 0.0) for values in (found.distance, found.second)
    )
    return Neighbors(distance, found.index, second)


def _median(values: Array) -> float:
    return float(np.median(values))
