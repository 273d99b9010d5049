"""The LightningDataModule: from a table to batches of windows, and back."""

import gc
from pathlib import Path
from typing import Any, Self

import lightning
import numpy as np
import pandas as pd
import torch

from timegan.data.argument_checks import check_options
from timegan.data.compatibility import check_same_data
from timegan.data.imputation import handle_missing
from timegan.data.loader import RandomWindows
from timegan.data.simulated import GENERATORS
from timegan.data.summary import table_summary
from timegan.data.window_index import (
    DEFAULT_WINDOW,
    SplitIndex,
    WindowIndex,
    choose_window,
    learned_lengths,
    one_window_per_sequence,
    sequence_of_window,
    split_and_index,
    training_rows,
)
from timegan.data.windows import Windows
from timegan.errors import InputError
from timegan.nn.batch import Batch
from timegan.nn.length_coding import length_thresholds
from timegan.relations import Relation, Rows, discover
from timegan.seeds import rng
from timegan.tables import Sequences, Table
from timegan.tables.csv_reader import TextOptions
from timegan.tables.readers import download, read_table
from timegan.transforms.base import DetectedType
from timegan.transforms.fit import ColumnOptions, fit_transform
from timegan.transforms.row_sample import MAX_ROWS
from timegan.transforms.table_transform import EncodedTable, TableTransform


