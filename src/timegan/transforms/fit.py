"""Fitting a table's transform: column types, constraints and lengths, from its training rows."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from timegan.constraints import Constraint, ConstraintSet
from timegan.errors import InputError, closest_match
from timegan.relations import Reduction, Relation
from timegan.relations.relation import same
from timegan.seeds import rng
from timegan.tables import Field, Schema, Table
from timegan.transforms import encoding, registry
from timegan.transforms.base import ColumnTransformer, DetectedType
from timegan.transforms.constraint_columns import constraint_fields, constraint_rows, is_sought
from timegan.transforms.detection.detect import detect
from timegan.transforms.row_numbers import RowNumbers
from timegan.transforms.row_sample import Rows, row_blocks, sample_training_rows
from timegan.transforms.seasonality import Seasonality
from timegan.transforms.seasonality_fit import TimedRows, fit_seasonality
from timegan.transforms.sequence_seasons import SequenceSeasons
from timegan.transforms.table_transform import LENGTH, TableTransform
from timegan.transforms.window_draws import WindowDraws

MAX_FEW_SEQUENCES = 50
"""Training sequences up to which context columns are drawn from theirs: they are too few to tell
what lies between them."""

MAX_WINDOW_STARTS = 4_096
"""Start times of training windows that are kept."""

MAX_FREQUENCY_ROWS = 50_000
"""Rows on which frequent values are counted."""

MIN_FREQUENT_SHARE = 0.05
"""Share of the rows from which on a value is frequent."""

Fitted = tuple[list[DetectedType], tuple[ColumnTransformer, ...]]


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a table that a transform is fitted on.

    Args:
        table: time as the model sees it.
        numbers: of the training rows, rising.
        breaks: places among them that do not follow upon the one before.
        sequences: numbers of the sequences that they belong to.
        lengths: steps of each of these sequences, or of a window of it.
        window: T; where other lengths occur, the length is a column of its own.
        window_starts: rows of the table at which training windows begin.
    """

    table: Table
    numbers: np.ndarray
    breaks: np.ndarray
    sequences: np.ndarray
    lengths: np.ndarray
    window: int
    window_starts: np.ndarray


@dataclass(frozen=True)
class ColumnOptions:
    """Options of columns: the arguments of `WindowDataModule` with these names."""

    scaling: str = "auto"
    column_types: Mapping[str, str] | None = None
    infer_types: bool = True
    constraints: str = "enforce"
    custom_constraints: Sequence[str] = ()
    seasonality: str = "auto"
    unconstrained_columns: Sequence[str] = ()


def fit_transform(
    rows: TrainingRows,
    options: ColumnOptions,
    relations: Sequence[Relation] = (),
    *,
    is_reversed: bool = False,
) -> tuple[TableTransform, list[DetectedType]]:
    """Detect the type of every column and fit its transformer.

    Args:
        rows: to learn from.
        options: of the user.
        relations: that hold in the table; enforced if the options say so.
        is_reversed: whether time runs backwards in the table.

    Returns:
        The transform, and the type of each column of `TableTransform.columns`.

    Raises:
        InputError: an option that the rows contradict, or a table in which nothing varies.
    """
    table = rows.table
    values, breaks, numbers = sample_training_rows(table.values, rows.numbers, rows.breaks)
    constraints = _discover_constraints(rows, (values, breaks, numbers), options, is_reversed)
    with np.errstate(all="ignore"):
        low, high = (np.asarray(end.reduce(values, axis=0)) for end in (np.fmin, np.fmax))
    is_enforced = options.constraints == "enforce"
    _check_unconstrained(options, table.schema)
    protected = [name for name, wanted in (options.column_types or {}).items() if wanted != "auto"]
    protected += options.unconstrained_columns
    reduction = Reduction.fit(table, relations if is_enforced else (), protected)
    learned, starts, drawn = reduction.reduce(table)
    rows = replace(rows, table=learned)
    values, _, _ = sample_training_rows(learned.values, rows.numbers, rows.breaks)
    fields = learned.schema.value_fields
    _check_names(options, [*fields, *learned.schema.context_fields], table.schema)
    count = len(fields) - len(learned.schema.of("exogenous"))
    fitter = _Fitter(breaks, options, _row_numbers(rows, numbers), reduction)
    detected, fitted = _ensure_one_feature(fitter, values[:, :count], fields[:count])
    detected_exogenous, fitted_exogenous = fitter(values[:, count:], fields[count:])
    detected_context, fitted_context = _fit_context(rows, options, reduction, starts)
    longest = int(rows.lengths.max())
    transform = TableTransform(
        reduction=reduction,
        feature_transformers=fitted,
        exogenous_transformers=fitted_exogenous,
        context_transformers=fitted_context,
        variable=bool((rows.lengths < rows.window).any()),
        longest=longest if longest > rows.window else 0,
        constraints=_without_relations(constraints, reduction),
        enforced=is_enforced,
        low=low,
        high=high,
        bounded=options.scaling == "minmax",
        reversed=is_reversed,
        draws=_window_draws(rows, starts, drawn, is_reversed),
    )
    if options.seasonality == "auto" and not is_reversed and not transform.bounded:
        sample = values[:, :count], breaks, numbers
        seasonality, members = _seasonality(rows, sample, transform)
        draws = replace(transform.draws, members=members)
        transform = replace(transform, seasonality=seasonality, draws=draws)
    return transform, [*detected, *detected_exogenous, *detected_context]


