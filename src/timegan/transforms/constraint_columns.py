"""Columns that constraints are about: those of the rows, the context columns, and the time.

Shapes: n sequences of T steps; C features and exogenous columns, K context columns, W = C + K + 1
columns of constraints, or C + K where the table has no time to compare.
"""

from dataclasses import replace

import numpy as np

from timegan.constraints import Constraint, ConstraintSet, violations
from timegan.tables import Field, Schema, Sequences, Table

MIN_SEQUENCES = 20
"""Sequences from which on constraints on context columns are looked for."""


def constraint_fields(schema: Schema, *, is_reversed: bool = False) -> list[Field]:
    """Return the fields of the W columns. Dates and durations count from the first start."""
    fields = [*schema.value_fields, *schema.context_fields]
    time, axis = schema.time, schema.time_axis
    if time is None or axis is None or time.is_hidden or is_reversed:
        return fields
    if time.type == "number":
        return [*fields, replace(time, offset=0)]
    return [*fields, replace(time, offset=int(axis.starts[0]))] if time.unit else fields


def constraint_rows(
    table: Table, rows: np.ndarray, fields: list[Field], values: np.ndarray
) -> np.ndarray:
    """Return some rows (R, W) of a table, of which ``values`` (R, C) are known."""
    owner = np.searchsorted(table.bounds[:, 0], rows, side="right") - 1
    columns = [values, table.context[owner]]
    if len(fields) > sum(part.shape[1] for part in columns) and table.time is not None:
        columns.append(_time_values(table.time[rows], fields[-1])[:, None])
    return np.hstack(columns)


def is_sought(schema: Schema, fields: list[Field], sequences: int) -> list[bool]:
    """Return for which of the W columns constraints are looked for.

    Few sequences tell nothing of their context columns. Relations take care of dates.
    """
    sought = [True] * len(schema.value_fields)
    sought += [sequences >= MIN_SEQUENCES] * len(schema.context_fields)
    return sought + [field.type == "number" for field in fields[len(sought) :]]


def enforce_constraints(
    constraints: ConstraintSet,
    made: Sequences,
    schema: Schema,
    *,
    is_given: np.ndarray | None = None,
    may_shorten: bool = False,
    is_reversed: bool = False,
) -> Sequences:
    """Return sequences, time running forwards, that satisfy the constraints.

    Rows move, unless only the context and the time are concerned. Then the context moves or, where
    it is given, the gaps between rows shrink, and rows that break a constraint nonetheless are cut
    off.

    Args:
        constraints: of the W columns.
        made: generated sequences.
        schema: of the table.
        is_given: (K,) context columns that must not move; None: none of them.
        may_shorten: whether sequences may lose rows.
        is_reversed: whether time runs backwards in the table.
    """
    mask = np.arange(made.values.shape[1]) < np.asarray(made.lengths)[:, None]
    width, context = made.values.shape[2], made.context.shape[1]
    around = [c for c in constraints.all if max(c.columns) >= width]
    if not around:
        return replace(made, values=constraints.enforce(made.values, mask))
    fields = constraint_fields(schema, is_reversed=is_reversed)
    fixed = np.zeros(len(fields), dtype=bool)
    fixed[width + context :] = True
    fixed[width : width + context] = False if is_given is None else is_given
    if not fixed[width:].all():
        made = _with_moved_context(constraints, made, fields, fixed, schema)
    fixed[width:] = True
    if not is_reversed:
        made = with_shorter_gaps(constraints, made, schema)
    whole = constraint_columns(made, fields, schema)
    whole = constraints.enforce(whole, mask, fixed)
    made = replace(made, values=whole[..., :width])
    return _shortened(made, whole, around, width) if may_shorten else made


def constraint_columns(made: Sequences, fields: list[Field], schema: Schema) -> np.ndarray:
    """Return sequences as (n, T, W)."""
    steps = made.values.shape[1]
    columns = [made.values, np.repeat(made.context[:, None], steps, axis=1)]
    if len(fields) > sum(part.shape[2] for part in columns):
        starts = made.starts
        if starts is None and schema.time_axis is not None:
            starts = schema.time_axis.first_starts(0, len(made))
        assert starts is not None
        times = schema.times(made.values, starts)
        columns.append(_time_values(times, fields[-1])[..., None])
    return np.concatenate(columns, axis=2)


