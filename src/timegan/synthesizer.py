"""Fit, sample, evaluate, save, load: the whole of timegan for people with a DataFrame."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from warnings import catch_warnings, filterwarnings, warn

import numpy as np
import pandas as pd
import torch

from timegan.errors import InputError, errors_for_python, short_message
from timegan.parameters import Parameters, plain_value
from timegan.sampling.conditioning import parse_context, parse_exogenous
from timegan.sampling.sequences import generate
from timegan.sampling.start_times import StartTime, parse_starts
from timegan.serialization.model_folder import TrainedModel, export_model
from timegan.serialization.runs import read_run
from timegan.serialization.training_position import TrainingPosition
from timegan.signatures import Argument, check_arguments, read_signature
from timegan.tables.frames import to_frame
from timegan.tables.sdv_metadata import options_of_metadata
from timegan.training.schedule import Schedule
from timegan.transforms.table_transform import TableTransform

if TYPE_CHECKING:  # sampling does without Lightning, whose import takes seconds
    from timegan.data import WindowDataModule
    from timegan.training.module import TimeGAN

DATA_MODULE = "timegan.data.datamodule.WindowDataModule"
MODULE = "timegan.training.module.TimeGAN"

DERIVED_ARGUMENTS = {"features", "context", "variable_length", "batches_per_step"} | {
    *("name", "path", "generate", "url", "sha256")
}
"""Arguments of the two modules that follow from others or from the table."""

MAX_THREADS = 1_024
"""Threads that a loaded model can ask for, at most."""

Table = Any
"""A DataFrame, an array, a list of them, or a file; see `timegan.tables.frames.to_frame`."""


class Synthesizer(Parameters):
    """A generator of tables: it learns a table of sequences and samples similar ones.

    Args:
        window: steps of a sequence; None: the longest sequence up to 100 steps, else 24.
        schedule: epochs of the phases; those that are left out follow from the data. With
            ``patience`` a phase ends after so many epochs without improvement.
        seed: fixes the initial weights, the batches and the noise.
        accelerator: ``cpu``, ``gpu`` or ``auto``.
        threads: threads of torch; small recurrent networks are slower with more than one.
        progress: print the detected column types and the progress of training.
        options: any other argument of :class:`timegan.TimeGAN` or
            :class:`timegan.WindowDataModule`, by its name: ``hidden=24``, ``sequence_key="id"``,
            ``context_columns=["site"]``, ``column_types={"Volume": "nonnegative"}``.

    Raises:
        InputError: an option does not exist, or its value is out of range.

    >>> model = Synthesizer(hidden=32, sequence_key="person", context_columns=["site"])
    >>> Synthesizer(window=24, hiden=32)
    Traceback (most recent call last):
        ...
    timegan.errors.InputError: There is no option 'hiden'. Did you mean 'hidden'?
    """

    def __init__(
        self,
        window: int | None = None,
        *,
        schedule: Schedule | Mapping[str, int | None] | None = None,
        seed: int = 0,
        accelerator: str = "cpu",
        threads: int = 1,
        progress: bool = True,
        **options: Any,
    ) -> None:
        self.window = window
        self.schedule = schedule
        self.seed = seed
        self.accelerator = accelerator
        self.threads = threads
        self.progress = progress
        self.options = options
        self.fingerprint: str | None = None
        self._unfinished: TrainingPosition | None = None
        self._fitted: tuple[TimeGAN | TrainedModel, TableTransform] | None = None
        with errors_for_python():
            self._check(self.get_params())

    @classmethod
    def from_sdv_metadata(cls, metadata: Any, **options: Any) -> Self:
        """Return an unfitted Synthesizer with the roles and types of SDV's metadata.

        Args:
            metadata: a ``metadata.json``, its content, or SDV's own object.
            options: arguments of the constructor, which come before those of the metadata.

        Raises:
            InputError: the metadata cannot be read, or describe several tables.

        >>> columns = {"id": {"sdtype": "id"}, "day": {"sdtype": "datetime"}}
        >>> keys = {"sequence_key": "id", "sequence_index": "day"}
        >>> Synthesizer.from_sdv_metadata({"columns": columns, **keys})
        Synthesizer(sequence_key='id', sequence_index='day')
        """
        return cls(**(options_of_metadata(metadata) | options))

    @errors_for_python()
    def fit(
        self,
        table: Table,
        *,
        sequence_key: str | None = None,
        sequence_index: str | None = None,
        context_columns: Sequence[str] | None = None,
        window: int | None = None,
        **options: Any,
    ) -> Self:
        """Train from scratch on a table.

        Args:
            table: a DataFrame of pandas, polars or any library with ``to_pandas``, one row a step;
                an array (T, C) of one series, or (N, T, C) of sequences; a list with a table for
                each sequence; a file or a pattern of files (``logs/*.csv``).
            sequence_key: the column that tells sequences apart.
            sequence_index: the column that holds the time.
            context_columns: columns that are constant within a sequence; None takes the features
                that never change within one, [] none.
            window: steps of a sequence.
            options: options of the constructor, which they replace.

        Raises:
            InputError: the table or an option cannot be used.
        """
        from lightning import Callback

        from timegan.training.callbacks import PhaseProgressBar, SampleMonitor, ThresholdCalibration
        from timegan.training.callbacks.sample_distance import MAX_FEW
        from timegan.training.factory import build_model
        from timegan.training.fit import build_trainer, fit_model

        named = {
            "sequence_key": sequence_key,
            "sequence_index": sequence_index,
            "context_columns": context_columns,
        }
        given = {k: v for k, v in named.items() if v is not None} | options
        self.set_params(**given, **({} if window is None else {"window": window}))
        data = self._data(table)
        data.setup()
        if self.progress:
            print(data.summary(), flush=True)  # noqa: T201
        model = build_model(data, self.schedule, seed=self.seed, **self._options_of(MODULE))
        can_end_early = model.schedule.patience is not None or len(data.train) < MAX_FEW
        callbacks: list[Callback] = [
            *([SampleMonitor()] if self.progress or can_end_early else []),
            ThresholdCalibration(),
            *([PhaseProgressBar()] if self.progress else []),
        ]
        with _quiet(), torch_threads(self.threads):
            trainer = build_trainer(model, data, callbacks, accelerator=self.accelerator, devices=1)
            fit_model(trainer, model, data)
        self.fingerprint, self._unfinished = data.fingerprint, None
        self._fitted = model.cpu().eval(), data.transform
        return self

    @errors_for_python()
    def sample(
        self,
        count: int = 1,
        seed: int = 0,
        *,
        context: Any = None,
        exogenous: Any = None,
        steps: int | None = None,
        start: StartTime | Sequence[StartTime] | None = None,
    ) -> pd.DataFrame:
        """Return synthetic sequences as one long table with the columns of the training table.

        Sequence i depends on the seed, on i and on its own conditions alone, not on ``count``.

        Args:
            count: number of sequences; conditions and a list of start times set it to their own
                number.
            seed: seed of all random numbers.
            context: context columns, one row a sequence: a DataFrame, or a dict of lists. A dict of
                single values holds for all ``count`` sequences. Columns that are left out are drawn
                as they go with the others. A column ``length`` sets the rows of each sequence.
            exogenous: exogenous columns of every step, ``window`` rows a sequence; None: the model
                samples them.
            steps: length of each sequence; None: a window's, or in a table with a sequence key
                lengths like those of the real sequences. Beyond the window, see
                :mod:`timegan.sampling.long_series`.
            start: time of the first row of all sequences, such as ``"2026-01-05 07:00"``, or a
                list with one for each; None: times at which real windows start.

        Raises:
            InputError: nothing was fitted, ``count`` is negative, or conditions or start times do
                not fit the model.
        """
        model, transform = self._require_fitted()
        arguments = {"count": count, "seed": seed} | ({} if steps is None else {"steps": steps})
        check_numbers(arguments)
        count, seed = int(count), int(seed)
        window = model.net.window
        given = channels = None
        if context is not None:
            given = parse_context(_conditions(context, count, "context"), transform)
            for note in given.notes:
                warn(note, stacklevel=3)
        if exogenous is not None:
            frame = _conditions(exogenous, count * window, "exogenous")
            channels = parse_exogenous(frame, transform, window)
        conditions = given if given is not None else channels
        count = count if conditions is None else len(conditions)
        if start is not None and not isinstance(start, StartTime) and conditions is None:
            count = len(start)
        starts = None if start is None else parse_starts(start, transform, count)
        with torch_threads(self.threads):
            sequences = generate(
                model,
                transform,
                count,
                seed=seed,
                context=given,
                exogenous=channels,
                steps=steps,
                whole=True,
                starts=starts,
            )
        return transform.to_frame(sequences)

    @errors_for_python()
    def complete(
        self, table: Table, *, steps: int = 0, count: int = 1, seed: int = 0
    ) -> pd.DataFrame:
        """Continue the sequences of a table, and fill its empty cells, ``count`` times.

        Given cells come back as they are. Draw d of sequence i depends on the seed, on i and d, and
        on what is given of the sequence.

        Args:
            table: with the columns of the training table, in any form that `fit` takes. Empty cells
                of features are drawn: single ones, gaps, and whole columns.
            steps: added to the end of each sequence; they may go beyond the window.
            count: draws of each sequence.
            seed: seed of all random numbers.

        Returns:
            The completed sequences, draw after draw, with the number of the draw in ``draw``.

        Raises:
            InputError: nothing was fitted, the model was trained without ``completion=True``, the
                table is not like the training table, or nothing is to be drawn.
        """
        from timegan.sampling.completion import GivenTable, complete

        model, transform = self._require_fitted()
        check_numbers({"steps": steps, "count": count, "seed": seed})
        given = GivenTable.read(to_frame(table), transform, int(steps))
        with torch_threads(self.threads):
            frames = list(complete(model, transform, given, max(int(count), 1), seed=int(seed)))
        is_numbered = isinstance(frames[0].index, pd.RangeIndex)
        return pd.concat(frames, ignore_index=is_numbered)

    @errors_for_python()
    def evaluate(
        self, table: Table, *, count: int | None = None, protocol: str = "strict", **options: Any
    ) -> dict[str, Any]:
        """Return the scores of new samples against real data; see :func:`timegan.evaluate`.

        Args:
            table: the real one that was learned, of which a part was held out.
            count: sequences to draw; None: as many as there are windows, from 1,000 to 5,000, or to
                20,000 by the published protocol.
            protocol: ``quick``, ``published``, ``published_strong`` or ``strict``.
            options: of the protocol, such as ``classifiers=10``.
        """
        from timegan.evaluation import evaluate_model  # metrics, which not every user needs

        model, transform = self._require_fitted()
        data = self._data(table)
        return evaluate_model(data, model, transform, count, protocol, seed=self.seed, **options)

    @errors_for_python()
    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write ``model.safetensors``, ``model.json`` and a model card to ``folder``.

        Args:
            folder: a new or an empty folder.
            overwrite: replace an older model in ``folder``.

        Raises:
            InputError: nothing was fitted, the folder holds files or belongs to a run, or it cannot
                be written to.
        """
        options = {k: v for k, v in self.get_params().items() if k not in ("schedule", "progress")}
        return export_model(
            self.model,
            self.table_transform,
            folder,
            fingerprint=self.fingerprint,
            options=options,
            unfinished=self._unfinished,
            overwrite=overwrite,
        )

    @classmethod
    @errors_for_python()
    def load(cls, path: str | Path) -> Self:
        """Load a saved model, a run folder or a checkpoint of ``train.py``.

        Raises:
            InputError: there is no model, or it is damaged.
        """
        run = read_run(path)
        options = {"window": run.model.net.window} | run.options
        try:
            options = check_arguments(f"{__name__}.{cls.__name__}", options)
            check_threads(options.get("threads", 1))
            synthesizer = cls(**options)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{path}: model.json has options that Synthesizer does not take "
                f"({short_message(error)}). Remove `options` from model.json."
            ) from error
        synthesizer._fitted = run.model, run.transform
        synthesizer.fingerprint, synthesizer._unfinished = run.fingerprint, run.unfinished
        return synthesizer

    @property
    def model(self) -> "TimeGAN":
        """Trained model."""
        model, transform = self._require_fitted()
        if isinstance(model, TrainedModel):
            model = model.to_module()
            self._fitted = model, transform
        return model

    @property
    def table_transform(self) -> TableTransform:
        """Transform between the training table and channels of the model."""
        return self._require_fitted()[1]

    def _require_fitted(self) -> "tuple[TimeGAN | TrainedModel, TableTransform]":
        if self._fitted is None:
            raise InputError("This Synthesizer is not fitted. Call fit(table) first.")
        return self._fitted

    def _data(self, table: Table) -> "WindowDataModule":
        from timegan.data import WindowDataModule

        batches = int(self.options.get("generator_steps", 2)) + 1
        options: dict[str, Any] = {
            "window": plain_value(self.window),
            "seed": self.seed,
            "batches_per_step": batches,
        }
        options |= self._options_of(DATA_MODULE)
        if self._stops_early():  # held-out windows choose the ends, so scores need others
            options["select_on_holdout"] = True
        elif self.options.get("completion"):  # they calibrate completions
            options["select_on_holdout"] = None
        if isinstance(table, str | Path):
            return WindowDataModule(path=str(table), **options)
        return WindowDataModule.from_frame(to_frame(table), **options)

    def _options_of(self, module: str) -> dict[str, Any]:
        """Return the options of one of the two modules."""
        names = option_names(module)
        return {k: plain_value(v) for k, v in self.options.items() if k in names}

    def _stops_early(self) -> bool:
        schedule = self.schedule
        if isinstance(schedule, Schedule):
            return schedule.patience is not None
        return (schedule or {}).get("patience") is not None

    @classmethod
    def _check(cls, params: Mapping[str, Any]) -> None:
        super()._check(params)
        schedule = params.get("schedule")
        if schedule is not None and not isinstance(schedule, Schedule | Mapping):
            raise InputError(
                f"schedule={schedule!r}: this has to be a dict of epochs, such as "
                "{'joint': 100}, a Schedule, or None."
            )
        try:
            check_threads(params.get("threads", 1))
        except ValueError as error:
            raise InputError(f"{error}.") from error

    @classmethod
    def _arguments(cls) -> dict[str, Argument]:
        own = read_signature(f"{__name__}.{Synthesizer.__qualname__}") or {}
        known = {name: own[name] for name in cls._named()}
        for module in (MODULE, DATA_MODULE):
            signature = read_signature(module) or {}
            known |= {name: signature[name] for name in option_names(module)}
        return known


def option_names(module: str) -> set[str]:
    """Return the arguments that a user may give; ``exogenous`` is one of the data module."""
    names = set(read_signature(module) or ()) - DERIVED_ARGUMENTS - {"window", "seed", "schedule"}
    return names - {"exogenous"} if module == MODULE else names


def check_numbers(arguments: Mapping[str, Any]) -> None:
    """Raise an InputError unless all arguments are whole numbers that are not negative."""
    for name, value in arguments.items():
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise InputError(f"{name}={value!r} is no whole number. Give one, such as {name}=100.")
        if value < 0:
            raise InputError(f"{name}={value} is below 0. Give a number from 0 on.")


def _conditions(given: Any, rows: int, name: str) -> pd.DataFrame:
    """Return conditions as a DataFrame; single values hold for all rows."""
    if isinstance(given, list | tuple) and given and all(isinstance(cell, str) for cell in given):
        raise InputError(
            f"{name} is a list of texts, and no column is named. Give a dict of columns, such as "
            f"{name}={{'column': {list(given)!r:.60}}}."
        )
    if not isinstance(given, Mapping):
        return to_frame(given, name)
    is_single = [np.ndim(value) == 0 for value in given.values()]
    try:
        return pd.DataFrame(given, index=range(rows) if all(is_single) else None)
    except ValueError as error:
        lengths = ", ".join(
            f"{key!r}: {len(value)}" for key, value in given.items() if np.ndim(value)
        )
        raise InputError(
            f"{name} has lists of several lengths ({lengths}). Give one value, or one for each row."
        ) from error


def check_threads(threads: int) -> None:
    """Raise a ValueError for a number of threads that would harm the machine."""
    if not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"threads={threads}: give a number from 1 to {MAX_THREADS:,}")


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Set the number of torch's threads within a block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Lightning's remarks on hardware and data loaders within a block."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with catch_warnings():
            filterwarnings("ignore", module="lightning")
            yield
    finally:
        log.setLevel(level)