@dataclass(frozen=True)
class _Fitter:
    """Detection and fit of some columns."""

    breaks: np.ndarray
    options: ColumnOptions
    row_numbers: RowNumbers | None = None
    reduction: Reduction | None = None

    def __call__(
        self, values: np.ndarray, fields: Sequence[Field], more: Mapping[str, str] | None = None
    ) -> Fitted:
        """Fit columns; ``more`` are types for those for which the user asks none."""
        labels = {field.label for field in fields}
        derived = dict(self.reduction.types) if self.reduction else {}
        asked = derived | dict(more or {}) | dict(self.options.column_types or {})
        detected = detect(
            values,
            self.breaks,
            fields,
            {label: name for label, name in asked.items() if label in labels},
            infer_types=self.options.infer_types,
            row_numbers=self.row_numbers,
        )
        return detected, registry.fit_transformers(
            detected,
            fields,
            values,
            self.breaks,
            self.options.scaling,
            unmasked=self.reduction.unmasked if self.reduction else (),
        )


def _window_draws(
    rows: TrainingRows, starts: np.ndarray, drawn: np.ndarray, is_reversed: bool
) -> WindowDraws:
    """Return what samples are drawn from.

    Args:
        rows: of the learned table.
        starts: (R, A) values at a first row that are learned.
        drawn: (R, D) those that are drawn.
        is_reversed: whether time runs backwards.
    """
    time, time_axis = rows.table.time, rows.table.schema.time_axis
    if is_reversed:
        times = None if time_axis is None else time_axis.starts
        return WindowDraws(times, np.empty((len(times or ()), 0)))
    order = _drawn_windows(rows)
    contexts = np.empty((0, 0))
    if rows.table.context.shape[1] and len(rows.sequences) <= MAX_FEW_SEQUENCES:
        owner = np.searchsorted(rows.table.bounds[:, 0], order, side="right") - 1
        contexts = rows.table.context[owner]
        if (same(contexts, contexts[:1])).all():
            contexts = np.empty((0, 0))
    has_time = time is not None and time_axis is not None
    times = tuple(time[order].tolist()) if time is not None and has_time else None
    firsts = rows.table.bounds[rows.sequences[:MAX_WINDOW_STARTS], 0]
    whole = first_range = np.empty((0, 0))
    if rows.lengths.max() > rows.window and drawn.shape[1]:
        whole = drawn[firsts]
    if rows.lengths.max() > rows.window and starts.shape[1]:
        first_range = np.stack([starts[firsts].min(axis=0), starts[firsts].max(axis=0)])
    return WindowDraws(times, drawn[order], contexts, whole, first_range)


def _drawn_windows(rows: TrainingRows) -> np.ndarray:
    """Return the first rows of windows that samples are drawn from, in the order of time."""
    starts, time = rows.window_starts, rows.table.time
    if len(starts) > MAX_WINDOW_STARTS:
        # At random: times at regular distances would show some phases of a cycle only.
        starts = rng(0, "window starts").choice(starts, MAX_WINDOW_STARTS, replace=False)
    return np.sort(starts) if time is None else starts[np.argsort(time[starts], kind="stable")]


