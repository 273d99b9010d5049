"""How a command starts and ends: Hydra composes and runs it, bad input ends it with one message."""

import functools
import hashlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal import utils as hydra_internals
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hydra_plugins.timegan_optuna import OptunaSweeper
from timegan.cli.error_messages import explain
from timegan.cli.folder import withdraw
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
    sys.argv[1:] = [open_key(argument) for argument in sys.argv[1:]]
    # Hydra itself would print a traceback and end with status 1.
    hydra_internals.run_and_report = _call
    # Hydra looks for plugins in folders, and an editable install has none of that name.
    Plugins.instance().register(OptunaSweeper)
    command = hydra.main(version_base="1.3", config_path=CONFIG, config_name=config)
    try:
        command(_reporting(task))()
    except BAD_INPUT as error:
        _fail(error, config)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)


def open_key(argument: str) -> str:
    """An argument, so that Hydra takes keys whose names are the table's own.

    >>> open_key("dataset.column_types.Volume=nonnegative"), open_key("dataset.window=24")
    ('++dataset.column_types.Volume=nonnegative', 'dataset.window=24')
    """
    return f"++{argument}" if argument.startswith("dataset.column_types.") else argument


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
            withdraw(Path(HydraConfig.get().runtime.output_dir))
            _fail(error)

    return run


def _fail(error: Exception, config: str | None = None) -> NoReturn:
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    print(f"Error: {explain(error, config)}", file=sys.stderr)
    sys.exit(2)
