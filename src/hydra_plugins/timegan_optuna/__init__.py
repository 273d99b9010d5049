"""`hydra/sweeper=optuna`: a search on current Optuna, by asking for trials and telling scores.

Hydra looks for plugins in this namespace and imports them all, whatever it is started for, so
everything heavy is imported where it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

if TYPE_CHECKING:
    from optuna.trial import Trial

    from timegan.cli.search.study import Study


class OptunaSweeper(Sweeper):
    """Hydra's side of a search; what the keys mean is said in ``conf/hydra/sweeper/optuna.yaml``.

    Every trial is a job of the launcher, with a run folder ``trial-NUMBER`` in the sweep's folder.
    """

    config: Any  # Hydra's own class says that it may be None: never after setup

    def __init__(
        self,
        direction: str,
        n_trials: int,
        n_jobs: int,
        sampler: str,
        seed: int,
        storage: str | None,
        study_name: str,
        max_failures: int,
        dead_after: int,
        params: dict[str, Any] | None,
    ) -> None:
        self.n_jobs, self.max_failures = n_jobs, max_failures
        self.storage, self.params = storage, params or {}
        self.options: dict[str, Any] = {
            "name": study_name,
            "direction": direction,
            "sampler": sampler,
            "seed": seed,
            "n_trials": n_trials,
            "dead_after": dead_after,
        }

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """What Hydra gives a sweeper before it starts."""
        self.context, self.config = hydra_context, config
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run trials until enough are complete.

        Raises:
            InputError: nothing can be searched as it was asked for, or too many trials failed.
        """
        from timegan.errors import InputError

        try:
            from timegan.cli.search.space import example, split
        except ImportError as error:
            raise InputError(
                f"hydra/sweeper=optuna needs Optuna ({error}). "
                "pip install 'timegan-lightning[optuna]' gets it."
            ) from error
        from timegan.cli.schema import check_at_least
        from timegan.cli.search.study import Study

        check_at_least("hydra.sweeper.n_jobs", self.n_jobs, 1)
        check_at_least("hydra.sweeper.max_failures", self.max_failures, 1)
        lines = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        parser = OverridesParser.create(config_loader=self.context.config_loader)
        self.fixed, space = split(parser.parse_overrides(lines))
        job = self.context.config_loader.load_sweep_config(
            self.config, [*self.fixed, *example(space)]
        )
        if not job.get("objective") or not job.get("evaluation"):
            raise InputError(
                f"objective={job.get('objective')}: a search needs a score to go by. Name one of "
                "metrics.json, and an evaluation that measures it."
            )
        self.folder = Path(self.config.hydra.sweep.dir)
        self.folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, self.folder / "multirun.yaml")
        self.search(
            Study(
                **self.options,
                storage=self.storage or str(self.folder / "study.db"),
                space=space,
                about={
                    "objective": job.objective,
                    "overrides": self.fixed,
                    "space": {key: str(d) for key, d in space.items()},
                },
            )
        )

    def search(self, study: Study) -> None:
        """Ask, launch, tell, until the study has enough."""
        from timegan.cli.search.summary import say_best, say_trial, write_best
        from timegan.errors import InputError

        failures = 0
        while trials := self.ask(study):
            with study.alive(trials):
                outcomes = self.launch(trials)
            for trial, (value, error) in zip(trials, outcomes, strict=True):
                good = study.tell(trial, value, error)
                failures = 0 if good else failures + 1
                say_trial(study, trial.number)
            write_best(study, self.folder / "best.yaml", self.config.hydra.job.config_name)
            if failures >= self.max_failures:
                raise InputError(
                    f"hydra.sweeper.max_failures={self.max_failures}: so many trials in a row have "
                    f"failed, the last one with: {error} The same command with "
                    f"hydra.sweep.dir={self.folder} goes on with the search."
                )
        say_best(study, self.folder)

    def ask(self, study: Study) -> list[Trial]:
        """As many trials as the launcher gets at once, or fewer where that is enough."""
        from timegan.cli.search.space import pasted

        trials: list[Trial] = []
        # Only with empty hands may it wait for what other workers do.
        while len(trials) < self.n_jobs and (trial := study.ask(wait=not trials)):
            trial.set_user_attr("overrides", [*self.fixed, *pasted(trial.params)])
            trial.set_user_attr("folder", str(self.folder / folder(trial)))
            trials.append(trial)
        return trials

    def launch(self, trials: list[Trial]) -> list[tuple[float | None, str]]:
        """Value and error of each."""
        from timegan.cli.error_messages import explain

        jobs = [[*t.user_attrs["overrides"], f"hydra.sweep.subdir={folder(t)}"] for t in trials]
        try:
            returned = self.launcher.launch(jobs, initial_job_idx=trials[0].number)
        except Exception as error:  # whatever a cluster does to jobs
            return [(None, explain(error))] * len(trials)
        return [outcome(job) for job in returned]


def outcome(job: JobReturn) -> tuple[float | None, str]:
    """The value that a job returned, or the error that ended it."""
    from timegan.cli.error_messages import explain

    try:
        return job.return_value, ""
    except Exception as error:
        return None, explain(error) or type(error).__name__


def folder(trial: Trial) -> str:
    """The name of a trial's run folder."""
    return f"trial-{trial.number:04d}"