def _seasonality(
    rows: TrainingRows, sample: Rows, transform: TableTransform
) -> tuple[Seasonality | SequenceSeasons | None, tuple[int, ...]]:
    """Return what the calendar explains of the feature channels; None without dates.

    Where sequences have seasons of their own, the second part names those of each window.
    """
    values, breaks, numbers = sample
    field, transformers = rows.table.schema.time, transform.feature_transformers
    if field is None or field.type != "datetime" or not field.unit or rows.table.time is None:
        return None, ()
    allowed = np.ones(transform.widths["features"], dtype=bool)
    if rows.table.schema.of("gap"):  # times follow from gaps, and seasons from times
        if transformers[-1].source_column is not None:
            return None, ()
        allowed[encoding.channel_slices(transformers)[-1]] = False
    owner = np.searchsorted(rows.table.bounds[:, 0], numbers, side="right") - 1
    x = encoding.to_channels(transformers, values, breaks)
    timed = TimedRows(x, rows.table.time[numbers], owner)
    found = fit_seasonality(timed, field, allowed, _discrete_channels(values, transformers))
    if not isinstance(found, SequenceSeasons):
        return found, ()
    windows = np.searchsorted(rows.table.bounds[:, 0], _drawn_windows(rows), side="right") - 1
    return found, tuple(np.searchsorted(np.unique(owner), windows).tolist())


