"""Evaluation of synthetic data from any source against real data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.attempts import attempt, warning_once
from timegan.data.datamodule import WindowDataModule
from timegan.data.second_table import SecondTable, read_second_table
from timegan.data.simulated import UNITS
from timegan.data.table_parts import TableParts
from timegan.errors import InputError
from timegan.evaluation.completions import score_completions
from timegan.metrics.constraint_violations import constraint_violations, row_violations
from timegan.metrics.fidelity.frequencies import shares
from timegan.metrics.fidelity.window_boundaries import compare_window_boundaries
from timegan.metrics.parallel import working
from timegan.metrics.patterns import patterns
from timegan.metrics.period_autocorrelation import period_autocorrelations
from timegan.metrics.protocols import find_protocol, run_protocol
from timegan.metrics.relations import relation_shares
from timegan.metrics.score import to_json
from timegan.metrics.timing import phases_covered, timing
from timegan.metrics.windows import check
from timegan.nn.networks import HasNetworks, Networks
from timegan.relations.lookup import TimePart
from timegan.sampling.long_series import boundary_positions, continue_series
from timegan.sampling.sequences import generate
from timegan.sampling.windows import CHUNK_SIZE, networks, sample
from timegan.tables import Schema, Sequences
from timegan.transforms.feature_view import Marks, feature_groups
from timegan.transforms.table_transform import TableTransform

MIN_SAMPLES = 1_000
"""Sequences that are drawn at least where their number is left open."""
MAX_SAMPLES = 5_000
"""Sequences that are drawn at most where no protocol says otherwise."""
MAX_REAL_WINDOWS = 20_000
"""Real windows that are compared at most, as many as in published tables."""

Data = pd.DataFrame | np.ndarray | str | Path
Limits = tuple[np.ndarray, np.ndarray]


@warning_once()
def evaluate(
    real: Data,
    synthetic: Data,
    holdout: Data | None = None,
    protocol: str = "strict",
    *,
    window: int | None = None,
    stride: int = 1,
    columns: list[str] | None = None,
    sequence_key: str | None = None,
    sequence_index: str | None = None,
    context_columns: list[str] | None = None,
    seed: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Measure synthetic data: scores beside their baselines, and tests for copies.

    Args:
        real: what a generator was trained on: a DataFrame, a ``.csv``, ``.parquet`` or ``.npz``
            file, or windows as an array (N, T, C).
        synthetic: what it made, in any of these forms; a table needs the columns of the real one.
        holdout: real data that the generator has not seen. Without them a tenth of the table
            ``real`` is set aside; of an array nothing is.
        protocol: ``quick``, ``published``, ``published_strong`` or ``strict``.
        window: steps of the windows that tables are cut into; None as in `WindowDataModule`.
            Arrays bring their own.
        stride: rows from one window to the next.
        columns: the features; by default all columns that have no other role.
        sequence_key: the column that tells sequences apart; by default a column ``sequence`` where
            there is one, and one long series otherwise.
        sequence_index: the column that holds the time.
        context_columns: columns that are constant within a sequence. None: none, so that a
            synthetic table in which such a column changes is measured, not refused.
        seed: of everything random.
        options: further arguments of `timegan.metrics.protocols.run_protocol`, such as
            ``classifiers=10``.

    Returns:
        The parts ``scores``, ``statistics``, ``copying`` and so on of ``metrics.json``. A score
        that cannot be computed has a ``mean`` of None and a ``reason``. Where the reason is an
        error, a `FailureWarning` tells it as well, and all other scores are there.

    Raises:
        InputError: an unknown protocol, or data that cannot be compared.

    >>> waves = np.sin(np.arange(60.0).reshape(1, 60, 1) + np.arange(90.0).reshape(90, 1, 1))
    >>> card = evaluate(waves[:45], waves[45:], protocol="quick", classifiers=1, classifier_steps=1)
    >>> card["scores"]["density"]["better"]
    'higher'
    """
    find_protocol(protocol)
    if isinstance(real, np.ndarray):
        sets = _arrays(real, synthetic, holdout)
    else:
        roles = {
            "sequence_key": sequence_key,
            "sequence_index": sequence_index,
            "context_columns": context_columns or [],
        }
        cut = {"window": window, "stride": stride, "columns": columns} | roles
        sets = _tables(real, synthetic, holdout, {k: v for k, v in cut.items() if v is not None})
    return sets.card(protocol=protocol, seed=seed, **options)


