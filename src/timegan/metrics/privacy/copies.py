"""Does the model copy? Distances to the nearest training windows, against held-out windows'.

Distances are root mean squares over steps and features in min-max units: .02 means that two
windows differ by 2 % of the range, typically. A synthetic window counts as a copy when it lies
nearer to a training window than 95 % of unseen real windows do *and* is bound to that one window
more tightly (nearest over second nearest distance) than 95 % of them are. The second condition
is what tells a copy from a window that is merely smooth, and so in the middle of many.
"""

from typing import Any

import numpy as np

from timegan.metrics.windows import Array, MinMax, check, subset
from timegan.seeds import rng
from timegan.variation import negligible

TOO_FEW = 50
EXACT = 1e-4
QUANTILE = 0.05


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
    base = _flat(scale(train))
    queries = _flat(scale(subset(synthetic, limit, rng(seed, "copying", "synthetic"))))
    near = _nearest(queries, base)
    if holdout is not None and len(holdout) >= TOO_FEW:
        baseline = "held-out"
        unseen = _flat(scale(subset(holdout, limit, rng(seed, "copying", "held-out"))))
        far = _nearest(unseen, base)
    else:
        baseline = "training"
        chosen = np.sort(rng(seed, "copying", "training").permutation(len(base))[:limit])
        far = _nearest(base[chosen], base, own=chosen)
    figures: dict[str, Any] = {
        "windows": len(train),
        "baseline": baseline,
        "distance": _median(near[:, 0]),
        "baseline_distance": _median(far[:, 0]),
        "exact_share": float((near[:, 0] < EXACT).mean()),
        "too_few": len(train) < TOO_FEW,
    }
    if figures["too_few"]:
        return figures | _judge_few(len(base), near, far)
    return figures | _judge(near, far, baseline)


def untested(reason: str) -> dict[str, Any]:
    """Return the figures of a test that could not be done."""
    nothing = ("distance", "baseline_distance", "distance_ratio", "copied_share", "expected_share")
    return dict.fromkeys(nothing) | {
        "warning": False,
        "too_few": False,
        "reason": reason,
        "sentence": f"The test for copies {reason}.",
    }


def _judge(near: Array, far: Array, baseline: str) -> dict[str, Any]:
    """Warn when clearly more synthetic windows than unseen ones are bound to a training window."""
    copied, expected = _bound(near, far), _bound(far, far)
    noise = np.sqrt(QUANTILE * (1 - QUANTILE) * (1 / len(near) + 1 / len(far)))
    warning = copied > QUANTILE + 3 * noise
    ratio = float(np.median(near[:, 0]) / max(float(np.median(far[:, 0])), EXACT))
    unseen = "held-out" if baseline == "held-out" else "other training"
    if warning:
        sentence = (
            f"The model copies: {copied:.0%} of the synthetic windows are nearly a training window "
            f"({expected:.0%} of the {unseen} windows are)."
        )
    elif ratio < 0.7:
        sentence = (
            f"No copies: {copied:.0%} of the synthetic windows are bound to one training window "
            f"({expected:.0%} of the {unseen} windows are). But they lie nearer to the training "
            f"windows than {unseen} windows do ({ratio:.2f} of the distance): smoother than real "
            "ones, or cautious imitations."
        )
    else:
        sentence = (
            f"No sign of copying: {copied:.0%} of the synthetic windows are bound to one training "
            f"window ({expected:.0%} of the {unseen} windows are), and they lie {ratio:.2f} times "
            f"as far from the training windows as {unseen} windows do."
        )
    return {
        "copied_share": copied,
        "expected_share": expected,
        "distance_ratio": ratio,
        "warning": bool(warning),
        "sentence": sentence,
    }


def _judge_few(count: int, near: Array, far: Array) -> dict[str, Any]:
    """With a handful of windows: are synthetic ones anything but variations of them?

    Another real sample would lie as far from them as they lie from each other, or farther where
    they overlap.
    """
    few = f"{count} training windows are" if count > 1 else "One training window is"
    figures: dict[str, Any] = {"copied_share": None, "expected_share": None}
    apart = _median(far[:, 0])
    # Distances are in min-max units, in single precision.
    ratio = None if negligible(apart, 1.0, np.float32) else _median(near[:, 0]) / apart
    copies = ratio is None or ratio < 1
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


def _bound(near: Array, far: Array) -> float:
    """The share of windows that are nearer and more tightly bound than 95 % of unseen ones."""
    distance = np.quantile(far[:, 0], QUANTILE)
    tightness = np.quantile(_tightness(far), QUANTILE)
    bound = (near[:, 0] < distance) & (_tightness(near) < tightness)
    return float((bound | (near[:, 0] < min(EXACT, distance))).mean())


def _tightness(distances: Array) -> Array:
    tightness: Array = distances[:, 0] / np.maximum(distances[:, 1], 1e-12)
    return tightness


def _nearest(queries: Array, base: Array, own: Array | None = None) -> Array:
    """Distances (n, 2) to the two nearest rows of ``base``, leaving out row ``own[i]`` for i.

    Candidates come from one product of matrices, whose rounding hides small distances; the
    distances of the best few are then computed as they should be.
    """
    size = (base**2).sum(axis=1)
    found = np.empty((len(queries), 2))
    count = min(8, len(base))
    for start in range(0, len(queries), 256):
        part = queries[start : start + 256]
        squares = size - 2 * part @ base.T
        if own is not None:
            squares[np.arange(len(part)), own[start : start + 256]] = np.inf
        best = np.argpartition(squares, count - 1, axis=1)[:, :count]
        exact = np.sqrt(((part[:, None, :] - base[best]) ** 2).mean(axis=2))
        if own is not None:
            exact[best == own[start : start + 256, None]] = np.inf
        exact.sort(axis=1)
        found[start : start + 256] = exact[:, :2] if count > 1 else exact
    found[~np.isfinite(found)] = 0.0  # one window has no neighbour but itself
    return found


def _flat(windows: Array) -> Array:
    rows: Array = windows.reshape(len(windows), -1).astype(np.float32)
    return rows


def _median(values: Array) -> float:
    return float(np.median(values))
