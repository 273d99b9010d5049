"""Rates at which synthetic rows violate the constraints that every real row satisfies."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from timegan.constraints import Constraint, discover
from timegan.constraints.constraint_set import without_implied
from timegan.constraints.violations import violation_rate
from timegan.errors import InputError
from timegan.metrics.windows import Array
from timegan.relations import Rows

MAX_ROWS_PER_KIND = 40

Part = tuple[Array, Array | None]
"""Values (n, T, C), and where sequences begin (n, T) besides the first step."""


def constraint_violations(
    train: Array,
    synthetic: Array,
    features: Sequence[str],
    holdout: Array | None = None,
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
    starts = np.arange(0, train.shape[0] * train.shape[1], train.shape[1])
    constraints = discover(train.reshape(-1, train.shape[2]), starts)
    parts = {
        "real": (train, None),
        "held_out": None if holdout is None else (holdout, None),
        "synthetic": (synthetic, None),
    }
    return _rates(without_implied(constraints), features, parts)


def row_violations(
    train: Rows,
    synthetic: Rows,
    held_out: Rows | None,
    *,
    labels: Sequence[str],
    constraints: Sequence[Constraint] | None = None,
    relations: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Return violation rates of the constraints that hold in all training rows of a table.

    Dates are left out, and what one of the relations says already.

    Args:
        train: real rows for training.
        synthetic: generated rows.
        held_out: other real rows.
        labels: of the columns that the constraints are about, by position.
        constraints: those to check; None: those that `discover` finds.
        relations: as `timegan.metrics.relations.relation_shares` returns them.

    Returns:
        Rows as `constraint_violations` has them.
    """
    types = [
        train.fields[label].type if label in train.fields else "number" * (label in train.numbers)
        for label in labels
    ]
    quantities = [kind if kind in ("number", "timedelta") else None for kind in types]
    matrices = {
        name: None if rows is None else _matrix(rows, labels)
        for name, rows in (("real", train), ("held_out", held_out), ("synthetic", synthetic))
    }
    real = matrices["real"]
    assert real is not None
    if constraints is None:
        constraints = discover(real[0][0], train.bounds[:, 0], quantities)
    said = {(row["kind"], frozenset(row["columns"])) for row in relations}
    kept = [
        constraint
        for constraint in without_implied(constraints)
        if all(quantities[column] for column in constraint.columns)
        and not any(
            (kind, _columns(constraint, labels)) in said for kind in SAID_BY[constraint.kind]
        )
    ]
    return _rates(kept, labels, matrices)


SAID_BY = defaultdict(
    tuple, monotone=("one direction", "fixed increment"), linear_equality=("one of several",)
)
"""Kind of a constraint -> kinds of relations that say the same of the same columns."""


def _columns(constraint: Constraint, labels: Sequence[str]) -> frozenset[str]:
    return frozenset(labels[column] for column in constraint.columns)


def _matrix(rows: Rows, labels: Sequence[str]) -> Part:
    """Return rows (1, R, C), and where sequences begin (1, R)."""
    nothing = np.full(len(rows), np.nan)
    columns = {**rows.numbers, **rows.columns}
    values = np.stack([columns.get(label, nothing) for label in labels], axis=-1)
    return values[None], ~rows.follows[None]


def _rates(
    constraints: Sequence[Constraint], features: Sequence[str], parts: Mapping[str, Part | None]
) -> list[dict[str, Any]]:
    """Return a row per constraint with its violation rate in each part."""
    rows: list[dict[str, Any]] = [
        {
            "kind": constraint.kind,
            "constraint": constraint.describe(features),
            "features": [features[column] for column in constraint.columns],
        }
        | {
            name: None if part is None else violation_rate(constraint, part[0], starts=part[1])
            for name, part in parts.items()
        }
        for constraint in constraints
    ]
    rows.sort(key=lambda row: (row["kind"], -row["synthetic"]))
    shown = [
        row
        for _, kind in groupby(rows, key=lambda row: row["kind"])
        for row in list(kind)[:MAX_ROWS_PER_KIND]
    ]
    return sorted(shown, key=lambda row: -row["synthetic"])