@warning_once()
def evaluate_model(
    data: WindowDataModule,
    model: HasNetworks,
    transform: TableTransform,
    count: int | None,
    protocol: str,
    *,
    seed: int,
    **options: Any,
) -> dict[str, Any]:
    """Measure fresh samples of a model beside the data that it was trained on.

    Args:
        data: of the training.
        model: to draw from.
        transform: of the model's table.
        count: sequences to draw; None: see `default_count`.
        protocol: as in `evaluate`.
        seed: of everything random.
        options: as in `evaluate`.
    """
    find_protocol(protocol)
    data.setup()
    there = {field.label for field in data.transform.schema.fields}
    absent = [field.label for field in transform.schema.fields if field.label not in there]
    if absent:
        raise InputError(
            f"The table lacks the column {absent[0]!r}, which the model was trained with. Give the "
            "table of the training."
        )
    options |= {"protocol": protocol}
    count = count or default_count(data, options)
    made = generate(model, transform, count, seed=seed)
    sets = EvaluationData.of(data, made, seed).with_completions(model, transform, data, seed)
    return sets.card(seed=seed, **options)


def default_count(data: WindowDataModule, options: Mapping[str, Any]) -> int:
    """Return the number of training windows, within what a protocol looks at.

    Args:
        data: set up.
        options: of an evaluation: where it has neither a ``limit`` nor a ``protocol``, at most
            5,000 sequences are drawn.
    """
    most = options.get("limit")
    if most is None and "protocol" in options:
        most = find_protocol(options["protocol"]).max_samples
    return min(max(len(data.train), MIN_SAMPLES), int(most or MAX_SAMPLES))


