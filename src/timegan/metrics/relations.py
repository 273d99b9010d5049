"""Shares of rows, steps and sequences that keep the relations of a real table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from timegan.relations import Relation, Rows, discover

MAX_ROWS = 200_000
"""Rows of a table in which relations are looked for; those found must hold in all rows."""

MAX_SHORTFALL = 0.005
"""Share by which synthetic rows may keep a relation less often than held-out real ones."""

DEVIATIONS = 3
"""Standard errors of the held-out share that are no shortfall."""


def relation_shares(
    real: Rows,
    synthetic: Rows,
    train: Rows | None = None,
    held_out: Rows | None = None,
    relations: Sequence[Relation] | None = None,
) -> list[dict[str, Any]]:
    """Return how often each relation of the real table is kept.

    Relations hold in all real rows. The held-out share tells how often unseen real rows keep them:
    they are looked for a second time in the training rows alone, and checked on the held-out rows.

    Args:
        real: all real rows.
        synthetic: generated rows.
        train: real rows besides the held-out ones; None: all of ``real``.
        held_out: unseen real rows; None: there are none.
        relations: of the real rows; None: those that `discover` finds.

    Returns:
        A row per relation, the one that is broken most first: ``kind``, ``text``, ``reason``,
        ``columns``, ``unit``; the share of units that keep it in ``real``, ``held_out`` and
        ``synthetic`` (None where it applies to no unit); ``broken``.
    """
    seen: dict[tuple[str, tuple[str, ...]], Relation] = {}
    found = _discover(real) if relations is None else relations
    if held_out is not None:
        known = found if train is None or len(train) == len(real) else _discover(train)
        seen = {(relation.kind, relation.columns): relation for relation in known}
    rows = []
    for relation in found:
        unseen, error = None, 0.0
        same = seen.get((relation.kind, relation.columns), relation)
        if held_out is not None:
            unseen, error = _share(same, held_out)
        share = relation.share_kept(synthetic)
        expected = 1.0 if unseen is None else unseen
        shortfall = 0.0 if share is None else expected - share
        row: dict[str, Any] = {
            "kind": relation.kind,
            "text": relation.describe(),
            "reason": relation.reason,
            "columns": list(relation.columns),
            "unit": relation.unit,
            "real": relation.share_kept(real),
            "held_out": unseen,
            "synthetic": share,
            "broken": shortfall > MAX_SHORTFALL + DEVIATIONS * error,
        }
        rows.append(row)
    rows += _new_labels(real, synthetic, real if train is None else train, held_out)
    return sorted(rows, key=_rank)


def _new_labels(
    real: Rows, synthetic: Rows, train: Rows, held_out: Rows | None
) -> list[dict[str, Any]]:
    """Return a row for each column in which synthetic rows have labels that real rows lack."""
    rows = []
    for label, field in real.fields.items():
        count = len(field.categories)
        codes = synthetic.columns.get(label, np.empty(0))
        if field.type != "category" or not (codes >= count).any():
            continue
        unseen, error = None, 0.0
        if held_out is not None and len(held_out):
            codes_of = held_out.columns[label]
            known = np.isnan(codes_of) | np.isin(codes_of, train.columns[label])
            unseen = float(known.mean())
            error = _standard_error(unseen, held_out)
        share = float(1 - (codes >= count).mean())
        expected = 1.0 if unseen is None else unseen
        rows.append(
            {
                "kind": "labels",
                "text": f"{label} has a label of the real table",
                "reason": f"{count:,} labels in {len(real):,} rows",
                "columns": [label],
                "unit": "rows",
                "real": 1.0,
                "held_out": unseen,
                "synthetic": share,
                "broken": expected - share > DEVIATIONS * error,
            }
        )
    return rows


def _rank(row: Mapping[str, Any]) -> tuple[bool, float]:
    return not row["broken"], 1.0 if row["synthetic"] is None else row["synthetic"]


def _discover(rows: Rows) -> list[Relation]:
    """Return the relations of all rows; of a long table they are looked for in a part."""
    if len(rows) <= MAX_ROWS:
        return discover(rows)
    found = discover(rows.stretches(MAX_ROWS))
    return [relation for relation in found if relation.share_kept(rows) == 1.0]


def _share(relation: Relation, rows: Rows) -> tuple[float | None, float]:
    """Return the share of units that keep a relation, and its standard error."""
    share = relation.share_kept(rows)
    return share, 0.0 if share is None else _standard_error(share, rows)


def _standard_error(share: float, rows: Rows) -> float:
    """Return the standard error of a share of rows.

    Neighbouring rows are alike: ten of them, or a sequence, count as one independent unit.
    """
    units = max(len(rows.bounds), len(rows) / 10)
    return float(np.sqrt(share * (1 - share) / units))
