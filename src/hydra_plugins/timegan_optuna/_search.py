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
from omegaconf import OmegaConf
from optuna import Study, Trial
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import MaxTrialsCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from hydra_plugins.timegan_optuna import OptunaSweeper
from timegan.cli.console import print_lines, short_path
from timegan.cli.error_messages import explain
from timegan.errors import InputError, choose
from timegan.files import write_text
from timegan.seeds import derive

Distribution = CategoricalDistribution | FloatDistribution | IntDistribution

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: TPESampler(seed=seed, constant_liar=True),  # for workers side by side
    "random": lambda seed: RandomSampler(seed=seed),
}

NOTE = """\
# The best trial of a search. The search chose it by its score, which is too good to be reported.
# Train the configuration again with other seeds, and report their scores.
"""


def check_options(options: OptunaSweeper) -> None:
    """Raise an InputError for the first option with an impossible value."""
    for key in ("n_trials", "max_failures", "dead_after"):
        if (value := getattr(options, key)) < 1:
            raise InputError(f"hydra.sweeper.{key}={value}: too small. Set at least 1.")
    choose("hydra.sweeper.direction", options.direction, ("minimize", "maximize"))
    choose("hydra.sweeper.sampler", options.sampler, SAMPLERS)


def open_study(options: OptunaSweeper, storage: str, about: Mapping[str, Any]) -> Study:
    """Create a study or continue it; ``about`` must stay equal, or an InputError names the key."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # each trial prints a line of its own
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    url = storage if "://" in storage else f"sqlite:///{Path(storage).absolute()}"
    # An sqlite file is locked while another worker writes.
    engine = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None
    for pause in (0.1, 0.3, 1.0, 3.0, None):
        try:
            database = optuna.storages.RDBStorage(
                url,
                engine,
                heartbeat_interval=max(1, options.dead_after // 4),
                grace_period=options.dead_after,
            )
            direction: Any = options.direction
            study = optuna.create_study(
                storage=database,
                study_name=options.study_name,
                direction=direction,
                load_if_exists=True,
            )
            break
        except (SQLAlchemyError, ImportError) as error:
            if pause is None or isinstance(error, ImportError):
                raise InputError(
                    f"hydra.sweeper.storage={storage}: the database cannot be opened: {error}. "
                    "Set the path of an sqlite file in an existing folder, or a database's URL."
                ) from error
            time.sleep(pause)  # another worker may be creating the tables
    for key, value in {"direction": options.direction, **about}.items():
        if (known := study.user_attrs.get(key, value)) != value:
            raise InputError(
                f"hydra.sweeper.study_name={options.study_name}: the study was begun with {key} "
                f"{known}, not {value}, and its trials could not be compared. Set another "
                "study_name."
            )
        study.set_user_attr(key, value)
    return study


def optimize(
    options: OptunaSweeper,
    study: Study,
    space: Mapping[str, Distribution],
    run: Callable[[int, list[str]], Any],
    best: Path,
    fixed: Sequence[str],
) -> None:
    """Run trials until enough are complete, those of all workers and restarts together.

    Args:
        options: of the search.
        study: Optuna fails those of its trials whose workers have died.
        space: distribution of each key.
        run: trains a trial, given its number and its overrides, and returns the score.
        best: file for the best trial so far.
        fixed: overrides that all trials share.

    Raises:
        InputError: too many trials in a row failed, or ``best`` is of another search.
    """
    check_best(study, best)
    failures = 0

    def objective(trial: Trial) -> float:
        # A seed per number: neither restarts nor workers side by side repeat a draw.
        seed = derive(options.seed, "trial", trial.number) % 2**32
        trial.study.sampler = SAMPLERS[options.sampler](seed)
        params = {key: suggest(trial, key, distribution) for key, distribution in space.items()}
        try:
            value = run(trial.number, to_overrides(params))
        except Exception as error:
            trial.set_user_attr("error", explain(error) or type(error).__name__)
            raise
        if value is not None and math.isfinite(value):
            return float(value)
        trial.set_user_attr("error", f"the objective is {value}")
        return math.nan  # a failure to Optuna

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
        if failures >= options.max_failures:
            raise InputError(
                f"hydra.sweeper.max_failures={failures}: so many trials in a row have failed, the "
                f"last one with: {error} Give the same command with hydra.sweep.dir={best.parent} "
                "to continue the search."
            )

    enough = MaxTrialsCallback(options.n_trials, states=(TrialState.COMPLETE,))
    if count(study, TrialState.COMPLETE) < options.n_trials:
        study.optimize(objective, catch=(Exception,), callbacks=[report, enough])
    found, failed = (count(study, state) for state in (TrialState.COMPLETE, TrialState.FAIL))
    number, value, params = study.best_trial.number, study.best_value, study.best_params
    print_lines(
        "",
        f"Trials    {found} of {options.n_trials} complete, {failed} failed",
        f"Best      trial {number}, {value:.4g}: {' '.join(to_overrides(params))}",
        f"          {short_path(best)}; train it with other seeds for a result",
    )


def check_best(study: Study, best: Path) -> None:
    """Raise an InputError if the study would replace a file that it has not written."""
    if not best.exists():
        return
    content = best.read_text(encoding="utf-8", errors="replace")
    if not count(study, TrialState.COMPLETE) or f"\nstudy: {study.study_name}\n" not in content:
        raise InputError(
            f"{best}: the file is not of this search, which would replace it. Set another "
            "hydra.sweep.dir."
        )


def count(study: Study, state: TrialState) -> int:
    """Return how many trials are in a state."""
    return len(study.get_trials(deepcopy=False, states=(state,)))


def read_space(overrides: Sequence[Override]) -> dict[str, Distribution]:
    """Return the distribution of each key that has several values, at least one and not seed."""
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
    """Return Optuna's distribution for a sweep of Hydra, or raise an InputError.

    An interval includes both ends. A range excludes its end. ``tag(log,...)`` draws evenly by
    order of magnitude. Choices have no order, and stay text.
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


def suggest(trial: Trial, key: str, of: Distribution) -> Any:
    """Draw a parameter of a trial."""
    if isinstance(of, CategoricalDistribution):
        return trial.suggest_categorical(key, of.choices)
    if isinstance(of, IntDistribution):
        return trial.suggest_int(key, of.low, of.high, step=of.step, log=of.log)
    return trial.suggest_float(key, of.low, of.high, step=of.step, log=of.log)


def example(space: Mapping[str, Distribution]) -> list[str]:
    """Return overrides with one value of each distribution."""
    return to_overrides(
        {key: d.choices[0] if hasattr(d, "choices") else d.low for key, d in space.items()}
    )


def to_overrides(params: Mapping[str, Any]) -> list[str]:
    """Return the parameters of a trial as overrides, such as ``model.hidden=32``."""
    return [f"{key}={value}" for key, value in params.items()]


def folder_name(number: int) -> str:
    """Return the name of a trial's run folder."""
    return f"trial-{number:04d}"
