"""Continuation of a run in its folder: `python train.py resume=RUN`."""

import os
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from timegan.cli.invocation import Invocation
from timegan.errors import InputError, tell

MUTABLE_KEYS = (
    *("trainer", "logger", "evaluation", "samples", "objective"),
    *("callbacks.checkpoints", "callbacks.progress"),
    *("callbacks.sample_figures", "callbacks.graceful_exit"),
    "dataset.path",  # a table may have moved; its content is checked
)
"""Keys that a resumed run may change."""

IMMUTABLE_KEYS = ("trainer.precision", "trainer.limit_train_batches")
"""Exceptions among them, which would change what is learned."""

RUN_ARTIFACTS = ("samples.csv", "model/model.json", "metrics.json")
"""Files of a finished run, besides the report of an evaluation."""


def run_folder(run: str | None, otherwise: str) -> str:
    """Return the folder of the run to continue, or ``otherwise`` where a new run begins.

    Raises:
        InputError: the folder does not hold the configuration of a run.
    """
    if run is None:
        return otherwise
    _check_begun(Path(run))
    return run


def merge_run_config(invocation: Invocation) -> Invocation:
    """Return the invocation that began the run to continue, with the changes that it may have.

    Raises:
        InputError: there is no such run, or a key changes that must not.
    """
    cfg = invocation.cfg
    if cfg.resume is None and cfg.ckpt_path is None and is_requeued_job():
        run = str(HydraConfig.get().runtime.output_dir)
    elif cfg.resume is None:
        return invocation
    elif HydraConfig.get().mode is RunMode.MULTIRUN:
        raise InputError(f"resume={cfg.resume}: -m begins new runs. Remove -m, or remove resume=.")
    else:
        run = cfg.resume
        _check_begun(Path(run))
    begun, (stored, new) = _stored(run, "config"), _overrides(run)
    settings = begun.copy()
    added = {_key(o) for o in new if o.startswith("+")}  # Hydra adds a key only once
    overrides = [*(o for o in stored if _key(o) not in added), *new]
    name = HydraConfig.get().job.config_name
    composed = hydra.compose(name, overrides, return_hydra_config=True)
    for override in new:
        key = _key(override)
        group = next((g for g in MUTABLE_KEYS if _is_under(key, g)), None)
        if group is None:
            _check_equal(key, begun, composed, override)
        else:
            OmegaConf.update(settings, group, OmegaConf.select(composed, group), merge=False)
    for key in IMMUTABLE_KEYS:
        _check_equal(key, begun, settings, f"{key}={OmegaConf.select(settings, key)}")
    settings.resume, settings.ckpt_path = run, None
    if settings.dataset.get("path") is not None:
        settings.dataset.path = str(_path_from_here(run, settings.dataset.path))
    choices = (composed if new else _stored(run, "hydra")).hydra.runtime.choices
    return Invocation(settings, overrides, str(choices.evaluation))


def is_requeued_job() -> bool:
    """Return True in a job of a cluster (submitit) that was interrupted after a checkpoint."""
    checkpoints = Path(HydraConfig.get().runtime.output_dir) / "checkpoints"
    return "SUBMITIT_EXECUTOR" in os.environ and any(checkpoints.glob("*.ckpt"))


def usable_checkpoint(run: str) -> Path | None:
    """Return the checkpoint to continue from; None: the run ended before it had saved any.

    Damaged checkpoints are named, and put aside under another name.

    Raises:
        InputError: all checkpoints are damaged, or they were removed after training.
    """
    from timegan.training.checkpoint_files import newest_checkpoint  # torch

    chosen = OmegaConf.select(_stored(run, "config"), "callbacks.checkpoints.folder")
    folder = Path(run) / "checkpoints" if chosen is None else _path_from_here(run, chosen)
    if not any(folder.glob("*.ckpt")):
        _check_nothing_made(Path(run))
        return None
    path, _, notes = newest_checkpoint(folder)
    if notes:
        tell(*notes, f"Going on from {path}.")
        for name in ("last", "previous"):  # or a damaged one would push out the whole one
            newer = path.with_name(f"{name}.ckpt")
            if newer == path:
                break
            if newer.is_file():
                newer.replace(newer.with_suffix(".damaged"))
    return path


def first_checkpoint(run: str) -> str | None:
    """Return the checkpoint of another run that this run was begun from, if any."""
    path = _stored(run, "config").get("ckpt_path")
    return None if path is None else str(_path_from_here(run, path))


def missing_artifacts(folder: Path, *, measured: bool) -> list[str]:
    """Return the files that a finished run lacks; ``measured``: a report is one of them."""
    names = (*RUN_ARTIFACTS, "report.html") if measured else RUN_ARTIFACTS
    return [name for name in names if not (folder / name).is_file()]


def requests_new_evaluation(run: str) -> bool:
    """Return True if the command line sets the evaluation or the samples of a run anew."""
    groups = [_key(new).partition(".")[0] for new in _overrides(run)[1]]
    return "evaluation" in groups or "samples" in groups


def _check_equal(key: str, begun: DictConfig, changed: DictConfig, override: str) -> None:
    """Refuse an override that changes a key, or the choice of a group."""
    old, new = (OmegaConf.select(cfg, key, default="another choice") for cfg in (begun, changed))
    if old != new or old == "another choice":
        old = "another choice" if isinstance(old, DictConfig) else "null" if old is None else old
        raise InputError(
            f"{override}: the run was begun with {old}, and a resumed run must learn the same. "
            "Remove it, or start a new run without resume=."
        )


def _stored(run: str, name: str) -> DictConfig:
    """Return a file of the configuration that a run was begun with."""
    content = OmegaConf.load(Path(run) / ".hydra" / f"{name}.yaml")
    assert isinstance(content, DictConfig)
    return content


def _overrides(run: str) -> tuple[list[str], list[str]]:
    """Return the overrides that a run was begun with, and those that the command line adds."""
    stored = [str(o) for o in OmegaConf.load(Path(run) / ".hydra" / "overrides.yaml")]
    given = [str(o) for o in HydraConfig.get().overrides.task]
    return stored, [o for o in given if o not in stored and _key(o) != "resume"]


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0].partition("@")[0].replace("/", ".")


def _is_under(key: str, group: str) -> bool:
    return f"{key}.".startswith(f"{group}.")


def _check_begun(folder: Path) -> None:
    """Refuse a folder without the three files of a run's configuration."""
    for name in ("config", "hydra", "overrides"):
        file = folder / ".hydra" / f"{name}.yaml"
        if not file.is_file() or not file.stat().st_size:
            saved = any(folder.glob("checkpoints/*.ckpt"))
            raise InputError(
                f"resume={folder}: {file} is missing or empty: no run lies there, or it was "
                "stopped while its configuration was written. Give the command that began the "
                f"run{', with ckpt_path=FILE for its newest checkpoint' if saved else ' again'}."
            )


def _check_nothing_made(folder: Path) -> None:
    """Refuse to train anew where a training has left something that would be overwritten."""
    made = next((folder / name for name in RUN_ARTIFACTS if (folder / name).is_file()), None)
    if made is not None:
        raise InputError(
            f"resume={folder}: the run has no checkpoints, and training is over ({made} is there). "
            "Sample with sample.py run=RUN, or start a new run without resume=."
        )


def _path_from_here(run: str, path: str) -> Path:
    """Return a path that was given in a run's working folder as it is from the current one."""
    before = OmegaConf.select(_stored(run, "hydra"), "hydra.runtime.cwd")
    there = Path(before or "") / path
    return there if not Path(path).exists() and there.exists() else Path(path)
