"""Completion of a user's table: forecasts, gaps and what-if, drawn from a trained model.

A table is completed window by window. Each window has as much of the past as of what is drawn, so
that horizons beyond a window follow upon their own beginning.

Shapes: S sequences, J jobs (a sequence and the number of a draw), L steps of the longest sequence
with those that are added, T steps of a window, D channels of features and exogenous columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
import pandas as pd
import torch

from timegan.constraints import ConstraintSet
from timegan.errors import InputError
from timegan.nn.completion import Completer
from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.windows import CHUNK_SIZE, networks
from timegan.seeds import generator
from timegan.tables import Sequences, Table
from timegan.tables.raw_columns import free_name
from timegan.transforms import encoding
from timegan.transforms.constraint_columns import (
    constraint_columns,
    constraint_fields,
    with_shorter_gaps,
)
from timegan.transforms.missing import Missing, fill_missing
from timegan.transforms.table_transform import TableTransform

DRAW = "draw"
"""Column with the number of a draw."""

MAX_CELLS = 2**22
"""Cells of a chunk, which is decoded at once."""

ENFORCEMENT_ROUNDS = 10
"""Rounds in which constraints and given cells are satisfied in turn."""


@dataclass(frozen=True)
class GivenTable:
    """A table whose empty cells, and steps behind its end, are to be drawn.

    Args:
        table: as the model's schema reads it; NaN where a cell is empty.
        keys: of the sequences, in the table's own type; None where there is no key.
        steps: that are added to each sequence.
    """

    table: Table
    keys: pd.Series[Any] | None
    steps: int

    @classmethod
    def read(cls, frame: pd.DataFrame, transform: TableTransform, steps: int) -> GivenTable:
        """Read a user's table.

        Raises:
            InputError: it cannot be read as the training table was, or nothing is to be drawn, or
                no cell is given.
        """
        if steps < 0:
            raise InputError(f"steps={steps} is below 0. Set 0 to fill holes, or more to continue.")
        if not len(frame):
            raise InputError("given has no rows. Give at least two of each sequence.")
        table = Table.from_frame(frame, like=transform.schema)
        features = table.values[:, : len(transform.schema.value_fields)]
        own = [f.role != "gap" for f in transform.schema.value_fields]
        empty = np.isnan(features[:, own])
        if empty.all():
            raise InputError("given: no cell has a value. Use sample to draw without conditions.")
        if not steps and not empty.any():
            raise InputError(
                "steps=0, and given has no empty cell: there is nothing to draw. Set steps=..., or "
                "leave cells empty."
            )
        for i, (field, transformer) in enumerate(transform.context_columns):
            unknown = np.flatnonzero(np.isnan(table.context[:, i]))
            if unknown.size and not transformer.has_missing:
                raise InputError(
                    f"given: the context column {field.label!r} has no value in sequence "
                    f"{unknown[0] + 1:,}. Fill it."
                )
        _check_times(table, transform)
        return cls(table, _keys(frame, transform), steps)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each sequence with those that are added (S,)."""
        lengths: np.ndarray = self.table.lengths + self.steps
        return lengths