@dataclass(frozen=True)
class EvaluationData:
    """Windows (N, T, M) of plain numbers to be compared, with time as the model sees it.

    Args:
        train: that a generator has learned from.
        holdout: that it has not seen.
        synthetic: that it made.
        features: names of the M features.
        limits: minima and maxima that min-max units are made of; None: those of ``train``.
        marks: features that mark where others have no value; None: there are none.
        summary: the part ``data`` of ``metrics.json``.
        shares: what is counted, see `timegan.metrics.fidelity.frequencies`.
        exogenous: names of features that are given from outside at each step.
        rows: of the tables; None where arrays of windows are compared.
        restore_time_order: turns time as the model sees it into that of the table, for pictures.
        complete: gives the scores of completions; None where the model makes none.
    """

    train: np.ndarray
    holdout: np.ndarray | None
    synthetic: np.ndarray
    features: list[str]
    limits: Limits | None
    marks: Marks | None
    summary: dict[str, Any]
    shares: list[dict[str, Any]] = field(default_factory=list)
    exogenous: Sequence[str] = ()
    rows: TableParts | None = None
    restore_time_order: Callable[[np.ndarray], np.ndarray] = lambda windows: windows
    complete: Callable[[], dict[str, Any]] | None = None

    @classmethod
    def of(
        cls,
        data: WindowDataModule,
        made: Sequences | SecondTable,
        seed: int,
        unseen: SecondTable | None = None,
    ) -> "EvaluationData":
        """Return synthetic sequences beside those of the data.

        Args:
            data: set up.
            made: synthetic sequences of its table, time as the model sees it, or a whole table.
            seed: of the choice of real windows.
            unseen: a real table that takes the place of what the data hold out.
        """
        rows = attempt("rows of tables", lambda: TableParts.of(data, made, unseen), lambda _: None)
        if isinstance(made, SecondTable):
            made = made.windows
        real = data.train_series(MAX_REAL_WINDOWS, seed)
        held = data.holdout_series(MAX_REAL_WINDOWS, seed) if unseen is None else unseen.windows
        transform = data.transform
        limits = (transform.low, transform.high) if data.metric_features == data.features else None
        if data.options.generate in UNITS:
            low, high = (
                np.full(len(data.metric_features), end) for end in UNITS[data.options.generate]
            )
            limits = low, high
        counted = attempt(
            "shares",
            lambda: shares(
                (real.values, real.lengths),
                (made.values, made.lengths),
                transform.value_columns,
                (real.context, made.context) if transform.context_columns else None,
                transform.context_columns,
                variable=transform.variable,
            ),
            lambda _: [],
        )
        names = list(data.metric_features)
        windows = [
            None if part is None else transform.numeric_features(part)
            for part in (real, held, made)
        ]
        limits = _in_readable_units(names, windows, limits, transform.schema)
        groups = feature_groups(transform.value_columns, transform.context_columns)
        outside = [
            i for g in groups if g["column"] in transform.schema.exogenous for i in g["features"]
        ]
        train, holdout, synthetic = windows
        assert train is not None
        assert synthetic is not None
        return cls(
            train,
            holdout,
            synthetic,
            names,
            limits,
            transform.feature_marks,
            data.describe()
            | {
                "holdout_windows": 0 if held is None else len(held),
                "feature_groups": groups,
            },
            counted,
            [names[i] for i in outside],
            rows,
            transform.restore_time_order if not transform.variable else lambda windows: windows,
        )

    def with_completions(
        self,
        model: Networks | HasNetworks,
        transform: TableTransform,
        data: WindowDataModule,
        seed: int,
    ) -> "EvaluationData":
        """Return the same with scores of completions, if the model was trained to make them."""
        if networks(model).completer is None or transform.reversed:
            return self
        return replace(self, complete=lambda: score_completions(model, transform, data, seed))

    def card(self, *, protocol: str, seed: int, **options: Any) -> dict[str, Any]:
        """Return the content of ``metrics.json``, in plain values."""
        found = self.measure(protocol=protocol, seed=seed, **options)
        about = {"data": self.summary, "protocol": {"evaluation": protocol, "seed": seed}}
        plain: dict[str, Any] = to_json(found | about)
        return plain

    def measure(self, **options: Any) -> dict[str, Any]:
        """Measure by a protocol, with the options of `run_protocol`, and check rows of tables."""
        protocol = find_protocol(options.get("protocol", "strict"))
        card = run_protocol(
            self.train,
            self.holdout,
            self.synthetic,
            self.features,
            limits=self.limits,
            marks=self.marks,
            exogenous=self.exogenous,
            **options,
        )
        card |= {"shares": self.shares}
        if self.complete is not None:
            with working("Completions"):
                card["completion"] = attempt(
                    "completions", self.complete, lambda reason: {"reason": reason}
                )
        if self.rows is not None:
            with working("Relations, constraints and calendar"):
                return card | check_rows(self.rows)
        if protocol.is_thorough:
            windows = self.train, self.synthetic, self.features, self.holdout
            card["constraints"] = attempt(
                "constraints", lambda: constraint_violations(*windows), lambda _: []
            )
        return card


DAY = 86_400
UNITS_OF_TIME = {"days": DAY, "hours": 3_600, "minutes": 60}
"""Seconds in each unit that gaps between rows may be given in, the longest first."""


def _in_readable_units(
    names: list[str], windows: list[np.ndarray | None], limits: Limits | None, schema: Schema
) -> Limits | None:
    """Turn gaps between rows and dates from seconds to days or less; return the limits likewise.

    Args:
        names: of the features; those of gaps and dates get their unit.
        windows: real, held-out and synthetic windows (N, T, M), changed in place of the list.
        limits: minima and maxima of the features.
        schema: of the table.
    """
    scale, first, real = np.ones(len(names)), np.zeros(len(names)), windows[0]
    assert real is not None
    axis, time = schema.time_axis, schema.time
    for column in (*schema.value_fields, *schema.context_fields):
        if column.label not in names:
            continue
        place = names.index(column.label)
        if column.role == "gap":
            if axis is None or time is None or not time.unit or axis.freq:
                continue
            median = float(np.median(real[..., place]))
            fitting = ((name, size) for name, size in UNITS_OF_TIME.items() if median >= size)
            unit, scale[place] = next(fitting, ("seconds", 1))
            names[place] = f"{column.label} ({unit})"
        elif column.type == "datetime":
            offset = column.offset / column.per_second
            day = np.floor((np.nanmin(real[..., place]) + offset) / DAY)
            first[place], scale[place] = day * DAY - offset, DAY
            names[place] = f"{column.label} (days after {np.datetime64(int(day), 'D')})"
    windows[:] = [None if part is None else (part - first) / scale for part in windows]
    if limits is None:
        return None
    return (limits[0] - first) / scale, (limits[1] - first) / scale