def _discrete_channels(values: np.ndarray, transformers: Sequence[ColumnTransformer]) -> np.ndarray:
    """Return which channels tell frequent values, or missing ones, from all others."""
    discrete = np.zeros(sum(transformer.width for transformer in transformers), dtype=bool)
    slices = encoding.channel_slices(transformers)
    for column, transformer, part in zip(values.T, transformers, slices, strict=True):
        some = column[:: -(-len(column) // MAX_FREQUENCY_ROWS)]
        counts = np.unique(some[~np.isnan(some)], return_counts=True)[1]
        discrete[part] = counts.max(initial=0) >= MIN_FREQUENT_SHARE * len(some)
        if transformer.has_missing:
            discrete[part.stop - 1] = True
    return discrete


def _row_numbers(rows: TrainingRows, numbers: np.ndarray) -> RowNumbers:
    firsts = rows.table.bounds[:, 0]

    def count(numbers: np.ndarray) -> np.ndarray:
        """Return the number of each row in the table and in its sequence, (2, R)."""
        begin = firsts[np.searchsorted(firsts, numbers, side="right") - 1]
        return np.stack([numbers, numbers - begin])

    return RowNumbers(count(numbers), count(rows.window_starts))


def _check_names(options: ColumnOptions, fields: Sequence[Field], schema: Schema) -> None:
    """Refuse column types of columns that the table does not have."""
    labels = [field.label for field in fields]
    labels += [f.label for f in (*schema.value_fields, *schema.context_fields)]
    for name in options.column_types or {}:
        if name not in labels:
            near = closest_match(name, labels)
            raise InputError(
                f"dataset.column_types.{name}: the table has no such column to learn. "
                + (f"Did you mean {near}?" if near else f"It has: {', '.join(labels)}.")
            )


def _check_unconstrained(options: ColumnOptions, schema: Schema) -> None:
    """Refuse names among the unconstrained columns that the table does not have."""
    labels = [field.label for field in (*schema.value_fields, *schema.context_fields)]
    for name in options.unconstrained_columns:
        if name not in labels:
            near = closest_match(name, labels)
            hint = f"Did you mean {near}?" if near else f"It has: {', '.join(labels)}."
            raise InputError(
                f"dataset.unconstrained_columns names {name!r}, and the table has no such column. "
                f"{hint}"
            )


def _ensure_one_feature(fitter: _Fitter, values: np.ndarray, fields: Sequence[Field]) -> Fitted:
    """Fit the features so that at least one has a channel, though all could do without."""
    detected, fitted = fitter(values, fields)
    if any(transformer.width for transformer in fitted):
        return detected, fitted
    with np.errstate(all="ignore"):
        varying = np.fmin.reduce(values, axis=0) < np.fmax.reduce(values, axis=0)
    if not varying.any():
        raise InputError(
            "Every feature is constant in the training rows: there is nothing to learn. "
            "Give a table in which a feature varies."
        )
    return fitter(values, fields, {fields[int(np.argmax(varying))].label: "continuous"})


def _fit_context(
    rows: TrainingRows, options: ColumnOptions, reduction: Reduction, starts: np.ndarray
) -> Fitted:
    """Fit the context columns, values at the start and, where lengths differ, the length.

    There is a row for each sequence or, if values at the start are learned, for each window.
    """
    table = rows.table
    fields = [*table.schema.context_fields, *reduction.start_fields]
    values, lengths = table.context[rows.sequences], rows.lengths
    if starts.shape[1]:
        sequences = np.searchsorted(table.bounds[:, 0], rows.window_starts, side="right") - 1
        values = np.hstack([table.context[sequences], starts[rows.window_starts]])
        lengths = lengths[np.searchsorted(rows.sequences, sequences)]
    more = {}
    if np.ptp(rows.lengths):
        values = np.column_stack([values, lengths])
        more = {} if LENGTH.label in table.schema.context else {LENGTH.label: "integer"}
        fields.append(LENGTH)
    if not fields:
        return [], ()
    options = replace(options, scaling="rank" if options.scaling == "minmax" else options.scaling)
    # No row follows upon another, so that no type that is about motion can be found.
    return _Fitter(np.arange(len(values)), options, None, reduction)(values, fields, more)


def _discover_constraints(
    rows: TrainingRows, sample: Rows, options: ColumnOptions, is_reversed: bool
) -> ConstraintSet:
    """Return the constraints that all training rows keep."""
    if options.constraints == "off":
        return ConstraintSet.empty()
    schema = rows.table.schema
    fields = constraint_fields(schema, is_reversed=is_reversed)
    quantities = [_quantity(field) for field in fields]
    turned = rows.table.reversed_rows if is_reversed else None

    def whole(part: Rows) -> Rows:
        values, breaks, numbers = part
        values = constraint_rows(rows.table, numbers, fields, values)
        return _in_time_order((values, breaks, numbers), turned)

    constraints = ConstraintSet.fit(
        *whole(sample),
        [field.label for field in fields],
        options.custom_constraints,
        quantities,
        _origins(fields, quantities),
        len(schema.value_fields),
        is_sought(schema, fields, len(rows.sequences)),
    )
    if len(sample[0]) < len(rows.numbers):
        blocks = row_blocks(rows.table.values, rows.numbers, rows.breaks)
        constraints = constraints.revalidated(map(whole, blocks))
    return constraints


def _without_relations(constraints: ConstraintSet, reduction: Reduction) -> ConstraintSet:
    """Return the constraints without discovered ones that relations take care of.

    The range of the training rows does not bound a column that rises on in long series. Columns
    that are written from others have the values that belong to them: others have to fit to these.
    """
    labels = constraints.features

    def is_needed(constraint: Constraint) -> bool:
        columns = {labels[column] for column in constraint.columns}
        if not reduction.followed & columns:
            return len(columns) > 1 or not reduction.changed & columns
        return bool(columns - reduction.changed - reduction.with_sources(columns))

    return replace(constraints, found=tuple(filter(is_needed, constraints.found)))


def _quantity(field: Field) -> Hashable:
    """Return what a column measures: columns of one quantity can be compared. None: categories."""
    if field.type in ("category", "boolean"):
        return None
    if field.type == "datetime":
        return field.type, field.zone if field.local_time else bool(field.zone)
    if field.type == "number" and field.offset:  # float64 does not hold its numbers themselves
        return field.type, field.label
    return field.type, field.dtype if field.dtype.startswith("period") else ""


def _origins(fields: Sequence[Field], quantities: Sequence[Hashable]) -> list[float]:
    """Return the moments that columns count from, relative to the first of their quantity."""
    first: dict[Hashable, float] = {}
    origins = [field.offset / field.per_second for field in fields]
    for quantity, origin in zip(quantities, origins, strict=True):
        first[quantity] = min(origin, first.get(quantity, origin))
    return [origin - first[q] for origin, q in zip(origins, quantities, strict=True)]


def _in_time_order(rows: Rows, turned: Callable[[np.ndarray], np.ndarray] | None) -> Rows:
    """Return rows with time running forwards; ``turned``: see `Table.reversed_rows`."""
    if turned is None:
        return rows
    values, breaks, numbers = rows
    starts = np.union1d(breaks, [0])
    ends = np.append(starts[1:], len(values))
    return values[::-1], np.sort(len(values) - ends), turned(numbers[::-1])
