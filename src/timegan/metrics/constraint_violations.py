"""Rates at which synthetic rows break the rules that every real row keeps.

The rules are those of :mod:`timegan.constraints`: orderings (High is never below Low), features
that are always equal or add up, steps (whole numbers, multiples of ten), a handful of values,
bounds, and motion in one direction.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from timegan.constraints import Rule, find
from timegan.constraints.constraint_set import share, told
from timegan.errors import InputError
from timegan.metrics.windows import Array

MOST_SHOWN = 40


def constraints(
    train: Array,
    synthetic: Array,
    features: Sequence[str],
    holdout: Array | None = None,
    *,
    rules: Sequence[Rule] | None = None,
    codes: Collection[int] = (),
    masks: tuple[Array | None, Array | None, Array | None] = (None, None, None),
) -> list[dict[str, Any]]:
    """The rules that hold on all training windows, those that are broken most often first.

    A rule that no row could break (two features whose ranges do not meet) is none, and orderings
    that follow from others are not told. Bounds are the training windows' own extremes, which
    unseen real windows leave at times: ``held_out`` says how often. Missing values break nothing.

    Args:
        train: windows (N, T, C) in the table's units.
        synthetic: windows (M, T, C).
        features: names of the C features.
        holdout: windows that nobody has learned from.
        rules: those to audit, such as a model's; None: what is found in the training windows.
        codes: features whose numbers stand for categories, where no rule is sought.
        masks: of the training, held-out and synthetic windows, true (N, T) where a step is no
            padding.

    Returns:
        A row a rule: ``kind``, ``rule`` in words, ``features``, the share of rows (or of steps)
        that break it: ``real``, ``held_out`` (``None`` without such windows) and ``synthetic``.
        At most 40 rules of a kind, the most broken ones.

    Raises:
        InputError: the windows do not have the same steps and features.
    """
    if train.shape[1:] != synthetic.shape[1:]:
        raise InputError(
            f"Real windows have {train.shape[1]} steps of {train.shape[2]} features, synthetic "
            f"ones {synthetic.shape[1]} of {synthetic.shape[2]}: both must be the same."
        )
    if rules is None:
        rules = _found(train, masks[0], codes)
    rows: list[dict[str, Any]] = [
        {
            "kind": rule.kind,
            "rule": rule.words(features),
            "features": [features[column] for column in rule.columns],
            "real": share(rule, train, masks[0]),
            "held_out": None if holdout is None else share(rule, holdout, masks[1]),
            "synthetic": share(rule, synthetic, masks[2]),
        }
        for rule in told(rules)
    ]
    rows.sort(key=lambda row: (row["kind"], -row["synthetic"]))
    shown = [
        row
        for _, kind in groupby(rows, key=lambda row: row["kind"])
        for row in list(kind)[:MOST_SHOWN]
    ]
    return sorted(shown, key=lambda row: -row["synthetic"])


def _found(train: Array, mask: Array | None, codes: Collection[int]) -> tuple[Rule, ...]:
    """The rules of windows, each of which is a sequence of its own."""
    starts = np.zeros(train.shape[:2], dtype=bool)
    starts[:, 0] = True
    rows, first = train.reshape(-1, train.shape[2]), starts.ravel()
    if mask is not None:
        rows, first = rows[mask.ravel()], first[mask.ravel()]
    return find(rows, np.flatnonzero(first), codes)
