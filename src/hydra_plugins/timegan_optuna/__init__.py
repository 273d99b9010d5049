"""The sweeper `hydra/sweeper=optuna`: a search with Optuna, in which every trial is a run.

Hydra imports this module in every command, as it does all plugins. So it does not import Optuna.
"""

from dataclasses import dataclass
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class OptunaSweeper(Sweeper):
    """A sweeper whose options are those of ``conf/hydra/sweeper/optuna.yaml``."""

    direction: str
    n_trials: int
    sampler: str
    seed: int
    storage: str | None
    study_name: str
    params: dict[str, Any] | None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra gives a sweeper before it starts."""
        self.loader, self.cfg = hydra_context.config_loader, config
        self.launcher: Any = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run trials until enough are finished; an InputError says why they cannot be."""
        from timegan.errors import InputError

        try:
            from hydra_plugins.timegan_optuna._search import search
        except ImportError as error:
            raise InputError(
                f"hydra/sweeper=optuna needs Optuna ({error}). "
                "Install it: pip install 'timegan-lightning[optuna]'."
            ) from error
        search(self, arguments)
