"""How a command starts and ends: Hydra composes and runs it, bad input ends it with one message."""

import functools
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal import utils as hydra_internals
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from timegan.cli.config import leaves, nearest, unknown_key
from timegan.errors import InputError

CONFIG = "pkg://timegan.conf"
BAD_INPUT = (InputError, HydraException, OmegaConfBaseException)

Task = Callable[[DictConfig], Any]


def folder_name(overrides: str) -> str:
    """A job's overrides as the name of one folder, however long they are and whatever they hold.

    >>> folder_name("dataset.path=../shared/a.csv,seed=1")
    'dataset.path=.._shared_a.csv,seed=1'
    """
    name = re.sub(r"[^\w.,=+-]+", "_", overrides) or "default"
    if len(name) > 150:
        name = f"{name[:140]}~{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}"
    return name


OmegaConf.register_new_resolver("folder_name", folder_name, replace=True)


def launch(task: Task, config: str) -> None:
    """Compose ``conf/<config>.yaml`` with the command line, and run ``task`` with the result.

    With ``-m`` the task runs once for every job of the sweep, and what it returns goes to the
    sweeper. Bad input ends with exit code 2 and one message; HYDRA_FULL_ERROR=1 shows where it
    was raised.
    """
    # Hydra itself would print a traceback and end with status 1.
    hydra_internals.run_and_report = _call
    command = hydra.main(version_base="1.3", config_path=CONFIG, config_name=config)
    try:
        command(_reporting(task))()
    except BAD_INPUT as error:
        _fail(error, config)
    except KeyboardInterrupt:
        sys.exit("Interrupted.")


def composed(config: str, overrides: list[str]) -> DictConfig:
    """The configuration that the command line ``overrides`` makes, outside a run."""
    with hydra.initialize_config_module("timegan.conf", version_base="1.3"):
        return hydra.compose(config, overrides)


def _call(func: Any) -> Any:
    return func()


def _reporting(task: Task) -> Task:
    """The task, ended at once by bad input; in a sweep the other jobs come first."""

    @functools.wraps(task)
    def run(cfg: DictConfig) -> Any:
        try:
            return task(cfg)
        except BAD_INPUT as error:
            if HydraConfig.get().mode is RunMode.MULTIRUN:
                raise
            _remove_if_empty(Path(HydraConfig.get().runtime.output_dir))
            _fail(error)

    return run


def _remove_if_empty(folder: Path) -> None:
    """Take away the folder of a refused run, if it holds the configuration alone."""
    if [path.name for path in folder.iterdir()] == [".hydra"]:
        shutil.rmtree(folder)


def _fail(error: Exception, config: str | None = None) -> NoReturn:
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    print(f"Error: {explain(error, config)}", file=sys.stderr)
    sys.exit(2)


def explain(error: Exception, config: str | None = None) -> str:
    """The message for the person at the keyboard; Hydra's own in the words of this project."""
    text = str(error).strip()
    if isinstance(error, InputError):
        return text
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override}: this cannot be read as key=value. "
            "Quote a value with spaces, commas or brackets: 'key=\"a, b\"'."
        )
    if isinstance(error, MissingConfigException):
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        near = nearest(name, error.options or [])
        hint = f" Did you mean {group}={near}?" if near else ""
        options = ", ".join(error.options or [])
        return f"{group}={name}: there is no such choice.{hint} There are: {options}."
    if (found := re.search(r"Could not override '([^']+)'", text)) and config:
        return str(unknown_key(found[1].partition("@")[0], _known(config)))
    if found := re.search(r"An item is already at '([^']+)'", text):
        return f"+{found[1]}: the key is there already. Leave the + out."
    if found := re.search(r"Ambiguous value for argument '([^']+)'", text):
        key, _, values = found[1].partition("=")
        return f"{found[1]}: several values need -m, which runs each; a list is {key}=[{values}]."
    return " ".join(text.split())


def _known(config: str) -> list[str]:
    """Every key and group that the command has, without its own overrides."""
    GlobalHydra.instance().clear()
    groups = ["dataset", "model", "schedule", "trainer", "callbacks", "logger", "evaluation"]
    content = OmegaConf.to_container(composed(config, []), resolve=False)
    return [*groups, "experiment", *leaves(content)]