def _time_values(ticks: np.ndarray, field: Field) -> np.ndarray:
    """Return times as columns of this field are encoded."""
    values: np.ndarray = (ticks - field.offset) / (field.per_second if field.unit else 1)
    return values


def _with_moved_context(
    constraints: ConstraintSet,
    made: Sequences,
    fields: list[Field],
    fixed: np.ndarray,
    schema: Schema,
) -> Sequences:
    """Return sequences whose context fits to itself, and to the first and the last time."""
    width = made.values.shape[2]
    last = np.maximum(np.asarray(made.lengths) - 1, 0)[:, None]
    for _ in range(2):  # the second time, what the two rows ask for is one context
        whole = constraint_columns(made, fields, schema)
        ends = np.take_along_axis(whole, np.hstack([0 * last, last])[..., None], axis=1)
        ends[..., :width] = np.nan
        kept = constraints.enforce(ends, None, fixed)[..., width:][..., : made.context.shape[1]]
        change = np.nan_to_num(kept - made.context[:, None])
        further = np.abs(change).argmax(axis=1)[:, None]
        context = np.take_along_axis(kept, further, axis=1)[:, 0]
        made = replace(made, context=context)
    return made


def with_shorter_gaps(
    constraints: ConstraintSet,
    made: Sequences,
    schema: Schema,
    is_free: np.ndarray | None = None,
) -> Sequences:
    """Return sequences whose gaps shrink as far as the last time has to come earlier.

    Args:
        constraints: of the W columns.
        made: generated sequences, time running forwards.
        schema: of the table.
        is_free: (n, T) rows whose gap may shrink; None: all of them.
    """
    fields, width = constraint_fields(schema), made.values.shape[2]
    roles, lengths = [field.role for field in schema.value_fields], np.asarray(made.lengths)
    if "gap" not in roles or len(fields) == width + made.context.shape[1]:
        return made
    whole = constraint_columns(made, fields, schema)
    ends = whole[np.arange(len(whole)), np.maximum(lengths - 1, 0)][:, None]
    ends[..., :width] = np.nan
    fixed = np.arange(len(fields)) < len(fields) - 1
    late = ends[:, 0, -1] - constraints.enforce(ends, None, fixed)[:, 0, -1]
    step = np.diff(whole[..., -1], axis=1, prepend=whole[:, :1, -1])
    step = np.where(np.arange(step.shape[1]) < lengths[:, None], step, 0.0)
    room = (step if is_free is None else step * is_free).sum(axis=1)
    factor = np.clip(1 - late / np.where(room > 0, room, 1.0), 0.0, 1.0)
    gap, values = roles.index("gap"), made.values.copy()
    unit = schema.time_axis.smallest_gap if schema.time_axis is not None else 0.0
    shrunk = values[..., gap] * factor[:, None]
    shrunk = np.floor(shrunk / unit + 1e-9) * unit if unit else shrunk
    moves = np.broadcast_to((late > 0)[:, None], shrunk.shape)
    moves = moves if is_free is None else moves & is_free
    values[..., gap] = np.where(moves, shrunk, values[..., gap])
    return replace(made, values=values)


def _shortened(
    made: Sequences, whole: np.ndarray, around: list[Constraint], width: int
) -> Sequences:
    """Return sequences without the rows from the first on that breaks a constraint on its time."""
    mask = np.arange(whole.shape[1]) < np.asarray(made.lengths)[:, None]
    bad = np.zeros(mask.shape, dtype=bool)
    for constraint in around:
        if min(constraint.columns) >= width:
            bad |= violations(constraint, whole, mask)
    lengths = np.where(bad.any(axis=1), np.maximum(bad.argmax(axis=1), 1), made.lengths)
    values = made.values.copy()
    values[np.arange(whole.shape[1]) >= lengths[:, None]] = np.nan
    return replace(made, values=values, lengths=lengths.astype(np.int64))
