"""A search that several workers share, and that outlives them: an Optuna study in a database."""

import math
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import (
    ExperimentalWarning,
    StorageInternalError,
    UpdateFinishedTrialError,
)
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from timegan.cli.search.space import Space
from timegan.errors import InputError, choose
from timegan.seeds import derive

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: TPESampler(seed=seed, constant_liar=True),  # workers side by side
    "random": lambda seed: RandomSampler(seed=seed),
}
"""Name -> Optuna's sampler with a seed."""

SEEN = "seen"
"""When a trial's worker last gave a sign of life, in seconds since 1970."""

COUNTED = (TrialState.COMPLETE, TrialState.RUNNING)


class Study:
    """Asks for trials until enough are complete, and is told what came of them.

    A trial is a function of the seed, its number and the trials before it, so a search that was
    stopped goes on as if it had not been.

    Args:
        name: under which it lies in the database.
        storage: a database's URL, or the path of an sqlite file.
        direction: ``minimize`` or ``maximize``.
        sampler: a name of ``SAMPLERS``.
        seed: of the sampler.
        n_trials: complete trials to reach, all workers and restarts together.
        dead_after: seconds without a sign of life after which a worker's trials are lost.
        space: what is searched for.
        about: what must be the same whenever the study is continued.

    Raises:
        InputError: a choice that does not exist, a database that cannot be opened, or a study of
            that name that is about something else.
    """

    def __init__(
        self,
        *,
        name: str,
        storage: str,
        direction: str,
        sampler: str,
        seed: int,
        n_trials: int,
        dead_after: int,
        space: Space,
        about: Mapping[str, Any],
    ) -> None:
        for key, number in {"n_trials": n_trials, "dead_after": dead_after}.items():
            if number < 1:
                raise InputError(f"hydra.sweeper.{key}={number}: has to be at least 1.")
        choose("hydra.sweeper.direction", direction, ("minimize", "maximize"))
        self.make_sampler = SAMPLERS[choose("hydra.sweeper.sampler", sampler, SAMPLERS)]
        self.name, self.seed, self.n_trials, self.space = name, seed, n_trials, space
        self.dead_after = dead_after
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        # The constant liar is one of these.
        warnings.filterwarnings("ignore", category=ExperimentalWarning)
        url = storage if "://" in storage else f"sqlite:///{Path(storage).absolute()}"
        # An sqlite file is locked while another worker writes.
        options = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None
        for attempt in range(4):
            try:
                self.study = optuna.create_study(
                    study_name=name,
                    storage=RDBStorage(url, engine_kwargs=options),
                    direction=StudyDirection[direction.upper()],
                    load_if_exists=True,
                )
                break
            except (SQLAlchemyError, ImportError) as error:
                if attempt < 3:
                    time.sleep(0.3)  # another worker may be making the tables at this moment
                    continue
                raise InputError(
                    f"hydra.sweeper.storage={storage}: the database cannot be opened: {error}. "
                    "Give the path of an sqlite file in an existing folder, or a database's URL."
                ) from error
        self._check({"direction": direction, **about})

    def ask(self, *, wait: bool) -> Trial | None:
        """The next trial, or None where enough are complete or under way.

        Args:
            wait: before None, wait until the others are done or ``dead_after`` seconds are over,
                so as to take over what a dead worker has left.
        """
        give_up = time.monotonic() + wait * (self.dead_after + 1)
        while True:
            self._fail_the_dead()
            states = [t.state for t in self.study.get_trials(deepcopy=False, states=COUNTED)]
            if len(states) < self.n_trials:
                return self._ask()
            if TrialState.RUNNING not in states or time.monotonic() > give_up:
                return None
            time.sleep(1)

    def tell(self, trial: Trial, value: float | None, error: str = "") -> bool:
        """What came of it, and whether that is a finite number; all else is a failure."""
        good = isinstance(value, int | float) and math.isfinite(value)
        if good:
            self.study.tell(trial, value, skip_if_finished=True)  # by who took us for dead
        else:
            with suppress(UpdateFinishedTrialError):
                trial.set_user_attr("error", error or f"the objective is {value}")
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        return good

    @contextmanager
    def alive(self, trials: list[Trial]) -> Iterator[None]:
        """Give signs of life for ``trials``; an exception on the way is their failure."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self.dead_after / 4):
                for trial in trials:
                    # Finished by who took us for dead; or a database that is away for a moment.
                    with suppress(UpdateFinishedTrialError, StorageInternalError):
                        trial.set_user_attr(SEEN, time.time())

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        except BaseException as error:
            for trial in trials:
                self.tell(trial, None, f"{type(error).__name__}: {error}")
            raise
        finally:
            over.set()
            thread.join()

    def best(self) -> FrozenTrial | None:
        """The best complete trial so far."""
        complete = self.study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
        return self.study.best_trial if complete else None

    def count(self, state: TrialState = TrialState.COMPLETE) -> int:
        """Trials in that state, of all workers."""
        return len(self.study.get_trials(deepcopy=False, states=[state]))

    def _ask(self) -> Trial | None:
        trial = self.study.ask()
        trial.set_user_attr(SEEN, time.time())
        before = self.study.get_trials(deepcopy=False, states=COUNTED)
        if sum(t.number < trial.number for t in before) >= self.n_trials:
            self.tell(trial, None, "another worker was first")
            return None
        # By number, or restarts and workers side by side would draw the same again.
        self.study.sampler = self.make_sampler(derive(self.seed, "trial", trial.number) % 2**32)
        for name, distribution in self.space.items():
            suggest(trial, name, distribution)
        return trial

    def _fail_the_dead(self) -> None:
        """Trials whose worker has given no sign of life."""
        for trial in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            began = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
            if time.time() - trial.user_attrs.get(SEEN, began) > self.dead_after:
                self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def _check(self, about: Mapping[str, Any]) -> None:
        """Refuse to mix trials that cannot be compared."""
        known = self.study.user_attrs.get("about")
        if known is None:
            self.study.set_user_attr("about", about)
            return
        for key, value in about.items():
            if known.get(key) != value:
                raise InputError(
                    f"hydra.sweeper.study_name={self.name}: this study was begun with {key} "
                    f"{known.get(key)}, and is to go on with {value}. Go on with what it was begun "
                    "with, or give another study_name."
                )


def suggest(trial: Trial, name: str, distribution: BaseDistribution) -> None:
    """Draw a parameter of the trial."""
    match distribution:
        case FloatDistribution(low=low, high=high, step=step, log=log):
            trial.suggest_float(name, low, high, step=step, log=log)
        case IntDistribution(low=low, high=high, step=step, log=log):
            trial.suggest_int(name, low, high, step=step, log=log)
        case CategoricalDistribution(choices=choices):
            trial.suggest_categorical(name, choices)
