"""The sweeper `hydra/sweeper=optuna`: a search with Optuna, in which every trial is a run.

Hydra imports this module in every command, as it does all plugins. It does not import ``_search``,
which imports Optuna.
"""

from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class OptunaSweeper(Sweeper):
    """A sweeper whose options are those of ``conf/hydra/sweeper/optuna.yaml``."""

    config: Any  # neither is None after setup
    launcher: Any

    def __init__(
        self,
        direction: str,
        n_trials: int,
        sampler: str,
        seed: int,
        storage: str | None,
        study_name: str,
        max_failures: int,
        dead_after: int,
        params: dict[str, Any] | None,
    ) -> None:
        self.storage, self.params = storage, params or {}
        self.options: dict[str, Any] = {
            "direction": direction,
            "n_trials": n_trials,
            "sampler": sampler,
            "seed": seed,
            "study_name": study_name,
            "max_failures": max_failures,
            "dead_after": dead_after,
        }

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra gives a sweeper before it starts."""
        self.context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run trials until enough are complete.

        Raises:
            InputError: the search cannot work as asked for, or too many trials failed.
        """
        from timegan.errors import InputError, choose

        try:
            from hydra_plugins.timegan_optuna import _search as search
        except ImportError as error:
            raise InputError(
                f"hydra/sweeper=optuna needs Optuna ({error}). "
                "Install it: pip install 'timegan-lightning[optuna]'."
            ) from error
        for key in ("n_trials", "max_failures", "dead_after"):
            if self.options[key] < 1:
                raise InputError(
                    f"hydra.sweeper.{key}={self.options[key]}: too small. Set at least 1."
                )
        choose("hydra.sweeper.direction", self.options["direction"], search.DIRECTIONS)
        choose("hydra.sweeper.sampler", self.options["sampler"], search.SAMPLERS)

        loader = self.context.config_loader
        lines = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        overrides = OverridesParser.create(config_loader=loader).parse_overrides(lines)
        fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
        space = search.read_space(overrides)
        example = search.to_overrides({key: search.first(d) for key, d in space.items()})
        job = loader.load_sweep_config(self.config, [*fixed, *example])  # before any trial
        if not job.get("objective") or not job.get("evaluation"):
            raise InputError(
                f"objective={job.get('objective')}: a search needs a score. Set objective to a "
                "score of metrics.json, and evaluation to a protocol that measures it."
            )
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")

        def run(number: int, chosen: list[str]) -> Any:
            arguments = [*fixed, *chosen, f"hydra.sweep.subdir={search.folder_name(number)}"]
            (job,) = self.launcher.launch([arguments], initial_job_idx=number)
            return job.return_value

        about = {
            "direction": self.options["direction"],
            "objective": job.objective,
            "overrides": fixed,
            "space": {key: str(d) for key, d in space.items()},
        }
        study = search.open_study(self.options, self.storage or str(folder / "study.db"), about)
        search.optimize(study, space, run, self.options, folder / "best.yaml", fixed)
