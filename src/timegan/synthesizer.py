"""Fit, sample, evaluate, save, load: the whole of timegan for people with a DataFrame."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from warnings import catch_warnings, filterwarnings

import pandas as pd
import torch

from timegan.errors import InputError, brief, nearest
from timegan.sampling.conditioning import parse_context, parse_exogenous
from timegan.sampling.sequences import generate
from timegan.serialization.model_folder import TrainedModel, export
from timegan.serialization.runs import read_run
from timegan.signatures import check_arguments, read_signature
from timegan.training.schedule import Schedule
from timegan.transforms.table_transform import TableTransform

if TYPE_CHECKING:  # Lightning, which takes seconds to import, and which sampling does without
    from timegan.data import WindowDataModule
    from timegan.training.module import TimeGAN

DATA_MODULE = "timegan.data.datamodule.WindowDataModule"
MODULE = "timegan.training.module.TimeGAN"

GIVEN = {"features", "context", "variable_length", "batches_per_step"} | {
    *("name", "path", "generate", "url", "sha256")
}
"""Arguments of the two modules that follow from others, or from what ``fit`` is given."""

MOST_THREADS = 1_024
"""That a model of somebody else can ask for."""

Table = pd.DataFrame | str | Path


class Synthesizer:
    """Learn a table of sequences and make more like them.

    Args:
        window: steps of a sequence; None: the longest sequence up to 100 steps, else 24.
        schedule: epochs of the phases; those that are left out follow from the data. With
            ``patience`` a phase ends early when nothing becomes better for so many epochs.
        seed: fixes the weights at the start, the batches and the noise.
        accelerator: ``cpu``, ``gpu`` or ``auto``.
        threads: of torch; small recurrent networks are slower with more than one.
        progress: say what was found in the table, and how far training is.
        options: any other argument of :class:`timegan.TimeGAN` or
            :class:`timegan.WindowDataModule`, by its name: ``hidden=24``, ``sequence_key="id"``,
            ``context_columns=["site"]``, ``column_types={"Volume": "nonnegative"}``.

    Raises:
        InputError: an option that does not exist, or whose value is out of range.

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
        self._fitted: tuple[TimeGAN | TrainedModel, TableTransform] | None = None
        self._check(options)

    def get_params(self) -> dict[str, Any]:
        """All arguments: ``Synthesizer(**model.get_params())`` is like this one, not yet fitted."""
        names = ("window", "schedule", "seed", "accelerator", "threads", "progress")
        return {name: getattr(self, name) for name in names} | self.options

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
        """Train from scratch on a DataFrame or on a ``.csv``, ``.parquet`` or ``.npz`` file.

        Args:
            table: one row a step.
            sequence_key: the column that tells sequences apart.
            sequence_index: the column that holds the time.
            context_columns: columns that are constant within a sequence.
            window: steps of a sequence.
            options: as those of the constructor, which they replace.

        Raises:
            InputError: what is wrong with the table, and what to do about it.
        """
        from lightning import Callback

        from timegan.training.callbacks import PhaseProgressBar, SampleMonitor, ThresholdCalibration
        from timegan.training.factory import build_model
        from timegan.training.fit import build_trainer, fit_model

        named = {
            "sequence_key": sequence_key,
            "sequence_index": sequence_index,
            "context_columns": None if context_columns is None else list(context_columns),
        }
        self._check(options)
        self.options |= {k: v for k, v in named.items() if v is not None} | options
        self.window = self.window if window is None else window
        if self._patient():  # ends are chosen by held-out windows: `evaluate` has to know
            self.options["select_on_holdout"] = True
        data = self._data(table)
        data.setup()
        if self.progress:
            print(data.summary(), flush=True)  # noqa: T201
        model = build_model(data, self.schedule, seed=self.seed, **self._part(MODULE))
        callbacks: list[Callback] = [
            *([SampleMonitor()] if self.progress or model.schedule.patience is not None else []),
            ThresholdCalibration(),
            *([PhaseProgressBar()] if self.progress else []),
        ]
        with _quiet(), using(self.threads):
            trainer = build_trainer(model, data, callbacks, accelerator=self.accelerator, devices=1)
            fit_model(trainer, model, data)
        self.fingerprint = data.fingerprint
        self._fitted = model.cpu().eval(), data.transform
        return self

    def sample(
        self,
        count: int = 1,
        seed: int = 0,
        *,
        context: pd.DataFrame | None = None,
        exogenous: pd.DataFrame | None = None,
        steps: int | None = None,
    ) -> pd.DataFrame:
        """Synthetic sequences as one long table like the one that was learned.

        Sequence i depends on the seed, on i and on what is asked for it alone, not on ``count``.

        Args:
            count: sequences to make; with a context as many as that has rows.
            seed: of all that is drawn.
            context: a row for each sequence, with the context columns that it is to have.
            exogenous: exogenous columns of every step, as rows of sequences of a window's steps.
            steps: of each sequence, where it is to be longer than the window; see
                :mod:`timegan.sampling.long_series`.

        Raises:
            InputError: nothing was fitted, the count is negative, or what is asked for is not what
                the model knows.
        """
        model, transform = self._ready()
        if count < 0:
            raise InputError(f"sample({count}): cannot make fewer than 0 sequences.")
        given = None if context is None else parse_context(context, transform)
        channels = (
            None if exogenous is None else parse_exogenous(exogenous, transform, model.net.window)
        )
        asked = given if given is not None else channels
        count = count if asked is None else len(asked)
        with using(self.threads):
            made = generate(
                model, transform, count, seed=seed, context=given, exogenous=channels, steps=steps
            )
        return transform.to_frame(made)

    def evaluate(
        self, table: Table, *, count: int | None = None, protocol: str = "strict", **options: Any
    ) -> dict[str, Any]:
        """Scores of fresh samples against real data; see :func:`timegan.evaluate`.

        Args:
            table: the real one that was learned, of which a part was held out.
            count: sequences to draw; None: as many as there are windows, from 1,000 to 5,000, or to
                20,000 by the published protocol.
            protocol: ``quick``, ``published``, ``published_strong`` or ``strict``.
            options: of the protocol, such as ``classifiers=10``.
        """
        from timegan.evaluation import evaluate_model  # metrics, which not every user needs

        model, transform = self._ready()
        data = self._data(table)
        return evaluate_model(data, model, transform, count, protocol, seed=self.seed, **options)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write ``model.safetensors``, ``model.json`` and a model card to ``folder``.

        Args:
            folder: a new or an empty one.
            overwrite: replace an older model in ``folder``.

        Raises:
            InputError: nothing was fitted, the folder holds files or belongs to a run, or it cannot
                be written to.
        """
        options = {k: v for k, v in self.get_params().items() if k not in ("schedule", "progress")}
        return export(
            self.model,
            self.table_transform,
            folder,
            fingerprint=self.fingerprint,
            options=options,
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What ``save`` wrote; a run folder or a checkpoint of ``train.py`` will do as well.

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
                f"{path}: its options are not those of a Synthesizer ({brief(error)}). Take "
                "`options` out of model.json."
            ) from error
        synthesizer._fitted = run.model, run.transform
        synthesizer.fingerprint = run.fingerprint
        return synthesizer

    @property
    def model(self) -> "TimeGAN":
        """The trained model."""
        model, transform = self._ready()
        if isinstance(model, TrainedModel):
            model = model.to_module()
            self._fitted = model, transform
        return model

    @property
    def table_transform(self) -> TableTransform:
        """The columns of the table that was learned, and their ways to the model."""
        return self._ready()[1]

    def _ready(self) -> "tuple[TimeGAN | TrainedModel, TableTransform]":
        if self._fitted is None:
            raise InputError("This Synthesizer has learned nothing yet. Call fit(table) first.")
        return self._fitted

    def _data(self, table: Table) -> "WindowDataModule":
        from timegan.data import WindowDataModule

        batches = int(self.options.get("generator_steps", 2)) + 1
        options: dict[str, Any] = {
            "window": self.window,
            "seed": self.seed,
            "batches_per_step": batches,
        }
        options |= self._part(DATA_MODULE)
        if isinstance(table, pd.DataFrame):
            return WindowDataModule.from_frame(table, **options)
        return WindowDataModule(path=str(table), **options)

    def _part(self, module: str) -> dict[str, Any]:
        """Those of the options that are for one of the two modules."""
        return {k: v for k, v in self.options.items() if k in names_of(module)}

    def _patient(self) -> bool:
        schedule = self.schedule
        if isinstance(schedule, Schedule):
            return schedule.patience is not None
        return (schedule or {}).get("patience") is not None

    @staticmethod
    def _check(options: Mapping[str, Any]) -> None:
        known = names_of(MODULE) | names_of(DATA_MODULE)
        for name in options:
            if name not in known:
                near = nearest(name, sorted(known))
                hint = (
                    f"Did you mean {near!r}?" if near else f"There are: {', '.join(sorted(known))}."
                )
                raise InputError(f"There is no option {name!r}. {hint}")


def names_of(module: str) -> set[str]:
    """Return the arguments that a user may give; ``exogenous`` is one of the data module."""
    names = set(read_signature(module) or ()) - GIVEN - {"window", "seed", "schedule"}
    return names - {"exogenous"} if module == MODULE else names


def check_threads(threads: int) -> None:
    """Raises ValueError where a number of threads would harm the machine."""
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads={threads}: 1 to {MOST_THREADS:,}")


@contextmanager
def using(threads: int) -> Iterator[None]:
    """So many threads of torch, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