class WindowDataModule(lightning.LightningDataModule):
    """Windows of a table: split, transformed to channels, and drawn at random.

    Args:
        name: of the data in reports.
        path: a table (``.csv``, ``.parquet``, ``.npz`` ...), or a pattern (``logs/*.csv``).
        separator: of the columns of a text file: ``comma``, ``semicolon``, ``tab``, ``blank``,
            ``bar`` or another character. None finds it, as well as the following three.
        decimal: mark of decimals in a text file, ``point`` or ``comma``.
        header: number of the line with the columns' names in a text file; 0: there is none.
        encoding: of a text file.
        generate: name of a table that the package simulates, instead of a path.
        url: address of the table, for when there is neither path nor generator.
        sha256: checksum of the file at ``url``.
        columns: the features; None takes all columns that have no other role.
        exclude: columns to leave out.
        sequence_key: the column that identifies sequences; None takes a column ``sequence`` where
            there is one, and one long series otherwise.
        keys: ``fresh`` keys of synthetic sequences look like real ones and are none of them.
            ``original`` ones are the real keys, which the model stores.
        sequence_index: the column that holds the time; None takes dates that increase.
        context_columns: columns that are constant within a sequence: generated with it, or given.
            None takes the features that never change within one (not with ``reference``).
        exogenous: columns that are generated, or given, at every step.
        window: steps of a window; None: the longest sequence up to 100 steps, and 24 of longer ones
            and of a single series. Shorter sequences are kept, and their lengths learned.
        stride: rows from one window to the next.
        preprocessing: ``default`` holds a part out and fits transforms on the rest. ``reference``
            prepares data as the TimeGAN authors' code does: time reversed, ranges of the whole
            table, the last window of a long series dropped, nothing held out.
        scaling: of numbers: ``auto``, ``minmax``, ``standard``, ``log`` or ``rank``.
        column_types: column -> type, where the detection is wrong.
        infer_types: False takes every number for a continuous one.
        missing: ``learn``, ``interpolate``, ``drop`` or ``error``.
        na_values: numbers and texts that mark missing values, and are written back. None looks for
            numbers such as -9999 (not with ``reference``); [] finds none.
        time_zone: of local times, such as ``Europe/Berlin``. None looks for the zone where a clock
            was set forward or back. ``UTC`` reads times as they are.
        constraints: of the training rows. ``enforce`` moves synthetic rows to the nearest ones
            that violate none, ``report`` only counts violations, ``off`` ignores constraints. None
            is ``enforce``, and ``off`` with ``reference``: the authors' code enforces none.
        custom_constraints: constraints to add to those discovered, such as ``High >= Low``.
        seasonality: ``auto`` finds values that follow the time of day, the weekday, the day of the
            month or the time of the year, and makes samples follow them; ``off``.
        unconstrained_columns: columns that are learned as they are, whatever relation they have.
        holdout: share of sequences or rows to hold out.
        batch_size: windows in a draw, over all processes.
        steps_per_epoch: batches in an epoch.
        batches_per_step: draws of windows in a batch.
        seed: of the order in which windows are drawn. The split does not depend on it.
        select_on_holdout: keep one half of the held-out windows to choose a model by
            (``validation``), and the other half (``holdout``) to report on. None: if there are
            enough.

    Raises:
        InputError: an option is out of its range. Errors in the data are raised by `setup`.
    """

    table: Table
    transform: TableTransform
    detected: list[DetectedType]
    relations: list[Relation]
    lengths: np.ndarray
    """Steps that samples like each sequence have."""
    split: SplitIndex
    train: Windows
    holdout: Windows | None
    validation: Windows | None
    """Held-out windows to look at while training; often those of ``holdout``."""

    def __init__(
        self,
        name: str = "csv",
        path: str | None = None,
        separator: str | None = None,
        decimal: str | None = None,
        header: int | None = None,
        encoding: str | None = None,
        generate: str | None = None,
        url: str | None = None,
        sha256: str | None = None,
        columns: list[str] | None = None,
        exclude: list[str] | None = None,
        sequence_key: str | None = None,
        keys: str = "fresh",
        sequence_index: str | None = None,
        context_columns: list[str] | None = None,
        exogenous: list[str] | None = None,
        window: int | None = None,
        stride: int = 1,
        preprocessing: str = "default",
        scaling: str = "auto",
        column_types: dict[str, str] | None = None,
        infer_types: bool = True,
        missing: str = "learn",
        na_values: list[float | str] | None = None,
        time_zone: str | None = None,
        constraints: str | None = None,
        custom_constraints: list[str] | None = None,
        seasonality: str = "auto",
        unconstrained_columns: list[str] | None = None,
        holdout: float = 0.1,
        batch_size: int = 64,
        steps_per_epoch: int = 50,
        batches_per_step: int = 3,
        seed: int = 0,
        select_on_holdout: bool | None = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.constraints = constraints or ("off" if preprocessing == "reference" else "enforce")
        check_options({**self.hparams, "constraints": self.constraints})
        self.options: Any = self.hparams
        self.name = name
        self.window: int = window or 0  # known once there is a table
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.batches_per_step = batches_per_step
        self.seed = seed
        self._frame: pd.DataFrame | None = None
        self._restored: dict[str, Any] | None = None

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, **options: Any) -> Self:
        """Return a data module of a table in memory; ``options`` are the constructor's."""
        data = cls(**options)
        data._frame = frame
        return data

    def prepare_data(self) -> None:
        """Download the table, once per machine, if it comes by URL."""
        is_local = self._frame is not None or self.options.path or self.options.generate
        if not is_local and self.options.url:
            download(self.options.url, self.options.sha256)

    def setup(self, stage: str | None = None) -> None:
        """Read the table, split it, fit the transform, cut windows; a second call does nothing."""
        if hasattr(self, "train"):
            return
        options = self.options
        is_reference = options.preprocessing == "reference"
        is_reversed = is_reference and options.generate is None
        table = self._read_table()
        self.fingerprint = table.fingerprint
        table = handle_missing(table, options.missing)
        self.window = choose_window(options.window, table.lengths)
        self.table = table.reversed() if is_reversed else table
        self.split = split_and_index(
            self.table,
            self.window,
            options.stride,
            options.holdout,
            is_reference=is_reference,
            select_on_holdout=options.select_on_holdout,
        )
        self.lengths = learned_lengths(
            table.lengths, self.window, whole=not is_reference and not options.exogenous
        )
        rows = training_rows(
            self.table, self.split.train, self.window, self.lengths, use_all=is_reference
        )
        are_looked_for = self.constraints != "off" and not is_reference
        self.relations = discover(Rows.of_table(self.table)) if are_looked_for else []
        self.transform, self.detected = fit_transform(
            rows, self._column_options(), self.relations, is_reversed=is_reversed
        )
        encoded = self.transform.transform(self.table)
        self.train = self._cut(self.split.train, encoded)
        held, validation = self.split.holdout, self.split.validation
        self.holdout = None if held is None else self._cut(held, encoded)
        self.validation = self.holdout if validation is None else self._cut(validation, encoded)
        if self._restored is not None:
            self._take_up(self._restored)

    @property
    def features(self) -> list[str]:
        """Names of the features and exogenous columns."""
        return self.transform.features

    @property
    def column_types(self) -> dict[str, str]:
        """The detected type of each column, by name."""
        columns = zip(self.transform.columns, self.detected, strict=True)
        return {field.label: found.column_type for (field, _), found in columns}

    @property
    def metric_features(self) -> list[str]:
        """Names of the features that metrics look at."""
        return self.transform.metric_features

    def train_series(self, limit: int | None = None, seed: int = 0) -> Sequences:
        """Return training windows in the table's units, time as the model sees it.

        Where lengths differ there is one window of each sequence, so that their lengths compare
        with those of synthetic sequences.

        Args:
            limit: largest number of windows, which are then chosen at random.
            seed: of the choice.
        """
        return self._sequences(self.train, limit, seed)

    def holdout_series(self, limit: int | None = None, seed: int = 0) -> Sequences | None:
        """Return held-out windows, as `train_series`; None where nothing is held out."""
        return None if self.holdout is None else self._sequences(self.holdout, limit, seed)

    def window_subset(
        self, windows: Windows, limit: int | None = None, seed: int = 0
    ) -> np.ndarray:
        """Return the numbers (n,) of the windows that `train_series` takes of ``windows``."""
        subset = np.arange(len(windows))
        if windows.lengths is not None:
            random = rng(seed, "sequences")
            subset = one_window_per_sequence(self.table, windows.starts, random)
        if limit is not None and limit < len(subset):
            subset = np.sort(rng(seed, "subset").choice(subset, size=limit, replace=False))
        return subset

    def train_windows(self, limit: int | None = None, seed: int = 0) -> np.ndarray:
        """Return training windows as plain numbers (n, T, M) for metrics and figures."""
        return self.transform.numeric_features(self.train_series(limit, seed))

    def holdout_windows(self, limit: int | None = None, seed: int = 0) -> np.ndarray | None:
        """Return held-out windows, as `train_windows`; None where nothing is held out."""
        series = self.holdout_series(limit, seed)
        return None if series is None else self.transform.numeric_features(series)

    def train_dataloader(self) -> RandomWindows:
        """Return random batches, each process its share."""
        weights = None
        if self.transform.variable:  # all sequences alike, however many windows they have
            owner = sequence_of_window(self.table, self.train.starts)
            weights = 1.0 / np.bincount(owner)[owner]
        return RandomWindows(
            self.train,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            batches_per_step=self.batches_per_step,
            seed=self.seed,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
            weights=weights,
        )

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        """Move a batch to a GPU without waiting for the work that it does."""
        if device.type == "cuda":
            batch = batch.pin_memory()
        moved: Batch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def summary(self) -> str:
        """Return column types, seasons, relations and constraints as text for a terminal."""
        return table_summary(self.table, self.transform, self.detected, self.relations, self.train)

    def edges(self) -> Any:
        """Return the arguments of `Networks.set_length_thresholds`; None if there is one length."""
        if not self.transform.variable:
            return None
        assert self.train.context is not None
        lengths = np.asarray(self.train.lengths)
        return length_thresholds(lengths, self.train.context[:, -1], self.window)

    def describe(self) -> dict[str, Any]:
        """Return the part ``data`` of ``metrics.json``."""
        lengths = self.table.lengths
        return {
            "name": self.name,
            "file": None if self.options.path is None else Path(self.options.path).name,
            "rows": len(self.table.values),
            "sequences": len(lengths),
            "lengths": [int(lengths.min()), int(lengths.max())],
            "windows": len(self.train),
            "holdout_windows": 0 if self.holdout is None else len(self.holdout),
            "window": self.window,
            "stride": self.options.stride,
            "features": self.features,
            "context": list(self.transform.schema.context),
            "preprocessing": self.options.preprocessing,
            "split": self.split.description,
            "column_types": self.column_types,
            "fingerprint": self.fingerprint,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return what sampling needs of the data, for the checkpoint."""
        return {"fingerprint": self.fingerprint, "columns": self.transform.state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare a checkpoint's data with ours, and take up its transform: it may be calibrated.

        Raises:
            InputError: the checkpoint was trained on other data, or on the same prepared otherwise.
        """
        self._restored = state_dict
        if hasattr(self, "train"):
            self._take_up(state_dict)

    def _take_up(self, state_dict: dict[str, Any]) -> None:
        check_same_data(state_dict, self.state_dict())
        self.transform = TableTransform.from_state(state_dict["columns"])

    def _column_options(self) -> ColumnOptions:
        options = self.options
        return ColumnOptions(
            options.scaling,
            options.column_types,
            options.infer_types,
            self.constraints,
            options.custom_constraints or (),
            "off" if options.preprocessing == "reference" else options.seasonality,
            options.unconstrained_columns or (),
        )

    def _read_table(self) -> Table:
        """Return the table with its roles; the frame is released."""
        options = self.options
        frame, self._frame = self._read_frame(), None
        table = Table.from_frame(
            frame,
            options.columns,
            options.sequence_key,
            options.sequence_index,
            self._unless_reference(options.context_columns),
            options.exogenous or (),
            exclude=options.exclude or (),
            categories=[k for k, v in (options.column_types or {}).items() if v == "categorical"],
            na_values=self._unless_reference(options.na_values),
            time_zone=options.time_zone,
            keep_keys=options.keys == "original",
        )
        del frame
        if len(table.values) > MAX_ROWS:
            gc.collect()  # save_hyperparameters leaves a cycle that holds the frame
        return table

    def _unless_reference(self, given: list[Any] | None) -> list[Any] | None:
        """Return an option, or an empty list where the authors' code does not detect it."""
        return [] if given is None and self.options.preprocessing == "reference" else given

    def _read_frame(self) -> pd.DataFrame:
        options = self.options
        if self._frame is not None:
            return self._frame
        texts = tuple(mark for mark in options.na_values or () if isinstance(mark, str))
        known = (options.separator, options.decimal, options.header, options.encoding)
        if options.path is not None:
            return read_table(options.path, TextOptions(*known, texts))
        if options.generate is not None:
            return GENERATORS[options.generate](options.window or DEFAULT_WINDOW)
        if options.url is not None:
            return read_table(download(options.url, options.sha256), TextOptions(*known, texts))
        raise InputError(
            "dataset.path=null: there is no table. Set dataset.path=FILE (.csv, .parquet or .npz)."
        )

    def _cut(self, index: WindowIndex, encoded: EncodedTable) -> Windows:
        """Return windows of channels, each with its context."""
        static = None
        if self.transform.widths["context"]:
            owners = sequence_of_window(self.table, index.starts)
            lengths, context = self.lengths[owners], encoded.context[owners]
            context = np.hstack([context, encoded.starts[index.starts]])
            static = self.transform.transform_static(context, lengths)
        lengths_of = index.lengths if self.transform.variable else None
        return Windows(encoded.x, index.starts, self.window, lengths_of, static, encoded.exogenous)

    def _sequences(self, windows: Windows, limit: int | None, seed: int) -> Sequences:
        """Return windows of the table itself."""
        subset = self.window_subset(windows, limit, seed)
        lengths = None if windows.lengths is None else windows.lengths[subset]
        return self.windows_of_table(self.table, WindowIndex(windows.starts[subset], lengths))

    def windows_of_table(self, table: Table, index: WindowIndex) -> Sequences:
        """Return windows of a table like ours, in its units; NaN behind the end of each."""
        lengths = self._lengths(index)
        values = Windows(table.values, index.starts, self.window, lengths).all()
        values[np.arange(self.window) >= lengths[:, None]] = np.nan
        context = table.context[sequence_of_window(table, index.starts)]
        is_timed = table.time is not None and not self.transform.reversed
        starts = table.time[index.starts] if is_timed and table.time is not None else None
        return Sequences(values, lengths, context, starts)

    def _lengths(self, index: WindowIndex) -> np.ndarray:
        full = np.full(len(index.starts), self.window)
        return full if index.lengths is None else index.lengths
