"""A search by Optuna's ``study.optimize``: its space, its study, its trials."""

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna import Study, Trial
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler, TPESampler
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from hydra_plugins.timegan_optuna import OptunaSweeper
from timegan.cli.console import print_lines
from timegan.cli.error_messages import explain
from timegan.errors import InputError, choose, program
from timegan.seeds import derive

Distribution = CategoricalDistribution | FloatDistribution | IntDistribution
SAMPLERS: dict[str, Any] = {
    "tpe": lambda seed: TPESampler(seed=seed, constant_liar=True),  # for workers side by side
    "random": RandomSampler,
}
FINISHED = (TrialState.COMPLETE, TrialState.FAIL)


def search(options: OptunaSweeper, arguments: Sequence[str]) -> None:
    """Run trials until enough are finished, those of all workers and restarts together."""
    lines = [*to_overrides(options.params or {}), *arguments]
    overrides = OverridesParser.create(config_loader=options.loader).parse_overrides(lines)
    fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
    space = {o.get_key_element(): distribution(o) for o in overrides if o.is_sweep_override()}
    if not space or "seed" in space:
        raise InputError(
            f"{', '.join(space) or 'There is nothing to search'}: the best of several seeds is "
            "luck. Give keys other than seed several values, as in model.hidden=32,64."
        )
    example = {key: d.choices[0] if hasattr(d, "choices") else d.low for key, d in space.items()}
    job = options.loader.load_sweep_config(options.cfg, [*fixed, *to_overrides(example)])
    if not job.get("objective") or not job.get("evaluation"):
        raise InputError(
            f"objective={job.get('objective')}: a search needs a score. Set objective to a score "
            "of metrics.json, and evaluation to a protocol that measures it."
        )
    text = {key: str(found) for key, found in space.items()}
    study = open_study(options, {"objective": job.objective, "fixed": fixed, "space": text})

    def objective(trial: Trial) -> float:
        # A seed per number: neither restarts nor workers side by side repeat a draw.
        seed = derive(options.seed, "trial", trial.number) % 2**32
        study.sampler = SAMPLERS[options.sampler](seed=seed)
        chosen = to_overrides({key: suggest(trial, key, found) for key, found in space.items()})
        line = [*fixed, *chosen, f"hydra.sweep.subdir=trial-{trial.number:04d}"]
        name = f"Trial {trial.number}   {' '.join(chosen)}"
        try:
            (run,) = options.launcher.launch([line], initial_job_idx=trial.number)
            value = math.nan if run.return_value is None else float(run.return_value)
        except Exception as error:
            print_lines(f"{name} failed: {explain(error) or type(error).__name__}")
            raise
        print_lines(f"{name}: {options.cfg.objective} {value:.4g}")
        return value if math.isfinite(value) else math.nan  # NaN is a failure to Optuna

    if len(study.get_trials(states=FINISHED)) < options.n_trials:
        enough = MaxTrialsCallback(options.n_trials, states=FINISHED)
        study.optimize(objective, catch=(Exception,), callbacks=[enough])
    complete = study.get_trials(states=FINISHED[:1])
    if not complete:
        raise InputError(f"hydra.sweeper.study_name={study.study_name}: every trial has failed.")
    best = study.best_trial
    print_lines(
        f"Trials    {len(complete)} complete, {len(study.get_trials(states=FINISHED[1:]))} failed",
        f"Best      {best.value:.4g} by trial-{best.number:04d}; train it with other seeds:",
        f"          {program('train')} {' '.join([*fixed, *to_overrides(best.params)])}",
    )


def open_study(options: OptunaSweeper, about: Mapping[str, Any]) -> Study:
    """Create a study or continue it; ``about`` must stay equal, or an InputError names the key."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # each trial prints a line of its own
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    if options.n_trials < 1:
        raise InputError(f"hydra.sweeper.n_trials={options.n_trials}: too small. Set at least 1.")
    choose("hydra.sweeper.sampler", options.sampler, SAMPLERS)
    direction: Any = choose("hydra.sweeper.direction", options.direction, ("minimize", "maximize"))
    name, file = (
        options.study_name,
        Path(options.storage or options.cfg.hydra.sweep.dir + "/study.log"),
    )
    if file.is_file() and not b'{"op_code"'.startswith(file.read_bytes()[:10]):
        raise InputError(f"hydra.sweeper.storage={file}: not a study's file. Set another path.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(file)))
    except OSError as error:
        raise InputError(f"hydra.sweeper.storage={file}: {error}. Set another path.") from error
    study = optuna.create_study(
        storage=storage, study_name=name, direction=direction, load_if_exists=True
    )
    for key, value in {"direction": direction, **about}.items():
        if (known := study.user_attrs.get(key, value)) != value:
            raise InputError(
                f"hydra.sweeper.study_name={name}: the study was begun with {key} {known}, not "
                f"{value}, and its trials could not be compared. Set another study_name."
            )
        study.set_user_attr(key, value)
    return study


def distribution(override: Override) -> Distribution:
    """Return Optuna's distribution for a sweep of Hydra, or raise an InputError.

    An interval includes both ends, a range excludes its end. Choices have no order, and stay text.
    """
    sweep: Any = override.value()
    log = "log" in getattr(sweep, "tags", ())
    try:
        if not isinstance(sweep, IntervalSweep | RangeSweep):
            if log:
                raise ValueError("choices have no order of magnitude.")
            return CategoricalDistribution(list(override.sweep_string_iterator()))
        if isinstance(sweep, RangeSweep):
            (low, *_, high), step = 2 * sorted(sweep.range()), abs(sweep.step)
        else:
            low, high, step = sweep.start, sweep.end, None
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
    draw: Any = trial.suggest_int if isinstance(of, IntDistribution) else trial.suggest_float
    return draw(key, of.low, of.high, step=of.step, log=of.log)


def to_overrides(params: Mapping[str, Any]) -> list[str]:
    """Return the parameters of a trial as overrides, such as ``model.hidden=32``."""
    return [f"{key}={value}" for key, value in params.items()]
