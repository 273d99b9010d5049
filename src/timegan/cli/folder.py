"""Folders of runs and evaluations: new ones, or that of the run to continue."""

import os
import shutil
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from timegan.cli.console import short_path
from timegan.errors import InputError, program, quote_argument
from timegan.serialization.run_folder import (
    EXPORT_FILES,
    TRAINING_ARTIFACTS,
    is_run,
    is_same_file,
    list_artifacts,
    read_settings,
)

_begun: set[Path] = set()
"""Folders that this process has begun to fill."""


def begin_run(cfg: DictConfig) -> Path:
    """Return the folder of a run, after its configuration is written to a new one.

    Hydra would write the configuration before any check, over that of another run. So it writes
    none (``hydra.output_subdir=null``), and this function does.

    Args:
        cfg: the composed configuration; with ``resume`` the run's own folder is taken as it is.

    Raises:
        InputError: the folder holds another run.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    resumed = cfg.get("resume") is not None and is_same_file(cfg.resume, folder)
    if not (resumed or is_follower() or _queued_before(folder)):
        _begin(folder, cfg)
    return folder


def begin_evaluation(cfg: DictConfig, *, overwrite: bool) -> Path:
    """Return the folder of an evaluation, after its configuration is written to a new one.

    Args:
        cfg: the composed configuration.
        overwrite: accept the folder of an earlier evaluation; see :func:`renew`.

    Raises:
        InputError: the folder holds a run or a model, or an evaluation without ``overwrite``.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    names = [name for name in (*TRAINING_ARTIFACTS, *EXPORT_FILES) if (folder / name).exists()]
    if names or "model" in read_settings(folder, "config"):
        again = quote_argument("resume", short_path(folder))
        anew = f", or measure the run again with `{program('train')} {again} evaluation=strict`"
        raise InputError(
            f"{_name(folder)}: the folder holds a run or a model, and an evaluation must not mix "
            "with it. Remove hydra.run.dir to evaluate into a new folder"
            f"{anew if is_run(folder) else ''}."
        )
    if not list_artifacts(folder):
        _begin(folder, cfg)
    elif not overwrite:
        raise InputError(
            f"{_name(folder)}: the folder holds an evaluation "
            f"({', '.join(list_artifacts(folder))}). Remove hydra.run.dir to evaluate into a new "
            "folder, or set overwrite=true to replace the evaluation."
        )
    else:
        _begun.discard(folder)
    return folder


def renew(folder: Path, cfg: DictConfig) -> None:
    """Remove an earlier evaluation that a new one replaces.

    An evaluation that fails on the way leaves the earlier one as it is.
    """
    if folder in _begun:
        return
    for old in (folder / "metrics.json", folder / "report.html", *folder.glob("figures/*.png")):
        old.unlink(missing_ok=True)
    shutil.rmtree(folder / ".hydra", ignore_errors=True)
    _begin(folder, cfg, check=False)


def withdraw(folder: Path) -> None:
    """Remove the folder of a refused command, if this process made all that is in it."""
    if not folder.is_dir() or folder == Path.cwd():
        return
    names = [path.name for path in folder.iterdir()]
    if folder in _begun and names == [".hydra"]:
        shutil.rmtree(folder)
    elif not names:
        folder.rmdir()


def is_follower() -> bool:
    """Return True in the processes of a run that leave its folder to the first one."""
    names = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "NODE_RANK", "GROUP_RANK")
    return any(os.environ.get(name, "0") not in ("", "0") for name in names)


def _begin(folder: Path, cfg: DictConfig, *, check: bool = True) -> None:
    """Write the configuration, in one step that fails if there is another one."""
    if check and list_artifacts(folder):
        raise InputError(_held(folder))
    hydra: Any = HydraConfig.instance().cfg
    part = folder / f".hydra.{os.getpid()}.part"
    try:
        part.mkdir(parents=True)
        OmegaConf.save(cfg, part / "config.yaml")
        OmegaConf.save(hydra, part / "hydra.yaml")
        OmegaConf.save(hydra.hydra.overrides.task, part / "overrides.yaml")
        part.rename(folder / ".hydra")
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        if list_artifacts(folder):  # another process was first
            raise InputError(_held(folder)) from error
        raise InputError(
            f"{_name(folder)}: the folder cannot be written to ({error.strerror or error}). Choose "
            "a folder in which you may create files."
        ) from error
    _begun.add(folder)


def _queued_before(folder: Path) -> bool:
    """Return True in a job of a cluster that was interrupted before it saved anything."""
    task = list(HydraConfig.get().overrides.task)
    file = folder / ".hydra" / "overrides.yaml"
    return (
        "SUBMITIT_EXECUTOR" in os.environ
        and file.is_file()
        and OmegaConf.to_container(OmegaConf.load(file)) == task
    )


def _held(folder: Path) -> str:
    names = ", ".join(list_artifacts(folder))
    if not is_run(folder):
        return (
            f"{_name(folder)}: the folder holds {names}, which a run would replace or mix with. "
            "Choose another folder."
        )
    again = quote_argument("resume", short_path(folder))
    return (
        f"{_name(folder)}: the folder holds a run ({names}), and two runs "
        f"must not mix. Continue it with `{program('train')} {again}`, or choose another folder."
    )


def _name(folder: Path) -> str:
    alone = HydraConfig.get().mode is not RunMode.MULTIRUN
    return f"hydra.run.dir={short_path(folder)}" if alone else short_path(folder)
