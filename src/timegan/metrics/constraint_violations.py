"""Rates at which synthetic rows violate the constraints that every real row satisfies."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from timegan.constraints import Constraint, discover
from timegan.constraints.constraint_set import without_implied
from timegan.constraints.violations import violation_rate
from timegan.errors import InputError
from timegan.metrics.windows import Array

MAX_ROWS_PER_KIND = 40


def constraint_violations(
    train: Array,
    synthetic: Array,
    features: Sequence[str],
    holdout: Array | None = None,
    *,
    constraints: Sequence[Constraint] | None = None,
    codes: Collection[int] = (),
    masks: tuple[Array | None, Array | None, Array | None] = (None, None, None),
) -> list[dict[str, Any]]:
    """Return violation rates of the constraints that hold on all training windows.

    Inequalities that follow from other constraints are left out. Ranges are the extremes of the
    training windows, so unseen real windows violate some of them; ``held_out`` says how often.
    Missing values violate no constraint.

    Args:
        train: windows (N, T, C) in the table's units.
        synthetic: windows (M, T, C).
        features: names of the C features.
        holdout: real windows that were not used for training.
        constraints: those to check, such as a model's; None: those that `discover` finds.
        codes: features whose numbers stand for categories, to which no constraint applies.
        masks: of the training, held-out and synthetic windows, true (N, T) where a step is no
            padding.

    Returns:
        A row per constraint, sorted by the synthetic rate: ``kind``, ``constraint`` as text,
        ``features``, and the share of applicable steps that violate it: ``real``, ``held_out``
        (``None`` without such windows) and ``synthetic``. A kind has at most 40 rows.

    Raises:
        InputError: the windows differ in steps or features.
    """
    if train.shape[1:] != synthetic.shape[1:]:
        raise InputError(
            f"Real windows have {train.shape[1]} steps of {train.shape[2]} features, synthetic "
            f"ones {synthetic.shape[1]} of {synthetic.shape[2]}. Give windows of one shape."
        )
    if constraints is None:
        constraints = _discover(train, masks[0], codes)
    rows: list[dict[str, Any]] = [
        {
            "kind": constraint.kind,
            "constraint": constraint.describe(features),
            "features": [features[column] for column in constraint.columns],
            "real": violation_rate(constraint, train, masks[0]),
            "held_out": None if holdout is None else violation_rate(constraint, holdout, masks[1]),
            "synthetic": violation_rate(constraint, synthetic, masks[2]),
        }
        for constraint in without_implied(constraints)
    ]
    rows.sort(key=lambda row: (row["kind"], -row["synthetic"]))
    shown = [
        row
        for _, kind in groupby(rows, key=lambda row: row["kind"])
        for row in list(kind)[:MAX_ROWS_PER_KIND]
    ]
    return sorted(shown, key=lambda row: -row["synthetic"])


def _discover(train: Array, mask: Array | None, codes: Collection[int]) -> tuple[Constraint, ...]:
    """Return the constraints of windows, each of which is a sequence of its own."""
    starts = np.zeros(train.shape[:2], dtype=bool)
    starts[:, 0] = True
    rows, first = train.reshape(-1, train.shape[2]), starts.ravel()
    if mask is not None:
        rows, first = rows[mask.ravel()], first[mask.ravel()]
    return discover(rows, np.flatnonzero(first), codes)