def complete(
    model: Networks | HasNetworks,
    transform: TableTransform,
    given: GivenTable,
    count: int = 1,
    **options: Any,
) -> Iterator[pd.DataFrame]:
    """Draw what a table lacks, ``count`` times, in tables of bounded size.

    Given cells come back as they are. Draw d of sequence i depends on the seed, on i and d, and on
    the given cells of the sequence alone.

    Args:
        model: trained with ``completion=True``.
        transform: the transform of its training table.
        given: what is given.
        count: draws of each sequence.
        options: ``seed``, ``jobs`` and ``progress``, see `complete_sequences`.

    Yields:
        Tables with the columns of the training table, and the number of the draw behind the key.

    Raises:
        InputError: the model was trained without completion, or time runs backwards in it.
    """
    for made, numbers in complete_sequences(model, transform, given, count, **options):
        yield _to_frame(made, given, transform, numbers // count, numbers % count)


def complete_sequences(
    model: Networks | HasNetworks,
    transform: TableTransform,
    given: GivenTable,
    count: int = 1,
    *,
    seed: int = 0,
    jobs: range | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[Sequences, np.ndarray]]:
    """Draw what a table lacks as sequences in its units, with their numbers (J,).

    Args:
        model: as in `complete`, like the next three.
        transform: of the training table.
        given: what is given.
        count: draws of each sequence.
        seed: of all random numbers.
        jobs: numbers of the draws to make; draw d of sequence i has the number i count + d. None:
            all.
        progress: called with the number of new draws.

    Raises:
        InputError: as in `complete`.
    """
    net = networks(model)
    if net.completer is None:
        raise InputError(
            "This model was trained without completion. Train again with model.completion=true."
        )
    if transform.reversed:
        raise InputError(
            "Models with preprocessing=reference see time backwards, and complete nothing. Train "
            "with dataset.preprocessing=default."
        )
    completer = cast(Completer, net.averages["completer"] if net.averages else net.completer)
    encoded = _Encoded.of(given, transform, net)
    jobs = range(len(given.table.bounds) * count) if jobs is None else jobs
    size = max(1, MAX_CELLS // (int(given.lengths.max()) * encoded.x.shape[1]))
    first = jobs.start
    while first < jobs.stop:
        stop = min(first + size, first - first % CHUNK_SIZE + CHUNK_SIZE, jobs.stop)
        numbers = np.arange(first, stop)
        owners = numbers // count
        x = _draw(completer, net.window, encoded, given, numbers, owners, seed)
        made = encoded.decode(x, given, owners, seed, first)
        yield made, numbers
        if progress:
            progress(len(numbers))
        first = stop


@dataclass(frozen=True)
class _Encoded:
    """Channels of what is given, and what decoding needs of it.

    Args:
        transform: without calibration, which is that of another network.
        x: (R, D) channels of the rows.
        known: (R, D) which of them are given.
        learned: (R, C') learned columns, NaN where they are not given.
        context: (S, K) learned context columns.
        starts: (R, A) values that are learned at a first row.
        drawn: (S, D') values at the first row that are not learned.
        members: (S,) number of each sequence's seasons, see `SequenceSeasons`.
    """

    transform: TableTransform
    x: np.ndarray
    known: np.ndarray
    learned: np.ndarray
    context: np.ndarray
    starts: np.ndarray
    drawn: np.ndarray
    members: np.ndarray

    @classmethod
    def of(cls, given: GivenTable, transform: TableTransform, net: Networks) -> _Encoded:
        """Encode a table, holes filled; what they hold is drawn later."""
        table = given.table
        filled = replace(table, values=_filled(table, transform))
        encoded = transform.transform(filled)
        learned, starts, drawn = transform.reduction.reduce(filled)
        is_known = _known_columns(table, transform)
        x, known = encoded.x, _channel_mask(is_known, transform, exogenous=False)
        if encoded.exogenous is not None:
            x = np.hstack([x, encoded.exogenous])
            known = np.hstack([known, _channel_mask(is_known, transform, exogenous=True)])
        firsts = table.bounds[:, 0]
        return cls(
            replace(_uncalibrated(transform), enforced=False),
            x,
            known,
            np.where(is_known, learned.values, np.nan),
            encoded.context,
            starts,
            drawn[firsts],
            encoded.members,
        )

    def decode(
        self, x: np.ndarray, given: GivenTable, owners: np.ndarray, seed: int, first: int
    ) -> Sequences:
        """Return sequences (J, L) of the table from channels (J, L, D), given cells as they are."""
        transform, table = self.transform, given.table
        lengths, firsts = given.lengths[owners], table.bounds[owners, 0]
        features = transform.widths["features"]
        values = _padded(table.values, given, owners)
        made = transform.inverse_transform(
            x[..., :features],
            lengths,
            np.hstack([self.context[owners], self.starts[firsts]]),
            x[..., features:] if transform.widths["exogenous"] else None,
            starts=None if table.time is None else table.time[firsts],
            drawn=self.drawn[owners],
            members=self.members[owners],
            known=_padded(self.learned, given, owners),
            seed=seed,
            start=first,
        )
        made = replace(made, context=table.context[owners], values=_put_back(made.values, values))
        around = np.arange(len(transform.constraints.features)) >= values.shape[2]
        free = transform.free_constraints, around
        for constraints, fixed in (free, transform.written_constraints):
            if constraints.all:
                enforced = _enforced(made, values, transform, constraints, fixed)
                made = transform.reduction.derive(replace(made, values=enforced))
        return replace(made, context=table.context[owners], values=_put_back(made.values, values))


def _draw(
    completer: Completer,
    window: int,
    encoded: _Encoded,
    given: GivenTable,
    numbers: np.ndarray,
    owners: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Return channels (J, L, D) in which every unknown cell is drawn, window by window."""
    x, known = _padded(encoded.x, given, owners), _padded(encoded.known, given, owners) == 1
    lengths, randoms = (
        given.lengths[owners],
        [generator(seed, "completion", int(n)) for n in numbers],
    )
    step = np.arange(x.shape[1])
    to_draw = ~known & (step < lengths[:, None])[..., None]
    rows = np.arange(len(x))[:, None]
    place = numbers % CHUNK_SIZE
    while (left := to_draw.any(axis=2)).any():
        active = left.any(axis=1)
        first = np.where(active, left.argmax(axis=1), 0)
        start = np.clip(first - window // 2, 0, np.maximum(lengths - window, 0))
        steps = start[:, None] + np.arange(window)
        inside = steps < lengths[:, None]
        steps = np.minimum(steps, x.shape[1] - 1)
        z = torch.zeros(CHUNK_SIZE, window, 2 * completer.noise_width)
        for i in np.flatnonzero(active):
            z[place[i]] = completer.draw_noise(1, window, randoms[i])[0]
        seen = torch.zeros(CHUNK_SIZE, window, x.shape[2])
        mask = torch.zeros_like(seen)
        seen[place] = torch.from_numpy(x[rows, steps]).float()
        mask[place] = torch.from_numpy(known[rows, steps] & inside[..., None]).float()
        context = None
        if encoded.transform.widths["context"]:
            context = torch.from_numpy(_context(encoded, given, owners, start, place))
        with torch.no_grad():
            like = completer.sigma
            given_context = None if context is None else context.to(like)
            made = completer.draw(seen.to(like), mask.to(like), z.to(like), given_context)
        values = made.float().cpu().numpy()[place]
        accepted = (np.arange(window) < _accepted(known, start, first, window)[:, None]) & inside
        accepted = accepted[..., None] & to_draw[rows, steps] & active[:, None, None]
        where = np.nonzero(accepted)
        target = where[0], steps[where[0], where[1]], where[2]
        x[target] = values[where]
        known[target], to_draw[target] = True, False
    return x


def _accepted(known: np.ndarray, start: np.ndarray, first: np.ndarray, window: int) -> np.ndarray:
    """Return how many steps (J,) of a window are taken from it.

    Where given cells follow soon behind a window, its last quarter is left to the next one, which
    sees them.
    """
    behind = start[:, None] + window + np.arange(max(window // 4, 1))
    exists = behind < known.shape[1]
    behind = np.minimum(behind, known.shape[1] - 1)
    follows = (known[np.arange(len(known))[:, None], behind].any(axis=2) & exists).any(axis=1)
    fewer = np.maximum(window - window // 4, first - start + 1)
    return np.where(follows, fewer, window)


def _context(
    encoded: _Encoded,
    given: GivenTable,
    owners: np.ndarray,
    start: np.ndarray,
    place: np.ndarray,
) -> np.ndarray:
    """Return context channels (CHUNK_SIZE, S) of windows that begin at steps ``start`` (J,).

    They are encoded with noise that depends on their ``place`` (J,) in a whole chunk.
    """
    bounds = given.table.bounds[owners]
    rows = np.minimum(bounds[:, 0] + start, bounds[:, 1] - 1)
    values = np.hstack([encoded.context[owners], encoded.starts[rows]])
    whole, lengths = np.repeat(values[:1], CHUNK_SIZE, axis=0), np.ones(CHUNK_SIZE)
    whole[place], lengths[place] = values, given.lengths[owners]
    channels = encoded.transform.transform_static(whole, lengths)
    assert channels is not None
    return channels


def _padded(rows: np.ndarray, given: GivenTable, owners: np.ndarray) -> np.ndarray:
    """Return rows (R, C) of sequences as (J, L, C), NaN behind what is given."""
    bounds, longest = given.table.bounds[owners], int(given.lengths[owners].max())
    step = np.arange(longest)
    place = bounds[:, :1] + step
    padded: np.ndarray = rows[np.minimum(place, len(rows) - 1)].astype(np.float64)
    padded[place >= bounds[:, 1:]] = np.nan
    return padded


def _put_back(values: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return values with the given cells, which are not NaN, as they are."""
    return np.where(np.isnan(given), values, given)


def _enforced(
    made: Sequences,
    given: np.ndarray,
    transform: TableTransform,
    constraints: ConstraintSet,
    fixed: np.ndarray,
) -> np.ndarray:
    """Return values in which drawn cells satisfy the constraints beside the given ones.

    Constraints move all cells of a row. So both are satisfied in turn, as in projections onto
    convex sets, until no given cell has to be moved.
    """
    schema, width = transform.schema, given.shape[2]
    for i in (i for i, field in enumerate(schema.value_fields) if field.role == "gap"):
        made = with_shorter_gaps(constraints, made, schema, np.isnan(given[..., i]))
    values, mask = made.values.copy(), np.arange(made.values.shape[1]) < made.lengths[:, None]
    around = constraint_columns(made, constraint_fields(schema), schema)[..., width:]
    left = np.arange(len(values))  # sequences in which both are not satisfied yet
    for _ in range(ENFORCEMENT_ROUNDS):
        if not left.size:
            break
        whole = np.concatenate([values[left], around[left]], axis=2)
        kept = constraints.enforce(whole, mask[left], fixed)[..., :width]
        values[left] = _put_back(kept, given[left])
        moved = (values[left] != kept) & ~np.isnan(kept)
        left = left[moved.any(axis=(1, 2))]
    return values


def _filled(table: Table, transform: TableTransform) -> np.ndarray:
    """Return values (R, C) whose holes are filled, with any values that the columns can have."""
    values = table.values.copy()
    for i, (field, _) in enumerate(transform.value_columns):
        how = "linear" if field.type == "number" else "hold"
        low = transform.low[i]
        values[:, i] = fill_missing(
            values[:, i], table.bounds[:, 0], how, 0.0 if np.isnan(low) else float(low)
        )
    return values


def _known_columns(table: Table, transform: TableTransform) -> np.ndarray:
    """Return which cells (R, C') of the learned columns follow from given cells."""
    reduction, present = transform.reduction, ~np.isnan(table.values)
    labels = [field.label for field in transform.schema.value_fields]
    fields, changed = reduction.learned.value_fields, reduction.changed
    every = {label for relation in reduction.relations for label in relation.columns}
    known = np.ones((len(present), len(fields)), dtype=bool)
    for i, field in enumerate(fields):
        if field.label in labels and field.label not in changed:
            known[:, i] = present[:, labels.index(field.label)]
            continue
        about = [r.columns for r in reduction.relations if field.label in r.columns]
        sources = {label for columns in about for label in columns} or every
        for label in sources & set(labels):
            known[:, i] &= present[:, labels.index(label)]
        before = known[:-1, i].copy()  # it may be a change from the row before
        before[table.bounds[1:, 0] - 1] = True
        known[1:, i] &= before
    return known


def _channel_mask(known: np.ndarray, transform: TableTransform, *, exogenous: bool) -> np.ndarray:
    """Return which channels (R, M) of learned columns (R, C') are given.

    That a cell has a value is given in all rows, because holes are to be filled.
    """
    count = len(transform.feature_transformers)
    transformers = transform.exogenous_transformers if exogenous else transform.feature_transformers
    columns = known[:, count:] if exogenous else known[:, :count]
    slices = encoding.channel_slices(transformers)
    mask = np.ones((len(known), slices[-1].stop if slices else 0), dtype=bool)
    for i, (transformer, part) in enumerate(zip(transformers, slices, strict=True)):
        has_flag = isinstance(transformer, Missing) and transformer.has_missing
        mask[:, part.start : part.stop - has_flag] = columns[:, i, None]
    return mask


CALIBRATED = {"calibration": None, "cut": None, "biases": (), "calibrations": ()}
"""Fields that calibration sets, and their values before it."""


def _uncalibrated(transform: TableTransform) -> TableTransform:
    """Return the transform with thresholds and maps as they are in the training data."""
    seasonality = transform.seasonality
    return replace(
        transform,
        feature_transformers=tuple(map(_reset, transform.feature_transformers)),
        exogenous_transformers=tuple(map(_reset, transform.exogenous_transformers)),
        seasonality=None if seasonality is None else _reset(seasonality),
        levels=None,
    )


def _reset(record: Any) -> Any:
    """Return a record, and those that it is made of, as they were before calibration."""
    changes: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name in CALIBRATED:
            changes[field.name] = CALIBRATED[field.name]
        elif isinstance(value, tuple) and value and hasattr(value[0], "__dataclass_fields__"):
            changes[field.name] = tuple(map(_reset, value))
        elif hasattr(value, "__dataclass_fields__") and field.name in ("inner", "number", "code"):
            changes[field.name] = _reset(value)
    return replace(record, **changes) if changes else record


def _check_times(table: Table, transform: TableTransform) -> None:
    """Refuse times that are not those which a series of the training table would have.

    Raises:
        InputError: names the first row that is missing or too many.
    """
    axis = transform.schema.time_axis
    if axis is None or table.time is None or not axis.is_regular:
        return
    for first, after in table.bounds:
        expected = axis.times(table.time[first : first + 1], int(after - first), None)[0]
        away = np.abs(table.time[first:after] - expected)
        wrong = np.flatnonzero(away > (0.5 * axis.step if axis.is_float else 0))
        if wrong.size:
            raise InputError(
                f"given: rows are missing before row {first + wrong[0] + 1:,} of the sequence, as "
                f"times of the training table are {axis.description}. Add them with empty cells."
            )


def _keys(frame: pd.DataFrame, transform: TableTransform) -> pd.Series[Any] | None:
    """Return the keys of the sequences in the order of a table's bounds."""
    field = next(iter(transform.schema.of("key")), None)
    if field is None:
        return None
    if field.index:
        level: Any = field.name if field.name is not None else 0
        keys: pd.Series[Any] = pd.Series(frame.index.get_level_values(level))
    else:
        keys = frame[field.name].reset_index(drop=True)
    return keys.drop_duplicates().reset_index(drop=True)


def _to_frame(
    made: Sequences,
    given: GivenTable,
    transform: TableTransform,
    owners: np.ndarray,
    draws: np.ndarray,
) -> pd.DataFrame:
    """Return sequences as a table with their own keys and the number of the draw."""
    schema = transform.schema
    frame = schema.to_frame(made.values, made.lengths, made.context, made.starts, total=1)
    rows = np.repeat(np.arange(len(made)), made.lengths)
    place = 0
    for field in schema.of("key"):
        assert given.keys is not None
        keys = given.keys.iloc[owners[rows]]
        if field.index:
            frame = _with_level(frame, field.name, keys)
        else:
            place = list(map(str, frame.columns)).index(field.label)
            frame[field.name] = keys.array
            place += 1
    frame.insert(place, free_name(DRAW, frame.columns), draws[rows])
    return frame


def _with_level(frame: pd.DataFrame, name: Any, keys: pd.Series[Any]) -> pd.DataFrame:
    """Return the table with the keys as a level of its index."""
    index = frame.index
    if index.nlevels == 1:
        return frame.set_axis(pd.Index(keys.array, name=name))
    levels = [
        pd.Index(keys.array) if own == name else index.get_level_values(i)
        for i, own in enumerate(index.names)
    ]
    return frame.set_axis(pd.MultiIndex.from_arrays(levels, names=index.names))
