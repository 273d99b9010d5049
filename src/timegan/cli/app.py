"""Entry points of the commands, from the command line to an exit status.

Hydra composes the configuration. A command imports torch after its configuration was checked, so
wrong input is answered at once, by one message.
"""

import functools
import hashlib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hydra_plugins.timegan_optuna import OptunaSweeper
from timegan.cli.error_messages import explain
from timegan.cli.folder import withdraw
from timegan.cli.invocation import Invocation
from timegan.cli.main import print_version
from timegan.cli.resume import merge_run_config, run_folder
from timegan.cli.schema import SCHEMAS
from timegan.cli.spelling import check_spelling
from timegan.errors import InputError, program

BAD_INPUT = (InputError, HydraException, OmegaConfBaseException)
TRACEBACK = "HYDRA_FULL_ERROR"
"""Environment variable: 1 shows where an error was raised."""

Task = Callable[[DictConfig], Any]


def train() -> None:
    """Run `python train.py` or `timegan train`."""
    run_app("train")


def sample() -> None:
    """Run `python sample.py` or `timegan sample`."""
    run_app("sample")


def complete() -> None:
    """Run `python complete.py` or `timegan complete`."""
    run_app("complete")


def evaluate() -> None:
    """Run `python evaluate.py` or `timegan evaluate`."""
    run_app("evaluate")


def export() -> None:
    """Run `python export.py` or `timegan export`."""
    run_app("export")


def run_app(command: str, task: Task | None = None) -> None:
    """Compose ``conf/<command>.yaml`` with the command line, and run the command with it.

    With ``-m`` the command runs once for every job of the sweep, and the sweeper gets what it
    returns. Bad input ends with exit status 2 and one message.

    Args:
        command: name of the command.
        task: what to run with the configuration instead of the command.
    """
    if "--version" in sys.argv[1:]:
        print_version()
        return
    try:
        check_spelling(sys.argv[1:], command)
    except InputError as error:
        _fail(error, command)
    sys.argv[1:] = [normalize_override(argument) for argument in sys.argv[1:]]
    OmegaConf.register_new_resolver("folder_name", folder_name, replace=True)
    OmegaConf.register_new_resolver("program", program, replace=True)
    OmegaConf.register_new_resolver("run_folder", run_folder, replace=True)
    # Hydra looks for plugins in folders, and an editable install has none of that name.
    Plugins.instance().register(OptunaSweeper)
    main = hydra.main(version_base="1.3", config_path="pkg://timegan.conf", config_name=command)
    reporting = _reporting(task or functools.partial(run_command, command))
    try:
        with _environment(TRACEBACK, "1"):  # or Hydra itself would print errors and exit
            main(reporting)()
    except BAD_INPUT as error:
        if os.environ.get(TRACEBACK) == "1":
            raise
        _fail(error, command)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)


def run_command(command: str, cfg: DictConfig) -> Any:
    """Check a composed configuration, then import the command and run it."""
    invocation = Invocation.current(cfg)
    if command == "train":
        invocation = merge_run_config(invocation)
    config = SCHEMAS[command].read(invocation.cfg)
    return importlib.import_module(f"timegan.cli.{command}").run(config, invocation)


def normalize_override(argument: str) -> str:
    """Return an argument in the form that Hydra reads.

    Column names become keys, and paths of runs may hold ``=`` and commas, as those of sweeps do.

    >>> normalize_override("dataset.column_types.Volume=nonnegative")
    '++dataset.column_types.Volume=nonnegative'
    >>> normalize_override("resume=outputs/sweeps/a/seed=0")
    'resume="outputs/sweeps/a/seed=0"'
    """
    if argument.startswith("dataset.column_types."):
        return f"++{argument}"
    key, _, value = argument.partition("=")
    if key in ("run", "resume") and re.fullmatch(r"[^'\"]*[=,][^'\"]*", value):
        return f'{key}="{value}"'
    return argument


def folder_name(overrides: str) -> str:
    """Return the overrides of a job as the name of a folder, within a file system's limits.

    >>> folder_name("dataset.path=../shared/a.csv,seed=1")
    'dataset.path=.._shared_a.csv,seed=1'
    """
    name = re.sub(r"[^\w.,=+-]+", "_", overrides) or "default"
    if len(name) > 150:
        name = f"{name[:140]}~{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}"
    return name


def _reporting(task: Task) -> Task:
    """Return a task that bad input ends at once; in a sweep the other jobs come first."""
    shown = os.environ.get(TRACEBACK)

    def run(cfg: DictConfig) -> Any:
        try:
            with _environment(TRACEBACK, shown):  # as it was, for processes that the task starts
                return task(cfg)
        except BAD_INPUT as error:
            if HydraConfig.get().mode is RunMode.MULTIRUN:
                raise
            withdraw(Path(HydraConfig.get().runtime.output_dir))
            if shown == "1":
                raise
            _fail(error)

    return run


@contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """Set an environment variable for a while; None removes it."""
    before = os.environ.pop(name, None)
    os.environ |= {} if value is None else {name: value}
    try:
        yield
    finally:
        os.environ.pop(name, None)
        os.environ |= {} if before is None else {name: before}


def _fail(error: Exception, command: str | None = None) -> NoReturn:
    print(f"Error: {explain(error, command)}", file=sys.stderr)
    sys.exit(2)
