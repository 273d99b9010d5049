"""The sweeper `hydra/sweeper=optuna`: a search with Optuna, in which every trial is a run.

Hydra imports this module in every command, as it does all plugins. So it does not import Optuna.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


@dataclass
class OptunaSweeper(Sweeper):
    """A sweeper whose options are those of ``conf/hydra/sweeper/optuna.yaml``."""

    direction: str
    n_trials: int
    sampler: str
    seed: int
    storage: str | None
    study_name: str
    max_failures: int
    dead_after: int
    params: dict[str, Any] | None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra gives a sweeper before it starts."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher: Any = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run trials until enough are complete; an InputError says why they cannot be."""
        from timegan.errors import InputError

        try:
            from hydra_plugins.timegan_optuna import _search as search
        except ImportError as error:
            raise InputError(
                f"hydra/sweeper=optuna needs Optuna ({error}). "
                "Install it: pip install 'timegan-lightning[optuna]'."
            ) from error
        search.check_options(self)
        assert self.config is not None
        assert self.hydra_context is not None
        loader = self.hydra_context.config_loader
        lines = [*(f"{key}={value}" for key, value in (self.params or {}).items()), *arguments]
        overrides = OverridesParser.create(config_loader=loader).parse_overrides(lines)
        fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
        space = search.read_space(overrides)
        job = loader.load_sweep_config(self.config, [*fixed, *search.example(space)])
        if not job.get("objective") or not job.get("evaluation"):
            raise InputError(
                f"objective={job.get('objective')}: a search needs a score. Set objective to a "
                "score of metrics.json, and evaluation to a protocol that measures it."
            )
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")

        def run(number: int, chosen: list[str]) -> Any:
            subfolder = f"hydra.sweep.subdir={search.folder_name(number)}"
            (job,) = self.launcher.launch([[*fixed, *chosen, subfolder]], initial_job_idx=number)
            return job.return_value

        distributions = {key: str(distribution) for key, distribution in space.items()}
        about = {"objective": job.objective, "overrides": fixed, "space": distributions}
        study = search.open_study(self, self.storage or str(folder / "study.db"), about)
        search.optimize(self, study, space, run, folder / "best.yaml", fixed)
