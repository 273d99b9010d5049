"""What is known about a table's columns: the way of their values to the model and back."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from timegan import transforms
from timegan.constraints import Rules
from timegan.plain import plain
from timegan.seeds import rng
from timegan.tables import Schema, Sequences, Table
from timegan.transforms import Kind
from timegan.transforms.feature_view import Facet
from timegan.transforms.unit_interval import expand, squash


@dataclass(frozen=True)
class TableTransform:
    """The columns of a table, fitted on its training rows.

    It rides in the checkpoint as plain numbers and strings: whoever has it can turn what the model
    makes into a table like the one it learned from, without the data.

    Args:
        schema: names, types and roles of the table's columns.
        kinds: of the features.
        labels: kinds of the labels per step (``exogenous``).
        static: kinds of the context columns and, where lengths differ, of the length, the last one.
        variable: whether lengths differ.
        rules: that all training rows keep.
        enforced: whether what the model makes is changed so that it keeps them.
        low: smallest training value of each feature and label.
        high: largest training value of each of them.
        squashed: whether the model sees all features between 0 and 1 (``scaling=minmax``).
        reversed: whether time runs backwards in the model's windows (``protocol=reference``).
    """

    schema: Schema
    kinds: tuple[Kind, ...]
    labels: tuple[Kind, ...]
    static: tuple[Kind, ...]
    variable: bool
    rules: Rules
    enforced: bool
    low: np.ndarray
    high: np.ndarray
    squashed: bool = False
    reversed: bool = False

    @property
    def features(self) -> list[str]:
        """Names of the features and the labels, in the order of a table's values."""
        return [field.label for field in self.schema.value_fields]

    @property
    def widths(self) -> dict[str, Any]:
        """Channels of features, static columns and labels, as arguments of `TimeGAN`."""
        parts = {"features": self.kinds, "context": self.static, "exogenous": self.labels}
        return {name: sum(kind.width for kind in part) for name, part in parts.items()}

    @property
    def channels(self) -> int:
        """Channels of all of these together."""
        return sum(self.widths.values())

    def transform(self, table: Table) -> tuple[np.ndarray, np.ndarray | None]:
        """Rows of a table as channels: features (R, M), and labels (R, U) where there are any."""
        breaks, middle = table.bounds[:, 0], len(self.kinds)
        x = transforms.encode(self.kinds, table.values[:, :middle], breaks)
        if self.squashed:
            x = squash(self.kinds, x)
        if not self.widths["exogenous"]:
            return x, None
        return x, transforms.encode(self.labels, table.values[:, middle:], breaks, seed=1)

    def transform_static(self, context: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
        """Static columns (n, K) and lengths (n,) as channels (n, S); None where there are none."""
        if not self.widths["context"]:
            return None
        known = np.column_stack([context, lengths]) if self.variable else context
        return transforms.encode(self.static, known, np.arange(len(known)), seed=2)

    def inverse_transform_static(
        self, channels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Static columns (n, K) and, where they differ, lengths (n,) from channels (n, S)."""
        found = self._decode(self.static, channels[:, None], np.ones(len(channels)), 0, 0)[:, 0]
        if not self.variable:
            return found, None
        return found[:, :-1], found[:, -1].astype(np.int64)

    def inverse_transform(
        self,
        x: np.ndarray,
        lengths: np.ndarray | None = None,
        context: np.ndarray | None = None,
        exogenous: np.ndarray | None = None,
        *,
        seed: int = 0,
        start: int = 0,
    ) -> Sequences:
        """What the model made as sequences in the table's units.

        Args:
            x: channels of the features (n, T, M).
            lengths: steps of each sequence (n,); None: all have T.
            context: static columns (n, K) in the table's units; None: there are none.
            exogenous: channels of the labels (n, T, U).
            seed: of what the model need not learn, such as independent noise.
            start: number of the first sequence, of which and of the seed this is a function.
        """
        count, steps, _ = x.shape
        if self.squashed:
            x = expand(self.kinds, x)
        if lengths is None:
            lengths = np.full(count, steps)
        values = self._decode(self.kinds, x, lengths, seed, start)
        if self.labels:
            made = np.empty((count, steps, 0)) if exogenous is None else exogenous
            made = self._decode(self.labels, made, lengths, seed + 1, start)
            values = np.concatenate([values, made], axis=-1)
        mask = np.arange(steps) < lengths[:, None]
        values[~mask] = np.nan
        if self.enforced:
            values = self.restore_time_order(values, lengths)
            values = self.restore_time_order(self.rules.project(values, mask), lengths)
        return Sequences(values, lengths, np.empty((count, 0)) if context is None else context)

    def calibrated(
        self, x: np.ndarray, mask: np.ndarray | slice, exogenous: np.ndarray | None
    ) -> Self:
        """The same columns, with the training shares in what comes of a model's channels.

        Args:
            x: channels (n, T, M) as the model makes them.
            mask: (n, T) true where a sequence has a step.
            exogenous: channels of the labels (n, T, U).
        """
        x = expand(self.kinds, x) if self.squashed else x
        breaks = _begins(x, mask)
        found = replace(self, kinds=transforms.calibrate(self.kinds, _rows(x, mask), breaks))
        if exogenous is None:
            return found
        return replace(
            found, labels=transforms.calibrate(self.labels, _rows(exogenous, mask), breaks)
        )

    def calibrated_static(self, channels: np.ndarray) -> Self:
        """The same for static columns and lengths, from their channels (n, S)."""
        breaks = np.arange(len(channels))
        return replace(self, static=transforms.calibrate(self.static, channels, breaks))

    def facets(self) -> tuple[list[Facet], list[Facet]]:
        """What metrics look at of the features and labels, and of the static columns."""
        fields = [*self.schema.value_fields, *self.schema.context_fields]
        known = zip(fields, [*self.kinds, *self.labels, *self.static], strict=False)
        facets = [
            Facet(
                field.label,
                tuple(str(c) for c in field.categories) if field.type == "category" else None,
                kind.name == "missing",
                getattr(kind, "middle", 0.0),
            )
            for field, kind in known
        ]
        middle = len(self.schema.value_fields)
        return facets[:middle], facets[middle:]

    def to_unit_range(self, values: np.ndarray) -> np.ndarray:
        """From the table's units (..., C) to [0, 1] over the training range, for comparisons."""
        return np.asarray((values - self.low) / (self.high - self.low + 1e-7))

    def finished(self, made: Sequences) -> Sequences:
        """Sequences as they are written: time running forwards, however the model sees it."""
        return replace(made, values=self.restore_time_order(made.values, made.lengths))

    def to_frame(self, made: Sequences) -> pd.DataFrame:
        """Sequences, time as the model sees it, as a table like the original."""
        ready = self.finished(made)
        return self.schema.to_frame(ready.values, ready.lengths, ready.context, ready.starts)

    def starts(self, count: int, seed: int, first: int) -> np.ndarray | None:
        """Times at which sequences start, drawn from the real ones; None without a calendar."""
        calendar = self.schema.calendar
        if calendar is None:
            return None
        drawn = (calendar.draw_starts(1, rng(seed, "starts", first + i)) for i in range(count))
        return np.concatenate(list(drawn)) if count else calendar.first_starts(0, 0)

    def restore_time_order(
        self, windows: np.ndarray, lengths: np.ndarray | None = None
    ) -> np.ndarray:
        """Windows (N, T, C) with time running forwards, or back as the model sees it."""
        if not self.reversed:
            return windows
        if lengths is None:
            return windows[:, ::-1]
        steps = np.arange(windows.shape[1])
        source = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
        return np.take_along_axis(windows, source[..., None], axis=1)

    def state(self) -> dict[str, Any]:
        """Everything as numbers, strings, lists and dicts: it survives JSON and `torch.save`."""
        state = {
            "schema": self.schema.state(),
            "kinds": transforms.state(self.kinds),
            "labels": transforms.state(self.labels),
            "static": transforms.state(self.static),
            "variable": self.variable,
            "rules": self.rules.state(),
            "enforced": self.enforced,
            "low": [None if np.isnan(v) else v for v in self.low.tolist()],
            "high": [None if np.isnan(v) else v for v in self.high.tolist()],
            "squashed": self.squashed,
            "reversed": self.reversed,
        }
        found: dict[str, Any] = plain(state, "columns")
        return found

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `state` was taken from."""
        return cls(
            **state
            | {
                "schema": Schema.from_state(state["schema"]),
                "kinds": transforms.restore(state["kinds"]),
                "labels": transforms.restore(state["labels"]),
                "static": transforms.restore(state["static"]),
                "rules": Rules.from_state(state["rules"]),
                "low": np.array(state["low"], dtype=np.float64),
                "high": np.array(state["high"], dtype=np.float64),
            }
        )

    def _decode(
        self,
        part: tuple[Kind, ...],
        channels: np.ndarray,
        lengths: np.ndarray,
        seed: int,
        start: int,
    ) -> np.ndarray:
        """Channels (n, T, M) to the table's units (n, T, C); behind the ends there is anything."""
        count, steps = channels.shape[:2]
        noisy = any(map(transforms.noisy, part))
        streams = [rng(seed, "columns", start + i) for i in range(count if noisy else 0)]

        values = np.full((count, steps, len(part)), np.nan)
        # Lines between readings end where the sequence does, and not in the padding behind it.
        ends = lengths if any(map(transforms.lined, part)) else np.full(count, steps)
        for end in np.unique(ends).astype(np.int64):
            rows = np.flatnonzero(ends == end)

            def own(_: int, rows: np.ndarray = rows, end: int = end) -> np.ndarray:
                return np.stack([streams[row].random(steps)[:end] for row in rows])

            values[rows, :end] = transforms.decode(part, channels[rows, :end], own)
        return values


def _rows(channels: np.ndarray, mask: np.ndarray | slice) -> np.ndarray:
    return channels[mask].reshape(-1, channels.shape[-1])


def _begins(channels: np.ndarray, mask: np.ndarray | slice) -> np.ndarray:
    """The rows of :func:`_rows` at which a sequence begins."""
    count, steps = channels.shape[:2]
    lengths = np.full(count, steps) if isinstance(mask, slice) else mask.sum(axis=1)
    return np.asarray(np.cumsum(lengths) - lengths)
