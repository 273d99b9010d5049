"""The fitted transform of a table: its values to model channels, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from timegan.constraints import ConstraintSet
from timegan.plain import plain
from timegan.relations import Reduction
from timegan.seeds import uniforms
from timegan.tables import Field, Schema, Sequences, Table
from timegan.transforms import encoding, registry
from timegan.transforms.base import ColumnTransformer
from timegan.transforms.constraint_columns import (
    constraint_columns,
    constraint_fields,
    enforce_constraints,
)
from timegan.transforms.feature_view import (
    Column,
    KnownMissing,
    Marks,
    MissingValues,
    feature_marks,
    feature_names,
    numeric_features,
)
from timegan.transforms.level_calibration import LevelCalibration, smooth_channels, without_maps
from timegan.transforms.seasonality import Seasonality, without_seasonal_thresholds
from timegan.transforms.sequence_seasons import SequenceSeasons, seasons_from_state
from timegan.transforms.start_match import StartMatch
from timegan.transforms.unit_interval import from_unit_interval, to_unit_interval
from timegan.transforms.window_draws import WindowDraws

LENGTH = Field("length", "context", "number", "int64")
"""The length of a sequence, a column of its own where lengths differ."""


@dataclass(frozen=True)
class EncodedTable:
    """The channels of a table's rows, and what is learned of its windows.

    Args:
        x: channels of the features (R, M).
        exogenous: channels of the exogenous columns (R, U); None: there are none.
        context: learned context columns of the sequences (S, K) in the table's units.
        starts: (R, A) values of each row that are learned where a window begins there.
        members: (S,) number of each sequence's seasons, see `SequenceSeasons`.
    """

    x: np.ndarray
    exogenous: np.ndarray | None
    context: np.ndarray
    starts: np.ndarray
    members: np.ndarray


@dataclass(frozen=True)
class TableTransform:
    """The transformers of a table's columns, fitted on its training rows.

    It is stored in checkpoints as plain numbers and strings. Sampling needs it, not the data, to
    turn channels into a table like the one that was learned.

    Args:
        reduction: the table's columns, and those that are learned of them.
        feature_transformers: of the learned features.
        exogenous_transformers: of the exogenous columns.
        context_transformers: of the learned context columns, of columns whose value at the first
            row is learned, and where lengths differ of the length, which is the last one.
        variable: whether some sequences are shorter than a window.
        longest: steps of the longest training sequence, if it is longer than a window, else 0.
        constraints: that all training rows keep.
        enforced: whether generated values are changed so that they keep the constraints.
        low: smallest training value of each feature and exogenous column.
        high: largest training value of each of them.
        bounded: whether all feature channels lie between 0 and 1 (``scaling=minmax``).
        reversed: whether time runs backwards in the model's windows
            (``preprocessing=reference``).
        draws: from the first rows of training windows.
        seasonality: what the calendar explains of the feature channels; None: nothing.
        levels: shifts of whole windows; None before calibration.
        start_match: which windows suit which times; None before calibration, or where any do.
    """

    reduction: Reduction
    feature_transformers: tuple[ColumnTransformer, ...]
    exogenous_transformers: tuple[ColumnTransformer, ...]
    context_transformers: tuple[ColumnTransformer, ...]
    variable: bool
    constraints: ConstraintSet
    enforced: bool
    low: np.ndarray
    high: np.ndarray
    bounded: bool = False
    reversed: bool = False
    draws: WindowDraws = field(default_factory=WindowDraws)
    seasonality: Seasonality | SequenceSeasons | None = None
    levels: LevelCalibration | None = None
    longest: int = 0
    start_match: StartMatch | None = None

    @property
    def learns_length(self) -> bool:
        """True if lengths differ, so that the length is the last of the learned context columns."""
        known = len(self.reduction.learned.context_fields) + len(self.reduction.start_fields)
        return len(self.context_transformers) > known

    @property
    def features(self) -> list[str]:
        """Names of the features and exogenous columns, in the order of a table's values."""
        return [field.label for field in self.schema.value_fields]

    @property
    def schema(self) -> Schema:
        """Names, types and roles of the table's columns."""
        return self.reduction.schema

    @property
    def columns(self) -> list[tuple[Field, ColumnTransformer]]:
        """All learned columns: features, exogenous and context columns, starts, and the length."""
        learned = self.reduction.learned
        fields = [*learned.value_fields, *learned.context_fields, *self.reduction.start_fields]
        if self.learns_length:
            fields.append(LENGTH)
        transformers = [
            *self.feature_transformers,
            *self.exogenous_transformers,
            *self.context_transformers,
        ]
        return list(zip(fields, transformers, strict=True))

    @property
    def value_columns(self) -> list[Column]:
        """Features and exogenous columns of the table."""
        return self._views(self.schema.value_fields)

    @property
    def context_columns(self) -> list[Column]:
        """Context columns of the table, without the length."""
        return self._views(self.schema.context_fields)

    def _views(self, fields: Sequence[Field]) -> list[Column]:
        known: dict[str, MissingValues] = {field.label: t for field, t in self.columns}
        known |= {
            label: KnownMissing(has_missing, fill_value)
            for label, has_missing, fill_value in self.reduction.hidden
        }
        return [(field, known[field.label]) for field in fields]

    @property
    def free_constraints(self) -> ConstraintSet:
        """Constraints on columns that are not written from others."""
        written = self.reduction.followed
        columns = [i for i, label in enumerate(self.constraints.features) if label in written]
        return self.constraints.without(columns)

    @property
    def written_constraints(self) -> tuple[ConstraintSet, np.ndarray]:
        """Constraints on columns that are written from others, and which columns (W,) must stay.

        Other constraints on the columns that may move are among them.
        """
        labels, free = self.constraints.features, self.free_constraints.all
        found = [constraint for constraint in self.constraints.all if constraint not in free]
        columns = {column for constraint in found for column in constraint.columns}
        stay = self.reduction.with_sources([labels[column] for column in columns])
        fixed = np.array([label in stay for label in labels], dtype=bool)
        fixed[len(self.schema.value_fields) :] = True  # the context and the time
        return self.constraints.tied_to(columns), fixed

    @property
    def widths(self) -> dict[str, Any]:
        """Channels of features, context and exogenous columns, as arguments of `TimeGAN`."""
        parts = {
            "features": self.feature_transformers,
            "context": self.context_transformers,
            "exogenous": self.exogenous_transformers,
        }
        return {name: sum(column.width for column in part) for name, part in parts.items()}

    @property
    def channels(self) -> int:
        """Channels of all of these together."""
        return sum(self.widths.values())

    @property
    def metric_features(self) -> list[str]:
        """Names of the features that metrics look at, see `timegan.transforms.feature_view`."""
        return feature_names(self.value_columns, self.context_columns, self.variable)

    @property
    def feature_marks(self) -> Marks:
        """Which of these features mark where others have no value."""
        return feature_marks(self.value_columns, self.context_columns, self.variable)

    def numeric_features(self, sequences: Sequences) -> np.ndarray:
        """Return sequences, real or synthetic, as plain numbers (n, T, M) for metrics."""
        return numeric_features(
            sequences.values,
            sequences.lengths,
            self.value_columns,
            sequences.context if self.context_columns else None,
            self.context_columns,
            variable=self.variable,
        )

    def transform(self, table: Table) -> EncodedTable:
        """Map a table to the channels of its rows, and to what is learned of its windows."""
        learned, starts, _ = self.reduction.reduce(table)
        breaks, count = learned.bounds[:, 0], len(self.feature_transformers)
        x = encoding.to_channels(self.feature_transformers, learned.values[:, :count], breaks)
        if self.bounded:
            x = to_unit_interval(self.feature_transformers, x)
        members = np.zeros(len(table.bounds), dtype=np.int64)
        if self.seasonality is not None and table.time is not None:
            if isinstance(self.seasonality, SequenceSeasons):
                members = self.seasonality.assign(x, table.time, table.bounds)
                each = np.repeat(members, table.lengths)
                x = self.seasonality.remove(x, table.time, each)
            else:
                x = self.seasonality.remove(x, table.time)
        exogenous = None
        if self.widths["exogenous"]:
            exogenous = self.transform_exogenous(learned.values[:, count:], breaks)
        return EncodedTable(x, exogenous, learned.context, starts, members)

    def transform_exogenous(self, values: np.ndarray, breaks: np.ndarray) -> np.ndarray:
        """Map exogenous columns (R, K) to channels (R, U); ``breaks`` are rows that begin anew."""
        return encoding.to_channels(self.exogenous_transformers, values, breaks, seed=1)

    def transform_static(self, context: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
        """Map learned context columns (n, K) and lengths (n,) to channels (n, S); None without any.

        Columns whose value at the first row is learned come last among the context columns.
        """
        if not self.widths["context"]:
            return None
        known = np.column_stack([context, lengths]) if self.learns_length else context
        each = np.arange(len(known))
        return encoding.to_channels(self.context_transformers, known, each, seed=2)

    def inverse_transform_static(
        self, channels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Map channels (n, S) to learned context columns (n, K), and to lengths (n,) or None."""
        ones = np.ones(len(channels))
        values = self._from_channels(self.context_transformers, channels[:, None], ones, 0, 0)
        values = values[:, 0]
        if not self.learns_length:
            return values, None
        lengths = np.maximum(values[:, -1], 1)  # numbers near 0 may otherwise be 0
        return values[:, :-1], lengths.astype(np.int64)

    def inverse_transform(
        self,
        x: np.ndarray,
        lengths: np.ndarray | None = None,
        context: np.ndarray | None = None,
        exogenous: np.ndarray | None = None,
        *,
        starts: np.ndarray | None = None,
        drawn: np.ndarray | None = None,
        members: np.ndarray | None = None,
        known: np.ndarray | None = None,
        given: np.ndarray | None = None,
        may_shorten: bool = True,
        seed: int = 0,
        start: int = 0,
    ) -> Sequences:
        """Map the model's channels to sequences in the table's units.

        Args:
            x: channels of the features (n, T, M).
            lengths: steps of each sequence (n,); None: all have T.
            context: learned context columns (n, K) in the table's units; None: there are none.
            exogenous: channels of the exogenous columns (n, T, U).
            starts: time of each first row (n,); None: there is none, or drawn ones where values
                depend on the time, or the real ones in turn.
            drawn: values at the first row that are drawn, see `WindowDraws`; None draws them.
            members: number of each sequence's seasons (n,); None draws them.
            known: learned columns (n, T, C) that are given, in the table's units, and NaN.
            given: which context columns of the table (K,) keep their values; None: none of them.
            may_shorten: whether constraints may cut rows off where lengths differ.
            seed: of columns that are made of noise alone.
            start: number of the first sequence; each depends on its number and the seed only.
        """
        count, steps, _ = x.shape
        if self.bounded:
            x = from_unit_interval(self.feature_transformers, x)
        if lengths is None:
            lengths = np.full(count, steps)
        if self.levels is not None:
            x = self.levels(x, lengths)
        gaps = None
        if self.seasonality is not None:
            starts = self.starts(count, seed, start) if starts is None else starts
            gaps = self._gaps(x, lengths, seed, start)
            if gaps is not None and known is not None:
                given = known[..., len(self.feature_transformers) - 1]
                gaps = np.where(np.isnan(given), gaps, given)
            if members is None:
                members = self.draws.draw_members(count, seed, start, context)
            x = self._with_season(x, starts, gaps, members)
        values = self._from_channels(self.feature_transformers, x, lengths, seed, start)
        if gaps is not None:  # the season is that of these times
            values[..., len(self.feature_transformers) - 1] = gaps
        if self.exogenous_transformers:
            given = np.empty((count, steps, 0)) if exogenous is None else exogenous
            given = self._from_channels(
                self.exogenous_transformers, given, lengths, seed + 1, start
            )
            values = np.concatenate([values, given], axis=-1)
        if known is not None:
            values = np.where(np.isnan(known), values, known)
        mask = np.arange(steps) < lengths[:, None]
        values[~mask] = np.nan
        context = np.empty((count, 0)) if context is None else context
        if starts is None and self.schema.time_axis is not None:
            starts = self.schema.time_axis.first_starts(start, count)
        size = len(self.reduction.learned.context_fields)
        drawn = self.draw_starts(count, seed, start) if drawn is None else drawn
        made = Sequences(values, lengths, context[:, :size], starts)
        made = self.reduction.restore(made, context[:, size:], drawn)
        if not self.enforced:
            return made
        made = replace(made, values=self.restore_time_order(made.values, lengths))
        made = enforce_constraints(
            self.free_constraints,
            made,
            self.schema,
            is_given=given,
            may_shorten=may_shorten and self.variable and not self.reversed,
            is_reversed=self.reversed,
        )
        values = self.restore_time_order(made.values, made.lengths)
        made = self.reduction.derive(replace(made, values=values))
        return self._fitted_to_written(made)

    def _fitted_to_written(self, made: Sequences) -> Sequences:
        """Return sequences whose free columns fit to those that are written from others."""
        constraints, fixed = self.written_constraints
        if not constraints.all:
            return made
        made = replace(made, values=self.restore_time_order(made.values, made.lengths))
        fields = constraint_fields(self.schema, is_reversed=self.reversed)
        whole = constraint_columns(made, fields, self.schema)
        mask = np.arange(whole.shape[1]) < np.asarray(made.lengths)[:, None]
        for kept in (constraints, constraints.without_limits()):  # relations before limits
            whole = kept.enforce(whole, mask, fixed)
        values = whole[..., : made.values.shape[2]]
        values = self.restore_time_order(values, made.lengths)
        return self.reduction.derive(replace(made, values=values))

    def calibrated(
        self,
        x: np.ndarray,
        mask: np.ndarray | slice,
        exogenous: np.ndarray | None,
        starts: np.ndarray | None = None,
        real: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Self:
        """Return the transform with the training proportions in what comes of a model's channels.

        Args:
            x: channels (n, T, M) as the model generates them.
            mask: (n, T) true where a sequence has a step.
            exogenous: channels of the exogenous columns (n, T, U).
            starts: time of each first row (n,), see `inverse_transform`.
            real: training windows (N, T, M) in channels, and the steps that each has (N,); None:
                levels are not calibrated.
        """
        x = from_unit_interval(self.feature_transformers, x) if self.bounded else x
        made = replace(self, levels=None)
        lengths = np.full(len(x), x.shape[1]) if isinstance(mask, slice) else mask.sum(axis=1)
        if real is not None and not self.bounded:
            channels = smooth_channels(self.feature_transformers)
            shifts = LevelCalibration.fit((x, lengths), real, channels)
            made, x = replace(self, levels=shifts), shifts(x, lengths)
        if self.seasonality is not None:
            starts = self.starts(len(x), 0, 0) if starts is None else starts
            made = replace(made, seasonality=self.seasonality.calibrated(_rows(x, mask)))
            gaps = self._gaps(x, lengths, 0, 0)
            x = made._with_season(x, starts, gaps, self.draws.draw_members(len(x), 0, 0, None))
        breaks = _first_rows(x, mask)
        features = encoding.calibrate(self.feature_transformers, _rows(x, mask), breaks)
        if made.levels is not None:
            features = without_maps(features, made.levels.channels)
        transform = replace(made, feature_transformers=features)
        if made.seasonality is not None:
            kept = without_seasonal_thresholds(
                self.feature_transformers, features, made.seasonality.channels
            )
            transform = replace(made, feature_transformers=kept)
        if exogenous is None:
            return transform
        rows = _rows(exogenous, mask)
        others = encoding.calibrate(self.exogenous_transformers, rows, breaks)
        return replace(transform, exogenous_transformers=others)

    def calibrated_static(self, channels: np.ndarray) -> Self:
        """Return the transform with calibrated context columns and lengths.

        Args:
            channels: (n, S) as the model generates them.
        """
        breaks = np.arange(len(channels))
        context = encoding.calibrate(self.context_transformers, channels, breaks)
        return replace(self, context_transformers=context)

    def to_unit_range(self, values: np.ndarray) -> np.ndarray:
        """Map the table's units (..., C) to [0, 1] over the training range, for comparisons."""
        return np.asarray((values - self.low) / (self.high - self.low + 1e-7))

    def to_frame(self, made: Sequences) -> pd.DataFrame:
        """Return sequences, time as the model sees it, as a table like the original."""
        made = self.in_time_order(made)
        return self.schema.to_frame(made.values, made.lengths, made.context, made.starts)

    def matched(self, windows: np.ndarray, times: np.ndarray) -> Self:
        """Return the transform that knows which windows suit which times.

        Args:
            windows: training windows (N, T, M) in channels, all of T steps.
            times: at which they start (N,).
        """
        if self.seasonality is None:
            return self
        unit, zone = self.seasonality.unit, self.seasonality.zone
        periods = sorted({profile.period for profile in self.seasonality.profiles})
        return replace(self, start_match=StartMatch.fit(windows, times, unit, zone, periods))

    def draw_matching(
        self, x: np.ndarray, seed: int, first: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw times, values at the first row and seasons that suit windows.

        Args:
            x: channels (n, T, M) of the windows ``first`` to ``first + n``.
            seed: of the draws.
            first: a multiple of `timegan.transforms.start_match.GROUP`.

        Returns:
            Times (n,), values (n, D), and numbers of seasons (n,), see `inverse_transform`.
        """
        times = self.starts(len(x), seed, first)
        assert times is not None
        assert self.start_match is not None
        order = self.start_match.assign(x, times)
        members = self.draws.draw_members(len(x), seed, first, None)[order]
        return times[order], self.draw_starts(len(x), seed, first)[order], members

    def starts(self, count: int, seed: int, first: int) -> np.ndarray | None:
        """Draw times at which sequences start from those of windows; None without a time axis."""
        if self.draws.times is None or self.schema.time_axis is None:
            return None
        dtype = np.float64 if self.schema.time_axis.is_float else np.int64
        times: np.ndarray = np.array(self.draws.times, dtype=dtype)
        starts: np.ndarray = times[self.draws.numbers(count, seed, first)]
        return starts

    def draw_starts(self, count: int, seed: int, first: int) -> np.ndarray:
        """Draw values (n, D) at the first row, of the windows whose times `starts` draws."""
        if not self.draws.starts.shape[1]:
            return np.empty((count, 0))
        drawn: np.ndarray = self.draws.starts[self.draws.numbers(count, seed, first)]
        return drawn

    def draw_firsts(self, count: int, seed: int, first: int) -> np.ndarray:
        """Draw values (n, D) at the first row of whole sequences, in place of `draw_starts`."""
        draw = self.draws.draw_firsts if self.draws.firsts.size else self.draw_starts
        return draw(count, seed, first)

    def draw_contexts(self, count: int, seed: int, first: int) -> np.ndarray | None:
        """Draw learned context columns (n, K) of real sequences; None: a model makes them."""
        if not self.draws.contexts.size:
            return None
        drawn: np.ndarray = self.draws.contexts[self.draws.numbers(count, seed, first)]
        return drawn

    def in_time_order(self, made: Sequences) -> Sequences:
        """Return sequences, time as the model sees it, with time running forwards."""
        return replace(made, values=self.restore_time_order(made.values, made.lengths))

    def restore_time_order(
        self, windows: np.ndarray, lengths: np.ndarray | None = None
    ) -> np.ndarray:
        """Turn windows (N, T, C) as the model sees them into time order, or back."""
        if not self.reversed:
            return windows
        if lengths is None:
            return windows[:, ::-1]
        steps = np.arange(windows.shape[1])
        source = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
        return np.take_along_axis(windows, source[..., None], axis=1)

    def state(self) -> dict[str, Any]:
        """Return everything as numbers, strings, lists and dicts, for JSON and `torch.save`."""
        state = {
            "schema": self.schema.state(),
            "reduction": self.reduction.state() if self.reduction.relations else None,
            "feature_transformers": registry.state(self.feature_transformers),
            "exogenous_transformers": registry.state(self.exogenous_transformers),
            "context_transformers": registry.state(self.context_transformers),
            "variable": self.variable,
            "longest": self.longest,
            "constraints": self.constraints.state(),
            "enforced": self.enforced,
            "low": [None if np.isnan(v) else v for v in self.low.tolist()],
            "high": [None if np.isnan(v) else v for v in self.high.tolist()],
            "bounded": self.bounded,
            "reversed": self.reversed,
            "draws": self.draws.state(),
            "seasonality": self.seasonality and self.seasonality.state(),
            "levels": self.levels and self.levels.state(),
            "start_match": self.start_match and self.start_match.state(),
        }
        found: dict[str, Any] = plain(state, "columns")
        return found

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the transform that `state` describes."""
        state = dict(state)
        schema, reduced = Schema.from_state(state.pop("schema")), state["reduction"]
        return cls(
            **state
            | {
                "reduction": Reduction.from_state(reduced, schema)
                if reduced
                else Reduction.none(schema),
                "draws": WindowDraws.from_state(state["draws"]),
                "feature_transformers": registry.restore(state["feature_transformers"]),
                "exogenous_transformers": registry.restore(state["exogenous_transformers"]),
                "context_transformers": registry.restore(state["context_transformers"]),
                "constraints": ConstraintSet.from_state(state["constraints"]),
                "low": np.array(state["low"], dtype=np.float64),
                "high": np.array(state["high"], dtype=np.float64),
                "seasonality": state["seasonality"] and seasons_from_state(state["seasonality"]),
                "levels": state["levels"] and LevelCalibration.from_state(state["levels"]),
                "start_match": state["start_match"] and StartMatch.from_state(state["start_match"]),
            }
        )

    def _gaps(self, x: np.ndarray, lengths: np.ndarray, seed: int, start: int) -> np.ndarray | None:
        """Return the gaps (n, T) between rows in channels (n, T, M); None where time is regular."""
        if not self.schema.of("gap"):
            return None
        values = self._from_channels(self.feature_transformers, x, lengths, seed, start)
        return np.where(
            np.arange(x.shape[1]) < lengths[:, None],
            values[..., len(self.feature_transformers) - 1],
            np.nan,
        )

    def _with_season(
        self,
        x: np.ndarray,
        starts: np.ndarray | None,
        gaps: np.ndarray | None,
        members: np.ndarray,
    ) -> np.ndarray:
        """Return channels (n, T, M) with what the calendar explains at each step's own time."""
        assert self.seasonality is not None
        assert self.schema.time_axis is not None
        assert starts is not None
        times = self.schema.time_axis.times(starts, x.shape[1], gaps)
        if isinstance(self.seasonality, SequenceSeasons):
            return self.seasonality.add(x, times, members)
        return self.seasonality.add(x, times)

    def _from_channels(
        self,
        transformers: Sequence[ColumnTransformer],
        channels: np.ndarray,
        lengths: np.ndarray,
        seed: int,
        start: int,
    ) -> np.ndarray:
        """Map channels (n, T, M) to the table's units (n, T, C); padding holds any values."""
        count, steps = channels.shape[:2]
        values = np.full((count, steps, len(transformers)), np.nan)
        # Interpolated columns must not read the padding behind the end of a sequence.
        is_interpolated = any(transformer.is_interpolated for transformer in transformers)
        ends = lengths if is_interpolated else np.full(count, steps)
        for end in np.unique(ends).astype(np.int64):
            rows = np.flatnonzero(ends == end)

            def uniform(column: int, rows: np.ndarray = rows, end: int = end) -> np.ndarray:
                path = ("columns", column)
                return uniforms(seed, *path, first=start, count=count, width=steps)[rows, :end]

            values[rows, :end] = encoding.from_channels(transformers, channels[rows, :end], uniform)
        return values


def _rows(channels: np.ndarray, mask: np.ndarray | slice) -> np.ndarray:
    return channels[mask].reshape(-1, channels.shape[-1])


def _first_rows(channels: np.ndarray, mask: np.ndarray | slice) -> np.ndarray:
    """Return the rows of `_rows` at which a sequence begins."""
    count, steps = channels.shape[:2]
    lengths = np.full(count, steps) if isinstance(mask, slice) else mask.sum(axis=1)
    return np.asarray(np.cumsum(lengths) - lengths)
