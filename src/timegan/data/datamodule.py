"""From a table to batches of windows, and back: the LightningDataModule."""

import gc
from typing import Any, Self

import lightning
import numpy as np
import pandas as pd
import torch

from timegan.data.argument_checks import check_options
from timegan.data.compatibility import check_same
from timegan.data.imputation import treat
from timegan.data.loader import RandomWindows
from timegan.data.simulated import GENERATORS
from timegan.data.splits import halved
from timegan.data.window_index import (
    USUAL,
    Places,
    check_window,
    one_each,
    owners,
    part_and_places,
    part_of,
    usual_window,
    windows_of,
)
from timegan.data.windows import Windows
from timegan.errors import InputError
from timegan.nn.batch import Batch
from timegan.nn.length_coding import length_thresholds
from timegan.seeds import rng
from timegan.tables import Sequences, Table
from timegan.tables.readers import download, read_table
from timegan.transforms import Found
from timegan.transforms.detection.summary import text
from timegan.transforms.feature_view import measurable, names
from timegan.transforms.fitting import Wishes, fit_columns
from timegan.transforms.row_sample import MOST
from timegan.transforms.table_transform import TableTransform


class WindowDataModule(lightning.LightningDataModule):
    """Windows of a table: split, turned into channels, and drawn at random.

    Args:
        name: what to call the data in reports.
        path: a table (``.csv``, ``.parquet``, ``.npz``).
        generate: a table that the package simulates (``salary``, ``sines``), instead of a path.
        url: where to fetch the table when there is neither path nor generator.
        sha256: checksum of what ``url`` gives.
        columns: the features; None takes all columns that have no other role.
        sequence_key: the column that tells sequences apart; None takes a column ``sequence`` where
            there is one, and one long series otherwise.
        sequence_index: the column that holds the time; None takes dates that increase.
        context_columns: columns that are constant within a sequence: generated with it, or given.
        exogenous: labels of single steps: generated, or given.
        window: steps of a window; None: the longest sequence up to 100 steps, and 24 of longer ones
            and of a single series. Shorter sequences are kept, and their lengths learned.
        stride: rows from one window to the next.
        preprocessing: ``default`` holds a part out and fits scalings on the rest;
            ``reference`` prepares data as the TimeGAN authors' code does: time reversed, ranges of
            the whole table, the last window of a long series dropped, nothing held out.
        scaling: of numbers: ``auto``, ``minmax``, ``standard``, ``log`` or ``rank``.
        column_types: column -> type, where the detection is wrong.
        infer_types: False takes every number for a continuous one.
        missing: ``learn``, ``interpolate``, ``drop`` or ``error``.
        constraints: ``audit`` counts where rules of the real rows are broken, ``project`` changes
            what the model makes so that they are kept, ``off`` looks for none.
        rules: rules of one's own, such as ``High >= Low``.
        holdout: share of sequences or rows to hold out.
        batch_size: windows in a draw, over all processes.
        steps_per_epoch: batches in an epoch.
        batches_per_step: draws of windows in a batch.
        seed: of the order in which windows are drawn. The split does not depend on it.
        select_on_holdout: one half of what is held out is there to choose a model by
            (``validation``), and the other half (``holdout``) to report on.

    Raises:
        InputError: an option out of its range, now; anything about the data, in `setup`.
    """

    table: Table
    transform: TableTransform
    found: list[Found]
    train: Windows
    holdout: Windows | None
    validation: Windows | None
    """Held-out windows to look at while training; ``holdout`` unless half are set aside."""

    def __init__(
        self,
        name: str = "csv",
        path: str | None = None,
        generate: str | None = None,
        url: str | None = None,
        sha256: str | None = None,
        columns: list[str] | None = None,
        sequence_key: str | None = None,
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
        constraints: str = "audit",
        rules: list[str] | None = None,
        holdout: float = 0.1,
        batch_size: int = 64,
        steps_per_epoch: int = 50,
        batches_per_step: int = 3,
        seed: int = 0,
        select_on_holdout: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        check_options(self.hparams)
        self.options: Any = self.hparams
        self.name = name
        self.window: int = window or 0  # known once there is a table
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.batches_per_step = batches_per_step
        self.seed = seed
        self.wishes = Wishes(scaling, column_types, infer_types, constraints, rules or ())
        self._frame: pd.DataFrame | None = None
        self._restored: dict[str, Any] | None = None

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, **options: Any) -> Self:
        """The same for a table in memory; ``options`` are the constructor's."""
        data = cls(**options)
        data._frame = frame
        return data

    def prepare_data(self) -> None:
        """Download the table, once per machine, if it comes by URL."""
        local = self._frame is not None or self.options.path or self.options.generate
        if not local and self.options.url:
            download(self.options.url, self.options.sha256)

    def setup(self, stage: str | None = None) -> None:
        """Read, split, fit, window. A second call does nothing."""
        if hasattr(self, "train"):
            return
        options = self.options
        table = Table.from_frame(
            self._read(),
            options.columns,
            options.sequence_key,
            options.sequence_index,
            options.context_columns or (),
            options.exogenous or (),
        )
        self._frame = None  # the table has all of it
        if len(table.values) > MOST:
            gc.collect()  # save_hyperparameters leaves a cycle that holds the frame
        self.fingerprint = table.fingerprint
        table = treat(table, options.missing)
        self.window = self.window or usual_window(table.lengths)
        check_window(self.window, table.lengths)
        reference = options.preprocessing == "reference"
        backwards = reference and options.generate is None
        self.table = table = table.reversed() if backwards else table
        self.split, train, held = part_and_places(
            table, self.window, options.stride, options.holdout, reference=reference
        )
        self.transform, self.found = fit_columns(
            table,
            part_of(table, train, self.window, whole=reference),
            self.wishes,
            window=self.window,
            reversed=backwards,
        )
        x, labels = self.transform.transform(table)
        self.train = self._windows(x, labels, train)
        self.holdout = self._windows(x, labels, held) if len(held.starts) else None
        self.validation = self.holdout
        self.selects_on_holdout = options.select_on_holdout and self.holdout is not None
        if self.selects_on_holdout:
            self.validation, self.holdout = (
                self._windows(
                    x,
                    labels,
                    windows_of(runs, self.window, options.stride, held.lengths is not None),
                )
                for runs in halved(self.split.holdout, self.window)
            )
        if self._restored is not None:
            self._take_up(self._restored)

    @property
    def features(self) -> list[str]:
        """Names of the features and labels."""
        return self.transform.features

    @property
    def measured(self) -> list[str]:
        """Names of the features that metrics look at; see `timegan.transforms.feature_view`."""
        return names(*self.transform.facets(), self.transform.variable)

    def train_series(self, limit: int | None = None, seed: int = 0) -> Sequences:
        """Training windows in the table's units, time as the model sees it.

        Where lengths differ there is one window of each sequence, so that their lengths compare
        with those of synthetic sequences.

        Args:
            limit: at most so many, chosen at random.
            seed: of the choice.
        """
        return self._series(self.train, limit, seed)

    def holdout_series(self, limit: int | None = None, seed: int = 0) -> Sequences | None:
        """Held-out windows, as `train_series`; None where nothing is held out."""
        return None if self.holdout is None else self._series(self.holdout, limit, seed)

    def chosen(self, windows: Windows, limit: int | None = None, seed: int = 0) -> np.ndarray:
        """Numbers (n,) of the windows that `train_series` takes of ``windows``."""
        chosen = np.arange(len(windows))
        if windows.lengths is not None:
            chosen = one_each(self.table, windows.starts, rng(seed, "sequences"))
        if limit is not None and limit < len(chosen):
            chosen = np.sort(rng(seed, "subset").choice(chosen, size=limit, replace=False))
        return chosen

    def train_windows(self, limit: int | None = None, seed: int = 0) -> np.ndarray:
        """The same as plain numbers (n, T, M) for metrics and pictures."""
        return self.measurable(self.train_series(limit, seed))

    def holdout_windows(self, limit: int | None = None, seed: int = 0) -> np.ndarray | None:
        """Held-out windows, as `train_windows`; None where nothing is held out."""
        series = self.holdout_series(limit, seed)
        return None if series is None else self.measurable(series)

    def measurable(self, series: Sequences) -> np.ndarray:
        """Sequences of this table, real or synthetic, as plain numbers (n, T, M)."""
        facets, static = self.transform.facets()
        return measurable(
            series.values,
            series.lengths,
            facets,
            series.context if static else None,
            static,
            variable=self.transform.variable,
        )

    def train_dataloader(self) -> RandomWindows:
        """Random batches, each process its share."""
        weights = None
        if self.transform.variable:  # all sequences alike, however many windows they have
            owner = owners(self.table, self.train.starts)
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
        """To a GPU without waiting for what it does at the time."""
        if device.type == "cuda":
            batch = batch.pin_memory()
        moved: Batch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def summary(self) -> str:
        """What was found in the table, as text for a terminal: a row for each column."""
        kinds = [*self.transform.kinds, *self.transform.labels, *self.transform.static]
        return "\n".join([*self.table.notes, text(self.found, kinds)])

    def edges(self) -> Any:
        """Return the arguments of `Networks.set_length_thresholds`; None if there is one length."""
        if not self.transform.variable:
            return None
        assert self.train.context is not None
        lengths = np.asarray(self.train.lengths)
        return length_thresholds(lengths, self.train.context[:, -1], self.window)

    def describe(self) -> dict[str, Any]:
        """What ``metrics.json`` says about the data."""
        lengths = self.table.lengths
        return {
            "name": self.name,
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
            "split": self.split.way
            + ("; one half to choose by" if self.selects_on_holdout else ""),
            "column_types": {found.name: found.kind for found in self.found},
            "fingerprint": self.fingerprint,
        }

    def state_dict(self) -> dict[str, Any]:
        """What sampling needs of the data, for the checkpoint."""
        return {"fingerprint": self.fingerprint, "columns": self.transform.state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare a checkpoint's data with ours, and take up its columns: they may be calibrated.

        Raises:
            InputError: the checkpoint was trained on other data, or on the same prepared otherwise.
        """
        self._restored = state_dict
        if hasattr(self, "train"):
            self._take_up(state_dict)

    def _take_up(self, state_dict: dict[str, Any]) -> None:
        check_same(state_dict, self.state_dict())
        self.transform = TableTransform.from_state(state_dict["columns"])

    def _read(self) -> pd.DataFrame:
        if self._frame is not None:
            return self._frame
        options = self.options
        if options.path is not None:
            return read_table(options.path)
        if options.generate is not None:
            return GENERATORS[options.generate](self.window or USUAL)
        if options.url is not None:
            return read_table(download(options.url, options.sha256))
        raise InputError(
            "dataset.path is not given, and without it there is no table. "
            "Give dataset.path=FILE (.csv, .parquet or .npz)."
        )

    def _windows(self, x: np.ndarray, labels: np.ndarray | None, places: Places) -> Windows:
        """Windows of channels, with what goes with each."""
        static = None
        if self.transform.widths["context"]:
            lengths = places.lengths
            lengths = np.full(len(places.starts), self.window) if lengths is None else lengths
            context = self.table.context[owners(self.table, places.starts)]
            static = self.transform.transform_static(context, lengths)
        given = places.lengths if self.transform.variable else None
        return Windows(x, places.starts, self.window, given, static, labels)

    def _series(self, windows: Windows, limit: int | None, seed: int) -> Sequences:
        """Windows of the table itself."""
        chosen = self.chosen(windows, limit, seed)
        lengths = None if windows.lengths is None else windows.lengths[chosen]
        return self.cut(self.table, Places(windows.starts[chosen], lengths))

    def cut(self, table: Table, places: Places) -> Sequences:
        """Windows of a table like ours, in its units; NaN behind the end of each."""
        lengths = places.lengths
        lengths = np.full(len(places.starts), self.window) if lengths is None else lengths
        values = Windows(table.values, places.starts, self.window, lengths).all()
        values[np.arange(self.window) >= lengths[:, None]] = np.nan
        return Sequences(values, lengths, table.context[owners(table, places.starts)])
