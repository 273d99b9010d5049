"""The part ``copying`` of an evaluation: all tests for copies, and one sentence on their result."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.metrics.comparison import Data
from timegan.metrics.overlapping_windows import block_halves
from timegan.metrics.privacy.copies import copying, untested
from timegan.metrics.privacy.membership_inference import membership_inference
from timegan.metrics.privacy.shifted_copies import shifted_copies
from timegan.metrics.score import MIN_WINDOWS, Score
from timegan.seeds import rng


def copying_report(
    data: Data, scores: Mapping[str, Score], seed: int, *, is_thorough: bool
) -> dict[str, Any]:
    """Return ``warning`` and ``sentence``, and the figures of each test.

    Args:
        data: the windows.
        scores: of the protocol; the signed accuracies of its classifiers are reported.
        seed: of everything random.
        is_thorough: also look for shifted copies and infer membership.
    """
    data = replace(
        data,
        train=data.filled(data.train),
        holdout=None if data.holdout is None else data.filled(data.holdout),
        synthetic=data.filled(data.synthetic),
    )
    figures = attempt(
        "test for copies",
        lambda: copying(data.train, data.synthetic, data.holdout, seed=seed),
        untested,
    )
    if not is_thorough:
        return figures
    shifted, inferred = _thorough_tests(data, scores, seed)
    signed = scores["discriminative"].details.get("signed")
    figures |= {
        "shifted": shifted,
        "membership": inferred,
        "signed_accuracy": float(np.mean(signed)) if signed else None,
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
    elif inferred.get("warning"):
        figures["warning"] = True
        figures["sentence"] = (
            "The model remembers its training windows: of a training window and an unseen one, the "
            f"training window is nearer to the synthetic ones in {inferred['area']:.0%} of pairs; "
            f"chance and drift of the data explain up to {inferred['chance']:.0%}."
        )
    return figures


def _thorough_tests(
    data: Data, scores: Mapping[str, Score], seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures of shifted copies and of membership inference."""
    if data.holdout is not None and len(data.holdout) >= MIN_WINDOWS:
        learned, unseen, origin = data.train, data.holdout, "held-out"
    else:
        learned, unseen = block_halves(data.train, rng(seed, "copies"))
        origin = "training"
    shifted: dict[str, Any] = attempt(
        "test for shifted copies",
        lambda: shifted_copies(learned, unseen, data.synthetic, seed=seed),
        lambda reason: {"copied_share": None, "reason": reason},
    )
    inferred: dict[str, Any] = {"area": None, "reason": scores["membership"].reason or None}
    if origin == "held-out":
        inferred = attempt(
            "membership inference",
            lambda: membership_inference(learned, unseen, data.synthetic, seed=seed),
            lambda reason: {"area": None, "reason": reason},
        )
    return shifted | {"baseline": origin}, inferred
