"""The command line of a run, and the configuration that it was composed to."""

import shlex
from dataclasses import dataclass

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from timegan.errors import program


@dataclass(frozen=True)
class Invocation:
    """A configuration with the overrides that compose it.

    Args:
        cfg: the configuration.
        overrides: arguments of the command line, without those of Hydra itself.
        evaluation: the chosen option of the group ``evaluation``.
    """

    cfg: DictConfig
    overrides: list[str]
    evaluation: str

    @classmethod
    def current(cls, cfg: DictConfig) -> "Invocation":
        """Return the invocation of the running command, which has composed ``cfg``."""
        hydra = HydraConfig.get()
        overrides = [str(override) for override in hydra.overrides.task]
        return cls(cfg, overrides, str(hydra.runtime.choices.get("evaluation")))

    @property
    def command(self) -> str:
        """The command line that makes the run again."""
        name = str(HydraConfig.get().job.config_name)
        return f"{program(name)} {shlex.join(self.overrides)}".strip()


def sweep_direction() -> str | None:
    """Return where the search that the run belongs to wants its objective; None outside one."""
    hydra = HydraConfig.get()
    found = hydra.sweeper.get("direction") if hydra.mode is RunMode.MULTIRUN else None
    return None if found is None else str(found)
