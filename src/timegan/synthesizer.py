"""Fit, sample, save, load: the whole of timegan for people with a DataFrame."""

import inspect
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from warnings import catch_warnings, filterwarnings

import pandas as pd
from lightning import Trainer

from timegan.callbacks import Progress
from timegan.data import Columns, WindowDataModule
from timegan.errors import InputError, nearest
from timegan.io.export import export
from timegan.io.runs import read_run
from timegan.module import TimeGAN
from timegan.phases import Schedule
from timegan.sampling import sample

GIVEN = {"features", "context", "exogenous", "variable", "draws"} | {
    *("name", "path", "generate", "url", "sha256")
}
"""Arguments of the two modules that follow from others, or from what ``fit`` is given."""


class Synthesizer:
    """Learn a table of sequences and make more like them.

    Args:
        window: steps of a sequence.
        schedule: epochs of the phases; those that are left out follow from the data.
        seed: fixes the weights at the start, the batches and the noise.
        accelerator: ``cpu``, ``gpu`` or ``auto``.
        progress: say how far training is.
        options: any other argument of :class:`timegan.TimeGAN` or
            :class:`timegan.WindowDataModule`, by its name: ``hidden=24``, ``sequence_key="id"``.

    Raises:
        InputError: an option that does not exist, or whose value is out of range.

    >>> model = Synthesizer(window=24, hidden=32, sequence_key="person")
    >>> Synthesizer(window=24, hiden=32)
    Traceback (most recent call last):
        ...
    timegan.errors.InputError: There is no option 'hiden'. Did you mean 'hidden'?
    """

    def __init__(
        self,
        window: int = 24,
        *,
        schedule: Schedule | Mapping[str, int | None] | None = None,
        seed: int = 0,
        accelerator: str = "cpu",
        progress: bool = True,
        **options: Any,
    ) -> None:
        model, data = _names(TimeGAN), _names(WindowDataModule)
        for name in options:
            if name not in model | data:
                raise InputError(_unknown(name, model | data))
        both = {"window": window, "seed": seed}
        self.model_options = both | {k: v for k, v in options.items() if k in model}
        self.data_options = both | {k: v for k, v in options.items() if k in data}
        self.schedule = schedule
        self.accelerator = accelerator
        self.progress = progress
        self.fingerprint: str | None = None
        self._fitted: tuple[TimeGAN, Columns] | None = None

    def fit(self, table: pd.DataFrame | str | Path) -> Self:
        """Train from scratch on a DataFrame or on a ``.csv``, ``.parquet`` or ``.npz`` file.

        Raises:
            InputError: what is wrong with the table, and what to do about it.
        """
        options = {**self.data_options, "draws": self.model_options.get("generator_steps", 2) + 1}
        if isinstance(table, pd.DataFrame):
            data = WindowDataModule.from_frame(table, **options)
        else:
            data = WindowDataModule(path=str(table), **options)
        data.setup()
        schedule = self._schedule(data)
        model = TimeGAN(len(data.features), schedule=schedule, **self.model_options)
        with _quiet():
            trainer = Trainer(
                max_epochs=schedule.total,
                accelerator=self.accelerator,
                devices=1,
                logger=False,
                enable_checkpointing=False,
                enable_model_summary=False,
                enable_progress_bar=self.progress,
                callbacks=[Progress()] if self.progress else None,
            )
            trainer.fit(model, datamodule=data)
        self.fingerprint = data.fingerprint
        self._fitted = model.cpu().eval(), data.columns
        return self

    def sample(self, count: int, seed: int = 0) -> pd.DataFrame:
        """Synthetic sequences as one long table like the one that was learned.

        Sequence i depends on the seed and on i alone, not on ``count``.

        Raises:
            InputError: nothing was fitted, or the count is negative.
        """
        if count < 0:
            raise InputError(f"sample({count}): cannot make fewer than 0 sequences.")
        return self.columns.to_frame(self.columns.inverse(sample(self.model, count, seed=seed)))

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors`` and ``model.json`` to ``folder``.

        Raises:
            InputError: nothing was fitted, or the folder cannot be written to.
        """
        return export(self.model, self.columns, folder, fingerprint=self.fingerprint)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What ``save`` wrote; a run folder or a checkpoint of ``train.py`` will do as well.

        Raises:
            InputError: there is no model, or it is damaged.
        """
        run = read_run(path)
        synthesizer = cls(run.model.net.window)
        synthesizer._fitted = run.model, run.columns
        synthesizer.fingerprint = run.fingerprint
        return synthesizer

    @property
    def model(self) -> TimeGAN:
        """The trained model."""
        return self._ready()[0]

    @property
    def columns(self) -> Columns:
        """The columns of the table that was learned, and their scalings."""
        return self._ready()[1]

    def _ready(self) -> tuple[TimeGAN, Columns]:
        if self._fitted is None:
            raise InputError("This Synthesizer has learned nothing yet. Call fit(table) first.")
        return self._fitted

    def _schedule(self, data: WindowDataModule) -> Schedule:
        if isinstance(self.schedule, Schedule):
            return self.schedule
        return Schedule.for_data(len(data.train), data.steps_per_epoch, self.schedule)


def _names(module: type) -> set[str]:
    """The arguments that a user may give."""
    return set(inspect.signature(module).parameters) - GIVEN - {"window", "seed", "schedule"}


def _unknown(name: str, known: set[str]) -> str:
    near = nearest(name, sorted(known))
    hint = f"Did you mean {near!r}?" if near else f"There are: {', '.join(sorted(known))}."
    return f"There is no option {name!r}. {hint}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's remarks on hardware and data loaders, which are not the user's affair."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with catch_warnings():
            filterwarnings("ignore", module="lightning")
            yield
    finally:
        log.setLevel(level)
