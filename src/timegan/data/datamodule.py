"""From a table to batches of windows, and back: the LightningDataModule."""

from typing import Any, Self

import lightning
import numpy as np
import pandas as pd

from timegan.data.columns import Columns, check_scaling
from timegan.data.generated import GENERATORS
from timegan.data.identity import check_same
from timegan.data.loader import RandomWindows
from timegan.data.sources import download, read_table
from timegan.data.splits import Split, split
from timegan.tables.table import Table
from timegan.data.windows import Windows, valid_starts
from timegan.errors import InputError
from timegan.seeds import rng

PROTOCOLS = ("timegan", "reference")


class WindowDataModule(lightning.LightningDataModule):
    """Windows of a table: split, scaled, and drawn at random.

    Args:
        name: what to call the data in reports.
        path: a table (``.csv``, ``.parquet``, ``.npz``).
        generate: a table that the package simulates (``salary``, ``sines``), instead of a path.
        url: where to fetch the table when there is neither path nor generator.
        sha256: checksum of what ``url`` gives.
        columns: the features; None takes all columns but the key.
        sequence_key: the column that tells sequences apart; None takes a column ``sequence`` where
            there is one, and one long series otherwise.
        window: steps of a window.
        stride: rows from one window to the next.
        protocol: ``timegan`` holds a part out and fits scalings on the rest; ``reference`` prepares
            data as the TimeGAN authors' code does: time reversed, ranges of the whole table, the
            last window of a long series dropped, nothing held out.
        scaling: ``auto``, ``minmax``, ``standard`` or ``rank``.
        holdout: share of sequences or rows to hold out.
        batch_size: windows in a draw, over all processes.
        steps_per_epoch: batches in an epoch.
        draws: draws of windows in a batch.
        seed: of the order in which windows are drawn. The split does not depend on it.

    Raises:
        InputError: an option out of its range, now; anything about the data, in `setup`.
    """

    table: Table
    columns: Columns
    train: Windows
    holdout: Windows | None

    def __init__(
        self,
        name: str = "csv",
        path: str | None = None,
        generate: str | None = None,
        url: str | None = None,
        sha256: str | None = None,
        columns: list[str] | None = None,
        sequence_key: str | None = None,
        window: int = 24,
        stride: int = 1,
        protocol: str = "timegan",
        scaling: str = "auto",
        holdout: float = 0.1,
        batch_size: int = 64,
        steps_per_epoch: int = 50,
        draws: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.name = name
        self.path = path
        self.generate = generate
        self.url = url
        self.sha256 = sha256
        self.chosen = columns
        self.sequence_key = sequence_key
        self.window = window
        self.stride = stride
        self.protocol = protocol
        self.scaling = scaling
        self.share = holdout
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.draws = draws
        self.seed = seed
        self._frame: pd.DataFrame | None = None
        self._restored: dict[str, Any] | None = None
        self._check_options()

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, **options: Any) -> Self:
        """The same for a table in memory; ``options`` are the constructor's."""
        data = cls(**options)
        data._frame = frame
        return data

    def prepare_data(self) -> None:
        """Download the table, once per machine, if it comes by URL."""
        if self._frame is None and self.path is None and self.generate is None and self.url:
            download(self.url, self.sha256)

    def setup(self, stage: str | None = None) -> None:
        """Read, split, fit, window. A second call does nothing."""
        if hasattr(self, "train"):
            return
        table = Table.from_frame(self._read(), self.chosen, self.sequence_key)
        self._check_window(table.lengths)
        self.fingerprint = table.fingerprint
        backwards = self.protocol == "reference" and self.generate is None
        self.table = table = table.reversed() if backwards else table
        self.split, starts = self._split(table)
        rows, breaks = self._training_rows(starts)
        self.columns = Columns.fit(
            table.values[rows], table.schema, self.scaling, breaks=breaks, reversed=backwards
        )
        scaled = self.columns.transform(table.values)
        self.train = Windows(scaled, starts, self.window)
        held = valid_starts(self.split.holdout, self.window, self.stride)
        self.holdout = Windows(scaled, held, self.window) if len(held) else None
        if self._restored is not None:
            check_same(self._restored, self.state_dict())

    @property
    def features(self) -> list[str]:
        """Names of the features."""
        return self.columns.features

    def train_windows(self, limit: int | None = None, seed: int = 0) -> np.ndarray:
        """Training windows (n, T, C) in the table's units, time as the model sees it.

        Args:
            limit: at most so many, chosen at random.
            seed: of the choice.
        """
        return self._original(self.train.starts, limit, seed)

    def holdout_windows(self, limit: int | None = None, seed: int = 0) -> np.ndarray | None:
        """Held-out windows, as `train_windows`; None where nothing is held out."""
        return None if self.holdout is None else self._original(self.holdout.starts, limit, seed)

    def train_dataloader(self) -> RandomWindows:
        """Random batches for this process."""
        return RandomWindows(
            self.train,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            draws=self.draws,
            seed=self.seed,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
        )

    def describe(self) -> dict[str, Any]:
        """What ``metrics.json`` says about the data."""
        return {
            "name": self.name,
            "rows": len(self.table.values),
            "sequences": len(self.table.bounds),
            "sequences_too_short": int((self.table.lengths < self.window).sum()),
            "windows": len(self.train),
            "holdout_windows": 0 if self.holdout is None else len(self.holdout),
            "window": self.window,
            "stride": self.stride,
            "features": self.features,
            "protocol": self.protocol,
            "split": self.split.way,
            "scaling": self.columns.scaling,
            "fingerprint": self.fingerprint,
        }

    def state_dict(self) -> dict[str, Any]:
        """What sampling needs of the data, for the checkpoint."""
        return {"fingerprint": self.fingerprint, "columns": self.columns.state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare a checkpoint's data with ours.

        Raises:
            InputError: the checkpoint was trained on other data, or on the same scaled otherwise.
        """
        self._restored = state_dict
        if hasattr(self, "train"):
            check_same(state_dict, self.state_dict())

    def _check_options(self) -> None:
        if self.window < 2:
            raise InputError(f"dataset.window={self.window}: a window needs at least 2 steps.")
        for key in ("stride", "batch_size", "steps_per_epoch", "draws"):
            if getattr(self, key) < 1:
                raise InputError(f"dataset.{key}={getattr(self, key)} must be at least 1.")
        if not 0 <= self.share < 1:
            raise InputError(
                f"dataset.holdout={self.share} is a share of the data: give 0 (nothing held out) "
                "or more, and less than 1."
            )
        if self.protocol not in PROTOCOLS:
            raise InputError(
                f"dataset.protocol={self.protocol} is unknown: choose {' or '.join(PROTOCOLS)}."
            )
        if self.generate is not None and self.generate not in GENERATORS:
            raise InputError(
                f"dataset.generate={self.generate} is unknown: the package can simulate "
                f"{' and '.join(GENERATORS)}."
            )
        check_scaling(self.scaling)

    def _read(self) -> pd.DataFrame:
        if self._frame is not None:
            return self._frame
        if self.path is not None:
            return read_table(self.path)
        if self.generate is not None:
            return GENERATORS[self.generate](self.window)
        if self.url is not None:
            return read_table(download(self.url, self.sha256))
        raise InputError(
            "dataset.path is not given, and without it there is no table. "
            "Give dataset.path=FILE (.csv, .parquet or .npz)."
        )

    def _check_window(self, lengths: np.ndarray) -> None:
        if lengths.max() < self.window:
            what = "every sequence" if len(lengths) > 1 else "the series"
            raise InputError(
                f"dataset.window={self.window} is longer than {what}: the longest has "
                f"{lengths.max()} rows. Give {lengths.max()} or less."
            )

    def _split(self, table: Table) -> tuple[Split, np.ndarray]:
        """The runs of rows that train and are held out, and the starts of the training windows."""
        if self.protocol != "reference":
            parts = split(table.bounds, self.window, self.share)
            return parts, valid_starts(parts.train, self.window, self.stride)
        parts = Split(table.bounds, table.bounds[:0], "nothing held out, as the reference does")
        starts = valid_starts(parts.train, self.window, self.stride)
        if len(table.lengths) == 1 and len(starts) > 1:  # the authors' range(len - T)
            starts = starts[starts < table.lengths[0] - self.window]
        return parts, starts

    def _training_rows(self, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows to fit on (the reference: all; else what training windows contain), and breaks."""
        covered = Windows(self.table.values, starts, self.window).covered()
        if self.protocol == "reference":
            covered[:] = True
        rows = np.flatnonzero(covered)
        first = np.zeros(len(covered), dtype=bool)
        first[self.table.bounds[:, 0]] = True
        follows = np.diff(rows, prepend=rows[0] - 1) == 1
        return rows, np.flatnonzero(~follows | first[rows])

    def _original(self, starts: np.ndarray, limit: int | None, seed: int) -> np.ndarray:
        if limit is not None and limit < len(starts):
            chosen = rng(seed, "subset").choice(len(starts), size=limit, replace=False)
            starts = starts[np.sort(chosen)]
        return Windows(self.table.values, starts, self.window).all()