def check_rows(rows: TableParts) -> dict[str, Any]:
    """Return what whole tables show: ``relations``, ``constraints``, ``timing``, ``patterns``."""
    relations: list[dict[str, Any]] | None = attempt(
        "relations",
        lambda: relation_shares(
            rows.real, rows.synthetic, rows.train, rows.held_out, rows.relations
        ),
        lambda _: None,
    )
    constraints = attempt(
        "constraints",
        lambda: row_violations(
            rows.train,
            rows.synthetic,
            rows.held_out,
            labels=rows.labels,
            constraints=rows.constraints,
            relations=relations or [],
        ),
        lambda _: [],
    )
    followed = {row["columns"][1] for row in relations or [] if row["kind"] == TimePart.kind}
    seasons: list[dict[str, Any]] | None = attempt(
        "timing",
        lambda: timing(rows.real, rows.synthetic, rows.held_out, followed),
        lambda _: None,
    )
    long_series = attempt(
        "autocorrelation of long series",
        lambda: period_autocorrelations(rows.real, rows.synthetic, seasons or []),
        lambda _: [],
    )
    found: list[dict[str, Any]] = attempt(
        "patterns", lambda: patterns(rows.real, rows.synthetic, rows.held_out), lambda _: []
    )
    return {
        "relations": relations,
        "constraints": constraints,
        "patterns": found,
        "timing": seasons,
        "timing_phases": phases_covered(rows.real),
        "period_autocorrelation": long_series,
    }


def _arrays(real: np.ndarray, synthetic: Data, holdout: Data | None) -> EvaluationData:
    for name, windows in (("synthetic", synthetic), ("holdout", holdout)):
        if windows is not None and not isinstance(windows, np.ndarray):
            raise InputError(
                f"real is an array of windows, and {name} is a table: give both in the same form."
            )
    assert isinstance(synthetic, np.ndarray)
    for name, windows in (("real", real), ("synthetic", synthetic), ("holdout", holdout)):
        if isinstance(windows, np.ndarray) and windows.dtype.kind not in "fiub":
            raise InputError(f"{name} is an array of {windows.dtype}: windows must hold numbers.")
    check(real, synthetic)
    assert holdout is None or isinstance(holdout, np.ndarray)
    if holdout is not None:
        check(real, holdout)
    count, steps, features = real.shape
    names = [f"feature_{c + 1}" for c in range(features)]
    summary = {
        "name": "arrays",
        "windows": count,
        "holdout_windows": 0 if holdout is None else len(holdout),
        "window": steps,
        "features": names,
    }
    return EvaluationData(real, holdout, synthetic, names, None, None, summary)


def _tables(
    real: Data, synthetic: Data, holdout: Data | None, options: dict[str, Any]
) -> EvaluationData:
    if isinstance(synthetic, np.ndarray) or isinstance(holdout, np.ndarray):
        raise InputError(
            "real is a table, and synthetic or holdout an array: give all in the same form."
        )
    if holdout is not None:
        options = options | {"holdout": 0.0}
    if isinstance(real, pd.DataFrame):
        data = WindowDataModule.from_frame(real, name="table", **options)
    else:
        data = WindowDataModule(name=str(real), path=str(real), **options)
    data.setup()
    unseen = None if holdout is None else read_second_table(data, holdout, "holdout")
    return EvaluationData.of(data, read_second_table(data, synthetic, "synthetic"), 0, unseen)


def compare_boundaries_of_model(
    model: Networks | HasNetworks, steps: int, *, seed: int = 0
) -> dict[str, Any]:
    """Compare the steps of a long series across window boundaries with those inside windows.

    The first series of the seed is compared in channels, see
    :func:`timegan.metrics.fidelity.window_boundaries.compare_window_boundaries`.
    """
    net = networks(model)
    series = continue_series(net, 1, steps, seed=seed)
    return compare_window_boundaries(
        sample(net, 4 * CHUNK_SIZE, seed=seed), series, boundary_positions(net.window, steps)
    )
