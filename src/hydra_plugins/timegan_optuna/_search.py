"""A search by Optuna's ``study.optimize``: its space, its study, its trials."""

import math
import shlex
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import MaxTrialsCallback, Study
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError
from yaml import YAMLError

from timegan.cli.console import print_lines, short_path
from timegan.cli.error_messages import explain
from timegan.errors import InputError
from timegan.files import write_text
from timegan.seeds import derive

Distribution = CategoricalDistribution | FloatDistribution | IntDistribution

DIRECTIONS = ("minimize", "maximize")
SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: TPESampler(seed=seed, multivariate=False, constant_liar=True),
    "random": lambda seed: RandomSampler(seed=seed),
}

NOTE = """\
# The best trial of a search. Its score chose it, and is better than it deserves: do not report it.
# Train it again with other seeds, and report their scores.
"""


def open_study(options: Mapping[str, Any], storage: str, about: Mapping[str, Any]) -> Study:
    """Return the study in a database, which is made if need be.

    Args:
        options: of the sweeper.
        storage: a database's URL, or the path of an sqlite file.
        about: what must not change while the study is continued.

    Raises:
        InputError: the database cannot be opened, or the study is about something else.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # each trial prints a line of its own
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    url = storage if "://" in storage else f"sqlite:///{Path(storage).absolute()}"
    for pause in (0.1, 0.3, 1.0, 3.0, None):
        try:
            database = optuna.storages.RDBStorage(
                url,
                # An sqlite file is locked while another worker writes.
                {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None,
                heartbeat_interval=max(1, options["dead_after"] // 4),
                grace_period=options["dead_after"],
            )
            study = optuna.create_study(
                study_name=options["study_name"],
                storage=database,
                direction=options["direction"],
                load_if_exists=True,
            )
            break
        except (SQLAlchemyError, ImportError) as error:
            if pause is None or isinstance(error, ImportError):
                raise InputError(
                    f"hydra.sweeper.storage={storage}: the database cannot be opened: {error}. "
                    "Set the path of an sqlite file in an existing folder, or a database's URL."
                ) from error
            time.sleep(pause)  # another worker may be making the tables, for long on a busy machine
    known = study.user_attrs.get("about", about)
    study.set_user_attr("about", known)
    for key, value in about.items():
        if known.get(key) != value:
            raise InputError(
                f"hydra.sweeper.study_name={options['study_name']}: the study was begun with {key} "
                f"{known.get(key)}, not {value}, and its trials could not be compared. Set another "
                "study_name."
            )
    return study


def optimize(
    study: Study,
    space: Mapping[str, Distribution],
    run: Callable[[int, list[str]], Any],
    options: Mapping[str, Any],
    best: Path,
    fixed: Sequence[str],
) -> None:
    """Run trials until enough are complete, those of all workers and restarts together.

    Args:
        study: of which Optuna fails trials that give no sign of life.
        space: what is searched.
        run: trains a trial, given its number and its overrides, and returns the score.
        options: of the sweeper.
        best: file for the best trial so far.
        fixed: overrides that all trials share.

    Raises:
        InputError: too many trials in a row failed, or ``best`` is of another search.
    """
    check_best(study, best)
    failures = 0

    def objective(trial: Trial) -> Any:
        # By number: neither restarts nor workers side by side draw the same again.
        seed = derive(options["seed"], "trial", trial.number) % 2**32
        trial.study.sampler = SAMPLERS[options["sampler"]](seed)
        params = {key: draw(trial, key, distribution) for key, distribution in space.items()}
        try:
            value = run(trial.number, to_overrides(params))
        except Exception as error:
            trial.set_user_attr("error", explain(error) or type(error).__name__)
            raise
        if value is None or not math.isfinite(value):
            trial.set_user_attr("error", f"the objective is {value}")
            return math.nan  # a failure to Optuna
        return value

    def report(study: Study, trial: FrozenTrial) -> None:
        nonlocal failures
        is_complete = trial.state is TrialState.COMPLETE
        failures = 0 if is_complete else failures + 1
        overrides, error = to_overrides(trial.params), trial.user_attrs.get("error")
        outcome = f"{trial.value:.4g}" if is_complete else f"failed: {error}"
        print_lines(f"Trial {trial.number}   {' '.join(overrides)}: {outcome}")
        if is_complete and study.best_trial.number == trial.number:
            content = {
                "study": study.study_name,
                "trial": trial.number,
                "value": trial.value,
                "folder": str(best.parent / folder_name(trial.number)),
                "overrides": [*fixed, *overrides],
                "command": shlex.join(["python", "train.py", *fixed, *overrides]),
            }
            write_text(best, NOTE + OmegaConf.to_yaml(content), overwrite=True)
        if failures >= options["max_failures"]:
            raise InputError(
                f"hydra.sweeper.max_failures={failures}: so many trials in a row have failed, the "
                f"last one with: {error} Give the same command with hydra.sweep.dir={best.parent} "
                "to continue the search."
            )

    complete = MaxTrialsCallback(options["n_trials"], states=(TrialState.COMPLETE,))
    if count(study, TrialState.COMPLETE) < options["n_trials"]:
        study.optimize(objective, catch=(Exception,), callbacks=[report, complete])
    found, failed = (count(study, state) for state in (TrialState.COMPLETE, TrialState.FAIL))
    print_lines("", f"Trials    {found} of {options['n_trials']} complete, {failed} failed")
    winner = study.best_trial
    print_lines(
        f"Best      trial {winner.number}, {winner.value:.4g}: "
        f"{' '.join(to_overrides(winner.params))}",
        f"          {short_path(best)}; train it with other seeds for a result",
    )


def check_best(study: Study, best: Path) -> None:
    """Refuse to replace a file that the study has not written.

    Raises:
        InputError: the file is of another study, or of something else.
    """
    if not best.exists():
        return
    try:
        content = OmegaConf.load(best)
    except (OSError, ValueError, OmegaConfBaseException, YAMLError):
        content = None
    is_own = isinstance(content, DictConfig) and content.get("study") == study.study_name
    if not is_own or not count(study, TrialState.COMPLETE):
        raise InputError(
            f"{best}: the file is not of this search, which would replace it. Set another "
            "hydra.sweep.dir."
        )


def count(study: Study, state: TrialState) -> int:
    """Return how many trials are in a state."""
    return len(study.get_trials(deepcopy=False, states=(state,)))


def read_space(overrides: Sequence[Override]) -> dict[str, Distribution]:
    """Return the distribution of each key that has several values.

    Raises:
        InputError: there is nothing to search, or something that cannot be searched.
    """
    space = {o.get_key_element(): distribution(o) for o in overrides if o.is_sweep_override()}
    if not space:
        raise InputError(
            "There is nothing to search. Give a key several values, as in model.hidden=32,64 or "
            "'model.lr=tag(log,interval(1e-4,1e-2))'."
        )
    if "seed" in space:
        raise InputError(
            "seed: the best of several seeds is luck. Search with one seed, and train the best "
            "configuration with others."
        )
    return space


def distribution(override: Override) -> Distribution:
    """Return Optuna's distribution for a sweep of Hydra.

    An interval includes both ends. A range excludes its end. ``tag(log,...)`` draws evenly by
    order of magnitude. Choices have no order, and stay text.

    Raises:
        InputError: the sweep is empty, or a logarithm is impossible.
    """
    sweep = override.value()
    log = isinstance(sweep, IntervalSweep | RangeSweep | ChoiceSweep) and "log" in sweep.tags
    try:
        if isinstance(sweep, IntervalSweep):
            low, high, step = sweep.start or 0, sweep.end or 0, None
        elif isinstance(sweep, RangeSweep):
            numbers: list[Any] = list(sweep.range())
            low, high, step = min(numbers), max(numbers), abs(sweep.step)
        elif not log:
            return CategoricalDistribution(list(override.sweep_string_iterator()))
        else:
            raise ValueError("choices have no order of magnitude.")
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log, step=int(step or 1))
        return FloatDistribution(low, high, log=log, step=step)
    except ValueError as error:
        raise InputError(
            f"{override.input_line}: this cannot be searched: {error} Give an interval(a,b) with "
            "a < b, and 0 < a for tag(log,...)."
        ) from error


def first(distribution: Distribution) -> Any:
    """Return a value of the distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[0]
    return distribution.low


def draw(trial: Trial, key: str, distribution: Distribution) -> Any:
    """Draw a parameter of a trial."""
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(key, distribution.choices)
    suggest: Any = trial.suggest_float
    if isinstance(distribution, IntDistribution):
        suggest = trial.suggest_int
    ends = distribution.low, distribution.high
    return suggest(key, *ends, step=distribution.step, log=distribution.log)


def to_overrides(params: Mapping[str, Any]) -> list[str]:
    """Return the parameters of a trial as overrides.

    >>> to_overrides({"model.hidden": 32, "model.lr": 1e-05, "model": "reference"})
    ['model.hidden=32', 'model.lr=1e-05', 'model=reference']
    """
    return [f"{key}={value}" for key, value in params.items()]


def folder_name(number: int) -> str:
    """Return the name of a trial's run folder."""
    return f"trial-{number:04d}"
